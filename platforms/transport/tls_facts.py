"""What there is to know of a TLS session, whether it stands or its handshake failed: for people who ask."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

# As certificates are usually written; whatever has no short name keeps its long one.
_SHORT: Final = {
    "commonName": "CN",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "countryName": "C",
    "localityName": "L",
    "stateOrProvinceName": "ST",
}
MOST_NAMES: Final = 20


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """Version and cipher agreed on, and the server's certificate: whose, by whom, for which names, until when.

    `is_accepted` is false where the handshake failed: that is what the server showed, whoever it is.
    """

    version: str
    cipher: str
    subject: str = ""
    issuer: str = ""
    names: tuple[str, ...] = ()
    ends_at: datetime | None = None
    is_accepted: bool = True


def facts_of(session: ssl.SSLObject) -> TlsFacts | None:
    """Return what was agreed on and shown; None where the handshake has not been made."""
    version, cipher = session.version(), session.cipher()
    if version is None or cipher is None:
        return None
    try:
        certificate: Mapping[str, Any] = session.getpeercert() or {}
    except ValueError:  # the handshake is not over
        return None
    return _facts(version, cipher[0], certificate)


def shown_in(session: ssl.SSLObject, *, is_accepted: bool) -> TlsFacts | None:
    """Return what the server showed in a handshake that failed, or before all broke off; None: no certificate."""
    inner = getattr(session, "_sslobj", None)  # public only from Python 3.13 on
    try:
        chain = inner.get_unverified_chain() if inner is not None else None
        certificate = chain[0].get_info() if chain else None
    except (AttributeError, ValueError, ssl.SSLError):
        certificate = None
    if not certificate:
        return None
    cipher = session.cipher()
    return replace(_facts(session.version() or "", cipher[0] if cipher else "", certificate), is_accepted=is_accepted)


def _facts(version: str, cipher: str, certificate: Mapping[str, Any]) -> TlsFacts:
    names = [value for _, value in certificate.get("subjectAltName", ())]
    return TlsFacts(
        version=version.replace("TLSv", "TLS "),
        cipher=cipher,
        subject=_name(certificate.get("subject", ())),
        issuer=_name(certificate.get("issuer", ())),
        names=tuple(str(name) for name in names[:MOST_NAMES]),
        ends_at=_time(certificate.get("notAfter")),
    )


def _name(parts: Any) -> str:  # noqa: ANN401 - as ssl returns it
    return ", ".join(f"{_SHORT.get(key, key)}={value}" for part in parts for key, value in part)


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(text)), UTC)
    except (ValueError, OverflowError, OSError):
        return None
