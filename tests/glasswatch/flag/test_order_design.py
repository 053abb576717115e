"""Design 3.4 on orders, rule by rule: a file that breaks only this one, and the reader without it, which lets it in.

Each entry quotes the rule. Its cases are refused with the code; with the line that holds the rule taken away or turned
round, the same cases open. So no line of these can be lost without a test that tells.
"""

from dataclasses import replace

import pytest

from glasswatch.flag import floor, order_rules
from glasswatch.flag.errors import Refusal
from glasswatch.flag.floor import Floor, Mark
from glasswatch.flag.jws import FLAG_TYP, ORDER_TYP, open_
from glasswatch.flag.keys import SigningKey
from glasswatch.flag.order import Order
from glasswatch.flag.order_reader import judge_orders
from glasswatch.flag.strict import encode_base64url
from tests.support.design import Rule, off, trust_of
from tests.support.flags import AT, NOW, READY_CLAIMS, jwk, signed, signed_header
from tests.support.floors import floor_of
from tests.support.mutants import Asking, Change, answer
from tests.support.order_desk import order_jwk
from tests.support.orders import (
    ANNA,
    ANNAS_OTHER,
    ASKED,
    BEN,
    CARA,
    READY,
    STANDBY,
    STRANGER,
    TRUST,
    in_file,
    lines,
    ordered,
    ordered_with,
)

GOOD = ordered(READY, ANNA, BEN)
_PEOPLE = (order_jwk(ANNA, "anna"), order_jwk(BEN, "ben"), order_jwk(CARA, "cara"))
_BENS = ordered(READY, BEN).strip()
_HALF = _BENS.rpartition(b".")[0]


def ask(raw: bytes = GOOD, **changes: object) -> Asking:
    """Return what a reader is asked that has no flag, about a file of orders."""
    expect = {"audience": "prod", "platform": "payments"}
    asking = Asking((b"",), trust_of(*_PEOPLE), NOW, expect=expect, orders=raw)
    return replace(asking, **changes)  # type: ignore[arg-type]  # any member of it


def _ready(**changes: object) -> Asking:
    return ask(ordered(replace(READY, **changes), ANNA, BEN))  # type: ignore[arg-type]  # any claim


def _bens(**changes: object) -> Asking:
    """Return an order that Ben signed too, with his entry in the trust file changed."""
    return ask(trust=trust_of(order_jwk(ANNA, "anna"), order_jwk(BEN, "ben") | changes))


def _line(line: bytes) -> Asking:
    return ask(ordered(READY, ANNA) + line)


def _header(text: str, key: SigningKey = BEN) -> bytes:
    return signed_header(text.encode(), open_(_BENS, ORDER_TYP).payload, key)


def _floor_of(order: Order, *keys: SigningKey, ahead: int = 0) -> bytes:
    latest = judge_orders([in_file(ordered(order, *keys))], TRUST, ASKED, NOW, Floor()).latest
    assert latest is not None
    mark = replace(latest.mark, iat=latest.mark.iat + ahead)
    return floor.dump(Floor({mark.key: mark}))


_TOO_FEW = Refusal.TOO_FEW_PERSONS
_FLAG_RULES = "All refusals hold as far as they apply"
_PERSONS = "signed by the offline keys of two different persons (the trust file's threshold)"
_OF_A_DEMO = ask(
    ordered(replace(READY, iss="demo", aud="demo/ready"), ANNA, BEN),
    trust=trust_of(*(entry | {"iss": "demo", "demo": True} for entry in _PEOPLE)),
    expect={"audience": "demo", "platform": "payments"},
)
_BEYOND_CLOCK = Mark(ORDER_TYP, "prod", "payments", 0, "0" * 64, AT + 61)
_FLAG_BEYOND_CLOCK = Mark(FLAG_TYP, "prod/fra-1", "payments", 0, "0" * 64, AT + 61)

