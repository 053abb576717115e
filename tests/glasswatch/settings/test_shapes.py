"""What a single value must look like."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from glasswatch.settings.duration import DurationShape
from glasswatch.settings.shape import Plain, Shape
from glasswatch.settings.shapes import (
    AddressShape,
    JsonScalarShape,
    OneOf,
    PathShape,
    PatternShape,
    SwitchShape,
    TextShape,
    WholeNumber,
    is_host,
)

SHAPES: dict[str, Shape] = {
    "text": TextShape("a name", "[a-z]+"),
    "number": WholeNumber(1, 9),
    "switch": SwitchShape(),
    "choice": OneOf(("GET", "HEAD")),
    "json": JsonScalarShape(),
    "address": AddressShape("http", "https"),
    "path": PathShape(),
    "pattern": PatternShape(),
    "duration": DurationShape(),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@given(value=st.one_of(st.text(max_size=30), st.none(), st.lists(st.text(max_size=3), max_size=2), st.just({"a": "b"})))
def test_takes_a_value_or_says_what_was_expected(shape: Shape, value: object) -> None:
    """Any value is read or refused with a sentence that is about the shape."""
    assert _said(shape, Plain(value) if isinstance(value, str) else value).startswith("expected ")


def _said(shape: Shape, value: object) -> str:
    try:
        shape.read(value)
    except PydanticCustomError as error:
        return error.message()
    return "expected nothing else"


@pytest.mark.parametrize("text", ["0", "10", "01", "+1", "1.0", "1_0", " 1", "0x1", "1e0", "", "-1", "٣", "9" * 40])
def test_a_whole_number_is_plain_digits_within_bounds(text: str) -> None:
    """Other ways to write a number are refused, because people mean different things by them."""
    assert WholeNumber(1, 9).read("3") == 3
    assert WholeNumber(-1, 9).read("-1") == -1
    with pytest.raises(PydanticCustomError, match=r"^expected a whole number from 1 to 9$"):
        WholeNumber(1, 9).read(text)


@pytest.mark.parametrize("value", [True, 3.0, None])
def test_a_whole_number_made_in_code_is_an_int(value: object) -> None:
    """A switch or a float is no whole number."""
    with pytest.raises(PydanticCustomError):
        WholeNumber(0, 9).read(value)


@pytest.mark.parametrize("text", ["yes", "no", "on", "off", "True", "FALSE", "1", "0", "t", ""])
def test_a_switch_is_true_or_false(text: str) -> None:
    """YAML's other words for a switch are refused."""
    assert SwitchShape().read("true") is True
    assert SwitchShape().read("false") is False
    with pytest.raises(PydanticCustomError, match=r"^expected true or false$"):
        SwitchShape().read(text)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (Plain("3"), 3),
        (Plain("-3"), -3),
        (Plain("3.5"), 3.5),
        (Plain("1e3"), 1000.0),
        (Plain("true"), True),
        (Plain("false"), False),
        (Plain("ok"), "ok"),
        (Plain("yes"), "yes"),
        (Plain("007"), "007"),
        ("3", "3"),
        ("true", "true"),
        (None, None),
        (3, 3),
        (False, False),
    ],
)
def test_a_json_value_has_its_type(written: object, value: object) -> None:
    """Without quotes a number is a number; with quotes it is text."""
    read = JsonScalarShape().read(written)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("text", ["9007199254740993", "-9007199254740993", "1e400", "9" * 31])
def test_a_json_number_is_one_that_json_holds_exactly(text: str) -> None:
    """A number that would be compared wrongly is refused."""
    with pytest.raises(PydanticCustomError, match="JSON holds exactly"):
        JsonScalarShape().read(Plain(text))


@pytest.mark.parametrize(
    "text",
    [
        "https://portal.example.com",
        "http://127.0.0.1:8080/health?a=b&c=%20",
        "https://[::1]:8443/",
        "https://localhost./",
        "https://under_score.example.com/",
        "https://xn--prtal-jua.example.com/",
        "http://host:1",
    ],
)
def test_an_address_is_kept_as_it_is_written(text: str) -> None:
    """Sound addresses are taken."""
    assert AddressShape("http", "https").read(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "https://",
        "https:///x",
        "https:portal.example.com",
        "//portal.example.com/",
        "https://portal.example.com:",
        "https://portal.example.com:0/",
        "https://portal.example.com:65536/",
        "https://portal.example.com:80a/",
        "https://anna@portal.example.com/",
        "https://anna:hunter2@portal.example.com/",
        "https://:@portal.example.com/",
        "https://portal.example.com/#",
        "https://-portal.example.com/",
        "https://portal..example.com/",
        "https://" + "a" * 64 + ".example.com/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://[1.2.3.4]/",
        "https://portal.example.com/\r\nX: y",
        "https://portal.example.com/a b",
        "https://pörtal.example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "",
    ],
)
def test_an_address_that_is_none_is_refused(text: str) -> None:
    """What can't be asked for, or hides a credential, is refused without being repeated."""
    with pytest.raises(PydanticCustomError, match=r"^expected an http or https address") as caught:
        AddressShape("http", "https").read(text)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("a", True), ("127.0.0.1", True), ("::1", True), ("a" * 63 + ".de", True), ("a" * 254, False), ("a b", False)],
)
def test_a_host_is_a_name_or_an_address(text: str, *, is_one: bool) -> None:
    """DNS names and IP addresses are hosts."""
    assert is_host(text) is is_one


@pytest.mark.parametrize("text", ["(", "(?!x)", "(?=x)", "\\1(a)", "a{1001}", "(a{1000}){1000}", "[z-a]", "a" * 1001])
def test_a_pattern_is_one_that_no_input_can_slow_down(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    """What RE2 can't run in linear time is refused, and its own log stays silent."""
    assert PatternShape().read("^a+$") == "^a+$"
    with pytest.raises(PydanticCustomError, match=r"^expected a regular expression"):
        PatternShape().read(text)
    assert capfd.readouterr() == ("", "")


def test_a_path_is_relative_to_the_file() -> None:
    """Relative paths start at the directory of the settings; absolute ones stay."""
    shape = PathShape()
    assert shape.read_at("keys/a.key", Path("/etc/glasswatch")) == Path("/etc/glasswatch/keys/a.key")
    assert shape.read_at("/run/a.key", Path("/etc/glasswatch")) == Path("/run/a.key")
    for text in ("", "~/a.key", "a\0b", "a" * 5000):
        with pytest.raises(PydanticCustomError, match=r"^expected a path"):
            shape.read_at(text, Path("/etc"))


def test_a_duration_has_bounds_and_no_bare_numbers() -> None:
    """Bounds are included; a number without unit is refused, in code too."""
    shape = DurationShape(at_least=timedelta(seconds=1), at_most=timedelta(minutes=1))
    assert shape.read("1s") == timedelta(seconds=1)
    assert shape.read(timedelta(minutes=1)) == timedelta(minutes=1)
    for value in ("999ms", "61s", timedelta(0), timedelta(days=9999)):
        with pytest.raises(PydanticCustomError, match=r"^expected a duration of at least 1s and at most 1m$"):
            shape.read(value)
    for number in (5, 5.0, None):
        with pytest.raises(PydanticCustomError):
            DurationShape().read(number)
