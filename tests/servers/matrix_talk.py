"""Rows of the matrix: connections, framing and heads."""

from monitor.model.outcome import Reason
from tests.servers.http import (
    OK,
    answer,
    answering,
    closing,
    dribbling,
    repeating,
    silent,
    then_hanging,
    then_resetting,
)
from tests.servers.matrix import BAD, GOOD, Found, Row
from tests.servers.raw import Talk

_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_INVALID = "the answer is not valid HTTP: "
_NO_HTTP = (BAD, Reason.PROTOCOL, _INVALID + "Expected HTTP/, RTSP/ or ICE/")
_FINE = (GOOD, Reason.OK, "status 200")
_HEAD = "the head of the answer is larger than 64 KiB"
_FIELDS = "the answer has more than 100 header fields"
_MUCH = "the server sends more than the bounds allow"


def _lost(where: str) -> Found:
    return (BAD, Reason.CONNECTION_LOST, f"the connection was {where}")


def _late(what: str) -> Found:
    return (BAD, Reason.TIMEOUT, f"no answer within 0.4 s, waiting for {what}")


async def _leaving(talk: Talk) -> None:
    """Say goodbye before anything was asked."""
    talk.writer.write_eof()
    await talk.hang()


async def _greeting(talk: Talk) -> None:
    await talk.say(b"SSH-2.0-OpenSSH_9.2\r\n")
    await talk.hang()


async def _flooding(talk: Talk) -> None:
    while True:
        await talk.say(b"x" * 65536)


async def _twice(talk: Talk) -> None:
    """Answer well only to the second request of a connection."""
    await talk.head()
    await talk.say(answer(503))
    await talk.head()
    await talk.say(OK)


async def _once(talk: Talk) -> None:
    """Answer the first request of a connection, and hang at the second."""
    await talk.head()
    await talk.say(OK)
    await talk.hang()


CONNECTIONS = (
    Row("closes-at-once", "says goodbye before it is asked", _leaving, _lost("closed without an answer")),
    Row("no-answer", "takes the request, and closes without a word", closing, _lost("closed without an answer")),
    Row(
        "reset-for-answer",
        "takes the request, and resets",
        then_resetting(),
        _lost("reset before the answer was whole"),
    ),
    Row("silent", "takes the request, and says nothing", silent, _late("the first byte of the answer"), hangs=True),
    Row(
        "talks-first",
        "greets before it is asked, as SSH does",
        _greeting,
        _NO_HTTP,
    ),
    Row("floods", "talks without end before it is asked", _flooding, _NO_HTTP),
    Row(
        "good-once-kept-alive",
        "is well only for the second request of a connection",
        _twice,
        (BAD, Reason.STATUS, "status 503, expected 200"),
    ),
    Row("good-when-fresh", "is well only for the first request of a connection", _once, _FINE),
)

