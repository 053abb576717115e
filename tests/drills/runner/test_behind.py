"""A run that is resumed from a copy, while more was written of it elsewhere."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from drills.errors import JournalBehind, RequestRefused, RunHeardOf
from drills.model.event import Closed, Entry, Head, Interrupted, NotTold, Receipted, Resumed, UndoEnded
from drills.model.step import Status
from drills.model.verdict import Verdict
from drills.rules.behind import Claim, Held
from drills.rules.verdict import judge
from drills.runner.finish import Done
from glasswatch.errors import ExitCode, NotMeasured
from tests.support.clock import START
from tests.support.drill_stage import ORIGINAL, Points, Stage, step
from tests.support.proving import receipt
from tests.support.virtual_time import run

COPY = Claim()


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
    stage.held = Held([entry.head for entry in killed], 130.0, START)
    return stage


def resumed(stage: Stage, *, clean_up_only: bool = False, claim: Claim = COPY) -> Done:
    """Go on with it."""
    return run(stage.resume(clean_up_only=clean_up_only, claim=claim))


def untouched(stage: Stage, before: Sequence[Entry]) -> bool:
    """Whether nothing was done, written or told."""
    return stage.journal.entries == list(before) and not (
        stage.world.acted or stage.world.undone or stage.witness.closed or stage.witness.told
    )


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
    """All that the monitor was told of is in it, and nobody was heard for long enough."""
    stage = copied(at="acted two")
    done = resumed(stage)
    assert (stage.world.standing, done.residue) == (set(), ())
    (event,) = [event for event in stage.of(Resumed) if isinstance(event, Resumed)]
    assert event.unsure == ""


@pytest.mark.parametrize("clean_up_only", [False, True])
def test_a_run_that_was_heard_of_a_moment_ago_is_left_alone(*, clean_up_only: bool) -> None:
    """Its process may be at work: two of them would act on the same targets, one of them to take back."""
    stage = copied(at="acted two")
    stage.held = replace(stage.held, quiet_seconds=59.0)
    before = list(stage.journal.entries)
    with pytest.raises(RunHeardOf, match=r"heard of it last at 2026-03-01 03:00:00Z, and has heard nothing for 59 s"):
        resumed(stage, clean_up_only=clean_up_only)
    assert untouched(stage, before)
    stage.held = replace(stage.held, quiet_seconds=60.0)
    assert resumed(stage, clean_up_only=clean_up_only).residue == ()


def test_where_its_process_is_known_to_be_gone_nobody_waits_for_silence() -> None:
    """Killed here, and its lock is ours: at once. Unless somebody told the monitor of more: that is another process."""
    stage = copied(at="acted two")
    stage.held = replace(stage.held, quiet_seconds=0.1)
    assert resumed(stage, claim=ORIGINAL).residue == ()
    stage = copied()
    stage.held = replace(stage.held, quiet_seconds=0.1)
    before = list(stage.journal.entries)
    with pytest.raises(RunHeardOf):
        resumed(stage, clean_up_only=True, claim=ORIGINAL)
    assert untouched(stage, before)


@pytest.mark.parametrize("is_forgotten", [False, True], ids=["the monitor is gone", "it lost its store"])
def test_from_a_copy_of_which_nobody_can_say_whether_it_is_the_newest_nothing_is_done(*, is_forgotten: bool) -> None:
    """But to clean up, of whatever may have been begun; unless the operator says that it is the newest: a finding."""
    stage = unmeasured(is_forgotten=is_forgotten)
    before = list(stage.journal.entries)
    with pytest.raises(NotMeasured, match=r"nobody can say whether this copy is the newest.*--clean-up-only"):
        resumed(stage)
    assert untouched(stage, before)
    stage = unmeasured(is_forgotten=is_forgotten)
    done = resumed(stage, clean_up_only=True)
    assert (stage.world.standing, stage.world.undone, done.residue) == (set(), ["two", "one"], ())
    assert "newest_not_measured" in [finding.code for finding in done.result.findings]
    for claim, said in ((Claim(is_newest=True), "; anna says that it is"), (ORIGINAL, "")):
        stage = unmeasured(is_forgotten=is_forgotten)
        done = resumed(stage, claim=claim)
        assert stage.world.acted == ["two"]
        (event,) = [event for event in stage.of(Resumed) if isinstance(event, Resumed)]
        assert event.unsure.endswith(said)
        assert "newest_not_measured" in [finding.code for finding in done.result.findings]


def unmeasured(*, is_forgotten: bool) -> Stage:
    """Return a run that is to be resumed from a copy made before its second step, with nobody who could say so."""
    original = staged()
    run(original.begin())
    names, snapshots = original.points.names, original.points.snapshots
    stage = staged(snapshots[names.index("act two") - 3][0], snapshots[names.index("acted two")][1])
    stage.held = Held(is_known=False)
    stage.witness.dead = not is_forgotten
    return stage


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


def test_a_run_whose_end_the_monitor_knows_otherwise_did_not_pass() -> None:
    """Told only when it was closed already: neither its command nor its journal says passed, and nothing waits."""
    told = staged(points=Points(1, lasting=True))
    told.points.fault = lambda name: _refuse(told, name, "append Closed")
    done = run(told.begin())
    assert (done.exit_code, done.result.verdict) == (ExitCode.INTERRUPTED, Verdict.ABORTED)
    assert judge(told.journal.entries).verdict is Verdict.ABORTED
    assert told.unsent.kept == []
    assert any("refused how the run ended: entry 9" in note for note in done.notes)


@pytest.mark.parametrize("stuck", [False, True], ids=["clean", "residue"])
def test_a_receipt_of_another_end_is_no_receipt_of_this_one(*, stuck: bool) -> None:
    """Somebody closed it by hand: what the monitor signs is that it failed, whatever it was told here."""
    stage = staged()
    stage.marking["two"].stuck = stuck
    stage.witness.receipt = receipt("close", Head(9, "a" * 64), said={"verdict": "failed"})
    done = run(stage.begin())
    assert done.exit_code is (ExitCode.RESIDUE if stuck else ExitCode.INTERRUPTED)
    assert done.result.verdict is (Verdict.CLEAN_UP_FAILED if stuck else Verdict.ABORTED)
    assert judge(stage.journal.entries).verdict is done.result.verdict
    assert [event for event in stage.of(Receipted) if isinstance(event, Receipted) and "." in event.jws] == []
    assert any("monitor has it as failed" in note for note in done.notes)
    assert stage.unsent.kept == []


def test_a_run_that_was_closed_by_hand_is_only_cleaned_up() -> None:
    """No step is begun any more, though its journal says nothing of that."""
    original = staged()
    run(original.begin())
    entries, standing = original.points.snapshots[original.points.names.index("acted one")]
    stage = staged(entries, standing)
    stage.held = Held(is_closed=True)
    with pytest.raises(JournalBehind, match="closed it by hand"):
        run(stage.resume())
    assert stage.journal.entries == list(entries)
    done = run(stage.resume(clean_up_only=True))
    assert (done.residue, stage.world.acted, stage.world.standing) == ((), [], set())


def test_who_is_told_that_clean_up_goes_on_is_a_person() -> None:
    """A monitor that refuses a head again and again asks for nothing; a signal does."""
    for at, is_a_person in (("never", False), ("undone one", True)):
        told = staged(points=Points(1, lasting=True))

        def fault(name: str, told: Stage = told, at: str = at) -> None:
            _refuse(told, name, "acted one")
            if name == at:
                told.stop.tell("SIGTERM")

        told.points.fault = fault
        run(told.begin())
        assert [event.by for event in told.of(Interrupted) if isinstance(event, Interrupted)] == ["monitor"]
        assert any("still cleaning up" in line for line in told.screen.lines) == is_a_person


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
