"""Paths into a JSON document."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.settings.json_path import JsonPath, parse

STEPS = st.lists(
    st.one_of(st.text(alphabet="aé_- 0", min_size=1, max_size=4), st.integers(0, 9_999_999)), min_size=1, max_size=6
)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("status", ("status",)),
        ("a.b[0].c", ("a", "b", 0, "c")),
        ("[2].name", (2, "name")),
        ("[0][1]", (0, 1)),
        ("a b.c-d", ("a b", "c-d")),
        ("0.1", ("0", "1")),
    ],
)
def test_reads_names_and_indexes(text: str, steps: JsonPath) -> None:
    """Names are text, indexes numbers."""
    assert parse(text) == steps


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a.",
        ".a",
        "a..b",
        "a[",
        "a[]",
        "a[x]",
        "a[-1]",
        "a[01]",
        "a[0",
        "a]b",
        "[0]a",
        "a.[0]",
        "a\nb",
        "a" * 501,
    ],
)
def test_refuses_what_leads_nowhere(text: str) -> None:
    """A path that can be read two ways, or none, is refused."""
    with pytest.raises(ValueError, match=r"^expected a path such as"):
        parse(text)


@given(STEPS)
def test_reads_what_is_written(steps: list[str | int]) -> None:
    """Any steps can be written as a path and read back."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f"{'.' if text else ''}{step}"
    assert parse(text) == tuple(steps)
