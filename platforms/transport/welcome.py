"""A client certificate that was shown, and a server that breaks off without a word about it.

Rules:
- A server that refuses a certificate should say so by an alert. Some just close or reset: in TLS 1.2 after our side of
  the handshake, in TLS 1.3 after the whole of it, before their first word inside.
- Whether it was for the certificate nobody can tell, so where one was shown such an end is a refusal of our credential.
- Where none was shown it is what it looks like: a lost connection.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from platforms.errors import CertificateAsked, FaultKind, TransportFault, Unwelcomed
from platforms.transport.tls import Identity
from platforms.transport.wire import Wire


@contextmanager
def welcomed(wire: Wire) -> Iterator[None]:
    """A connection that is lost inside TLS before the server's first word is `Unwelcomed`."""
    try:
        yield
    except TransportFault as fault:
        if fault.kind is FaultKind.LOST and wire.is_secured and not wire.is_heard:
            raise Unwelcomed(str(fault)) from fault
        raise


@contextmanager
def shown(identity: Identity | None) -> Iterator[None]:
    """Where a client certificate was shown, a server that asks for another one, or breaks off, refuses ours."""
    try:
        yield
    except CertificateAsked as fault:
        if identity is None:
            raise
        raise TransportFault(FaultKind.CREDENTIAL, str(fault)) from fault
    except Unwelcomed as fault:
        if identity is None:
            raise
        words = "the server broke off right after TLS, as some refuse a client certificate"
        raise TransportFault(FaultKind.CREDENTIAL, words) from fault
