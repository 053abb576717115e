"""A second look at a server whose handshake failed: what it shows, whoever it is.

Rules:
- It only looks. The handshake accepts everybody, shows no certificate of ours and is broken off before our side of it
  is finished; inside TLS nothing is ever sent.
- What comes out is what words are made of, never a reason to call anything good: nothing here says whether the other
  side is who it should be.
- Every version and cipher that OpenSSL knows is allowed, so that a server which speaks only old ones can be told.
- It comes with an OpenSSL of its own (`cryptography`'s), so what that one can't read is left unsaid.
"""

import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography.x509 import Certificate, ExtensionNotFound, Name, SubjectAlternativeName
from OpenSSL import SSL

from platforms.transport.conversation import Terms, reached
from platforms.transport.flaws import Flaw
from platforms.transport.reach import Network
from platforms.transport.resolver import numeric
from platforms.transport.stopwatch import Stopwatch
from platforms.transport.tls_facts import MOST_NAMES, TlsFacts
from platforms.transport.wire import Wire

_READ: Final = 64 * 1024
_MOST_FLAWS: Final = 100
_ASKING: Final = b"read server certificate request"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen. `ends_at`: when each certificate that was sent ends; `version`: None if none was agreed on."""

    flaws: tuple[Flaw, ...] = ()
    ends_at: tuple[datetime, ...] = ()
    version: str | None = None
    asks_for_certificate: bool = False


async def look(network: Network, terms: Terms, watch: Stopwatch) -> Seen:
    """Connect once more, as before, and look.

    Raises:
        TransportFault: RESOLVE, REFUSED, UNREACHABLE, LOST, ANSWER, TOO_LARGE, OWN.
    """
    if terms.securing is None:
        return Seen()
    wire = await reached(network, terms, watch)
    contact = wire.unnoted()  # nobody could read it as it is on the wire
    try:
        looking = _Looking(terms, wire)
        if contact is not None:
            contact.session = looking
        if not looking.begin():
            await wire.receive(looking)
    finally:
        wire.abort()
    return looking.seen()


class _Looking:
    """`Receiver` of a handshake that accepts everybody."""

    def __init__(self, terms: Terms, wire: Wire) -> None:
        self._wire = wire
        self._flaws: list[Flaw] = []
        self._asks = False
        self._is_done = False
        name = terms.securing.server_name if terms.securing is not None else ""
        self._tls = SSL.Connection(self._context(terms), None)
        self._tls.set_connect_state()
        if numeric(name, 0) is None:
            with suppress(UnicodeError):
                self._tls.set_tlsext_host_name(name.encode("ascii"))

    def begin(self) -> bool:
        """Say hello; return whether it is over already."""
        return self._shake()

    def feed(self, data: bytes) -> bool:
        """See `Receiver`."""
        self._tls.bio_write(data)
        return self._shake()

    def eof(self) -> None:
        """See `Receiver`. What was seen until then was seen."""

    def seen(self) -> Seen:
        """Return what was seen."""
        chain: list[Certificate] = []
        with suppress(ValueError, SSL.Error):
            chain = self._tls.get_peer_cert_chain(as_cryptography=True) or []
        ends = (_dates(each)[1] for each in chain)
        return Seen(
            flaws=tuple(self._flaws),
            ends_at=tuple(each for each in ends if each is not None),
            version=self._tls.get_protocol_version_name() if self._is_done else None,
            asks_for_certificate=self._asks,
        )

    def facts(self) -> TlsFacts | None:
        """Return what the server showed, whoever it is; None where it showed nothing."""
        with suppress(ValueError, SSL.Error):
            chain = self._tls.get_peer_cert_chain(as_cryptography=True) or []
            version = self._tls.get_protocol_version_name().replace("TLSv", "TLS ") if self._is_done else ""
            if chain:
                return TlsFacts(version, self._tls.get_cipher_name() or "", *_shown(chain[0]), is_accepted=False)
        return None

    def _shake(self) -> bool:
        try:
            self._tls.do_handshake()
        except SSL.WantReadError:
            self._flush()
            return False
        except SSL.Error:
            return True
        # Our last message stays here: the server is not to take us for a client.
        self._is_done = True
        return True

    def _flush(self) -> None:
        with suppress(SSL.WantReadError):
            while True:
                self._wire.send(self._tls.bio_read(_READ))

    def _context(self, terms: Terms) -> SSL.Context:
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(SSL.TLS1_VERSION)
        context.set_cipher_list(b"ALL:!aNULL:@SECLEVEL=0")
        context.set_info_callback(self._noted)
        paths = ssl.get_default_verify_paths()
        ca_file = terms.securing.options.ca_file if terms.securing is not None else None
        try:
            if ca_file is not None:
                context.load_verify_locations(str(ca_file))
            else:
                context.load_verify_locations(paths.cafile, paths.capath)
        except SSL.Error:
            return context  # without authorities all would be complained of
        context.set_verify(SSL.VERIFY_PEER, self._complained)
        return context

    def _noted(self, tls: SSL.Connection, _where: int, _code: int) -> None:
        self._asks = self._asks or _ASKING in tls.get_state_string()

    def _complained(self, _tls: SSL.Connection, certificate: Any, code: int, depth: int, ok: int) -> bool:  # noqa: ANN401 - pyOpenSSL's own class
        if not ok and len(self._flaws) < _MOST_FLAWS:
            self._flaws.append(Flaw(depth, code, *_dates_of(certificate.to_cryptography)))
        return True


def _shown(certificate: Certificate) -> tuple[str, str, tuple[str, ...], datetime | None]:
    """Return subject, issuer, names and end."""
    names: tuple[str, ...] = ()
    with suppress(ExtensionNotFound, ValueError):
        found = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
        names = tuple(str(each.value) for each in list(found)[:MOST_NAMES])
    subject, issuer = (_name(each) for each in (certificate.subject, certificate.issuer))
    return subject, issuer, names, _dates(certificate)[1]


def _name(name: Name) -> str:
    return ", ".join(f"{each.rfc4514_attribute_name}={each.value!s}" for each in name)


def _dates_of(read: Callable[[], Certificate]) -> tuple[datetime | None, datetime | None]:
    try:
        return _dates(read())
    except ValueError:
        return None, None


def _dates(certificate: Certificate) -> tuple[datetime | None, datetime | None]:
    try:
        return certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except ValueError:
        return None, None
