"""What people are shown of a run while it goes on."""

from datetime import UTC, datetime, timedelta

import pytest

from drills.model.event import (
    Began,
    Checkpoint,
    CleaningUp,
    Closed,
    Confirmed,
    Ended,
    Entry,
    Event,
    Gated,
    Head,
    Interrupted,
    NotTold,
    Resumed,
    UndoBegan,
    UndoEnded,
)
from drills.model.step import Span, Status
from drills.rules.progress import line, standing
from tests.support.drilling import opened, step

AT = datetime(2026, 3, 1, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (opened(), "Break-glass works (quarterly) on payments, run by anna"),
        (Gated("window", Status.PASSED, "any"), ""),
        (Gated("window", Status.NOT_MEASURED, "no zone"), "gate window: not measured: no zone"),
        (NotTold("monitor", "no answer"), "monitor could not be told: no answer"),
        (Began("one"), ""),
        (Ended("one", Status.PASSED, "done"), "passed       one: done"),
        (Confirmed("one", "anna", is_yes=False), "anna says no to one"),
        (CleaningUp("one failed"), "cleaning up: one failed"),
        (UndoEnded("one", Status.PASSED, "gone"), "taken back   one: gone"),
        (UndoEnded("one", Status.FAILED, "stands"), "LEFT BEHIND  one: stands"),
        (Interrupted("SIGTERM"), "interrupted by SIGTERM"),
        (Interrupted("stop", "asked by anna"), "interrupted by stop: asked by anna"),
        (Resumed("anna", "host", clean_up_only=True), "resumed by anna on host to clean up only"),
        (Closed("not_measured", "why", 4), "not measured: why"),
        (Checkpoint("x"), ""),
    ],
)
def test_an_entry_is_told_in_a_line_or_not_at_all(event: Event, expected: str) -> None:
    """What people can do nothing with is not told."""
    assert line(event) == expected


def entries(*events: Event) -> list[Entry]:
    """Return entries a second apart."""
    return [
        Entry(Head(number, ""), "run", AT + timedelta(seconds=number), 0, "", event)
        for number, event in enumerate(events)
    ]


def test_every_step_and_span_stands_in_a_line_with_the_time_that_is_left() -> None:
    """A span shows from its beginning to its end, if it has a target."""
    steps = (
        step("fault", begins=(Span.DETECT, Span.FLAG)),
        step("look", ends=(Span.DETECT,), within_seconds=60.0),
        step("last"),
    )
    first = opened(steps, targets={"detect": 30.0, "total": 100.0})
    ran: list[Event] = [first, Began("fault", has_undo=True), Ended("fault", Status.PASSED, ""), Began("look")]
    assert standing([], AT) == ()
    assert standing(entries(first), AT) == (
        "  -                      fault  does fault",
        "  -                      look  does look",
        "  -                      last  does last",
    )
    assert standing(entries(*ran), AT + timedelta(seconds=13)) == (
        "  passed                 fault  does fault",
        "  now, 50 s left         look  does look",
        "  -                      last  does last",
        "  detect: 19 s left of 30 s",
        "  total: 88 s left of 100 s",
    )
    assert "  detect: 9 s over of 30 s" in standing(entries(*ran), AT + timedelta(seconds=41))
    done = entries(*ran, Ended("look", Status.PASSED, ""), UndoBegan("fault"))
    assert standing(done, AT)[0] == "  is taken back          fault  does fault"
    assert not any("detect" in each for each in standing(done, AT))
    gone = entries(*ran, UndoEnded("fault", Status.FAILED, ""))
    assert standing(gone, AT)[0] == "  LEFT BEHIND            fault  does fault"
