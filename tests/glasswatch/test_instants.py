"""Instants as whole numbers."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from glasswatch.flag import document
from glasswatch.instants import EPOCH, unix_ms, unix_seconds

AWARE = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-11, minutes=-30))]))


@given(AWARE)
def test_both_round_down(at: datetime) -> None:
    """Also before the epoch, and whatever the time zone; a reader of the flag counts alike."""
    ms = unix_ms(at)
    assert EPOCH + timedelta(milliseconds=ms) <= at < EPOCH + timedelta(milliseconds=ms + 1)
    assert unix_seconds(at) == ms // 1000
    assert document.unix_ms(at) == ms
