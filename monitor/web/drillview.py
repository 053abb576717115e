"""Decides what the status page shows of drills: runs to be looked after, and scenarios that are due.

1. A run that is open and heard of is shown quietly; one that isn't, or that left something behind, loudly.
2. What is left behind is named, the first ten of it.
3. Of each scenario the last runs are shown: what they came to, and what they measured. One that was simulated says so.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from glasswatch import visible
from monitor.drilling.ports import StoodRun
from monitor.model.drill import DrillRun, DueLine, DueState, RunStanding, RunVerdict
from monitor.rules.drillcalendar import clocks, last_run
from monitor.web import phrases
from monitor.web.pageview import DrilledView, DrillHistoryView, DrillsView, DrillView, Mark, Tone
from monitor.web.seen import Seen

_NAMED: Final = 10
_MARKS: Final = {
    RunStanding.OPEN: Mark(Tone.GOOD, "running"),
    RunStanding.SILENT: Mark(Tone.BAD, "not heard of"),
    RunStanding.OVERDUE: Mark(Tone.BAD, "not closed: failed"),
    RunStanding.CLOSED: Mark(Tone.BAD, "left something behind"),
}
_VERDICTS: Final = {
    RunVerdict.PASSED: Mark(Tone.GOOD, "passed"),
    RunVerdict.NOT_MEASURED: Mark(Tone.WARN, "not measured"),
    RunVerdict.FAILED: Mark(Tone.BAD, "failed"),
    RunVerdict.ABORTED: Mark(Tone.BAD, "aborted"),
    RunVerdict.CLEAN_UP_FAILED: Mark(Tone.BAD, "clean-up failed"),
}
_SIMULATED: Final = Mark(Tone.WARN, "simulated: no evidence")
_SPANS: Final = {
    "detect": "detected",
    "flag": "flag",
    "page": "page",
    "access": "access",
    "audit": "audit",
    "revoke": "revoked",
    "total": "in all",
}
_SCENARIOS: Final = 20
_MINUTE: Final = 60
_DUE: Final = {DueState.DUE: Mark(Tone.WARN, "due"), DueState.OVERDUE: Mark(Tone.BAD, "overdue")}


def drills_view(runs: Sequence[StoodRun], due: Sequence[DueLine], seen: Seen) -> DrillsView | None:
    """Return what there is to look after; None if there is nothing."""
    if not runs and not due:
        return None
    shown = [*(_run(each, seen) for each in runs), *(_due(each, seen) for each in due)]
    return DrillsView(
        is_critical=any(each.standing is not RunStanding.OPEN for each in runs),
        shown=tuple(sorted(shown, key=lambda each: each.mark.tone is not Tone.BAD)),
    )


def history_views(history: Mapping[str, Sequence[DrillRun]], seen: Seen) -> tuple[DrillHistoryView, ...]:
    """Return the last runs of each scenario; of many, of those that were run last."""
    latest = sorted(history.items(), key=lambda each: each[1][0].opened_at, reverse=True)[:_SCENARIOS]
    return tuple(
        DrillHistoryView(visible.line(scenario), tuple(_drilled(run, seen) for run in runs))
        for scenario, runs in latest
    )


def _drilled(run: DrillRun, seen: Seen) -> DrilledView:
    mark = _VERDICTS[run.verdict or RunVerdict.FAILED]
    spans = run.closings[0].spans if run.closings else {}
    return DrilledView(
        mark=_SIMULATED if mark.tone is Tone.GOOD and not run.opening.is_real else mark,
        at=seen.moment(run.closed_at or run.opened_at),
        run=visible.line(run.id),
        measured=", ".join(f"{word} {_length(spans[name])}" for name, word in _SPANS.items() if name in spans),
    )


def _length(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < _MINUTE else phrases.duration(timedelta(seconds=seconds))


def _run(stood: StoodRun, seen: Seen) -> DrillView:
    run = stood.run
    opening = run.opening
    named, more = run.residue[:_NAMED], len(run.residue) - _NAMED
    left = "; ".join(named) + (f"; and {more} more" if more > 0 else "")
    is_loud = stood.standing is not RunStanding.OPEN
    return DrillView(
        mark=_MARKS[stood.standing],
        summary=visible.line(f"{opening.platform}: {opening.scenario} ({run.id}) by {opening.operator}"),
        what="heard of last at",
        at=seen.moment(run.heard_at),
        why=visible.line(f"Left behind: {left}" if left else ""),
        command=f"drill resume {run.id} --clean-up-only" if is_loud else "",
    )


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _due(found: DueLine, seen: Seen) -> DrillView:
    line = found.line
    is_overdue = found.state is DueState.OVERDUE
    passed = f"It passed last at {found.last_passed:%Y-%m-%d}." if found.last_passed else "It never passed here."
    ran, wrong = last_run(found), clocks(found)
    return DrillView(
        mark=_DUE[found.state],
        summary=visible.line(f"{line.platform}: {line.scenario}, {line.cadence}"),
        what="overdue since" if is_overdue else "overdue from",
        at=seen.moment(found.overdue),
        why=" ".join(filter(None, (_sentence(ran), passed, _sentence(wrong)))),
        command=f"drill run {line.scenario}",
    )
