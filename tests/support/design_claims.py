"""Design 3.4 on what a document says, rule by rule: for whom, from when to when, why, against what was seen before.

Each entry quotes the rule; what the tests do with it is in `tests/glasswatch/flag/test_design.py`.
"""

from dataclasses import replace
from datetime import timedelta

from glasswatch.flag.errors import Refusal
from glasswatch.flag.jws import ORDER_TYP
from tests.support.design import (
    BOTH,
    GOOD,
    OTHER,
    SEVERAL,
    STATE,
    Rule,
    ask,
    floor_with,
    newer,
    off,
    ready,
    trust_of,
    without,
)
from tests.support.flags import (
    AT,
    EXERCISE,
    EXERCISE_CLAIMS,
    MANUAL,
    OUTAGE,
    READY_CLAIMS,
    STANDBY_CLAIMS,
    jwk,
    signed,
)
from tests.support.mutants import Change

CLAIMS = (
    Rule(
        "`iss` not exactly the expected string",
        Refusal.ISSUER,
        Change("reader", "_issuer_is_the_keys, _platform", "_platform"),
        [ask(ready(iss=iss)) for iss in (OTHER, "prod/main ", "PROD/main", "prod", "prod/main/x")],
    ),
    Rule(
        "`iss` not exactly the expected string",  # of a key in a trust file that two deployments share
        Refusal.ISSUER,
        off("reader", 'case.claims.iss.partition("/")[0] != case.expect.audience'),
        [
            ask(ready(iss=iss), trust=trust_of(jwk(iss=iss)))
            for iss in ("staging/main", "prod-2/main", "PROD/main", "/main")
        ],
    ),
    Rule(
        "`sub` not exactly the expected string",
        Refusal.PLATFORM,
        Change("reader", "_issuer_is_the_keys, _platform_is_expected, _a", "_issuer_is_the_keys, _a"),
        [ask(ready(sub=sub)) for sub in ("billing", "payments ", "Payments", "payments-2")],
    ),
    Rule(
        "`aud` not exactly the expected string",
        Refusal.AUDIENCE,
        Change("reader", "_platform_is_expected, _audience_is_expected)", "_platform_is_expected)"),
        [ask(ready(aud=aud)) for aud in ("staging/ready", "prod/standby", "prod/ready ", "prod", "prod/exercise")],
    ),
    Rule(
        "`iat` later than now + 60 s",
        Refusal.ISSUED_LATER,
        without("reader", "    _is_not_from_the_future,\n"),
        [ask(ready(iat=AT + 61, exp=AT + 361, ver=(AT + 61) * 1000))],
    ),
    Rule(
        "`exp` not after now",
        Refusal.EXPIRED,
        Change("reader", "(_not_expired, _enough", "(_enough"),
        [ask(ready(exp=AT)), ask(ready(iat=AT - 900, exp=AT - 1, ver=(AT - 900) * 1000))],
    ),
    Rule(
        "`exp - iat` over the cap",
        Refusal.LIFETIME,
        without("reader", "    _lifetime_is_capped,\n"),
        [
            ask(ready(iat=AT - 900, exp=AT + 301, ver=(AT - 900) * 1000)),
            ask(expect={"max_ttl": timedelta(seconds=299)}),
            ask(ready(exp=253_402_300_799)),
        ],
    ),
    Rule(
        "`ver` more than 60 s ahead of `iat`",
        Refusal.VER_AHEAD,
        without("reader", "    _version_is_near_its_date,\n"),
        [ask(ready(ver=READY_CLAIMS.iat * 1000 + 60_001)), ask(ready(ver=2**53 - 1))],
    ),
    Rule(
        "`ver` lower than the floor",
        Refusal.VER_BELOW_FLOOR,
        Change("floor", "(_version_is_not_lower, _bytes", "(_bytes"),
        [ask(floor=floor_with(READY_CLAIMS.ver + 1)), ask(ready(ver=0), floor=floor_with(1))],
    ),
    Rule(
        "same `ver`, other bytes (equivocation: this document only)",
        Refusal.EQUIVOCATION,
        Change("floor", "_bytes_are_the_same, _clock", "_clock"),
        [ask(floor=floor_with(sha256="bb" * 32)), ask(ready(since=AT - 121), floor=floor_with())],
    ),
    Rule(
        "same `ver`, other bytes (equivocation: this document only)",
        Refusal.EQUIVOCATION,
        Change("selection", "if not accepted and len(", "if False and len("),
        [ask(GOOD, ready(since=AT - 121)), ask(ready(since=AT - 121), GOOD, ready(ver=1))],
    ),
    Rule(
        "own clock more than 60 s behind the highest accepted `iat`",
        Refusal.CLOCK_BEHIND,
        Change("floor", "_bytes_are_the_same, _clock_was_not_set_back)", "_bytes_are_the_same)"),
        [
            ask(floor=floor_with(1, iat=AT + 61)),
            ask(floor=floor_with(READY_CLAIMS.ver + 10**9, iss=OTHER, iat=AT + 10**6)),
        ],
    ),
    Rule(
        "own clock more than 60 s behind the highest accepted `iat`",  # of orders and other platforms, too
        Refusal.CLOCK_BEHIND,
        Change("floor", "if mark.deployment == deployment)", "if mark.iss == deployment)"),
        [
            ask(floor=floor_with(READY_CLAIMS.ver + 10**9, iss=OTHER, iat=AT + 61)),
            ask(floor=floor_with(READY_CLAIMS.ver + 10**9, sub="billing", iat=AT + 61)),
        ],
    ),
    Rule(
        "own clock more than 60 s behind the highest accepted `iat`",
        Refusal.CLOCK_BEHIND,
        Change("floor", 'self.iss.partition("/")[0]', "self.iss"),
        [ask(floor=floor_with(READY_CLAIMS.ver + 10**9, typ=ORDER_TYP, iss="prod", iat=AT + 61))],
    ),
    Rule(
        STATE,
        Refusal.STATE,
        without("reader", "    _state_follows_from_causes,\n"),
        [ask(ready(causes=causes)) for causes in ((), (EXERCISE,), (replace(MANUAL, until=AT),))],
    ),
    Rule(
        STATE,
        Refusal.STATE,
        Change("document", "for cause in causes if cause.counts(at_ms)}", "for cause in causes}"),
        [ask(ready(causes=(replace(MANUAL, until=AT),))), ask(ready(causes=(replace(OUTAGE, until=AT - 1),)))],
    ),
    Rule(
        "an exercise unless `--exercise-principal` names one of its principals",
        Refusal.EXERCISE,
        Change("reader", "_enough_vantages_agree, _answers_who_asks)", "_enough_vantages_agree)"),
        [ask(signed(EXERCISE_CLAIMS))],
        then="exercise",
    ),
    Rule(
        "an exercise unless `--exercise-principal` names one of its principals",
        Refusal.PRINCIPAL,
        Change("reader", "and principal not in _principals(case):", "and False:"),
        [ask(signed(EXERCISE_CLAIMS), expect={"exercise_principal": "breakglass"})],
        then="exercise",
    ),
    Rule(
        "and then a real ready is refused too (standby stays exit 1)",
        Refusal.EMERGENCY,
        Change("reader", "elif state is FlagState.READY:", "elif False:"),
        [
            ask(expect={"exercise_principal": "breakglass-drill"}),
            ask(ready(causes=(OUTAGE, EXERCISE)), expect={"exercise_principal": "breakglass-drill"}),
        ],
    ),
    Rule(
        "[--min-agreeing N]",
        Refusal.TOO_FEW_AGREEING,
        Change("reader", "(_not_expired, _enough_vantages_agree, ", "(_not_expired, "),
        [ask(expect={"min_agreeing": 2})],
    ),
    # Several documents
    Rule(
        SEVERAL,
        "standby",
        Change("selection", "highest = max(", "highest = min("),
        [ask(GOOD, newer(STANDBY_CLAIMS)), ask(newer(STANDBY_CLAIMS), GOOD)],
    ),
    Rule(
        SEVERAL,
        "standby",
        Change("selection", "judged = max(heads", "judged = min(heads"),
        [ask(GOOD, newer(STANDBY_CLAIMS, by_other=True), trust=BOTH)],
    ),
    Rule(
        SEVERAL,
        Refusal.EXPIRED,
        Change("selection", "check(case, AUTHENTIC)", "check(case, (*AUTHENTIC, ANSWERING[0]))"),
        [
            ask(GOOD, newer(STANDBY_CLAIMS, exp=AT - 1)),
            ask(GOOD, newer(STANDBY_CLAIMS, by_other=True, exp=AT), trust=BOTH),
        ],
    ),
    Rule(
        SEVERAL,
        Refusal.LIFETIME,
        Change("selection", "check(case, AUTHENTIC)", "check(case, RULES)"),
        [ask(GOOD, newer(READY_CLAIMS, exp=AT + 9000))],
    ),
    # The other way round: what must not be refused.
    Rule(
        SEVERAL,
        "ready",
        Change("selection", "self.refusal is None or self.refusal.code not in _UNBELIEVABLE", "True"),
        [ask(GOOD, newer(STANDBY_CLAIMS, by_other=True, iat=AT + 61, exp=AT + 90, ver=AT * 1000), trust=BOTH)],
        then="issued_later",
    ),
    Rule(
        "same `ver`, other bytes (equivocation: this document only)",
        "ready",
        Change("selection", "if known is not None and word.mark.sha256 == known.sha256]", "if False]"),
        [ask(ready(since=AT - 121), GOOD, floor=floor_with())],
        then="equivocation",
    ),
    Rule(
        "`iat` later than now + 60 s",
        "ready",
        Change("reader", "iat * 1000 > case.now_ms", "iat * 1000 >= case.now_ms"),
        [ask(ready(iat=AT + 60, exp=AT + 360, ver=(AT + 60) * 1000))],
        then="issued_later",
    ),
    Rule(
        "`exp - iat` over the cap",
        "ready",
        Change("reader", "lifetime <= cap", "lifetime < cap"),
        [ask(ready(iat=AT - 900, exp=AT + 300, ver=(AT - 900) * 1000))],
        then="lifetime",
    ),
    Rule(
        "`ver` more than 60 s ahead of `iat`",
        "ready",
        Change("reader", "ver > case.claims.iat", "ver >= case.claims.iat"),
        [ask(ready(ver=READY_CLAIMS.iat * 1000 + 60_000))],
        then="ver_ahead",
    ),
    Rule(
        "`exp` not after now",
        "ready",
        Change("reader", "exp * 1000 <= case.now_ms", "exp * 1000 - 1000 <= case.now_ms"),
        [ask(ready(exp=AT + 1))],
        then="expired",
    ),
    Rule(
        "`ver` lower than the floor",
        "ready",
        Change("floor", "case.found.ver < before.ver", "case.found.ver <= before.ver"),
        [ask(floor=floor_with())],
        then="ver_below_floor",
    ),
    Rule(
        "own clock more than 60 s behind the highest accepted `iat`",
        "ready",
        Change("floor", "behind_ms > TOLERANCE_MS", "behind_ms >= TOLERANCE_MS"),
        [ask(floor=floor_with(1, iat=AT + 60))],
        then="clock_behind",
    ),
    Rule(
        "own clock more than 60 s behind the highest accepted `iat`",
        "ready",  # another deployment's clock is not this one's
        Change("floor", "if mark.deployment == deployment)", "if True)"),
        [ask(floor=floor_with(1, iss="staging/main", iat=AT + 61))],
        then="clock_behind",
    ),
)
