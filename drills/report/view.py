"""Makes the view of a run from its journal and what it comes to. Pure; every text from outside shows what it holds.

1. Times since the opening are differences of the clock that is never set, as long as the machine was not started
   anew in between; then they are differences of wall time.
2. A part of a drill is shown `full` where every step that was to be evidence of it is, `partial` where some are, and
   `none` where none is. That the evidence was sealed no step shows: signed receipts do (`drills.rules.sealed`).
3. A control is supported as `drills.rules.controls` has it, by the table that is given.
4. Who holds heads is told by their receipts; without any, the journal is not anchored, and the report says so.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from drills.model.event import (
    Approval,
    Began,
    Closed,
    Confirmed,
    Ended,
    Entry,
    Gated,
    Interrupted,
    NotTold,
    Opened,
    Receipted,
    Resumed,
    UndoBegan,
    UndoEnded,
)
from drills.model.step import PlannedStep, Span
from drills.model.verdict import Measured, Result, StepResult, Verdict
from drills.report.parts import parts_of
from drills.report.values import (
    AnchorView,
    GateView,
    HappeningView,
    OutputView,
    ReportView,
    SaidView,
    SpanView,
    StepView,
    UndoView,
)
from drills.rules.controls import Shown, Table, supported
from drills.rules.parts import PARTS
from glasswatch import visible

E = TypeVar("E")
MOST_EARLIER = 4


def view(
    entries: Sequence[Entry], result: Result, table: Table, earlier: Sequence[Mapping[Span, float]] = ()
) -> ReportView:
    """Return what a report of this journal shows. `earlier`: spans in seconds of the runs before, newest first.

    Raises:
        ValueError: the journal does not begin with its opening.
    """
    first = entries[0] if entries else None
    if first is None or not isinstance(first.event, Opened):
        raise ValueError("a journal begins with what was opened")
    opened, last = first.event, entries[-1]
    parts = parts_of(entries, opened.steps, result)
    shown = {each.id: Shown(each.standing, each.cited) for each in parts}
    closed = next((each for each in reversed(entries) if isinstance(each.event, Closed)), None)
    return ReportView(
        run=first.run,
        scenario=_line(opened.scenario),
        title=_line(opened.title),
        owner=_line(opened.owner),
        platform=_line(opened.platform),
        deployment=_line(opened.deployment),
        operator=_line(opened.operator),
        host=_line(opened.host),
        version=_line(opened.version),
        scenario_sha256=opened.scenario_sha256,
        opened_at=first.at,
        closed_at=None if closed is None else closed.at,
        seconds=_since(first, last),
        verdict=result.verdict,
        why=_line(result.why),
        exit_code=result.exit_code,
        approved=_approved(opened.approval),
        parameters={_line(name): _line(text) for name, text in sorted(opened.parameters.items())},
        gates=tuple(
            GateView(_line(event.gate), event.status, _line(event.detail), entry.head.seq)
            for entry, event in _of(entries, Gated)
        ),
        steps=_steps(entries, opened.steps, result),
        undos=_undos(entries),
        spans=tuple(SpanView(each, _earlier(each, earlier)) for each in result.spans),
        findings=tuple(replace(each, line=_line(each.line), owner=_line(each.owner)) for each in result.findings),
        residue=tuple(_line(each) for each in result.residue),
        parts=parts,
        controls=supported(table, shown, is_passed=result.verdict is Verdict.PASSED),
        controls_table=f"version {_line(table.version)}, SHA-256 {table.sha256}",
        controls_note=_line(table.note),
        said=_said(entries),
        happenings=tuple(_happenings(entries)),
        anchors=_anchors(entries),
        entries=len(entries),
        head=last.head.hash,
    )


def _line(text: str) -> str:
    return visible.line(text)


def _of(entries: Sequence[Entry], kind: type[E]) -> list[tuple[Entry, E]]:
    return [(entry, entry.event) for entry in entries if isinstance(entry.event, kind)]


def _since(first: Entry, then: Entry) -> float:
    if first.boot == then.boot:
        return max(0.0, (then.mono - first.mono) / 1000)
    return max(0.0, (then.at - first.at).total_seconds())


def _approved(approval: Approval) -> str:
    if approval.person is not None:
        when = "" if approval.at is None else f", {approval.at:%Y-%m-%d %H:%M:%SZ}"
        held = "" if approval.jws else "; what was signed is not held"
        return f"{_line(approval.person)} (key {_line(approval.kid)}{when}{held})"
    if not approval.why:
        return "nobody: no step of it really acts"
    why = _line(approval.why).removeprefix("nobody approved it").lstrip(":;, ")
    return f"nobody: {why}" if why else "nobody"


def _steps(entries: Sequence[Entry], planned: Sequence[PlannedStep], result: Result) -> tuple[StepView, ...]:
    found = {each.id: each for each in result.steps}
    began = {event.step: entry for entry, event in _of(entries, Began)}
    ended = {event.step: (entry, event) for entry, event in _of(entries, Ended)}
    numbers: dict[str, list[int]] = defaultdict(list)
    for entry in entries:
        if isinstance(entry.event, Began | Ended | Confirmed | UndoBegan | UndoEnded):
            numbers[entry.event.step].append(entry.head.seq)
    shown = [
        _step(each, found.get(each.id), (entries[0], began.get(each.id), ended.get(each.id)), numbers[each.id])
        for each in planned
    ]
    return tuple(replace(each, evidences=_evidenced(each.id, result)) for each in shown)


def _evidenced(step: str, result: Result) -> tuple[str, ...]:
    return tuple(part for part in PARTS if step in result.evidence.get(part, ()))


def _step(
    planned: PlannedStep,
    found: StepResult | None,
    times: tuple[Entry, Entry | None, tuple[Entry, Ended] | None],
    numbers: Sequence[int],
) -> StepView:
    first, began, ended = times
    if found is None:
        raise ValueError(f"the result says nothing of step {planned.id}")
    return StepView(
        id=planned.id,
        action=planned.action,
        line=_line(planned.line),
        status=found.status,
        detail=_line(found.detail),
        is_evidence=found.is_evidence,
        is_real=planned.is_real,
        undo_line=_line(planned.undo),
        undo=found.undo,
        residue=_line(found.residue),
        tries=found.tries,
        began_at=found.began_at,
        from_seconds=None if began is None else _since(first, began),
        took_seconds=None if began is None or ended is None else _since(began, ended[0]),
        entries=tuple(numbers),
        outputs=()
        if ended is None
        else tuple(OutputView(_line(each.file), each.size, each.sha256) for each in ended[1].outputs),
        evidences=(),
        ended_entry=0 if ended is None else ended[0].head.seq,
        hash="" if ended is None else ended[0].head.hash,
    )


def _undos(entries: Sequence[Entry]) -> tuple[UndoView, ...]:
    numbers: dict[str, list[int]] = defaultdict(list)
    began: dict[str, Entry] = {}
    last: dict[str, Entry] = {}
    for entry in entries:
        if isinstance(entry.event, UndoBegan | UndoEnded):
            numbers[entry.event.step].append(entry.head.seq)
            (began if isinstance(entry.event, UndoBegan) else last)[entry.event.step] = entry
    return tuple(
        _undo((entries[0], began.get(step), entry), entry.event, numbers[step])
        for step, entry in last.items()
        if isinstance(entry.event, UndoEnded)
    )


def _undo(times: tuple[Entry, Entry | None, Entry], ended: UndoEnded, numbers: Sequence[int]) -> UndoView:
    first, began, last = times
    return UndoView(
        step=_line(ended.step),
        status=ended.status,
        detail=_line(ended.detail),
        residue=_line(ended.residue),
        entries=tuple(numbers),
        from_seconds=None if began is None else _since(first, began),
        took_seconds=None if began is None else _since(began, last),
    )


def _earlier(measured: Measured, earlier: Sequence[Mapping[Span, float]]) -> tuple[float | None, ...]:
    return tuple(each.get(measured.span) for each in earlier[:MOST_EARLIER])


def _said(entries: Sequence[Entry]) -> tuple[SaidView, ...]:
    return tuple(
        SaidView(
            step=_line(event.step),
            person=_line(event.person),
            is_yes=event.is_yes,
            note=_line(event.note),
            file=_line(event.file),
            file_sha256=event.file_sha256,
            at=entry.at,
            entry=entry.head.seq,
        )
        for entry, event in _of(entries, Confirmed)
    )


def _happenings(entries: Sequence[Entry]) -> list[HappeningView]:
    shown = []
    for entry in entries:
        event, line = entry.event, ""
        if isinstance(event, Interrupted):
            line = f"interrupted by {event.by}{f': {event.detail}' if event.detail else ''}"
        elif isinstance(event, Resumed):
            what = "cleaned up" if event.clean_up_only else "resumed"
            line = f"{what} by {event.operator} on {event.host}"
            line += f"; {event.torn} bytes of a torn last line were set aside" if event.torn else ""
        elif isinstance(event, NotTold):
            line = f"{event.by} could not be told: {event.detail}"
        if line:
            shown.append(HappeningView(entry.at, _line(line), entry.head.seq))
    return shown


def _anchors(entries: Sequence[Entry]) -> tuple[AnchorView, ...]:
    found: dict[str, list[Receipted]] = defaultdict(list)
    for _, event in _of(entries, Receipted):
        found[event.by].append(event)
    return tuple(
        AnchorView(_line(by), len(told), max(each.seq for each in told), all(each.jws for each in told))
        for by, told in found.items()
    )
