"""When a scenario is to be run again.

1. Counted from when the last run that passed on the real thing was closed. No other verdict counts.
2. Quarterly: due after 84 days, overdue after 91. A calendar quarter can have 92 days, and 90 is what is asked for.
3. Yearly: due after 351 days, overdue after 365.
4. Never passed: due at once, and overdue 91 days after the monitor first knew of it, however often it has to pass. It
   has no such date where no monitor says when that was.
5. After a change (`after_change`): due when the scenario's hash is not that of the last run that passed.
6. Whose last run acted on the real thing and did not pass is due at once: break-glass may not work. A run that was
   aborted before its first step tells nothing. That it is due for this alone does not move when it is overdue.
7. Such a scenario is left to people: a timer runs it again only when, counted from that run, it would be due again, or
   with `after_change` when it is another scenario than the one that ran. Else a timer would act on production, and
   fail, every hour.
8. A run that passed later than now tells nothing but that a clock is wrong: it counts as none, and is said. What is due
   meanwhile is left to people: a timer would act by a clock that may be wrong.
9. One without a real step never passes, and is left to people: a timer would run it anew every hour.
10. Without a cadence and without `after_change` it is never due.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from drills.model.calendar import Cadence, Due, DueState, PastRun
from drills.model.verdict import Verdict

_AFTER: Final[Mapping[Cadence, tuple[timedelta, timedelta]]] = {
    Cadence.QUARTERLY: (timedelta(days=84), timedelta(days=91)),
    Cadence.YEARLY: (timedelta(days=351), timedelta(days=365)),
}
_ENDED: Final[Mapping[Verdict, str]] = {
    Verdict.FAILED: "failed",
    Verdict.NOT_MEASURED: "was not measured",
    Verdict.ABORTED: "was aborted",
    Verdict.CLEAN_UP_FAILED: "left something behind",
}
_FIRST_WITHIN: Final = timedelta(days=91)
_TRIED_WITHIN: Final = timedelta(days=1)


_BADNESS: Final = (DueState.NOT_DUE, DueState.DUE, DueState.OVERDUE)


@dataclass(frozen=True, slots=True)
class Past:
    """A scenario as it stands by its hash, the last run of it that passed, and since when it is known if none did.

    `acted`: the last run of it that acted, whatever came of it. `to_come`: one that passed, it says, later than now.
    `is_real`: whether any step of it is.
    """

    sha256: str
    passed: PastRun | None = None
    known_since: datetime | None = None
    acted: PastRun | None = None
    to_come: PastRun | None = None
    is_real: bool = True

    @property
    def not_passed(self) -> PastRun | None:
        """The last run, where it acted and did not pass."""
        return self.acted if self.acted and self.acted.verdict is not Verdict.PASSED else None


def due(cadence: Cadence, past: Past, *, after_change: bool, now: datetime) -> Due:
    """Return whether a scenario is due."""
    found = _by_runs(cadence, past, after_change=after_change, now=now)
    wrong = [*_wrong(past)] if cadence in _AFTER or after_change else []
    if not wrong:
        return found
    return replace(found, why="; ".join((found.why, *wrong)), is_for_people=found.state is not DueState.NOT_DUE)


def _wrong(past: Past) -> Iterator[str]:
    if past.to_come is not None:
        yield f"one passed on {past.to_come.at:%Y-%m-%d}, which is still to come: look at the clocks"
    if not past.is_real:
        yield "no step of it is real, so that it never passes"


def _by_runs(cadence: Cadence, past: Past, *, after_change: bool, now: datetime) -> Due:
    found, ran = _by_what_passed(cadence, past, after_change=after_change, now=now), past.not_passed
    if ran is None or (cadence not in _AFTER and not after_change):
        return found
    after = _AFTER.get(cadence)
    is_time = after is not None and now >= ran.at + after[0]
    return replace(
        found,
        state=max(found.state, DueState.DUE, key=_BADNESS.index),
        why=f"the last run {_ENDED.get(ran.verdict, 'did not pass')} on {ran.at:%Y-%m-%d}; {found.why}",
        due=min(found.due or ran.at, ran.at) if past.passed else found.due,
        is_for_people=not is_time and not (after_change and ran.sha256 != past.sha256),
    )


def _by_what_passed(cadence: Cadence, past: Past, *, after_change: bool, now: datetime) -> Due:
    after, passed = _AFTER.get(cadence), past.passed
    if after is None and not after_change:
        return Due(DueState.NOT_DUE, "no cadence")
    if passed is None:
        return _never_passed(past.known_since, now)
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


def last_passed(runs: Iterable[PastRun], scenario: str, now: datetime) -> PastRun | None:
    """Return the last run of a scenario that passed, by now; None for none."""
    return max((run for run in _passed(runs, scenario) if run.at <= now), key=_when, default=None)


def passed_to_come(runs: Iterable[PastRun], scenario: str, now: datetime) -> PastRun | None:
    """Return the last run of a scenario that passed, it says, later than now; None for none."""
    return max((run for run in _passed(runs, scenario) if run.at > now), key=_when, default=None)


def _passed(runs: Iterable[PastRun], scenario: str) -> Iterator[PastRun]:
    return (run for run in runs if run.scenario == scenario and run.verdict is Verdict.PASSED and run.is_real)


def last_that_acted(runs: Sequence[PastRun], scenario: str, now: datetime) -> PastRun | None:
    """Return the last closed run of a scenario that acted on the real thing; None for none.

    Of one that is known from two places, either knows that it did not act, or did not pass. One that passed later than
    now hides no other; one that did not pass counts whenever that was.
    """
    idle = {run.run for run in runs if not run.acted}
    ended = [run for run in runs if run.verdict is not Verdict.OPEN and run.scenario == scenario and run.is_real]
    real = [run for run in ended if run.verdict is not Verdict.PASSED or run.at <= now]
    newest = max((run for run in real if run.run not in idle), key=_when, default=None)
    same = [run for run in real if newest and run.run == newest.run]
    return next((run for run in same if run.verdict is not Verdict.PASSED), newest)


def was_tried(last_run: PastRun | None, now: datetime) -> bool:
    """Whether a run was begun within a day: another that can't begin would be evidence of nothing new."""
    return last_run is not None and abs(now - last_run.at) < _TRIED_WITHIN


def without_denied(runs: Sequence[PastRun]) -> tuple[PastRun, ...]:
    """Return the runs without what one place says of a run to have passed that another knows closed otherwise."""
    others = {run.run for run in runs if run.verdict not in (Verdict.PASSED, Verdict.OPEN)}
    return tuple(run for run in runs if run.verdict is not Verdict.PASSED or run.run not in others)


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
