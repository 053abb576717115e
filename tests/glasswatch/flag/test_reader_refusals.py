"""For each rule of the reader, documents that break it and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from glasswatch.flag.advice import ADVICE
from glasswatch.flag.document import Cause, FlagState, Vantages
from glasswatch.flag.errors import Refusal, Refused
from glasswatch.flag.reader import ANSWERING, RULES, Case, Expectation, judge, read
from glasswatch.flag.strict import encode_base64url
from glasswatch.flag.trust import KeyRole, Trust
from tests.support.flags import (
    AT,
    EXERCISE,
    EXERCISE_CLAIMS,
    EXPECT,
    MANUAL,
    NOW,
    OTHER_KEY,
    OUTAGE,
    READY_CLAIMS,
    STANDBY_CLAIMS,
    TRUST,
    header_with,
    signed,
    signed_header,
    signed_payload,
    signed_with,
    trust_key,
    trusting,
)

GOOD = signed(READY_CLAIMS)


@dataclass(frozen=True)
class Broken:
    """A document with the trust file and expectation it is judged by, and the code of the one rule it breaks."""

    code: Refusal
    document: bytes = GOOD
    trust: Trust = TRUST
    expect: Expectation = EXPECT


def _trusting(**changes: object) -> Trust:
    return trusting(replace(trust_key(), **changes))  # type: ignore[arg-type]  # any member of the entry


def _ready(**changes: object) -> bytes:
    return signed(replace(READY_CLAIMS, **changes))  # type: ignore[arg-type]  # any claim


_HALF = GOOD.rpartition(b".")[0]
DRILL = replace(EXPECT, exercise_principal="breakglass-drill")
_TWO_AGREE = replace(EXPECT, min_agreeing=2)

BROKEN = {
    # Form: each is judged in detail in test_jws.
    "over 16 KiB": Broken(Refusal.TOO_LARGE, GOOD + b"A" * 16_384),
    "two parts": Broken(Refusal.PARTS, _HALF),
    "not base64url": Broken(Refusal.ENCODING, GOOD + b"="),
    "a fourth member in the header": Broken(Refusal.HEADER, signed_header(header_with({"cty": "JWT"}))),
    "a header without kid": Broken(Refusal.HEADER, signed_header(header_with({"kid": ...}))),
    "a member of the header twice": Broken(
        Refusal.DUPLICATE_KEY, signed_header(header_with({})[:-1] + b',"alg":"EdDSA"}')
    ),
    "another algorithm": Broken(Refusal.ALGORITHM, signed_header(header_with({"alg": "ES256"}))),
    "another type": Broken(Refusal.TYPE, signed_header(header_with({"typ": "JWT"}))),
    # Key and signature
    "a key nobody trusts": Broken(Refusal.KEY_UNKNOWN, signed(READY_CLAIMS, OTHER_KEY)),
    "an empty trust file": Broken(Refusal.KEY_UNKNOWN, trust=Trust()),
    "a revoked key": Broken(Refusal.KEY_REVOKED, trust=_trusting(is_revoked=True)),
    "a key not valid yet": Broken(Refusal.KEY_DATES, trust=_trusting(nbf=AT + 1)),
    "a key that ends now": Broken(Refusal.KEY_DATES, trust=_trusting(exp=AT)),
    "an order's key": Broken(Refusal.KEY_ROLE, trust=_trusting(role=KeyRole.ORDER)),
    "a demo's key": Broken(Refusal.KEY_DEMO, trust=_trusting(is_demo=True)),
    "an evidence key": Broken(Refusal.KEY_ROLE, trust=_trusting(role=KeyRole.EVIDENCE)),
    "another key's signature": Broken(
        Refusal.SIGNATURE, _HALF + b"." + encode_base64url(OTHER_KEY.sign(_HALF)).encode()
    ),
    "another document's signature": Broken(
        Refusal.SIGNATURE, _HALF + b"." + signed(STANDBY_CLAIMS).rpartition(b".")[2]
    ),
    "a signature of one byte": Broken(Refusal.SIGNATURE, _HALF + b".AA"),
    "a trusted name for a stranger's key": Broken(Refusal.SIGNATURE, signed_header(header_with({}), key=OTHER_KEY)),
    # Content
    "a payload that is no JSON": Broken(Refusal.PAYLOAD, signed_payload(b"ready")),
    "a payload that is a list": Broken(Refusal.PAYLOAD, signed_payload(b"[]")),
    "a claim that is a float": Broken(Refusal.PAYLOAD, signed_with({"exp": AT + 1.5})),
    "a claim beyond 2**53": Broken(Refusal.PAYLOAD, signed_with({"novel": 2**53})),
    "a claim twice": Broken(Refusal.DUPLICATE_KEY, signed_payload(b'{"v":1,"v":1}')),
    "a member of an unknown claim twice": Broken(Refusal.DUPLICATE_KEY, signed_payload(b'{"x":{"a":1,"a":1}}')),
    "format 2": Broken(Refusal.FORMAT, signed_with({"v": 2})),
    "a claim missing": Broken(Refusal.CLAIMS, signed_with({"log": ...})),
    "no format": Broken(Refusal.CLAIMS, signed_with({"v": ...})),
    "a claim of another type": Broken(Refusal.CLAIMS, signed_with({"change": "5"})),
    "another issuer than the key's": Broken(Refusal.ISSUER, _ready(iss="prod/fra-1")),
    "a key of another issuer": Broken(Refusal.ISSUER, trust=_trusting(iss="prod/fra-1")),
    "another vantage than the default": Broken(Refusal.ISSUER, _ready(iss="prod/fra-1"), _trusting(iss=None)),
    "another platform": Broken(Refusal.PLATFORM, _ready(sub="payments-2")),
    "another platform asked for": Broken(Refusal.PLATFORM, expect=replace(EXPECT, platform="Payments")),
    "another deployment": Broken(Refusal.AUDIENCE, _ready(aud="staging/ready")),
    "another state in the audience": Broken(Refusal.AUDIENCE, _ready(aud="prod/standby")),
    "ready in the audience of standby": Broken(Refusal.AUDIENCE, signed(replace(STANDBY_CLAIMS, aud="prod/ready"))),
    "more after the audience": Broken(Refusal.AUDIENCE, _ready(aud="prod/ready ")),
    "issued 61 s ahead": Broken(Refusal.ISSUED_LATER, _ready(iat=AT + 61, exp=AT + 361, ver=(AT + 61) * 1000)),
    "one second over the cap": Broken(Refusal.LIFETIME, _ready(iat=AT - 900, exp=AT + 301, ver=(AT - 900) * 1000)),
    "over a cap of its reader": Broken(Refusal.LIFETIME, expect=replace(EXPECT, max_ttl=timedelta(seconds=299))),
    "an end before its beginning": Broken(Refusal.LIFETIME, _ready(iat=AT + 30, exp=AT + 20, ver=AT * 1000)),
    "a version 60.001 s ahead": Broken(Refusal.VER_AHEAD, _ready(ver=READY_CLAIMS.iat * 1000 + 60_001)),
    "a version from far ahead": Broken(Refusal.VER_AHEAD, _ready(ver=2**53 - 1)),
    "ready without a cause": Broken(Refusal.STATE, _ready(causes=())),
    "ready by an exercise": Broken(Refusal.STATE, _ready(causes=(EXERCISE,))),
    "ready by a cause that ends now": Broken(Refusal.STATE, _ready(causes=(replace(MANUAL, until=AT),))),
    "standby with an outage": Broken(Refusal.STATE, signed(replace(STANDBY_CLAIMS, causes=(OUTAGE,)))),
    "exercise with an outage": Broken(
        Refusal.STATE, signed(replace(EXERCISE_CLAIMS, causes=(EXERCISE, OUTAGE))), expect=DRILL
    ),
    "one vantage where two must agree": Broken(Refusal.TOO_FEW_AGREEING, expect=_TWO_AGREE),
    "a manual cause that has ended, and one vantage": Broken(
        Refusal.TOO_FEW_AGREEING, _ready(causes=(OUTAGE, replace(MANUAL, until=AT))), expect=_TWO_AGREE
    ),
    "expired now": Broken(Refusal.EXPIRED, _ready(iat=AT - 300, exp=AT, ver=(AT - 300) * 1000)),
    "expired long ago": Broken(Refusal.EXPIRED, _ready(iat=AT - 90_000, exp=AT - 89_100, ver=(AT - 90_000) * 1000)),
    "an exercise": Broken(Refusal.EXERCISE, signed(EXERCISE_CLAIMS)),
    "an exercise of other principals": Broken(
        Refusal.PRINCIPAL, signed(EXERCISE_CLAIMS), expect=replace(DRILL, exercise_principal="breakglass")
    ),
    "an exercise of nobody": Broken(
        Refusal.PRINCIPAL, signed(replace(EXERCISE_CLAIMS, causes=(replace(EXERCISE, principals=()),))), expect=DRILL
    ),
    "an exercise whose principal's part has ended": Broken(
        Refusal.PRINCIPAL,
        signed(
            replace(
                EXERCISE_CLAIMS,
                causes=(replace(EXERCISE, until=AT), replace(EXERCISE, id="exe-2", principals=("other",))),
            )
        ),
        expect=DRILL,
    ),
    "an emergency, where an exercise was asked for": Broken(Refusal.EMERGENCY, expect=DRILL),
    "an emergency in an exercise of the principal": Broken(
        Refusal.EMERGENCY, _ready(causes=(EXERCISE, OUTAGE)), expect=DRILL
    ),
}

_NOT_OF_A_DOCUMENT = {Refusal.UNREADABLE, Refusal.TRUST}
_OF_ORDERS_ALONE = {Refusal.KEY_PERSON, Refusal.TOO_FEW_PERSONS, Refusal.NO_ORDER}
_AGAINST_THE_FLOOR = {Refusal.VER_BELOW_FLOOR, Refusal.EQUIVOCATION, Refusal.CLOCK_BEHIND}  # in test_floor
_RULES_CODES = {
    Refusal.KEY_DEMO,
    Refusal.ISSUER,
    Refusal.PLATFORM,
    Refusal.AUDIENCE,
    Refusal.ISSUED_LATER,
    Refusal.LIFETIME,
    Refusal.VER_AHEAD,
    Refusal.STATE,
    Refusal.EXPIRED,
    Refusal.TOO_FEW_AGREEING,
    Refusal.EXERCISE,
    Refusal.PRINCIPAL,
    Refusal.EMERGENCY,
}
_EVERY_RULE = (*RULES, *ANSWERING)


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN)
def test_a_document_that_breaks_one_rule_is_refused_for_it(case: Broken) -> None:
    """The answer is no state and no claims, but the code of the rule and one line that says what to do."""
    judgement = judge(case.document, case.trust, case.expect, NOW)
    assert (judgement.state, judgement.refusal, judgement.claims) == (None, case.code, None)
    assert judgement.reason.endswith(f"; {ADVICE[case.code]}")
    assert judgement.reason.isascii()
    assert judgement.reason.isprintable()


def test_every_refusal_has_its_document() -> None:
    """No code of a refusal goes untested, and each has its advice."""
    assert {case.code for case in BROKEN.values()} == set(
        Refusal
    ) - _NOT_OF_A_DOCUMENT - _OF_ORDERS_ALONE - _AGAINST_THE_FLOOR
    assert set(ADVICE) == set(Refusal) - _OF_ORDERS_ALONE


def _fails(rule: Callable[[Case], None], case: Case) -> bool:
    try:
        rule(case)
    except Refused:
        return True
    return False


@pytest.mark.parametrize(
    "case", [c for c in BROKEN.values() if c.code in _RULES_CODES], ids=lambda case: case.code.value
)
def test_only_the_one_rule_stands_in_its_way(case: Broken) -> None:
    """Of all rules just one refuses the document: were it gone, the document would pass."""
    assert sum(_fails(rule, read(case.document, case.trust, case.expect, NOW)) for rule in _EVERY_RULE) == 1


def test_every_rule_has_its_document() -> None:
    """Each rule refuses at least one of the documents."""
    cases = [read(c.document, c.trust, c.expect, NOW) for c in BROKEN.values() if c.code in _RULES_CODES]
    assert all(any(_fails(rule, case) for case in cases) for rule in _EVERY_RULE)


ACCEPTED = {
    "ready": Broken(Refusal.STATE),
    "with a trailing newline": Broken(Refusal.STATE, GOOD + b"\n"),
    "issued 60 s ahead": Broken(Refusal.ISSUED_LATER, _ready(iat=AT + 60, exp=AT + 360, ver=(AT + 60) * 1000)),
    "just at the cap": Broken(Refusal.LIFETIME, _ready(iat=AT - 900, exp=AT + 300, ver=(AT - 900) * 1000)),
    "a version 60 s ahead": Broken(Refusal.VER_AHEAD, _ready(ver=READY_CLAIMS.iat * 1000 + 60_000)),
    "an old version": Broken(Refusal.VER_AHEAD, _ready(ver=0)),
    "one second left": Broken(Refusal.EXPIRED, _ready(exp=AT + 1)),
    "a cause with one second left": Broken(Refusal.STATE, _ready(causes=(replace(MANUAL, until=AT + 1),))),
    "an outage beside an exercise": Broken(Refusal.STATE, _ready(causes=(EXERCISE, OUTAGE))),
    "a key from now on": Broken(Refusal.KEY_DATES, trust=_trusting(nbf=AT)),
    "a key until in a second": Broken(Refusal.KEY_DATES, trust=_trusting(exp=AT + 1)),
    "a key without issuer, for vantage main": Broken(Refusal.ISSUER, trust=_trusting(iss=None)),
    "a key among others": Broken(Refusal.KEY_UNKNOWN, trust=trusting(trust_key(OTHER_KEY, KeyRole.ORDER), trust_key())),
    "two vantages where two must agree": Broken(
        Refusal.TOO_FEW_AGREEING, _ready(vantages=Vantages(3, 3, 2)), expect=_TWO_AGREE
    ),
    "a person's word, where two must agree": Broken(
        Refusal.TOO_FEW_AGREEING, _ready(causes=(OUTAGE, MANUAL)), expect=_TWO_AGREE
    ),
    "an unknown claim": Broken(Refusal.CLAIMS, signed_with({"novel": {"a": [1, None]}})),
}


@pytest.mark.parametrize("case", ACCEPTED.values(), ids=ACCEPTED)
def test_just_within_each_rule_ready_is_ready(case: Broken) -> None:
    """A true ready on the near side of each bound is believed: refusing it would lock the engineer out."""
    judgement = judge(case.document, case.trust, case.expect, NOW)
    assert (judgement.state, judgement.refusal) == (FlagState.READY, None)


def test_standby_is_an_answer() -> None:
    """A flag on standby is believed, with its claims, whatever number of vantages must agree."""
    judgement = judge(signed(STANDBY_CLAIMS), TRUST, replace(EXPECT, min_agreeing=9), NOW)
    assert (judgement.state, judgement.refusal, judgement.claims) == (FlagState.STANDBY, None, STANDBY_CLAIMS)
    assert judgement.reason == (
        "break-glass for 'payments' is sealed since 2026-02-28T03:00:00Z, by a flag valid until 2026-03-01T03:04:30Z"
    )


@pytest.mark.parametrize("causes", [(EXERCISE,), (replace(EXERCISE, until=AT, principals=()), EXERCISE)])
def test_an_exercise_is_an_answer_to_its_principals(causes: tuple[Cause, ...]) -> None:
    """Who asks for one of its principals may enter, and reads that it is an exercise."""
    claims = replace(EXERCISE_CLAIMS, causes=causes)
    judgement = judge(signed(claims), TRUST, DRILL, NOW)
    assert (judgement.state, judgement.refusal, judgement.claims) == (FlagState.EXERCISE, None, claims)
    assert judgement.reason.startswith(
        "break-glass for 'payments' is open for an exercise and its principals alone since "
    )


def test_an_exercise_that_has_ended_is_none() -> None:
    """By its causes the flag is on standby then, and its principals are refused like everybody."""
    ended = signed(replace(EXERCISE_CLAIMS, causes=(replace(EXERCISE, until=AT),)))
    assert [judge(ended, TRUST, expect, NOW).refusal for expect in (EXPECT, DRILL)] == [Refusal.STATE, Refusal.STATE]


def test_standby_is_standby_to_a_principal_too() -> None:
    """Where no exercise is on, its principals find the flag on standby, not refused."""
    assert judge(signed(STANDBY_CLAIMS), TRUST, DRILL, NOW).state is FlagState.STANDBY


def test_ready_says_why_and_how() -> None:
    """The line for a person holds platform, times, causes and where the procedure stands."""
    assert judge(GOOD, TRUST, EXPECT, NOW).reason == (
        "break-glass for 'payments' is ready since 2026-03-01T02:58:00Z, until 2026-03-01T03:04:30Z, "
        "because of outage 'out-1'; procedure: 'https://wiki.example.com/break-glass'"
    )


def test_what_a_document_says_cannot_drive_a_terminal() -> None:
    """Control characters in claims are shown as escapes, in one line."""
    nasty = replace(READY_CLAIMS, sub="pay\x1b[2J\nroot", causes=(replace(OUTAGE, id="a\r\nb"),))
    reason = judge(signed(nasty), TRUST, replace(EXPECT, platform=nasty.sub), NOW).reason
    assert reason.isprintable()
