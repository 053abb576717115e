"""Design 3.4 on what a document and a trust file are made of, rule by rule: bytes, header, keys, JSON, types.

Each entry quotes the rule; what the tests do with it is in `tests/glasswatch/flag/test_design.py`.
"""

from glasswatch.flag.errors import Refusal
from glasswatch.flag.strict import encode_base64url
from tests.support.design import (
    DEMO,
    GOOD,
    HALF,
    HEADER,
    HEADER_RULE,
    MISSING,
    NEUTRAL,
    NUMBERS,
    SIGNATURE,
    STRAY,
    TRUSTED,
    Rule,
    ask,
    beside,
    off,
    raw_with,
    trust_of,
)
from tests.support.flags import (
    AT,
    EXERCISE,
    KEY,
    MANUAL,
    OTHER_KEY,
    STANDBY_CLAIMS,
    header_with,
    jwk,
    signed,
    signed_header,
    signed_with,
)
from tests.support.mutants import Change

_BIG = signed_with({"novel": "x" * 12_000})

FORM = (
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
        HEADER_RULE,
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
        "revoked: `false`, `true`, or since when; for no time at all",
        "trust",
        Change("trust", '"revoked" in key.names() and', 'key.has("revoked") and'),
        [ask(trust=trust_of(jwk(revoked=None)))],
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
        DEMO,
        Refusal.KEY_DEMO,
        Change("reader", "(_key_is_no_demos, _issuer", "(_issuer"),
        [ask(trust=trust_of(jwk(demo=True)))],
    ),
    Rule(
        MISSING,
        Refusal.CLAIMS,
        Change("strict", "isinstance(value, int) and not isinstance(value, bool)", "isinstance(value, int)"),
        [ask(signed_with({"v": True})), ask(signed_with({"change": True}))],
    ),
    # Strict bytes: two readers must never see two documents.
    Rule(
        NUMBERS,
        Refusal.PAYLOAD,
        Change("strict", "parse_float=_no_float", "parse_float=float"),
        [
            ask(raw_with(b'"change":5', b'"change":5,"novel":1.5')),
            ask(raw_with(b'"change":5', b'"change":5,"novel":1e2')),
        ],
    ),
    Rule(
        NUMBERS,
        Refusal.PAYLOAD,
        Change("strict", "parse_constant=_no_float", "parse_constant=None"),
        [ask(raw_with(b'"change":5', b'"change":5,"novel":' + name)) for name in (b"NaN", b"-Infinity")],
    ),
    Rule(
        NUMBERS,
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
        MISSING,
        Refusal.CLAIMS,
        Change("strict", "not isinstance(value, bool) and 0 <= value <= most", "not isinstance(value, bool)"),
        [ask(signed_with({"change": -1}))],
    ),
    Rule(
        MISSING,
        Refusal.CLAIMS,
        Change(
            "strict", "isinstance(value, str) and len(value) == _DIGEST_CHARACTERS and _HEX.issuperset(value)", "True"
        ),
        [ask(signed_with({"prev": prev})) for prev in ("AB" * 32, "ab", 1, "gg" * 32)],
    ),
    Rule(
        MISSING,
        Refusal.CLAIMS,
        Change("strict", "isinstance(value, list) and all(isinstance(item, str) and item for item in value)", "True"),
        [ask(beside(EXERCISE, targets="db-1")), ask(beside(EXERCISE, principals="breakglass-drill"))],
    ),
    Rule(
        MISSING,
        Refusal.CLAIMS,
        Change("strict", 'raise Malformed(f"{self.path(name)} is missing") from None', "return None"),
        [ask(signed_with({"prev": ...})), ask(signed_with({"outage": ...})), ask(beside(MANUAL, ticket=...))],
    ),
    Rule(
        MISSING,
        Refusal.CLAIMS,
        Change("strict", "isinstance(value, str) and value:", "True:"),
        [ask(signed_with({"outage": 1})), ask(signed_with({"outage": ""})), ask(beside(MANUAL, id=7))],
    ),
    Rule(
        MISSING,
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
        TRUSTED,
        "trust",
        Change("trust", "for name in sorted(members.names() - known):", "for name in ():"),
        [ask(trust=trust_of(jwk(revokd=True))), ask(trust=trust_of(jwk(), novel=1))],
    ),
    Rule(
        TRUSTED,
        "trust",
        off("trust", "key.kid in keys"),
        [ask(trust=trust_of(jwk(OTHER_KEY, kid=KEY.kid), jwk()))],
    ),
    Rule(
        TRUSTED,
        "trust",
        off("trust", "key.public in publics"),
        [ask(trust=trust_of(jwk(kid="lost", revoked=True), jwk()))],
    ),
    Rule(TRUSTED, "trust", Change("trust", 'file.count("version")', "0"), [ask(trust=trust_of(jwk(), version="1"))]),
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
    Rule(
        "One trailing newline is allowed",
        "ready",
        Change("jws", 'raw.removesuffix(b"\\n").split', "raw.split"),
        [ask(GOOD + b"\n")],
        then="encoding",
    ),
    Rule(
        "Unknown claims are ignored",
        "ready",
        Change("document", 'claims.members("log")', 'claims.members("novel")'),
        [ask(signed_with({"novel": {"a": [None, True, "b"]}}))],
        then="claims",
    ),
)
