"""What comes next in a run."""

from datetime import UTC, datetime

import pytest

from drills.model.event import (
    Began,
    CleaningUp,
    Closed,
    Ended,
    Entry,
    Event,
    Head,
    Interrupted,
    Resumed,
)
from drills.model.step import PlannedStep, Span, Status
from drills.rules.course import Begin, CleanUp, Next, Over, Skip, Wait, after, began_at, going_on


def step(id_: str, *needs: str, begins: tuple[Span, ...] = (), is_background: bool = False) -> PlannedStep:
    """Return a step that needs others."""
    return PlannedStep(id_, "wait", id_, is_real=True, needs=needs, begins=begins, is_background=is_background)


ONE, TWO, THREE = step("one"), step("two", "one"), step("three", "one")
STEPS = (ONE, TWO, THREE)


def ended(id_: str, status: Status = Status.PASSED) -> tuple[Event, ...]:
    """Return that a step began and ended."""
    return Began(id_), Ended(id_, status, "")


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param((), Begin(ONE), id="the first step begins"),
        pytest.param(ended("one"), Begin(TWO), id="the next begins when what it needs passed"),
        pytest.param(ended("one", Status.SIMULATED), Begin(TWO), id="a simulated step lets the next begin"),
        pytest.param(ended("one", Status.WAIVED), Begin(TWO), id="a step that was let go lets the next begin"),
        pytest.param(ended("one", Status.FAILED), Skip(TWO, "needs one, which failed"), id="failed"),
        pytest.param(
            ended("one", Status.NOT_MEASURED), Skip(TWO, "needs one, which was not measured"), id="not measured"
        ),
        pytest.param(ended("one", Status.ERROR), Skip(TWO, "needs one, which met a fault"), id="a fault"),
        pytest.param(
            (*ended("one"), *ended("two", Status.FAILED)), Begin(THREE), id="a step that needs it not goes on"
        ),
        pytest.param(
            (*ended("one"), *ended("two", Status.FAILED), *ended("three")), CleanUp("two failed"), id="then clean-up"
        ),
        pytest.param((*ended("one"), *ended("two"), *ended("three")), CleanUp("every step is done"), id="all passed"),
        pytest.param((*ended("one"), Interrupted("SIGTERM")), CleanUp("interrupted by SIGTERM"), id="interrupted"),
        pytest.param((*ended("one"), CleaningUp("two failed")), CleanUp("two failed"), id="clean-up had begun"),
        pytest.param(
            (*ended("one"), Resumed("a", "h", clean_up_only=True)), CleanUp("resumed to clean up only"), id="clean only"
        ),
        pytest.param((*ended("one"), Resumed("a", "h")), Begin(TWO), id="resumed"),
        pytest.param((Interrupted("x"), Resumed("a", "h")), CleanUp("interrupted by x"), id="resumed after a stop"),
        pytest.param((*ended("one"), Closed("passed", "", 0)), Over(), id="closed"),
    ],
)
def test_what_is_next(events: tuple[Event, ...], expected: Next) -> None:
    """It follows from plan and journal alone."""
    assert after(STEPS, events) == expected


def test_a_background_step_holds_up_only_what_needs_it_and_the_end() -> None:
    """The others begin while it goes on."""
    slow = step("slow", is_background=True)
    steps = (slow, step("free"), step("bound", "slow"))
    assert after(steps, (Began("slow"),)) == Begin(steps[1])
    assert after(steps, (Began("slow"), *ended("free"))) == Wait(("slow",))
    assert after(steps, (Began("slow"), *ended("free"), Ended("slow", Status.PASSED, ""))) == Begin(steps[2])
    assert after(steps[:2], (Began("slow"), *ended("free"))) == Wait(("slow",))


def test_a_background_step_that_fails_skips_only_what_needs_it() -> None:
    """One failing is no reason for another to stop."""
    steps = (step("slow", is_background=True), step("free"), step("bound", "slow"))
    events = (Began("slow"), Ended("slow", Status.FAILED, ""))
    assert after(steps, events) == Begin(steps[1])
    assert after(steps, (*events, *ended("free"))) == Skip(steps[2], "needs slow, which failed")


def test_what_a_skipped_step_was_needed_for_is_skipped_too() -> None:
    """And says so."""
    steps = (ONE, TWO, step("last", "two"))
    events = (*ended("one", Status.FAILED), Ended("two", Status.SKIPPED, ""))
    assert after(steps, events) == Skip(steps[2], "needs two, which was skipped")


def test_what_began_and_did_not_end_goes_on_in_the_order_in_which_it_began() -> None:
    """These are cut short when a run is interrupted."""
    assert going_on((Began("a"), Began("b"), Ended("a", Status.PASSED, ""), Began("c"))) == ("b", "c")


def test_the_outage_began_when_the_first_step_that_begins_a_span_came_out_well() -> None:
    """By when it happened, where that is known; else by its entry."""
    steps = (ONE, step("fault", begins=(Span.DETECT,)), step("later", begins=(Span.AUDIT,)))
    at, other = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)

    def entries(*events: Event) -> list[Entry]:
        return [Entry(Head(n, ""), "run", at, 0, "", event) for n, event in enumerate(events)]

    assert began_at(steps, entries(*ended("one"))) is None
    assert began_at(steps, entries(*ended("fault", Status.FAILED))) is None
    assert began_at(steps, entries(*ended("one"), *ended("fault"), *ended("later"))) == at
    known = Ended("fault", Status.SIMULATED, "", happened_at=other)
    assert began_at(steps, entries(Began("fault"), known)) == other
