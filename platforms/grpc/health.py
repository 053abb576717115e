"""The messages of gRPC's health service (grpc.health.v1), read and written by hand.

    message HealthCheckRequest { string service = 1; }
    message HealthCheckResponse { ServingStatus status = 1; }   // an enum; left out, it is 0

Rules of reading:
- Fields nobody knows yet are passed over, as protobuf wants it.
- What no encoder writes is not a health answer: a status given twice or in another form than a number, a field without
  a number, a group, a number that doesn't end, bytes that are cut short.
"""

from enum import IntEnum
from typing import Final

from platforms.errors import FaultKind, TransportFault

CHECK: Final = b"/grpc.health.v1.Health/Check"
_FIELD: Final = 1
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
_LONGEST_VARINT: Final = 10
_HIGHEST: Final = 2**64 - 1
_SEVEN: Final = 0x7F
_MORE: Final = 0x80


class Serving(IntEnum):
    """What a service says of itself."""

    UNKNOWN = 0
    SERVING = 1
    NOT_SERVING = 2
    SERVICE_UNKNOWN = 3  # in answers to Watch only


def question(service: str) -> bytes:
    """Return the message that asks for a service; an empty name asks for the server as a whole."""
    name = service.encode()
    # An empty text is left out, as every encoder does.
    return bytes((_FIELD << 3 | _BYTES,)) + _written(len(name)) + name if name else b""


def status_in(message: bytes) -> int:
    """Return the number that stands for the status.

    Raises:
        TransportFault: PROTOCOL: it is no health answer.
    """
    found: int | None = None
    at = 0
    while at < len(message):
        key, at = _number(message, at)
        field, form = key >> 3, key & 0x7
        if field == _FIELD:
            if form != _VARINT or found is not None:
                raise _wrong()
            found, at = _number(message, at)
        elif field:
            at = _past(message, at, form)
        else:
            raise _wrong()
    return found or 0


def _past(message: bytes, at: int, form: int) -> int:
    """Return where the next field begins."""
    if form == _VARINT:
        return _number(message, at)[1]
    if form == _BYTES:
        size, at = _number(message, at)
    elif form in (_FIXED_32, _FIXED_64):
        size = 4 if form == _FIXED_32 else 8
    else:
        raise _wrong()
    if at + size > len(message):
        raise _wrong()
    return at + size


def _number(message: bytes, at: int) -> tuple[int, int]:
    """Return the number written there, and where it ends."""
    value = 0
    for index, byte in enumerate(message[at : at + _LONGEST_VARINT]):
        value |= (byte & _SEVEN) << 7 * index
        if byte < _MORE:
            if value > _HIGHEST:
                break
            return value, at + index + 1
    raise _wrong()


def _written(number: int) -> bytes:
    written = bytearray()
    while number >= _MORE:
        written.append(number & _SEVEN | _MORE)
        number >>= 7
    written.append(number)
    return bytes(written)


def _wrong() -> TransportFault:
    return TransportFault(FaultKind.PROTOCOL, "the message is not a health answer")
