"""Cuts what an HTTP/2 server sends into frames, within bounds, before the protocol's library sees any of it.

Rules:
- The first frame is SETTINGS, or GOAWAY where a server won't begin; anything else is not HTTP/2 (RFC 9113, 3.4).
- A frame is at most 16 KiB: nobody was allowed more.
- A head comes in one piece: HEADERS, and until it is whole nothing but CONTINUATION, 32 at most, 64 KiB in all heads
  and trailers together. Ten of them carry the largest head; more are a flood.
- Frames that bring nothing of an answer (settings, pings, windows, empty or tiny pieces of a body, unknown ones) cost
  us more than the server: `MAX_ASIDE` at most. A server that answers one request needs a dozen.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from platforms.errors import FaultKind, TransportFault
from platforms.transport.answer import LARGE_HEAD, MAX_HEAD_BYTES

MAX_FRAME: Final = 16 * 1024
MAX_CONTINUED: Final = 32
MAX_ASIDE: Final = 500
_TINY: Final = 128  # a piece of a body below this is one of those
_HEADER: Final = 9
_ACK: Final = 0x1
_PADDED: Final = 0x8
_END_HEADERS: Final = 0x4


class Kind(IntEnum):
    """The frames of RFC 9113."""

    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. `raw` is all of it, as it came."""

    kind: int
    stream: int
    raw: bytes

    @property
    def payload(self) -> bytes:
        """What is in it."""
        return self.raw[_HEADER:]

    @property
    def content(self) -> bytes:
        """What is in it, of a piece of a body, without its padding."""
        payload = self.payload
        if not self.raw[4] & _PADDED or not payload:
            return payload
        return payload[1 : max(len(payload) - payload[0], 1)]


class Frames:
    """What has arrived, frame by frame."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.is_greeted = False
        self._is_judged = False  # the frame at the front was found within the bounds; the rest of it is to come
        self._is_mid_head = False
        self._head_bytes = 0
        self._continued = 0
        self._aside = 0

    @property
    def is_heading(self) -> bool:
        """Whether a head has begun to arrive and is not whole."""
        return self._is_mid_head or (self._is_judged and self._buffer[3] == Kind.HEADERS)

    def take(self, data: bytes) -> None:
        """Add what has arrived."""
        self._buffer += data

    def next(self) -> Frame | None:
        """Return the next whole frame; None if there is none yet.

        Raises:
            TransportFault: PROTOCOL, TOO_LARGE.
        """
        buffer = self._buffer
        if len(buffer) < _HEADER:
            return None
        size, kind, flags = int.from_bytes(buffer[:3], "big"), buffer[3], buffer[4]
        if not self._is_judged:
            self._judge(size, kind, flags)
            self._is_judged = True
        whole = _HEADER + size
        if len(buffer) < whole:
            return None
        self._is_judged = False
        if kind in (Kind.HEADERS, Kind.CONTINUATION):
            self._is_mid_head = not flags & _END_HEADERS
        raw = bytes(buffer[:whole])
        del buffer[:whole]
        # The highest bit is reserved.
        return Frame(kind, int.from_bytes(raw[5:9], "big") & 0x7FFFFFFF, raw)

    def _judge(self, size: int, kind: int, flags: int) -> None:
        """Look at a frame as soon as its header is here: what is too large must not be collected first."""
        if not self.is_greeted:
            self._greet(kind, flags)
        if size > MAX_FRAME:
            raise TransportFault(FaultKind.TOO_LARGE, f"a frame is larger than {MAX_FRAME // 1024} KiB")
        if self._is_mid_head is not (kind == Kind.CONTINUATION):
            raise TransportFault(FaultKind.PROTOCOL, "the answer is not valid HTTP/2: its head is not in one piece")
        if kind in (Kind.HEADERS, Kind.CONTINUATION):
            self._judge_head(size, kind)
        if kind != Kind.DATA or size < _TINY:
            self._aside += 1
        if self._aside > MAX_ASIDE:
            words = f"more than {MAX_ASIDE} frames that bring nothing of the answer"
            raise TransportFault(FaultKind.TOO_LARGE, words)

    def _judge_head(self, size: int, kind: int) -> None:
        self._head_bytes += size
        self._continued = self._continued + 1 if kind == Kind.CONTINUATION else 0
        if self._head_bytes > MAX_HEAD_BYTES:
            raise TransportFault(FaultKind.TOO_LARGE, LARGE_HEAD)
        if self._continued > MAX_CONTINUED:
            words = f"the head of the answer comes in more than {MAX_CONTINUED} pieces"
            raise TransportFault(FaultKind.TOO_LARGE, words)

    def _greet(self, kind: int, flags: int) -> None:
        if self._buffer.startswith(b"HTTP/"):
            raise TransportFault(FaultKind.PROTOCOL, "the server does not speak HTTP/2: it answers in HTTP/1")
        if kind not in (Kind.SETTINGS, Kind.GOAWAY) or (kind == Kind.SETTINGS and flags & _ACK):
            raise TransportFault(FaultKind.PROTOCOL, "the server does not speak HTTP/2")
        self.is_greeted = True
