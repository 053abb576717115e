"""For each rule about orders, files that break it and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from glasswatch.flag.advice import ADVICE, ORDER_ADVICE, SIGNING_ADVICE
from glasswatch.flag.document import FlagState
from glasswatch.flag.errors import Refusal, Refused
from glasswatch.flag.floor import Floor, advance
from glasswatch.flag.jws import ORDER_TYP, open_
from glasswatch.flag.order import Order
from glasswatch.flag.order_reader import read
from glasswatch.flag.order_rules import KEY_RULES, RULES, OrderAsked, OrderCase
from glasswatch.flag.strict import encode_base64url
from glasswatch.flag.trust import KeyRole, Trust, TrustKey
from tests.support.flags import AT, KEY, READY_CLAIMS, signed, signed_header, trust_key
from tests.support.orders import (
    ANNA,
    ANNAS,
    ANNAS_OTHER,
    ASKED,
    BEN,
    BENS,
    CARA,
    CARAS,
    NO_FLOOR,
    READY,
    STANDBY,
    STRANGER,
    TRUST,
    judged,
    lines,
    order_key,
    ordered,
    ordered_with,
    trusting_persons,
)

GOOD = ordered(READY, ANNA, BEN)


@dataclass(frozen=True)
class Broken:
    """A file of one order with what it is judged by, and the code of the one rule that it breaks."""

    code: Refusal
    raw: bytes = GOOD
    trust: Trust = TRUST
    asked: OrderAsked = ASKED
    seen: Floor = NO_FLOOR


def _ready(**changes: object) -> bytes:
    return ordered(replace(READY, **changes), ANNA, BEN)  # type: ignore[arg-type]  # any claim


def _bens(**changes: object) -> Trust:
    return trusting_persons(ANNAS, replace(BENS, **changes), CARAS)  # type: ignore[arg-type]  # any member of the entry


def _seen(order: Order) -> Floor:
    counted = judged(ordered(order, ANNA, BEN)).latest
    assert counted is not None
    return advance(NO_FLOOR, counted.mark)


_AHEAD = replace(READY, iat=AT + 61, exp=AT + 3000, ver=(AT + 61) * 1000)

# What breaks the whole order.
ORDERS = {
    "a payload that is no JSON": Broken(Refusal.PAYLOAD, lines(b"ready", ANNA, BEN)),
    "a payload that is a list": Broken(Refusal.PAYLOAD, lines(b"[1.5]", ANNA, BEN)),
    "a claim twice": Broken(Refusal.DUPLICATE_KEY, lines(b'{"iss":"prod","iss":"prod"}', ANNA, BEN)),
    "a claim missing": Broken(Refusal.CLAIMS, ordered_with({"by": ...}, ANNA, BEN)),
    "a claim of another type": Broken(Refusal.CLAIMS, ordered_with({"ver": "1"}, ANNA, BEN)),
    "nobody who ordered": Broken(Refusal.CLAIMS, ordered_with({"by": ""}, ANNA, BEN)),
    "an exercise": Broken(Refusal.CLAIMS, ordered_with({"state": "exercise", "aud": "prod/exercise"}, ANNA, BEN)),
    "another deployment's word": Broken(Refusal.ISSUER, _ready(iss="staging")),
    "a vantage's word": Broken(Refusal.ISSUER, _ready(iss="prod/main")),
    "another platform": Broken(Refusal.PLATFORM, _ready(sub="billing")),
    "another platform asked for": Broken(Refusal.PLATFORM, asked=OrderAsked("prod", "Payments")),
    "another deployment in the audience": Broken(Refusal.AUDIENCE, _ready(aud="staging/ready")),
    "standby in the audience": Broken(Refusal.AUDIENCE, _ready(aud="prod/standby")),
    "ready in the audience of standby": Broken(Refusal.AUDIENCE, ordered(replace(STANDBY, aud="prod/ready"), ANNA)),
    "issued 61 s ahead": Broken(Refusal.ISSUED_LATER, ordered(_AHEAD, ANNA, BEN)),
    "one second over 4 h": Broken(Refusal.LIFETIME, _ready(exp=READY.iat + 14_401)),
    "an end before its beginning": Broken(Refusal.LIFETIME, _ready(iat=AT + 30, exp=AT + 20, ver=AT * 1000)),
    "an end at its beginning": Broken(Refusal.LIFETIME, _ready(iat=AT + 30, exp=AT + 30, ver=AT * 1000)),
    "a version 60.001 s ahead": Broken(Refusal.VER_AHEAD, _ready(ver=READY.iat * 1000 + 60_001)),
    "one person": Broken(Refusal.TOO_FEW_PERSONS, ordered(READY, ANNA)),
    "one person twice": Broken(Refusal.TOO_FEW_PERSONS, ordered(READY, ANNA, ANNA)),
    "one person with two keys": Broken(
        Refusal.TOO_FEW_PERSONS,
        ordered(READY, ANNA, ANNAS_OTHER),
        trusting_persons(ANNAS, order_key(ANNAS_OTHER, "anna"), BENS),
    ),
    "one person in two spellings": Broken(
        Refusal.TOO_FEW_PERSONS, trust=trusting_persons(ANNAS, replace(BENS, person=" Anna "))
    ),
    "two of three persons": Broken(Refusal.TOO_FEW_PERSONS, trust=trusting_persons(ANNAS, BENS, CARAS, persons=3)),
    "four of five persons": Broken(
        Refusal.TOO_FEW_PERSONS,
        ordered(READY, ANNA, BEN, CARA, ANNAS_OTHER),
        trusting_persons(ANNAS, BENS, CARAS, order_key(ANNAS_OTHER, "dora"), persons=5),
    ),
    "older than one seen": Broken(Refusal.VER_BELOW_FLOOR, seen=_seen(STANDBY)),
    "of the version of another": Broken(Refusal.EQUIVOCATION, seen=_seen(replace(READY, ticket="INC-8"))),
    "expired now": Broken(Refusal.EXPIRED, _ready(exp=AT)),
}
_FLOORS = {Refusal.VER_BELOW_FLOOR, Refusal.EQUIVOCATION, Refusal.CLOCK_BEHIND, Refusal.EXPIRED}
_READ = {Refusal.PAYLOAD, Refusal.DUPLICATE_KEY, Refusal.CLAIMS}

# What breaks Ben's line alone: Anna's stays, so that one person too few signed.
_HALF = ordered(READY, BEN).strip().rpartition(b".")[0]
_BENS_LINE = ordered(READY, BEN).strip()
LINES = {
    "over 16 KiB": Broken(Refusal.TOO_LARGE, _BENS_LINE + b"A" * 16_384),
    "two parts": Broken(Refusal.PARTS, _HALF),
    "two carriage returns": Broken(Refusal.ENCODING, _BENS_LINE + b"\r\r"),
    "a fourth member in the header": Broken(
        Refusal.HEADER,
        signed_header(
            f'{{"alg":"EdDSA","typ":"{ORDER_TYP}","kid":"{BEN.kid}","cty":"JWT"}}'.encode(),
            open_(_BENS_LINE, ORDER_TYP).payload,
            BEN,
        ),
    ),
    "a member of the header twice": Broken(
        Refusal.DUPLICATE_KEY,
        signed_header(
            f'{{"alg":"EdDSA","typ":"{ORDER_TYP}","kid":"{BEN.kid}","kid":"{BEN.kid}"}}'.encode(),
            open_(_BENS_LINE, ORDER_TYP).payload,
            BEN,
        ),
    ),
    "another algorithm": Broken(
        Refusal.ALGORITHM,
        signed_header(
            f'{{"alg":"none","typ":"{ORDER_TYP}","kid":"{BEN.kid}"}}'.encode(),
            open_(_BENS_LINE, ORDER_TYP).payload,
            BEN,
        ),
    ),
    "a flag": Broken(Refusal.TYPE, signed(READY_CLAIMS, BEN)),
    "a key nobody trusts": Broken(Refusal.KEY_UNKNOWN, ordered(READY, STRANGER).strip()),
    "a revoked key": Broken(Refusal.KEY_REVOKED, _BENS_LINE, _bens(is_revoked=True)),
    "a key not valid yet": Broken(Refusal.KEY_DATES, _BENS_LINE, _bens(nbf=AT + 1)),
    "a key that ends now": Broken(Refusal.KEY_DATES, _BENS_LINE, _bens(exp=AT)),
    "a flag key": Broken(Refusal.KEY_ROLE, _BENS_LINE, _bens(role=KeyRole.FLAG)),
    "an evidence key": Broken(Refusal.KEY_ROLE, _BENS_LINE, _bens(role=KeyRole.EVIDENCE)),
    "another's signature": Broken(
        Refusal.SIGNATURE, _HALF + b"." + encode_base64url(STRANGER.sign(_HALF)).encode("ascii")
    ),
    "the signature of another order": Broken(
        Refusal.SIGNATURE, _HALF + b"." + ordered(STANDBY, BEN).strip().rpartition(b".")[2]
    ),
    "a demo's key": Broken(Refusal.KEY_DEMO, _BENS_LINE, _bens(is_demo=True)),
    "a key of another deployment": Broken(Refusal.ISSUER, _BENS_LINE, _bens(iss="staging")),
    "a key of a vantage": Broken(Refusal.ISSUER, _BENS_LINE, _bens(iss="prod/main")),
    "nobody's key": Broken(Refusal.KEY_PERSON, _BENS_LINE, _bens(person=None)),
    "a key of no name": Broken(Refusal.KEY_PERSON, _BENS_LINE, _bens(person=" ")),
}


def test_the_good_one_is_good() -> None:
    """What all others are a change of opens."""
    assert judged(GOOD).state is FlagState.READY


@pytest.mark.parametrize("case", ORDERS.values(), ids=ORDERS)
def test_an_order_that_breaks_one_rule_is_refused_for_it(case: Broken) -> None:
    """Nothing is in force, and the code of the rule is told in one line that says what to do."""
    judgement = judged(case.raw, case.trust, case.asked, case.seen)
    assert (judgement.state, judgement.refusal) == (None, case.code)
    assert judgement.reason.endswith(f"; {ORDER_ADVICE[case.code]}")
    assert judgement.reason.isascii()
    assert judgement.reason.isprintable()


@pytest.mark.parametrize("case", LINES.values(), ids=LINES)
def test_a_line_that_breaks_one_rule_is_no_signature(case: Broken) -> None:
    """A broken line beside a good one leaves an order of one person; beside two good ones it changes nothing."""
    alone = judged(ordered(READY, ANNA) + case.raw, case.trust)
    assert (alone.state, alone.refusal) == (None, Refusal.TOO_FEW_PERSONS)
    assert [(each.place, each.code) for each in alone.uncounted if each.is_line] == [("order.jws, line 2", case.code)]
    beside = judged(case.raw + b"\n" + ordered(READY, ANNA, CARA), case.trust)
    assert beside.state is FlagState.READY
    assert [alarm.what for alarm in beside.alarms()] == [
        f"order.jws, line 1: does not count ({case.code.value}): {beside.uncounted[0].what}"
    ]


@pytest.mark.parametrize("case", LINES.values(), ids=LINES)
def test_a_file_of_one_broken_line_says_why(case: Broken) -> None:
    """Where nothing better can be told, the reason is that of the line."""
    judgement = judged(case.raw, case.trust)
    assert judgement.refusal is case.code
    assert judgement.reason.startswith("order.jws, line 1: ")


@pytest.mark.parametrize("raw", [b"", b"\n", b"\n\n\n"])
def test_an_empty_file_holds_no_order(raw: bytes) -> None:
    """Nothing there is no alarm: it is how a machine looks on every other day."""
    judgement = judged(raw)
    assert (judgement.refusal, judgement.alarms()) == (Refusal.NO_ORDER, ())


def test_every_refusal_has_its_document() -> None:
    """No code that an order can be refused with goes untested, and each has its advice."""
    tested = {case.code for case in [*ORDERS.values(), *LINES.values()]}
    assert tested | {Refusal.NO_ORDER, Refusal.CLOCK_BEHIND, Refusal.UNREADABLE, Refusal.TRUST} == set(ORDER_ADVICE)
    assert set(ADVICE) | set(ORDER_ADVICE) == set(Refusal)
    assert set(SIGNING_ADVICE) <= set(ORDER_ADVICE)


def _case(broken: Broken) -> OrderCase:
    payload = open_(broken.raw.split(b"\n")[0], ORDER_TYP).payload
    holders = {
        key.holder
        for line in broken.raw.split(b"\n")
        if line and (key := broken.trust.key(open_(line, ORDER_TYP).kid)) is not None
    }
    return OrderCase(read(payload), len(holders), broken.trust.order_persons, broken.asked, AT * 1000)


def _fails(rule: Callable[[], None]) -> bool:
    try:
        rule()
    except Refused:
        return True
    return False


_RULED = [case for case in ORDERS.values() if case.code not in _FLOORS | _READ]


@pytest.mark.parametrize("case", _RULED, ids=lambda case: case.code.value)
def test_only_the_one_rule_stands_in_its_way(case: Broken) -> None:
    """Of all rules just one refuses the order: were it gone, the order would count."""
    assert sum(_fails(lambda rule=rule: rule(_case(case))) for rule in RULES) == 1  # type: ignore[misc]  # bound per rule


def test_every_rule_has_its_order() -> None:
    """Each rule refuses at least one of the orders."""
    cases = [_case(case) for case in _RULED]
    assert all(any(_fails(lambda rule=rule, case=case: rule(case)) for case in cases) for rule in RULES)  # type: ignore[misc]  # bound per rule


_KEYS = {
    Refusal.KEY_DEMO: replace(BENS, is_demo=True),
    Refusal.ISSUER: replace(BENS, iss="staging"),
    Refusal.KEY_PERSON: replace(BENS, person=None),
}


@pytest.mark.parametrize("key", _KEYS.values(), ids=[code.value for code in _KEYS])
def test_only_the_one_rule_stands_in_a_keys_way(key: TrustKey) -> None:
    """Of all rules about keys just one refuses it."""
    assert sum(_fails(lambda rule=rule: rule(key, ASKED)) for rule in KEY_RULES) == 1  # type: ignore[misc]  # bound per rule
    assert len(KEY_RULES) == len(_KEYS)


ACCEPTED = {
    "no newline at its end": Broken(Refusal.PARTS, GOOD.strip()),
    "empty lines between": Broken(Refusal.PARTS, GOOD.replace(b"\n", b"\n\n")),
    "three of two": Broken(Refusal.TOO_FEW_PERSONS, ordered(READY, ANNA, BEN, CARA)),
    "five of five": Broken(
        Refusal.TOO_FEW_PERSONS,
        ordered(READY, ANNA, BEN, CARA, ANNAS_OTHER, KEY),
        trusting_persons(ANNAS, BENS, CARAS, order_key(ANNAS_OTHER, "dora"), order_key(KEY, "emil"), persons=5),
    ),
    "issued 60 s ahead": Broken(Refusal.ISSUED_LATER, _ready(iat=AT + 60, ver=(AT + 60) * 1000)),
    "just 4 h": Broken(Refusal.LIFETIME, _ready(exp=READY.iat + 14_400)),
    "a version 60 s ahead": Broken(Refusal.VER_AHEAD, _ready(ver=READY.iat * 1000 + 60_000)),
    "an old version": Broken(Refusal.VER_AHEAD, _ready(ver=0)),
    "one second left": Broken(Refusal.EXPIRED, _ready(exp=AT + 1)),
    "no ticket": Broken(Refusal.CLAIMS, _ready(ticket=None)),
    "an unknown claim": Broken(Refusal.CLAIMS, ordered_with({"novel": [1, None]}, ANNA, BEN)),
    "keys of any deployment": Broken(
        Refusal.ISSUER, trust=trusting_persons(replace(ANNAS, iss=None), replace(BENS, iss=None))
    ),
    "a key until in a second": Broken(Refusal.KEY_DATES, trust=_bens(exp=AT + 1)),
    "the same one again": Broken(Refusal.EQUIVOCATION, seen=_seen(READY)),
    "later than one seen": Broken(Refusal.VER_BELOW_FLOOR, seen=_seen(replace(READY, ver=READY.ver - 1))),
    "in a file of other keys": Broken(Refusal.KEY_ROLE, trust=trusting_persons(trust_key(), ANNAS, BENS)),
}


@pytest.mark.parametrize("case", ACCEPTED.values(), ids=ACCEPTED)
def test_just_within_each_rule_ready_is_ready(case: Broken) -> None:
    """A true order on the near side of each bound is obeyed: refusing it would lock the engineer out."""
    judgement = judged(case.raw, case.trust, case.asked, case.seen)
    assert (judgement.state, judgement.refusal, judgement.alarms()) == (FlagState.READY, None, ())