RULES = (
    # A line that does not count leaves one person too few: the rule taken away, it is the second one's signature.
    Rule(
        _FLAG_RULES,
        Refusal.TOO_LARGE,
        off("jws", "len(raw) > MAX_BYTES"),
        [ask(ordered_with({"x": "y" * 13_000}, ANNA, BEN))],
    ),
    Rule(
        _FLAG_RULES,
        _TOO_FEW,
        Change("jws", "if len(parts) != _PARTS or not all(parts):", "parts = parts[:_PARTS]\n    if not all(parts):"),
        [_line(_BENS + b".AAAA")],
    ),
    Rule(
        _FLAG_RULES,
        _TOO_FEW,
        off("jws", "header.names() != _HEADER"),
        [_line(_header(f'{{"alg":"EdDSA","typ":"{ORDER_TYP}","kid":"{BEN.kid}","crit":[]}}'))],
    ),
    Rule(
        _FLAG_RULES,
        _TOO_FEW,
        off("jws", "algorithm != ALGORITHM"),
        [_line(_header(f'{{"alg":"none","typ":"{ORDER_TYP}","kid":"{BEN.kid}"}}'))],
    ),
    Rule(
        "header typ `break-glass-order+jwt`",
        _TOO_FEW,
        off("jws", "found != typ"),
        [_line(_header(f'{{"alg":"EdDSA","typ":"break-glass-flag+jwt","kid":"{BEN.kid}"}}'))],
    ),
    Rule(
        _FLAG_RULES,
        _TOO_FEW,
        off("authenticity", "not is_signed(jws, key.public)"),
        [_line(_HALF + b"." + encode_base64url(STRANGER.sign(_HALF)).encode())],
    ),
    Rule(_FLAG_RULES, _TOO_FEW, off("authenticity", "key.is_revoked"), [_bens(revoked=True), _bens(revoked=AT + 9)]),
    Rule(
        _FLAG_RULES,
        _TOO_FEW,
        off("authenticity", "key.nbf is not None and now_ms < key.nbf * 1000"),
        [_bens(nbf=AT + 1)],
    ),
    Rule(
        _FLAG_RULES,
        _TOO_FEW,
        off("authenticity", "key.exp is not None and now_ms >= key.exp * 1000"),
        [_bens(exp=AT)],
    ),
    Rule(
        _FLAG_RULES,
        _TOO_FEW,
        off("authenticity", "key.role is not role"),
        [_bens(role="flag"), _bens(role="evidence")],
    ),
    Rule(
        "demo keys are refused outside the demo",
        _TOO_FEW,
        Change("order_rules", "    _key_is_no_demos,\n"),
        [_bens(demo=True)],
    ),
    Rule(
        "order keys' `iss`, if set, is the deployment",
        _TOO_FEW,
        Change("order_rules", "    _key_is_of_the_deployment,\n"),
        [_bens(iss="staging"), _bens(iss="prod/main"), _bens(iss="Prod")],
    ),
    Rule(
        "keys without `person` don't count",
        _TOO_FEW,
        Change("order_rules", "    _key_has_a_person,\n"),
        [_bens(person=None), _bens(person=" ")],
    ),
    # What breaks the order as a whole.
    Rule(
        _PERSONS,
        _TOO_FEW,
        Change("order_rules", "    _enough_persons_signed,\n"),
        [ask(ordered(READY, ANNA)), ask(ordered(READY, ANNA, ANNA)), ask(trust=trust_of(*_PEOPLE, order_persons=3))],
    ),
    Rule(
        _PERSONS,
        _TOO_FEW,
        Change("order_reader", "setdefault(found.holder, found.person)", "setdefault(found.kid, found.person)"),
        [
            ask(
                ordered(READY, ANNA, ANNAS_OTHER),
                trust=trust_of(*_PEOPLE, order_jwk(ANNAS_OTHER, person)),
            )
            for person in ("anna", "Anna", " anna")
        ],
    ),
    Rule(
        "over the same payload bytes",
        _TOO_FEW,
        Change(
            "order_reader",
            "signed.setdefault(found.payload, {})",
            "signed.setdefault(b'x' and next(iter(signed), found.payload), {})",
        ),
        [ask(ordered(READY, ANNA) + ordered(replace(READY, ticket=None), BEN))],
    ),
    Rule(
        "4 h at most",
        Refusal.LIFETIME,
        Change("order_rules", "    _lifetime_is_capped,\n"),
        [_ready(exp=READY.iat + 14_401), _ready(exp=AT + 90_000)],
    ),
    Rule(
        "`iss` not exactly the expected string",
        Refusal.ISSUER,
        Change("order_rules", "    _issuer_is_the_deployment,\n"),
        [_ready(iss="prod/main"), _ready(iss="staging"), _ready(iss="prod ")],
    ),
    Rule(
        "`sub` not exactly the expected string",
        Refusal.PLATFORM,
        Change("order_rules", "    _platform_is_expected,\n"),
        [_ready(sub="billing"), _ready(sub="Payments"), _ready(sub="payments ")],
    ),
    Rule(
        "`aud` not exactly the expected string",
        Refusal.AUDIENCE,
        Change("order_rules", "    _audience_is_expected,\n"),
        [_ready(aud="prod"), _ready(aud="staging/ready"), _ready(aud="prod/standby"), _ready(aud="prod/ready ")],
    ),
    Rule(
        "`iat` later than now + 60 s",
        Refusal.ISSUED_LATER,
        Change("order_rules", "    _is_not_from_the_future,\n"),
        [_ready(iat=AT + 61)],
    ),
    Rule(
        "`ver` more than 60 s ahead of `iat`",
        Refusal.VER_AHEAD,
        Change("order_rules", "    _version_is_near_its_date,\n"),
        [_ready(ver=READY.iat * 1000 + 60_001), _ready(ver=2**53 - 1)],
    ),
    Rule(
        "`exp` not after now",
        Refusal.EXPIRED,
        off("order_reader", "latest.order.exp * 1000 <= now_ms"),
        [_ready(exp=AT), _ready(exp=AT - 300)],
    ),
    Rule(
        "duplicate JSON keys",
        Refusal.DUPLICATE_KEY,
        off("strict", "name in members"),
        [
            ask(
                lines(
                    open_(_BENS, ORDER_TYP).payload.replace(b'"state":"ready"', b'"state":"standby","state":"ready"'),
                    ANNA,
                    BEN,
                )
            )
        ],
    ),
    Rule(
        "a claim missing or of the wrong type",
        Refusal.CLAIMS,
        Change("order", 'by=claims.text("by")', 'by="x"'),
        [ask(ordered_with({"by": by}, ANNA, BEN)) for by in (None, "", 1, ["anna"], ...)],
    ),
    # Several orders, and what was seen before.
    Rule(
        "the highest `ver` wins, expired ones included",
        "standby",
        Change("order_reader", "return counted.order.ver, counted", "return -counted.order.ver, counted"),
        [ask(GOOD + ordered(STANDBY, CARA)), ask(ordered(STANDBY, CARA) + GOOD)],
    ),
    Rule(
        "`ver` lower than the floor",
        Refusal.VER_BELOW_FLOOR,
        Change("floor", "(_version_is_not_lower, ", "("),
        [ask(floor=_floor_of(STANDBY, CARA))],
    ),
    Rule(
        "same `ver`, other bytes (equivocation: this document only)",
        Refusal.EQUIVOCATION,
        Change("floor", "_bytes_are_the_same, ", ""),
        [ask(floor=_floor_of(replace(READY, ticket="INC-8"), ANNA, BEN))],
    ),
    Rule(
        "own clock more than 60 s behind the highest accepted `iat`",
        Refusal.CLOCK_BEHIND,
        off("floor", "behind_ms > TOLERANCE_MS"),
        [ask(floor=floor.dump(floor_of(_BEYOND_CLOCK))), ask(floor=floor.dump(floor_of(_FLAG_BEYOND_CLOCK)))],
    ),
    Rule(
        "own clock more than 60 s behind the highest accepted `iat`",  # of flags, too: time has been there
        Refusal.CLOCK_BEHIND,
        Change("floor", 'self.iss.partition("/")[0]', "self.iss"),
        [ask(floor=floor.dump(floor_of(_FLAG_BEYOND_CLOCK)))],
    ),
    Rule(
        "an exercise's principal is refused by a real ready",
        Refusal.EMERGENCY,
        off("decision", "order.state is FlagState.READY and exercise_principal is not None"),
        [ask(expect={"audience": "prod", "platform": "payments", "exercise_principal": "breakglass-drill"})],
    ),
    # The other way round: what must not be refused.
    Rule(
        "order keys' `iss`, if set, is the deployment",
        "ready",
        Change("order_rules", "key.iss is not None and key.iss != asked.deployment", "key.iss != asked.deployment"),
        [_bens(iss=None)],
        then=_TOO_FEW,
    ),
    Rule(
        "demo keys are refused outside the demo",
        "ready",
        Change("order_rules", "key.is_demo and asked.deployment != DEMO_DEPLOYMENT", "key.is_demo"),
        [_OF_A_DEMO],
        then=Refusal.KEY_DEMO,
    ),
    Rule(
        "`iat` later than now + 60 s",
        "ready",
        Change("order_rules", "case.order.iat * 1000 > case.now_ms", "case.order.iat * 1000 >= case.now_ms"),
        [_ready(iat=AT + 60, ver=AT * 1000)],
        then=Refusal.ISSUED_LATER,
    ),
    Rule(
        "`ver` more than 60 s ahead of `iat`",
        "ready",
        Change("order_rules", "case.order.ver > case.order.iat", "case.order.ver >= case.order.iat"),
        [_ready(ver=READY.iat * 1000 + 60_000)],
        then=Refusal.VER_AHEAD,
    ),
    Rule(
        "4 h at most",
        "ready",
        Change("order_rules", "0 < lifetime <= cap", "0 < lifetime < cap"),
        [_ready(exp=READY.iat + 14_400)],
        then=Refusal.LIFETIME,
    ),
    Rule(
        "`exp` not after now",
        "ready",
        Change("order_reader", "latest.order.exp * 1000 <= now_ms", "latest.order.exp * 1000 - 1000 <= now_ms"),
        [_ready(exp=AT + 1)],
        then=Refusal.EXPIRED,
    ),
    Rule(
        "`standby` needs one signature",
        "standby",
        Change("order_rules", "case.order.state is FlagState.READY and case.persons", "case.persons"),
        [ask(ordered(STANDBY, CARA))],
        then=_TOO_FEW,
    ),
    Rule(
        "Until its end the latest valid order beats the flag",
        "standby",
        Change("decision", "order is None or order.state is None", "True"),
        [ask(ordered(STANDBY, CARA), documents=[signed(READY_CLAIMS)], trust=trust_of(jwk(), *_PEOPLE))],
        then="None",  # the flag decides, and nothing is wrong with the order
    ),
)
_IDS = [f"{number}-{rule.code}" for number, rule in enumerate(RULES)]


