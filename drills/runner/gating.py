"""What the gates are told: by the evidence directory, the clock, the approval, the monitor. `rules.gates` decides."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from drills.errors import DrillFault, RunUnknown
from drills.journal import reading, traces
from drills.model.event import Approval, Gated
from drills.planning import let_go
from drills.rules import gates
from drills.rules.approval import Unapproved
from drills.rules.behind import Held
from drills.rules.course import closed_in
from drills.rules.gates import Answer
from drills.rules.results import opened_in
from drills.rules.window import is_within, told
from drills.scenarios import Scenario
from drills.settings.root import DrillFile
from glasswatch.clock import Clock
from glasswatch.errors import GlasswatchError

_PROBE: Final = ".written-"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the monitor says: whether it is well, how the platform is, and which runs it holds open there.

    `open_runs` is why that can't be told, where it can't. `closed_runs` are those that it knows closed: also one that
    was finished from a copy, on another machine, while what lies here does not know it.
    """

    well: Answer
    platform: Answer
    open_runs: tuple[str, ...] | GlasswatchError = ()
    closed_runs: frozenset[str] = frozenset()


_NO_MONITOR: Final = Answer(holds=None, detail="no monitor is set (drill.monitor)")
_NOBODY: Final = Seen(_NO_MONITOR, _NO_MONITOR)


class Seeing(Protocol):
    """The monitor, as far as gates ask it."""

    async def look(self, platform: str) -> Seen:
        """Return what it says. Never raises."""
        ...

    async def held(self, run: str) -> Held:
        """Return what it holds of a run.

        Raises:
            NotMeasured, RequestRefused: it does not say.
        """
        ...


@dataclass(frozen=True, slots=True)
class Asking:
    """What gates are asked about: a run that is about to begin. `approval` is what was found of one.

    `monitor` None: none is set. `is_witnessed`: whether anybody elsewhere is set who holds heads.
    """

    run: str
    scenario: Scenario
    settings: DrillFile
    approval: Approval | Unapproved
    monitor: Seeing | None
    is_witnessed: bool
    clock: Clock


async def ask(asking: Asking) -> tuple[Gated, ...]:
    """Return what each gate says."""
    found = asking.scenario.settings
    seen = await asking.monitor.look(found.platform) if asking.monitor else _NOBODY
    window = found.gates.window.window() if found.gates.window else None
    answers = {
        gates.EVIDENCE: _evidence(asking.settings.drill.directory),
        gates.ALONE: _alone(asking, seen),
        gates.WINDOW: gates.window(
            told(window) if window else "", is_open=window is None or is_within(window, asking.clock.now())
        ),
        gates.APPROVAL: _approval(asking.scenario, asking.approval),
        gates.MONITOR: seen.well,
        gates.PLATFORM: seen.platform,
        gates.WITNESS: Answer(asking.is_witnessed, "somebody elsewhere holds its heads")
        if asking.is_witnessed
        else Answer(holds=False, detail="neither drill.monitor nor drill.witness is set"),
    }
    return gates.judge(answers, let_go(found, asking.settings.drill))


def _approval(scenario: Scenario, found: Approval | Unapproved) -> Answer:
    if not scenario.settings.is_real:
        return Answer(holds=True, detail="no step of it is real")
    if isinstance(found, Unapproved):
        return Answer(holds=False, detail=found.why)
    return Answer(holds=True, detail=f"approved by {found.person}")


def _alone(asking: Asking, seen: Seen) -> Answer:
    """Return whether no other run is open, here and at the monitor; one that can't be read may be anything."""
    root = asking.settings.drill.directory
    try:
        left = open_here(root, asking.run, asking.scenario.settings.platform)
    except OSError as fault:
        return Answer(holds=None, detail=f"{root} can't be read: {fault.strerror or fault}")
    here = [run for run in left if run not in seen.closed_runs]
    there = seen.open_runs
    if isinstance(there, GlasswatchError):
        return gates.alone(here) if here else Answer(holds=None, detail=str(there))
    return gates.alone(tuple(dict.fromkeys((*here, *(run for run in there if run != asking.run)))))


def open_here(root: Path, own: str, platform: str) -> tuple[str, ...]:
    """Return the runs in the evidence directory that are open on a platform, but for one's own.

    Raises:
        OSError: what lies there can't be told.
    """
    try:
        places = sorted(path for path in root.iterdir() if path.name not in (own, traces.NO_RUN))
    except FileNotFoundError:
        return ()  # nothing was ever run here
    return tuple(place.name for place in places if _is_open(place, platform))


def _is_open(place: Path, platform: str) -> bool:
    """Whether a run is open on a platform; one of which nobody can say what it was may be."""
    try:
        return place.is_dir() and traces.is_run(place) and _is_run_open(place, platform)
    except OSError:  # nobody may look into it
        return True


def _is_run_open(place: Path, platform: str) -> bool:
    try:
        found = reading.read(place)
    except RunUnknown:
        return traces.had_journal(place)
    except DrillFault:
        return True
    opened = opened_in(found.entries)
    if opened is None:
        return found.problem is not None or traces.was_begun(place)
    return opened.platform == platform and closed_in([entry.event for entry in found.entries]) is None


def _evidence(root: Path) -> Answer:
    """Return whether evidence can be kept there: something is written, synced and removed."""
    probe = root / f"{_PROBE}{secrets.token_hex(8)}"  # another drill may ask at the same time
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with probe.open("xb") as file:
                file.write(b"\0" * 4096)
                file.flush()
                os.fsync(file.fileno())
        finally:
            probe.unlink(missing_ok=True)
        free, mode = os.statvfs(root), root.stat().st_mode
    except OSError as fault:
        return gates.room(None, f"{root} can't be written: {fault.strerror or fault}")
    return gates.room(free.f_bavail * free.f_frsize, mode=mode)
