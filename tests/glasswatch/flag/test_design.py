"""Design 3.4, rule by rule: a document that breaks only this one, and the reader without the rule, which lets it in.

Each entry quotes the rule. Its cases are refused with the code; with the line that holds the rule taken away or turned
round, the same cases are answered with ready. So no line of these can be lost without a test that tells.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from glasswatch.flag import floor, reader
from glasswatch.flag.errors import Refusal
from glasswatch.flag.strict import encode_base64url
from tests.support.design import (
    BOTH,
    GOOD,
    HALF,
    HEADER,
    NEUTRAL,
    OTHER,
    SIGNATURE,
    STRAY,
    Rule,
    ask,
    beside,
    floor_with,
    newer,
    off,
    raw_with,
    ready,
    trust_of,
    without,
)
from tests.support.flags import (
    AT,
    EXERCISE,
    EXERCISE_CLAIMS,
    KEY,
    MANUAL,
    OTHER_KEY,
    OUTAGE,
    READY_CLAIMS,
    STANDBY_CLAIMS,
    header_with,
    jwk,
    signed,
    signed_header,
    signed_with,
)
from tests.support.mutants import Change, answer

_BIG = signed_with({"novel": "x" * 12_000})
_NUMBERS = "all numbers are integers"
_MISSING = "a claim missing or of the wrong type"
_TRUSTED = (
    "Readers pin a trust file: a JWKS with `version` and, per key, `iss`, one `role`, `person`, `nbf`, `exp`, `revoked`"
)
_STATE = "a state that does not follow from the causes (a cause past its `until` doesn't count)"
_SEVERAL = "Given several documents, the reader judges the one with the highest authentic `ver`, expired ones included"
_DEMO = "demo keys are refused outside the demo"
_HEADER_RULE = "a header other than exactly those three members"

RULES = (
    Rule("over 16 KiB", Refusal.TOO_LARGE, off("jws", "len(raw) > MAX_BYTES"), [ask(_BIG)]),
    Rule(
        "not three strict base64url parts",
        Refusal.PARTS,
        Change("jws", "if len(parts) != _PARTS or not all(parts):", "parts = parts[:_PARTS]\n    if not all(parts):"),
        [ask(GOOD + b".AAAA"), ask(GOOD + b".")],
    ),
    Rule(
        "not three strict base64url parts",
        Refusal.ENCODING,
        off("strict", 'base64.urlsafe_b64encode(raw).rstrip(b"=") != text'),
        [ask(GOOD + b"=="), ask(GOOD[:-1] + STRAY)],
    ),
    Rule(
        _HEADER_RULE,
        Refusal.HEADER,
        off("jws", "header.names() != _HEADER"),
        [ask(signed_header(header_with({name: "x"}))) for name in ("cty", "crit", "jku", "b64")],
    ),
    Rule(
        "duplicate JSON keys",
        Refusal.DUPLICATE_KEY,
        off("strict", "name in members"),
        [
            ask(signed_header(header_with({})[:-1] + b',"alg":"EdDSA"}')),
            ask(raw_with(b'"state":"ready"', b'"state":"standby","state":"ready"')),
            ask(raw_with(b'"kind":"outage"', b'"kind":"exercise","kind":"outage"')),
        ],
    ),
    Rule(
        "another algorithm",
        Refusal.ALGORITHM,
        off("jws", "algorithm != ALGORITHM"),
        [ask(signed_header(header_with({"alg": name}))) for name in ("none", "ES256", "Ed25519", "eddsa", "HS256")],
    ),
    Rule(
        "header typ `break-glass-flag+jwt`",
        Refusal.TYPE,
        off("jws", "found != typ"),
        [ask(signed_header(header_with({"typ": name}))) for name in ("JWT", "break-glass-order+jwt")],
    ),
    Rule(
        "bad signature",
        Refusal.SIGNATURE,
        off("authenticity", "not is_signed(jws, key.public)"),
        [
            ask(HALF + b"." + encode_base64url(OTHER_KEY.sign(HALF)).encode()),
            ask(HALF + b"." + signed(STANDBY_CLAIMS).rpartition(b".")[2]),
            ask(HALF + b".AA"),
            ask(HEADER + b"." + signed_with({"since": 1}).split(b".")[1] + b"." + SIGNATURE),
        ],
    ),
    Rule(
        "key unknown",
        Refusal.KEY_UNKNOWN,
        Change("authenticity", "trust.key(jws.kid)", "next(iter(trust.keys.values()))"),
        [ask(signed_header(header_with({"kid": "another"})))],
    ),
    Rule(
        "revoked", Refusal.KEY_REVOKED, off("authenticity", "key.is_revoked"), [ask(trust=trust_of(jwk(revoked=True)))]
    ),
    Rule(
        "revoked: `false`, `true`, or since when; for no time at all",
        Refusal.KEY_REVOKED,
        Change("trust", 'must be true, false or a time in Unix seconds") from None\n    return True', '") from None'),
        [ask(trust=trust_of(jwk(revoked=when))) for when in (AT - 1, AT + 3600, 0)],
    ),
    Rule(
        "out of its dates",
        Refusal.KEY_DATES,
        off("authenticity", "key.nbf is not None and now_ms < key.nbf * 1000"),
        [ask(trust=trust_of(jwk(nbf=AT + 1)))],
    ),
    Rule(
        "out of its dates",
        Refusal.KEY_DATES,
        off("authenticity", "key.exp is not None and now_ms >= key.exp * 1000"),
        [ask(trust=trust_of(jwk(exp=AT)))],
    ),
    Rule(
        "out of its role",
        Refusal.KEY_ROLE,
        off("authenticity", "key.role is not role"),
        [ask(trust=trust_of(jwk(role=role))) for role in ("order", "evidence")],
    ),
    Rule(
        _DEMO,
        Refusal.KEY_DEMO,
        Change("reader", "(_key_is_no_demos, _issuer", "(_issuer"),
        [ask(trust=trust_of(jwk(demo=True)))],
    ),
    Rule(
        "`iss` not exactly the expected string",
        Refusal.ISSUER,
        Change("reader", "_issuer_is_the_keys, _platform", "_platform"),
        [ask(ready(iss=iss)) for iss in (OTHER, "prod/main ", "PROD/main", "prod", "prod/main/x")],
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
        _MISSING,
        Refusal.CLAIMS,
        Change("strict", "isinstance(value, int) and not isinstance(value, bool)", "isinstance(value, int)"),
        [ask(signed_with({"v": True})), ask(signed_with({"change": True}))],
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
        _STATE,
        Refusal.STATE,
        without("reader", "    _state_follows_from_causes,\n"),
        [ask(ready(causes=causes)) for causes in ((), (EXERCISE,), (replace(MANUAL, until=AT),))],
    ),
    Rule(
        _STATE,
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
    # Strict bytes: two readers must never see two documents.
    Rule(
        _NUMBERS,
        Refusal.PAYLOAD,
        Change("strict", "parse_float=_no_float", "parse_float=float"),
        [
            ask(raw_with(b'"change":5', b'"change":5,"novel":1.5')),
            ask(raw_with(b'"change":5', b'"change":5,"novel":1e2')),
        ],
    ),
    Rule(
        _NUMBERS,
        Refusal.PAYLOAD,
        Change("strict", "parse_constant=_no_float", "parse_constant=None"),
        [ask(raw_with(b'"change":5', b'"change":5,"novel":' + name)) for name in (b"NaN", b"-Infinity")],
    ),
    Rule(
        _NUMBERS,
        Refusal.PAYLOAD,
        Change(
            "strict",
            "if len(digits) > _INTEGER_CHARACTERS or abs(value := int(digits)) > MAX_INTEGER:",
            "value = int(digits)\n    if False:",
        ),
        [ask(signed_with({"novel": 2**53})), ask(signed_with({"novel": -(10**30)}))],
    ),
    Rule(
        "canonical JSON",
        Refusal.PAYLOAD,
        Change("strict", 'raw.decode("utf-8")', 'raw.decode("utf-8", "replace")'),
        [ask(raw_with(b'"change":5', b'"change":5,"novel":"\xff"'))],
    ),
    Rule(
        "canonical JSON",
        Refusal.PAYLOAD,
        Change("strict", "elif isinstance(item, str) and not _is_text(item):", "elif False:"),
        [ask(raw_with(b'"change":5', b'"change":5,"novel":"\\ud800"'))],
    ),
    Rule(
        "canonical JSON",
        Refusal.PAYLOAD,
        Change("strict", 'raise Malformed("nested too deeply")', "return"),
        [ask(raw_with(b'"change":5', b'"change":5,"novel":' + b"[" * 40 + b"]" * 40))],
    ),
    # Types
    Rule(
        _MISSING,
        Refusal.CLAIMS,
        Change("strict", "not isinstance(value, bool) and 0 <= value <= most", "not isinstance(value, bool)"),
        [ask(signed_with({"change": -1}))],
    ),
    Rule(
        _MISSING,
        Refusal.CLAIMS,
        Change(
            "strict", "isinstance(value, str) and len(value) == _DIGEST_CHARACTERS and _HEX.issuperset(value)", "True"
        ),
        [ask(signed_with({"prev": prev})) for prev in ("AB" * 32, "ab", 1, "gg" * 32)],
    ),
    Rule(
        _MISSING,
        Refusal.CLAIMS,
        Change("strict", "isinstance(value, list) and all(isinstance(item, str) and item for item in value)", "True"),
        [ask(beside(EXERCISE, targets="db-1")), ask(beside(EXERCISE, principals="breakglass-drill"))],
    ),
    Rule(
        _MISSING,
        Refusal.CLAIMS,
        Change("strict", 'raise Malformed(f"{self.path(name)} is missing") from None', "return None"),
        [ask(signed_with({"prev": ...})), ask(signed_with({"outage": ...})), ask(beside(MANUAL, ticket=...))],
    ),
    Rule(
        _MISSING,
        Refusal.CLAIMS,
        Change("strict", "isinstance(value, str) and value:", "True:"),
        [ask(signed_with({"outage": 1})), ask(signed_with({"outage": ""})), ask(beside(MANUAL, id=7))],
    ),
    Rule(
        _MISSING,
        Refusal.CLAIMS,
        Change("strict", "isinstance(value, str) and value in choices", "isinstance(value, str)"),
        [ask(signed_with({"verdict": "fine"}))],
    ),
    Rule(
        "an end within `manual_max`",
        Refusal.CLAIMS,
        Change("document", 'if kind is CauseKind.OUTAGE else cause.seconds("until")', ""),
        [ask(beside(MANUAL, until=None)), ask(beside(EXERCISE, until=None))],
    ),
    Rule("`v` not 1", Refusal.FORMAT, Change("document", "FORMAT = 1\n", "FORMAT = 2\n"), [ask(signed_with({"v": 2}))]),
    # The trust file
    Rule(
        _TRUSTED,
        "trust",
        Change("trust", "for name in sorted(members.names() - known):", "for name in ():"),
        [ask(trust=trust_of(jwk(revokd=True))), ask(trust=trust_of(jwk(), novel=1))],
    ),
    Rule(
        _TRUSTED,
        "trust",
        off("trust", "key.kid in keys"),
        [ask(trust=trust_of(jwk(OTHER_KEY, kid=KEY.kid), jwk()))],
    ),
    Rule(
        _TRUSTED,
        "trust",
        off("trust", "key.public in publics"),
        [ask(trust=trust_of(jwk(kid="lost", revoked=True), jwk()))],
    ),
    Rule(_TRUSTED, "trust", Change("trust", 'file.count("version")', "0"), [ask(trust=trust_of(jwk(), version="1"))]),
    Rule(
        "another algorithm or key type",
        "trust",
        Change("trust", 'key.one_of("kty", frozenset({"OKP"}))', "pass"),
        [ask(trust=trust_of(jwk(kty="EC")))],
    ),
    Rule(
        "another algorithm or key type",
        "trust",
        Change("trust", 'key.one_of("crv", frozenset({"Ed25519"}))', "pass"),
        [ask(trust=trust_of(jwk(crv=curve))) for curve in ("Ed448", "X25519")],
    ),
    Rule(
        "another algorithm or key type",
        "trust",
        off("trust", "public[:-1] + bytes([public[-1] & 0x7F]) in _SMALL_ORDER"),
        [
            ask(
                HALF + b"." + encode_base64url(NEUTRAL + bytes(32)).encode(),
                trust=trust_of(jwk(x=encode_base64url(NEUTRAL))),
            )
        ],
    ),
    # Several documents
    Rule(
        _SEVERAL,
        "standby",
        Change("selection", "highest = max(", "highest = min("),
        [ask(GOOD, newer(STANDBY_CLAIMS)), ask(newer(STANDBY_CLAIMS), GOOD)],
    ),
    Rule(
        _SEVERAL,
        "standby",
        Change("selection", "judged = max(heads", "judged = min(heads"),
        [ask(GOOD, newer(STANDBY_CLAIMS, by_other=True), trust=BOTH)],
    ),
    Rule(
        _SEVERAL,
        Refusal.EXPIRED,
        Change("selection", "check(case, AUTHENTIC)", "check(case, (*AUTHENTIC, ANSWERING[0]))"),
        [
            ask(GOOD, newer(STANDBY_CLAIMS, exp=AT - 1)),
            ask(GOOD, newer(STANDBY_CLAIMS, by_other=True, exp=AT), trust=BOTH),
        ],
    ),
    Rule(
        _SEVERAL,
        Refusal.LIFETIME,
        Change("selection", "check(case, AUTHENTIC)", "check(case, RULES)"),
        [ask(GOOD, newer(READY_CLAIMS, exp=AT + 9000))],
    ),
    # The other way round: what must not be refused.
    Rule(
        _SEVERAL,
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
        "One trailing newline is allowed",
        "ready",
        Change("jws", 'raw.removesuffix(b"\\n").split', "raw.split"),
        [ask(GOOD + b"\n")],
        then="encoding",
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
        "Unknown claims are ignored",
        "ready",
        Change("document", 'claims.members("log")', 'claims.members("novel")'),
        [ask(signed_with({"novel": {"a": [None, True, "b"]}}))],
        then="claims",
    ),
)

# What section 3.4 says of a reader, in its order.
DESIGN = (
    "header typ `break-glass-flag+jwt`",
    "canonical JSON",
    "an end within `manual_max`",
    _TRUSTED,
    "revoked: `false`, `true`, or since when; for no time at all",
    "[--min-agreeing N]",
    _SEVERAL,
    "over 16 KiB",
    "not three strict base64url parts",
    _HEADER_RULE,
    "duplicate JSON keys",
    "another algorithm",
    "another algorithm or key type",
    "bad signature",
    "key unknown",
    "revoked",
    "out of its dates",
    "out of its role",
    _DEMO,
    "`iss` not exactly the expected string",
    "`sub` not exactly the expected string",
    "`aud` not exactly the expected string",
    "`v` not 1",
    _MISSING,
    "`iat` later than now + 60 s",
    "`exp` not after now",
    "`exp - iat` over the cap",
    "`ver` more than 60 s ahead of `iat`",
    "`ver` lower than the floor",
    "same `ver`, other bytes (equivocation: this document only)",
    _STATE,
    "own clock more than 60 s behind the highest accepted `iat`",
    "an exercise unless `--exercise-principal` names one of its principals",
    "and then a real ready is refused too (standby stays exit 1)",
    "One trailing newline is allowed",
    _NUMBERS,
    "Unknown claims are ignored",
)
_OF_TABLES = {  # the codes that reader.RULES, reader.ANSWERING and floor.RULES refuse with
    Refusal.KEY_DEMO,
    Refusal.ISSUER,
    Refusal.PLATFORM,
    Refusal.AUDIENCE,
    Refusal.ISSUED_LATER,
    Refusal.VER_AHEAD,
    Refusal.LIFETIME,
    Refusal.STATE,
    Refusal.EXPIRED,
    Refusal.TOO_FEW_AGREEING,
    Refusal.EXERCISE,
    Refusal.VER_BELOW_FLOOR,
    Refusal.EQUIVOCATION,
    Refusal.CLOCK_BEHIND,
}
_OF_FILES = {Refusal.UNREADABLE, Refusal.TRUST}
_OF_ORDERS = {Refusal.KEY_PERSON, Refusal.TOO_FEW_PERSONS, Refusal.NO_ORDER}
_IDS = [f"{number}-{rule.code}" for number, rule in enumerate(RULES)]


def test_every_rule_of_the_design_has_its_case() -> None:
    """Nothing in the list goes without a case, and no case stands for nothing in it; every code is reached."""
    assert {rule.quoted for rule in RULES} == set(DESIGN)
    assert {rule.code for rule in RULES if isinstance(rule.code, Refusal)} == set(Refusal) - _OF_FILES - _OF_ORDERS
    assert all(rule.cases for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=_IDS)
def test_the_reader_keeps_the_rule(rule: Rule) -> None:
    """Every case has the answer that the rule asks for."""
    assert [answer(case) for case in rule.cases] == [rule.code] * len(rule.cases)


@pytest.mark.parametrize("rule", RULES, ids=_IDS)
def test_the_line_that_holds_the_rule_is_needed(rule: Rule) -> None:
    """Without it, and with everything else as it is, each case has another answer: the one that must not be given."""
    assert [answer(case, rule.held_by) for case in rule.cases] == [rule.then] * len(rule.cases)


def test_no_rule_in_a_table_is_forgotten() -> None:
    """Each rule in the tables of reader and floor refuses one of the cases: its code is among theirs."""
    assert len((*reader.RULES, *reader.ANSWERING, *floor.RULES)) == len(_OF_TABLES)
    assert {rule.code for rule in RULES} >= _OF_TABLES
