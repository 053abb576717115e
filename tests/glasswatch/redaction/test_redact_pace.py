"""Clearing takes no longer than the length of a text explains, whatever a server wrote into it."""

import time
from collections.abc import Callable
from functools import partial

import pytest

from glasswatch.redaction.redact import (
    HIDDEN,
    MOST_LETTERS,
    WITHHELD_MANY,
    Redactor,
    is_telling,
    telling_values,
)
from monitor.model.explanation import KEPT, Exchange, Explanation, Message, TlsSeen
from monitor.rules import messages
from monitor.rules.clearing import LEFT_OUT, cleared

_UNITS = {
    "a token's beginning": "-eyJaaaaa",
    "a token": "-eyJaaaaa.b ",
    "dots": ".eyJaaaaa",
    "parameters": "?token",
    "values": " token=a",
    "members": '"otp',
    "words": "otp",
    "a key": "-----BEGIN A ",
    "question marks": "?",
    "escapes": "%25",
    "numbers": "&#65;",
    "units": "\\u0041",
    "alike": "a",
    "nearly the secret": "a" * 40 + "b",
    "lines of quote marks": "aaa\naa'\\''",
    "other letters": "é\N{KELVIN SIGN}ß",
}
# Many, and alike: a server may have chosen some of them.
_SECRETS = [*("a" * number + "b" + "a" * 40 for number in range(50)), ("xY3z" * 800)]
_REDACTOR = Redactor(_SECRETS)


def _quickest(work: Callable[[], object]) -> float:
    def taken() -> float:
        begin = time.process_time()
        work()
        return time.process_time() - begin

    return min(taken() for _ in range(5))


@pytest.mark.parametrize("what", _UNITS)
def test_twice_the_text_takes_about_twice_the_time(what: str) -> None:
    """Of what is cleared, and of what is looked through for credentials."""
    text = "token " + _UNITS[what] * (40_000 // len(_UNITS[what]))
    for work in (lambda part: _REDACTOR.text(part, len(text)), lambda part: list(telling_values(part)), is_telling):
        half, whole = (_quickest(partial(work, part)) for part in (text[:20_000], text))
        assert whole < 3 * half + 0.002


@pytest.mark.parametrize("what", _UNITS)
def test_an_exchange_is_cleared_in_milliseconds(what: str) -> None:
    """As much as can be noted of one, each part of it as bad as it can be."""
    text = _UNITS[what] * 8000
    fields = ((text, text),) * 200
    message = Message(text, fields, text, text, is_cut=True)
    tls = TlsSeen(text, text, text, text, (text,) * 100, None)
    full = Explanation(exchanges=(Exchange(text, text, text, tls, message, message),))
    assert _quickest(lambda: cleared(full, _REDACTOR, KEPT)) < 0.03  # 5 ms on a machine that is ours alone


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n" * 2600,
        b"HTTP/1.1 200 OK\r\n" + b"a:\r\n" * 16_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 10_000,
        b"HTTP/1.1 200 OK\r\n" + b"Content-Encoding: gzip\r\n" * 2700,
    ],
)
def test_what_was_heard_is_read_in_milliseconds(said: bytes) -> None:
    """However it is made: 64 KiB of interim answers, headers, chunks."""
    assert _quickest(lambda: messages.read(said[: 64 * 1024], 2048, is_cut=True)) < 0.02


def test_what_is_beyond_the_room_is_left_out() -> None:
    """Neither read nor shown; a body has a room of its own."""
    long = "v" * 10_000
    message = Message("line", ((long, long),) * 12, "the body", "a note")
    (shown,) = cleared(
        Explanation(exchanges=(Exchange("", "place", "", None, None, message),)), _REDACTOR, KEPT
    ).exchanges
    assert shown.place == "place"
    assert shown.heard is not None
    assert shown.heard.fields[-1] == (LEFT_OUT, HIDDEN)  # so long a name is taken for a telling one
    assert shown.heard.body == "the body"


def test_more_than_can_be_looked_for_leaves_nothing_to_show() -> None:
    """A server that hands out credentials without end is not shown."""
    assert Redactor(f"s3cret-{number}" for number in range(1000)).text("anything", 100) == WITHHELD_MANY
    assert Redactor(["ab3d" * (MOST_LETTERS // 4 + 1)]).text("anything", 100) == WITHHELD_MANY


def test_of_a_long_secret_no_long_piece_is_shown() -> None:
    """Whatever its beginning and end are: each part of it is one."""
    secret = "".join(f"{number:04d}" for number in range(1000))
    shown = Redactor([secret]).text(f"x {secret} y", 10_000)
    assert shown == f"x {HIDDEN} y"
    shown = Redactor([secret]).text(f"x {secret[10:-10]} y", 10_000)
    assert len(shown) < 80
