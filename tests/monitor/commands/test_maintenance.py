"""`monitor maintenance`: windows agreed, listed, confirmed, accepted and ended, over a real socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from glasswatch.cli import run
from glasswatch.errors import ExitCode
from monitor.cli import command
from monitor.model.event import MaintenanceTold
from monitor.model.maintenance import Planned
from tests.monitor.web.test_maintenance import world
from tests.support.agreeing import Agreeing
from tests.support.clock import START
from tests.support.face import serving
from tests.support.watching import PLATFORM

HOUR = timedelta(hours=1)


@dataclass
class Running:
    """A monitor that answers on a socket, and how commands reach it."""

    world: Agreeing
    url: str
    directory: Path
    capsys: pytest.CaptureFixture[str]

    async def runs(self, *arguments: str, who: str = "anna") -> int:
        """Run `monitor maintenance …` as somebody; return its exit code."""
        file = self.directory / who
        file.write_text(who)
        file.chmod(0o600)
        argv = ["maintenance", *arguments, "--url", self.url, "--token-file", str(file)]
        return await asyncio.to_thread(run, command, "monitor", argv)

    async def says(self, *arguments: str, who: str = "anna") -> str:
        """Return what a command that ends well says."""
        assert await self.runs(*arguments, who=who) == ExitCode.GOOD, self.capsys.readouterr().err
        return self.capsys.readouterr().out

    async def refuses(self, code: ExitCode, *arguments: str, who: str = "anna") -> str:
        """Return why a command ends with this code."""
        assert await self.runs(*arguments, who=who) == code, self.capsys.readouterr()
        return self.capsys.readouterr().err

    def only(self) -> str:
        """Return the id of the only window."""
        (window,) = self.world.monitor.states[0].maintenance.windows
        return window.id


Serve = Callable[[], AbstractAsyncContextManager[Running]]


@pytest.fixture
def running(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Serve:
    """Return what serves a monitor for the length of a block."""

    @asynccontextmanager
    async def serve() -> AsyncIterator[Running]:
        there = world()
        async with serving(there.face()) as (host, port):
            yield Running(there, f"http://{host}:{port}", tmp_path, capsys)

    return serve


async def test_a_window_from_agreeing_to_its_end(running: Serve) -> None:
    """One person agrees, another one ends it."""
    async with running() as monitor:
        said = await monitor.says("add", PLATFORM, "--reason", "vendor patches", "--for", "2h")
        name = monitor.only()
        assert f"{PLATFORM}: {name} is in force until 2026-03-01 05:00:00Z" in said
        listed = await monitor.says("list")
        for words in (f"{name}  IN FORCE", "payments: the whole platform", "agreed by anna: vendor patches"):
            assert words in listed
        assert "an outage pages again" in await monitor.says("end", name, "--reason", "early", who="ben")
        assert await monitor.says("list") == "no windows\n"
        assert "ended by ben at 2026-03-01 03:00:00Z: early" in await monitor.says("list", "--over")
        assert "was ended by ben" in await monitor.refuses(ExitCode.FINDING, "end", name, "--reason", "again")


async def test_one_that_comes_back(running: Serve) -> None:
    """Days, time, zone and length; only for some of it."""
    async with running() as monitor:
        again = ("--day", "first tuesday", "--day", "last day", "--at", "02:00", "--timezone", "Europe/Berlin")
        only = ("--function", "sign_in", "--probe", "portal")
        said = await monitor.says("add", PLATFORM, "--reason", "nights", *again, "--for", "2h", *only)
        for words in (
            "first tuesday, last day at 02:00 Europe/Berlin, for 2h",
            "functions sign_in and probes portal",
            "next: 2026-03-03 01:00:00Z to 2026-03-03 03:00:00Z",
        ):
            assert words in said


async def test_a_start_in_the_past_takes_two(running: Serve) -> None:
    """The answer names the command for the other person."""
    async with running() as monitor:
        start = ("--start", (START - HOUR).isoformat(), "--end", START.isoformat())
        said = await monitor.says("add", PLATFORM, "--reason", "forgotten", *start)
        assert "NOT YET DONE" in said
        name = monitor.world.monitor.states[0].maintenance.asked[0].window.id
        assert f"monitor maintenance confirm {name}" in said
        assert "WAITS" in await monitor.says("list")
        assert "another person" in await monitor.refuses(ExitCode.FINDING, "confirm", name)
        assert "agreed by anna and ben" in await monitor.says("confirm", name, who="ben")
        assert monitor.only() == name


async def test_what_a_page_tells_is_accepted_or_declined(running: Serve) -> None:
    """The list names the command."""
    async with running() as monitor:
        told = tuple(Planned(name, "Upgrade\u202e", START + HOUR, START + 2 * HOUR) for name in ("m1", "m2"))
        monitor.world.hear(PLATFORM, MaintenanceTold("portal", told))
        listed = await monitor.says("list")
        assert "\u202e" not in listed
        first, second = (each.id for each in monitor.world.monitor.states[0].maintenance.proposals)
        assert f"monitor maintenance accept {first} --reason WHY" in listed
        assert "will be in force" in await monitor.says("accept", first, "--reason", "agreed", "--function", "sign_in")
        assert "is declined" in await monitor.says("end", second, "--reason", "not ours")
        assert "nothing is" in await monitor.refuses(ExitCode.USAGE, "accept", second, "--reason", "agreed")


async def test_json_is_what_the_monitor_says(running: Serve) -> None:
    """For programs."""
    async with running() as monitor:
        added = json.loads(await monitor.says("add", PLATFORM, "--reason", "x", "--for", "1h", "--json"))
        listed = json.loads(await monitor.says("list", "--json"))
        assert listed["windows"] == [added["window"]]
        assert await monitor.says("list", "--platform", PLATFORM, "--since", START.isoformat(), "--limit", "1")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "expected either end or for_seconds"),
        (("--for", "1h", "--end", "2026-03-01T05:00:00Z"), "expected either end or for_seconds"),
        (("--for", "500ms"), "expected whole seconds"),
        (("--for", "32d"), "expected whole seconds, and 31 days at most"),
        (("--for", "x"), "expected a duration"),
        (("--start", "tomorrow", "--for", "1h"), "expected a date and time with its offset"),
        (("--day", "tuesday", "--for", "1h"), "needs --day, --at, --timezone and --for"),
        (("--day", "tuesday", "--at", "02:00", "--timezone", "UTC"), "needs --day, --at, --timezone and --for"),
        (("--for", "1h", "--function", "Sign in"), "functions: expected a list of names"),
        (("--for", "1h", "--reason", "a\nb"), "expected one line"),
    ],
)
async def test_wrong_usage_is_told_before_anything_is_sent(
    running: Serve, arguments: tuple[str, ...], why: str
) -> None:
    """Exit 2, and the monitor hears nothing."""
    async with running() as monitor:
        assert why in await monitor.refuses(ExitCode.USAGE, "add", PLATFORM, "--reason", "x", *arguments)
        assert monitor.world.acts == []


async def test_what_the_monitor_refuses(running: Serve) -> None:
    """A finding where it can't be agreed, wrong usage where nothing is of that name, not measured where not let in."""
    async with running() as monitor:
        add = ("add", PLATFORM, "--reason", "x", "--for", "1h")
        assert "is not watched" in await monitor.refuses(ExitCode.FINDING, *add, "--function", "other")
        assert "said to be long" in await monitor.refuses(ExitCode.FINDING, *add[:-1], "25h")
        assert "no platform" in await monitor.refuses(ExitCode.USAGE, "add", "ledger", *add[2:])
        assert "machine's" in await monitor.refuses(ExitCode.NOT_MEASURED, *add, who="machine")
        assert "lacks the scope" in await monitor.refuses(ExitCode.NOT_MEASURED, *add, who="reader")


