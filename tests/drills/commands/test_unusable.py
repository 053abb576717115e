"""A run whose journal can't be gone on with: `drill resume` names what is left, and `drill status` shows it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from drills.commands import status
from drills.journal import traces
from drills.journal.files import OUTPUTS
from drills.journal.reading import JOURNAL
from drills.journal.traces import SCENARIO
from drills.model.event import Began, Checkpoint, CleaningUp, Closed
from drills.model.verdict import Verdict
from drills.past import LocalRuns
from drills.registered import MonitorRuns
from drills.runner import gating
from drills.runner.making import may_be_of, run_id
from drills.scenarios import read
from monitor.wire.drills import DrillCalendarAnswer, RunsAnswer
from tests.support.clock import START
from tests.support.drill_desk import Place, place
from tests.support.drill_steps import use
from tests.support.fake_monitor import RUN as OPEN_RUN
from tests.support.fake_monitor import TOKEN, fake_monitor

RUN = run_id("door", START)
DOOR = "TAKE BACK BY HAND door: whether it was begun is not known here"
WHOLE = (Began("door", has_undo=True), CleaningUp("x", ("door",)))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place with one scenario, and a token for the monitor."""
    monkeypatch.setenv("PLANTED", TOKEN)
    use(monkeypatch)
    made = place(tmp_path, monkeypatch)
    monkeypatch.delenv("COLUMNS")
    return made


def _first(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"payments", b"paymentz", 1))


