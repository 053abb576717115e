"""Canonical JSON: one value, one sequence of bytes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.canonical import canonical

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
