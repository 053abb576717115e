"""Reads one HTTP/1.x answer within bounds.

Rules:
- Head: at most 64 KiB and 100 fields, trailers and interim answers included. Peers allow 8 KiB (nginx) to 256 KiB
  (curl's total is 300 KiB); a health page that needs more is broken for somebody.
- Interim answers (1xx) are skipped, 10 at most. 101 is wrong: nobody asked to switch protocols.
- Body: at most `max_body` bytes as transferred; a larger `Content-Length` fails before the body is read.
- Without `Content-Length` and chunks the body ends with the connection. TLS does not have to say goodbye first: some
  servers never do, and browsers and Go accept that.
- The parser is strict, but takes bare line feeds, as browsers and curl do. HTTP/0.9 and other talk is wrong.
- What follows a complete answer is ignored.

Decoding the body is `platforms.transport.body`'s.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Final

import httptools

from platforms.errors import FaultKind, TransportFault
from platforms.transport.stopwatch import Phase, Stopwatch

MAX_HEAD_BYTES: Final = 64 * 1024
MAX_FIELDS: Final = 100
MAX_INTERIM: Final = 10
# Line ends and the colon of a field; names and values alone would let empty fields through for nothing.
_FIELD_OVERHEAD: Final = 4
_TLS: Final = (b"\x15\x03", b"\x16\x03")  # how an alert begins, and a handshake
_NO_BODY: Final = frozenset({204, 304})
_SWITCHING: Final = 101
_FIRST_FINAL: Final = 200
_LOWEST: Final = 100
LARGE_HEAD: Final = f"the head of the answer is larger than {MAX_HEAD_BYTES // 1024} KiB"
SPEAKS_TLS: Final = "the server answers in TLS where it was asked in clear: should the address be https?"
LARGE_BODY: Final = "the body is larger than allowed"
MANY_FIELDS: Final = f"the answer has more than {MAX_FIELDS} header fields"
MANY_INTERIM: Final = f"more than {MAX_INTERIM} interim answers"


@dataclass(frozen=True, slots=True)
class Expecting:
    """What is asked for.

    `max_body` in bytes. `has_body` is false for HEAD. `body_for`: statuses whose body is wanted, None for all: of any
    other answer the head is enough, and an error page can't do more harm than its status.
    """

    max_body: int
    has_body: bool = True
    body_for: Container[int] | None = None

    def wants_body(self, status: int) -> bool:
        """Return whether the body of an answer with this status is read."""
        is_wanted = self.body_for is None or status in self.body_for
        return self.has_body and is_wanted and status not in _NO_BODY


@dataclass(frozen=True, slots=True)
class Said:
    """What a server said, once it was said: `codings` are the values of Content-Encoding, the body is encoded still."""

    status: int
    fields: Sequence[tuple[bytes, bytes]]
    body: bytes
    codings: Sequence[bytes]
    version: bytes = b"HTTP/1.1"
    trailers: Sequence[tuple[bytes, bytes]] = ()


def is_interim(status: int) -> bool:
    """Return whether another answer follows one with this status.

    Raises:
        TransportFault: PROTOCOL: no answer to us has it.
    """
    if status < _LOWEST or status == _SWITCHING:
        raise TransportFault(FaultKind.PROTOCOL, f"the answer has the impossible status {status}")
    return status < _FIRST_FINAL


class Answer:
    """One answer as it arrives: a `Receiver`. `close` it in the end."""

    def __init__(self, expecting: Expecting, watch: Stopwatch) -> None:
        self.status = 0
        self.fields: list[tuple[bytes, bytes]] = []
        self.codings: list[bytes] = []  # values of Content-Encoding
        self._expecting = expecting
        self._watch = watch
        self._body = bytearray()  # joined as it comes: half a million chunks of two bytes each are no more than a MiB
        self._head_bytes = 0  # fed before the head was complete
        self._field_bytes = 0
        self._field_count = 0
        self._interim = 0
        self._is_headed = False  # the final answer's head is complete
        self._is_framed = False  # its body has an end of its own
        self._is_done = False
        self._fault: TransportFault | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True)

    @property
    def body(self) -> bytes:
        """The body as it was transferred, without chunks' framing."""
        return bytes(self._body)

    def close(self) -> None:
        """Let go of the parser, which holds on to us: a body must not wait for the garbage collector."""
        del self._parser

    def feed(self, data: bytes) -> bool:
        """See `Receiver`."""
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if self._fault is None and not self._is_done:
                is_tls = data.startswith(_TLS) and not self._head_bytes
                # The parser's own words; they do not repeat what it read.
                words = SPEAKS_TLS if is_tls else f"the answer is not valid HTTP: {error}"
                raise TransportFault(FaultKind.PROTOCOL, words) from error
        if not self._is_headed:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._blame(FaultKind.TOO_LARGE, LARGE_HEAD)
        if self._fault is not None:
            raise self._fault
        return self._is_done

    def eof(self) -> None:
        """See `Receiver`."""
        if self._is_headed and not self._is_framed:
            return
        if self._is_headed:
            where = "in the middle of the body"
        else:
            where = "in the middle of the head" if self._head_bytes else "without an answer"
        raise TransportFault(FaultKind.LOST, f"the connection was closed {where}")

    # What the parser calls. What is raised here would come out wrapped, so faults are kept until it returns.

    def on_message_begin(self) -> None:
        """The first byte of an answer, perhaps an interim one."""
        if not self._is_done:
            self._watch.enter(Phase.TRANSFER)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head, or of the trailer."""
        if self._is_done:
            return
        self._field_count += 1
        self._field_bytes += len(name) + len(value) + _FIELD_OVERHEAD
        if self._field_count > MAX_FIELDS:
            self._blame(FaultKind.TOO_LARGE, MANY_FIELDS)
        elif self._field_bytes > MAX_HEAD_BYTES:
            self._blame(FaultKind.TOO_LARGE, LARGE_HEAD)
        elif not self._is_headed:
            self.fields.append((name, value))

    def on_headers_complete(self) -> None:
        """The end of a head."""
        if self._is_done:
            return
        self.status = self._parser.get_status_code()
        if self.status < _LOWEST or self.status == _SWITCHING:
            self._blame(FaultKind.PROTOCOL, f"the answer has the impossible status {self.status}")
        elif self.status < _FIRST_FINAL:
            self.fields.clear()
            self._interim += 1
            if self._interim > MAX_INTERIM:
                self._blame(FaultKind.PROTOCOL, MANY_INTERIM)
        else:
            self._is_headed = True
            self._is_done = not self._expecting.wants_body(self.status)
            self._read_fields()

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if self._is_done:
            return
        if len(self._body) + len(data) > self._expecting.max_body:
            self._blame(FaultKind.TOO_LARGE, LARGE_BODY)
        elif self._fault is None:
            self._body += data

    def on_message_complete(self) -> None:
        """The last byte of an answer, perhaps an interim one."""
        if self._is_headed:
            self._is_done = True
        else:
            self._watch.enter(Phase.PROCESSING)

    def _read_fields(self) -> None:
        for name, value in self.fields:
            lowered = name.lower()
            if lowered == b"content-length":
                self._is_framed = True
                # Twenty digits at most: the parser has refused more.
                if not self._is_done and int(value) > self._expecting.max_body:
                    self._blame(FaultKind.TOO_LARGE, LARGE_BODY)
            elif lowered == b"content-encoding":
                self.codings.append(value)
            elif lowered == b"transfer-encoding":
                self._is_framed = True
                if value.strip().lower() != b"chunked":
                    self._blame(FaultKind.PROTOCOL, "the answer has a transfer coding that nobody asked for")

    def _blame(self, kind: FaultKind, message: str) -> None:
        if self._fault is None:
            self._fault = TransportFault(kind, message)
        self._body.clear()
