"""The report in each format: whole, escaped, and never green for what is not evidence."""

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from drills.errors import TemplateFault
from drills.model.step import Span, Status
from drills.model.verdict import Measured, Verdict
from drills.report.controls import shipped
from drills.report.formats import FORMATS, as_json, by_template, escaped, html, markdown
from drills.report.junit import junit
from drills.report.values import ReportView, SpanView
from drills.report.view import view
from tests.drills.report import sample

VIEW = view(sample.journal(), sample.RESULT, shipped())
HOSTILE = "<script>alert(1)</script>|`$(x)`[a](javascript:b)\"&'"


def hostile() -> ReportView:
    """Return the view with hostile text wherever text comes from outside."""
    return replace(
        VIEW,
        title=HOSTILE,
        why=HOSTILE,
        operator=HOSTILE,
        residue=(HOSTILE,),
        steps=tuple(replace(each, detail=HOSTILE, line=HOSTILE) for each in VIEW.steps),
        findings=tuple(replace(each, line=HOSTILE) for each in VIEW.findings),
        said=tuple(replace(each, note=HOSTILE) for each in VIEW.said),
        gates=tuple(replace(each, detail=HOSTILE) for each in VIEW.gates),
    )


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_names_run_verdict_and_residue(name: str) -> None:
    """Whoever reads only one of them learns what matters."""
    text = FORMATS[name](VIEW)
    assert sample.RUN in text.replace("\\", "")
    assert re.search("clean.?up.?failed", text.replace("\\", ""), re.IGNORECASE)
    assert "exercise outage-1 at the monitor" in text.replace("\\", "")


def test_html_is_one_file_that_loads_nothing() -> None:
    """It is opened years later, on a machine without a network."""
    page = html(VIEW)
    assert not re.search(r"""src\s*=|href\s*=\s*"[^#]|@import|url\(""", page)
    assert "default-src 'none'" in page.replace("&#39;", "'")
    assert "<script" not in page


def test_html_escapes() -> None:
    """What a step found is text."""
    page = html(hostile())
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_markdown_says_what_each_span_is_counted_from() -> None:
    """As the page does: not every one begins with the outage."""
    spans = tuple(SpanView(Measured(span, 3.0, 60.0), ()) for span in Span)
    text = markdown(replace(VIEW, spans=spans))
    for row in ("outage detected | the outage", "the audit | the access", "again | its being taken back"):
        assert f"{row} | 3.0 s | 1 m | met | " in text
    assert "included | the first step | " in text


def test_markdown_escapes() -> None:
    """What a step found stays in its cell, and is no link, code or markup."""
    text = markdown(hostile())
    assert "<script" not in text
    assert not re.search(r"(?<!\\)\[a(?<!\\)\]", text)
    rows = [row for row in text.splitlines() if row.startswith("| enter")]
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 7


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "|", "\\", "**", "<b>", "$x$", "- x", "# x"])
def test_escaped_text_is_one_line(text: str) -> None:
    """No row of a table is cut short."""
    shown = escaped(text)
    assert "\n" not in shown
    assert "\r" not in shown
    assert not re.search(r"(?<!\\)[|*#$-]|<", shown.replace("\\\\", ""))


def test_json_holds_all_of_the_view() -> None:
    """Times are RFC 3339 in UTC."""
    data = json.loads(as_json(VIEW))
    assert data["verdict"] == "clean_up_failed"
    assert data["opened_at"] == "2026-03-01T03:00:00Z"
    assert [step["id"] for step in data["steps"]] == ["begin", "flag", "enter", "fake"]


def cases(text: str) -> dict[tuple[str, str], ET.Element]:
    """Return the cases of a JUnit document by class and name."""
    found = ET.fromstring(text).iter("testcase")
    return {(each.get("classname", ""), each.get("name", "")): each for each in found}


def test_junit_shows_nothing_green_that_is_no_evidence() -> None:
    """A viewer shows green what is neither failed nor skipped."""
    found = cases(junit(VIEW))
    assert found[("steps", "flag")].find("*") is None
    assert found[("steps", "enter")].find("failure") is not None
    assert found[("steps", "fake")].find("skipped") is not None
    assert found[("clean-up", "begin")].find("failure") is not None
    assert found[("drill", "verdict")].find("failure") is not None
    assert found[("targets", "access")].find("skipped") is not None
    suite = next(ET.fromstring(junit(VIEW)).iter("testsuite"))
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("9", "3", "2")


@pytest.mark.parametrize("status", Status)
def test_junit_is_green_for_passed_alone(status: Status) -> None:
    """Each other way to end shows."""
    shown = replace(VIEW, steps=(replace(VIEW.steps[0], status=status),))
    assert (cases(junit(shown))[("steps", "begin")].find("*") is None) is (status is Status.PASSED)


@pytest.mark.parametrize("verdict", Verdict)
def test_junit_has_a_green_verdict_for_a_passed_drill_alone(verdict: Verdict) -> None:
    """An open run, a plan and an aborted one are no success."""
    shown = cases(junit(replace(VIEW, verdict=verdict)))[("drill", "verdict")]
    assert (shown.find("*") is None) is (verdict is Verdict.PASSED)


def test_a_template_of_ones_own(tmp_path: Path) -> None:
    """It gets the view, and its text is escaped where its name says HTML."""
    path = tmp_path / "own.html.j2"
    path.write_text("<p>{{ view.title }}: {{ words.verdict(view.verdict) }}</p>")
    assert by_template(hostile(), path).startswith("<p>&lt;script&gt;")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{{ view.nothing }}", id="what is not there"),
        pytest.param("{% if %}", id="no template"),
        pytest.param("{{ view.__class__.__mro__ }}", id="inner parts"),
        pytest.param("{{ view.steps.append(1) }}", id="a change"),
        pytest.param("{{ 'a' * 'b' }}", id="nonsense"),
        pytest.param("{% include '../values.py' %}", id="another file"),
    ],
)
def test_a_template_that_can_not_be_used_is_said_so(tmp_path: Path, text: str) -> None:
    """One line, with the file, and no traceback."""
    path = tmp_path / "own.j2"
    path.write_text(text)
    with pytest.raises(TemplateFault, match=re.escape(str(path))):
        by_template(VIEW, path)


def test_a_template_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    """With what the system said."""
    with pytest.raises(TemplateFault, match="No such file"):
        by_template(VIEW, tmp_path / "none.j2")
