"""What there is to know of a TLS session that stands: for people who ask, not for judging."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
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
_NAMES: Final = 20


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """Version and cipher agreed on, and the server's certificate: whose, by whom, for which names, until when."""

    version: str
    cipher: str
    subject: str = ""
    issuer: str = ""
    names: tuple[str, ...] = ()
    ends_at: datetime | None = None


def facts_of(session: ssl.SSLObject) -> TlsFacts | None:
    """Return what was agreed on and shown; None where the handshake has not been made."""
    version, cipher = session.version(), session.cipher()
    if version is None or cipher is None:
        return None
    try:
        certificate: Mapping[str, Any] = session.getpeercert() or {}
    except ValueError:  # the handshake is not over
        return None
    names = [value for _, value in certificate.get("subjectAltName", ())]
    return TlsFacts(
        version=version.replace("TLSv", "TLS "),
        cipher=cipher[0],
        subject=_name(certificate.get("subject", ())),
        issuer=_name(certificate.get("issuer", ())),
        names=tuple(str(name) for name in names[:_NAMES]),
        ends_at=_time(certificate.get("notAfter")),
    )


def _name(parts: Any) -> str:  # noqa: ANN401 - as ssl returns it
    return ", ".join(f"{_SHORT.get(key, key)}={value}" for part in parts for key, value in part)


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(text)), UTC)
    except (ValueError, OverflowError, OSError):
        return None
