"""Puts uses of break-glass into the shapes of the wire, and what was sent into the monitor's own values."""

from monitor.model.use import Decision, Report, Said, Saying, Use, UseClass, Via
from monitor.model.verdict import FlagState
from monitor.wire.uses import ClassBody, ClassingAnswer, ReportBody, SaidAnswer, UseAnswer


def use(found: Use) -> UseAnswer:
    """Return one use."""
    report, finding, classing = found.report, found.finding, found.classing
    return UseAnswer(
        id=found.id,
        platform=found.platform,
        at=found.at,
        received_at=found.received_at,
        decision=found.decision.value,
        person=found.person,
        second=found.second,
        login=report.login if report else None,
        target=found.target,
        judgement=found.judgement.value,
        critical=found.is_critical,
        why=found.why,
        open=found.is_open,
        reader=report.reader if report else None,
        report=report.id if report and report.id != found.id else None,
        via=report.via.value if report else None,
        state=report.state.value if report and report.state else None,
        ver=report.ver if report else None,
        code=report.code if report else None,
        run=report.run if report else None,
        reader_note=report.note if report else "",
        watcher=finding.watcher if finding else None,
        classing=ClassingAnswer(kind=classing.kind.value, **_said(classing.said)) if classing else None,
        rotation=SaidAnswer(**_said(found.rotation)) if found.rotation else None,
        closed_at=found.closed_at,
        note=found.note,
    )


def report(body: ReportBody, told_by: str | None) -> Report:
    """Return what a reader reports, or the person `told_by` by hand."""
    return Report(
        id=body.id,
        platform=body.platform,
        reader=body.reader,
        at=body.at,
        person=body.person,
        second=body.second,
        login=body.login,
        target=body.target,
        decision=Decision(body.decision),
        via=Via(body.via),
        state=FlagState(body.state) if body.state is not None else None,
        ver=body.ver,
        code=body.code,
        run=body.run,
        note=body.note,
        told_by=told_by,
    )


def saying(body: ClassBody, by: str) -> Saying:
    """Return what a person says."""
    return Saying(by, UseClass(body.kind) if body.kind is not None else None, body.rotated, body.note)


def _said(said: Said) -> dict[str, object]:
    return {"by": said.by, "at": said.at, "note": said.note}
