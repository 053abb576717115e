"""`drill compare`: from the journals in the evidence directory, on a terminal, as JSON and as a page."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from drills.cli import command
from drills.journal.reading import JOURNAL
from drills.model.event import Closed, Ended, Event, Gated
from drills.model.step import Status
from glasswatch.cli import run
from tests.drills.report import sample
from tests.support.drill_journals import journal

SETTINGS = "deployment: prod\ndrill: {directory: evidence}\n"
FAILED = sample.EVENTS
BETTER: tuple[Event, ...] = tuple(
    replace(each, status=Status.PASSED) if isinstance(each, Ended) else each for each in FAILED
)
OTHER: tuple[Event, ...] = (replace(sample.OPENED, scenario="other"), *FAILED[1:])


@pytest.fixture
def evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three quarters of one scenario, and a run of another."""
    settings = tmp_path / "glasswatch.yaml"
    settings.write_text(SETTINGS)
    settings.chmod(0o600)
    monkeypatch.chdir(tmp_path)
    directory = tmp_path / "evidence"
    for name, days, events in (("q1", 0, FAILED), ("q2", 90, FAILED), ("q3", 180, BETTER), ("x1", 10, OTHER)):
        journal(directory, name, events, days)
    return directory


def drill(*words: str) -> int:
    """Call the command, and return how it ended."""
    return run(command, "drill", ["compare", *words])


def runs(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Return which runs are shown."""
    assert drill(*words, "--json") in (0, 1)
    return [each["run"] for each in json.loads(capsys.readouterr().out)["runs"]]


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        pytest.param(("outage",), ["q1", "q2", "q3"], id="a scenario"),
        pytest.param(("outage", "--last", "2"), ["q2", "q3"], id="its last"),
        pytest.param(("q2",), ["q1", "q2"], id="a run and those before"),
        pytest.param(("evidence/q2",), ["q1", "q2"], id="by its path"),
        pytest.param(("q3", "q1"), ["q1", "q3"], id="two of them"),
        pytest.param(("other",), ["x1"], id="the only one"),
    ],
)
@pytest.mark.usefixtures("evidence")
def test_which_runs_are_shown(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], shown: list[str]) -> None:
    """Oldest first, and of one scenario."""
    assert runs(capsys, *words) == shown


def test_runs_that_ended_before_their_first_step_crowd_out_none(
    evidence: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are counted; one that is named is shown."""
    shut = (sample.OPENED, Gated("window", Status.FAILED, "shut"), Closed("aborted", "gate window: shut", 1))
    for number in range(3):
        journal(evidence, f"shut-{number}", shut, 185 + number)
    assert drill("outage", "--json") == 0
    said = capsys.readouterr()
    assert [each["run"] for each in json.loads(said.out)["runs"]] == ["q1", "q2", "q3"]
    assert said.err == "not compared: 3 that ended before the first step\n"
    assert runs(capsys, "shut-1") == ["q1", "q2", "q3", "shut-1"]


def test_columns_of_one_minute_are_told_apart(evidence: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the second, or by the end of the run's name; in the page as well."""
    journal(evidence, "outage-20260301t030000z-again2", BETTER, 0)
    assert drill("q1", "outage-20260301t030000z-again2", "--html", "page.html") == 0
    heads = capsys.readouterr().out.splitlines()[0].split()
    assert heads[:-1] == ["2026-03-01", "03:00:00", "q1", "2026-03-01", "03:00:00", "again2"]
    assert Path("page.html").read_text().count('<th scope="col">2026-03-01 03:00:00 again2</th>') == 2


def test_a_step_that_failed_in_an_older_run_only_is_shown(evidence: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever reads the row sees when it began to pass."""
    journal(evidence, "q4", BETTER, 270)
    assert drill("outage") == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(each.split() == ["step", "enter", "failed", "failed", "passed", "passed"] for each in lines)


@pytest.mark.usefixtures("evidence")
def test_on_a_terminal_quarters_stand_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    """With what changed, and what was found."""
    assert drill("outage") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [word for word in lines[0].split() if "-" in word] == ["2026-03-01", "2026-05-30", "2026-08-28"]
    assert lines[1].split() == ["verdict", *["CLEAN-UP", "FAILED"] * 3]
    assert any(each.split() == ["step", "enter", "failed", "failed", "passed"] for each in lines)
    assert any(each.startswith("gone: major at enter: ") for each in lines)


def test_worse_is_a_finding(evidence: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And is said last; the page says the same, and loads nothing."""
    journal(evidence, "q4", FAILED[:9], 270)
    assert drill("outage", "--html", "page.html") == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("WORSE it was clean up failed, and is open")
    page = Path("page.html").read_text()
    assert "Worse than before" in page
    assert "default-src 'none'" in page.replace("&#39;", "'")
    assert "<script" not in page


def test_a_journal_that_was_changed_is_not_compared(evidence: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is named, and is a finding; one that can't be read is named."""
    path = evidence / "q1" / JOURNAL
    path.write_bytes(path.read_bytes().replace(b"got 403", b"got 200"))
    (evidence / "q2" / JOURNAL).write_bytes(b"")
    assert drill("outage") == 1
    said = capsys.readouterr()
    assert "drill verify" in said.err
    assert "not compared" in said.err
    assert "nothing to compare it with" in said.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(("nothing",), 2, id="no such scenario"),
        pytest.param(("q1", "nothing"), 2, id="no such run"),
        pytest.param(("q1", "x1"), 2, id="of two scenarios"),
        pytest.param((), 2, id="nothing named"),
        pytest.param(("outage", "--html", "none/page.html"), 7, id="nowhere to write"),
    ],
)
@pytest.mark.usefixtures("evidence")
def test_what_can_not_be_done_is_said(words: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """In a line, and by the exit code."""
    assert drill(*words) == code
    assert "Traceback" not in capsys.readouterr().err
