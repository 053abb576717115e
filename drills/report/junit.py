"""A run as JUnit XML, for whoever shows test results: one case for each step, each undo, each gate and each target.

Only what is evidence is a passed case. What was not measured, skipped, simulated or waived is `skipped`, with why:
a viewer that shows green for everything but failures must not show it green. An error is a fault of ours, residue and
a missed target are failures. A run that was never closed, or aborted, has a failed case of its own.
"""

from typing import Final
from xml.etree import ElementTree as ET

from drills.model.step import Status
from drills.model.verdict import Verdict
from drills.report import words
from drills.report.values import ReportView

_FAILED: Final = {Status.FAILED, Status.INTERRUPTED}
# XML 1.0 has no form for these; `visible` spelled them out in what comes from outside.
_SKIPPED: Final = {Status.SKIPPED, Status.WAIVED, Status.SIMULATED, Status.NOT_MEASURED}


def junit(view: ReportView) -> str:
    """Return the XML document."""
    suite = ET.Element("testsuite", name=f"{view.scenario}: {view.title}", hostname=view.host or "unknown")
    suite.set("timestamp", f"{view.opened_at:%Y-%m-%dT%H:%M:%S}")
    suite.set("time", f"{view.seconds:.3f}")
    properties = ET.SubElement(suite, "properties")
    for name, value in (("run", view.run), ("verdict", view.verdict.value), ("journal.head", view.head)):
        ET.SubElement(properties, "property", name=name, value=value)
    _verdict(suite, view)
    for gate in view.gates:
        _case(suite, ("gates", gate.gate), gate.status, gate.detail)
    for step in view.steps:
        _case(suite, ("steps", step.id), step.status, step.detail, step.took_seconds or 0.0)
    for undo in view.undos:
        _case(suite, ("clean-up", undo.step), undo.status, undo.residue or undo.detail)
    for span in view.spans:
        if span.measured.target is None:
            continue
        status = {True: Status.PASSED, False: Status.FAILED, None: Status.NOT_MEASURED}[span.measured.is_met]
        took, target = words.seconds(span.measured.seconds), words.seconds(span.measured.target)
        detail = span.measured.why or f"{took}, target {target}"
        _case(suite, ("targets", span.measured.span.value), status, detail, span.measured.seconds or 0.0)
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for kind in ("failure", "error", "skipped"):
        name = {"failure": "failures", "error": "errors", "skipped": "skipped"}[kind]
        suite.set(name, str(sum(case.find(kind) is not None for case in cases)))
    document = ET.Element("testsuites", name="break-glass drill")
    document.append(suite)
    ET.indent(document)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(document, encoding="unicode") + "\n"


def _verdict(suite: ET.Element, view: ReportView) -> None:
    status = {Verdict.PASSED: Status.PASSED, Verdict.NOT_MEASURED: Status.NOT_MEASURED}.get(view.verdict, Status.FAILED)
    _case(suite, ("drill", "verdict"), status, f"{words.verdict(view.verdict)}: {view.why}")


def _case(suite: ET.Element, name: tuple[str, str], status: Status, detail: str, seconds: float = 0.0) -> None:
    case = ET.SubElement(suite, "testcase", classname=name[0], name=name[1], time=f"{seconds:.3f}")
    if status in _FAILED:
        ET.SubElement(case, "failure", message=detail, type=status.value).text = detail
    elif status is Status.ERROR:
        ET.SubElement(case, "error", message=detail, type=status.value).text = detail
    elif status in _SKIPPED:
        ET.SubElement(case, "skipped", message=f"{words.status(status)}: {detail}")
