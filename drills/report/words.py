"""Words and figures as people read them, the same in every format."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from drills.model.step import Span, Status
from drills.model.verdict import Finding, Measured, Verdict
from drills.report.values import ReportView
from drills.rules.controls import Cited

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
_TOLD: Final = {
    "interrupted": "It was stopped before its end. Steps that had not begun were left out; what had been done was to "
    "be taken back, as it says under Clean-up.",
    "resumed": "The process that ran it ended too early, and another one went on. A run that was resumed never passes.",
    "nobody_in": "Nobody got in by break-glass while it ran. Whatever was refused, that shows no way in.",
    "not_witnessed": "Nobody else was told of its journal while it ran: whoever could write here could have written "
    "all of it anew.",
}
_SPAN: Final = {
    Span.DETECT: "outage detected",
    Span.FLAG: "signed flag says so",
    Span.PAGE: "page at the pager",
    Span.ACCESS: "last access that was to be had",
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


def told(view: ReportView) -> tuple[str, ...]:
    """Return in sentences what a reader must not miss, and what is to be done; the most urgent first."""
    codes = {each.code for each in view.findings}
    lines = []
    if view.verdict is Verdict.OPEN:
        lines.append(
            "Nobody closed this run. What it did may still be in force. If it is not under way any more, finish it: "
            f"drill resume {view.run} --clean-up-only"
        )
    elif view.residue:
        lines.append(
            "What stands under Left behind may still be in force. The run is over and takes nothing back any more: "
            "have it taken away by hand, see under Steps by what, and write down who did it and when."
        )
    if view.verdict is Verdict.NOT_MEASURED:
        lines.append(
            "This is neither a pass nor a fail: something could not be told. Put right what kept it from being "
            "measured, and run the drill again."
        )
    lines += [line for code, line in _TOLD.items() if code in codes]
    waived = [each.gate for each in view.gates if each.status is Status.WAIVED]
    if waived:
        lines.append(f"The settings let go of what is asked before a drill: {', '.join(waived)}. Nobody checked that.")
    return tuple(lines)


def put_right(finding: Finding) -> str:
    """Return who has a finding put right, and by when; a dash where nobody has to."""
    if not finding.owner:
        return "-"
    return f"{finding.owner}, no day was set" if finding.due is None else f"{finding.owner}, by {finding.due:%Y-%m-%d}"


def cited(each: Cited) -> str:
    """Return what is cited, with the numbers of its journal entries."""
    if not each.entries:
        return each.what
    numbers = ", ".join(str(number) for number in each.entries)
    return f"{each.what} ({'entry' if len(each.entries) == 1 else 'entries'} {numbers})"


def shown_by(shown: Sequence[Cited], lacking: Sequence[str]) -> str:
    """Return what shows a part of a drill, and what was to and did not."""
    parts = [", ".join(cited(each) for each in shown)] if shown else []
    return "; ".join([*parts, f"not by {', '.join(lacking)}"] if lacking else parts) or "nothing"


def supported_by(shown: Sequence[Cited], lacking: Sequence[str]) -> str:
    """Return what supports a control, and which parts of a drill nothing shows in full."""
    parts = [", ".join(cited(each) for each in shown)] if shown else []
    return "; ".join([*parts, f"{', '.join(lacking)} not shown in full"] if lacking else parts) or "nothing"


def ended(view: ReportView) -> str:
    """Return when a run was closed, and how long it went on."""
    if view.closed_at is None:
        return f"never closed; the last entry came after {seconds(view.seconds)}"
    return f"{instant(view.closed_at)}, after {seconds(view.seconds)}"


def anchored(view: ReportView) -> str:
    """Return who else holds heads of the journal, in one sentence."""
    if not view.anchors:
        return "Not anchored: nobody elsewhere holds a head of this journal, so a rewritten one could not be told."
    told = "; ".join(
        f"{each.by} holds {each.count}, the last of entry {each.last}{'' if each.is_signed else ', unsigned'}"
        for each in view.anchors
    )
    return f"Heads are held elsewhere: {told}."