def test_the_good_order_opens() -> None:
    """What every case is a change of is in force."""
    assert answer(ask()) == "ready"


@pytest.mark.parametrize("rule", RULES, ids=_IDS)
def test_the_reader_keeps_the_rule(rule: Rule) -> None:
    """Every case has the answer that the rule asks for."""
    assert [answer(case) for case in rule.cases] == [rule.code] * len(rule.cases)


@pytest.mark.parametrize("rule", RULES, ids=_IDS)
def test_the_line_that_holds_the_rule_is_needed(rule: Rule) -> None:
    """Without it, and with everything else as it is, each case has another answer: the one that must not be given."""
    assert [answer(case, rule.held_by) for case in rule.cases] == [rule.then] * len(rule.cases)


def test_no_rule_in_a_table_is_forgotten() -> None:
    """Each rule in the tables about orders and their keys is held by a line that one entry takes away."""
    taken = {rule.held_by.old.strip(" ,\n") for rule in RULES if rule.held_by.module == "order_rules"}
    taken = {each for each in taken if each.startswith("_")}
    assert taken == {rule.__name__ for rule in (*order_rules.RULES, *order_rules.KEY_RULES)}


def test_a_flag_is_no_order() -> None:
    """A flag signed by a person's key, in a file of orders, is nobody's signature under anything."""
    assert answer(ask(signed(READY_CLAIMS, ANNA) + b"\n" + signed(READY_CLAIMS, BEN))) == Refusal.TYPE
