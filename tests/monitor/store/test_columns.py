"""Times and texts in columns."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.store.columns import checksum, from_microseconds, storable, to_microseconds


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=9)), timezone(timedelta(hours=-3.5))])))
def test_a_time_comes_back_to_the_microsecond(at: datetime) -> None:
    """Any aware time is the same instant again, in UTC."""
    back = from_microseconds(to_microseconds(at))
    assert back == at
    assert back.tzinfo is UTC


def test_a_naive_time_is_refused() -> None:
    """What it means can't be known."""
    with pytest.raises(ValueError, match="aware"):
        to_microseconds(datetime(2026, 3, 1))  # noqa: DTZ001 - naive on purpose


@given(st.text(alphabet=st.characters(codec=None, categories=None)))
def test_any_text_becomes_storable(text: str) -> None:
    """The result is UTF-8 without NUL; what was so already stays as it was."""
    kept = storable(text)
    assert "\0" not in kept
    assert kept.encode().decode() == kept
    assert storable(kept) == kept


@pytest.mark.parametrize("text", ["", "plain", "grüße ✓ 漢字"])
def test_ordinary_text_stays(text: str) -> None:
    """Only what can't be stored is replaced."""
    assert storable(text) == text


def test_a_checksum_tells_parts_apart() -> None:
    """Each part counts, in its place."""
    assert checksum("a", "bc") != checksum("ab", "c")
    assert checksum("a", 1) != checksum("a", 2)
    assert checksum("a", 1) == checksum("a", "1")
