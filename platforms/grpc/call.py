"""One unary call of gRPC: how it is asked, and what an answer over HTTP/2 says.

Rules:
- The status is the one field `grpc-status` at the end: in the trailers, or in the head of an answer that has nothing
  but a head. Its message is the server's text, and is not read.
- An answer that isn't 200 over HTTP is from somebody before the server. Its own gRPC status counts where it has one;
  otherwise HTTP's is translated (grpc/doc/http-grpc-status-mapping.md).
- An answer must be of gRPC's content type. A call that went well brings exactly one message, whole, uncompressed:
  compression was not offered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from platforms.errors import FaultKind, TransportFault
from platforms.http import URL, Request, Response
from platforms.transport.http import content_of, trailers_of

MAX_MESSAGE: Final = 16 * 1024
_PREFIX: Final = 5  # whether it is compressed, and how long it is
_GOOD: Final = 200
_MOST_DIGITS: Final = 3
_TYPES: Final = frozenset({b"application/grpc", b"application/grpc+proto"})


class Code(IntEnum):
    """gRPC's statuses."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


_TRANSLATED: Final = {
    400: Code.INTERNAL,
    401: Code.UNAUTHENTICATED,
    403: Code.PERMISSION_DENIED,
    404: Code.UNIMPLEMENTED,
    429: Code.UNAVAILABLE,
    502: Code.UNAVAILABLE,
    503: Code.UNAVAILABLE,
    504: Code.UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class Called:
    """What came of a call. `code` may be one that nobody knows; the message is there if it is OK.

    `is_translated`: the code stands for HTTP's status, there was none of gRPC's.
    """

    http_status: int
    code: int
    message: bytes = b""
    is_translated: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes: host (IPv6 without brackets), port, method; `authority` where it is named otherwise."""

    scheme: str
    host: str
    port: int
    method: bytes
    authority: str | None = None

    @property
    def url(self) -> URL:
        """The address that is asked."""
        return URL(scheme=self.scheme, host=self.host, port=self.port, raw_path=self.method)


def request_of(
    target: Target, message: bytes, metadata: Mapping[str, str], timeout_seconds: float, extensions: dict[str, object]
) -> Request:
    """Return the request of a call. `metadata` holds what is told beside the message, in place of ours of that name."""
    ours = {
        "te": "trailers",
        "content-type": "application/grpc",
        "grpc-timeout": f"{round(timeout_seconds * 1000)}m",
    }
    host = {"host": target.authority} if target.authority is not None else {}
    framed = b"\0" + len(message).to_bytes(4, "big") + message
    return Request(
        "POST", target.url, headers={**host, **metadata, **ours}, content=framed, extensions=extensions or None
    )


def called(response: Response) -> Called:
    """Return what an answer says.

    Raises:
        TransportFault: PROTOCOL: it is no answer of gRPC's.
    """
    head = response.headers.raw
    trailers = trailers_of(response)
    body = content_of(response, MAX_MESSAGE)
    code = _code(trailers if trailers or body else head)
    status = response.status_code
    if status != _GOOD:
        is_translated = not code  # none, or a success that HTTP denies
        return Called(status, _TRANSLATED.get(status, Code.UNKNOWN) if is_translated else code or 0, b"", is_translated)
    _check_type(head)
    if code is None:
        raise TransportFault(FaultKind.PROTOCOL, "the answer ends without a gRPC status")
    return Called(status, code, _unframed(body) if code == Code.OK else b"")


def _code(fields: Sequence[tuple[bytes, bytes]]) -> int | None:
    codes = [value for name, value in fields if name.lower() == b"grpc-status"]
    if not codes:
        return None
    if len(codes) > 1 or not codes[0].isdigit() or len(codes[0]) > _MOST_DIGITS:
        raise TransportFault(FaultKind.PROTOCOL, "the gRPC status is not one number")
    return int(codes[0])


def _check_type(fields: Sequence[tuple[bytes, bytes]]) -> None:
    types = [value.partition(b";")[0].strip().lower() for name, value in fields if name.lower() == b"content-type"]
    if len(types) != 1 or types[0] not in _TYPES:
        raise TransportFault(FaultKind.PROTOCOL, "the answer is not gRPC: its content type is another")


def _unframed(body: bytes) -> bytes:
    if not body:
        raise TransportFault(FaultKind.PROTOCOL, "the gRPC status is OK, but there is no message")
    if body[0] == 1:
        raise TransportFault(FaultKind.PROTOCOL, "the message is compressed, which nobody asked for")
    size = int.from_bytes(body[1:_PREFIX], "big")
    if body[0] or len(body) < _PREFIX + size:
        raise TransportFault(FaultKind.PROTOCOL, "the message is cut short, or no message at all")
    if len(body) > _PREFIX + size:
        raise TransportFault(FaultKind.PROTOCOL, "there is more than one message")
    return body[_PREFIX:]
