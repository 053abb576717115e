"""People's acts on the flag of a real monitor, by its commands: raised, verified by a reader, paged, lowered."""

import asyncio
import json
import resource
import signal
import sys
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from glasswatch.cli import run
from glasswatch.clock import SystemClock
from glasswatch.errors import ExitCode
from monitor.cli import command
from monitor.store.store import make_store
from tests.support.monitors import DEPLOYMENT, PLATFORM, Home, MonitorProcess, Wanted, make_home, monitor_in
from tests.support.persons import Person, Ran, tokens, verify
from tests.support.receiver import Answer, Receiver, receiving
from tests.support.waiting import until

CLOCK = SystemClock()
FULL_BYTES = 64 * 1024  # flag and status page are smaller, SQLite's log is larger from the start


@dataclass
class Scene:
    """A monitor that found everything up, and two persons with tokens."""

    home: Home
    monitor: MonitorProcess
    target: Receiver
    pages: Receiver

    @property
    def anna(self) -> Person:
        """One person."""
        return Person("anna", self.monitor)

    @property
    def ben(self) -> Person:
        """Another one."""
        return Person("ben", self.monitor)

    def told(self) -> list[str]:
        """Return the first lines of the pages about the flag, with their status."""
        pages = [page.json() for page in self.pages.accepted]
        return [f"{page['status']}: {page['summary']}" for page in pages if page["kind"] == "flag"]

    async def tells(self, *parts: str) -> str:
        """Wait for a page about the flag that holds all of this; return it."""
        found: list[str] = []

        def is_told() -> bool:
            found[:] = [line for line in self.told() if all(part in line for part in parts)]
            return bool(found)

        try:
            await until(is_told, 20, every=0.02)
        except TimeoutError:
            raise AssertionError(f"{parts}: {self.told()}\n{self.monitor.said}") from None
        return found[0]

    async def reads(self, code: int, within: float = 20.0) -> Ran:
        """Wait until a reader of the published flag ends with this code."""
        async with asyncio.timeout(within):
            while (found := await verify(self.home, DEPLOYMENT)).code != code:  # noqa: ASYNC110 - another process's
                await asyncio.sleep(0.05)
        return found

    async def acted(self) -> list[tuple[str, str]]:
        """Return kind and actor of what the audit holds of people's acts, and see that its chain is whole.

        So says the command too, which compares it with the flags in the store and with the one published last.
        """
        arguments = ["store", "verify", "--config", str(self.home.config), str(self.home.flag)]
        assert await asyncio.to_thread(run, command, "monitor", arguments) == ExitCode.GOOD
        store = make_store(f"sqlite:///{self.home.store}", deployment=DEPLOYMENT, vantage="main", clock=SystemClock())
        try:
            await store.open()
            assert await store.verify_audit() is None
        finally:
            await store.close()
        rows = self.home.rows("SELECT kind, actor FROM audit WHERE kind LIKE 'flag\\_%' ESCAPE '\\' ORDER BY seq")
        return [(str(row["kind"]), str(row["actor"])) for row in rows if row["kind"] != "flag_signed"]


@asynccontextmanager
async def _watching(root: Path, flag: Mapping[str, str] | None = None) -> AsyncIterator[Scene]:
    async with receiving() as target, receiving() as pages:
        settings = {"lower_after": "1s", **(flag or {})}
        wanted = Wanted(target.url, receiver=pages.url, flag=settings, more=tokens("anna", "ben"))
        home = make_home(root / "home", wanted)
        async with monitor_in(home) as monitor:
            await monitor.start()
            await monitor.verdict_is("up")
            await until(home.flag.exists, 20)
            yield Scene(home, monitor, target, pages)
            assert "Traceback" not in monitor.log
            assert "token-of-" not in monitor.log


async def test_raised_by_hand_read_paged_and_lowered(tmp_path: Path) -> None:
    """From one command to a flag that a reader opens by, to a page, and back."""
    async with _watching(tmp_path) as scene:
        await scene.reads(1)
        raised = await scene.anna.runs(
            "raise", PLATFORM, "--reason", "vendor is slow", "--for", "1h", "--ticket", "I-1"
        )
        assert (raised.code, raised.err) == (0, "")
        assert "break-glass is ready until" in raised.out
        assert "PERMITTED" in raised.out
        read = await scene.reads(0)
        assert "because of manual 'manual-" in read.out
        assert "anna raised it by hand" in await scene.tells("firing: payments: break-glass is READY")
        again = await scene.anna.runs("raise", PLATFORM, "--reason", "vendor is slow", "--for", "2h")
        assert again.code == 1
        assert "another person" in again.err
        lowered = await scene.ben.runs("lower", PLATFORM, "--reason", "vendor is back")
        assert lowered.code == 0
        await scene.reads(1)
        await scene.tells("resolved: payments: break-glass is sealed again, ben lowered manual-")
        nothing = await scene.ben.runs("lower", PLATFORM, "--reason", "vendor is back")
        assert (nothing.code, nothing.out) == (1, "")
        assert await scene.monitor.end() == 0
        assert await scene.acted() == [("flag_raise", "anna"), ("flag_lower", "ben")]


