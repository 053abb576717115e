"""When credentials end, by whose word, and when it is time to renew them."""

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.credential import Ending, EndSource, Held
from monitor.rules.credentials import AHEAD, concern, earliest, ending_of_token, moment, renewal_due, stated
from tests.support.clock import START

DAY = timedelta(days=1)


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _token(header: object, claims: object) -> str:
    return f"{_part(header)}.{_part(claims)}.c2lnbmVk"


@pytest.mark.parametrize("before", ["", "Bearer ", "  Bearer\t"])
def test_a_token_says_when_it_ends(before: str) -> None:
    """As another library writes it, alone or as a header's value; from when on it held is known too."""
    claims = {"exp": START, "iat": START - DAY, "sub": "probe"}
    token = jwt.encode(claims, "k" * 32, algorithm="HS256")
    assert ending_of_token(f"{before}{token}") == Ending(START, EndSource.TOKEN, START - DAY)


def test_from_when_on_a_token_held_may_be_unknown() -> None:
    """`nbf` stands in for `iat`; without either, only the end is known."""
    header, end = {"alg": "RS256"}, START.timestamp()
    first = ending_of_token(_token(header, {"exp": end, "nbf": end - 60}))
    assert first == Ending(START, EndSource.TOKEN, START - timedelta(minutes=1))
    assert ending_of_token(_token(header, {"exp": end})) == Ending(START, EndSource.TOKEN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "opaque",
        "a.b.c",
        "one.two",
        _token({"alg": "none"}, {}),
        _token({"typ": "JWT"}, {"exp": 1}),
        _token({"alg": "none"}, [1]),
        _token({"alg": "none"}, {"exp": "tomorrow"}),
        _token({"alg": "none"}, {"exp": True}),
        _token({"alg": "none"}, {"exp": None}),
        _token({"alg": "none"}, {"exp": 0}),
        _token({"alg": "none"}, {"exp": 1e300}),
        _token({"alg": "none"}, {"exp": 1_800_000_000_000}),
        f"{_part({'alg': 'none'})}.{_part({'exp': 1})}.a.b.c",
        f"{_part({'alg': 'none'})}.e.c",
        f"{_token({'alg': 'none'}, {'exp': 1_800_000_000})} and more",
    ],
)
def test_what_does_not_say_when_it_ends_says_nothing(text: str) -> None:
    """Opaque, encrypted, in milliseconds, or of no kind that there is: no end is made up."""
    assert ending_of_token(text) is None


@given(st.text() | st.lists(st.text("eyJ0-_", min_size=1), min_size=3, max_size=3).map(".".join))
def test_whatever_stands_in_a_secret_stops_nothing(text: str) -> None:
    """No text is a fault."""
    found = ending_of_token(text)
    assert found is None or found.ends_at.tzinfo is UTC


def test_the_earliest_end_counts() -> None:
    """Of those that are known."""
    token, said = Ending(START + DAY, EndSource.TOKEN), stated(START)
    assert stated(None) is None
    assert earliest(None, None) is None
    assert earliest(token, None) == token
    assert earliest(token, said) == Ending(START, EndSource.SETTINGS)


@pytest.mark.parametrize(
    ("life", "ahead"),
    [
        (None, AHEAD),
        (timedelta(days=365), AHEAD),
        (timedelta(days=84), AHEAD),
        (timedelta(days=30), timedelta(days=5)),
        (timedelta(hours=24), timedelta(hours=4)),
        (timedelta(0), AHEAD),
        (timedelta(days=-1), AHEAD),
    ],
)
def test_it_is_time_before_the_end(life: timedelta | None, ahead: timedelta) -> None:
    """By 14 days, or by a sixth of a short life; a life that is none says nothing."""
    begins_at = None if life is None else START - life
    assert renewal_due(Ending(START, EndSource.CERTIFICATE, begins_at)) == START - ahead


def test_an_end_at_the_calendar_s_beginning_is_due_then() -> None:
    """Nothing lies before it."""
    first = datetime.min.replace(tzinfo=UTC)
    assert renewal_due(Ending(first, EndSource.CERTIFICATE)) == first


def test_there_is_something_to_say_from_the_day_it_is_due() -> None:
    """When it ends or ended and who says so; before, and of what nobody knows, nothing."""
    held = Held("paging.channels.ops.secret", stated(START), is_readable=True)
    assert concern(Held("x"), START) is None
    assert concern(held, START - AHEAD - timedelta(seconds=1)) is None
    assert concern(held, START - AHEAD) == "ends at 2026-03-01 03:00:00 UTC, the settings say: renew it"
    token = Held("x", Ending(START, EndSource.TOKEN))
    assert concern(token, START) == "ended at 2026-03-01 03:00:00 UTC, the token says of itself: renew it"


def test_a_day_in_the_settings_is_said_as_it_stands_there() -> None:
    """Its end is the next day's beginning, which its writer would not know; a certificate's midnight is one."""
    midnight = datetime(2026, 12, 5, tzinfo=UTC)
    assert moment(midnight, EndSource.SETTINGS) == "the end of 2026-12-04"
    assert moment(midnight, EndSource.CERTIFICATE) == "2026-12-05 00:00:00 UTC"
