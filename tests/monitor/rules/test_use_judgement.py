"""What is made of an attempt: every way in, against every state the monitor may have held."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.flag.persons import is_same_person
from monitor.model.state import Cause
from monitor.model.use import CauseSpan, Decision, Held, Judgement, Via
from monitor.model.verdict import CauseKind, FlagState
from monitor.rules.use_judgement import SKEW, judge, state_held
from tests.support.commits import at
from tests.support.uses import EXERCISE, NOBODY_THERE, READY, STANDBY, report

NOW = at(101)


def span(kind: CauseKind, since: float, until: float | None, **more: object) -> Held:
    """Return one cause that was held from one time to another."""
    cause = Cause(kind, "c-1", at(since), **more)  # type: ignore[arg-type]  # a test names the fields it means
    return Held(is_known=True, spans=(CauseSpan(cause, at(since), None if until is None else at(until)),))


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (READY, Judgement.EXPECTED),
        (EXERCISE, Judgement.EXERCISE),
        (STANDBY, Judgement.UNEXPECTED),
        (NOBODY_THERE, Judgement.UNEXPECTED),
        (span(CauseKind.MANUAL, 0, None), Judgement.EXPECTED),
    ],
)
def test_by_the_flag_it_is_what_was_held(held: Held, expected: Judgement) -> None:
    """Ready lets everybody in, an exercise its principals, standby nobody, and what nobody knows is not expected."""
    assert judge(report(), held, NOW).judgement is expected


@pytest.mark.parametrize("held", [READY, EXERCISE, STANDBY, NOBODY_THERE])
@pytest.mark.parametrize(
    ("via", "expected"),
    [
        (Via.ORDER, Judgement.EXPECTED),
        (Via.OVERRIDE, Judgement.UNEXPECTED),
        (Via.UNKNOWN, Judgement.UNEXPECTED),
    ],
)
def test_another_way_in_is_judged_by_itself(held: Held, via: Via, expected: Judgement) -> None:
    """An order is taken at the reader's word, which the reason says; the way past a reader is always critical."""
    judged = judge(report(via=via), held, NOW)
    assert judged.judgement is expected
    assert via is not Via.ORDER or "the monitor does not know orders" in judged.why


def test_what_stood_in_the_store_while_nobody_was_there_does_not_count() -> None:
    """A cause that a dead monitor left behind opens nothing: its documents have expired."""
    left_behind = Held(is_known=False, spans=READY.spans)
    assert judge(report(), left_behind, NOW).judgement is Judgement.UNEXPECTED
    assert judge(report(decision=Decision.REFUSED), left_behind, NOW).judgement is Judgement.REFUSED


def test_beyond_the_principals_of_an_exercise_is_unexpected() -> None:
    """So is somebody whose name nobody knows."""
    assert judge(report(person="carl"), EXERCISE, NOW).judgement is Judgement.UNEXPECTED
    assert judge(report(person=None), EXERCISE, NOW).judgement is Judgement.UNEXPECTED
    assert judge(report(person="Ben@example.com"), EXERCISE, NOW).judgement is Judgement.EXERCISE


def test_a_real_ready_lets_in_whom_the_exercise_would_not() -> None:
    """During an exercise an outage may come: then everybody may."""
    both = Held(is_known=True, spans=(*EXERCISE.spans, *READY.spans))
    assert judge(report(person="carl"), both, NOW).judgement is Judgement.EXPECTED


def test_a_reader_that_let_in_what_it_judged_closed_is_unexpected() -> None:
    """Whatever the monitor held: that reader does not do its work."""
    assert judge(report(state=FlagState.STANDBY), READY, NOW).judgement is Judgement.UNEXPECTED


@pytest.mark.parametrize(
    ("at_seconds", "expected"),
    [
        (39, Judgement.UNEXPECTED),
        (40, Judgement.EXPECTED),
        (100, Judgement.EXPECTED),
        (259, Judgement.EXPECTED),
        (260, Judgement.UNEXPECTED),
    ],
)
def test_clocks_may_differ_by_so_much_and_no_more(at_seconds: float, expected: Judgement) -> None:
    """A cause held from 100 s to 200 s counts 60 s further on each side, its end left out."""
    held = span(CauseKind.OUTAGE, 100, 200)
    assert judge(report(seconds=at_seconds), held, at(500)).judgement is expected


def test_a_cause_past_its_own_end_or_held_back_does_not_count() -> None:
    """A row that was not closed in time opens nothing."""
    over = Cause(CauseKind.MANUAL, "c-1", at(0), until=at(30))
    held = Held(is_known=True, spans=(CauseSpan(over, at(0), None),))
    assert judge(report(seconds=100), held, NOW).judgement is Judgement.UNEXPECTED
    assert judge(report(), span(CauseKind.OUTAGE, 0, None, suspended=True), NOW).judgement is Judgement.UNEXPECTED
    inhibited = span(CauseKind.OUTAGE, 0, None, inhibited=True)
    assert judge(report(), inhibited, NOW).judgement is Judgement.UNEXPECTED
    refused = report(decision=Decision.REFUSED, state=None)
    assert judge(refused, inhibited, NOW).judgement is Judgement.REFUSED