async def test_two_persons_and_a_kill_in_between(tmp_path: Path) -> None:
    """What waits is kept by the store: killed and started again, it is confirmed once, and raised once."""
    async with _watching(tmp_path, {"manual_persons": "2"}) as scene:
        asked = await scene.anna.runs("raise", PLATFORM, "--reason", "vendor is slow", "--for", "1h", "--json")
        assert asked.code == 0
        answer = asked.json()
        assert (answer["outcome"], answer["recorded"]) == ("pending", True)
        request = str(answer["id"])
        assert (await verify(scene.home, DEPLOYMENT)).code == 1
        await scene.monitor.end(signal.SIGKILL)
        await scene.monitor.start()
        shown = await scene.ben.runs("show", PLATFORM)
        assert f"monitor flag confirm {PLATFORM} {request}" in shown.out
        assert shown.code == 0
        own = await scene.anna.runs("confirm", PLATFORM, request)
        assert own.code == 1
        assert "another person" in own.err
        confirmed = await scene.ben.runs("confirm", PLATFORM, request)
        assert confirmed.code == 0
        await scene.reads(0)
        assert (await scene.ben.runs("confirm", PLATFORM, request)).code == 2
        await scene.tells("firing: payments: anna asks to raise break-glass for 1h", request)
        await scene.tells("firing: payments: break-glass is READY, anna and ben raised it by hand")
        await scene.tells("resolved: payments: ben confirmed what anna asked for")
        await scene.monitor.end(signal.SIGKILL)
        await scene.monitor.start()
        await scene.reads(0)
        assert await scene.monitor.end() == 0
        assert await scene.acted() == [("flag_raise_asked", "anna"), ("flag_raise", "ben")]
        causes = scene.home.rows("SELECT * FROM causes WHERE kind = 'manual'")
        assert len(causes) == 1


async def test_it_ends_by_itself(tmp_path: Path) -> None:
    """Raised for six seconds: ready, and then standby, with nobody doing anything."""
    async with _watching(tmp_path) as scene:
        raised = await scene.anna.runs("raise", PLATFORM, "--reason", "a moment", "--for", "6s")
        assert raised.code == 0
        await scene.reads(0)
        await scene.reads(1)
        await scene.tells("resolved: payments: break-glass is sealed again")


async def test_two_persons_hold_an_outage_closed(tmp_path: Path) -> None:
    """A real outage is ready, held closed by two, and ready again when one ends it."""
    async with _watching(tmp_path) as scene:
        scene.target.default = Answer(503)
        await scene.reads(0)
        lower = await scene.anna.runs("lower", PLATFORM, "--reason", "false alarm")
        assert lower.code == 1
        assert f"monitor flag inhibit {PLATFORM}" in lower.err
        asked = await scene.anna.runs("inhibit", PLATFORM, "--reason", "false alarm", "--for", "30m", "--json")
        request = str(asked.json()["id"])
        await scene.reads(0)
        assert (await scene.ben.runs("confirm", PLATFORM, request)).code == 0
        await scene.reads(1)
        await scene.tells("firing: payments: anna and ben hold closed what outages raise")
        shown = await scene.ben.runs("show")
        assert "held CLOSED by anna and ben" in shown.out
        assert (await scene.anna.runs("inhibit", PLATFORM, "--end")).code == 0
        await scene.reads(0)
        await scene.tells("resolved: payments: break-glass is held closed no longer")


async def test_the_same_post_twice_raises_once(tmp_path: Path) -> None:
    """A client that lost the answer sends it again under its key; after a kill as well."""
    async with _watching(tmp_path) as scene:
        body = {"reason": "vendor is slow", "for_seconds": 3600, "key": "k-1"}
        first = await scene.anna.posts("raise", body)
        assert first.status_code == 200
        second = await scene.anna.posts("raise", body)
        assert second.json()["id"] == first.json()["id"]
        await scene.monitor.end(signal.SIGKILL)
        await scene.monitor.start()
        third = await scene.anna.posts("raise", body)
        assert third.json()["id"] == first.json()["id"]
        assert await scene.monitor.end() == 0
        assert await scene.acted() == [("flag_raise", "anna")]


