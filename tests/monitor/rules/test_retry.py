"""When pages are tried again, and when a channel is given up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.rules.retry import DEFAULT, RetryPolicy, Tried, is_accepted, is_permanent, next_at, wished

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
FAR = "Sun, 01 Mar 99999999999999999999 03:02:00 GMT"
EVEN = RetryPolicy(spread_ratio=0.0)

pages = st.text(min_size=1, max_size=40)
attempts = st.integers(min_value=1, max_value=100_000)


def seconds(tried: Tried, policy: RetryPolicy = EVEN) -> float:
    """Return the wait before the next try."""
    at = next_at(tried, NOW, policy)
    assert at is not None
    return (at - NOW).total_seconds()


def test_doubles_from_one_second_to_five_minutes() -> None:
    """A page that got no answer is tried after 1, 2, 4 … s, then every 5 min, without end."""
    waits = [seconds(Tried("p", attempt)) for attempt in (1, 2, 3, 8, 9, 10, 11, 100_000)]

    assert waits == [1, 2, 4, 128, 256, 300, 300, 300]


def test_refused_pages_go_slowly_and_end() -> None:
    """A page refused for good is tried after 10, 20, 40 … s and given up at the tenth refusal in a row."""
    waits = [seconds(Tried("p", attempts=50, refusals=refusals)) for refusals in range(1, 10)]

    assert waits == [10, 20, 40, 80, 160, 300, 300, 300, 300]
    assert next_at(Tried("p", attempts=50, refusals=10, is_urgent=False), NOW) is None


@pytest.mark.parametrize("refusals", [10, 11, 1000])
def test_what_wakes_somebody_is_never_given_up(refusals: int) -> None:
    """A refused page stays at the cap: half an hour of a half-deployed receiver must not lose it."""
    assert seconds(Tried("p", attempts=refusals, refusals=refusals)) <= 300


@pytest.mark.parametrize("is_urgent", [True, False])
def test_what_is_refused_gives_way_to_a_newer_page(*, is_urgent: bool) -> None:
    """At the third refusal, whatever it is; without a newer page, and without a refusal, it goes on."""
    outdated = Tried("p", attempts=3, refusals=3, is_urgent=is_urgent, is_outdated=True)
    assert next_at(outdated, NOW) is None
    assert next_at(replace(outdated, refusals=2), NOW) is not None
    assert next_at(replace(outdated, is_outdated=False), NOW) is not None
    assert next_at(replace(outdated, attempts=1000, refusals=0), NOW) is not None


@given(pages, attempts)
def test_no_page_that_may_succeed_is_given_up(page: str, attempt: int) -> None:
    """However often it failed, a page that was not refused has a next try, within the cap and not at once."""
    wait = seconds(Tried(page, attempt), DEFAULT)

    assert 0.8 <= wait <= 300


@given(pages, attempts)
def test_same_page_and_try_meet_the_same_time(page: str, attempt: int) -> None:
    """The spread comes from the page itself, so a restart changes nothing."""
    assert next_at(Tried(page, attempt), NOW) == next_at(Tried(page, attempt), NOW)


def test_pages_that_fail_together_are_spread() -> None:
    """A hundred pages that failed at one instant come back at a hundred different ones, within 20 % either way."""
    waits = {seconds(Tried(f"page {number}", 4), DEFAULT) for number in range(100)}

    assert len(waits) == 100
    assert min(waits) >= 6.4
    assert max(waits) <= 9.6
    assert max(waits) - min(waits) > 2


@pytest.mark.parametrize(
    ("asked", "wait"),
    [(timedelta(0), 1), (timedelta(seconds=30), 30), (timedelta(hours=1), 300)],
    ids=["shorter than ours", "longer than ours", "longer than the cap"],
)
def test_providers_wish_is_kept_up_to_the_cap(asked: timedelta, wait: float) -> None:
    """Retry-After puts a page off, but never for longer than the cap."""
    assert seconds(Tried("p", 1, retry_after=asked)) == wait


def test_wish_is_never_cut_by_the_spread() -> None:
    """No page comes back before the provider said it may."""
    asked = timedelta(seconds=8)

    assert all(seconds(Tried(f"p{n}", 4, retry_after=asked), DEFAULT) >= 8 for n in range(200))


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_accepted(status: int) -> None:
    """Every 2xx takes the page."""
    assert is_accepted(status)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_tried_without_end(status: int) -> None:
    """Time-outs, limits and their own errors may pass."""
    assert not is_accepted(status)
    assert not is_permanent(status)


@pytest.mark.parametrize("status", [301, 302, 304, 400, 401, 403, 404, 405, 410, 413, 415, 422, 600])
def test_what_will_not_pass_is_permanent(status: int) -> None:
    """Refusals and redirects say that the same again will not help."""
    assert not is_accepted(status)
    assert is_permanent(status)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("9" * 400, 999_999_999),
        ("Sun, 01 Mar 2026 03:02:00 GMT", 120),
        ("Sun, 01 Mar 2026 02:00:00 GMT", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str, wait: int) -> None:
    """Both forms of the header are read; a date that has passed means now."""
    assert wished(header, NOW) == timedelta(seconds=wait)


@pytest.mark.parametrize("header", ["", "soon", "-5", "1.5", "٣", "²", "Sun, 01 Mar 2026 03:02:00", "Sun, 99 Mar", FAR])
def test_unreadable_retry_after_asks_for_nothing(header: str) -> None:
    """Nonsense in the header is as if it were not there."""
    assert wished(header, NOW) is None


@given(st.text(max_size=60))
def test_retry_after_never_raises(header: str) -> None:
    """Whatever a provider sends, reading it ends."""
    found = wished(header, NOW)

    assert found is None or found >= timedelta(0)
