"""A store that can't be written while the monitor runs: people are told and the flag opens all the same."""

import resource
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from glasswatch.clock import SystemClock
from glasswatch.flag.document import FlagState
from monitor.store.store import make_store
from tests.support.monitors import DEPLOYMENT, Home, MonitorProcess, Wanted, make_home, monitor_in
from tests.support.receiver import Answer, Receiver, receiving
from tests.support.siege import Witness, witnessing
from tests.support.waiting import until

FULL_BYTES = 64 * 1024  # flag and status page are smaller, SQLite's log is larger from the start


@dataclass
class Scene:
    """A monitor that found everything up."""

    home: Home
    monitor: MonitorProcess
    target: Receiver
    pages: Receiver
    witness: Witness

    def told(self, kind: str) -> list[str]:
        """Return what was told of a kind of page: firing or resolved, and whether unrecorded."""
        pages = [page.json() for page in self.pages.accepted]
        return [
            f"{page['status']}{' unrecorded' if page['unrecorded'] else ''}" for page in pages if page["kind"] == kind
        ]

    async def tells(self, kind: str, *wanted: str, within: float = 30.0) -> None:
        """Wait until these, and no others, were told of a kind."""
        try:
            await until(lambda: len(self.told(kind)) >= len(wanted), within, every=0.05)
        except TimeoutError:
            raise AssertionError(f"{kind}: {self.told(kind)}\n{self.monitor.said}") from None
        assert self.told(kind) == list(wanted), self.monitor.said

    async def goes_on_unrecorded(self) -> None:
        """Break the target: all of it happens, and nothing of it is on record."""
        self.target.default = Answer(503)
        await self.tells("outage", "firing unrecorded")
        await self.tells("flag", "firing unrecorded")
        await until(lambda: self.witness.state is FlagState.READY, 20, every=0.01)
        assert (await self.monitor.status())["verdict"] == "down"

    async def is_killed_unrecorded(self) -> None:
        """Break the target while the disk is full, and kill the monitor; the next one has room."""
        recorded = "SELECT * FROM transitions WHERE kind = 'platform_changed'"
        await until(lambda: self.home.rows(recorded), 20, every=0.05)
        resource.prlimit(self.monitor.pid, resource.RLIMIT_FSIZE, (FULL_BYTES, resource.RLIM_INFINITY))
        await self.tells("store", "firing unrecorded")
        await self.goes_on_unrecorded()
        assert await self.monitor.end(signal.SIGKILL) == -signal.SIGKILL

    async def was_written_in_the_end(self) -> None:
        """Wait until the store takes writes again; everything that was kept is there then."""
        await self.tells("store", "firing unrecorded", "resolved")
        assert await self.monitor.end() == 0
        (outage,) = self.home.rows("SELECT * FROM outages")
        assert self.witness.ready_for() == {outage["outage"]}
        states = [row["state"] for row in self.home.rows("SELECT state FROM flag_documents ORDER BY ver")]
        assert "ready" in states
        kinds = {(row["kind"], row["status"]) for row in self.home.rows("SELECT kind, status FROM pages")}
        assert {("outage", "firing"), ("flag", "firing"), ("store", "firing"), ("store", "resolved")} <= kinds
        assert not self.home.rows("SELECT * FROM deliveries WHERE state <> 'sent'")
        url = f"sqlite:///{self.home.store}"
        store = make_store(url, deployment=DEPLOYMENT, vantage="main", clock=SystemClock())
        try:
            await store.open()
            assert await store.verify_audit() is None
        finally:
            await store.close()


@asynccontextmanager
async def _watching(root: Path) -> AsyncIterator[Scene]:
    async with receiving() as target, receiving() as pages:
        home = make_home(root / "home", Wanted(target.url, receiver=pages.url))
        async with monitor_in(home) as monitor, witnessing(home) as witness:
            await monitor.start()
            await monitor.verdict_is("up")
            yield Scene(home, monitor, target, pages, witness)
            assert witness.wrong == []
            assert "Traceback" not in monitor.log


