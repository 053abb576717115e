"""What a run shows that has to be put right, or known: each with how bad it is.

| severity | what |
|---|---|
| critical | something is left behind; the only way in led through the platform; who ran it approved it |
| major | a step failed, met a fault, was not measured, was let go or was cut short; an undo failed; a target was missed or not measured; nobody got in by break-glass, or somebody did through a door that nobody saw refuse before, or was not seen refused after; nobody else approved it, or what they signed is not held; nobody elsewhere held its journal; it was interrupted, or is not closed |
| minor | a step was skipped; a gate was let go; somebody could not be told; a span took much longer than in the runs before |
| note | a step was simulated; a line was torn when another process went on; how a span was measured |

They add nothing to the verdict, and nothing is left out because the verdict is bad anyway. Each but a note has an owner,
who is the scenario's, and a day by which it is put right, counted from the day on which the run began.
"""  # noqa: E501 - a table's row is a line

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from statistics import median
from typing import Final

from drills.model.event import Began, Closed, Entry, Gated, Interrupted, NotTold, Opened, Receipted, Resumed, UndoEnded
from drills.model.step import Span, Status, Way
from drills.model.verdict import Finding, Measured, Severity, StepResult
from drills.rules.refusals import AFTER, BEFORE, accesses, unproven
from drills.rules.results import opened_in
from drills.rules.spans import comparable
from glasswatch.flag.persons import folded

SLOWER: Final = 1.5  # times the median of the runs before
SLOWER_SECONDS: Final = 1.0  # and by this much at least: less is noise
COMPARED: Final = 4  # runs before, a year of them

NOT_OPENED: Final = "its journal does not begin with what was to be run"
NOT_CLOSED: Final = "it was never closed"
ONLY_THROUGH_PLATFORM: Final = "the only way in that was shown leads through the platform"
NOBODY_IN: Final = "nobody got in by break-glass"
APPROVED_BY_OPERATOR: Final = "who ran it approved it: nobody else did"

_OF_STEPS: Final[Mapping[Status, tuple[str, Severity, str]]] = {
    Status.FAILED: ("step_failed", Severity.MAJOR, "failed"),
    Status.ERROR: ("step_error", Severity.MAJOR, "met a fault"),
    Status.NOT_MEASURED: ("step_not_measured", Severity.MAJOR, "was not measured"),
    Status.INTERRUPTED: ("step_interrupted", Severity.MAJOR, "was cut short"),
    Status.WAIVED: ("step_waived", Severity.MAJOR, "was let go"),
    Status.SKIPPED: ("step_skipped", Severity.MINOR, "was skipped"),
    Status.SIMULATED: ("step_simulated", Severity.NOTE, "was simulated, and is evidence of nothing"),
}
_UNSEEN: Final[Mapping[str, str]] = {
    BEFORE: "no refusal at its door was seen before: is it always open?",
    AFTER: "the same was not seen refused after: is it open still?",
}
_ORDER: Final = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Facts:
    """What was made of a journal's entries. `is_closing`: it is as if it were closed after them."""

    entries: Sequence[Entry]
    steps: tuple[StepResult, ...]
    spans: tuple[Measured, ...]
    residue: tuple[str, ...]
    is_closing: bool = False

    @property
    def opened(self) -> Opened | None:
        """What was to be run."""
        return opened_in(self.entries)

    @property
    def is_only_through_the_platform(self) -> bool:
        """Whether access was had, and by no other way than the platform, whose loss break-glass is for."""
        shown = {step.id for step in self.steps if step.is_evidence}
        steps = self.opened.steps if self.opened else ()
        return {each.way for each in steps if each.way and not each.expects_refusal and each.id in shown} == {
            Way.PLATFORM
        }

    @property
    def is_nobody_in(self) -> bool:
        """Whether ways in by break-glass were planned, or refusals of them, something was done, and nobody got in."""
        steps = self.opened.steps if self.opened else ()
        is_begun = any(isinstance(entry.event, Began) for entry in self.entries)
        return is_begun and any(each.way is Way.BREAK_GLASS for each in steps) and not accesses(steps, self.steps)

    @property
    def is_approved_by_its_operator(self) -> bool:
        """Whether the second person is the first."""
        opened = self.opened
        person = opened.approval.person if opened else None
        return opened is not None and person is not None and folded(person) == folded(opened.operator)


def all_findings(facts: Facts, previous: Sequence[Mapping[Span, float]]) -> tuple[Finding, ...]:
    """Return everything that was found, the worst first. `previous`: spans of runs before, the newest last."""
    left = (Finding("residue", Severity.CRITICAL, f"left behind: {line}") for line in facts.residue)
    of_run = _of_run(facts) if facts.opened else (Finding("not_opened", Severity.MAJOR, NOT_OPENED),)
    of_events = (finding for entry in facts.entries for finding in _of_event(entry))
    found = (*left, *of_run, *_of_steps(facts.steps), *_of_spans(facts.spans), *of_events)
    found = (*found, *_slower(comparable(facts.spans, facts.entries), previous))
    whole = (_to_be_put_right(finding, facts) for finding in found)
    return tuple(sorted(dict.fromkeys(whole), key=lambda finding: _ORDER.index(finding.severity)))


