"""What a span is, by which clock, and when it is none."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from drills.model.event import (
    Began,
    CleaningUp,
    Closed,
    Ended,
    Entry,
    Event,
    Gated,
    Interrupted,
    Opened,
    Resumed,
    UndoEnded,
)
from drills.model.step import Span, Status
from drills.model.verdict import Measured
from drills.rules.spans import comparable, measured
from tests.support.clock import START
from tests.support.drilling import journal, opened, step

PLAN = opened(
    [
        step("exercise", begins=(Span.PAGE,)),
        step("again", begins=(Span.PAGE,)),
        step("pager", ends=(Span.PAGE,)),
        step("phone", ends=(Span.PAGE,)),
    ],
    targets={Span.PAGE: 120.0},
)


def _ended(id_: str, status: Status = Status.PASSED, at: datetime | None = None) -> Ended:
    return Ended(id_, status, "", happened_at=at)


ALL: Sequence[Event] = (
    Began("exercise"),
    _ended("exercise"),
    _ended("again"),
    _ended("pager"),
    _ended("phone"),
)


def _page(entries: Sequence[Entry]) -> Measured:
    (page,) = (each for each in measured(entries) if each.span is Span.PAGE)
    return page


def _run(*events: Event, begin: Opened = PLAN) -> list[Entry]:
    return journal(*events, begin=begin, each=10.0)


def test_a_span_goes_from_the_first_that_begins_it_to_the_last_that_ends_it() -> None:
    """By the clock that never goes back, of which nothing need be said."""
    assert _page(_run(*ALL)) == Measured(Span.PAGE, 30.0, 120.0, "")


def test_a_wall_clock_that_was_set_does_not_matter_to_what_is_not_measured_by_it() -> None:
    """Both ends are entries of one boot."""
    entries = _run(*ALL)
    stepped = [*entries[:3], *(replace(entry, at=entry.at - timedelta(hours=3)) for entry in entries[3:])]
    assert _page(stepped).seconds == 30.0


def _at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


CLOCKS: list[tuple[str, datetime | None, datetime | None, float, str]] = [
    ("both were told", _at(11), _at(47.5), 36.5, "by the clocks of those who saw it"),
    ("the end was told", None, _at(47.5), 27.5, "by this machine's clock on the wall against the clock of who saw it"),
    ("the beginning was told", _at(11), None, 29.0, "by this machine's clock on the wall against the clock"),
]


@pytest.mark.parametrize(
    ("begin", "end", "seconds", "why"), [row[1:] for row in CLOCKS], ids=[row[0] for row in CLOCKS]
)
def test_what_is_known_better_than_by_an_entry_counts(
    begin: datetime | None, end: datetime | None, seconds: float, why: str
) -> None:
    """It is measured by clocks on the wall, and that is said."""
    page = _page(_run(Began("exercise"), _ended("exercise", at=begin), _ended("pager"), _ended("phone", at=end)))
    assert page.seconds == seconds
    assert page.why.startswith(why)


def test_the_clock_on_the_wall_measures_where_the_machine_was_started_anew() -> None:
    """And it is said."""
    entries = _run(*ALL)
    anew = [*entries[:3], *(replace(entry, boot="next", mono=entry.mono - 5000) for entry in entries[3:])]
    assert _page(anew) == Measured(
        Span.PAGE, 30.0, 120.0, "by this machine's clock on the wall: it was started anew, or another went on"
    )


@pytest.mark.parametrize("by", [timedelta(hours=-1), timedelta(seconds=2.5)])
def test_a_wall_clock_that_was_set_measures_nothing(by: timedelta) -> None:
    """Where it is what the span would be measured by."""
    entries = _run(Began("exercise"), _ended("exercise"), _ended("pager"), _ended("phone", at=_at(90)))
    stepped = [*entries[:3], *(replace(entry, at=entry.at + by) for entry in entries[3:])]
    assert _page(stepped) == Measured(Span.PAGE, None, 120.0, "the clock on the wall was set meanwhile")


MISSING: list[tuple[str, Sequence[Event], str]] = [
    ("what begins it failed", [_ended("exercise", Status.FAILED), *ALL[3:]], "exercise, which begins it, did not pass"),
    ("what ends it failed", [*ALL[:4], _ended("phone", Status.FAILED)], "phone, which ends it, did not pass"),
    ("what ends it was simulated", [*ALL[:4], _ended("phone", Status.SIMULATED)], "phone, which ends it, did not pass"),
    ("what ends it never came", ALL[:4], "phone, which ends it, did not pass"),
    ("its end was before", [_ended("pager"), _ended("phone"), _ended("exercise")], "its end lies before its beginning"),
    (
        "its end was told to be before",
        [*ALL[:3], _ended("pager", at=_at(-9)), _ended("phone", at=_at(-9))],
        "its end lies before its beginning",
    ),
]


@pytest.mark.parametrize(("events", "why"), [row[1:] for row in MISSING], ids=[row[0] for row in MISSING])
def test_what_was_not_measured_says_why(events: Sequence[Event], why: str) -> None:
    """It is no time at all, neither a good one nor a bad one."""
    page = _page(_run(*events))
    assert (page.seconds, page.is_met) == (None, None)
    assert page.why.startswith(why)


def test_what_no_step_measures_is_missing_where_a_target_is_set() -> None:
    """And is left out where there is none."""
    plan = replace(PLAN, targets={Span.AUDIT: 60.0, Span.REVOKE: 60.0}, steps=(step("login", begins=(Span.AUDIT,)),))
    entries = _run(Began("login"), _ended("login"), begin=plan)
    assert [(each.span, each.why) for each in measured(entries) if each.seconds is None] == [
        (Span.AUDIT, "no step ends it"),
        (Span.REVOKE, "no step begins it"),
    ]


def test_a_simulated_beginning_measures_what_is_real_after_it() -> None:
    """A fault of the simulator, detected on the true path. A step that is not real ends nothing."""
    assert _page(_run(Began("exercise"), _ended("exercise", Status.SIMULATED), *ALL[3:])).seconds == 20.0
    unreal = replace(PLAN, steps=(*PLAN.steps[:3], replace(PLAN.steps[3], is_real=False)))
    assert _page(_run(*ALL, begin=unreal)).why == "phone is not real"


def test_the_whole_goes_from_the_first_step_to_the_last_undo() -> None:
    """Clean-up included, and what was written after it not."""
    entries = _run(*ALL, UndoEnded("exercise", Status.PASSED, ""), Began("late"))
    assert {each.span: each.seconds for each in measured(entries)} == {Span.PAGE: 30.0, Span.TOTAL: 50.0}
    (total,) = measured(_run(begin=replace(PLAN, targets={Span.TOTAL: 900.0})))
    assert (total.seconds, total.why) == (None, "no step was done")


@pytest.mark.parametrize(
    ("more", "spans"),
    [
        ((), {Span.PAGE, Span.TOTAL}),
        ((Interrupted("SIGINT"),), {Span.PAGE}),
        ((Resumed("anna", "elsewhere"),), {Span.PAGE}),
        ((_ended("again", Status.FAILED),), {Span.PAGE}),
        ((_ended("pager", Status.FAILED),), set()),
    ],
)
def test_the_whole_of_a_run_that_broke_off_is_compared_with_none(more: Sequence[Event], spans: set[Span]) -> None:
    """It says how soon it did so; what was measured between steps that were done stays good."""
    entries = _run(*(Began(each) for each in ("again", "pager", "phone")), *ALL, *more)
    assert comparable(measured(entries), entries).keys() == spans


def test_a_run_that_ended_at_a_gate_has_nothing_to_compare() -> None:
    """Not even that it took no time."""
    entries = _run(
        Gated("window", Status.FAILED, "shut"), CleaningUp("gate window: shut", ()), Closed("aborted", "", 1)
    )
    assert comparable(measured(entries), entries) == {}


def test_a_journal_without_a_beginning_has_no_spans() -> None:
    """Nobody knows what would begin one."""
    assert measured(journal(*ALL)) == ()
