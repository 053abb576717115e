"""What an order says, and the lines of a file of orders: the path to break-glass that needs no monitor.

- An order is ready or standby; an exercise is no order. It lives for 4 h at most.
- A file holds one JWS a line, each by one person. Lines over the same payload bytes are signatures of the same order;
  a line over other bytes is another order's.
- Empty lines say nothing, nor do a carriage return before a line's end and a byte order mark before the first: what
  an editor puts there must not void an order.
- Of a file the first 8 MiB are read, and each line may have 16 KiB. Every line that could be an order is judged; of
  those that can't be, only the first 32 are kept to be told.
- Every claim is there with exactly its type, null only where it may be. Claims that we don't know are ignored.

Times are Unix seconds, `ver` Unix milliseconds or more. Making canonical bytes of `payload`, and signing, is the
caller's; whether an order counts is `order_reader`'s.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from glasswatch.flag.document import FlagState
from glasswatch.flag.jws import MAX_BYTES
from glasswatch.flag.strict import Members

MAX_LIFETIME = timedelta(hours=4)
MAX_LINES = 32
MAX_FILE_BYTES = 8 * 1024 * 1024
_LEAST_BYTES = 150  # a signature alone has 86, and the header of an order more than 64
_DOTS = 2
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_STATES = frozenset({FlagState.READY.value, FlagState.STANDBY.value})


@dataclass(frozen=True, slots=True)
class Order:
    """The payload of an order (design 3.4)."""

    iss: str
    sub: str
    aud: str
    iat: int
    exp: int
    ver: int
    state: FlagState
    by: str
    ticket: str | None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of a file of orders, unread: where it stands, for messages, and its bytes without the newline."""

    place: str
    document: bytes


@dataclass(frozen=True, slots=True)
class OrderLines:
    """The lines of a file that are read. `has_more` says that there are others, which are not."""

    place: str
    lines: tuple[OrderLine, ...]
    has_more: bool


def payload(order: Order) -> dict[str, object]:
    """Return the claims as JSON values, still to be made canonical."""
    return {
        "iss": order.iss,
        "sub": order.sub,
        "aud": order.aud,
        "iat": order.iat,
        "exp": order.exp,
        "ver": order.ver,
        "state": order.state.value,
        "by": order.by,
        "ticket": order.ticket,
    }


def parse(value: object) -> Order:
    """Return the claims in a decoded payload.

    Raises:
        Malformed: a claim is missing or of the wrong type.
    """
    claims = Members(value)
    return Order(
        iss=claims.text("iss"),
        sub=claims.text("sub"),
        aud=claims.text("aud"),
        iat=claims.seconds("iat"),
        exp=claims.seconds("exp"),
        ver=claims.count("ver"),
        state=FlagState(claims.one_of("state", _STATES)),
        by=claims.text("by"),
        ticket=claims.text_or_none("ticket"),
    )


def lines_of(place: str, raw: bytes) -> OrderLines:
    """Return the lines of a file, numbered as an editor numbers them; `place` is its name, for messages."""
    read: list[OrderLine] = []
    others = 0
    for number, line in _numbered(raw.removeprefix(_BYTE_ORDER_MARK)):
        if not _could_be_signed(line):
            others += 1
            if others > MAX_LINES:
                continue
        read.append(OrderLine(f"{place}, line {number}", line))
    return OrderLines(place, tuple(read), has_more=others > MAX_LINES or len(raw) > MAX_FILE_BYTES)


def _numbered(raw: bytes) -> Iterator[tuple[int, bytes]]:
    number, counted = 1, 0
    for found in re.finditer(rb"[^\n]+", raw):
        number += raw.count(b"\n", counted, found.start())
        counted = found.start()
        if line := found.group().removesuffix(b"\r"):
            yield number, line


def _could_be_signed(line: bytes) -> bool:
    return _LEAST_BYTES <= len(line) <= MAX_BYTES and line.count(b".") == _DOTS
