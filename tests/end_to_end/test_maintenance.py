"""Outages of a real monitor in maintenance: quiet in it, paged when they outlast it or reach further."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from glasswatch.clock import SystemClock
from tests.support.monitors import PLATFORM, Home, MonitorProcess, Wanted, make_home, monitor_in
from tests.support.persons import Person, Ran, presented, run, tokens
from tests.support.receiver import Answer, Receiver, receiving
from tests.support.simulator import simulated
from tests.support.waiting import until

CLOCK = SystemClock()
WITHIN = 40.0
WINDOW = timedelta(seconds=45)  # longer than a start, a confirmed outage and a page take, though the machine stalls
Told = list[tuple[str, str]]


@dataclass
class Scene:
    """A monitor that found everything up, its target, and where its pages go."""

    home: Home
    monitor: MonitorProcess
    target: Receiver
    pages: Receiver

    async def runs(self, person: str, *arguments: str) -> Ran:
        """Run `monitor maintenance …` as somebody."""
        file = Person(person, self.monitor).token_file
        file.write_text(presented(person))
        file.chmod(0o600)
        return await run("maintenance", *arguments, "--url", self.monitor.url, "--token-file", str(file))

    async def adds(self, *arguments: str) -> str:
        """Have anna agree to a window; return its id."""
        ran = await self.runs("anna", "add", PLATFORM, "--reason", "patches", "--json", *arguments)
        assert ran.code == 0, ran.err
        return str(ran.json()["id"])

    def told(self) -> Told:
        """Return severity and status of the pages about outages, in the order in which they came."""
        pages = [page.json() for page in self.pages.accepted]
        return [(page["severity"], page["status"]) for page in pages if page["kind"] == "outage"]

    async def tells(self, *wanted: tuple[str, str]) -> None:
        """Wait until outages were told like this, and in no other way."""
        try:
            await until(lambda: set(self.told()) >= set(wanted), WITHIN, every=0.05)
        except TimeoutError:
            raise AssertionError(f"{self.told()}\n{self.monitor.said}") from None
        assert sorted(self.told()) == sorted(wanted)

    def breaks(self) -> None:
        """Have the target answer 503 from now on."""
        self.target.default = Answer(503)

    def mends(self) -> None:
        """Have it answer well again."""
        self.target.default = Answer()

    def kinds(self) -> Sequence[str]:
        """Return what the audit holds of maintenance."""
        rows = self.home.rows("SELECT kind FROM audit WHERE kind LIKE 'maintenance%' ORDER BY seq")
        return [str(row["kind"]) for row in rows]


@asynccontextmanager
async def _watching(root: Path, *functions: str, maintenance: str = "", probes: str = "") -> AsyncIterator[Scene]:
    async with receiving() as target, receiving() as pages:
        scopes = ("maintenance",)
        wanted = Wanted(
            target.url, functions or ("sign_in",), receiver=pages.url, more=tokens("anna", "ben", scopes=scopes)
        )
        home = make_home(root / "home", wanted)
        lines = home.config.read_text().replace("    probes:\n", f"{maintenance}    probes:\n{probes}", 1)
        home.config.write_text(lines)
        async with monitor_in(home) as monitor:
            await monitor.start()
            await monitor.verdict_is("up")
            yield Scene(home, monitor, target, pages)
            assert "Traceback" not in monitor.log
            assert "token-of-" not in monitor.log


async def test_an_outage_in_a_window_is_quiet_and_break_glass_is_ready(tmp_path: Path) -> None:
    """A ticket, and the flag as ever: its page says that maintenance is in force. The end wakes nobody either."""
    async with _watching(tmp_path) as scene:
        name = await scene.adds("--for", "1h")
        scene.breaks()
        await scene.monitor.verdict_is("down")
        await scene.tells(("ticket", "firing"))
        await until(lambda: any(page.json()["kind"] == "flag" for page in scene.pages.accepted), WITHIN)
        flag = [page.json() for page in scene.pages.accepted if page.json()["kind"] == "flag"]
        assert (flag[0]["severity"], flag[0]["break_glass"]["state"]) == ("page", "ready")
        assert flag[0]["maintenance"][0]["window"] == name
        status = await scene.monitor.status()
        assert status["verdict"] == "down"
        _, metrics = await scene.monitor.ask("/metrics")
        assert f'jit_maintenance_active{{platform="{PLATFORM}"}} 1.0'.encode() in metrics
        scene.mends()
        await scene.tells(("ticket", "firing"), ("ticket", "resolved"))
        assert await scene.monitor.end() == 0


async def test_an_outage_that_outlasts_its_window_pages(tmp_path: Path) -> None:
    """By time alone; the ticket gives way to the page."""
    end = CLOCK.now() + WINDOW
    times = f"start: {(end - 2 * WINDOW).isoformat()}, end: {end.isoformat()}"
    settings = f"    maintenance: {{move: {{{times}, reason: the vendor moves}}}}\n"
    async with _watching(tmp_path, maintenance=settings) as scene:
        scene.breaks()
        await scene.monitor.verdict_is("down")
        await scene.tells(("ticket", "firing"))
        await until(lambda: len(scene.told()) == 3, WINDOW.total_seconds() + WITHIN, every=0.1)
        assert CLOCK.now() >= end
        await scene.tells(("ticket", "firing"), ("page", "firing"), ("ticket", "resolved"))


async def test_another_function_pages(tmp_path: Path) -> None:
    """The window is for one of the two that fail."""
    async with _watching(tmp_path, "sign_in", "approve") as scene:
        await scene.adds("--for", "1h", "--function", "sign_in")
        scene.breaks()
        await scene.monitor.verdict_is("down")
        await until(lambda: ("page", "firing") in scene.told(), WITHIN)


async def test_killed_in_a_window_it_goes_on_and_killed_over_its_end_it_catches_up(tmp_path: Path) -> None:
    """No ticket twice, no page too few, and the record is whole."""
    async with _watching(tmp_path) as scene:
        name = await scene.adds("--for", "1h")
        scene.breaks()
        await scene.monitor.verdict_is("down")
        await scene.tells(("ticket", "firing"))
        await scene.monitor.end(signal.SIGKILL)
        await scene.monitor.start()
        listed = await scene.runs("ben", "list")
        assert f"{name}  IN FORCE" in listed.out
        await scene.monitor.verdict_is("down")
        assert {severity for severity, _ in scene.told()} == {"ticket"}
        ended = await scene.runs("ben", "end", name, "--reason", "early")
        assert ended.code == 0, ended.err
        await until(lambda: ("page", "firing") in scene.told(), WITHIN)
        await scene.monitor.end(signal.SIGKILL)
        await scene.monitor.start()
        over = await scene.runs("anna", "list", "--over")
        assert "ended by ben" in over.out
        assert await scene.monitor.end() == 0
        assert scene.kinds() == ["maintenance_agreed", "maintenance_began", "maintenance_ended", "maintenance_over"]
        rows = scene.home.rows("SELECT window, until FROM windows")
        assert [row["window"] for row in rows] == [name]
        assert rows[0]["until"] is not None


async def test_the_past_takes_two_persons_and_survives_a_kill_in_between(tmp_path: Path) -> None:
    """What waits is kept by the store; nobody confirms their own."""
    async with _watching(tmp_path) as scene:
        start = CLOCK.now() - timedelta(hours=3)
        name = await scene.adds("--start", start.isoformat(), "--for", "1h")
        await scene.monitor.end(signal.SIGKILL)
        await scene.monitor.start()
        own, other = await asyncio.gather(scene.runs("anna", "confirm", name), scene.runs("ben", "list"))
        assert own.code == 1
        assert "another person must confirm it" in own.err
        assert "WAITS" in other.out
        confirmed = await scene.runs("ben", "confirm", name)
        assert confirmed.code == 0, confirmed.err
        assert "agreed by anna and ben" in confirmed.out
        assert scene.kinds() == ["maintenance_asked", "maintenance_agreed"]


async def test_a_vendor_proposes_and_a_person_accepts(tmp_path: Path) -> None:
    """What the simulated vendor's page announces keeps nothing quiet until somebody agrees to it."""
    with simulated() as vendor:
        now = CLOCK.now()
        announced = {
            "id": "m1",
            "name": "Database upgrade",
            "status": "scheduled",  # under way it would be marked, and the platform degraded
            "scheduled_for": (now - timedelta(hours=1)).isoformat(),
            "scheduled_until": (now + timedelta(hours=2)).isoformat(),
        }
        vendor.admin("PUT", "/admin/word", {"maintenances": [announced]})
        reads = (
            f"{{type: status_page, function: vendor, url: {vendor.url}/api/v2/summary.json, interval: 1s, timeout: 1s}}"
        )
        async with _watching(tmp_path, probes=f"      page: {reads}\n") as scene:
            await until_says(scene, "proposed  Database upgrade")
            scene.breaks()
            await scene.monitor.verdict_is("down")
            await scene.tells(("page", "firing"))
            scene.mends()
            await scene.tells(("page", "firing"), ("page", "resolved"))
            (proposal,) = json.loads((await scene.runs("anna", "list", "--json")).out)["windows"]
            accepted = await scene.runs("anna", "accept", proposal["id"], "--reason", "agreed")
            assert accepted.code == 0, accepted.err
            assert "IN FORCE  Database upgrade" in accepted.out
            await scene.monitor.verdict_is("up")
            await asyncio.sleep(1.5)  # past `lower_after`: another outage then, not the same one again
            scene.breaks()
            await scene.monitor.verdict_is("down")
            await until(lambda: ("ticket", "firing") in scene.told(), WITHIN)
            assert scene.told().count(("page", "firing")) == 1


async def until_says(scene: Scene, words: str) -> None:
    """Wait until the list says this."""
    async with asyncio.timeout(WITHIN):
        while words not in (await scene.runs("anna", "list")).out:  # noqa: ASYNC110 - another process's
            await asyncio.sleep(0.2)
