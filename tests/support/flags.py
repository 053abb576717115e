"""Flags as a monitor signs them, and flags that break one rule: what readers are tested with."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from glasswatch.canonical import canonical
from glasswatch.flag.document import (
    Cause,
    CauseKind,
    Claims,
    FlagState,
    LogHead,
    Procedure,
    Vantages,
    audience,
    payload,
)
from glasswatch.flag.jws import FLAG_TYP, sign
from glasswatch.flag.keys import SigningKey
from glasswatch.flag.reader import Expectation
from glasswatch.flag.strict import encode_base64url
from glasswatch.flag.trust import KeyRole, Trust, TrustKey

NOW = datetime(2026, 3, 1, 3, 0, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
DEPLOYMENT = "prod"
ISSUER = "prod/main"
PLATFORM = "payments"
EXPECT = Expectation(DEPLOYMENT, PLATFORM)


def key_number(number: int) -> SigningKey:
    """Return the same key for the same number, each time."""
    return SigningKey(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


KEY = key_number(1)
OTHER_KEY = key_number(2)

OUTAGE = Cause(CauseKind.OUTAGE, "out-1", AT - 120)
MANUAL = Cause(CauseKind.MANUAL, "man-1", AT - 60, AT + 3600, by="anna", ticket="INC-7")
EXERCISE = Cause(
    CauseKind.EXERCISE,
    "exe-1",
    AT - 60,
    AT + 3600,
    by="anna",
    run="run-1",
    principals=("breakglass-drill",),
    targets=("db-1",),
)

STANDBY_CLAIMS = Claims(
    iss=ISSUER,
    sub=PLATFORM,
    aud=audience(DEPLOYMENT, FlagState.STANDBY),
    iat=AT - 30,
    exp=AT + 270,
    ver=(AT - 30) * 1000,
    state=FlagState.STANDBY,
    causes=(),
    verdict="up",
    since=AT - 86_400,
    outage=None,
    vantages=Vantages(1, 1, 1),
    procedure=Procedure("https://wiki.example.com/break-glass", "ab" * 32),
    change=4,
    prev="cd" * 32,
    log=LogHead(17, "ef" * 32),
)
READY_CLAIMS = replace(
    STANDBY_CLAIMS,
    aud=audience(DEPLOYMENT, FlagState.READY),
    state=FlagState.READY,
    causes=(OUTAGE,),
    verdict="down",
    since=AT - 120,
    outage="out-1",
    change=5,
)
EXERCISE_CLAIMS = replace(
    STANDBY_CLAIMS, aud=audience(DEPLOYMENT, FlagState.EXERCISE), state=FlagState.EXERCISE, causes=(EXERCISE,)
)


def trust_key(key: SigningKey = KEY, role: KeyRole = KeyRole.FLAG, iss: str | None = ISSUER) -> TrustKey:
    """Return a trust file's entry for a key, without dates."""
    return TrustKey(key.kid, key.public, role, iss)


def trusting(*entries: TrustKey) -> Trust:
    """Return a trust file with these entries."""
    return Trust(1, {entry.kid: entry for entry in entries})


TRUST = trusting(trust_key())


def signed(claims: Claims, key: SigningKey = KEY) -> bytes:
    """Return the flag that carries these claims."""
    return signed_payload(canonical(payload(claims)), key)


def signed_with(changes: Mapping[str, object], claims: Claims = READY_CLAIMS) -> bytes:
    """Return a flag whose payload differs from `claims` in some members; `...` takes one away."""
    members = payload(claims) | dict(changes)
    kept = {name: value for name, value in members.items() if value is not ...}
    return signed_payload(json.dumps(kept).encode())


def signed_payload(raw: bytes, key: SigningKey = KEY) -> bytes:
    """Return a flag with these bytes as its payload."""
    return sign(raw, key, FLAG_TYP).encode("ascii")


def signed_header(header: bytes, raw: bytes | None = None, key: SigningKey = KEY) -> bytes:
    """Return a document with any header, validly signed, over a ready flag's claims or any payload."""
    content = canonical(payload(READY_CLAIMS)) if raw is None else raw
    body = f"{encode_base64url(header)}.{encode_base64url(content)}"
    return f"{body}.{encode_base64url(key.sign(body.encode('ascii')))}".encode("ascii")


def header_with(changes: Mapping[str, object]) -> bytes:
    """Return a good header with some members changed, added, or (`...`) taken away."""
    members = {"alg": "EdDSA", "kid": KEY.kid, "typ": FLAG_TYP} | dict(changes)
    return json.dumps({name: value for name, value in members.items() if value is not ...}).encode()


def write_trust(path: Path, *entries: Mapping[str, object], version: object = 1) -> Path:
    """Write a trust file of raw entries."""
    path.write_text(json.dumps({"version": version, "keys": list(entries)}), encoding="utf-8")
    path.chmod(0o644)
    return path


def jwk(key: SigningKey = KEY, /, **changes: object) -> dict[str, object]:
    """Return a trust file's entry for a key as JSON, with some members changed or (`...`) taken away."""
    members: dict[str, object] = {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": encode_base64url(key.public),
        "kid": key.kid,
        "iss": ISSUER,
        "role": "flag",
        "person": None,
        "nbf": None,
        "exp": None,
        "revoked": False,
    }
    return {name: value for name, value in (members | changes).items() if value is not ...}
