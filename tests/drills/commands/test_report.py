"""`drill report`: made from the journal alone, with the runs before beside it, or said why not."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from drills.cli import command
from drills.errors import PdfUnavailable
from drills.journal.reading import JOURNAL
from drills.report import pdf
from glasswatch.cli import run
from tests.drills.report import sample
from tests.support.drill_journals import journal

EARLIER = "outage-20251201t030000z-aaaaaa"
SETTINGS = "deployment: prod\ndrill: {directory: evidence}\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place with settings and one run."""
    settings = tmp_path / "glasswatch.yaml"
    settings.write_text(SETTINGS)
    settings.chmod(0o600)
    monkeypatch.chdir(tmp_path)
    journal(tmp_path / "evidence", sample.RUN, sample.EVENTS)
    return tmp_path


def drill(*words: str) -> int:
    """Call the command, and return how it ended."""
    return run(command, "drill", words)


def test_all_formats_are_written_beside_the_journal(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Readable by their owner alone; the verdict is the journal's, not what was said at the end."""
    monkeypatch.setattr(pdf, "is_installed", lambda: False)
    assert drill("report", sample.RUN) == 0
    place = here / "evidence" / sample.RUN
    assert {path.name for path in place.iterdir()} == {
        JOURNAL,
        "report.html",
        "report.md",
        "report.json",
        "report.xml",
    }
    assert all(path.stat().st_mode & 0o077 == 0 for path in place.glob("report.*"))
    assert "CLEAN-UP FAILED" in capsys.readouterr().out
    data = json.loads((place / "report.json").read_text())
    assert (data["verdict"], data["exit_code"]) == ("clean_up_failed", 6)


def test_a_copy_elsewhere_gives_the_same(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever was handed the directory makes the report without us."""
    assert drill("report", sample.RUN, "--json") == 0
    first = capsys.readouterr().out
    place = here / "evidence" / sample.RUN
    place.rename(here / "copy")
    (here / "glasswatch.yaml").unlink()  # nor our settings
    assert drill("report", str(here / "copy"), "--json") == 0
    assert capsys.readouterr().out == first
    assert drill("report", sample.RUN, "--json") == 3


def test_runs_before_it_stand_beside_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the same scenario, and earlier: not those of another, and not later ones."""
    journal(here / "evidence", EARLIER, sample.EVENTS, days=-90)
    journal(here / "evidence", "later", sample.EVENTS, days=90)
    journal(here / "evidence", "other", (replace(sample.OPENED, scenario="other"), *sample.EVENTS[1:]), days=-10)
    assert drill("report", sample.RUN, "--json") == 0
    spans = {each["measured"]["span"]: each["earlier"] for each in json.loads(capsys.readouterr().out)["spans"]}
    assert len(spans["detect"]) == 1


def test_a_template_of_ones_own(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard output, or in a file."""
    (here / "own.j2").write_text("{{ view.run }}\n")
    assert drill("report", sample.RUN, "--template", "own.j2") == 0
    assert capsys.readouterr().out == f"{sample.RUN}\n"
    assert drill("report", sample.RUN, "--template", "own.j2", "--out", "out.txt") == 0
    assert (here / "out.txt").read_text() == f"{sample.RUN}\n"


def test_a_table_of_controls_of_ones_own(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In place of the shipped one; a part that no drill has is a mistake."""
    row = {"framework": "Ours", "id": "7", "line": "the house's own", "parts": ["D2"]}
    (here / "own.json").write_text(json.dumps({"version": "1", "controls": [row]}))
    assert drill("report", sample.RUN, "--json", "--controls", "own.json") == 0
    controls = json.loads(capsys.readouterr().out)["controls"]
    assert [(each["control"]["framework"], each["standing"]) for each in controls] == [("Ours", "partial")]
    (here / "own.json").write_text(json.dumps({"version": "1", "controls": [{**row, "parts": ["D99"]}]}))
    assert drill("report", sample.RUN, "--json", "--controls", "own.json") == 3


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(("nothing",), 2, id="no such run"),
        pytest.param(("..",), 2, id="not a run"),
        pytest.param((sample.RUN, "--json", "--template", "x"), 2, id="two formats"),
        pytest.param((sample.RUN, "--out", "x"), 2, id="all formats in one file"),
        pytest.param((sample.RUN, "--template", "none.j2"), 3, id="no such template"),
        pytest.param((sample.RUN, "--format", "html", "--out", "none/x"), 7, id="nowhere to write"),
    ],
)
def test_what_can_not_be_done_is_said(
    here: Path, words: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, and by the exit code."""
    assert drill("report", *words) == code
    assert "Traceback" not in capsys.readouterr().err


def test_no_report_is_made_of_a_journal_that_was_changed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It would show what was never written."""
    path = here / "evidence" / sample.RUN / JOURNAL
    path.write_bytes(path.read_bytes().replace(b"expected 200, got 403", b"expected 200, got 200"))
    assert drill("report", sample.RUN) == 1
    assert "drill verify" in capsys.readouterr().err
    assert not list(path.parent.glob("report.*"))


@pytest.fixture
def makes_pdf(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool, str], None]:
    """Have PDFs be made, or not."""

    def set_up(is_installed: bool, fault: str) -> None:  # noqa: FBT001 - a pair of a table below
        def made(_: object) -> bytes:
            if fault:
                raise PdfUnavailable(fault)
            return b"%PDF-"

        monkeypatch.setattr(pdf, "is_installed", lambda: is_installed)
        monkeypatch.setattr(pdf, "pdf", made)

    return set_up


def test_a_pdf_is_made_where_it_can_be(
    here: Path, makes_pdf: Callable[[bool, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside the others; a library that is missing is said, and takes nothing from them."""
    path = here / "evidence" / sample.RUN / "report.pdf"
    makes_pdf(False, "no extra")
    assert drill("report", sample.RUN) == 0
    assert drill("report", sample.RUN, "--format", "pdf", "--out", "x.pdf") == 2
    assert "no extra" in capsys.readouterr().err
    makes_pdf(True, "needs Pango")
    assert drill("report", sample.RUN) == 0
    assert "needs Pango" in capsys.readouterr().err
    assert not path.exists()
    makes_pdf(True, "")
    assert drill("report", sample.RUN) == 0
    assert drill("report", sample.RUN, "--format", "pdf", "--out", "x.pdf") == 0
    assert path.read_bytes() == (here / "x.pdf").read_bytes() == b"%PDF-"
