"""A run that is resumed from a copy, while more was written of it elsewhere."""

import pytest

from drills.errors import JournalBehind, RequestRefused
from drills.model.event import Closed, Entry, Interrupted, NotTold, Resumed, UndoEnded
from drills.model.step import Status
from drills.model.verdict import Verdict
from drills.runner.finish import Done
from glasswatch.errors import ExitCode
from tests.support.drill_stage import Points, Stage, step
from tests.support.virtual_time import run


def staged(
    entries: tuple[Entry, ...] = (), standing: frozenset[str] = frozenset(), points: Points | None = None
) -> Stage:
    """Return a run of two steps."""
    steps = (step("one", undo="takes it back"), step("two", "one", undo="takes it back"))
    return Stage(steps, points, entries, standing)


def copied(at: str = "acted one") -> Stage:
    """Return a run that is to be resumed from a copy made then; the original went on, and was killed in `two`."""
    original = staged()
    run(original.begin())
    names, snapshots = original.points.names, original.points.snapshots
    entries, _ = snapshots[names.index(at)]
    killed, standing = snapshots[names.index("acted two")]
    stage = staged(entries, standing)
    stage.held = [entry.head for entry in killed]
    return stage


def resumed(stage: Stage, *, clean_up_only: bool = False) -> Done:
    """Go on with it."""
    return run(stage.resume(clean_up_only=clean_up_only))


def test_a_copy_that_is_behind_is_not_gone_on_with() -> None:
    """The original may be at work still, and what it did since is not known here: nothing is done or written."""
    stage = copied()
    before = list(stage.journal.entries)
    with pytest.raises(JournalBehind, match=r"holds entry \d+ of this run.*--clean-up-only"):
        resumed(stage)
    assert stage.journal.entries == before
    assert (stage.world.acted, stage.world.undone, stage.witness.closed) == ([], [], [])


def test_cleaning_up_from_a_copy_that_is_behind_takes_back_whatever_may_have_been_done() -> None:
    """Also the step that the copy never heard of: what it left would stay, and the run would be closed as clean."""
    stage = copied()
    done = resumed(stage, clean_up_only=True)
    assert stage.world.standing == set()
    assert stage.world.undone == ["two", "one"]
    assert (done.residue, done.exit_code) == ((), ExitCode.INTERRUPTED)
    assert stage.world.acted == []
    assert [closing.residue for closing in stage.witness.closed] == [()]


def test_what_such_a_copy_can_not_take_back_is_named() -> None:
    """At the monitor as well, which pages it."""
    stage = copied()
    stage.marking["two"].stuck = True
    done = resumed(stage, clean_up_only=True)
    assert done.exit_code is ExitCode.RESIDUE
    assert [line.split(":")[0] for line in done.residue] == ["two"]
    assert [len(closing.residue) for closing in stage.witness.closed] == [1]
    (unknown, *_) = [event for event in stage.of(UndoEnded) if isinstance(event, UndoEnded)]
    assert (unknown.step, unknown.status) == ("two", Status.NOT_MEASURED)
    assert "the journal is behind" in unknown.residue


def test_the_newest_journal_is_gone_on_with() -> None:
    """All that the monitor was told of is in it; where the monitor can't be asked, taking back waits for nobody."""
    for is_dead in (False, True):
        stage = copied(at="acted two")
        stage.witness.dead = is_dead
        done = resumed(stage)
        assert stage.world.standing == set()
        assert done.residue == ()
        assert stage.of(Resumed)


def test_a_run_that_the_monitor_never_heard_of_is_closed_all_the_same() -> None:
    """Killed while it was being opened: whether it was, only the monitor knows, and nothing has to be told later."""
    original = staged()
    run(original.begin())
    entries, _ = original.points.snapshots[original.points.names.index("open at monitor")]
    stage = staged(entries)

    stage.witness.refusal = RequestRefused("no_such", "no run of this name was opened here")
    done = resumed(stage)
    assert done.exit_code is ExitCode.INTERRUPTED
    assert stage.of(Closed)
    assert stage.of(NotTold) == []
    assert stage.unsent.kept == []


@pytest.mark.parametrize("at", ["acted one", "appended UndoBegan"])
def test_a_run_that_somebody_else_goes_on_with_stops_and_cleans_up(at: str) -> None:
    """The monitor holds another entry under that number: two machines run one run. Also in clean-up."""
    told = staged(points=Points(1, lasting=True))
    told.points.fault = lambda name: _refuse(told, name, at)
    done = run(told.begin())
    assert (done.exit_code, done.result.verdict, told.world.standing) == (ExitCode.INTERRUPTED, Verdict.ABORTED, set())
    (met,) = [event for event in told.of(Interrupted) if isinstance(event, Interrupted)]
    assert (met.by, "another hash" in met.detail) == ("monitor", True)
    assert told.world.acted in (["one"], ["one", "two"])
    assert sorted(told.world.undone) == sorted(told.world.acted)


def test_a_monitor_that_refuses_for_another_reason_stops_no_run() -> None:
    """A token that was taken back, a store that was lost: that is a finding, and no word of another process."""
    told = staged(points=Points(1, lasting=True))
    told.points.fault = lambda name: _refuse(told, name, "acted one", RequestRefused("forbidden", "no scope drill"))
    done = run(told.begin())
    assert told.of(Interrupted) == []
    assert told.world.acted == ["one", "two"]
    assert done.result.verdict is Verdict.NOT_MEASURED


EQUIVOCATION = RequestRefused("not_possible", "entry 9 was told of with another hash: two machines run it")


def _refuse(stage: Stage, name: str, at: str, refusal: RequestRefused = EQUIVOCATION) -> None:
    if name == at:
        stage.witness.refusal = refusal
