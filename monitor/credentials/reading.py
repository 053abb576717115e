"""Reads until when a credential holds. What it is goes no further than here."""

from pathlib import Path
from typing import Final

from cryptography.x509 import load_pem_x509_certificate

from glasswatch import plainfile
from glasswatch.errors import SecretUnavailable
from glasswatch.secrets import SecretReference, resolve
from monitor.model.credential import Ending, EndSource, Held
from monitor.rules.credentials import earliest, ending_of_token, stated
from monitor.settings.named import Named

_LARGEST: Final = 256 * 1024


def read(named: Named) -> Held:
    """Return what is known of a credential. Blocks: a file may be on a disk that hangs."""
    if not named.is_read:
        return Held(named.credential, stated(named.stated))
    try:
        own = _of_certificate(named.certificate) if named.certificate is not None else None
        own = _of_token(named.token) if named.token is not None else own
    except (OSError, ValueError, SecretUnavailable):
        return unreadable(named)
    return Held(named.credential, earliest(own, stated(named.stated)), is_readable=True)


def unreadable(named: Named) -> Held:
    """Return what is known of a credential that can't be read: what the settings say."""
    return Held(named.credential, stated(named.stated), is_readable=False)


def _of_certificate(file: Path) -> Ending:
    certificate = load_pem_x509_certificate(plainfile.read(file, _LARGEST))  # the first: those above it follow
    return Ending(certificate.not_valid_after_utc, EndSource.CERTIFICATE, certificate.not_valid_before_utc)


def _of_token(reference: SecretReference) -> Ending | None:
    return ending_of_token(resolve(reference).reveal())
