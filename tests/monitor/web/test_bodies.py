"""What may be sent: one JSON object, small, strict; everything else is one line that repeats nothing of it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platforms.http import Response
from tests.support.desk import Counter, Order, bearer, token
from tests.support.face import World

SECRET = "gwt_of_ben"


def _counter() -> Counter:
    counter = Counter(World())
    counter.give(token(SECRET, "drill", person="ben"))
    return counter


async def _sent(counter: Counter, content: bytes, **headers: str) -> Response:
    given_headers = {"content-type": "application/json", **bearer(SECRET)}
    given_headers |= {name.replace("_", "-"): value for name, value in headers.items()}
    async with counter.client() as client:
        return await client.post("/order", content=content, headers=given_headers)


def _problem(response: Response) -> tuple[int, str, str]:
    error = response.json()["error"]
    return response.status_code, error["code"], error["message"]


async def test_a_body_is_read_as_its_shape() -> None:
    """Members that are left out have their defaults."""
    counter = _counter()
    assert (await _sent(counter, b'{"reason": "a look"}')).status_code == 200
    assert counter.bodies == [Order(reason="a look")]


@pytest.mark.parametrize("media", ["application/json; charset=UTF-8", "Application/JSON"])
async def test_its_media_type_may_be_written_in_other_ways(media: str) -> None:
    """With its character set, and in any case."""
    assert (await _sent(_counter(), b'{"reason": "a look"}', content_type=media)).status_code == 200


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the body is not JSON: it is empty"),
        (b"hunter2", "the body is not JSON: it does not follow the grammar"),
        (b"\xff\xfe", "the body is not JSON: it is not UTF-8"),
        (b'{"reason": "hunter2", "reason": "b"}', "the body is not JSON: it holds a key twice"),
        (b'{"reason": "hunter2", "minutes": NaN}', "the body is not JSON: it holds NaN or Infinity"),
        (b'{"minutes": 1e999}', "the body holds half a character, or a number that is too large"),
        (b'{"reason": "\\ud800hunter2"}', "the body holds half a character, or a number that is too large"),
        (b"[" * 8000 + b"]" * 8000, "the body is not JSON: it is nested too deeply"),
        (b"[" * 400 + b"]" * 400, "expected a JSON object, not nested deeply"),
        (b"[]", "expected a JSON object, not nested deeply"),
        (b'"hunter2"', "expected a JSON object, not nested deeply"),
        (b"null", "expected a JSON object, not nested deeply"),
        (b"{}", "reason: expected why, in at most 200 characters"),
        (b'{"reason": ""}', "reason: expected why, in at most 200 characters"),
        (b'{"reason": "a", "minutes": "5"}', "minutes: expected a whole number from 1 to 240"),
        (b'{"reason": "a", "minutes": 5.0}', "minutes: expected a whole number from 1 to 240"),
        (b'{"reason": "a", "minutes": true}', "minutes: expected a whole number from 1 to 240"),
        (b'{"reason": "a", "hunter2": 1}', "unknown member: expected only platform, reason, minutes"),
        (
            b'{"platform": 5, "minutes": 0, "hunter2": 1}',
            (
                "platform: expected the name of a platform; reason: expected why, in at most 200 characters; "
                "minutes: expected a whole number from 1 to 240; "
                "unknown member: expected only platform, reason, minutes"
            ),
        ),
    ],
)
async def test_all_mistakes_of_a_body_are_named_and_none_repeated(content: bytes, message: str) -> None:
    """One line; nothing reaches the handler."""
    counter = _counter()
    assert _problem(await _sent(counter, content)) == (400, "bad_body", message)
    assert counter.asked == []


@pytest.mark.parametrize(
    "headers",
    [
        {"content_type": "text/plain"},
        {"content_type": "application/x-www-form-urlencoded"},
        {"content_type": "application/json; charset=utf-16"},
        {"content_type": "application/jsonx"},
        {"content_type": ""},
        {"content_encoding": "gzip"},
    ],
)
async def test_other_media_are_refused(headers: dict[str, str]) -> None:
    """What a web page's form can send is none of ours."""
    status, code, _ = _problem(await _sent(_counter(), b'{"reason": "a"}', **headers))
    assert (status, code) == (415, "unsupported_media")


@pytest.mark.parametrize(("size", "status"), [(16 * 1024, 200), (16 * 1024 + 1, 413)])
async def test_a_body_has_a_bound(size: int, status: int) -> None:
    """16 KiB, to the byte."""
    content = json.dumps({"reason": "a"}).encode()
    assert (await _sent(_counter(), content + b" " * (size - len(content)))).status_code == status


async def test_a_body_longer_than_it_said_is_refused() -> None:
    """Whatever carries requests to us may let that pass."""
    counter = _counter()
    content = b'{"reason": "a look"}' + b" " * 20_000
    assert _problem(await _sent(counter, content, content_length="20"))[:2] == (413, "body_too_large")
    assert counter.asked == []


@pytest.mark.parametrize("length", ["-1", "1e3", "99999999999999999999999", "0x10", ""])
async def test_a_length_that_is_none_is_refused(length: str) -> None:
    """Before anything is read."""
    assert (await _sent(_counter(), b'{"reason": "a"}', content_length=length)).status_code == 413


async def test_chunks_are_refused() -> None:
    """How much there will be is known beforehand, or nothing is read."""
    status, code, message = _problem(await _sent(_counter(), b'{"reason": "a"}', transfer_encoding="chunked"))
    assert (status, code) == (400, "bad_body")
    assert message == "the body must come whole, with its Content-Length, not in chunks"


async def test_who_may_not_ask_is_not_read() -> None:
    """Admission comes first: a wrong token is refused whatever its body is."""
    async with _counter().client() as client:
        response = await client.post("/order", content=b"\xff" * 100_000, headers=bearer("gwt_wrong"))
    assert response.status_code == 401


@settings(max_examples=200, deadline=None)
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=100).map(str.encode)))
async def test_no_bytes_are_a_fault_of_ours(content: bytes) -> None:
    """Whatever is sent is refused with one line."""
    counter = _counter()
    status, code, message = _problem(await _sent(counter, content))
    assert (status, code) == (400, "bad_body")
    assert "\n" not in message
    assert counter.asked == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(content=st.dictionaries(st.sampled_from(["platform", "reason", "minutes", "more"]), _JSON, max_size=4))
async def test_json_is_taken_or_refused_never_a_fault(content: dict[str, object]) -> None:
    """What is taken has the shape; what is not is refused with one line."""
    counter = _counter()
    response = await _sent(counter, json.dumps(content).encode())
    assert response.status_code in (200, 400)
    assert all(isinstance(body, Order) for body in counter.bodies)
