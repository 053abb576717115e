"""What is signed into an order, and whether a signature would count: asked before one is given away. Pure.

- A key may sign what readers of the trust file would count it for; their own rules say so.
- A signature is added to one order, the same bytes as those there, and by another person than those who signed it.
- An end is a standby order with a higher version than the order it ends. It lasts as long as that one would have: were
  it over before, the other would come back at a reader to whom only that one is shown.
- A version is Unix milliseconds, or the one before plus 1, and may not run ahead of its date: a clock that is behind
  the one that an order was signed by can't end it.

Faults are one line that says what to do. Making canonical bytes, and asking whoever signs, is the caller's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from glasswatch.flag.advice import ORDER_ADVICE, SIGNING_ADVICE
from glasswatch.flag.authenticity import rfc3339
from glasswatch.flag.document import TOLERANCE_MS, FlagState, audience, next_version, unix_ms
from glasswatch.flag.errors import OrderFault, Refusal, Refused, plain
from glasswatch.flag.floor import Floor
from glasswatch.flag.jws import ORDER_TYP, open_
from glasswatch.flag.order import MAX_LIFETIME, MAX_LINES, Order, OrderLine, OrderLines
from glasswatch.flag.order_reader import OrderJudgement, Signature, judge_orders, read, signature
from glasswatch.flag.order_rules import OrderAsked
from glasswatch.flag.trust import Trust


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to order."""

    deployment: str
    platform: str
    state: FlagState
    lifetime: timedelta
    by: str
    ticket: str | None


@dataclass(frozen=True, slots=True)
class Draft:
    """The one order that lines are over, with the lines, each of them once."""

    payload: bytes
    order: Order
    lines: tuple[OrderLine, ...]

    @property
    def asked(self) -> OrderAsked:
        """Return whom it is for, by its own word."""
        return OrderAsked(self.order.iss, self.order.sub)


def begin(wish: Wish, now: datetime, previous: int = 0) -> Order:
    """Return the order that is to be signed; `previous` is the version of the one it ends.

    Raises:
        OrderFault: this machine's clock is behind the one that the order before was signed by.
    """
    iat, ver = unix_ms(now) // 1000, next_version(previous, now)
    if ver > iat * 1000 + TOLERANCE_MS:
        raise OrderFault(
            f"it is {rfc3339(iat)} here, and the order was signed by a clock {(ver - iat * 1000) // 1000} s ahead: set "
            "this machine's clock right"
        )
    return Order(
        iss=wish.deployment,
        sub=wish.platform,
        aud=audience(wish.deployment, wish.state),
        iat=iat,
        exp=iat + int(wish.lifetime.total_seconds()),
        ver=ver,
        state=wish.state,
        by=wish.by,
        ticket=wish.ticket,
    )


def left_of(order: Order, now: datetime) -> timedelta:
    """Return how long an end of this order is to last.

    Raises:
        OrderFault: it is over already.
    """
    left = timedelta(seconds=order.exp - unix_ms(now) // 1000)
    if left <= timedelta():
        raise OrderFault(f"the order expired at {rfc3339(order.exp)}: there is nothing to end")
    return min(left, MAX_LIFETIME)


def draft_of(files: Iterable[OrderLines]) -> Draft:
    """Return the one order that all lines of all files are over; who signed them is not asked.

    Raises:
        OrderFault: there is none, or more than one, or a line is no order.
    """
    lines: dict[bytes, OrderLine] = {}
    payloads: dict[bytes, OrderLine] = {}
    for file in files:
        if file.has_more or len(file.lines) > MAX_LINES:
            raise OrderFault(f"{plain(file.place)}: more lines than an order has: take out what is none")
        for line in file.lines:
            payloads.setdefault(_payload(line), line)
            lines.setdefault(line.document, line)
    if not payloads:
        raise OrderFault("there is no order in it: sign one without --add")
    (payload, first), *others = payloads.items()
    if others:
        raise OrderFault(f"{plain(others[0][1].place)}: is of another order than {plain(first.place)}: keep them apart")
    return Draft(payload, _order(payload, first), tuple(lines.values()))


def latest_signed(files: Iterable[OrderLines], trust: Trust, now: datetime) -> Order:
    """Return the order with the highest version that anybody signed, be it enough persons or not.

    Raises:
        OrderFault: no line is signed by a key that counts.
    """
    found = []
    for line in (line for file in files for line in file.lines):
        try:
            order = read(open_(line.document, ORDER_TYP).payload)
            signature(line, trust, OrderAsked(order.iss, order.sub), now)
        except Refused:
            continue
        found.append(order)
    if not found:
        raise OrderFault("no line in it is signed by a key that counts: see `monitor flag order verify`")
    return max(found, key=lambda order: order.ver)


def signers_of(draft: Draft, trust: Trust, now: datetime) -> tuple[Signature, ...]:
    """Return whose signatures an order has so far.

    Raises:
        OrderFault: a line is nobody's signature.
    """
    found = []
    for line in draft.lines:
        try:
            found.append(signature(line, trust, draft.asked, now))
        except Refused as refused:
            raise OrderFault(
                f"{plain(line.place)}: does not count ({refused.code.value}): {refused.what}: take the line out"
            ) from None
    return tuple(found)


def signed_by(line: OrderLine, trust: Trust, asked: OrderAsked, now: datetime) -> Signature:
    """Return whose signature a line is that was made just now.

    Raises:
        OrderFault: readers would not count it.
    """
    try:
        return signature(line, trust, asked, now)
    except Refused as refused:
        advice = SIGNING_ADVICE.get(refused.code, ORDER_ADVICE[refused.code])
        raise OrderFault(f"this key can't sign the order ({refused.code.value}): {refused.what}; {advice}") from None


def check(draft: Draft, trust: Trust, now: datetime) -> OrderJudgement:
    """Return how readers will judge an order that is complete, or lacks nothing but persons.

    Raises:
        OrderFault: they would refuse it for anything else.
    """
    if draft.order.exp * 1000 <= unix_ms(now):  # readers ask it last of all, once enough persons signed
        raise OrderFault(f"the order expired at {rfc3339(draft.order.exp)}: {ORDER_ADVICE[Refusal.EXPIRED]}")
    judgement = judge_orders([OrderLines("", draft.lines, has_more=False)], trust, draft.asked, now, Floor())
    if judgement.refusal not in {None, Refusal.TOO_FEW_PERSONS}:
        raise OrderFault(f"readers would refuse the order: {judgement.reason}")
    return judgement


def summary(order: Order) -> tuple[str, ...]:
    """Return what whoever signs an order must have read, line by line, and nothing cut short."""
    means = "break-glass is permitted" if order.state is FlagState.READY else "break-glass is sealed"
    return (
        f"order       {order.state.value}: {means}, whatever the flag says",
        f"platform    {order.sub!a} of deployment {order.iss!a}",
        f"from        {rfc3339(order.iat)}",
        f"until       {rfc3339(order.exp)}",
        f"ordered by  {order.by!a}",
        f"ticket      {'none' if order.ticket is None else ascii(order.ticket)}",
        f"version     {order.ver}",
    )


def _payload(line: OrderLine) -> bytes:
    try:
        return open_(line.document, ORDER_TYP).payload
    except Refused as refused:
        raise OrderFault(f"{plain(line.place)}: is no order ({refused.code.value}): {refused.what}") from None


def _order(payload: bytes, line: OrderLine) -> Order:
    try:
        return read(payload)
    except Refused as refused:
        raise OrderFault(f"{plain(line.place)}: is no order ({refused.code.value}): {refused.what}") from None
