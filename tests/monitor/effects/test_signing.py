"""Flags are signed with the monitor's key, and a document describes exactly what was signed."""

import json
from datetime import UTC, datetime
from hashlib import sha256

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from glasswatch.canonical import canonical
from glasswatch.flag import keys
from glasswatch.flag.jws import FLAG_TYP
from glasswatch.flag.strict import decode_base64url
from monitor.signing import Signer

PAYLOAD: dict[str, object] = {
    "v": 1,
    "iss": "prod/fra-1",
    "sub": "payments",
    "aud": "prod/ready",
    "iat": 1772334000,
    "exp": 1772334900,
    "ver": 1772334000123,
    "state": "ready",
    "change": 7,
    "causes": [{"kind": "outage", "id": "ä"}],
}


def test_document_describes_what_was_signed() -> None:
    """Platform, version, change, state and times are the payload's; the digest is that of the text."""
    document = Signer(keys.generate()).sign(PAYLOAD, is_change=True)

    assert (document.platform, document.ver, document.change, document.state) == ("payments", 1772334000123, 7, "ready")
    assert document.issued_at == datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
    assert document.expires_at == datetime(2026, 3, 1, 3, 15, tzinfo=UTC)
    assert document.sha256 == sha256(document.jws.encode()).hexdigest()
    assert document.is_change


def test_another_library_accepts_the_signature() -> None:
    """PyJWT reads the document with the public half, and finds the three header members and the payload."""
    key = keys.generate()
    document = Signer(key).sign(PAYLOAD, is_change=False)
    public = Ed25519PublicKey.from_public_bytes(key.public)

    read = jwt.decode(
        document.jws,
        public,
        algorithms=["EdDSA"],
        audience="prod/ready",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert read == PAYLOAD
    assert jwt.get_unverified_header(document.jws) == {"alg": "EdDSA", "typ": FLAG_TYP, "kid": key.kid}


def test_payload_is_canonical() -> None:
    """The same claims in another order are the same bytes."""
    key = keys.generate()
    turned = dict(reversed(PAYLOAD.items()))
    signed = Signer(key).sign(turned, is_change=False)

    assert signed.jws == Signer(key).sign(PAYLOAD, is_change=False).jws
    assert decode_base64url(signed.jws.split(".")[1].encode()) == canonical(PAYLOAD)


@pytest.mark.parametrize("claim", ["sub", "ver", "change", "state", "iat", "exp"])
@pytest.mark.parametrize("value", [None, True, 1.5, []])
def test_payload_that_cannot_be_described_is_refused(claim: str, value: object) -> None:
    """A claim that is missing or of another type is our mistake, named without its value."""
    with pytest.raises(ValueError, match=f"^claim {claim}: expected"):
        Signer(keys.generate()).sign({**PAYLOAD, claim: value}, is_change=False)


def test_signer_shows_no_key() -> None:
    """Neither the signer nor a document shows the private half."""
    key = keys.generate()
    signer = Signer(key)
    secret = key.pem().decode().splitlines()[1]

    assert secret not in repr(signer) + repr(vars(signer)) + json.dumps(signer.sign(PAYLOAD, is_change=True).jws)
