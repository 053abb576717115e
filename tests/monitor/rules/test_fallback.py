"""Which other channels a page goes to because those it was routed to did not take it in time."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.page import PageKind, PageStatus, Route
from monitor.model.told import Reach
from monitor.rules.fallback import Fallback, audience, due, fallbacks, is_missed
from tests.support.pages import page

CHANNELS = ("pager", "chat", "sms", "mail")
MINUTE = timedelta(minutes=1)
PAGER = Fallback(("pager",), ("sms",), MINUTE)

names = st.sampled_from(CHANNELS)
some = st.lists(names, max_size=4, unique=True).map(tuple)
spans = st.integers(0, 300).map(lambda seconds: timedelta(seconds=seconds))
found = st.lists(st.builds(Fallback, some, some, spans), max_size=4)
told = st.dictionaries(names, st.sampled_from(Reach))


def test_routes_that_take_the_kind_and_have_one_count() -> None:
    """In the order of the routes; only channels that exist; a route without a fallback has nothing to say."""
    routes = (
        Route(("pager", "gone"), frozenset({PageKind.OUTAGE}), ("sms", "lost"), MINUTE),
        Route(("chat",), frozenset({PageKind.DEGRADED}), ("mail",)),
        Route(("chat",), fallback=("mail",)),
        Route(("mail",)),
    )
    assert fallbacks(page(), routes, CHANNELS) == (PAGER, Fallback(("chat",), ("mail",), MINUTE))


@pytest.mark.parametrize("reach", [Reach.BEING_TOLD, Reach.NOT_REACHED, Reach.GIVEN_UP])
def test_what_was_not_taken_in_time_falls_back(reach: Reach) -> None:
    """Not before its time, and whatever the reason."""
    assert due([PAGER], {"pager": reach}, MINUTE - timedelta(milliseconds=1)) == ()
    assert due([PAGER], {"pager": reach}, MINUTE) == ("sms",)


def test_what_was_taken_does_not() -> None:
    """However old it is."""
    assert due([PAGER], {"pager": Reach.TOLD}, 100 * MINUTE) == ()


def test_one_that_took_it_does_not_stand_in_for_another() -> None:
    """A chat that took it wakes nobody."""
    both = Fallback(("pager", "chat"), ("sms",), MINUTE)
    assert due([both], {"pager": Reach.NOT_REACHED, "chat": Reach.TOLD}, MINUTE) == ("sms",)


@given(found=found, told=told, waited=spans)
def test_nobody_is_told_twice_and_nobody_for_nothing(
    found: list[Fallback], told: dict[str, Reach], waited: timedelta
) -> None:
    """Each channel that is due has not got it yet, and is the fallback of a route whose time is up and that missed."""
    channels = due(found, told, waited)
    assert len(set(channels)) == len(channels)
    for name in channels:
        assert name not in told
        assert any(name in each.to and waited >= each.after and is_missed(each, told) for each in found)


@given(found=found, told=told, waited=spans, longer=spans)
def test_nothing_is_forgotten(
    found: list[Fallback], told: dict[str, Reach], waited: timedelta, longer: timedelta
) -> None:
    """What is due stays so until it is told; and everything that missed has been told in the end."""
    now = due(found, told, waited)
    assert set(now) <= set(due(found, told, waited + longer))
    after = told | dict.fromkeys(now, Reach.BEING_TOLD)
    assert not set(due(found, after, waited)) & set(now)
    for each in found:
        if waited >= each.after and is_missed(each, told):
            assert set(each.to) <= after.keys()


@given(channels=some, knowing=some, status=st.sampled_from(PageStatus))
def test_whoever_knows_that_it_fires_is_told_that_it_is_over(
    channels: tuple[str, ...], knowing: tuple[str, ...], status: PageStatus
) -> None:
    """Each once; and nobody learns of a firing because of an earlier one."""
    told = audience(page(status=status), channels, knowing)
    assert len(set(told)) == len(told)
    assert set(channels) <= set(told)
    assert set(told) == set(channels) | (set(knowing) if status is PageStatus.RESOLVED else set())
