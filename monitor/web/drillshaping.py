"""Puts runs of drills into the shapes of the wire, and what was sent into the monitor's own values.

Text from drills is shown to people, in pages too: it shows everything it holds (`glasswatch.visible`), and nothing of a
run is refused for its words.
"""

from glasswatch import visible
from monitor.drilling.ports import Drills, StoodRun
from monitor.model.drill import (
    DueLine,
    JournalHead,
    KnownHead,
    RunClosing,
    RunOpening,
    RunStanding,
    RunVerdict,
)
from monitor.rules.drillcalendar import clocks, last_run
from monitor.wire.drills import (
    CloseRunBody,
    DrillsStatusAnswer,
    DueAnswer,
    HeadAnswer,
    HeadBody,
    OpenRunBody,
    RunAnswer,
)


def head(body: HeadBody) -> JournalHead:
    """Return a head."""
    return JournalHead(body.seq, body.hash)


def opening(body: OpenRunBody) -> RunOpening:
    """Return what is told of a run that begins."""
    return RunOpening(
        run=body.run,
        scenario=body.scenario,
        title=visible.line(body.title),
        owner=visible.line(body.owner),
        platform=body.platform,
        operator=visible.line(body.operator),
        scenario_sha256=body.scenario_sha256,
        cadence=visible.line(body.cadence),
        is_real=body.real,
        until=body.until,
        head=head(body.head),
    )


def closing(body: CloseRunBody) -> RunClosing:
    """Return how a run ended."""
    return RunClosing(
        verdict=RunVerdict(body.verdict),
        why=visible.line(body.why),
        spans={str(name): float(seconds) for name, seconds in body.spans.items()},
        findings={str(name): count for name, count in body.findings.items()},
        residue=tuple(dict.fromkeys(visible.line(name) for name in body.residue)),
        head=head(body.head),
        by_hand=body.by_hand,
    )


def run(stood: StoodRun) -> RunAnswer:
    """Return one run."""
    found = stood.run
    told, last = found.opening, found.closings[-1] if found.closings else None
    verdict = found.verdict.value if found.verdict is not None else ""
    return RunAnswer(
        run=told.run,
        scenario=told.scenario,
        title=told.title,
        owner=told.owner,
        platform=told.platform,
        operator=told.operator,
        scenario_sha256=told.scenario_sha256,
        real=told.is_real,
        standing=stood.standing.value,
        opened=found.opened_at,
        until=told.until,
        heard=found.heard_at,
        quiet_seconds=round(stood.quiet_for.total_seconds(), 3) if not found.is_over else None,
        closed=found.closed_at,
        verdict=RunVerdict.FAILED.value if stood.standing is RunStanding.OVERDUE else verdict,
        why=last.why if last is not None else "",
        spans=dict(found.closings[0].spans) if found.closings else {},
        findings=dict(last.findings) if last is not None else {},
        residue=found.residue,
        head=HeadBody(seq=found.head.seq, hash=found.head.hash),
    )


def known(found: KnownHead) -> HeadAnswer:
    """Return a head that was told of."""
    return HeadAnswer(seq=found.head.seq, hash=found.head.hash, at=found.at, act=found.act.value, receipt=found.receipt)


def due(found: DueLine) -> DueAnswer:
    """Return a scenario of the calendar."""
    return DueAnswer(
        scenario=found.line.scenario,
        platform=found.line.platform,
        cadence=found.line.cadence.value,
        last_passed=found.last_passed,
        due=found.due,
        overdue=found.overdue,
        state=found.state.value,
        why="; ".join(filter(None, (last_run(found), clocks(found)))),
    )


def status(drills: Drills) -> DrillsStatusAnswer:
    """Return what people have to look after."""
    return DrillsStatusAnswer(
        runs=tuple(run(each) for each in drills.watched()), scenarios=tuple(due(each) for each in drills.due())
    )
