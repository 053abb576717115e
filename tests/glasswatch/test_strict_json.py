"""JSON that can be read in one way only."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.strict_json import MAX_VALUES, NOTHING, find, is_same, parse

_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
_DOCUMENTS = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@given(_DOCUMENTS)
def test_what_was_written_is_read(document: object) -> None:
    """Every JSON document means itself."""
    assert parse(json.dumps(document).encode()) == document


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param(b"", "it is empty", id="nothing"),
        pytest.param(b" \n", "it is empty", id="white space"),
        pytest.param(b"<html>", "it does not follow the grammar", id="HTML"),
        pytest.param(b'{"a": 1,}', "it does not follow the grammar", id="comma too many"),
        pytest.param(b'{"a": 1} {"a": 1}', "it does not follow the grammar", id="two documents"),
        pytest.param(b'{"a": 1, "a": 1}', "it holds a key twice", id="key twice"),
        pytest.param(b'{"a": 1, "\\u0061": 2}', "it holds a key twice", id="key twice, once escaped"),
        pytest.param(b'[{"b": [{"a": 1, "a": 2}]}]', "it holds a key twice", id="key twice, deep"),
        pytest.param(b"NaN", "it holds NaN or Infinity", id="NaN"),
        pytest.param(b'{"a": -Infinity}', "it holds NaN or Infinity", id="Infinity"),
        pytest.param(b'{"a": "\xff"}', "it is not UTF-8", id="Latin-1"),
        pytest.param('{"a": 1}'.encode("utf-16"), "it is not UTF-8", id="UTF-16"),
        pytest.param(b"[" * 20_000, "it is nested too deeply", id="deep lists"),
        pytest.param(b'{"a":' * 20_000, "it is nested too deeply", id="deep objects"),
        pytest.param(b"[" * 20_000 + b"]" * 20_000, "it is nested too deeply", id="deep and well-formed"),
        pytest.param(b"[" + b"[]," * 350_000 + b"[]]", "it holds too many values", id="a megabyte of empty lists"),
        pytest.param(b"[" * 100_000, "it holds too many values", id="very deep"),
        pytest.param(b"1" * 5000, "it holds a number that is too long", id="long number"),
    ],
)
def test_what_is_refused(document: bytes, words: str) -> None:
    """Each way not to be JSON has its words."""
    with pytest.raises(ValueError, match=f"^{words}$"):
        parse(document)


def test_as_many_values_as_allowed() -> None:
    """The bound itself is allowed."""
    assert parse(b"[" + b"0," * (MAX_VALUES - 1) + b"0]") == [0] * MAX_VALUES


def test_a_byte_order_mark_is_skipped() -> None:
    """Browsers skip it, so an engineer's page works with it."""
    assert parse(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


@given(st.binary(max_size=60))
def test_nothing_else_is_raised(document: bytes) -> None:
    """Whatever a server sends: a value or a ValueError."""
    with suppress(ValueError):
        parse(document)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (("status",), "ok"),
        (("checks", 1, "state"), "bad"),
        (("none",), None),
        ((), {"status": "ok", "checks": [{"state": "good"}, {"state": "bad"}], "none": None}),
        (("missing",), NOTHING),
        (("checks", 2), NOTHING),
        (("checks", "1"), NOTHING),
        (("status", 0), NOTHING),
        (("status", "length"), NOTHING),
        ((0,), NOTHING),
        (("none", "deeper"), NOTHING),
    ],
)
def test_what_a_path_finds(path: tuple[str | int, ...], found: object) -> None:
    """A path leads to one place or nowhere; null is something."""
    document = {"status": "ok", "checks": [{"state": "good"}, {"state": "bad"}], "none": None}
    assert find(document, path) == found


@pytest.mark.parametrize(
    ("expected", "found", "same"),
    [
        ("ok", "ok", True),
        ("ok", "OK", False),
        ("1", 1, False),
        (1, 1, True),
        (1, 1.0, True),
        (1.5, 1.5, True),
        (1, "1", False),
        (1, True, False),
        (0, False, False),
        (True, True, True),
        (True, 1, False),
        (False, False, True),
        (False, None, False),
        (None, None, True),
        (None, False, False),
        ("", None, False),
        ("ok", ["ok"], False),
        (1, [1], False),
        ("ok", NOTHING, False),
    ],
)
def test_scalars_are_compared_by_type(expected: str | float | bool | None, found: object, same: bool) -> None:  # noqa: FBT001 - table columns
    """Text, number, true, false and null are five different things."""
    assert is_same(expected, found) is same
