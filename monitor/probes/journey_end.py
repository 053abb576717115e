"""What a run of a journey is worth: from how it ended, and what it left open, to an outcome's kind and reason.

Rules:
- The first step that didn't hold decides. Good is only a run whose steps all held and that left nothing open.
- Where all held but something is left, the way was open to an engineer, and still it is not good: not measured,
  residue. A clean-up that fails must not open production, and must not read as health.
- A denial that no rule of ours expects is not measured, as is the refusal of our own credential (design 3.3): whether
  an engineer would be denied nobody knows.
- What is left from earlier runs marks any outcome, good ones too. What was looked for and isn't there, though its
  request might still be under way, is looked for again and named by nobody.
- What was never closed and has ended by itself marks one outcome, and is named in it.
- A deadline noticed too late says that this machine was busy: own fault. So does one that passes while something of
  our own is waited for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from monitor.model.explanation import Check
from monitor.model.outcome import OutcomeKind, Reason, Warn
from monitor.probes.attempt import REASONS, bearable, too_late
from monitor.rules.expect import Judgement
from platforms.errors import FaultKind
from platforms.journey.engine import Left, Trip
from platforms.journey.model import Ending, Journey, Why

_NAMED: Final = 5

_WORTH: Final[Mapping[Why, tuple[OutcomeKind, Reason]]] = {
    Why.OK: (OutcomeKind.GOOD, Reason.OK),
    Why.STATUS: (OutcomeKind.BAD, Reason.STATUS),
    Why.JSON: (OutcomeKind.BAD, Reason.JSON),
    Why.NEVER: (OutcomeKind.BAD, Reason.TIMEOUT),
    Why.TIMEOUT: (OutcomeKind.BAD, Reason.TIMEOUT),
    Why.NOT_REFUSED: (OutcomeKind.BAD, Reason.NOT_REFUSED),
    Why.DENIED: (OutcomeKind.NOT_MEASURED, Reason.DENIED),
    Why.CREDENTIALS: (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED),
    Why.RATE_LIMITED: (OutcomeKind.NOT_MEASURED, Reason.RATE_LIMITED),
    Why.BUDGET: (OutcomeKind.SKIPPED, Reason.BUDGET),
    Why.RECORD: (OutcomeKind.NOT_MEASURED, Reason.OWN_FAULT),
    Why.LOST_SIGHT: (OutcomeKind.NOT_MEASURED, Reason.RESIDUE),
    Why.NOTHING_YET: (OutcomeKind.NOT_MEASURED, Reason.RESIDUE),
    Why.ENDED: (OutcomeKind.NOT_MEASURED, Reason.RESIDUE),
}


def judged(trip: Trip, earlier: Sequence[Left], timeout: timedelta, ours: str | None = None) -> Judgement:
    """Return what a run is worth.

    `earlier`: what is left of runs before it; `timeout`: what its steps had; `ours`: see `Stopwatch.ours`.
    """
    residue = tuple(names(trip, earlier))
    ended = tuple(left.opening.name for left in earlier if left.ending.why is Why.ENDED)
    warnings = (*((Warn.RESIDUE,) if residue else ()), *((Warn.NEVER_CLOSED,) if ended else ()))
    more = _told("left open", residue) + _told("never closed, ended by itself", ended)
    ending = trip.ending
    if ending.why is Why.TIMEOUT and trip.late > bearable(timeout):
        busy = too_late(trip.late)
        return Judgement(busy.kind, busy.reason, busy.detail + more, warnings)
    kind, reason = _worth(ending)
    if ending.why is Why.TIMEOUT and ours is not None:
        kind, reason = OutcomeKind.NOT_MEASURED, Reason.OWN_FAULT
        ending = replace(ending, detail=f"{ending.detail}, waiting for {ours}")
    detail = f"step {ending.step}: {ending.detail}" if ending.step else ending.detail or "every step held"
    if kind is OutcomeKind.GOOD and trip.left:
        kind, reason = OutcomeKind.NOT_MEASURED, Reason.RESIDUE
    return Judgement(kind, reason, detail + more, warnings)


def names(trip: Trip, earlier: Sequence[Left]) -> Iterator[str]:
    """Yield the name of each thing that is left, the latest first; not of what is not there, or not any more."""
    for left in (*trip.left, *earlier):
        if left.ending.why not in (Why.NOTHING_YET, Why.ENDED):
            yield left.opening.name


def checks(journey: Journey, trip: Trip) -> Iterator[Check]:
    """Yield each step that was gone, in order: those that held, and the one that didn't."""
    ending = trip.ending
    for step in journey.steps:
        wanted = "status " + " or ".join(str(status) for status in step.expect.status)
        more = [f"json {each.path}" for each in (*step.expect.json, *(step.until.json if step.until else ()))]
        refused = ["that it is refused"] if step.is_refused else []
        captured = [f"a value for {each.name}" for each in step.capture]
        expected = ", ".join((*refused, wanted, *more, *captured))
        if step.id == ending.step:
            yield Check(f"step {step.id}", expected, ending.detail, holds=False, is_ours=True)
            return
        if ending.why is not Why.OK and not ending.step:  # it isn't known how far it came
            return
        yield Check(f"step {step.id}", expected, "all of it", holds=True, is_ours=True)


def _worth(ending: Ending) -> tuple[OutcomeKind, Reason]:
    if ending.why is not Why.FAULT or ending.fault is None:
        return _WORTH.get(ending.why, (OutcomeKind.NOT_MEASURED, Reason.OWN_FAULT))
    if ending.fault is FaultKind.OWN:
        return OutcomeKind.NOT_MEASURED, Reason.OWN_FAULT
    if ending.fault is FaultKind.CREDENTIAL:
        return OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED
    return OutcomeKind.BAD, REASONS[ending.fault]


def _told(what: str, found: Sequence[str]) -> str:
    if not found:
        return ""
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return f"; {what}: {', '.join(found[:_NAMED])}{more}"
