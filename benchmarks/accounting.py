"""What `monitor sla` costs for a quarter with a million outcomes still stored in full, page and charts written.

The quarter is written as a monitor leaves it: ten probes of one platform, an outage a month, and a status page's word.
"""

import asyncio
import resource
import sqlite3
import statistics
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.processes import started
from glasswatch.clock import SystemClock
from monitor.model.fact import Fact, FunctionChanged, OutageEnded, OutageOpened, PlatformChanged
from monitor.model.outcome import Outcome, OutcomeKind, Reason
from monitor.model.past import Word
from monitor.model.record import Commit, OutcomeRow
from monitor.model.state import Outage, PlatformState
from monitor.model.verdict import Verdict
from monitor.store.columns import to_microseconds
from monitor.store.identity import Identity, Limits
from monitor.store.store import SqlStore

OUTCOMES: Final = 1_000_000
PROBES: Final = 10
TIMES: Final = 5
_BEGIN, _END, _PERIOD = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC), "2026-Q3"
_HOUR: Final = timedelta(hours=1)
_FALLS: Final = tuple(_BEGIN + timedelta(days=days, hours=9) for days in (11, 42, 73))
_CLOCK = SystemClock()
_PLATFORM: Final = "payments"
_OUTCOME: Final = "INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ALIVE: Final = "INSERT INTO alive_spans (vantage, run, since, until) VALUES (?, ?, ?, ?)"
_SETTINGS: Final = """\
deployment: bench
vantage: main
store: sqlite:///kept.db
controls: none
flag:
  key: {file: flag.key}
platforms:
  payments:
    procedure: {url: "https://wiki.example.com/break-glass", file: procedure.md}
    sla: {objective: 0.999, period: quarter, credits: [{below: 0.999, credit: 0.1}]}
    probes:
"""
_PROBE: Final = (
    "      probe-%d: {type: http, function: function-%d, url: 'https://portal.example.com/', interval: 79s}\n"
)


async def measure(folder: Path) -> AsyncIterator[tuple[str, str]]:
    """Yield what was measured, and the figures."""
    await asyncio.to_thread(folder.mkdir, parents=True)
    await _lived(f"sqlite:///{folder / 'kept.db'}")
    await asyncio.to_thread(_fill, folder / "kept.db")
    settings = await asyncio.to_thread(_place, folder)
    argv = [sys.executable, "-m", "monitor", "sla", "--config", str(settings), "--period", _PERIOD]
    took, spent = [], []
    for _ in range(TIMES):
        since, used = _CLOCK.monotonic(), _processor()
        async with started([*argv, "--html", str(folder / "sla.html")], folder / "log") as process:
            code = await process.wait()
        took.append(_CLOCK.monotonic() - since)
        spent.append(_processor() - used)
        if code not in (0, 1):  # met, or missed
            raise RuntimeError(await asyncio.to_thread((folder / "log").read_text))
    yield f"{OUTCOMES:,} outcomes, start to end (at most 2 s)", f"{statistics.median(took):.2f} s"
    yield "on the processor", f"{statistics.median(spent):.2f} s"


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _place(folder: Path) -> Path:
    (folder / "procedure.md").write_text("Break it.\n")
    settings = folder / "glasswatch.yaml"
    settings.write_text(_SETTINGS + "".join(_PROBE % (number, number % 5) for number in range(PROBES)))
    settings.chmod(0o600)
    return settings


async def _lived(url: str) -> None:
    """Write what was decided in the quarter, what the status page said, and one outcome of each probe."""
    store = SqlStore(url, Identity("bench", "main", "bench"), _CLOCK, Limits())
    await store.open()
    for revision, (at, facts) in enumerate(_story()):
        await store.commit(Commit(_PLATFORM, revision, at, PlatformState(_PLATFORM), facts, (), None, (), ()))
    heard = Outcome(OutcomeKind.GOOD, Reason.OK, "", _BEGIN, 0.2)
    store.record([OutcomeRow(_PLATFORM, "vendor", "status", heard, word=Word.WELL)])
    store.record([OutcomeRow(_PLATFORM, f"probe-{nth}", f"function-{nth % 5}", heard) for nth in range(PROBES)])
    await store.close()


def _story() -> Iterator[tuple[datetime, tuple[Fact, ...]]]:
    yield _BEGIN, _turned(Verdict.UNKNOWN, Verdict.UP, _BEGIN)
    for number, at in enumerate(_FALLS):
        found, over = at + timedelta(seconds=10), at + _HOUR
        outage = Outage(f"{_PLATFORM}-{number}", _PLATFORM, at, found, ("function-0",), ("probe-0",), "status 503")
        yield found, (*_turned(Verdict.UP, Verdict.DOWN, found), OutageOpened(outage))
        ended = replace(outage, ended_at=over, cleared_at=over)
        yield over, (*_turned(Verdict.DOWN, Verdict.UP, over), OutageEnded(ended))


def _turned(was: Verdict, now: Verdict, at: datetime) -> tuple[Fact, ...]:
    return FunctionChanged("function-0", was, now, at, ""), PlatformChanged(was, now, at, "")


def _fill(path: Path) -> None:
    """Write the outcomes, and that the monitor was alive all the time."""
    random = Random(4)  # noqa: S311 - no secret
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        series = [number for (number,) in connection.execute("SELECT id FROM series WHERE probe LIKE 'probe-%'")]
        connection.executemany(_OUTCOME, _rows(series, random))
        connection.execute(_ALIVE, ("main", "whole", to_microseconds(_BEGIN), to_microseconds(_END)))


def _rows(series: list[int], random: Random) -> Iterator[tuple[object, ...]]:
    each = OUTCOMES // len(series)
    step = (_END - _BEGIN) / each
    for nth in range(each):
        at = _BEGIN + nth * step
        is_out = any(fall <= at < fall + _HOUR for fall in _FALLS)
        said = ("bad", "status", "scheduled", 1) if is_out else ("good", "ok", "scheduled", 1)
        for offset, number in enumerate(series, start=1):
            phases = [random.lognormvariate(mean, 0.4) for mean in (-7.5, -5, -4, -3, -7)]
            yield number, to_microseconds(at) + offset * 997, 0, *said, sum(phases), *phases, None, None, None
