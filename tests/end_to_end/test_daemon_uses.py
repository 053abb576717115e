"""Uses of break-glass in a real monitor: reported, found in a log, killed in between, closed by somebody else."""

import asyncio
import hashlib
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from glasswatch.clock import SystemClock
from monitor.store.store import make_store
from tests.support.monitors import DEPLOYMENT, ROOT, Home, MonitorProcess, Wanted, make_home, monitor_in
from tests.support.receiver import Answer, Receiver, receiving
from tests.support.waiting import until

TOKENS = {"bastion": "machine: bastion", "anna": "person: anna", "ben": "person: ben"}
ATTEMPT = ("--platform", "payments", "--reader", "ssh:bastion-1", "--target", "bastion-1", "--decision", "allowed")


def _token(name: str, whose: str) -> str:
    sha256 = hashlib.sha256(f"{name}-token".encode()).hexdigest()
    return f"{{name: {name}, {whose}, sha256: {sha256}, scopes: [use, read], expires: 2099-01-01}}"


def _settings() -> str:
    tokens = ", ".join(_token(name, whose) for name, whose in TOKENS.items())
    watcher = "type: file, platform: payments, target: bastion-1, path: auth.log, pattern: 'ID (?P<person>\\S+)'"
    return f"uses: {{grace: 1s, watchers: {{bastion: {{{watcher}, every: 50ms}}}}}}\ntokens: [{tokens}]\n"


@dataclass
class Scene:
    """A monitor with a bastion's log, and who is paged."""

    home: Home
    monitor: MonitorProcess
    target: Receiver
    pages: Receiver

    @property
    def told(self) -> list[tuple[str, str, bool]]:
        """The pages about uses: end of the key, status, whether critical; each webhook-id once."""
        pages = {page.headers["webhook-id"]: page.json() for page in self.pages.accepted}
        return [
            (page["dedup_key"].rpartition("/")[2], page["status"], page["critical"])
            for page in pages.values()
            if page["kind"] == "use"
        ]

    async def tells(self, *wanted: tuple[str, str, bool]) -> None:
        """Wait until these were told."""
        try:
            await until(lambda: set(wanted) <= set(self.told), 20, every=0.05)
        except TimeoutError:
            raise AssertionError(f"{self.told}\n{self.monitor.said}") from None

    async def uses(self, *arguments: str, who: str = "bastion", is_local: bool = False) -> int:
        """Run `monitor uses …` as somebody."""
        file = self.home.root / f"{who}.token"
        file.write_text(f"{who}-token")
        file.chmod(0o600)
        reach = () if is_local else ("--url", self.monitor.url, "--token-file", str(file))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "monitor", "uses", *arguments, *reach),
            cwd=ROOT,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(60):
            return await process.wait()


@asynccontextmanager
async def _watching(root: Path) -> AsyncIterator[Scene]:
    async with receiving() as target, receiving() as pages:
        home = make_home(root / "home", Wanted(target.url, receiver=pages.url, more=_settings()))
        (home.root / "auth.log").write_text("sshd: ID older\n")
        async with monitor_in(home) as monitor:
            await monitor.start()
            await monitor.verdict_is("up")
            await monitor.says("watcher_seeing")
            yield Scene(home, monitor, target, pages)


async def _sound(home: Home) -> None:
    store = make_store(f"sqlite:///{home.store}", deployment=DEPLOYMENT, vantage="main", clock=SystemClock())
    try:
        await store.open()
        assert await store.verify_audit() is None
    finally:
        await store.close()


async def test_a_use_is_paged_joined_and_closed_across_a_kill(tmp_path: Path) -> None:
    """On standby it is critical at once. Killed, the monitor knows it still: told again, nobody is paged again."""
    async with _watching(tmp_path) as scene:
        spool = str(tmp_path / "spool")
        told = ("spool", spool, *ATTEMPT, "--id", "r-1", "--person", "anna", "--via", "flag")
        assert await scene.uses(*told, is_local=True) == 0
        assert await scene.uses("send", spool) == 0
        await scene.tells(("r-1", "firing", True))
        await scene.monitor.end(signal.SIGKILL)
        with (scene.home.root / "auth.log").open("a") as log:
            log.write("sshd: ID anna\n")  # the same access, seen while nobody watched
        await scene.monitor.start()
        await until(lambda: scene.home.rows("SELECT * FROM uses WHERE found IS NOT NULL"), 20, every=0.05)
        await scene.uses(*told, is_local=True)
        assert await scene.uses("send", spool) == 0
        assert await scene.uses("list", "--open") == 1
        assert (await scene.monitor.status())["break_glass"]["open_uses"] == 1  # type: ignore[index]  # JSON of our own
        assert await scene.uses("class", "r-1", "--as", "real", "--rotated", who="anna") == 1
        assert await scene.uses("class", "r-1", "--as", "real", "--rotated", who="ben") == 0
        await scene.tells(("r-1", "resolved", True))
        assert sorted(scene.told) == [("r-1", "firing", True), ("r-1", "resolved", True)]
        assert await scene.uses("list", "--open") == 0
        assert await scene.monitor.end() == 0
        (row,) = scene.home.rows("SELECT * FROM uses")
        assert json.loads(str(row["record"]))["classing"]["said"]["by"] == "ben"
        await _sound(scene.home)


async def test_who_gets_in_past_the_reader_is_found(tmp_path: Path) -> None:
    """While ready: the log's entry pages at once, and critically once nobody reported it in time."""
    async with _watching(tmp_path) as scene:
        scene.target.default = Answer(503)
        await scene.monitor.verdict_is("down")
        with (scene.home.root / "auth.log").open("a") as log:
            log.write("sshd: ID mallory\n")
        await until(lambda: len(scene.told) == 2, 20, every=0.05)
        (first, second) = scene.told
        assert (first[1:], second[1:], first[0] == second[0]) == (("firing", False), ("firing", True), True)
        (row,) = scene.home.rows("SELECT record FROM uses")
        record = json.loads(str(row["record"]))
        assert (record["person"], record["judgement"]) == ("mallory", "unexpected")
        assert await scene.uses(*("report", *ATTEMPT, "--id", "r-2", "--person", "ben", "--via", "flag")) == 0
        assert len(scene.home.rows("SELECT * FROM uses")) == 2
        assert await scene.monitor.end() == 0
        await _sound(scene.home)
