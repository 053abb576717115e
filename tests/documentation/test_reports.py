"""docs/reference/reports.md and controls.md: what they name is there, and their examples work."""

import json
import re
from pathlib import Path

import pytest

from drills.report import formats, words
from drills.report.controls import own, shipped
from drills.report.formats import by_template
from drills.report.view import view
from drills.reporting import NAMES
from drills.rules.parts import PARTS
from tests.drills.report import sample
from tests.support.documents import REFERENCE, ROOT, rows, section

REPORTS = (REFERENCE / "reports.md").read_text()
CONTROLS = (REFERENCE / "controls.md").read_text()
EXAMPLES = ROOT / "examples" / "reports"
VIEW = view(sample.journal(), sample.RESULT, shipped())


def test_every_format_is_told() -> None:
    """With its file's name."""
    told = {cells[0].strip("`"): cells[1].strip("`") for cells in rows(REPORTS) if cells[0].strip("`") in NAMES}
    assert told == dict(NAMES)


def test_what_a_template_can_use_is_told() -> None:
    """Each name is there, and each word of ours that is named."""
    given = {*formats._given(VIEW), *formats._style(), "md"}
    table = section(REPORTS, "A template of your own")
    named = {name.strip("` ") for cells in rows(table) for name in cells[0].split(",")}
    assert given <= named
    assert all(hasattr(words, name) for name in re.findall(r"words\.(\w+)", table))


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.j2")), ids=lambda path: path.name)
def test_the_example_s_template_works(path: Path) -> None:
    """It shows what a run came to, and escapes."""
    page = by_template(VIEW, path)
    assert "CLEAN-UP FAILED" in page
    assert sample.RUN in page


def test_the_example_s_table_works() -> None:
    """And has parts that a drill has."""
    table = own(EXAMPLES / "controls.json")
    assert [each.id for each in table.controls] == ["EA-1", "EA-2", "EA-3"]
    assert set(json.loads((EXAMPLES / "controls.json").read_text())) == {"version", "note", "controls"}


def test_the_shipped_table_is_told() -> None:
    """Its version, and each framework."""
    told = section(CONTROLS, "The shipped table")
    assert f"Version `{shipped().version}`" in told
    for framework in {each.framework for each in shipped().controls}:
        assert framework.split(",")[0].split()[0] in told
    assert {"D5R", "D6R", *(f"D{number}" for number in range(13))} == set(PARTS)


def test_nothing_complies() -> None:
    """Reports, pages and table say that something supports, and no more."""
    texts = [REPORTS, *(each.read_text() for each in (ROOT / "drills" / "report" / "templates").glob("*"))]
    assert all(re.search(r"\bcompliant|\bcompliance", text, re.IGNORECASE) is None for text in texts)
