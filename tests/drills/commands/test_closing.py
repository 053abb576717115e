"""When a run is over its reports are written beside its journal; one that can't be is said, and changes no verdict."""

from pathlib import Path

import pytest

from drills import reporting
from drills.commands.closing import over
from drills.runner.finish import Done
from glasswatch.errors import EvidenceUnwritable, ExitCode
from tests.drills.report import sample
from tests.support.drill_journals import journal

DONE = Done(sample.RESULT, ExitCode.RESIDUE, sample.RESULT.residue)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The directory of a run that is over."""
    return journal(tmp_path, sample.RUN, sample.EVENTS)


def test_the_last_line_says_where_the_report_is(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All formats that need nothing else lie beside the journal, for their owner alone."""
    assert over(place, sample.RUN, DONE, as_json=False) is ExitCode.RESIDUE
    assert capsys.readouterr().out.splitlines()[-2:] == [
        f"{sample.RUN}: clean up failed",
        f"report: {place / 'report.html'}",
    ]
    names = {"report.html", "report.md", "report.json", "report.xml"}
    assert {path.name for path in place.glob("report.*")} == names
    assert {path.stat().st_mode & 0o777 for path in place.glob("report.*")} == {0o600}


def test_beside_json_it_is_said_to_people(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output holds the journal's entries, and nothing else."""
    over(place, sample.RUN, DONE, as_json=True)
    said = capsys.readouterr()
    assert said.out == ""
    assert str(place / "report.html") in said.err


FAULTS = [EvidenceUnwritable("no room"), RuntimeError("no room")]


@pytest.mark.parametrize("fault", FAULTS, ids=["told", "ours"])
def test_a_report_that_can_not_be_written_is_said(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fault: Exception
) -> None:
    """It joins the exit code, and hides nothing that is worse."""

    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr(reporting, "write", fail)
    for code, whole in ((ExitCode.GOOD, 7), (ExitCode.FINDING, 7), (ExitCode.RESIDUE, 6)):
        assert over(place, sample.RUN, Done(sample.RESULT, code), as_json=False) == whole
    said = capsys.readouterr()
    assert f"{sample.RUN}: clean up failed" in said.out
    assert "no room" in said.err
    assert f"drill report {sample.RUN}" in said.err


def test_a_run_without_a_journal_has_no_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As where the disk was lost meanwhile."""
    assert over(tmp_path / "gone", "gone", Done(sample.RESULT, ExitCode.GOOD), as_json=False) == 7
    assert "no report of gone" in capsys.readouterr().err
