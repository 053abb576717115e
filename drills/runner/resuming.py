"""A run that another process began, made ready to go on: also on another machine, from a copy of its directory.

What is done is what the approved scenario says, found through the settings: its hash must be that of the run's first
entry, and its approval must hold: what lies beside it, or else what the first entry has, by the trust file as it is.
Of the run's directory only the journal is believed, and only where its chain holds: which steps began, which were taken
back, and the values that were captured, as data.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from drills.errors import JournalUnreadable, LeftToAPerson, NotApproved, RunHeardOf, RunUnknown, WaitCutShort
from drills.journal import reading, traces
from drills.journal.journal import boot, reopen
from drills.model.event import Entry, Opened, Resumed
from drills.model.found import Value
from drills.planning import let_go, planned_steps
from drills.rules.approval import Unapproved
from drills.rules.behind import QUIET_SECONDS, Claim, GoOn
from drills.rules.undo import residue_of
from drills.runner import originals, requests
from drills.runner.copies import may_go_on
from drills.runner.finish import Done
from drills.runner.making import make
from drills.runner.session import Desk, Open, Seat, Wanted, alone_on, host, making
from drills.runner.signals import stopping
from drills.runner.stop import Stop
from drills.scenarios import find_one
from drills.settings.root import DrillFile
from glasswatch.clock import Clock
from glasswatch.errors import UsageFault
from glasswatch.visible import line

_COPY: Final = "a copy of its directory, from the machine where it ran, is gone on with by --from DIR"

_LOOK: Final = 10.0
"""Seconds between two looks at whether a run is heard of still."""


@dataclass(frozen=True, slots=True)
class Again:
    """What is to be gone on with. `directory` is the run's own; `operator` is who goes on with it.

    `is_newest`: who says so knows that no copy went on. `is_waiting`: until nothing was heard of it for long enough.
    """

    directory: Path
    settings: DrillFile
    operator: str
    clean_up_only: bool = False
    is_newest: bool = False
    is_waiting: bool = False


def place_of(run: str, settings: DrillFile, given: Path | None) -> Path:
    """Return the directory of a run: by its name below the evidence directory, or a copy of it that was given.

    Raises:
        RunUnknown: it is no name of a run, or no run of that name is below the evidence directory.
    """
    if "/" in run or run.startswith("."):
        raise RunUnknown(f"expected the name of a run, as `drill status` shows it; {_COPY}")
    if given is not None:
        return given.absolute()
    directory = settings.drill.directory / run
    with suppress(PermissionError):  # why it can't be read, reading it tells
        if not traces.is_run(directory):
            raise RunUnknown(f"{line(run)}: no such run in {settings.drill.directory}; {_COPY}")
    return directory


async def resume(run: str, again: Again, seat: Seat) -> Done:
    """Go on with a run, and clean up.

    Raises:
        RunUnknown, RunBusy: there is none, or another process works on it, or may do so elsewhere.
        JournalBehind, NotMeasured: it went on elsewhere, or may have, and more is to be done than to clean up.
        JournalUnreadable, JournalDamaged: nobody can go on by what it says.
        NotApproved: the scenario is not the one that was begun, or its approval does not hold. LeftToAPerson: and
            something is left behind.
        UsageFault: the run is closed; or is of another deployment or name.
        EvidenceUnwritable: nothing can be kept.
    """
    with stopping(seat.stop):
        entries = (await asyncio.to_thread(reading.read, again.directory)).entries
        opened = _opened(run, entries)
        wanted = _wanted(again, opened, entries, seat.clock)
        values = await asyncio.to_thread(wanted.values, seat.clock)
        with alone_on(again.settings.drill.directory, opened.platform):
            journal, found = await reopen(again.directory, making(again.settings, seat.clock))
            try:
                requests.clear(again.directory)
                desk = Desk(wanted, seat, Open(journal, run, seat.stop), found.entries)
                return await _resumed(wanted, again, desk, values)
            finally:
                await journal.close()


async def _resumed(wanted: Wanted, again: Again, desk: Desk, values: Mapping[str, Value]) -> Done:
    opening = replace(_opened(desk.run_name, desk.entries), steps=planned_steps(wanted.scenario.settings))
    async with desk.open():
        resumed, go_on = await _allowed(again, desk)
        originals.mark(again.directory, boot())
        drill = make(wanted.scenario, opening, wanted.facts(desk.run_name), values, desk.tools)
        return await desk.run(drill).resume(resumed, is_behind=go_on.is_behind)


async def _allowed(again: Again, desk: Desk) -> tuple[Resumed, GoOn]:
    """Return how the run may be gone on with; where it may be alive still, that is waited for if it is wished."""
    claim = Claim(originals.is_original(again.directory, boot()), again.is_newest)
    resumed = Resumed(again.operator, host(), clean_up_only=again.clean_up_only)
    while True:
        try:
            return await may_go_on(desk.held, desk.ready_seconds, desk.entries, claim, resumed)
        except RunHeardOf as heard:
            if not again.is_waiting:
                raise
            quiet = max(QUIET_SECONDS - heard.seconds, 0.0)
            desk.screen.say(f"nothing was heard of it for {quiet:.0f} s; waiting until it is {QUIET_SECONDS:.0f} s")
            await _wait(desk.stop, min(heard.seconds, _LOOK))


async def _wait(stop: Stop, seconds: float) -> None:
    """Wait so long.

    Raises:
        WaitCutShort: it was told to stop.
    """
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
        raise WaitCutShort("nothing was done: the run is as it was")


def _opened(run: str, entries: Sequence[Entry]) -> Opened:
    opened = entries[0].event if entries else None
    if not isinstance(opened, Opened):
        raise JournalUnreadable(f"{run}: its journal does not begin with what was to be run")
    if entries[0].run != run:
        raise UsageFault(f"the journal there is of {entries[0].run}, not of {run}")
    return opened


def _wanted(again: Again, opened: Opened, entries: Sequence[Entry], clock: Clock) -> Wanted:
    """Return what was begun, from the approved scenario and not from the run's directory."""
    settings = again.settings
    if opened.deployment != settings.deployment:
        raise UsageFault(f"it is a run of {opened.deployment}: expected settings of that deployment")
    scenario = find_one(settings.drill, opened.scenario)
    if scenario is None:
        raise _by_hand(f"there is no scenario {opened.scenario} any more", entries)
    if scenario.sha256 != opened.scenario_sha256:
        raise _by_hand(f"{scenario.path} is not as it was when the run began", entries)
    wanted = Wanted(scenario, settings, opened.operator, dict(opened.parameters))
    is_let_go = "approval" in let_go(scenario.settings, settings.drill)
    if scenario.settings.is_real and not is_let_go:
        found = wanted.approval_at(entries[0].at, opened.approval.jws, clock)
        if isinstance(found, Unapproved):
            raise _by_hand(found.why, entries)
    return wanted


def _by_hand(why: str, entries: Sequence[Entry]) -> NotApproved:
    """Return that nothing can be done here, and why, with what is left to a person."""
    events = [entry.event for entry in entries]
    steps = next((event.steps for event in events if isinstance(event, Opened)), ())
    left = residue_of(steps, events)
    said = "; ".join((f"{why}: put it back as it was, or take back by hand", *(left or ("nothing",))))
    return LeftToAPerson(said) if left else NotApproved(said)
