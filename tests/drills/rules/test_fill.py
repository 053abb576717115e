"""Values are data wherever they are put: they never change what is run, or whom it is sent to."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.model.found import Value
from drills.rules import fill
from drills.rules.fill import Unfillable
from glasswatch.errors import NotMeasured

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
# What would turn a value into something else, were it read again or put in as it is.
_TRICKS = ("", ".", "..", "%2e%2e", "../../x", "//evil.example", "a b", "-x", "--", "${other}", "x${run}", "\r\nX: y")
_QUOTES = ("?a=b&c=d", "#f", "@evil.example", '"', '"}', "\0", "'; drop table x", "\u202e", "ünï")
HOSTILE = st.one_of(TEXT, st.sampled_from((*_TRICKS, *_QUOTES)))
URL = "https://app.example.com:8443/v1/users/${id}/door-${id}?run=${run}&q=${id}"


def values(**texts: str) -> dict[str, Value]:
    """Return values that are no secrets."""
    return {name: Value(text) for name, text in {"run": "door-1", "other": "OTHER", **texts}.items()}


@given(HOSTILE)
def test_an_argument_stays_one_argument(value: str) -> None:
    """As many as were written, each other one as it was written, and no option among them that was not."""
    template = ("/bin/door", "--open", "${id}", "--", "${id}", "a b")
    try:
        found = fill.argv(template, values(id=value))
    except Unfillable:
        assert value.startswith("-") or "\0" in value
        return
    assert found == ("/bin/door", "--open", value, "--", value, "a b")
    assert not value.startswith("-")


@given(HOSTILE)
def test_behind_the_end_of_options_anything_may_stand(value: str) -> None:
    """What begins with a dash is no option there."""
    if "\0" not in value:
        assert fill.argv(("/bin/door", "--", "${id}"), values(id=value)) == ("/bin/door", "--", value)


@given(HOSTILE)
def test_an_address_keeps_its_host_path_and_keys(value: str) -> None:
    """Only what stands in its place differs, and it is found there again."""
    try:
        found = fill.url(URL, values(id=value))
    except Unfillable:
        assert unquote(value) in {"", ".", ".."}
        return
    parts = urlsplit(found)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "app.example.com:8443", "")
    way = parts.path.split("/")
    assert (way[:3], len(way)) == (["", "v1", "users"], 5)
    assert (unquote(way[3]), unquote(way[4])) == (value, f"door-{value}")
    assert parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True) == [("run", "door-1"), ("q", value)]


@given(HOSTILE)
def test_json_keeps_its_shape(value: str) -> None:
    """Keys, lists and types are those of the template; a value is text, in a text."""
    template: Any = {"a": ["${id}", 1, None, {"${id}": "x ${id} ${id}"}], "b": True}
    found = fill.json_body(template, values(id=value))
    assert found == {"a": [value, 1, None, {"${id}": f"x {value} {value}"}], "b": True}


@given(HOSTILE)
def test_a_header_stays_one_header(value: str) -> None:
    """Printable ASCII, or nothing is sent."""
    try:
        found = fill.header("Bearer ${id}", values(id=value))
    except Unfillable:
        assert not value.isascii() or not value.isprintable() or value.rstrip() != value or not value
        return
    assert found == f"Bearer {value}"
    assert found.isascii()
    assert found.isprintable()


@given(HOSTILE, HOSTILE)
def test_what_a_value_holds_is_never_replaced(one: str, other: str) -> None:
    """A `${name}` in a value is those characters."""
    both = values(id=f"${{other}}{one}", other=other)
    assert fill.put("${id}|${other}", both) == f"${{other}}{one}|{other}"


def test_no_message_repeats_a_value() -> None:
    """It may be a secret; what can't be filled can't be measured."""
    secret = {"id": Value("-hunter2\0\n", is_secret=True)}
    for call in (
        lambda: fill.argv(("/bin/door", "${id}"), secret),
        lambda: fill.header("${id}", secret),
        lambda: fill.put("${missing}", secret),
        lambda: fill.url("https://app.example.com/${id}", {"id": Value("..", is_secret=True)}),
    ):
        with pytest.raises(NotMeasured) as raised:
            call()
        assert "hunter2" not in str(raised.value)
        assert ".." not in str(raised.value)
