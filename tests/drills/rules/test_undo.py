"""What is to be taken back, and in which order, follows from the journal alone."""

from hypothesis import given
from hypothesis import strategies as st

from drills.model.event import Began, CleaningUp, Ended, Event, Interrupted, Resumed, UndoBegan, UndoEnded
from drills.model.step import PlannedStep, Status
from drills.rules.undo import residue_of, to_take_back

NAMES = st.sampled_from(("a", "b", "c", "d"))
STATUSES = st.sampled_from(tuple(Status))
EVENTS: st.SearchStrategy[list[Event]] = st.lists(
    st.one_of(
        st.builds(Began, NAMES, st.booleans()),
        st.builds(Ended, NAMES, STATUSES, st.just("")),
        st.builds(UndoBegan, NAMES),
        st.builds(UndoEnded, NAMES, STATUSES, st.just("")),
        st.builds(CleaningUp, st.just("why")),
        st.builds(Interrupted, st.just("SIGTERM")),
        st.builds(Resumed, st.just("anna"), st.just("host")),
    ),
    max_size=30,
)


def test_last_in_is_first_out_whatever_came_of_a_step() -> None:
    """Passed, failed, cut short: what began with an undo is taken back; what changes nothing is not."""
    events = (
        *(Began("flag", has_undo=True), Ended("flag", Status.PASSED, "")),
        *(Began("look"), Ended("look", Status.PASSED, "")),
        *(Began("access", has_undo=True), Ended("access", Status.FAILED, "")),
        Began("account", has_undo=True),
    )
    assert to_take_back(events) == ("account", "access", "flag")


def test_an_undo_that_failed_is_tried_again_and_one_that_passed_is_not() -> None:
    """So that a run that is resumed does what is left, and no more."""
    events = (
        *(Began("a", has_undo=True), Began("b", has_undo=True)),
        *(UndoBegan("b"), UndoEnded("b", Status.PASSED, ""), UndoBegan("a"), UndoEnded("a", Status.FAILED, "")),
    )
    assert to_take_back(events) == ("a",)
    assert to_take_back((*events, UndoBegan("a"))) == ("a",)  # begun, and killed


def test_residue_is_what_the_undo_named_or_else_what_the_plan_says() -> None:
    """Every line says which step, what may be left, and how a person takes it back."""
    steps = (
        PlannedStep("a", "http", "opens", is_real=True, undo="DELETE /grants/RUN", touches=("grants",)),
        PlannedStep("b", "command", "adds", is_real=True),
    )
    began = (Began("a", has_undo=True), Began("b", has_undo=True))
    assert residue_of(steps, began) == (
        "b: what it did; by hand: take back by hand what the scenario says of it",
        "a: what it touches: grants; by hand: DELETE /grants/RUN",
    )
    assert residue_of(steps, (*began, UndoEnded("b", Status.FAILED, "", residue="account drill-1")))[0] == (
        "account drill-1"
    )


@given(EVENTS)
def test_whatever_a_journal_says_nothing_is_forgotten_and_nothing_is_done_twice(events: list[Event]) -> None:
    """A step is in the list exactly where no undo that passed came after its last beginning, or an undo that failed."""
    standing = to_take_back(events)
    assert len(set(standing)) == len(standing)
    places: dict[str, int] = {}
    for name in ("a", "b", "c", "d"):
        of = [(n, e) for n, e in enumerate(events) if isinstance(e, Began | UndoEnded) and e.step == name]
        undone = max((n for n, e in of if isinstance(e, UndoEnded) and e.status is Status.PASSED), default=-1)
        began = [n for n, e in of if isinstance(e, Began) and e.has_undo and n > undone]
        failed = [n for n, e in of if isinstance(e, UndoEnded) and n > undone]
        assert (name in standing) is bool(began or failed)
        if began or failed:
            places[name] = began[-1] if began else failed[0]
    assert list(standing) == sorted(places, key=lambda name: -places[name])


@given(EVENTS, st.integers(0, 30))
def test_cut_anywhere_a_journal_names_no_fewer_steps_than_were_begun_and_not_undone(
    events: list[Event], cut: int
) -> None:
    """What comes after a cut can only add what began, or take away what was undone."""
    before, after = to_take_back(events[:cut]), to_take_back(events)
    rest = events[cut:]
    gone = {e.step for e in rest if isinstance(e, UndoEnded) and e.status is Status.PASSED}
    assert set(before) - gone <= set(after)
    assert set(after) <= set(before) | {e.step for e in rest if isinstance(e, Began | UndoEnded)}
