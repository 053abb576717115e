"""Orders as persons sign them, and orders that break one rule: what readers of orders are tested with."""

from collections.abc import Mapping

from glasswatch.canonical import canonical
from glasswatch.flag.document import FlagState
from glasswatch.flag.floor import Floor
from glasswatch.flag.jws import ORDER_TYP, sign
from glasswatch.flag.keys import SigningKey
from glasswatch.flag.order import Order, OrderLines, lines_of, payload
from glasswatch.flag.order_reader import OrderJudgement, judge_orders
from glasswatch.flag.order_rules import OrderAsked
from glasswatch.flag.trust import KeyRole, Trust, TrustKey
from tests.support.flags import AT, DEPLOYMENT, NOW, PLATFORM, key_number

ANNA, BEN, CARA, STRANGER = (key_number(number) for number in (21, 22, 23, 24))
ANNAS_OTHER = key_number(25)
ASKED = OrderAsked(DEPLOYMENT, PLATFORM)
NO_FLOOR = Floor()

READY = Order(
    iss=DEPLOYMENT,
    sub=PLATFORM,
    aud="prod/ready",
    iat=AT - 600,
    exp=AT + 3000,
    ver=(AT - 600) * 1000,
    state=FlagState.READY,
    by="anna, ben",
    ticket="INC-7",
)
STANDBY = Order(
    iss=DEPLOYMENT,
    sub=PLATFORM,
    aud="prod/standby",
    iat=AT - 300,
    exp=AT + 3000,
    ver=(AT - 300) * 1000,
    state=FlagState.STANDBY,
    by="ben",
    ticket=None,
)


def order_key(key: SigningKey, person: str | None, iss: str | None = DEPLOYMENT) -> TrustKey:
    """Return a trust file's entry for an order key."""
    return TrustKey(key.kid, key.public, KeyRole.ORDER, iss, person)


ANNAS = order_key(ANNA, "anna")
BENS = order_key(BEN, "ben")
CARAS = order_key(CARA, "cara")


def trusting_persons(*entries: TrustKey, persons: int = 2) -> Trust:
    """Return a trust file with these entries that asks for so many persons."""
    return Trust(1, {entry.kid: entry for entry in entries}, persons)


TRUST = trusting_persons(ANNAS, BENS, CARAS)


def lines(raw: bytes, *keys: SigningKey) -> bytes:
    """Return lines over any payload, one by each key."""
    return b"".join(sign(raw, key, ORDER_TYP).encode("ascii") + b"\n" for key in keys)


def ordered(order: Order, *keys: SigningKey) -> bytes:
    """Return an order as its file holds it."""
    return lines(canonical(payload(order)), *keys)


def ordered_with(changes: Mapping[str, object], *keys: SigningKey, order: Order = READY) -> bytes:
    """Return an order whose payload differs from `order` in some members; `...` takes one away."""
    members = payload(order) | dict(changes)
    return lines(canonical({name: value for name, value in members.items() if value is not ...}), *keys)


def in_file(raw: bytes) -> OrderLines:
    """Return the lines of a file with this content."""
    return lines_of("order.jws", raw)


def judged(raw: bytes, trust: Trust = TRUST, asked: OrderAsked = ASKED, seen: Floor = NO_FLOOR) -> OrderJudgement:
    """Return what a reader makes of a file of orders now."""
    return judge_orders([in_file(raw)], trust, asked, NOW, seen)
