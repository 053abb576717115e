"""Runs of one scenario side by side, and what changed from the last but one to the last.

1. Runs are compared in the order in which they were opened, whatever order they are given in.
2. The last is worse if its verdict is worse than that of the one before, or if it missed a target that the one before
   met. What was not measured neither met a target nor missed it: that shows in the verdict.
3. A finding is the same if its code and its step are: its words may hold times.
4. Times are compared as far as they may be (`spans.comparable`): not the total of a run that broke off.
5. A step changed if it ended otherwise than in the run before, or stands in one of the two plans only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from drills.model.event import Entry
from drills.model.step import Span, Status
from drills.model.verdict import Finding, Measured, Result
from drills.rules.results import opened_in
from drills.rules.spans import comparable
from drills.rules.verdict import BADNESS, judge


@dataclass(frozen=True, slots=True)
class Column:
    """One run. `comparable`: its times that may be compared with those of other runs."""

    run: str
    at: datetime
    scenario: str
    scenario_sha256: str
    result: Result
    comparable: Mapping[Span, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpanRow:
    """A span in each run, None where it was neither measured nor had a target.

    `change`: seconds more than in the run before; None where one of them was not measured, or can't be compared.
    """

    span: Span
    cells: tuple[Measured | None, ...]
    change: float | None
    is_lost: bool
    """Whether the last run missed the target, and the one before met it."""


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step in each run, None where it was not in the plan."""

    id: str
    cells: tuple[Status | None, ...]
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in the last run and not before, before and no more, and in both."""

    new: tuple[Finding, ...] = ()
    gone: tuple[Finding, ...] = ()
    stayed: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs side by side, oldest first."""

    columns: tuple[Column, ...]
    spans: tuple[SpanRow, ...]
    steps: tuple[StepRow, ...]
    findings: Findings
    is_scenario_changed: bool
    worse: tuple[str, ...]
    """Why the last run is worse than the one before, each in a line; empty where it isn't."""


def columns(journals: Sequence[Sequence[Entry]]) -> tuple[Column, ...]:
    """Return the runs of these journals, oldest first, each judged beside those before it.

    Raises:
        ValueError: one does not begin with its opening.
    """
    found: list[Column] = []
    before: list[Mapping[Span, float]] = []
    for entries in sorted(journals, key=lambda each: each[0].at):
        opened = opened_in(entries)
        if opened is None:
            raise ValueError("a journal begins with what was opened")
        result = judge(entries, before)
        times = comparable(result.spans, entries)
        found.append(Column(entries[0].run, entries[0].at, opened.scenario, opened.scenario_sha256, result, times))
        before += [times] if times else []
    return tuple(found)


def compare(shown: Sequence[Column]) -> Comparison:
    """Return how these runs stand beside each other. They are given oldest first, and there is one at least."""
    last, before = shown[-1], shown[-2] if len(shown) > 1 else None
    spans = tuple(_spans(shown))
    return Comparison(
        columns=tuple(shown),
        spans=spans,
        steps=tuple(_steps(shown)),
        findings=_findings(before.result, last.result) if before else Findings(stayed=last.result.findings),
        is_scenario_changed=before is not None and before.scenario_sha256 != last.scenario_sha256,
        worse=_worse(before.result, last.result, spans) if before else (),
    )


def _worse(before: Result, last: Result, spans: Sequence[SpanRow]) -> tuple[str, ...]:
    lines = []
    if BADNESS.index(last.verdict) > BADNESS.index(before.verdict):
        lines.append(f"it was {_word(before.verdict)}, and is {_word(last.verdict)}: {last.why}")
    for row in spans:
        cell = row.cells[-1]
        if row.is_lost and cell is not None:
            lines.append(f"{row.span} took {cell.seconds:g} s and may take {cell.target:g} s, which it met before")
    return tuple(lines)


def _word(verdict: str) -> str:
    return verdict.replace("_", " ")


def _spans(shown: Sequence[Column]) -> list[SpanRow]:
    rows = []
    for span in Span:
        cells = tuple(next((each for each in one.result.spans if each.span is span), None) for one in shown)
        if any(cells):
            before, last = (cells[-2] if len(cells) > 1 else None), cells[-1]
            rows.append(SpanRow(span, cells, _change(span, shown), _is_lost(before, last)))
    return rows


def _change(span: Span, shown: Sequence[Column]) -> float | None:
    times = [each.comparable.get(span) for each in shown[-2:]]
    before, last = times if len(times) > 1 else (None, None)
    return last - before if before is not None and last is not None else None


def _is_lost(before: Measured | None, last: Measured | None) -> bool:
    return before is not None and last is not None and before.is_met is True and last.is_met is False


def _steps(shown: Sequence[Column]) -> list[StepRow]:
    ended = [{step.id: step.status for step in one.result.steps} for one in shown]
    names = dict.fromkeys(name for one in reversed(ended) for name in one)
    rows = []
    for name in names:
        cells = tuple(one.get(name) for one in ended)
        rows.append(StepRow(name, cells, len(cells) > 1 and cells[-1] is not cells[-2]))
    return rows


def _findings(before: Result, last: Result) -> Findings:
    old = {(each.code, each.step) for each in before.findings}
    now = {(each.code, each.step) for each in last.findings}
    return Findings(
        new=tuple(each for each in last.findings if (each.code, each.step) not in old),
        gone=tuple(each for each in before.findings if (each.code, each.step) not in now),
        stayed=tuple(each for each in last.findings if (each.code, each.step) in old),
    )
