"""Speaks HTTP/2 over a connection that stands: one request, one answer, on the first stream.

Rules, beside those of `platforms.transport.http`:
- Under TLS the server must have agreed to `h2` (ALPN); in clear it must know (RFC 9113, 3.3): nothing is negotiated.
- Request and preface leave together. A body leaves as far as the server's windows let it.
- What servers send is bounded frame by frame (`frames`), head and body as in HTTP/1.1 (`gathering`). Their windows are
  opened as we read. Nothing may be pushed.
- GOAWAY that lets our request be finished is a server's way of saying that it is the last one: the answer is waited
  for. The library would refuse it, so GOAWAY and RST_STREAM never reach it.
- Header fields are sent as never to be indexed: on a connection for one request a table saves nothing, and the
  library's debug log names no value of such a field.
- Notes are taken of request and answer, not of frames. Where no head of an answer came, they are of what came instead.
- What the library says is wrong is put in our words: its own repeat what the server sent.

Imported only where a probe asks for it: the library takes tens of milliseconds.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    Event,
    InformationalResponseReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import (
    DenialOfServiceError,
    FlowControlError,
    InvalidBodyLengthError,
    ProtocolError,
)
from h2.settings import SettingCodes, Settings
from hpack.struct import HeaderTuple, NeverIndexedHeaderTuple

from platforms.errors import FaultKind, TransportFault, Unwelcomed
from platforms.http import Request
from platforms.transport.answer import LARGE_HEAD, MAX_HEAD_BYTES, Expecting, Said
from platforms.transport.broken_off import broken_off
from platforms.transport.frames import MAX_FRAME, Frame, Frames, Kind
from platforms.transport.gathering import Gathering
from platforms.transport.stopwatch import Phase, Stopwatch
from platforms.transport.tape import Tape, Taped
from platforms.transport.tls import HTTP_2
from platforms.transport.trace import MOST_BYTES, Contact
from platforms.transport.wire import Wire

_STREAM: Final = 1
# As much as arrives in a second from a good server far away (100 ms, 10 MB/s): waiting for windows is not its time.
_WINDOW: Final = 1024 * 1024
_FIRST_WINDOW: Final = 65535  # before anybody says otherwise
# RFC 9113, 8.2.2: what belongs to a connection has no place in HTTP/2. The host is a field of its own.
_OF_CONNECTION: Final = frozenset(
    {b"host", b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade"}
)
_PSEUDO: Final = 4
_OF_OURS: Final = frozenset({Kind.DATA, Kind.HEADERS, Kind.CONTINUATION, Kind.RST_STREAM})
_FOR_LIBRARY: Final = _OF_OURS | {Kind.SETTINGS, Kind.PING, Kind.WINDOW_UPDATE}
_INVALID: Final = "the answer is not valid HTTP/2"
Fields = list[HeaderTuple]

_CONFIG: Final = H2Configuration(client_side=True, header_encoding=None)


async def speak(wire: Wire, request: Request, expecting: Expecting, watch: Stopwatch, tape: Tape | None) -> Said:
    """See `platforms.transport.http.Speak`."""
    if wire.is_secured and wire.alpn not in HTTP_2:
        raise TransportFault(FaultKind.PROTOCOL, "the server does not offer HTTP/2 (ALPN h2)")
    notes = wire.unnoted()
    dialogue = Dialogue(wire, watch, Gathering(expecting, tape, notes))
    fields = dialogue.begin(request)
    unread = None if notes is None else _noted(notes, fields, request.content)
    try:
        await wire.receive(dialogue if unread is None else Taped(dialogue, unread))
    except TransportFault as fault:
        if fault.kind is FaultKind.LOST and wire.is_secured and not dialogue.is_greeted:
            raise Unwelcomed(str(fault)) from fault
        raise
    finally:
        if notes is not None and unread is not None and not dialogue.is_answered:
            notes.heard(bytes(unread.said))
    return dialogue.said()


class Dialogue:
    """One request and its answer: a `Receiver`."""

    def __init__(self, wire: Wire, watch: Stopwatch, gathering: Gathering) -> None:
        self._wire = wire
        self._watch = watch
        self._gathering = gathering
        self._frames = Frames()
        self.is_answered = False  # a head has come, perhaps an interim one
        self._unsent = b""
        self._leaving: TransportFault | None = None  # what it would mean if the connection ended now
        self._h2 = H2Connection(_CONFIG)
        self._h2.local_settings = Settings(
            client=True,
            initial_values={
                SettingCodes.ENABLE_PUSH: 0,
                SettingCodes.INITIAL_WINDOW_SIZE: _WINDOW,
                SettingCodes.MAX_FRAME_SIZE: MAX_FRAME,
                SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEAD_BYTES,
            },
        )

    @property
    def is_greeted(self) -> bool:
        """Whether the server has said what it says first."""
        return self._frames.is_greeted

    def begin(self, request: Request) -> Fields:
        """Send the request; return its fields.

        Raises:
            TransportFault: OWN: a header can't be sent.
        """
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(_WINDOW - _FIRST_WINDOW)
        self._unsent = request.content
        fields = _fields(request)
        try:
            self._h2.send_headers(_STREAM, fields, end_stream=not self._unsent)
        except ProtocolError as error:
            raise TransportFault(FaultKind.OWN, "a header can't be sent over HTTP/2") from error
        self._go_on()
        return fields

    def said(self) -> Said:
        """Return the answer."""
        return self._gathering.said()

    def feed(self, data: bytes) -> bool:
        """See `Receiver`."""
        self._frames.take(data)
        while not self._gathering.is_done and (frame := self._frames.next()) is not None:
            self._hear(frame)
        if self._gathering.is_done:
            self._pass_over()
            return True
        if self._frames.is_heading:
            self._enter(Phase.TRANSFER)
        self._go_on()
        return False

    def eof(self) -> None:
        """See `Receiver`."""
        if self._leaving is not None:
            raise self._leaving
        if self._gathering.is_headed:
            where = "in the middle of the body"
        else:
            where = "in the middle of the head" if self._frames.is_heading else "without an answer"
        raise TransportFault(FaultKind.LOST, f"the connection was closed {where}")

    def _pass_over(self) -> None:
        """Note what of a body that nobody waits for is here already; whether it is valid nobody asks."""
        with suppress(TransportFault):
            while (frame := self._frames.next()) is not None and frame.kind == Kind.DATA:
                self._gathering.along(frame.content)

    def _hear(self, frame: Frame) -> None:
        if frame.kind in _OF_OURS and frame.stream != _STREAM:
            raise TransportFault(FaultKind.PROTOCOL, f"{_INVALID}: a frame of a stream that nobody opened")
        if frame.kind == Kind.PUSH_PROMISE:
            raise TransportFault(FaultKind.PROTOCOL, f"{_INVALID}: the server pushes, which it was told not to")
        if frame.kind == Kind.RST_STREAM:
            raise broken_off(_number(frame.payload, 0), "reset the request")
        if frame.kind == Kind.GOAWAY:
            self._leave(_number(frame.payload, 0) & 0x7FFFFFFF, _number(frame.payload, 4))
        elif frame.kind in _FOR_LIBRARY:
            for event in self._events(frame):
                self._happened(event)

    def _leave(self, last: int, code: int) -> None:
        self._leaving = broken_off(code, "ended the connection")
        if last < _STREAM:
            raise self._leaving

    def _events(self, frame: Frame) -> Iterable[Event]:
        try:
            return self._h2.receive_data(frame.raw)
        except DenialOfServiceError as error:
            raise TransportFault(FaultKind.TOO_LARGE, LARGE_HEAD) from error
        except InvalidBodyLengthError as error:
            raise TransportFault(FaultKind.PROTOCOL, "the body is not as long as content-length says") from error
        except FlowControlError as error:
            raise TransportFault(FaultKind.PROTOCOL, f"{_INVALID}: it does not keep to the windows") from error
        except ProtocolError as error:
            kind = Kind.HEADERS if frame.kind == Kind.CONTINUATION else Kind(frame.kind)
            raise TransportFault(FaultKind.PROTOCOL, f"{_INVALID}: a wrong {kind.name} frame") from error

    def _happened(self, event: Event) -> None:
        if isinstance(event, DataReceived):
            self._gathering.piece(event.data)
            if event.stream_ended is None and event.flow_controlled_length:
                self._h2.acknowledge_received_data(event.flow_controlled_length, _STREAM)
        elif isinstance(event, ResponseReceived | InformationalResponseReceived):
            self._enter(Phase.TRANSFER)
            self.is_answered = True
            if not self._gathering.head(event.headers):
                self._enter(Phase.PROCESSING)
        elif isinstance(event, TrailersReceived):
            self._gathering.trailer(event.headers)
        elif isinstance(event, StreamEnded):
            self._gathering.end()
        elif isinstance(event, StreamReset):  # by the library, for what the server did
            raise TransportFault(FaultKind.PROTOCOL, _INVALID)

    def _enter(self, phase: Phase) -> None:
        if self._watch.running is not phase:
            self._watch.enter(phase)
            self._watch.awaited = None

    def _go_on(self) -> None:
        """Send what is due: acknowledgements, windows, and as much of the request as the server takes."""
        while self._unsent:
            room = min(self._h2.local_flow_control_window(_STREAM), self._h2.max_outbound_frame_size)
            if room <= 0:
                break
            piece, self._unsent = self._unsent[:room], self._unsent[room:]
            self._h2.send_data(_STREAM, piece, end_stream=not self._unsent)
        is_stuck = bool(self._unsent) and self._watch.running is Phase.PROCESSING
        self._watch.awaited = "the server to take the body of the request" if is_stuck else None
        if data := self._h2.data_to_send():
            self._wire.send(data)


def _noted(notes: Contact, fields: Fields, content: bytes) -> Tape:
    """Note a request as people read it; return what takes the bytes that may turn out to be no answer."""
    (_, method), *rest, (_, path) = fields[:_PSEUDO]
    lines = b"".join(b"%s: %s\r\n" % (name, value) for name, value in (*rest, *fields[_PSEUDO:]))
    notes.said(b"%s %s HTTP/2\r\n%s\r\n%s" % (method, path, lines, content))
    return Tape(MOST_BYTES)


def _fields(request: Request) -> Fields:
    authority = request.headers.get("host", "").encode("ascii")
    url = request.url
    fields = [
        HeaderTuple(b":method", request.method.encode("ascii")),
        HeaderTuple(b":scheme", url.scheme.encode("ascii")),
        HeaderTuple(b":authority", authority),
        HeaderTuple(b":path", url.raw_path),
    ]
    for name, value in request.headers.raw:
        lowered = name.lower()
        if lowered in _OF_CONNECTION:
            continue
        if any(byte in b"\r\n\0" for byte in value):
            raise TransportFault(FaultKind.OWN, "a header can't be sent: it holds a line end")
        fields.append(NeverIndexedHeaderTuple(lowered, value))
    return fields


def _number(payload: bytes, at: int) -> int:
    if len(payload) < at + 4:
        raise TransportFault(FaultKind.PROTOCOL, f"{_INVALID}: a frame is cut short")
    return int.from_bytes(payload[at : at + 4], "big")
