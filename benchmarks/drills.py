"""What a drill's run costs: until its first step acts, and each step; and how long a long journal takes to verify.

Each step writes its intent and its result, both synced. What a step waits, or its own program costs, is measured by
itself, and taken off on both sides. A step costs what lies between its beginning and the next one's, by the journal;
what it adds to the whole command is more: its scenario is longer to read, and so are its reports to write. The peer is
chaostoolkit from its package, in an environment of its own, where one can be made: its journal is written once, at the
end.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from benchmarks.processes import started
from drills.journal.codec import Stamp, encode
from drills.journal.reading import JOURNAL, read
from drills.model.event import Began, Ended, Event, Opened
from drills.model.step import PlannedStep, Status
from drills.rules.verdict import judge
from glasswatch.chain import GENESIS
from glasswatch.chainlines import write
from glasswatch.clock import SystemClock

FEW, MANY = 10, 90
LINES = 10_000
TIMES = 5
PEER = ("chaostoolkit==1.19.0", "chaostoolkit-lib==1.44.0")
_CLOCK = SystemClock()
_TRUE = "/bin/true"
_SETTINGS = """\
deployment: bench
drill:
  scenarios: [scenarios]
  directory: evidence
  operator: bench
  approval: waived
  waived_gates: [monitor_healthy, no_open_incident, witness]
"""
_HEAD = """\
id: bench
title: Nothing but steps
owner: bench
platform: bench
cadence: none
steps:
"""


async def measure(folder: Path) -> AsyncIterator[tuple[str, str]]:
    """Yield what was measured, and the figures."""
    await asyncio.to_thread(folder.mkdir, parents=True)
    raw = await asyncio.to_thread(_raw_seconds)
    seconds, mib = await _start(folder)
    yield "until the first step acts (at most 0.3 s, 45 MiB)", f"{seconds:.2f} s, {mib:.0f} MiB"
    each, whole = await _each(folder)
    yield "a step, both entries synced, without its wait (at most 2 ms)", f"{each * 1e3:.2f} ms"
    yield "what a step adds to the whole command, reports included", f"{whole * 1e3:.2f} ms"
    yield f"a journal of {LINES} lines, read, checked and judged (at most 1 s)", f"{_verified(folder):.2f} s"
    chaos = await asyncio.to_thread(_peer, folder / "chaos")
    if chaos is None:
        yield "chaostoolkit", "left out: it could not be installed"
        return
    whole, step = await _chaos(folder, chaos, raw)
    yield "chaostoolkit, start to end of an empty experiment", f"{whole:.2f} s"
    yield "chaostoolkit, a step without its program, nothing synced", f"{step * 1e3:.2f} ms"


def _raw_seconds() -> float:
    """Return what a program of nothing costs, the median of some."""
    took = []
    for _ in range(100):
        since = _CLOCK.monotonic()
        subprocess.run([_TRUE], check=True)
        took.append(_CLOCK.monotonic() - since)
    return statistics.median(took)


def _place(folder: Path, steps: str) -> Path:
    """Write settings and a scenario; return the settings' file."""
    (folder / "scenarios").mkdir(parents=True, exist_ok=True)
    (folder / "scenarios" / "bench.yaml").write_text(_HEAD + steps)
    settings = folder / "glasswatch.yaml"
    settings.write_text(_SETTINGS)
    for path in (settings, folder / "scenarios" / "bench.yaml"):
        path.chmod(0o600)
    return settings


def _drill(settings: Path) -> list[str]:
    return [sys.executable, "-m", "drills", "run", "bench", "--config", str(settings), "--unattended"]


