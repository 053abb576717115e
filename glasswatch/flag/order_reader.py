"""Whether an order is in force: what beats the flag until its end. Pure: no clock, no file.

1. A line counts as the signature of a person if it is a JWS of ours of an order's type by a key that the trust file
   has in the role `order`, not revoked, within its dates now (`authenticity`), and `order_rules.KEY_RULES` hold.
2. Lines over the same bytes are one order, wherever they stand. Several keys of one person are one signature.
3. An order counts if its payload is strict JSON, every claim is there and of its type, `order_rules.RULES` hold, and
   `floor` lets it pass.
4. Of those that count the one with the highest `ver` is the latest, expired ones included: an order that was ended
   does not come back when its end expires. Of several with the same `ver` it is one that says standby,
   and the others are told.
5. Of a file 4096 lines are checked that name a key which may sign orders; of more, those nearest its two ends. Lines
   that name none count for nothing here: whoever can append to the file must not be able to use up what is read.
6. The latest is in force until its `exp`. Without one in force the flag decides.

A line or an order that does not count changes nothing: it opens nothing, closes nothing, and takes no signature away
from the others. It is told, so that somebody looks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from glasswatch.flag import floor
from glasswatch.flag.advice import ORDER_ADVICE
from glasswatch.flag.authenticity import authenticate, rfc3339
from glasswatch.flag.digest import sha256
from glasswatch.flag.document import FlagState, unix_ms
from glasswatch.flag.errors import Alarm, AlarmCode, Malformed, Refusal, Refused, RepeatedName, plain, shown
from glasswatch.flag.floor import Floor, Mark
from glasswatch.flag.jws import ORDER_TYP
from glasswatch.flag.order import MAX_LINES, Order, OrderLine, OrderLines, parse
from glasswatch.flag.order_rules import KEY_RULES, RULES, OrderAsked, OrderCase
from glasswatch.flag.strict import loads
from glasswatch.flag.trust import Trust

MAX_CHECKED = 4096
# What is refused before a signature is looked at.
_NO_CHECK = frozenset(
    {
        Refusal.TOO_LARGE,
        Refusal.PARTS,
        Refusal.ENCODING,
        Refusal.HEADER,
        Refusal.DUPLICATE_KEY,
        Refusal.ALGORITHM,
        Refusal.TYPE,
        Refusal.KEY_UNKNOWN,
        Refusal.KEY_REVOKED,
        Refusal.KEY_DATES,
        Refusal.KEY_ROLE,
    }
)
_TOO_MANY = f"of those that do not count only {MAX_LINES} are told"
_TOO_MUCH = f"it holds more than an order has: of the lines that don't count only {MAX_LINES} are told"


@dataclass(frozen=True, slots=True)
class Signature:
    """That a person signed these bytes: `person` as the trust file spells it, `holder` the same for all spellings."""

    payload: bytes
    kid: str
    person: str
    holder: str


@dataclass(frozen=True, slots=True)
class Counted:
    """An order that counts, expired or not. `sha256` is of its payload; each person who signed it is named once."""

    order: Order
    sha256: str
    persons: tuple[str, ...]

    @property
    def mark(self) -> Mark:
        """Return what a floor is to remember of it."""
        return Mark(ORDER_TYP, self.order.iss, self.order.sub, self.order.ver, self.sha256, self.order.iat)


@dataclass(frozen=True, slots=True)
class Uncounted:
    """A line or an order that does not count: where it stands, and why not."""

    place: str
    code: Refusal
    what: str
    is_line: bool = False


@dataclass(frozen=True, slots=True)
class OrderJudgement:
    """What the orders say: the latest that counts; why none is in force, if none is; and what did not count.

    `reason` is one line for a person either way.
    """

    latest: Counted | None
    refusal: Refusal | None
    reason: str
    uncounted: tuple[Uncounted, ...] = ()

    @property
    def state(self) -> FlagState | None:
        """What the order in force says; None where there is none, and the flag decides."""
        return self.latest.order.state if self.latest is not None and self.refusal is None else None

    def alarms(self) -> tuple[Alarm, ...]:
        """Return a line for each line and order that did not count, and for an order that has expired."""
        found = [
            Alarm(
                AlarmCode.ORDER_LINE if each.is_line else AlarmCode.ORDER,
                f"{each.place}: does not count ({each.code.value}): {each.what}",
            )
            for each in self.uncounted
        ]
        if self.latest is not None and self.refusal is not None:
            found.append(Alarm(AlarmCode.ORDER, f"no order is in force ({self.refusal.value}): {self.reason}"))
        return tuple(found)


def judge_orders(
    files: Iterable[OrderLines], trust: Trust, asked: OrderAsked, now: datetime, seen: Floor
) -> OrderJudgement:
    """Judge all lines of all files together at an aware instant. Never raises, whatever they hold."""
    signed, uncounted = _signatures(files, trust, asked, now)
    counted: list[Counted] = []
    lost: list[Uncounted] = []
    for payload, persons in signed.items():
        names = tuple(persons.values())
        try:
            case = OrderCase(read(payload), len(persons), trust.order_persons, asked, unix_ms(now))
            for rule in RULES:
                rule(case)
            order = Counted(case.order, sha256(payload), names)
            floor.check(order.mark, seen, case.now_ms if asked.is_now else None)
            counted.append(order)
        except Refused as refused:
            lost.append(Uncounted(f"the order signed by {_listed(names)}", refused.code, refused.what))
    latest = max(counted, key=_recency, default=None)
    lost += _said_twice(counted, latest)
    if len(lost) > MAX_LINES:
        lost[MAX_LINES:] = [Uncounted("the orders", Refusal.TOO_LARGE, _TOO_MANY)]
    return _answer(latest, (*uncounted, *lost), unix_ms(now))


def signature(line: OrderLine, trust: Trust, asked: OrderAsked, now: datetime) -> Signature:
    """Return whose signature a line is.

    Raises:
        Refused: it does not count as anybody's.
    """
    authentic = authenticate(line.document, ORDER_TYP, trust, now)
    key = authentic.key
    for rule in KEY_RULES:
        rule(key, asked)
    return Signature(authentic.payload, key.kid, key.person or "", key.holder or "")


def read(payload: bytes) -> Order:
    """Return what an order's payload says, not judged yet.

    Raises:
        Refused: it can't be read.
    """
    try:
        value = loads(payload)
    except RepeatedName as error:
        raise Refused(Refusal.DUPLICATE_KEY, f"in the claims {error}") from None
    except Malformed as error:
        raise Refused(Refusal.PAYLOAD, f"the claims can't be read: {error}") from None
    try:
        return parse(value)
    except Malformed as error:
        raise Refused(Refusal.CLAIMS, f"a claim is wrong: {error}") from None


def _signatures(
    files: Iterable[OrderLines], trust: Trust, asked: OrderAsked, now: datetime
) -> tuple[dict[bytes, dict[str, str]], list[Uncounted]]:
    """Return for each payload who signed it, by `holder`; and the lines that are nobody's signature."""
    signed: dict[bytes, dict[str, str]] = {}
    uncounted: list[Uncounted] = []
    for file in files:
        checked = 0
        told: list[Uncounted] = []
        for line in _from_both_ends(file.lines):
            if checked == MAX_CHECKED:
                break
            try:
                found = signature(line, trust, asked, now)
            except Refused as refused:
                checked += refused.code not in _NO_CHECK
                told.append(Uncounted(plain(line.place), refused.code, refused.what, is_line=True))
            else:
                checked += 1
                signed.setdefault(found.payload, {}).setdefault(found.holder, found.person)
        uncounted += told[:MAX_LINES]
        if file.has_more or checked == MAX_CHECKED or len(told) > MAX_LINES:
            uncounted.append(Uncounted(plain(file.place), Refusal.TOO_LARGE, _TOO_MUCH, is_line=True))
    return signed, uncounted