async def test_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    """It raises all the same, says unrecorded, and is on record when there is room again."""
    async with _watching(tmp_path) as scene:
        resource.prlimit(scene.monitor.pid, resource.RLIMIT_FSIZE, (FULL_BYTES, resource.RLIM_INFINITY))
        raised = await scene.anna.runs("raise", PLATFORM, "--reason", "vendor is slow", "--for", "1h")
        assert raised.code == 0
        assert "not recorded yet" in raised.err
        await scene.reads(0)
        await scene.tells("firing: payments: break-glass is READY")
        (page,) = [page.json() for page in scene.pages.accepted if page.json()["kind"] == "flag"]
        assert page["unrecorded"] is True
        resource.prlimit(scene.monitor.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await until(lambda: "store_writable" in scene.monitor.said or _is_raised(scene), 30, every=0.1)
        assert await scene.monitor.end() == 0
        assert await scene.acted() == [("flag_raise", "anna")]


async def test_held_closed_unrecorded_and_killed(tmp_path: Path) -> None:
    """What two persons held closed is lost with the run: the outage opens again, and everybody is told, twice."""
    async with _watching(tmp_path) as scene:
        await until(lambda: scene.home.rows("SELECT * FROM transitions WHERE kind = 'platform_changed'"), 20)
        resource.prlimit(scene.monitor.pid, resource.RLIMIT_FSIZE, (FULL_BYTES, resource.RLIM_INFINITY))
        await until(lambda: "store_still_not_writable" in scene.monitor.said, 30)
        scene.target.default = Answer(503)
        await scene.reads(0)
        asked = await scene.anna.posts("inhibit", {"reason": "false alarm", "for_seconds": 1800})
        assert asked.json()["recorded"] is False
        confirmed = await scene.ben.posts("confirm", {"request": asked.json()["id"]})
        assert (confirmed.status_code, confirmed.json()["recorded"]) == (200, False)
        await scene.reads(1)
        await scene.tells("firing: payments: anna and ben hold closed what outages raise")
        assert await scene.monitor.end(signal.SIGKILL) == -signal.SIGKILL
        await scene.monitor.start()
        await scene.tells("firing: payments: break-glass is held closed no longer, and sealed", "could not be written")
        await scene.reads(0)
        await scene.tells("firing: payments: break-glass is READY, the platform is down")
        status = await scene.monitor.status()
        assert isinstance(status["break_glass"], dict)
        assert status["break_glass"]["inhibit"] is None
        assert await scene.monitor.end() == 0
        assert [kind for kind, _ in await scene.acted()] == ["flag_taken_up", "flag_inhibition_lost"]


async def test_renewed_unrecorded_and_killed(tmp_path: Path) -> None:
    """A raise holds to the end that readers saw, not to the one on record."""
    async with _watching(tmp_path) as scene:
        raised = await scene.anna.posts("raise", {"reason": "vendor is slow", "for_seconds": 1800})
        await until(lambda: _is_raised(scene), 20)
        resource.prlimit(scene.monitor.pid, resource.RLIMIT_FSIZE, (FULL_BYTES, resource.RLIM_INFINITY))
        await until(lambda: "store_still_not_writable" in scene.monitor.said, 30)
        renewing = {"reason": "still slow", "for_seconds": 7200, "renew": raised.json()["id"]}
        renewed = await scene.ben.posts("raise", renewing)
        assert (renewed.status_code, renewed.json()["recorded"]) == (200, False)
        signed = renewed.json()["break_glass"]["causes"][0]["until"]
        await until(lambda: "until" in scene.told()[-1] and "renewed" in scene.told()[-1], 20)
        await until(lambda: _until(scene) == signed, 20)
        assert await scene.monitor.end(signal.SIGKILL) == -signal.SIGKILL
        await scene.monitor.start()
        status = await scene.monitor.status()
        assert isinstance(status["break_glass"], dict)
        (cause,) = status["break_glass"]["causes"]
        assert (cause["id"], cause["until"]) == (raised.json()["id"], signed)
        await scene.reads(0)
        assert await scene.monitor.end() == 0
        (held,) = scene.home.rows("SELECT * FROM causes WHERE kind = 'manual' AND ended_at IS NULL")
        assert json.loads(str(held["record"]))["until"][:19] == signed[:19]


def _until(scene: Scene) -> str:
    """Return when what the flag's file says ends."""
    payload = scene.home.flag.read_text().split(".")[1]
    (cause,) = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["causes"]
    return datetime.fromtimestamp(cause["until"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_raised(scene: Scene) -> bool:
    return bool(scene.home.rows("SELECT * FROM audit WHERE kind = 'flag_raise'"))


async def test_a_raise_stands_in_the_file_within_a_moment(tmp_path: Path) -> None:
    """From the request to a signed file that says ready: a fraction of what a person notices."""
    async with _watching(tmp_path) as scene:
        took = [await _took(scene, number) for number in range(5)]
        assert min(took) < 1.0
        sys.stderr.write(f"request to file: {', '.join(f'{each * 1000:.0f} ms' for each in took)}")


async def _took(scene: Scene, number: int) -> float:
    before = scene.home.flag.read_bytes()
    started = CLOCK.monotonic()
    await scene.anna.posts("raise" if number % 2 == 0 else "lower", _body(number))
    await until(lambda: scene.home.flag.read_bytes() != before, 20, every=0.001)
    return CLOCK.monotonic() - started


def _body(number: int) -> dict[str, object]:
    return {"reason": "needed"} | ({"for_seconds": 3600} if number % 2 == 0 else {})
