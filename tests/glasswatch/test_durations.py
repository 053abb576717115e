"""Durations as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.durations import LONGEST, parse, render

MILLISECONDS = st.integers(min_value=1, max_value=LONGEST // timedelta(milliseconds=1))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("15s", 15),
        ("5m", 300),
        ("1h30m", 5400),
        ("500ms", 0.5),
        ("2d", 172800),
        ("1d2h3m4s5ms", 93784.005),
        ("1m500ms", 60.5),
        ("90m", 5400),
        ("007s", 7),
    ],
)
def test_reads(text: str, seconds: float) -> None:
    """Units add up, and a number may be larger than the next unit."""
    assert parse(text).total_seconds() == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "15",
        "s",
        "1.5s",
        "-5s",
        "+5s",
        " 5s",
        "5s ",
        "5 s",
        "5S",
        "30s1m",
        "1m1m",
        "1h 30m",
        "5sec",
        "1e3s",
        "\N{ARABIC-INDIC DIGIT FIVE}s",
    ],
)
def test_refuses_what_is_no_duration(text: str) -> None:
    """What isn't whole numbers with units, largest first, is refused with an example."""
    with pytest.raises(ValueError, match=r"^expected a duration such as 15s, 5m or 1h30m"):
        parse(text)


@pytest.mark.parametrize("text", ["0s", "0m0s", "0d0h0m0s0ms"])
def test_refuses_nothing_at_all(text: str) -> None:
    """A duration is longer than nothing."""
    with pytest.raises(ValueError, match="longer than nothing"):
        parse(text)


@pytest.mark.parametrize("text", ["3654d", "999999999d", "999999999d999999999h", "3653d1ms"])
def test_refuses_more_than_ten_years(text: str) -> None:
    """A duration beyond ten years is a slip, and would overflow sooner or later."""
    with pytest.raises(ValueError, match="ten years at most"):
        parse(text)


@given(MILLISECONDS)
def test_reads_back_what_it_renders(milliseconds: int) -> None:
    """Rendering and reading are inverse for all whole milliseconds."""
    duration = timedelta(milliseconds=milliseconds)
    assert parse(render(duration)) == duration


@given(st.text(alphabet="0123456789dhms.- ", max_size=12))
def test_never_fails_in_another_way(text: str) -> None:
    """Any text is a positive duration within bounds, or a ValueError that says what was expected."""
    duration, said = _read(text)
    assert said.startswith("expected a duration") if duration is None else timedelta() < duration <= LONGEST


def _read(text: str) -> tuple[timedelta | None, str]:
    try:
        return parse(text), ""
    except ValueError as error:
        return None, str(error)


def test_renders_what_is_finer_than_a_millisecond_without_it() -> None:
    """Microseconds are cut off; nothing is `0s`."""
    assert render(timedelta(seconds=1, microseconds=999)) == "1s"
    assert render(timedelta(microseconds=999)) == "0s"
    assert render(timedelta()) == "0s"


def test_renders_no_negative_duration() -> None:
    """A negative duration is a mistake of ours."""
    with pytest.raises(ValueError, match="never negative"):
        render(timedelta(seconds=-1))