async def _start(folder: Path) -> tuple[float, float]:
    """Return the median seconds until a first step's program ran, and the largest resident size until then, in MiB."""
    place, times, sizes = folder / "start", [], []
    mark = place / "mark"
    step = f"  - {{id: one, action: command, with: {{argv: [/bin/sh, -c, 'date +%s.%N > {mark}; sleep 0.5']}}}}\n"
    settings = await asyncio.to_thread(_place, place, step)
    for _ in range(TIMES):
        since = _CLOCK.now().timestamp()
        async with started(_drill(settings), place / "log") as process:
            while not mark.exists() or not mark.read_text():
                if process.returncode is not None:
                    raise RuntimeError((place / "log").read_text())
                await asyncio.sleep(0.005)
            status = await asyncio.to_thread(Path(f"/proc/{process.pid}/status").read_text)
            await process.wait()
        sizes.append(next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")))
        times.append(float(mark.read_text()) - since)
        mark.unlink()
    return statistics.median(times), max(sizes)


async def _each(folder: Path) -> tuple[float, float]:
    """Return what a step costs beside its own wait: in the median as the run does them, and as it lengthens the whole.

    The second is the difference between few steps and many.
    """
    whole: dict[int, list[float]] = {FEW: [], MANY: []}
    between = []
    for nth in range(TIMES):  # each in a place of its own: no run before it is there to be compared with
        for count, took in whole.items():
            place = folder / f"{count}-steps-{nth}"
            steps = "".join(f"  - {{id: s{step}, action: wait, with: {{for: 1ms}}}}\n" for step in range(count))
            settings = await asyncio.to_thread(_place, place, steps)
            took.append(await _wall(_drill(settings), place / "log"))
        between.append(await asyncio.to_thread(_between, folder / f"{MANY}-steps-{nth}" / "evidence"))
    wait = await _one_millisecond()
    longer = statistics.median(whole[MANY]) - statistics.median(whole[FEW])
    return statistics.median(between) - wait, longer / (MANY - FEW) - wait


def _between(evidence: Path) -> float:
    """Return the mean seconds from one step's beginning to the next one's: a journal's clock goes by milliseconds."""
    (journal,) = evidence.glob(f"*/{JOURNAL}")
    began = [entry.mono for entry in read(journal.parent).entries if isinstance(entry.event, Began)]
    return (began[-1] - began[0]) / (len(began) - 1) / 1e3


async def _one_millisecond() -> float:
    took = []
    for _ in range(100):
        since = _CLOCK.monotonic()
        await asyncio.sleep(0.001)
        took.append(_CLOCK.monotonic() - since)
    return statistics.median(took)


async def _wall(argv: list[str], log: Path) -> float:
    """Return the seconds that a program takes."""
    since = _CLOCK.monotonic()
    async with started(argv, log) as process:
        await process.wait()
    return _CLOCK.monotonic() - since


def _verified(folder: Path) -> float:
    """Return the seconds that reading, checking and judging a long journal takes."""
    place = folder / "long"
    place.mkdir()
    steps = tuple(PlannedStep(f"s{nth}", "command", "nothing", is_real=True) for nth in range(100))
    opened = Opened("bench", "t", "o", "p", "d", "bench", "0" * 64, "0", steps)
    events: list[Event] = [opened]
    for nth in range((LINES - 1) // 2):
        name = f"s{nth % 100}"
        events += [Began(name), Ended(name, Status.PASSED, "as expected")]
    prev, lines = GENESIS, []
    for seq, event in enumerate(events, 1):
        line, prev = write(prev, seq, encode(Stamp("bench", _CLOCK.now(), seq, "one"), event))
        lines.append(line)
    (place / JOURNAL).write_bytes(b"".join(lines))
    since = _CLOCK.monotonic()
    reading = read(place)
    if reading.problem is not None:
        raise RuntimeError(reading.problem.what)
    judge(reading.entries)
    return _CLOCK.monotonic() - since


def _peer(folder: Path) -> Path | None:
    """Install chaostoolkit into an environment of its own; return its program, None where it can't be had."""
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
        pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", *PEER]
        subprocess.run(pip, check=True, capture_output=True, timeout=300)
    except (OSError, subprocess.SubprocessError):
        return None
    return folder / "bin" / "chaos"


async def _chaos(folder: Path, chaos: Path, raw: float) -> tuple[float, float]:
    """Return the seconds of an empty experiment, and those that a step costs beside its own program."""
    times = {}
    for count in (0, FEW, MANY):
        method = [
            {"type": "action", "name": f"s{nth}", "provider": {"type": "process", "path": _TRUE}}
            for nth in range(count)
        ]
        experiment = {"version": "1.0.0", "title": "bench", "description": "bench", "method": method}
        path = folder / f"chaos-{count}.json"
        await asyncio.to_thread(path.write_text, json.dumps(experiment))
        argv = [str(chaos), "--no-version-check", "--log-file", os.devnull, "run", "--journal-path"]
        argv += [str(folder / "journal.json"), str(path)]
        times[count] = statistics.median([await _wall(argv, folder / "chaos.log") for _ in range(TIMES)])
    return times[0], (times[MANY] - times[FEW]) / (MANY - FEW) - raw
