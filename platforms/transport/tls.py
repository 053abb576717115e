"""TLS as a probe wants it: always verified, contexts shared, failures in plain words.

Rules:
- Verification (chain and name) is always on; there is no setting to turn it off.
- A `ca_file` replaces the system's authorities. When the file changes it is read again, and so are the system's when
  their file or directory does: a renewed authority must not look like an outage, nor one that was withdrawn serve on.
- A machine without any authorities can't judge a server: that is our own fault, not the server's.
- Building a context with the system's authorities takes 17 to 20 ms, so contexts are kept by settings.
- A client certificate is read again with its key when either changed. A pair that can't be used is our own fault.
- No sessions are resumed: each attempt makes the whole handshake.
"""

import os
import ssl
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from glasswatch import plainfile
from glasswatch.lending import lent
from platforms.errors import CertificateAsked, FaultKind, TransportFault

HTTP_1: Final = ("http/1.1",)
HTTP_2: Final = ("h2",)
_VERSIONS: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}

_DER: Final = 2  # _ssl.ENCODING_DER

# OpenSSL's reason codes that a person should not have to look up. Others are shown as OpenSSL names them.
_WORDS: Final = {
    "WRONG_VERSION_NUMBER": "the server did not answer in TLS",
    "PACKET_LENGTH_TOO_LONG": "the server did not answer in TLS",
    "RECORD_LAYER_FAILURE": "the server did not answer in TLS",
    "HTTP_REQUEST": "the server did not answer in TLS",
    "UNSUPPORTED_PROTOCOL": "the server offers no TLS version that is allowed here",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the server refuses the TLS versions that are allowed here",
    "NO_CIPHERS_AVAILABLE": "no cipher in common with the server",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the server refused the handshake: no common cipher, or it asks for a certificate",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the server asks for a client certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the server asks for another client certificate",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "the server asks for another kind of client certificate",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "the server says that the client certificate was revoked",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "the server says that the client certificate has expired",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "the server does not accept the client certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "the server does not know the client certificate's authority",
    "TLSV1_ALERT_ACCESS_DENIED": "the server does not let the client certificate in",
    "TLSV1_UNRECOGNIZED_NAME": "the server does not know this name",
    "TLSV1_ALERT_INTERNAL_ERROR": "the server reports an internal error",
    "DH_KEY_TOO_SMALL": "the server's key is too weak",
}
# Python 3.11 has no name for this alert (RFC 7301); OpenSSL's text has it.
_NO_PROTOCOL: Final = "no application protocol"
# Alerts about the client's certificate. A mere handshake_failure is not one: it may be about ciphers.
_ASKING: Final = frozenset(
    {
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_REVOKED",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "TLSV1_ALERT_UNKNOWN_CA",
        "TLSV1_ALERT_ACCESS_DENIED",
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
    }
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Our own client certificate: its file with the chain, and its private key; both PEM, not encrypted.

    `chain`: what the file holds, where somebody has read it already.
    """

    certificate: Path
    key: str = field(repr=False)
    chain: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """Whom to trust, from which version on ("1.2" or "1.3"), and to speak what inside (ALPN).

    No `ca_file`: the system's authorities. `authorities`: what the file holds, where somebody has read it already.
    Nothing in `alpn`: nothing is said about it.
    """

    ca_file: Path | None = None
    min_version: str = "1.2"
    alpn: tuple[str, ...] = HTTP_1
    authorities: bytes | None = field(default=None, repr=False)


class TlsContexts:
    """One TLS context for all who share the same options."""

    def __init__(self) -> None:
        self._kept: dict[tuple[TlsOptions, Path | None], tuple[object, ssl.SSLContext]] = {}
        self._system = _system_files()

    def prepare(self, options: TlsOptions) -> None:
        """Build the context ahead of the first attempt. If that fails, the attempt will say so."""
        with suppress(TransportFault):
            self.get(options)

    def get(self, options: TlsOptions, identity: Identity | None = None) -> ssl.SSLContext:
        """Return the context. Takes 20 ms when it is first built, afterwards a look at the files' dates.

        Raises:
            TransportFault: OWN: the authorities or the client certificate can't be read, or there are none.
        """
        stamp = self._trusted(options)
        place: tuple[TlsOptions, Path | None] = (options, None)
        if identity is not None:
            # By file, not by key: a key that is renewed takes the place of the one before.
            place = (options, identity.certificate)
            shown = _stamp(identity.certificate, "tls.certificate") if identity.chain is None else identity.chain
            stamp = (stamp, shown, identity.key)
        kept = self._kept.get(place)
        if kept is not None and kept[0] == stamp:
            return kept[1]
        context = _built(options, identity)
        self._kept[place] = (stamp, context)
        return context

    def _trusted(self, options: TlsOptions) -> object:
        """Return what changes with whom these options trust."""
        if options.authorities is not None:
            return options.authorities
        return _stamp(options.ca_file, "tls.ca_file") if options.ca_file is not None else _system_stamp(self._system)


def tls_fault(error: ssl.SSLError) -> TransportFault:
    """Say in plain words why TLS failed. The words are OpenSSL's and ours, never the server's."""
    if isinstance(error, ssl.SSLCertVerificationError):
        # "Hostname mismatch, certificate is not valid for 'x'" names what we asked for.
        return TransportFault(FaultKind.TLS, f"certificate not accepted: {_words(error.verify_message)}")
    reason = error.reason or ""
    if _NO_PROTOCOL in str(error):
        return TransportFault(FaultKind.PROTOCOL, "the server speaks nothing of what was asked for (ALPN)")
    words = _WORDS.get(reason) or f"TLS failed: {_words(reason) or 'no reason given'}"
    return CertificateAsked(words) if reason in _ASKING else TransportFault(FaultKind.TLS, words)


def expiry_of(session: ssl.SSLObject) -> datetime | None:
    """Return when the server's own certificate ends (aware, UTC); None if it can't be told."""
    certificate = session.getpeercert(binary_form=True)
    if certificate is None:
        return None
    known = _expiry(certificate)
    if not known.is_read:
        ends = (session.getpeercert() or {}).get("notAfter")
        known.at = _time(ends) if isinstance(ends, str) else None
        known.is_read = True
    return known.at


def chain_of(session: ssl.SSLObject) -> tuple[bytes, ...]:
    """Return the verified certificates, the server's own first (DER); its own alone where Python can't tell more."""
    inner = getattr(session, "_sslobj", None)  # public only from Python 3.13 on
    try:
        found = inner.get_verified_chain() if inner is not None else None
    except (AttributeError, ssl.SSLError):
        found = None
    if not found:
        own = session.getpeercert(binary_form=True)
        return () if own is None else (own,)
    return tuple(each if isinstance(each, bytes) else each.public_bytes(_DER) for each in found)


class _Expiry:
    """When one certificate ends, once somebody has read it."""

    __slots__ = ("at", "is_read")

    def __init__(self) -> None:
        self.at: datetime | None = None
        self.is_read = False


@lru_cache(maxsize=1024)
def _expiry(certificate: bytes) -> _Expiry:  # noqa: ARG001 - the certificate is the key
    # Reading a certificate takes a tenth of a handshake's time, and probes see the same few again and again.
    return _Expiry()


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _words(text: str) -> str:
    text = text.strip().rstrip(".").replace("_", " ")
    if text.isupper():
        return text.lower()
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]  # "IP address mismatch"


def _stamp(file: Path, setting: str) -> object:
    try:
        return _dates(file)
    except OSError as error:
        raise TransportFault(FaultKind.OWN, f"{setting} can't be read: {error.strerror}") from error


def _system_files() -> tuple[Path, ...]:
    """Return where the system's authorities are: a file and a directory, whether they are there or not."""
    paths = ssl.get_default_verify_paths()
    named = (
        os.environ.get(paths.openssl_cafile_env, paths.openssl_cafile),
        os.environ.get(paths.openssl_capath_env, paths.openssl_capath),
    )
    return tuple(Path(name) for name in named if name)


def _system_stamp(files: Iterable[Path]) -> object:
    """Return what changes with the system's authorities; what can't be looked at has no date."""
    stamps: list[object] = []
    for file in files:
        with suppress(OSError):
            stamps.append((file, _dates(file)))
    return tuple(stamps)


def _dates(file: Path) -> tuple[int, int, int]:
    status = file.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _built(options: TlsOptions, identity: Identity | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks chain and name
    context.minimum_version = _VERSIONS[options.min_version]
    if options.alpn:
        context.set_alpn_protocols(options.alpn)
    if identity is not None:
        _show(context, identity)
    if options.ca_file is None and options.authorities is None:
        context.load_default_certs()
        if not context.cert_store_stats()["x509_ca"] and not _has_directory():
            raise TransportFault(
                FaultKind.OWN, "this machine trusts no authorities: install ca-certificates or set tls.ca_file"
            )
        return context
    try:
        with lent(_authorities(options), "tls.ca_file") as path:
            context.load_verify_locations(cafile=path)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        raise TransportFault(FaultKind.OWN, "tls.ca_file holds no certificates in PEM form") from error
    return context


def _authorities(options: TlsOptions) -> bytes:
    if options.authorities is not None or options.ca_file is None:
        return options.authorities or b""
    try:
        return plainfile.read(options.ca_file)  # OpenSSL would wait for a pipe's other end
    except OSError as error:
        raise TransportFault(FaultKind.OWN, f"tls.ca_file can't be read: {error.strerror}") from error


def _show(context: ssl.SSLContext, identity: Identity) -> None:
    try:
        chain = plainfile.read(identity.certificate) if identity.chain is None else identity.chain
        with lent(chain + b"\n" + identity.key.encode(), "tls.key") as path:
            # An encrypted key would otherwise be asked for on the terminal.
            context.load_cert_chain(path, password=lambda: "")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise TransportFault(FaultKind.OWN, "tls.key is not that of the certificate in tls.certificate") from None
        raise TransportFault(
            FaultKind.OWN, "tls.certificate and tls.key hold no certificate with its key in PEM form, not encrypted"
        ) from None
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise TransportFault(FaultKind.OWN, f"tls.certificate can't be used: {why}") from None


def _has_directory() -> bool:
    """Return whether the system's authorities are in a directory, which OpenSSL reads only when it needs one."""
    path = ssl.get_default_verify_paths().capath
    try:
        return bool(path) and any(Path(path).iterdir())
    except OSError:
        return False
