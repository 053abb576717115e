"""The runs that a run is compared with: of the same scenario, earlier, closed, each once."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from drills.earlier import spans_before
from drills.journal.reading import JOURNAL
from drills.model.event import Closed, Gated
from drills.model.step import Span, Status
from tests.drills.report import sample
from tests.support.drill_journals import journal

OTHER = (replace(sample.OPENED, scenario="outage-of-all"), *sample.EVENTS[1:])
SHUT = (sample.OPENED, Gated("window", Status.FAILED, "shut"), Closed("aborted", "gate window: shut", 1))
OPEN = tuple(event for event in sample.EVENTS if not isinstance(event, Closed))


def before(root: Path) -> tuple[Mapping[Span, float], ...]:
    """Return what the sample's run is compared with."""
    return spans_before(root, sample.RUN, "outage", sample.START)


def name(scenario: str, number: int) -> str:
    """Return the name of a run that is that many days before the sample's."""
    day = sample.START - timedelta(days=number)
    return f"{scenario}-{day:%Y%m%dt%H%M%S}z-abcdef"


def test_the_last_four_closed_ones(tmp_path: Path) -> None:
    """Neither this run, nor one that was never closed, nor one that came later."""
    journal(tmp_path, sample.RUN, sample.EVENTS)
    for number in range(1, 7):
        journal(tmp_path, name("outage", number), sample.EVENTS, -number)
    journal(tmp_path, name("outage", 0).replace("abcdef", "later2"), sample.EVENTS, 1)
    assert len(before(tmp_path)) == 4
    journal(tmp_path / "open", name("outage", 1), OPEN, -1)
    assert before(tmp_path / "open") == ()


def test_runs_that_ended_at_a_gate_take_no_place(tmp_path: Path) -> None:
    """A timer leaves one a day: none is compared with, and none hides one that is."""
    for number in range(1, 30):
        journal(tmp_path, name("outage", number), SHUT, -number)
    assert before(tmp_path) == ()
    journal(tmp_path, name("outage", 30), sample.EVENTS, -30)
    assert [set(each) for each in before(tmp_path)] == [{Span.DETECT}]


def test_runs_of_a_scenario_whose_name_goes_on_hide_none(tmp_path: Path) -> None:
    """However many there are."""
    for number in range(1, 26):
        journal(tmp_path, name("outage-of-all", number), OTHER, -number)
    journal(tmp_path, name("outage", 30), sample.EVENTS, -30)
    assert len(before(tmp_path)) == 1


def test_what_a_name_does_not_say_its_journal_does(tmp_path: Path) -> None:
    """A directory that was renamed counts by what it holds."""
    journal(tmp_path, "first-quarter", sample.EVENTS, -90)
    journal(tmp_path, "all-of-it", OTHER, -80)
    assert len(before(tmp_path)) == 1


def test_a_copy_counts_once_and_one_of_itself_not_at_all(tmp_path: Path) -> None:
    """Whatever its directory is called."""
    place = journal(tmp_path, name("outage", 1), sample.EVENTS, -1)
    itself = journal(tmp_path, sample.RUN, sample.EVENTS)
    for copied, number in ((place, 1), (itself, 2)):
        (tmp_path / f"copy-{number}").mkdir()
        (tmp_path / f"copy-{number}" / JOURNAL).write_bytes((copied / JOURNAL).read_bytes())
    assert len(before(tmp_path)) == 1


def test_what_can_not_be_read_is_left_out(tmp_path: Path) -> None:
    """A file, an empty directory, a journal of nothing, one that was changed; and a place that isn't there."""
    (tmp_path / "notes.txt").write_text("of no run")
    (tmp_path / "empty").mkdir()
    journal(tmp_path, "begun", (), -3)
    changed = journal(tmp_path, name("outage", 1), sample.EVENTS, -1) / JOURNAL
    changed.write_bytes(changed.read_bytes().replace(b"within working hours", b"within morning hours"))
    assert before(tmp_path) == ()
    assert before(tmp_path / "nowhere") == ()