def test_a_time_in_the_future_is_believed_as_far_as_clocks_differ() -> None:
    """Further ahead nobody can say what will be held."""
    assert judge(report(seconds=161), READY, at(101)).judgement is Judgement.EXPECTED
    ahead = judge(report(seconds=162), READY, at(101))
    assert (ahead.judgement, "future" in ahead.why) == (Judgement.UNEXPECTED, True)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (READY, Judgement.LOCKED_OUT),
        (EXERCISE, Judgement.REFUSED),
        (STANDBY, Judgement.REFUSED),
        (NOBODY_THERE, Judgement.REFUSED),
    ],
)
@pytest.mark.parametrize("via", list(Via))
def test_a_refusal_wakes_somebody_only_while_ready(held: Held, expected: Judgement, via: Via) -> None:
    """At 3 a.m. somebody stands before a closed door that should be open."""
    judged = judge(report(decision=Decision.REFUSED, via=via, code="expired"), held, NOW)
    assert (judged.judgement, "expired" in judged.why) == (expected, True)


@pytest.mark.parametrize("code", ["emergency", "certificate"])
def test_who_came_to_a_door_that_was_not_theirs_is_not_locked_out(code: str) -> None:
    """A drill asked for while it is really ready, and a drill's certificate at the real door: refused with reason."""
    judged = judge(report(decision=Decision.REFUSED, via=Via.UNKNOWN, code=code), READY, NOW)
    assert (judged.judgement, code in judged.why) == (Judgement.REFUSED, True)
    ended = report(decision=Decision.REFUSED, via=Via.UNKNOWN, code="certificate_ended")
    assert judge(ended, READY, NOW).judgement is Judgement.LOCKED_OUT


def test_a_refusal_just_before_ready_locks_nobody_out() -> None:
    """Here clocks are taken as they are: the door was closed with good reason."""
    early = report(seconds=99, decision=Decision.REFUSED)
    assert judge(early, span(CauseKind.OUTAGE, 100, None), NOW).judgement is Judgement.REFUSED


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("anna", "anna", True),
        ("anna", "Anna@example.com", True),
        ("anna@a.example", "anna@b.example", True),
        ("anna", "ben", False),
        ("anna", "annabel", False),
    ],
)
def test_names_are_compared_so_that_nobody_slips_through(one: str, other: str, is_same: bool) -> None:  # noqa: FBT001 - pytest passes parameters by name
    """Case and domain tell no two persons apart."""
    assert is_same_person(one, other) is is_same
    assert is_same_person(other, one) is is_same


SPANS = st.lists(
    st.tuples(
        st.sampled_from(CauseKind),
        st.integers(0, 20),
        st.one_of(st.none(), st.integers(0, 20)),
        st.one_of(st.none(), st.integers(0, 20)),
    ),
    max_size=4,
)


@given(SPANS, st.integers(-2, 22), st.integers(0, 3))
def test_what_was_held_is_what_some_instant_held(
    spans: list[tuple[CauseKind, int, int | None, int | None]], since: int, length: int
) -> None:
    """The state over a while is the most that any of its instants (half seconds here) held."""
    held = Held(
        is_known=True,
        spans=tuple(
            CauseSpan(
                Cause(kind, str(number), at(start), until=None if own is None else at(own)),
                at(start),
                None if end is None else at(end),
            )
            for number, (kind, start, end, own) in enumerate(spans)
        ),
    )
    instants = [since + half / 2 for half in range(2 * length + 1)]
    found = {
        kind
        for instant in instants
        for kind, start, end, own in spans
        if start <= instant and (end is None or instant < end) and (own is None or instant < own)
    }
    expected = FlagState.READY if found - {CauseKind.EXERCISE} else FlagState.EXERCISE if found else FlagState.STANDBY
    assert state_held(held, at(since), at(since + length))[0] is expected


@given(st.sampled_from(Via), st.sampled_from(FlagState), st.integers(-10_000, 10_000))
def test_nothing_is_expected_on_standby_but_by_an_order(via: Via, state: FlagState, seconds: int) -> None:
    """Whatever the reader says of itself."""
    judged = judge(report(seconds=seconds, via=via, state=state), STANDBY, at(0))
    assert (judged.judgement is Judgement.EXPECTED) is (via is Via.ORDER)
    assert timedelta(seconds=60) == SKEW


def test_a_person_who_tells_of_an_order_by_hand_covers_nobody() -> None:
    """Only a reader is believed to have seen one."""
    by_hand = judge(report(via=Via.ORDER, told_by="ben"), STANDBY, at(101))
    assert by_hand.judgement is Judgement.UNEXPECTED
    assert judge(report(via=Via.ORDER), STANDBY, at(101)).judgement is Judgement.EXPECTED