def _to_be_put_right(finding: Finding, facts: Facts) -> Finding:
    opened = facts.opened
    if opened is None or finding.severity is Severity.NOTE:
        return finding
    return replace(
        finding, owner=opened.owner, due=_due(facts.entries[0].at, opened.findings_due.get(finding.severity))
    )


def _due(begun: datetime, seconds: float | None) -> date | None:
    try:
        return None if seconds is None else (begun + timedelta(seconds=seconds)).date()
    except (OverflowError, ValueError):
        return None  # no settings of ours say that


def _of_steps(steps: Sequence[StepResult]) -> Iterator[Finding]:
    for step in steps:
        if step.status in _OF_STEPS:
            code, severity, what = _OF_STEPS[step.status]
            yield Finding(code, severity, f"{step.id} {what}: {step.detail}", step.id)


def _of_spans(spans: Sequence[Measured]) -> Iterator[Finding]:
    for span in spans:
        if span.is_met is False:
            line = f"{span.span} took {span.seconds:g} s, and may take {span.target:g} s"
            yield Finding("target_missed", Severity.MAJOR, line)
        elif span.seconds is None:
            yield Finding("target_not_measured", Severity.MAJOR, f"{span.span} was not measured: {span.why}")
        elif span.why:
            yield Finding("span_by_wall_clock", Severity.NOTE, f"{span.span} was measured {span.why}")


def _slower(spans: Mapping[Span, float], previous: Sequence[Mapping[Span, float]]) -> Iterator[Finding]:
    for span, seconds in spans.items():
        before = [run[span] for run in previous[-COMPARED:] if span in run]
        if not before:
            continue
        usual = median(before)
        if seconds > max(before) and seconds > max(SLOWER * usual, usual + SLOWER_SECONDS):
            line = f"{span} took {seconds:g} s, and {usual:g} s in the median of {len(before)} before"
            yield Finding("slower", Severity.MINOR, line)


def _of_run(facts: Facts) -> Iterator[Finding]:
    if facts.is_only_through_the_platform:
        yield Finding("only_through_platform", Severity.CRITICAL, ONLY_THROUGH_PLATFORM)
    if facts.is_approved_by_its_operator:
        yield Finding("approved_by_operator", Severity.CRITICAL, APPROVED_BY_OPERATOR)
    if facts.is_nobody_in:
        yield Finding("nobody_in", Severity.MAJOR, NOBODY_IN)
    opened = facts.opened
    for step, when in unproven(opened.steps if opened else (), facts.steps):
        line = f"{step.id} let in by break-glass, and {_UNSEEN[when]}"
        yield Finding(f"no_refusal_{when}", Severity.MAJOR, line, step.id)
    if opened and opened.approval.person is None and any(step.is_real for step in opened.steps):
        why = opened.approval.why or "nothing says why"
        yield Finding("approval_waived", Severity.MAJOR, f"no second person approved it: {why}")
    if opened and opened.approval.person is not None and not opened.approval.jws:
        line = f"that {opened.approval.person} approved it nobody can check: its journal does not hold what was signed"
        yield Finding("approval_not_held", Severity.MAJOR, line)
    events = [entry.event for entry in facts.entries]
    if any(isinstance(e, Began) for e in events) and not any(isinstance(e, Receipted) for e in events):
        yield Finding("not_witnessed", Severity.MAJOR, "nobody elsewhere held a head of its journal")
    if not facts.is_closing and not any(isinstance(e, Closed) for e in events):
        yield Finding("not_closed", Severity.MAJOR, NOT_CLOSED)


def _of_event(entry: Entry) -> Iterator[Finding]:
    match entry.event:
        case Gated(gate=gate, status=Status.WAIVED, detail=detail):
            yield Finding("gate_waived", Severity.MINOR, f"gate {gate} was let go: {detail}")
        case Gated(gate=gate, status=status, detail=detail) if status is not Status.PASSED:
            yield Finding("gate_shut", Severity.MAJOR, f"gate {gate} was shut: {detail}")
        case NotTold(by=by, detail=detail):
            yield Finding("not_told", Severity.MINOR, f"{by} could not be told of the journal: {detail}")
        case UndoEnded(step=step, status=status, detail=detail) if status is not Status.PASSED:
            yield Finding("undo_failed", Severity.MAJOR, f"{step} could not be taken back: {detail}", step)
        case Interrupted(by=by, detail=detail):
            line = f"interrupted by {by}: {detail}" if detail else f"interrupted by {by}"
            yield Finding("interrupted", Severity.MAJOR, line)
        case Resumed(operator=operator, host=host, torn=torn, unsure=unsure):
            yield Finding("resumed", Severity.MAJOR, f"it was resumed by {operator} on {host}")
            if unsure:
                line = f"it was not measured whether the journal it was resumed from is the newest: {unsure}"
                yield Finding("newest_not_measured", Severity.MAJOR, line)
            if torn:
                yield Finding("torn", Severity.NOTE, f"{torn} bytes of a line were set aside when it was resumed")
