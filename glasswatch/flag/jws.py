"""Compact JWS, EdDSA with Ed25519 only: signing, and taking apart what claims to be one.

- At most 16 KiB; exactly three parts of strict base64url; one trailing newline is allowed, no other white space.
- The header has exactly `alg`, `typ` and `kid`: nothing in a document may choose how it is checked (no `jwk`, `jku`,
  `crit`, `b64`, `zip`), and `alg` is EdDSA.
- `open_` checks no signature and reads no payload; `is_signed` checks, and does not know who the signer is.
"""

import json
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from glasswatch.flag.errors import Malformed, Refusal, Refused, RepeatedName, shown
from glasswatch.flag.strict import Members, decode_base64url, encode_base64url, loads

FLAG_TYP = "break-glass-flag+jwt"
ORDER_TYP = "break-glass-order+jwt"
EVIDENCE_TYP = "break-glass-evidence+jwt"
MAX_BYTES = 16 * 1024
ALGORITHM = "EdDSA"
_HEADER = frozenset({"alg", "typ", "kid"})
_PARTS = 3


class Signer(Protocol):
    """A private key that signs without being seen. `kid` is its name in the trust file."""

    @property
    def kid(self) -> str:
        """The key's name."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return the Ed25519 signature of `data`, 64 bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Jws:
    """A compact JWS taken apart. `payload` is decoded and unread; `signed` are the bytes under the signature."""

    kid: str
    payload: bytes
    signed: bytes
    signature: bytes


def sign(payload: bytes, key: Signer, typ: str) -> str:
    """Return the compact JWS over `payload`, without a trailing newline."""
    header = json.dumps({"alg": ALGORITHM, "kid": key.kid, "typ": typ}, separators=(",", ":"))
    signed = f"{encode_base64url(header.encode('utf-8'))}.{encode_base64url(payload)}"
    return f"{signed}.{encode_base64url(key.sign(signed.encode('ascii')))}"


def open_(document: bytes | str, typ: str) -> Jws:
    """Take a document apart whose type must be `typ`.

    Raises:
        Refused: it is not a compact JWS of ours in every detail.
    """
    raw = _as_bytes(document)
    if len(raw) > MAX_BYTES:
        raise Refused(Refusal.TOO_LARGE, f"the document has more than {MAX_BYTES} bytes")
    parts = raw.removesuffix(b"\n").split(b".")
    if len(parts) != _PARTS or not all(parts):
        raise Refused(Refusal.PARTS, "the document is not a signed one: it does not have three parts joined by dots")
    try:
        header, payload, signature = (decode_base64url(part) for part in parts)
    except Malformed as error:
        raise Refused(Refusal.ENCODING, f"a part of the document is {error}") from None
    return Jws(_kid_of(header, typ), payload, b".".join(parts[:2]), signature)


def is_signed(jws: Jws, public: bytes) -> bool:
    """Whether the signature was made with the private half of `public` (32 bytes)."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(jws.signature, jws.signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def _as_bytes(document: bytes | str) -> bytes:
    if isinstance(document, bytes):
        return document
    try:
        return document.encode("ascii")
    except UnicodeEncodeError:
        raise Refused(Refusal.ENCODING, "a part of the document is not base64url") from None


def _kid_of(raw: bytes, typ: str) -> str:
    try:
        header = Members(loads(raw))
        if header.names() != _HEADER:
            raise Refused(Refusal.HEADER, "the header must have exactly alg, typ and kid")
        algorithm, found, kid = header.text("alg"), header.text("typ"), header.text("kid")
    except RepeatedName as error:
        raise Refused(Refusal.DUPLICATE_KEY, f"in the header {error}") from None
    except Malformed as error:
        raise Refused(Refusal.HEADER, f"the header can't be read: {error}") from None
    if algorithm != ALGORITHM:
        raise Refused(Refusal.ALGORITHM, f"the algorithm is {shown(algorithm)}, only {ALGORITHM} is accepted")
    if found != typ:
        raise Refused(Refusal.TYPE, f"the type is {shown(found)}, expected {typ}")
    return kid
