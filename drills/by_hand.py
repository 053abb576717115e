"""A run that is closed at the monitor by hand: its journal is lost, or can't be gone on with."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drills.errors import JournalUnreadable, RunBusy, RunHeardOf, RunUnknown
from drills.journal import reading
from drills.model.event import Entry, Head
from drills.model.step import PlannedStep
from drills.model.verdict import Verdict
from drills.monitor import Means, MonitorClient
from drills.planning import planned_steps
from drills.ports import Closing
from drills.registered import read_secret
from drills.rules.behind import QUIET_SECONDS
from drills.rules.lost import left_by
from drills.runner.places import is_worked_on
from drills.scenarios import find_one
from drills.settings.root import DrillFile
from glasswatch.clock import SystemClock
from glasswatch.errors import NotMeasured, UsageFault
from glasswatch.settings.mistake import SettingsFault
from monitor.wire.drills import RunAnswer

_LONGEST_LEFT: Final = 255
_MOST_LEFT: Final = 100
_LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Word:
    """What a person says: why, and what is left behind; neither `is_gone` nor `left`: they don't know."""

    person: str
    reason: str
    is_gone: bool = False
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A run as the monitor has it: in a line, where its journal ended, and what it is to be closed with."""

    what: str
    head: Head
    residue: tuple[str, ...]


async def look(run: str, settings: DrillFile, word: Word, *, is_here_too: bool) -> Found:
    """Return what would be closed. `is_here_too`: also where its journal is here, and the run is not closed.

    Raises:
        UsageFault: it is no run to be closed by hand, or what was said does not go together.
        RunUnknown, RunBusy: the monitor knows none of this name; it may be alive.
        NotMeasured, RequestRefused: the monitor does not say.
    """
    _check(word)
    found = await client(settings).run(run)
    if found is None:
        raise RunUnknown("the monitor knows of no run of that name: `drill status` names them")
    if found.standing == "closed" and not found.residue:
        raise UsageFault(f"it is closed as {found.verdict}, with nothing left behind: that stays")
    if found.quiet_seconds is None and found.standing != "closed":
        raise NotMeasured("the monitor does not say when it heard of the run")
    if found.quiet_seconds is not None and found.quiet_seconds < QUIET_SECONDS:
        raise _alive(found.quiet_seconds)
    entries = _here(settings.drill.directory / run, is_here_too=is_here_too or found.standing == "closed")
    return Found(_what(found), Head(found.head.seq, found.head.hash), _left(found, settings, word, entries))


async def close(run: str, settings: DrillFile, word: Word, found: Found) -> None:
    """Close it.

    Raises:
        NotMeasured, RequestRefused: the monitor did not take it.
    """
    verdict = Verdict.CLEAN_UP_FAILED if found.residue else Verdict.FAILED
    why = f"closed by hand by {word.person}: {word.reason}"
    await client(settings).close_by_hand(run, Closing(verdict, why, (), (), found.residue), found.head)


def client(settings: DrillFile) -> MonitorClient:
    """Return the client of the monitor that runs are closed at.

    Raises:
        UsageFault: none is set.
    """
    drill = settings.drill
    if drill.monitor is None:
        raise UsageFault("drill.monitor is not set: runs are closed there")
    return MonitorClient(drill.monitor, Means(SystemClock(), read_secret, drill.ready_within.total_seconds()))


def _check(word: Word) -> None:
    if word.is_gone and word.left:
        raise UsageFault("expected --nothing-left, or --left, or neither")
    if not word.reason.strip() or len(word.reason) > _LONGEST_REASON:
        raise UsageFault(f"--reason: expected 1 to {_LONGEST_REASON} characters")
    if len(word.left) > _MOST_LEFT or any(not each.strip() or len(each) > _LONGEST_LEFT for each in word.left):
        raise UsageFault(f"--left: expected at most {_MOST_LEFT} times 1 to {_LONGEST_LEFT} characters")


def _alive(quiet: float) -> RunHeardOf:
    return RunHeardOf(
        f"its process may be at work: the monitor has heard nothing of it for {quiet:.0f} s; expected "
        f"{QUIET_SECONDS:.0f} s. Stop it where it runs (`drill stop`)",
        QUIET_SECONDS - quiet,
    )


def _here(directory: Path, *, is_here_too: bool) -> Sequence[Entry]:
    """Return what stands of the run here, as far as it holds; nothing where its journal is not here."""
    if not (directory / reading.JOURNAL).exists():
        return ()
    if is_worked_on(directory):
        raise RunBusy(f"a process works on it here: `drill stop {directory.name}`")
    if not is_here_too:
        raise UsageFault(
            f"its journal is here: `drill resume {directory.name} --clean-up-only` takes back, and closes it. "
            "--anyway closes it all the same, where that can't be"
        )
    try:
        return reading.read(directory).entries
    except JournalUnreadable:
        return ()


def _left(found: RunAnswer, settings: DrillFile, word: Word, entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return what it is to be closed with: what the person says, else whatever may be left."""
    if word.is_gone or word.left:
        return word.left
    if found.standing == "closed":
        raise UsageFault(
            f"it is closed, with this left behind: {'; '.join(found.residue)}. Say --nothing-left, or --left"
        )
    steps = steps_of(found.scenario, found.scenario_sha256, settings)
    return tuple(each[:_LONGEST_LEFT] for each in left_by(found.scenario, steps, entries)[:_MOST_LEFT])


def steps_of(scenario_id: str, sha256: str, settings: DrillFile) -> Sequence[PlannedStep] | None:
    """Return the steps of the scenario as it was run; None where it is not there any more."""
    try:
        scenario = find_one(settings.drill, scenario_id)
    except SettingsFault:  # whatever is wrong with scenarios now, a run can be closed
        return None
    if scenario is None or scenario.sha256 != sha256:
        return None
    return planned_steps(scenario.settings)


def _what(found: RunAnswer) -> str:
    state = f"closed as {found.verdict}" if found.standing == "closed" else "open"
    begun = f"{found.scenario} on {found.platform}, begun by {found.operator} at {found.opened:%Y-%m-%d %H:%M:%SZ}"
    return f"{begun}, heard of last at {found.heard:%Y-%m-%d %H:%M:%SZ}, {state}"