def _third(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"why":"x"', b'"why":"y"', 1))


def _empty(path: Path) -> None:
    path.write_bytes(b"")
    (path.parent / OUTPUTS).mkdir()
    (path.parent / OUTPUTS / "0001-door").touch()


def spoil(here: Place, how: Callable[[Path], None]) -> Path:
    """Leave a run behind that was killed with the door open, and do this to its journal; return its directory."""
    directory = here.ran(RUN, START, WHOLE)
    (directory / SCENARIO).touch()
    how(directory / JOURNAL)
    return directory


@pytest.mark.parametrize(
    ("how", "why", "left"),
    [
        (_first, "line 1 of its journal: ", DOOR),
        (_empty, "its journal is empty", DOOR),
        (Path.unlink, "its journal is missing", DOOR),
        (_third, "line 3 of its journal: ", "TAKE BACK BY HAND door: what it did; by hand: "),
    ],
    ids=["first line", "empty", "missing", "third line"],
)
def test_what_is_to_be_done_by_hand_is_named(
    here: Place, how: Callable[[Path], None], why: str, left: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever became of the journal: the door may stand open. It is open for `drill status`, and for the gates."""
    directory = spoil(here, how)
    assert here.drill("resume", RUN, "--clean-up-only") == 6
    first, *named, last = capsys.readouterr().err.splitlines()
    assert first.startswith(f"{RUN} can't be gone on with: {why}")
    assert [each.startswith(left) for each in named] == [True]
    assert last.startswith(f"then keep {directory} elsewhere")
    assert here.drill("status") == 1
    assert f"OPEN {RUN}  since " in capsys.readouterr().out
    assert gating.open_here(here.journals(), "", "payments") == (RUN,)


async def test_what_nobody_may_look_into_hides_no_other_run(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what passed would count as never run, and a timer would drill. What a file system keeps is no run."""
    here.ran(RUN, START, WHOLE)
    for name in ("a-1", "lost+found"):
        (here.journals() / name).mkdir()

    def is_run(directory: Path) -> bool:
        if directory.name in ("a-1", "lost+found"):
            raise PermissionError(13, "Permission denied")
        return given(directory)

    given = traces.is_run
    monkeypatch.setattr(traces, "is_run", is_run)
    found = await LocalRuns(here.journals()).runs()
    assert [(run.run, run.verdict) for run in found] == [("a-1", Verdict.OPEN), (RUN, Verdict.OPEN)]
    assert found[0].why == "it can't be looked into: Permission denied"


async def test_the_monitor_says_what_was_run(here: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """And holds that something was begun, though nothing of it is here."""
    directory = here.ran(RUN, START, WHOLE)
    (directory / JOURNAL).write_bytes(b"")
    async with fake_monitor() as monitor:
        here.set(f"  monitor: {{url: '{monitor.receiver.url}', token: {{env: PLANTED}}}}\n")
        monitor.run = {"scenario": "door", "scenario_sha256": read(here.scenario).sha256}
        told = []
        for run, refusal in (
            ({}, None),
            ({"standing": "closed", "verdict": "failed"}, None),
            ({}, (404, "no_such", "no run of this name was opened here")),
            ({}, (500, "trouble", "not now")),
        ):
            monitor.run |= run
            monitor.refusal = refusal
            told.append((await asyncio.to_thread(here.drill, "resume", RUN), capsys.readouterr().err))
    (known, closed, unknown, silent) = told
    assert (known[0], DOOR in known[1], closed[0], unknown[0], silent[0]) == (6, True, 2, 2, 4)
    assert known[1].endswith(f"then close it: drill close {RUN} --anyway --reason TEXT --nothing-left\n")
    assert "is closed at the monitor, with nothing left behind" in closed[1]
    assert "nothing of it was begun" in unknown[1]
    assert "whether anything was begun can't be told" in silent[1]


async def test_a_run_that_nobody_was_told_the_end_of_is_told_of(
    here: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed right after its last entry: it is closed here and open at the monitor, which hears of it now."""
    closed = Closed("clean_up_failed", "left behind: the door", 6, ("door: it is open",))
    directory = here.ran(RUN, START, (*WHOLE, closed, Checkpoint("")))
    async with fake_monitor() as monitor:
        here.set(f"  monitor: {{url: '{monitor.receiver.url}', token: {{env: PLANTED}}}}\n")
        assert await asyncio.to_thread(here.drill, "resume", RUN) == 6
    (told,) = monitor.heads
    assert (told["verdict"], told["why"], told["residue"]) == ("clean_up_failed", closed.detail, [*closed.residue])
    assert told["head"]["seq"] == 5
    said = capsys.readouterr().err
    assert said.startswith(f"{RUN}: monitor was told how it ended\n{RUN} is closed: clean up failed")
    assert not (directory / "unsent.json").exists()


def test_what_the_monitor_holds_is_not_said_to_go_on_elsewhere(
    here: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where its directory is here: whoever was killed here a moment ago is heard of there still."""
    (here.ran(RUN, START, WHOLE) / JOURNAL).write_bytes(b"")

    class Monitor:
        async def runs(self) -> RunsAnswer:
            return RunsAnswer.model_validate({"runs": [{**OPEN_RUN, "run": RUN}]})

        async def calendar(self) -> DrillCalendarAnswer:
            return DrillCalendarAnswer(scenarios=())

    known = (LocalRuns(here.journals(), is_vouched=True), MonitorRuns(Monitor()))
    monkeypatch.setattr(status, "places", lambda *_: known)
    assert here.drill("status") == 1
    shown = capsys.readouterr().out
    assert shown.endswith(f"; its journal is here, and empty: drill resume {RUN} says what is left\n")


def test_a_run_that_was_closed_before_its_journal_was_changed_is_told_as_closed(
    here: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is left to be done; `drill verify` says what was changed."""
    journal = here.ran(RUN, START, (Closed("failed", "shut", 1),)) / JOURNAL
    journal.write_bytes(journal.read_bytes() + b"x\n")
    assert here.drill("resume", RUN) == 2
    assert "is closed: failed: shut" in capsys.readouterr().err


def test_the_name_of_a_run_tells_of_which_scenario_it_may_be() -> None:
    """Also where it was cut."""
    for id_ in ("door", "a-b", "x" * 60):
        assert may_be_of(run_id(id_, START), id_)
    assert not may_be_of(run_id("door", START), "doors")
    assert not may_be_of("door-1", "door")