def _from_both_ends(lines: Sequence[OrderLine]) -> Iterable[OrderLine]:
    """Return lines as they stand; of very many, in turn from the beginning and from the end."""
    if len(lines) <= MAX_CHECKED:
        return lines
    half = (len(lines) + 1) // 2
    pairs = zip_longest(lines[:half], reversed(lines[half:]))
    return (line for pair in pairs for line in pair if line is not None)


def _recency(counted: Counted) -> tuple[int, bool, str]:
    return counted.order.ver, counted.order.state is FlagState.STANDBY, counted.sha256


def _said_twice(counted: Iterable[Counted], latest: Counted | None) -> list[Uncounted]:
    """Return what else was signed under the latest's version: nobody can tell which was meant, so it is told."""
    return [
        Uncounted(
            f"the order signed by {_listed(each.persons)}",
            Refusal.EQUIVOCATION,
            f"it says {each.order.state.value} until {rfc3339(each.order.exp)}, and another of its version "
            f"{each.order.ver} is taken",
        )
        for each in counted
        if latest is not None and each.order.ver == latest.order.ver and each is not latest
    ]


def _answer(latest: Counted | None, uncounted: tuple[Uncounted, ...], now_ms: int) -> OrderJudgement:
    if latest is None:
        # An order that lacks something tells more than a line that was never one.
        first = next((each for each in sorted(uncounted, key=lambda each: each.is_line)), None)
        code = Refusal.NO_ORDER if first is None else first.code
        what = "there is no order in it" if first is None else f"{first.place}: {first.what}"
        return OrderJudgement(None, code, f"{what}; {ORDER_ADVICE[code]}", uncounted)
    if latest.order.exp * 1000 <= now_ms:
        what = f"the order signed by {_listed(latest.persons)} expired at {rfc3339(latest.order.exp)}"
        return OrderJudgement(latest, Refusal.EXPIRED, f"{what}; {ORDER_ADVICE[Refusal.EXPIRED]}", uncounted)
    return OrderJudgement(latest, None, _summary(latest), uncounted)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(shown, names))


def _summary(latest: Counted) -> str:
    order = latest.order
    word = "ready" if order.state is FlagState.READY else "sealed"
    ticket = "no ticket" if order.ticket is None else f"ticket {shown(order.ticket)}"
    return (
        f"break-glass for {shown(order.sub)} is {word} since {rfc3339(order.iat)}, until {rfc3339(order.exp)}, "
        f"by order of {shown(order.by)} ({ticket}), signed by {_listed(latest.persons)}"
    )
