"""Canonical JSON: one value, one sequence of bytes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.canonical import canonical, read

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), st.text(max_size=10)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)),
    max_leaves=12,
)


@given(VALUES)
def test_says_what_it_was_given(value: Any) -> None:
    """The bytes are JSON for the same value."""
    assert json.loads(canonical(value)) == value


@given(st.dictionaries(st.text(max_size=5), st.integers(-9, 9), max_size=6))
def test_order_makes_no_difference(value: dict[str, int]) -> None:
    """A mapping is written one way, whatever the order of its keys."""
    assert canonical(dict(reversed(value.items()))) == canonical(value)


def test_has_no_space_and_sorts_by_utf_16() -> None:
    """The bytes are those of RFC 8785."""
    assert canonical({"€": 1, "\r": 2, "1": [True, None, 4.5], "😀": "ö"}) == (
        '{"\\r":2,"1":[true,null,4.5],"€":1,"😀":"ö"}'.encode()
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**60, {1: 2}, object(), "\ud800hunter2", {"a": b"x"}])
def test_refuses_what_json_can_not_hold_without_repeating_it(value: object) -> None:
    """A value without a canonical form is a ValueError that does not show it."""
    with pytest.raises(ValueError, match=r"^expected a JSON value") as caught:
        canonical(value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


FLOATS = st.floats(allow_nan=False, allow_infinity=False).filter(lambda value: not value.is_integer())
READABLE: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), st.text(max_size=10), FLOATS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)),
    max_leaves=12,
)


@given(READABLE)
def test_reads_what_it_wrote(value: Any) -> None:
    """Floats, and names of any letters, included."""
    assert read(canonical(value)) == value


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b" 1",
        b"1 ",
        b"1.0",
        b"1e0",
        b"-0",
        b"1e-05",
        b"9007199254740992",
        b"1" * 5000,
        b"NaN",
        b"Infinity",
        b"1e999",
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a": 1}',
        b'"\\u0061"',
        b'"\\/"',
        b'"\\u000A"',
        b'"\xff"',
        b'"\\ud800"',
        '{"\uff01":1,"😀":2}'.encode(),
        b"[" * 100_000,
    ],
)
def test_reads_nothing_that_is_not_canonical(document: bytes) -> None:
    """One value, one sequence of bytes: another one for the same value is refused."""
    with pytest.raises(ValueError, match=r"^expected JSON in its canonical form$"):
        read(document)


@given(st.binary(max_size=30) | READABLE.map(lambda value: json.dumps(value).encode()))
def test_what_is_read_is_what_the_library_writes(document: bytes) -> None:
    """The quick way takes nothing that the library would have written otherwise."""
    try:
        value = read(document)
    except ValueError:
        return
    assert canonical(value) == document
