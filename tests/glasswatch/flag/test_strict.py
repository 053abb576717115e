import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.flag.errors import FlagError, Malformed, RepeatedName, shown
from glasswatch.flag.strict import MAX_INTEGER, Members, decode_base64url, encode_base64url, loads

integers = st.integers(-MAX_INTEGER, MAX_INTEGER)
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | integers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(st.binary())
def test_base64url_round_trips(raw: bytes) -> None:
    """Whatever is encoded is decoded to itself."""
    assert decode_base64url(encode_base64url(raw).encode()) == raw


@given(st.text("ABab01-_+/= \n.", max_size=8))
def test_only_one_text_decodes_to_the_same_bytes(text: str) -> None:
    """What decodes at all is the encoding of what comes out."""
    try:
        raw = decode_base64url(text.encode())
    except Malformed:
        return
    assert encode_base64url(raw) == text


@pytest.mark.parametrize(
    "text",
    ["YQ==", "YR", "YWI=", "a", "YW\nI", " YWI", "YWI ", "YW+I", "Y/FI", "Y.WI", "YW\x00I", "YWé"],
    ids=[
        "padded",
        "stray bits",
        "padded once",
        "one character",
        "newline inside",
        "space before",
        "space after",
        "plus",
        "slash",
        "dot",
        "zero byte",
        "not ASCII",
    ],
)
def test_other_base64_is_refused(text: str) -> None:
    """Padding, white space, another alphabet and stray bits are refused."""
    with pytest.raises(Malformed):
        decode_base64url(text.encode())


@given(values)
def test_json_without_floats_round_trips(value: object) -> None:
    """Any JSON without floats, not too deep, comes out as it went in."""
    assert loads(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b'{"a":1,"a":1}', "'a' stands there twice"),
        (b'[{"b":{"a":1,"\\u0061":2}}]', "'a' stands there twice"),
        (b"1.0", "a number is not an integer"),
        (b"1e3", "a number is not an integer"),
        (b"NaN", "a number is not an integer"),
        (b"-Infinity", "a number is not an integer"),
        (b"9007199254740992", "a number is too large"),
        (b"-9007199254740992", "a number is too large"),
        (b"1" * 5000, "a number is too large"),
        (b"[" * 16 + b"1" + b"]" * 16, "nested too deeply"),
        (b"[" * 9000, "not JSON"),
        (b"[" * 9000 + b"]" * 9000, "not JSON"),
        (b'"\\ud800"', "a text holds half a character"),
        (b'{"\\udfff":1}', "a text holds half a character"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        ('{"a":1}'.encode("utf-16"), "not UTF-8"),
        (b'"\xff"', "not UTF-8"),
        (b'"\xc0\xaf"', "not UTF-8"),
        (b'"a\nb"', "not JSON"),
        (b"{} {}", "not JSON"),
        (b"{'a':1}", "not JSON"),
        (b'{"a":1,}', "not JSON"),
        (b"01", "not JSON"),
        (b"", "not JSON"),
    ],
)
def test_loose_json_is_refused(raw: bytes, why: str) -> None:
    """What readers could understand differently, or what could hurt them, is refused in a few words."""
    with pytest.raises(Malformed, match=f"^{why}$"):
        loads(raw)


def test_nesting_within_the_bound_is_read() -> None:
    """The bound on depth leaves fifteen lists within each other alone."""
    assert loads(b"[" * 15 + b"1" + b"]" * 15)


def test_a_repeated_name_is_an_error_of_its_own() -> None:
    """A name that stands twice can be told from other faults."""
    with pytest.raises(RepeatedName):
        loads(b'{"a":1,"a":2}')


@given(st.binary(max_size=60))
def test_no_bytes_bring_another_error(raw: bytes) -> None:
    """Whatever the bytes, reading them ends in a value or in our own error."""
    for read in (loads, decode_base64url):
        with suppress(FlagError):
            read(raw)


@pytest.mark.parametrize(
    ("value", "take", "message"),
    [
        ([], lambda m: m, "the whole must be an object"),
        ({}, lambda m: m.text("a"), "a is missing"),
        ({"a": ""}, lambda m: m.text("a"), "a must be a text"),
        ({"a": 1}, lambda m: m.text("a"), "a must be a text"),
        ({}, lambda m: m.text_or_none("a"), "a is missing"),
        ({"a": True}, lambda m: m.count("a"), "a must be an integer from 0 to 9007199254740991"),
        ({"a": -1}, lambda m: m.count("a"), "a must be an integer from 0 to 9007199254740991"),
        ({"a": 253402300800}, lambda m: m.seconds("a"), "a must be an integer from 0 to 253402300799"),
        ({"a": 1}, lambda m: m.boolean("a"), "a must be true or false"),
        ({"a": "A" * 64}, lambda m: m.digest("a"), "a must be a SHA-256 in lower-case hex"),
        ({"a": "a" * 63}, lambda m: m.digest("a"), "a must be a SHA-256 in lower-case hex"),
        ({"a": ["b", 1]}, lambda m: m.texts("a"), "a must be a list of texts"),
        ({"a": "b"}, lambda m: m.texts("a"), "a must be a list of texts"),
        ({"a": {"b": 1}}, lambda m: m.members("a").text("b"), "a.b must be a text"),
        ({"a": [{}, 1]}, lambda m: m.objects("a"), r"a\[1\] must be an object"),
        ({"a": {}}, lambda m: m.objects("a"), "a must be a list"),
        ({"a": ["x"]}, lambda m: m.one_of("a", frozenset({"x", "y"})), "a must be one of x, y"),
    ],
)
def test_a_wrong_member_is_named(value: object, take: object, message: str) -> None:
    """A member that is missing or of another type is named by its path, without its value."""
    assert callable(take)
    with pytest.raises(Malformed, match=f"^{message}$"):
        take(Members(value))


@given(st.text())
def test_foreign_text_is_shown_safely(text: str) -> None:
    """Whatever a document says is shown as one short line of printable ASCII."""
    line = shown(text)
    assert line.isascii()
    assert line.isprintable()
    assert len(line) <= 80