FRAMING = (
    Row(
        "half-a-head", "closes in the middle of the head", answering(OK[:20]), _lost("closed in the middle of the head")
    ),
    Row("short-body", "announces more than it sends", answering(OK[:-1]), _lost("closed in the middle of the body")),
    Row("long-body", "sends more than it announced", answering(OK + b"and more"), _FINE),
    Row(
        "reset-in-body",
        "resets in the middle of the body",
        then_resetting(OK[:-3]),
        _lost("reset before the answer was whole"),
    ),
    Row(
        "reset-for-end",
        "resets where the end of the connection would end the body",
        then_resetting(b"HTTP/1.1 200 OK\r\n\r\nto the en"),
        _lost("reset before the answer was whole"),
    ),
    Row(
        "closes-for-end", "ends the body by closing, without a length", answering(b"HTTP/1.1 200 OK\r\n\r\nall"), _FINE
    ),
    Row("http-1.0", "answers in HTTP/1.0, without a length", answering(b"HTTP/1.0 200 OK\r\n\r\nall"), _FINE),
    Row("http-0.9", "answers in HTTP/0.9: a body alone", answering(b"<html>up</html>"), _NO_HTTP),
    Row("garbage", "answers in bytes that mean nothing", answering(bytes(range(256))), _NO_HTTP),
    Row("h2-unasked", "answers in HTTP/2 unasked", answering(b"\0\0\x06\x04\0\0\0\0\0\0\x05\0\0@\0"), _NO_HTTP),
    Row(
        "bare-line-feeds",
        "ends its lines with bare line feeds",
        answering(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
        _FINE,
    ),
    Row(
        "two-lengths",
        "announces two lengths",
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
        (BAD, Reason.PROTOCOL, _INVALID + "Duplicate Content-Length"),
    ),
    Row(
        "length-and-chunks",
        "announces a length, and chunks",
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (BAD, Reason.PROTOCOL, _INVALID + "Transfer-Encoding can't be present with Content-Length"),
    ),
    Row(
        "negative-length",
        "announces a negative length",
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
        (BAD, Reason.PROTOCOL, _INVALID + "Invalid character in Content-Length"),
    ),
    Row(
        "absurd-length",
        "announces more bytes than there are in the world",
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"),
        (BAD, Reason.PROTOCOL, _INVALID + "Content-Length overflow"),
    ),
    Row(
        "bad-chunk-size",
        "sends a chunk whose size is no number",
        answering(_CHUNKED + b"zz\r\n"),
        (BAD, Reason.PROTOCOL, _INVALID + "Invalid character in chunk size"),
    ),
    Row(
        "absurd-chunk-size",
        "sends a chunk whose size is absurd",
        answering(_CHUNKED + b"f" * 20 + b"\r\n"),
        (BAD, Reason.PROTOCOL, _INVALID + "Chunk size overflow"),
    ),
    Row(
        "half-a-chunk",
        "closes in the middle of a chunk",
        answering(_CHUNKED + b"5\r\nab"),
        _lost("closed in the middle of the body"),
    ),
    Row(
        "no-last-chunk",
        "closes before the last chunk",
        answering(_CHUNKED + b"2\r\nab\r\n"),
        _lost("closed in the middle of the body"),
    ),
    Row(
        "endless-chunks",
        "sends chunks without end",
        repeating(_CHUNKED, b"4000\r\n" + b"x" * 0x4000 + b"\r\n"),
        (BAD, Reason.TOO_LARGE, "the body is larger than allowed"),
    ),
    Row(
        "endless-extension",
        "sends a chunk extension without end",
        repeating(_CHUNKED + b"1;", b"x" * 65536),
        (BAD, Reason.TOO_LARGE, _MUCH),
    ),
    Row(
        "endless-trailer",
        "sends trailer fields without end",
        repeating(_CHUNKED + b"0\r\n", b"X: y\r\n" * 20),
        (BAD, Reason.TOO_LARGE, _FIELDS),
    ),
    Row(
        "transfer-coding",
        "uses a transfer coding that nobody asked for",
        answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        (BAD, Reason.PROTOCOL, "the answer has a transfer coding that nobody asked for"),
    ),
    Row(
        "interim-first",
        "sends 100 and 103 before its answer",
        answering(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK),
        _FINE,
    ),
    Row(
        "interim-without-end",
        "sends 100 without end",
        repeating(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 3),
        (BAD, Reason.PROTOCOL, "more than 10 interim answers"),
    ),
    Row(
        "switches",
        "switches to another protocol",
        answering(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
        (BAD, Reason.PROTOCOL, "the answer has the impossible status 101"),
    ),
)

HEADS = (
    Row(
        "status-with-letter",
        "sends a status that is no number",
        answering(b"HTTP/1.1 2x0 OK\r\n\r\n"),
        (BAD, Reason.PROTOCOL, _INVALID + "Invalid status code"),
    ),
    Row(
        "status-zero",
        "sends the status 000",
        answering(b"HTTP/1.1 000 OK\r\n\r\n"),
        (BAD, Reason.PROTOCOL, "the answer has the impossible status 0"),
    ),
    Row(
        "no-colon",
        "sends a header without a colon",
        answering(b"HTTP/1.1 200 OK\r\nNo Colon\r\n\r\n"),
        (BAD, Reason.PROTOCOL, _INVALID + "Invalid header token"),
    ),
    Row(
        "nul-in-header",
        "sends a header with a NUL in it",
        answering(b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n"),
        (BAD, Reason.PROTOCOL, _INVALID + "Invalid header value char"),
    ),
    Row("latin-header", "sends a header in Latin-1", answering(answer(200, b"", [("X", "schön")])), _FINE),
    Row(
        "giant-header",
        "sends a header of 80 KB",
        answering(answer(200, b"", [("X", "x" * 40_000), ("Y", "y" * 40_000)])),
        (BAD, Reason.TOO_LARGE, _HEAD),
    ),
    Row(
        "endless-first-line",
        "never ends its first line",
        repeating(b"HTTP/1.1 200 ", b"x" * 5000),
        (BAD, Reason.TOO_LARGE, _HEAD),
    ),
    Row(
        "endless-header",
        "never ends a header",
        repeating(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 5000),
        (BAD, Reason.TOO_LARGE, _HEAD),
    ),
    Row(
        "countless-headers",
        "sends headers without end",
        repeating(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 20),
        (BAD, Reason.TOO_LARGE, _FIELDS),
    ),
)

_FIRST, _REST = _late("the first byte of the answer"), _late("the rest of the answer")
HANGING = (
    Row(
        "hangs-after-interim",
        "hangs after an interim answer",
        then_hanging(b"HTTP/1.1 100 Continue\r\n\r\n"),
        _FIRST,
        hangs=True,
    ),
    Row("hangs-in-first-line", "hangs in its first line", then_hanging(OK[:9]), _REST, hangs=True),
    Row("hangs-in-head", "hangs in the head", then_hanging(OK[:40]), _REST, hangs=True),
    Row("hangs-in-body", "hangs in the body", then_hanging(OK[:-1]), _REST, hangs=True),
    Row(
        "hangs-for-end",
        "hangs instead of closing, without a length",
        then_hanging(b"HTTP/1.1 200 OK\r\n\r\nx"),
        _REST,
        hangs=True,
    ),
    Row("hangs-in-chunk", "hangs in a chunk", then_hanging(_CHUNKED + b"5\r\nab"), _REST, hangs=True),
    Row(
        "dribbles-head",
        "sends its head a byte at a time",
        dribbling(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000),
        _REST,
        hangs=True,
    ),
    Row(
        "dribbles-body",
        "sends its body a byte at a time",
        dribbling(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1000),
        _REST,
        hangs=True,
    ),
    Row("keeps-open", "keeps the connection open after a whole answer", then_hanging(OK), _FINE),
)

ROWS = (*CONNECTIONS, *FRAMING, *HEADS, *HANGING)
