"""Values are data wherever they are put, whatever they hold."""

import json
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.placeholders import is_stray
from platforms.errors import FaultKind, TransportFault
from platforms.http import URL
from platforms.journey.model import Ask
from platforms.journey.rules.fill import Unknown, filled
from platforms.journey.rules.names import names_in, names_in_path
from tests.support.journeys import ORIGIN

HOSTILE = [
    "../../admin",
    "..",
    ".",
    "",
    "a/b?c#d",
    "x\r\nHost: evil",
    "${password}",
    "ünï·\U0001f600",
    "%2e%2e",
    "//evil",
]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
SCALAR = st.one_of(TEXT, st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none())


def fill(ask: Ask, **values: Any) -> Any:
    """Fill a request at the usual origin."""
    return filled("step", ask, values, ORIGIN)


@given(TEXT)
def test_a_value_in_a_path_stays_one_segment(value: str) -> None:
    """Whatever it holds, the server finds exactly it between the slashes, or nothing is sent."""
    try:
        target = fill(Ask(path="/requests/${id}/use"), id=value).target
    except TransportFault as fault:
        assert fault.kind is FaultKind.PROTOCOL or len(value.encode()) > 1000  # noqa: PT017 - either is right
        return
    assert target.isascii()
    before, segment, after = urlsplit(ORIGIN + target).path.lstrip("/").split("/")
    assert (before, unquote(segment), after) == ("requests", value, "use")
    url = URL(ORIGIN).copy_with(raw_path=target.encode())
    assert (url.scheme, url.host, url.raw_path.decode()) == ("https", "access.example.com", target)


@given(TEXT, TEXT)
def test_a_value_in_a_query_stays_one_parameter(first: str, second: str) -> None:
    """No value makes another parameter, nor a fragment."""
    target = fill(Ask(path="/requests?a=${a}&b=x${b}"), a=first, b=second).target
    assert parse_qs(urlsplit(target).query, keep_blank_values=True) == {"a": [first], "b": ["x" + second]}


@given(SCALAR, TEXT)
def test_a_value_in_json_keeps_its_type_alone_and_is_text_within_text(whole: Any, part: str) -> None:
    """What arrives is JSON again, with the value in it and nothing else changed."""
    ask = Ask("POST", json={"whole": "${whole}", "part": "a ${part} b", "list": [1, "${whole}"]}, has_json=True)
    body = json.loads(fill(ask, whole=whole, part=part).body)
    assert body == {"whole": whole, "part": f"a {part} b", "list": [1, whole]}
    assert type(body["whole"]) is type(whole)


@given(TEXT)
def test_a_value_in_a_form_stays_in_its_field(value: str) -> None:
    """Ampersands and equal signs are the value's own."""
    body = fill(Ask("POST", form={"user": "u-${v}", "x": "1"}), v=value).body.decode()
    assert parse_qs(body, keep_blank_values=True) == {"user": ["u-" + value], "x": ["1"]}


@given(TEXT)
def test_a_value_in_a_header_is_printable_or_refused(value: str) -> None:
    """No line end, no other control character and nothing beyond ASCII ever reaches a header."""
    try:
        header = fill(Ask(headers={"Authorization": "Bearer ${t}"}), t=value).headers["Authorization"]
    except TransportFault as fault:
        assert fault.kind is FaultKind.PROTOCOL  # noqa: PT017 - either is right
        assert not value.isascii() or not value.isprintable() or ("x" + value) != ("x" + value).strip() or not value
        return
    assert header == f"Bearer {value}"
    assert header.isascii()
    assert header.isprintable()


@pytest.mark.parametrize("value", ["..", ".", ""])
def test_a_value_that_would_lead_the_path_elsewhere_is_refused(value: str) -> None:
    """Dots and nothing at all change which resource is meant."""
    with pytest.raises(TransportFault) as caught:
        fill(Ask(path="/grants/${grant}/revoke"), grant=value)
    assert caught.value.kind is FaultKind.PROTOCOL
    assert str(caught.value) == "a captured value would lead the path elsewhere"


def test_dots_that_come_together_from_two_values_are_refused() -> None:
    """A segment is looked at as a whole."""
    with pytest.raises(TransportFault):
        fill(Ask(path="/grants/${a}${b}"), a=".", b=".")


@pytest.mark.parametrize("value", HOSTILE)
def test_what_a_value_holds_is_never_looked_at_again(value: str) -> None:
    """A captured `${password}` is those characters; the secret stays where it is."""
    ask = Ask("POST", "/x?q=${v}", json=["${v}", "a${v}"], has_json=True)
    planned = fill(ask, v=value, password="hunter2")
    assert json.loads(planned.body) == [value, "a" + value]
    assert "hunter2" not in planned.target + planned.body.decode()


def test_a_request_is_bounded() -> None:
    """A value of a mebibyte is sent nowhere."""
    big = "x" * 2**20
    for ask in (Ask(path="/${v}"), Ask("POST", json="${v}", has_json=True), Ask(headers={"X-A": "${v}"})):
        with pytest.raises(TransportFault) as caught:
            fill(ask, v=big)
        assert caught.value.kind is FaultKind.TOO_LARGE
        assert "xxx" not in str(caught.value)


def test_a_value_that_is_not_there_is_an_error_of_ours() -> None:
    """It is not sent as the text it was written as."""
    with pytest.raises(Unknown):
        fill(Ask(path="/${nowhere}"))


def test_the_names_a_request_needs_are_known_beforehand() -> None:
    """Wherever they stand."""
    ask = Ask("POST", "/${a}?x=${b}", headers={"X": "${c}"}, json={"k": ["${d}", 1, "e${e}"]}, has_json=True)
    assert names_in(ask) == {"a", "b", "c", "d", "e"}
    assert names_in_path(ask) == {"a", "b"}
    assert names_in(Ask(link="next", form={"f": "${f}"})) == {"next", "f"}
    assert names_in_path(Ask(link="next")) == {"next"}


@pytest.mark.parametrize("text", ["${", "${A}", "${a", "${a b}", "x${}", "${${a}}"])
def test_what_only_looks_like_a_value_is_found(text: str) -> None:
    """A slip of the pen is no text to be sent."""
    assert is_stray(text)
    assert not is_stray("${a} $a {a} $")


def test_a_body_says_what_it_is_unless_the_settings_do() -> None:
    """JSON and forms bring their content type; one that was given stays."""
    assert fill(Ask("POST", has_json=True)).headers == {"Content-Type": "application/json"}
    assert fill(Ask("POST", has_json=True)).body == b"null"
    given_type = {"content-type": "application/vnd.x+json"}
    assert fill(Ask("POST", headers=given_type, has_json=True)).headers == given_type
    assert fill(Ask("POST", form={"a": "1"})).headers == {"Content-Type": "application/x-www-form-urlencoded"}
    assert fill(Ask()).body is None
