"""Whether a trusted key signed a document: the first half of reading it, the same for every type of document.

1. It is a compact JWS of ours of the type asked for (`jws.open_`).
2. The trust file has its key, which is not revoked, within its dates now, and in the role that signs this type.
3. The signature is that key's.

Only then may the payload be read. What it says, and to whom, is `reader`'s.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from glasswatch.flag.document import unix_ms
from glasswatch.flag.errors import Refusal, Refused, shown
from glasswatch.flag.jws import EVIDENCE_TYP, FLAG_TYP, ORDER_TYP, is_signed, open_
from glasswatch.flag.trust import KeyRole, Trust, TrustKey

_ROLE_OF = {FLAG_TYP: KeyRole.FLAG, ORDER_TYP: KeyRole.ORDER, EVIDENCE_TYP: KeyRole.EVIDENCE}


@dataclass(frozen=True, slots=True)
class Authentic:
    """A payload, unread, and the trusted key that signed it."""

    key: TrustKey
    payload: bytes


def authenticate(document: bytes | str, typ: str, trust: Trust, now: datetime) -> Authentic:
    """Return payload and key of a document of type `typ`.

    Raises:
        Refused: nobody who may sign it is known to have signed it.
    """
    jws = open_(document, typ)
    key = trust.key(jws.kid)
    if key is None:
        raise Refused(Refusal.KEY_UNKNOWN, f"the key {shown(jws.kid)} is not in the trust file")
    _check_key(key, _ROLE_OF[typ], unix_ms(now))
    if not is_signed(jws, key.public):
        raise Refused(Refusal.SIGNATURE, "the signature does not fit: the document was altered or forged")
    return Authentic(key, jws.payload)


def rfc3339(seconds: int) -> str:
    """Return Unix seconds as a date and time in UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _check_key(key: TrustKey, role: KeyRole, now_ms: int) -> None:
    if key.is_revoked:
        raise Refused(Refusal.KEY_REVOKED, f"the key {shown(key.kid)} is revoked")
    if key.nbf is not None and now_ms < key.nbf * 1000:
        raise Refused(Refusal.KEY_DATES, f"the key {shown(key.kid)} is valid only from {rfc3339(key.nbf)} on")
    if key.exp is not None and now_ms >= key.exp * 1000:
        raise Refused(Refusal.KEY_DATES, f"the key {shown(key.kid)} was valid only until {rfc3339(key.exp)}")
    if key.role is not role:
        raise Refused(Refusal.KEY_ROLE, f"the key {shown(key.kid)} may sign as {key.role.value}, not as {role.value}")
