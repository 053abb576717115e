"""YAML to values: structure and places, and no guessing at types."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.settings.document import Document
from glasswatch.settings.nodes import Unreadable, compose
from glasswatch.settings.shape import KEY, Plain


def _document(text: str) -> Document:
    root = compose(text)
    assert root is not None
    return Document(root)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("22:22", "22:22"),
        ("no", "no"),
        ("010", "010"),
        ("2026-01-31", "2026-01-31"),
        ("1e3", "1e3"),
        ("true", "true"),
        ("null", None),
        ("~", None),
        ("", None),
        ("Null", "Null"),
        ("'null'", "null"),
        ('""', ""),
    ],
)
def test_a_scalar_is_text_or_nothing(text: str, value: str | None) -> None:
    """Only an unquoted `null`, `~` or nothing is more than text."""
    assert _document(f"a: {text}").value == {"a": value}


def test_text_without_quotes_can_be_told_from_text_with_them() -> None:
    """Quotes say that it is text, whatever it looks like."""
    value: Any = _document("a: 3\nb: '3'\nc: \"3\"\nd: |\n  3\n").value
    assert [isinstance(value[key], Plain) for key in "abcd"] == [True, False, False, False]


PLACES = """\
top:
  inner: {one: 1, two: [a, b]}
  block:
    - name: first
    - name: second
  empty:
"""


@pytest.mark.parametrize(
    ("path", "place", "found"),
    [
        ((), (1, 1), ()),
        (("top",), (1, 1), ("top",)),
        (("top", "inner"), (2, 10), ("top", "inner")),
        (("top", "inner", "one"), (2, 16), ("top", "inner", "one")),
        (("top", "inner", "two", 1), (2, 28), ("top", "inner", "two", 1)),
        (("top", "inner", "one", KEY), (2, 11), ("top", "inner", "one")),
        (("top", "inner", "missing"), (2, 3), ("top", "inner", "missing")),
        (("top", "inner", "one", "below"), (2, 16), ("top", "inner", "one")),
        (("top", "block"), (3, 3), ("top", "block")),
        (("top", "block", 1), (5, 7), ("top", "block", 1)),
        (("top", "block", 1, "name"), (5, 13), ("top", "block", 1, "name")),
        (("top", "block", 1, "missing"), (5, 7), ("top", "block", 1, "missing")),
        (("top", "block", 7), (3, 3), ("top", "block", 7)),
        (("top", "empty"), (6, 9), ("top", "empty")),
        (("missing",), (1, 1), ("missing",)),
    ],
)
def test_finds_the_place(path: tuple[str | int, ...], place: tuple[int, int], found: tuple[str | int, ...]) -> None:
    """A value's place, a key's, and for what is missing the place of what it is missing from."""
    assert _document(PLACES).locate(path) == (*place, found)


def test_finds_an_aliased_value_where_it_is_written() -> None:
    """A value used twice has the place where it stands."""
    assert _document("a: &x {b: 1}\nc: *x\n").locate(("c", "b"))[:2] == (1, 11)


def test_anchors_are_shared_values() -> None:
    """An alias is the value of its anchor."""
    assert _document("a: &x [1, {b: 2}]\nc: *x\n").value == {"a": ["1", {"b": "2"}], "c": ["1", {"b": "2"}]}


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{a: " * 50_000,
        "- " * 50_000,
        "? " * 50_000,
    ],
)
def test_depth_is_refused_before_it_can_hurt(text: str) -> None:
    """Nesting that would crash the parser is one mistake."""
    with pytest.raises(Unreadable, match="expected at most 64 levels"):
        compose(text)


def test_depth_through_aliases_is_bounded() -> None:
    """A chain of aliases that is deep only when expanded is one mistake."""
    chain = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 200))
    document = _document(chain)
    assert document.is_cut
    assert len(document.mistakes) == 1


@given(st.text(alphabet="ab:-{}[]&*!|>'\"#%@`,?~ \n\t<=\\", max_size=40))
def test_any_text_is_values_or_a_sentence(text: str) -> None:
    """Whatever stands in a file, it is read or refused in one plain sentence."""
    for line, column, sentence in _said(text):
        assert 1 <= line <= text.count("\n") + 2
        assert column >= 1
        assert sentence.startswith(("expected ", "is given twice"))


def _said(text: str) -> list[tuple[int, int, str]]:
    try:
        root = compose(text)
    except Unreadable as error:
        return [(error.line, error.column, error.text)]
    return [(line, column, said) for line, column, _, said in Document(root).mistakes] if root is not None else []