async def test_status_tells_of_it(running: Serve) -> None:
    """What is in force, what comes, what waits."""
    async with running() as monitor:
        await monitor.says("add", PLATFORM, "--reason", "x", "--for", "1h")
        ahead = ("--start", (START + 3 * HOUR).isoformat())
        await monitor.says("add", PLATFORM, "--reason", "x", "--for", "1h", *ahead)
        told = (Planned("m", "Upgrade", START + HOUR, START + 2 * HOUR),)
        monitor.world.hear(PLATFORM, MaintenanceTold("portal", told))
        await asyncio.to_thread(run, command, "monitor", ["status", "--url", monitor.url])
        said = monitor.capsys.readouterr().out
        assert "is in force until 2026-03-01 04:00:00Z" in said
        assert "comes at 2026-03-01 06:00:00Z" in said
        assert "maintenance: 1 proposed (monitor maintenance list)" in said


async def test_nobody_there(capsys: pytest.CaptureFixture[str]) -> None:
    """4, and a token is asked for before that."""
    argv = ["maintenance", "list", "--url", "http://127.0.0.1:9"]
    assert await asyncio.to_thread(run, command, "monitor", argv) == ExitCode.NOT_MEASURED
    argv = ["maintenance", "end", "w", "--reason", "x", "--url", "http://127.0.0.1:9"]
    assert await asyncio.to_thread(run, command, "monitor", argv) == ExitCode.USAGE
    assert "a token is needed" in capsys.readouterr().err
