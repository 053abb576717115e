"""Words and figures as people read them, the same in every format."""

from datetime import datetime
from typing import Final

from drills.model.step import Span, Status
from drills.model.verdict import Measured, Verdict
from drills.report.values import ReportView

_MINUTE: Final = 60
_HOUR: Final = 3600

_STATUS: Final = {Status.NOT_MEASURED: "not measured", Status.ERROR: "fault"}
_VERDICT: Final = {
    Verdict.PLANNED: "PLANNED, not run",
    Verdict.PASSED: "PASSED",
    Verdict.FAILED: "FAILED",
    Verdict.NOT_MEASURED: "NOT MEASURED",
    Verdict.ABORTED: "ABORTED",
    Verdict.CLEAN_UP_FAILED: "CLEAN-UP FAILED",
    Verdict.OPEN: "NEVER CLOSED: counts as failed",
}
_SPAN: Final = {
    Span.DETECT: "outage detected",
    Span.FLAG: "signed flag says so",
    Span.PAGE: "page at the pager",
    Span.ACCESS: "first access by break-glass",
    Span.AUDIT: "access found in the audit",
    Span.REVOKE: "access refused again",
    Span.TOTAL: "whole drill, clean-up included",
}


def status(each: Status) -> str:
    """Return how a step ended."""
    return _STATUS.get(each, each.value)


def verdict(each: Verdict) -> str:
    """Return what a drill came to."""
    return _VERDICT[each]


def span(each: Span) -> str:
    """Return what a span ends with."""
    return _SPAN[each]


def met(each: Measured) -> str:
    """Return how a span stands to its target. What was not measured meets none."""
    if each.target is None:
        return "no target"
    if each.is_met is None:
        return "not measured"
    return "met" if each.is_met else "MISSED"


def seconds(length: float | None) -> str:
    """Return a length of time; a dash where there is none."""
    if length is None:
        return "-"
    if length < 1:
        return f"{1000 * length:.0f} ms"
    if length < _MINUTE:
        return f"{length:.1f} s"
    whole = round(length)
    hours, minutes, left = whole // _HOUR, whole % _HOUR // _MINUTE, whole % _MINUTE
    parts = [(hours, "h"), (minutes, "m"), (left, "s")]
    return " ".join(f"{count} {name}" for count, name in parts if count)


def instant(at: datetime | None) -> str:
    """Return an instant in UTC, to the second."""
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M:%SZ}"


def anchored(view: ReportView) -> str:
    """Return who else holds heads of the journal, in one sentence."""
    if not view.anchors:
        return "Not anchored: nobody elsewhere holds a head of this journal, so a rewritten one could not be told."
    told = "; ".join(
        f"{each.by} holds {each.count}, the last of entry {each.last}{'' if each.is_signed else ', unsigned'}"
        for each in view.anchors
    )
    return f"Heads are held elsewhere: {told}."
