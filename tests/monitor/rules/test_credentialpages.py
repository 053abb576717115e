"""The ticket about a credential: when it fires, what it says, and when it is over."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.credential import Concern, Ending, EndSource, Held, ToRenew
from monitor.model.page import PageKind, PageStatus, Severity
from monitor.rules.credentialpages import concerns, ticket, ticket_over, to_tell
from monitor.rules.credentials import to_renew
from monitor.rules.drillcalendar import Here
from tests.support.clock import START

DAY = timedelta(days=1)
HERE = Here("prod", "fra-1")
NAME = "platforms.payments.probes.portal.auth.bearer"
DUE = ToRenew(NAME, START + DAY, EndSource.TOKEN, has_ended=False)
ENDED = ToRenew(NAME, START - DAY, EndSource.TOKEN, has_ended=True)


def held(days: int | None, source: EndSource = EndSource.TOKEN, *, is_readable: bool | None = True) -> Held:
    """Return a credential that ends in so many days; None: nobody says when."""
    return Held(NAME, None if days is None else Ending(START + days * DAY, source), is_readable)


ANY = st.builds(
    held,
    st.none() | st.integers(-30, 60),
    st.sampled_from(EndSource),
    is_readable=st.sampled_from([True, False, None]),
)


@pytest.mark.parametrize(
    ("seen", "told", "after"),
    [
        (held(15), None, None),
        (held(1), None, DUE),
        (held(-1), None, ENDED),
        (held(-1), DUE, ENDED),
        (held(3), DUE, DUE),
        (held(1), replace(DUE, ends_at=START + 3 * DAY), DUE),
        (held(-1), replace(ENDED, ends_at=START - 2 * DAY), replace(ENDED, ends_at=START - 2 * DAY)),
        (held(1), ENDED, DUE),
        (held(90), ENDED, None),
        (held(None), ENDED, None),
        (None, DUE, None),
        (held(None, is_readable=False), None, None),
        (held(None, is_readable=False), DUE, DUE),
        (held(90, EndSource.SETTINGS, is_readable=False), DUE, DUE),
        (held(1, is_readable=False), ENDED, ENDED),
    ],
)
def test_what_a_ticket_says_from_now_on(seen: Held | None, told: ToRenew | None, after: ToRenew | None) -> None:
    """Once while it stays the same; again when it ended, or ends earlier; over when it was renewed, and not before."""
    assert to_tell(seen, told, START) == after


def test_what_the_settings_say_counts_also_of_what_can_not_be_read() -> None:
    """That it ends is known then."""
    said = held(-1, EndSource.SETTINGS, is_readable=False)
    assert to_tell(said, None, START) == to_tell(said, DUE, START) == replace(ENDED, source=EndSource.SETTINGS)


@given(first=ANY, second=ANY, passed=st.integers(0, 60))
def test_it_is_told_once_and_what_nobody_can_see_is_never_over(first: Held, second: Held, passed: int) -> None:
    """Whatever was seen: the same again changes nothing, and what can't be read never makes it better."""
    later = START + passed * DAY
    told = to_tell(first, None, START)
    assert told == to_renew(first, START)
    assert to_tell(first, told, START) == told
    after = to_tell(second, told, later)
    assert to_tell(second, after, later) == after
    if second.is_readable is False and told is not None:
        assert after is not None
        assert (after.has_ended, -after.ends_at.timestamp()) >= (told.has_ended, -told.ends_at.timestamp())
    elif second.is_readable is not False:
        assert (after is None) is (to_renew(second, later) is None)
        assert after is None or after.has_ended is (later >= (second.ending or Ending(later, EndSource.TOKEN)).ends_at)


@given(minutes=st.lists(st.integers(1, 90), min_size=1, max_size=20))
def test_what_is_renewed_again_and_again_before_it_ends_is_told_once(minutes: list[int]) -> None:
    """A token of an hour that doesn't say from when on it holds is always near its end."""
    end, changes = START, 0
    told: ToRenew | None = None
    for each in minutes:
        just_before, end = end - timedelta(seconds=1), end + timedelta(minutes=each)
        before, told = told, to_tell(Held(NAME, Ending(end, EndSource.TOKEN), is_readable=True), told, just_before)
        changes += before != told
    assert changes == 1


def test_it_is_a_ticket_that_names_the_place_and_whose_word_it_is() -> None:
    """It belongs to no platform; what ended and what ends fire under one key, and so it is resolved."""
    due, ended = ticket(HERE, DUE, START), ticket(HERE, ENDED, START)
    over = ticket_over(HERE, NAME, held(90), START)
    key = f"prod/credential_expiry@fra-1/{NAME}"
    for page in (due, ended, over):
        assert (page.kind, page.severity) == (PageKind.CREDENTIAL_EXPIRY, Severity.TICKET)
        assert (page.platform, page.dedup_key) == ("", key)
    assert due.summary == f"a credential of glasswatch prod/fra-1 ends at 2026-03-02 03:00:00 UTC: {NAME}"
    assert due.reason == (
        "ends at 2026-03-02 03:00:00 UTC, the token says of itself; "
        "renew it before then, or what needs it can't be measured, published or told"
    )
    assert " has ended at 2026-02-28 03:00:00 UTC: " in ended.summary
    assert "; since then what needs it can't" in ended.reason
    assert over.status is PageStatus.RESOLVED
    assert over.reason == "it ends at 2026-05-30 03:00:00 UTC now"
    assert "write the new day beside it" in ticket(HERE, replace(DUE, source=EndSource.SETTINGS), START).reason


def test_why_it_is_over() -> None:
    """It has left the settings, or nobody says any more when it ends."""
    assert ticket_over(HERE, NAME, None, START).reason == "the settings no longer name it"
    assert ticket_over(HERE, NAME, held(None), START).reason == "nobody says any more when it ends"


def test_what_can_not_be_read_stays_in_sight() -> None:
    """As long as its ticket fires with what that says; alone, only that it can't be read. What is well is not named."""
    unreadable = held(None, is_readable=False)
    assert concerns([unreadable], {NAME: ENDED}, START) == [Concern(NAME, ENDED, is_readable=False)]
    assert concerns([held(90)], {NAME: ENDED}, START) == []
    other = replace(held(1), credential="other")
    due = replace(DUE, credential="other")
    assert concerns([unreadable, other], {}, START) == [
        Concern("other", due),
        Concern(NAME, None, is_readable=False),
    ]
