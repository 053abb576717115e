"""What stands at the top of a report: the run in four figures, each in words."""

from collections import Counter
from collections.abc import Iterable

from drills.model.step import Status
from drills.model.verdict import Severity
from drills.report import words
from drills.report.values import ReportView


def summary(view: ReportView) -> tuple[tuple[str, str], ...]:
    """Return targets, steps, findings and clean-up, each with what it came to."""
    return (
        ("Targets", _targets(view)),
        ("Steps", _counted((words.status(each.status) for each in view.steps), map(words.status, Status))),
        ("Findings", _findings(view)),
        ("Clean-up", _clean_up(view)),
    )


def _targets(view: ReportView) -> str:
    stood = Counter(each.measured.is_met for each in view.spans if each.measured.target is not None)
    if not stood:
        return "none was set"
    missed = f", {stood[False]} MISSED" if stood[False] else ""
    unknown = f", {stood[None]} not measured" if stood[None] else ""
    return f"{stood[True]} of {stood.total()} met{missed}{unknown}"


def _clean_up(view: ReportView) -> str:
    if not view.undos:
        return f"{len(view.residue)} LEFT BEHIND" if view.residue else "nothing to take back"
    done = sum(each.status is Status.PASSED for each in view.undos)
    return f"{done} of {len(view.undos)} taken back" + (f", {len(view.residue)} LEFT BEHIND" if view.residue else "")


def _findings(view: ReportView) -> str:
    names = {Severity.NOTE: "notes"} if sum(each.severity is Severity.NOTE for each in view.findings) > 1 else {}
    order = [names.get(each, each) for each in Severity]
    return _counted((names.get(each.severity, each.severity) for each in view.findings), order)


def _counted(found: Iterable[str], order: Iterable[str]) -> str:
    counts = Counter(str(each) for each in found)
    return ", ".join(f"{counts[str(each)]} {each}" for each in order if counts[str(each)]) or "none"
