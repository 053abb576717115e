"""When a scenario is to be run again.

1. Counted from when the last run that passed on the real thing was closed. No other verdict counts.
2. Quarterly: due after 84 days, overdue after 91. A calendar quarter can have 92 days, and 90 is what is asked for.
3. Yearly: due after 351 days, overdue after 365.
4. Never passed: due at once, and overdue 91 days after the monitor first knew of it, however often it has to pass. It
   has no such date where no monitor says when that was.
5. After a change (`after_change`): due when the scenario's hash is not that of the last run that passed.
6. A run that passed later than now tells nothing but that a clock is wrong: the scenario is due until that is known.
7. Without a cadence and without `after_change` it is never due.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from drills.model.calendar import Cadence, Due, DueState, PastRun
from drills.model.verdict import Verdict

_AFTER: Final[Mapping[Cadence, tuple[timedelta, timedelta]]] = {
    Cadence.QUARTERLY: (timedelta(days=84), timedelta(days=91)),
    Cadence.YEARLY: (timedelta(days=351), timedelta(days=365)),
}
_FIRST_WITHIN: Final = timedelta(days=91)
_TRIED_WITHIN: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Past:
    """A scenario as it stands by its hash, the last run of it that passed, and since when it is known if none did."""

    sha256: str
    passed: PastRun | None = None
    known_since: datetime | None = None


def due(cadence: Cadence, past: Past, *, after_change: bool, now: datetime) -> Due:
    """Return whether a scenario is due."""
    after, passed = _AFTER.get(cadence), past.passed
    if after is None and not after_change:
        return Due(DueState.NOT_DUE, "no cadence")
    if passed is None:
        return _never_passed(past.known_since, now)
    if passed.at > now:
        return Due(DueState.DUE, f"it passed on {passed.at:%Y-%m-%d}, which is still to come: look at the clocks")
    is_changed = after_change and passed.sha256 != past.sha256
    if after is None:
        return Due(DueState.DUE, "the scenario changed") if is_changed else Due(DueState.NOT_DUE, "nothing changed")
    due_at, overdue_at = (passed.at + each for each in after)
    if now >= due_at:
        state = DueState.OVERDUE if now >= overdue_at else DueState.DUE
        return Due(state, f"it passed last on {passed.at:%Y-%m-%d}", due_at, overdue_at)
    state = DueState.DUE if is_changed else DueState.NOT_DUE
    why = "the scenario changed" if is_changed else f"it passed on {passed.at:%Y-%m-%d}"
    return Due(state, why, due_at, overdue_at)


def _never_passed(since: datetime | None, now: datetime) -> Due:
    if since is None:
        return Due(DueState.DUE, "it never passed")
    overdue = since + _FIRST_WITHIN
    return Due(DueState.OVERDUE if now >= overdue else DueState.DUE, "it never passed", since, overdue)


def last(runs: Iterable[PastRun], scenario: str) -> PastRun | None:
    """Return the last run of a scenario, whatever came of it; None for none."""
    return max((run for run in runs if run.scenario == scenario), key=_when, default=None)


def last_passed(runs: Iterable[PastRun], scenario: str) -> PastRun | None:
    """Return the last run of a scenario that passed; None for none."""
    passed = (run for run in runs if run.scenario == scenario and run.verdict is Verdict.PASSED and run.is_real)
    return max(passed, key=_when, default=None)


def was_tried(last_run: PastRun | None, now: datetime) -> bool:
    """Whether a run was begun within a day: another that can't begin would be evidence of nothing new."""
    return last_run is not None and abs(now - last_run.at) < _TRIED_WITHIN


def still_open(runs: Iterable[PastRun]) -> tuple[PastRun, ...]:
    """Return the runs that were never closed, oldest first; one that is known from two places is told once.

    A run that one place knows closed is closed: the other was not told.
    """
    known: dict[str, PastRun] = {}
    for run in runs:
        if run.run not in known or run.verdict is not Verdict.OPEN:
            known[run.run] = run
    return tuple(sorted((run for run in known.values() if run.verdict is Verdict.OPEN), key=_when))


def left_behind(runs: Iterable[PastRun]) -> tuple[PastRun, ...]:
    """Return the closed runs of which something is left behind, oldest first, each once.

    Where one place says that nothing is left of a run, nothing is: the other was not told.
    """
    known: dict[str, PastRun] = {}
    for run in runs:
        if run.verdict is not Verdict.OPEN and (run.run not in known or not run.residue):
            known[run.run] = run
    return tuple(sorted((run for run in known.values() if run.residue), key=_when))


def _when(run: PastRun) -> tuple[datetime, str]:
    return run.at, run.run