async def test_a_full_disk(tmp_path: Path) -> None:
    """One page says so, the outage's page and flag go out unrecorded, and with room again all of it is written."""
    async with _watching(tmp_path) as scene:
        resource.prlimit(scene.monitor.pid, resource.RLIMIT_FSIZE, (FULL_BYTES, resource.RLIM_INFINITY))
        await scene.tells("store", "firing unrecorded")
        # Also where nothing is kept that could not be written: nobody is told that it works before it does.
        await until(lambda: scene.monitor.said.count("store_still_not_writable") >= 3, 30, every=0.05)
        assert scene.told("store") == ["firing unrecorded"]
        await scene.goes_on_unrecorded()
        assert scene.told("store") == ["firing unrecorded"]
        resource.prlimit(scene.monitor.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await scene.was_written_in_the_end()


async def test_a_store_that_somebody_else_has_locked(tmp_path: Path) -> None:
    """Another program holds the database: as with a full disk, but each try hangs until it gives up."""
    async with _watching(tmp_path) as scene:
        with closing(sqlite3.connect(scene.home.store, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            await scene.tells("store", "firing unrecorded")
            await scene.goes_on_unrecorded()
            assert scene.told("store") == ["firing unrecorded"]
            other.execute("ROLLBACK")
        await scene.was_written_in_the_end()


async def test_killed_while_the_disk_was_full(tmp_path: Path) -> None:
    """The next run goes on from the flag it finds: no change is used twice, the outage is the same, all is resolved."""
    async with _watching(tmp_path) as scene:
        await scene.is_killed_unrecorded()
        lost = scene.witness.claims[-1]
        await scene.monitor.start()
        await until(lambda: scene.witness.claims[-1].change > lost.change, 20, every=0.01)
        assert scene.witness.claims[-1].state is FlagState.STANDBY  # not on old word
        await until(lambda: scene.witness.state is FlagState.READY, 20, every=0.01)
        assert scene.witness.claims[-1].outage == lost.outage
        scene.target.default = Answer(200)
        await until(lambda: scene.witness.state is FlagState.STANDBY, 30, every=0.01)
        await scene.tells("outage", "firing unrecorded", "firing", "resolved")
        await scene.tells("store", "firing unrecorded", "resolved")
        await until(lambda: scene.told("flag")[-1] == "resolved", 20, every=0.05)
        assert await scene.monitor.end() == 0
        (outage,) = scene.home.rows("SELECT * FROM outages")
        assert (outage["outage"], outage["ended_at"] is None) == (lost.outage, False)
        assert lost.change in {row["change"] for row in scene.home.rows("SELECT change FROM flag_documents")}
        await scene.monitor.start()
        await scene.monitor.verdict_is("up")
        assert scene.witness.ready_for() == {lost.outage}
        assert await scene.monitor.end() == 0
        assert scene.told("store") == ["firing unrecorded", "resolved"]


async def test_killed_while_the_disk_was_full_and_well_again(tmp_path: Path) -> None:
    """What was down in the lost run, and is good when the next one looks, ends, and nothing of it is signed again."""
    async with _watching(tmp_path) as scene:
        await scene.is_killed_unrecorded()
        lost = scene.witness.claims[-1]
        scene.target.default = Answer(200)
        await scene.monitor.start()
        await scene.tells("outage", "firing unrecorded", "firing", "resolved")
        await scene.tells("store", "firing unrecorded", "resolved")
        assert await scene.monitor.end() == 0
        ready = [claims.change for claims in scene.witness.claims if claims.state is FlagState.READY]
        assert set(ready) == {lost.change}
        await until(lambda: scene.told("flag")[-1] == "resolved", 20, every=0.05)
        (outage,) = scene.home.rows("SELECT * FROM outages")
        assert (outage["outage"], outage["ended_at"] is None) == (lost.outage, False)


async def test_a_store_that_was_deleted(tmp_path: Path) -> None:
    """It is told of as one that can't be written, no other file is made in its place, and the next run begins anew."""
    async with _watching(tmp_path) as scene:
        scene.home.store.unlink()
        await scene.tells("store", "firing unrecorded")
        assert "restart the monitor" in scene.monitor.said
        await scene.goes_on_unrecorded()
        assert not scene.home.store.exists()
        lost = scene.witness.claims[-1]
        assert await scene.monitor.end() == 0
        scene.target.default = Answer(200)
        await scene.monitor.start()
        await scene.tells("store", "firing unrecorded", "resolved")
        await scene.tells("outage", "firing unrecorded", "firing", "resolved")
        assert await scene.monitor.end() == 0
        (outage,) = scene.home.rows("SELECT * FROM outages")
        assert (outage["outage"], outage["ended_at"] is None) == (lost.outage, False)
        # The audit went with the file, and the flags say so: that is what they are a witness of.
        assert all(each.startswith("log.seq went back") for each in scene.witness.wrong)
        scene.witness.wrong.clear()


async def test_a_store_that_was_moved_and_comes_back(tmp_path: Path) -> None:
    """Nothing is written while it is away; back in its place it takes all that was kept."""
    async with _watching(tmp_path) as scene:
        away = scene.home.store.with_name("away.db")
        scene.home.store.rename(away)
        await scene.tells("store", "firing unrecorded")
        await scene.goes_on_unrecorded()
        away.rename(scene.home.store)
        await scene.was_written_in_the_end()
