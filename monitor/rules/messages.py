"""Reads the start of what was said on a connection, for showing it. It judges nothing, and fails at nothing.

Rules:
1. What begins like HTTP is taken apart: first line, headers, body without chunks and content coding. Interim answers
   are passed over. HTTP/2 was written like HTTP/1 by who noted it, with fields that begin with a colon. Of a message
   of gRPC its length is told.
2. Of a body so much is decoded as a bound allows; what can't be decoded is said to be so, and not shown.
3. However many there are, `MOST_FIELDS` headers are read, and chunks as far as the bound of the body.
4. All else is text if it reads like text. Bytes that don't are counted, not shown: in them no secret could be found.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

_HEAD_ENDS: Final = re.compile(rb"\r?\n\r?\n")
_REQUEST: Final = re.compile(rb"[A-Z]{1,20} \S+ HTTP/(?:1\.[01]|2)\r?$", re.MULTILINE)
_ANSWER: Final = re.compile(rb"HTTP/\d")
_INTERIM: Final = re.compile(rb"HTTP/\d\S* 1\d\d")
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[^\r\n]{0,200}\r?\n")
_ODD: Final = frozenset(range(32)) - frozenset(b"\t\n\r\x1b")
_FEW: Final = 0.1
_GRPC_PREFIX: Final = 5  # whether it is compressed, and how long it is
_CODINGS: Final = 3
_CHUNKS: Final = 2000
MOST_FIELDS: Final = 200
_BETWEEN: Final = 64 * 1024
_GZIP: Final = (zlib.MAX_WBITS | 16,)
_FRAMES: Final = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS)}  # deflate: with a frame


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read. `note`: what is not shown. `is_cut`: more of the body was there than is given.

    `field_count`: how many headers there were, those that were not read included.
    """

    line: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    field_count: int = 0
    body: str = ""
    note: str = ""
    is_cut: bool = False


def read(data: bytes, most: int, *, is_cut: bool) -> Reading:
    """Return what these bytes say, of its body about `most` bytes. `is_cut`: more came than these."""
    if _ANSWER.match(data) or _REQUEST.match(data):
        return _http(data, most, is_cut=is_cut)
    if not _is_text(data):
        return Reading(note=f"{_bytes(len(data), is_cut=is_cut)} that are not text")
    return Reading(body=_text(data[:most]), is_cut=is_cut or len(data) > most)


def _http(data: bytes, most: int, *, is_cut: bool) -> Reading:
    head, at = _split(data, 0)
    while _INTERIM.match(head) and _ANSWER.match(data, at):
        head, at = _split(data, at)
    line, *lines = _text(head).splitlines() or [""]
    fields = tuple(map(_field, lines[:MOST_FIELDS]))
    coding = ", ".join(value for name, value in fields if name.lower() == "content-encoding" and value)
    is_chunked = any(name.lower() == "transfer-encoding" and "chunked" in value.lower() for name, value in fields)
    raw = data[at:]
    body = _decoded(_dechunked(raw, _BETWEEN if coding else most + 1) if is_chunked else raw, coding, most)
    reading = Reading(line, fields, len(lines))
    if body is None:
        return replace(reading, note=f"{_bytes(len(raw), is_cut=is_cut)} of a body coded as {coding[:80]}")
    if _is_grpc(fields):
        return replace(reading, note=_grpc(raw, is_cut=is_cut))
    if not _is_text(body):
        return replace(reading, note=f"a body that is not text, {_bytes(len(raw), is_cut=is_cut)}")
    return replace(reading, body=_text(body[:most]), is_cut=is_cut or len(body) > most)


def fields_in(data: bytes) -> tuple[tuple[str, str], ...]:
    """Return the fields that stand in these lines."""
    return tuple(map(_field, _text(data).splitlines()[:MOST_FIELDS]))


def _split(data: bytes, begin: int) -> tuple[bytes, int]:
    """Return a head, and where what follows it begins."""
    end = _HEAD_ENDS.search(data, begin)
    return (data[begin:], len(data)) if end is None else (data[begin : end.start()], end.end())


def _field(line: str) -> tuple[str, str]:
    colon = line.find(":", 1)
    return (line.strip(), "") if colon < 0 else (line[:colon].strip(), line[colon + 1 :].strip())


def _dechunked(data: bytes, most: int) -> bytes:
    parts, at, had, chunks = [], 0, 0, 0
    while had < most and chunks < _CHUNKS and (size := _CHUNK.match(data, at)) is not None:
        length = int(size[1], 16)
        parts.append(data[size.end() : size.end() + length])
        at = size.end() + length
        at += 2 if data[at : at + 2] == b"\r\n" else 1
        had, chunks = had + length, chunks + 1
        if not length:
            break
    return b"".join(parts)


def _decoded(data: bytes, coding: str, most: int) -> bytes | None:
    """Return the start of a body without its codings; None where it can't be had."""
    codings = [each.strip().lower() for each in coding.split(",") if each.strip()]
    if len(codings) > _CODINGS:
        return None
    for left, each in reversed(list(enumerate(codings))):
        if each == "identity":
            continue
        if each not in _FRAMES:
            return None
        # What is decoded on the way to the last has no more than it needs either.
        inflated = _inflated(data, _FRAMES[each], most + 1 if left == 0 else _BETWEEN)
        if inflated is None:
            return None
        data = inflated
    return data


def _inflated(data: bytes, frames: Sequence[int], most: int) -> bytes | None:
    for bits in frames:
        try:
            return zlib.decompressobj(bits).decompress(data, most)
        except zlib.error:
            continue
    return None


def _is_text(data: bytes) -> bool:
    start = data[:4096]
    if b"\0" in start:
        return False
    odd = sum(byte in _ODD for byte in start) + start.decode("utf-8", "replace").count("\ufffd")
    return odd <= len(start) * _FEW


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _is_grpc(fields: Sequence[tuple[str, str]]) -> bool:
    return any(name.lower() == "content-type" and value.startswith("application/grpc") for name, value in fields)


def _grpc(raw: bytes, *, is_cut: bool) -> str:
    """Return how long a message is; nothing where there is none."""
    if not raw:
        return ""
    size = int.from_bytes(raw[1:_GRPC_PREFIX], "big")
    if len(raw) != _GRPC_PREFIX + size:
        return f"{_bytes(len(raw), is_cut=is_cut)} that are not one gRPC message"
    return f"a gRPC message of {size} bytes{', compressed' if raw[0] else ''}"


def _bytes(count: int, *, is_cut: bool) -> str:
    return f"{'more than ' if is_cut else ''}{count} bytes"
