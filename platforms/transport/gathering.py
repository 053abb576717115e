"""Gathers an answer that comes in heads, pieces and trailers, within the bounds of `platforms.transport.answer`.

For protocols whose framing somebody else takes apart: HTTP/2. What is said of lengths is checked here, because a head,
or a trailer, may end a stream as well as the last piece of a body does.
"""

from collections.abc import Iterable
from typing import Final

from platforms.errors import FaultKind, TransportFault
from platforms.transport.answer import (
    LARGE_BODY,
    LARGE_HEAD,
    MANY_FIELDS,
    MANY_INTERIM,
    MAX_FIELDS,
    MAX_HEAD_BYTES,
    MAX_INTERIM,
    Expecting,
    Said,
    is_interim,
)
from platforms.transport.tape import Tape
from platforms.transport.trace import Contact

_FIELD_OVERHEAD: Final = 4
_STATUS: Final = b":status"
_DIGITS: Final = 3

Fields = list[tuple[bytes, bytes]]


class Gathering:
    """One answer as it arrives. `tape` and `notes` take it in the form that people read."""

    def __init__(self, expecting: Expecting, tape: Tape | None = None, notes: Contact | None = None) -> None:
        self._expecting = expecting
        self._tape = tape
        self._notes = notes
        self._status = 0
        self._fields: Fields = []
        self._trailers: Fields = []
        self._codings: list[bytes] = []
        self._body = bytearray()  # joined as it comes, however small the pieces
        self._length: int | None = None
        self._field_bytes = 0
        self._field_count = 0
        self._interim = 0
        self.is_headed = False  # the final answer's head is complete
        self.is_done = False

    def head(self, fields: Iterable[tuple[bytes, bytes]]) -> bool:
        """Take a head, perhaps an interim one; return whether it was final.

        Raises:
            TransportFault: PROTOCOL, TOO_LARGE.
        """
        counted = self._counted(fields)
        status = _status(counted)
        plain = [(name, value) for name, value in counted if name != _STATUS]
        self._write(b"HTTP/2 %d\r\n%s\r\n" % (status, _lines(plain)))
        if is_interim(status):
            self._interim += 1
            if self._interim > MAX_INTERIM:
                raise TransportFault(FaultKind.PROTOCOL, MANY_INTERIM)
            return False
        self._status, self._fields, self.is_headed = status, plain, True
        self._codings = [value for name, value in plain if name == b"content-encoding"]
        self.is_done = not self._expecting.wants_body(status)
        if not self.is_done:
            self._length = _length(plain)
            if self._length is not None and self._length > self._expecting.max_body:
                raise TransportFault(FaultKind.TOO_LARGE, LARGE_BODY)
        return True

    def piece(self, data: bytes) -> None:
        """Take a piece of the body.

        Raises:
            TransportFault: TOO_LARGE.
        """
        if len(self._body) + len(data) > self._expecting.max_body:
            raise TransportFault(FaultKind.TOO_LARGE, LARGE_BODY)
        self._body += data
        self._write(data)

    def along(self, data: bytes) -> None:
        """Note a piece of a body that nobody wants: it came along with the head."""
        if self._notes is not None:
            self._notes.heard(data)

    def trailer(self, fields: Iterable[tuple[bytes, bytes]]) -> None:
        """Take the trailers.

        Raises:
            TransportFault: TOO_LARGE.
        """
        self._trailers = self._counted(fields)
        lines = _lines(self._trailers)
        if self._tape is not None:
            self._tape.take(b"\r\n%s\r\n" % lines)
        if self._notes is not None:
            self._notes.ended(lines)

    def end(self) -> None:
        """Take note that nothing more will come.

        Raises:
            TransportFault: PROTOCOL: more or less was announced.
        """
        if not self.is_done and self._length is not None and self._length != len(self._body):
            raise TransportFault(FaultKind.PROTOCOL, "the body is not as long as content-length says")
        self.is_done = True

    def said(self) -> Said:
        """Return the answer."""
        body = bytes(self._body)
        return Said(self._status, self._fields, body, self._codings, b"HTTP/2", self._trailers)

    def _counted(self, fields: Iterable[tuple[bytes, bytes]]) -> Fields:
        counted = [(bytes(name), bytes(value)) for name, value in fields]
        self._field_count += len(counted)
        self._field_bytes += sum(len(name) + len(value) + _FIELD_OVERHEAD for name, value in counted)
        if self._field_count > MAX_FIELDS:
            raise TransportFault(FaultKind.TOO_LARGE, MANY_FIELDS)
        if self._field_bytes > MAX_HEAD_BYTES:
            raise TransportFault(FaultKind.TOO_LARGE, LARGE_HEAD)
        return counted

    def _write(self, data: bytes) -> None:
        if self._tape is not None:
            self._tape.take(data)
        if self._notes is not None:
            self._notes.heard(data)


def _lines(fields: Fields) -> bytes:
    return b"".join(b"%s: %s\r\n" % field for field in fields)


def _status(fields: Fields) -> int:
    # The library has seen to it that there is one, and one only.
    text = next((value for name, value in fields if name == _STATUS), b"")
    if len(text) != _DIGITS or not text.isdigit():
        raise TransportFault(FaultKind.PROTOCOL, "the status of the answer is not a number of three digits")
    return int(text)


def _length(fields: Fields) -> int | None:
    lengths = {value for name, value in fields if name == b"content-length"}
    if len(lengths) > 1:
        raise TransportFault(FaultKind.PROTOCOL, "the answer has two lengths")
    if not lengths:
        return None
    text = lengths.pop()
    if not text.isdigit() or len(text) > 20:  # noqa: PLR2004 - as the parser of HTTP/1.1
        raise TransportFault(FaultKind.PROTOCOL, "the answer's content-length is not a number")
    return int(text)
