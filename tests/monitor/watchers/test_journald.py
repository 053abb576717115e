"""The journal: a real journald where one can be run by itself, and a stand-in for `journalctl` for the rest."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from glasswatch.clock import SystemClock
from monitor.errors import CannotSee
from monitor.model.watch import LogEntry
from monitor.settings.watchers import JournaldWatcherSettings
from monitor.watchers import journald
from monitor.watchers.context import WatcherContext
from monitor.watchers.journald import JournalSource
from tests.support.journald import own_journal, say
from tests.support.waiting import until

__all__ = ["own_journal"]

PATTERN = r"^Accepted publickey for breakglass ID (?P<person>\S+)$"


@asynccontextmanager
async def watching(**settings: object) -> AsyncIterator[JournalSource]:
    """Give a watcher; what it started ends with the test."""
    given = {"platform": "payments", "target": "b", "matches": ("SYSLOG_IDENTIFIER=sshd",), "pattern": PATTERN}
    source = journald.make(
        "bastion", JournaldWatcherSettings.model_validate({**given, **settings}), WatcherContext(SystemClock())
    )
    try:
        yield source
    finally:
        await source.aclose()


async def gather(source: JournalSource, place: str | None, count: int) -> tuple[list[LogEntry], str | None]:
    """Read until so many entries came."""
    entries: list[LogEntry] = []
    async with asyncio.timeout(20):
        while len(entries) < count:
            part = await source.read(place)
            place, entries = part.place, [*entries, *part.entries]
    return entries, place


async def test_a_real_journal_tells_of_accesses_across_a_restart(own_journal: Path) -> None:
    """Those that match, with the journal's own time; what comes while nobody watches is found afterwards, once."""
    directory = own_journal / "journal"
    say(own_journal, "Accepted publickey for breakglass ID old")
    await until(lambda: list(directory.glob("*/*.journal")), within=20)
    await asyncio.sleep(1.1)  # the journal is asked by whole seconds
    async with watching(directory=directory) as source:
        place: str | None = (await source.read(None)).place
        say(own_journal, "Accepted publickey for breakglass ID anna")
        say(own_journal, "Accepted publickey for breakglass ID nobody", "other")
        say(own_journal, "Accepted publickey for someone ID carl")
        (first,), place = await gather(source, place, 1)
    say(own_journal, "Accepted publickey for breakglass ID ben")
    async with watching(directory=directory) as source:
        (second,), place = await gather(source, place, 1)
    assert (first.person, second.person) == ("anna", "ben")
    assert first.at is not None
    assert abs(first.at.timestamp() - SystemClock().now().timestamp()) < 60


STAND_IN = """#!/usr/bin/python3
import json, os, sys, time
with open({argv!r}, "a") as said:
    said.write(json.dumps([os.getpid(), *sys.argv[1:]]) + "\\n")
{body}
"""


class StandIn:
    """A `journalctl` of a test's own, first on the path."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._directory = directory
        (directory / "bin").mkdir()
        monkeypatch.setenv("PATH", f"{directory / 'bin'}:{os.environ['PATH']}")

    def does(self, body: str) -> None:
        """Say what it does when it is called."""
        path = self._directory / "bin" / "journalctl"
        path.write_text(STAND_IN.format(argv=str(self._directory / "argv"), body=body))
        path.chmod(0o755)

    @property
    def calls(self) -> list[list[str]]:
        """Process id and arguments of each call."""
        lines = (self._directory / "argv").read_text().splitlines()
        return [[str(each) for each in json.loads(line)] for line in lines]


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """A program that a test writes."""
    return StandIn(tmp_path, monkeypatch)


def entry(cursor: str, message: object) -> str:
    """Return the statement that prints an entry."""
    record = {"__CURSOR": cursor, "__REALTIME_TIMESTAMP": "1772334000000000", "MESSAGE": message}
    return f"print({json.dumps(json.dumps(record))}, flush=True)\n"


async def test_it_is_told_what_to_read_and_ended_with_us(stand_in: StandIn) -> None:
    """Matches, and from where; its whole process group goes when the watcher does."""
    message = "Accepted publickey for breakglass ID anna"
    stand_in.does(entry("c1", message) + entry("c2", [*message.encode()]) + "print('{')\n" + "time.sleep(600)")
    async with watching() as source:
        entries, place = await gather(source, None, 2)
        assert [each.person for each in entries] == ["anna", "anna"]
        assert len({each.id for each in entries}) == 2
    (call,) = stand_in.calls
    assert "--follow" in call
    assert call[-1] == "SYSLOG_IDENTIFIER=sshd"
    assert any(each.startswith("--since=@") for each in call)
    with pytest.raises(ProcessLookupError):
        os.kill(int(call[0]), 0)
    async with watching() as source:
        await source.read(place)
    assert "--after-cursor=c2" in stand_in.calls[-1]


async def test_one_that_ends_is_not_measured_and_started_again(stand_in: StandIn) -> None:
    """Where it may not have known the cursor, it goes on from the time of the last entry."""
    stand_in.does("sys.exit(1)")
    place = json.dumps(["gone", "1772334000000000"])
    async with watching() as source:
        with pytest.raises(CannotSee, match="journalctl ended"):
            await source.read(place)
        stand_in.does(entry("c1", "Accepted publickey for breakglass ID anna") + "time.sleep(600)")
        (found,), _ = await gather(source, place, 1)
    assert found.person == "anna"
    assert ["--after-cursor=gone" in call for call in stand_in.calls] == [True, False]
    assert "--since=@1772334000" in stand_in.calls[-1]


async def test_one_that_says_nothing_holds_nobody_up(stand_in: StandIn) -> None:
    """A quiet journal is a second's wait, and where it began is kept."""
    stand_in.does("time.sleep(600)")
    async with watching() as source:
        begun = time.perf_counter()
        part = await source.read(None)
        assert time.perf_counter() - begun < 20
        assert part.entries == ()
        assert (await source.read(part.place)).place == part.place
        assert len(stand_in.calls) == 1


async def test_a_line_too_long_to_read_is_passed_over(stand_in: StandIn) -> None:
    """What comes after it is read."""
    stand_in.does(
        f"print('x' * {3 * journald.LONGEST_LINE})\n"
        + entry("c1", "Accepted publickey for breakglass ID a")
        + "time.sleep(600)"
    )
    async with watching() as source:
        (found,), _ = await gather(source, None, 1)
    assert found.person == "a"


async def test_one_that_is_not_there_is_not_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It says so, and nothing else happens."""
    monkeypatch.setenv("PATH", str(tmp_path))
    async with watching() as source:
        with pytest.raises(CannotSee, match="can't be started: No such file"):
            await source.read(None)
