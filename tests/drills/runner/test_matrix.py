"""A run is interrupted at every point there is, in every way there is.

A point is a call of a port: before and after each entry of the journal, each act, each undo, each word to a witness.
Whatever happens there: nothing is left behind unnamed, every undo is tried, the run is never passed, and the exit code
is the one that was designed. What takes real signals and real processes stands in `test_processes.py`.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from drills.model.event import (
    Began,
    Checkpoint,
    CleaningUp,
    Closed,
    Entry,
    Event,
    Head,
    Interrupted,
    NotTold,
    Receipted,
)
from drills.model.verdict import Verdict
from drills.ports import Closing
from drills.rules import course
from drills.rules.undo import to_take_back
from drills.rules.untold import untold
from drills.runner.finish import Done
from drills.runner.late import end_of
from glasswatch.errors import EvidenceUnwritable, ExitCode, UsageFault
from tests.support.drill_stage import Points, Stage, step, unwritable
from tests.support.virtual_time import run


class Torn(BaseException):
    """Something that no `except Exception` takes."""


def raising(fault: type[BaseException]) -> Callable[[str], None]:
    """Return what raises a new one."""

    def raise_(_name: str) -> None:
        raise fault("x")

    return raise_


def staged(
    points: Points | None = None, entries: Sequence[Entry] = (), standing: frozenset[str] = frozenset()
) -> Stage:
    """Return a run of two steps: what is between them, and a first and a last undo, is all that makes a difference."""
    return Stage((step("one"), step("two", "one")), points, entries, standing)


def telling(stage: Stage, times: int = 1) -> Callable[[str], None]:
    """Return what tells a run to stop, so many times."""

    def tell(_name: str) -> None:
        for _ in range(times):
            stage.stop.tell("SIGTERM")

    return tell


def cancel(*tasks: asyncio.Task[Any] | None) -> None:
    """Cancel tasks."""
    for task in tasks:
        if task is not None:
            task.cancel()


def walked() -> list[str]:
    """Return the points of a run that nothing interrupts."""
    stage = staged()
    done = run(stage.begin())
    assert done.exit_code is ExitCode.GOOD
    assert done.result.verdict is Verdict.PASSED
    return stage.points.names


NAMES = walked()
POINTS = range(1, len(NAMES) + 1)
LAST_TOLD = len(NAMES) - NAMES[::-1].index("tell at monitor")
BEFORE_CLOSED = NAMES.index("append Closed") + 1


def all_is_named(stage: Stage, done: Done) -> None:
    """Nothing is left behind that is not named, and whatever was begun was tried to be taken back."""
    left = {line.split(":")[0] for line in done.residue}
    assert stage.world.standing <= left
    began = {event.step for event in stage.journal.events if isinstance(event, Began)}
    assert set(stage.world.acted) <= began | left
    assert set(stage.world.acted) <= set(stage.world.undone)
    if done.residue:
        assert done.exit_code in (ExitCode.RESIDUE, ExitCode.BUG)


def is_clean(stage: Stage, done: Done) -> None:
    """All of it is taken back, and nothing else is claimed."""
    all_is_named(stage, done)
    assert stage.world.standing == set()
    assert done.residue == ()


def was_not_passed(stage: Stage, done: Done) -> None:
    """Neither the command nor the journal nor a witness says passed."""
    assert done.exit_code is not ExitCode.GOOD
    assert done.result.verdict is not Verdict.PASSED
    assert [e for e in stage.journal.events if isinstance(e, Closed) and e.verdict == "passed"] == []
    assert [closing for closing in stage.witness.closed if closing.verdict == "passed"] == []


def position(events: Sequence[Event]) -> int:
    """Return where the entry is that closes a run; -1 where there is none."""
    return next((number for number, event in enumerate(events) if isinstance(event, Closed)), -1)


def is_closed(stage: Stage) -> None:
    """The journal says that it is over, after clean-up; what follows is signatures, and words of witnesses."""
    events = stage.journal.events
    assert sum(isinstance(event, Closed) for event in events) == 1
    assert all(isinstance(event, Receipted | NotTold | Checkpoint) for event in events[position(events) + 1 :])
    assert any(isinstance(event, CleaningUp) for event in events)


def test_told_to_stop_at_every_point() -> None:
    """SIGINT, SIGTERM, SIGHUP and `drill stop` all end here; a second and a third word at once change nothing."""
    for at in range(1, BEFORE_CLOSED):
        stage = staged(points=Points(at))
        stage.points.fault = telling(stage, times=1 + at % 3)
        done = run(stage.begin())
        is_clean(stage, done)
        was_not_passed(stage, done)
        is_closed(stage)
        assert done.exit_code is ExitCode.INTERRUPTED, NAMES[at - 1]
        assert len(stage.of(Interrupted)) == 1
        assert len(stage.world.acted) == len(stage.world.undone), NAMES[at - 1]


def test_a_word_after_the_last_entry_changes_nothing() -> None:
    """The run is over, and what it came to stands."""
    for at in range(BEFORE_CLOSED, len(NAMES) + 1):
        stage = staged(points=Points(at))
        stage.points.fault = telling(stage)
        done = run(stage.begin())
        assert (done.exit_code, done.result.verdict) == (ExitCode.GOOD, Verdict.PASSED)


def test_told_again_at_every_point_of_clean_up() -> None:
    """Clean-up goes on, and says so."""
    for at in POINTS:
        stage = staged(points=Points(at, lasting=True))
        stage.points.fault = telling(stage)
        done = run(stage.begin())
        is_clean(stage, done)
        if at < BEFORE_CLOSED:
            was_not_passed(stage, done)
            assert any("still cleaning up" in line for line in stage.screen.lines)


def test_cancelled_at_every_point() -> None:
    """As whoever embeds a run would do, or a loop that is being closed."""
    for at in POINTS:
        stage = staged()

        async def cancelled(stage: Stage = stage, at: int = at) -> Done:
            task = asyncio.ensure_future(stage.begin())
            stage.points.at, stage.points.fault = at, lambda _name: cancel(task)
            while not task.done():
                await asyncio.wait({task})
            return task.result()

        done = run(cancelled())
        is_clean(stage, done)
        is_closed(stage)
        if at < BEFORE_CLOSED:
            was_not_passed(stage, done)


def test_everything_is_cancelled_at_every_point() -> None:
    """A loop that is closed cancels every task, the one that cleans up too."""
    for at in POINTS:
        stage = staged()

        async def cancelled(stage: Stage = stage, at: int = at) -> Done:
            own = asyncio.current_task()
            stage.points.at = at
            stage.points.fault = lambda _name: cancel(*asyncio.all_tasks() - {own})
            return await asyncio.ensure_future(stage.begin())

        done = run(cancelled())
        is_clean(stage, done)
        if at < BEFORE_CLOSED:
            was_not_passed(stage, done)


@pytest.mark.parametrize(
    "fault",
    [RuntimeError, Torn, KeyboardInterrupt, SystemExit],
    ids=lambda fault: fault.__name__,
)
def test_a_fault_at_every_point(fault: type[BaseException]) -> None:
    """Of whatever kind, in whatever port: in an act it is the step's, anywhere else the run's."""
    for at in POINTS:
        stage = staged(points=Points(at, raising(fault)))
        done = run(stage.begin())
        name = NAMES[at - 1]
        all_is_named(stage, done)
        if name.startswith("undo"):
            assert all(line.startswith(name.split()[1]) for line in done.residue)
        else:
            assert stage.world.standing == set()
        if name != "screen" and not name.startswith(("tell", "close")) and at < BEFORE_CLOSED:
            was_not_passed(stage, done)


def test_the_journal_can_be_written_no_more_from_every_point_on() -> None:
    """A full disk, a directory that vanished or turned read-only: the drill stops, cleans up, and exits with 7."""

    def full(name: str) -> None:
        if name.startswith(("append", "keep")):
            unwritable(name)

    assert NAMES[BEFORE_CLOSED] == "append Checkpoint", "closed and signed at once, or not at all"
    for at in range(1, BEFORE_CLOSED + 2):
        stage = staged(points=Points(at, full, lasting=True))
        done = run(stage.begin())
        is_clean(stage, done)
        was_not_passed(stage, done)
        assert done.exit_code is ExitCode.EVIDENCE_UNWRITABLE, NAMES[at - 1]
        assert any("no space left" in note for note in done.notes)
        assert [e for e in stage.journal.events if isinstance(e, Closed)] == []
        began = len(stage.of(Began))
        assert len(stage.world.acted) <= began, "nothing is done that is not in the journal first"


def test_the_journal_fails_and_an_undo_does_too() -> None:
    """What is left behind weighs more than the evidence."""
    stage = staged(points=Points(NAMES.index("acted two") + 1, lambda _n: setattr(stage.journal, "append", _refuses)))
    stage.marking["one"].stuck = True
    done = run(stage.begin())
    assert done.exit_code is ExitCode.RESIDUE
    assert [line.split(":")[0] for line in done.residue] == ["one"]
    all_is_named(stage, done)


def test_the_monitor_dies_at_every_point() -> None:
    """Before the run was opened it does not begin; later it goes on, cleans up, was not measured, and that waits."""
    for at in range(1, BEFORE_CLOSED + 1):
        stage = staged(points=Points(at, lambda _name: setattr(stage.witness, "dead", True)))  # noqa: B023 - run within
        done = run(stage.begin())
        is_clean(stage, done)
        is_closed(stage)
        assert done.exit_code is ExitCode.NOT_MEASURED or not stage.world.acted
        assert [name for name, _closing, _head in stage.unsent.kept] == ["monitor"]
        if not stage.witness.opened:
            assert stage.world.acted == []
        assert stage.of(NotTold) or at > LAST_TOLD
        if at <= LAST_TOLD:
            was_not_passed(stage, done)


@pytest.mark.parametrize("clean_up_only", [False, True], ids=["to its end", "to clean up only"])
def test_killed_at_every_point_and_resumed(*, clean_up_only: bool) -> None:
    """SIGKILL and power loss: what the journal holds, and the world as it stood, are all there is to go on from."""
    first = staged()
    run(first.begin())
    snapshots = zip(first.points.names, first.points.snapshots, strict=True)
    for number, (name, (entries, standing)) in enumerate(snapshots):
        if not entries:
            continue
        if position([entry.event for entry in entries]) >= 0:
            is_told_later(first, entries)
            continue
        stage = staged(entries=entries, standing=standing)
        done = run(stage.resume(clean_up_only=clean_up_only))
        assert stage.world.standing == set(), name
        assert done.residue == ()
        is_closed(stage)
        assert to_take_back(stage.journal.events) == ()
        was_cut = to_take_back([entry.event for entry in entries])
        assert set(was_cut) <= set(stage.world.undone), name
        if clean_up_only:
            assert stage.world.acted == []
        begun = {entry.event.step for entry in entries if isinstance(entry.event, Began)}
        assert not begun & set(stage.world.acted), "no step is done twice"
        may_know = number >= first.points.names.index("open at monitor")
        assert len(stage.witness.closed) == 1 or not may_know, f"{name}: the monitor would hold it open for ever"


def is_told_later(first: Stage, entries: Sequence[Entry]) -> None:
    """Whoever has no word in the journal since it was closed is told what it would have been told then."""
    end = end_of(entries)
    assert end is not None
    assert end[0] == first.witness.closed[0]
    assert end[1] == entries[-1].head
    later = [entry.event for entry in entries[position([entry.event for entry in entries]) :]]
    is_told = any(isinstance(event, Receipted) for event in later)
    assert untold(entries, ["monitor"]) == (() if is_told else ("monitor",))


def test_what_is_told_of_the_end_is_kept_before() -> None:
    """Whoever is killed while it waits for the answer leaves it to the next command; once told nothing waits."""
    stage = staged(points=Points(NAMES.index("close at monitor") + 1))
    kept: list[tuple[str, Closing, Head]] = []
    stage.points.fault = lambda _name: kept.extend(stage.unsent.kept)
    assert run(stage.begin()).exit_code is ExitCode.GOOD
    ((witness, closing, head),) = kept
    assert (witness, closing) == ("monitor", stage.witness.closed[0])
    assert isinstance(stage.journal.events[head.seq - 1], Checkpoint)
    assert stage.unsent.kept == []


def test_killed_while_it_resumes_at_every_point_and_resumed_again() -> None:
    """Again and again, until it is clean."""
    first = staged()
    run(first.begin())
    entries, standing = first.points.snapshots[NAMES.index("acted two")]
    second = staged(entries=entries, standing=standing)
    run(second.resume())
    for entries, standing in second.points.snapshots:
        if position([entry.event for entry in entries]) >= 0:
            continue
        third = staged(entries=entries, standing=standing)
        done = run(third.resume())
        assert third.world.standing == set()
        assert done.residue == ()
        was_not_passed(third, done)


def left_behind() -> tuple[Entry, ...]:
    """Return what a run wrote that was closed with both of its marks left behind."""
    stage = staged()
    stage.marking["one"].stuck = stage.marking["two"].stuck = True
    assert run(stage.begin()).exit_code is ExitCode.RESIDUE
    return tuple(stage.journal.entries)


def test_what_was_left_behind_is_taken_back_later() -> None:
    """With all of it gone the run is closed again, everywhere; that it was left stays its verdict."""
    stage = staged(entries=left_behind(), standing=frozenset({"one", "two"}))
    done = run(stage.resume(clean_up_only=True))
    is_clean(stage, done)
    assert (done.exit_code, done.result.verdict) == (ExitCode.INTERRUPTED, Verdict.CLEAN_UP_FAILED)
    assert [(closing.verdict, closing.residue) for closing in stage.witness.closed] == [("clean_up_failed", ())]
    with pytest.raises(UsageFault, match="closed"):
        run(staged(entries=stage.journal.entries).resume(clean_up_only=True))


def test_what_waited_to_be_told_waits_no_more_once_a_later_end_was_told() -> None:
    """Sent later, it would be refused: the run is closed as something else by then."""
    stage = staged(entries=left_behind(), standing=frozenset({"one", "two"}))
    stage.unsent.kept = [("monitor", Closing("clean_up_failed", "", (), (), ("one", "two")), Head(1, "a" * 64))]
    run(stage.resume(clean_up_only=True))
    assert stage.unsent.kept == []


def test_what_is_still_left_is_called_as_before() -> None:
    """Less of it is told, by the same names; the same once more is no news to anybody."""
    entries = left_behind()
    (closed,) = [entry.event for entry in entries if isinstance(entry.event, Closed)]
    for stuck, told in (("one",), 1), (("one", "two"), 0):
        stage = staged(entries=entries, standing=frozenset({"one", "two"}))
        for name in stuck:
            stage.marking[name].stuck = True
            stage.marking[name].why = "another reason"
        done = run(stage.resume(clean_up_only=True))
        assert done.exit_code is ExitCode.RESIDUE
        assert stage.world.standing == set(stuck)
        assert set(done.residue) <= set(closed.residue)
        assert len(done.residue) == len(stuck)
        assert [closing.residue for closing in stage.witness.closed] == [done.residue] * told
    with pytest.raises(UsageFault, match="closed"):
        run(staged(entries=entries).resume())


def test_killed_while_what_was_left_is_taken_back_at_every_point() -> None:
    """It is not closed then, and is resumed as any other."""
    second = staged(entries=left_behind(), standing=frozenset({"one", "two"}))
    run(second.resume(clean_up_only=True))
    for entries, standing in second.points.snapshots:
        if course.closed_in([entry.event for entry in entries]) is not None:
            continue
        third = staged(entries=entries, standing=standing)
        done = run(third.resume())
        assert third.world.standing == set()
        assert (done.residue, third.world.acted) == ((), [])
        was_not_passed(third, done)


async def _refuses(_event: object) -> None:
    raise EvidenceUnwritable("no space left on device")
