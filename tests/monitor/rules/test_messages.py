"""The start of what was said, read for showing."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.rules.messages import Reading, read

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def _read(data: bytes, most: int = 1000, *, is_cut: bool = False) -> Reading:
    return read(data, most, is_cut=is_cut)


def test_an_answer_is_taken_apart() -> None:
    """Line, headers in their order, body."""
    found = _read(HEAD + b"X-A: 1\r\nX-A: 2\r\n\r\nhello")
    assert found == Reading(
        "HTTP/1.1 200 OK", (("Content-Type", "text/plain"), ("X-A", "1"), ("X-A", "2")), 3, "hello", "", is_cut=False
    )


def test_a_request_is_taken_apart() -> None:
    """As an answer is."""
    found = _read(b"POST /x?y=1 HTTP/1.1\r\nHost: x.example\r\n\r\n{}")
    assert (found.line, found.fields, found.body) == ("POST /x?y=1 HTTP/1.1", (("Host", "x.example"),), "{}")


def test_interim_answers_are_passed_over() -> None:
    """What counts is the final one."""
    assert _read(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + HEAD + b"\r\nhi").line == "HTTP/1.1 200 OK"


def test_chunks_are_joined() -> None:
    """Also where the last one is not whole."""
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n wo"
    assert _read(chunked).body == "hello wo"


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        pytest.param("gzip", gzip.compress(b"hello world" * 100), id="gzip"),
        pytest.param("deflate", zlib.compress(b"hello world" * 100), id="deflate"),
        pytest.param("deflate", zlib.compress(b"hello world" * 100)[2:-4], id="deflate without its frame"),
        pytest.param("gzip", gzip.compress(b"hello world" * 100)[:30], id="not whole"),
        pytest.param("gzip, gzip", gzip.compress(gzip.compress(b"hello world" * 100)), id="twice"),
    ],
)
def test_a_body_is_decoded_as_far_as_it_is_wanted(coding: str, data: bytes) -> None:
    """And not a byte further: it may be a bomb."""
    found = _read(HEAD + f"Content-Encoding: {coding}\r\n\r\n".encode() + data, 8)
    assert found.body == "hello wo"


def test_what_can_not_be_decoded_is_said() -> None:
    """Its size, and how it is coded."""
    assert _read(HEAD + b"Content-Encoding: br\r\n\r\nabcd").note == "4 bytes of a body coded as br"
    assert _read(HEAD + b"Content-Encoding: gzip\r\n\r\nabcd").note == "4 bytes of a body coded as gzip"


def test_bytes_that_are_no_text_are_counted() -> None:
    """In them no secret could be found."""
    assert _read(HEAD + b"\r\n\x00\x01\x02\x03").note == "a body that is not text, 4 bytes"
    assert _read(b"\x00\x00\x12\x04\x00\x00").note == "6 bytes that are not text"
    assert _read(bytes(range(128, 200)), is_cut=True).note == "more than 72 bytes that are not text"


def test_other_talk_is_text() -> None:
    """A mail server's greeting, for instance."""
    assert _read(b"220 mail.example ESMTP\r\n") == Reading(body="220 mail.example ESMTP\r\n")
    assert _read(b"220 mail.example ESMTP\r\n", 3).is_cut


@given(st.binary(max_size=400), st.integers(0, 100))
def test_nothing_makes_it_fail(data: bytes, most: int) -> None:
    """Whatever came, and whatever of it; nor is more shown than is wanted."""
    for whole in (
        data,
        HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + data,
        b"HTTP/1.1 " + data,
    ):
        for is_cut in (False, True):
            assert len(_read(whole, most, is_cut=is_cut).body) <= most
