"""A client certificate that was shown, and a server that breaks off without a word about it.

Rules:
- A server that refuses a certificate should say so by an alert. Some just close or reset: in TLS 1.2 after our side of
  the handshake, in TLS 1.3 after the whole of it, before their first word inside.
- Whether it was for the certificate nobody can tell, so where one was shown such an end is a refusal of our credential.
- Where none was shown it is what it looks like: a lost connection.
"""

from types import TracebackType

from platforms.errors import CertificateAsked, FaultKind, TransportFault, Unwelcomed
from platforms.transport.tls import Identity
from platforms.transport.wire import Wire


class welcomed:  # noqa: N801 - reads as what it does, as `contextmanager` would; that takes ten times as long
    """A connection that is lost inside TLS before the server's first word is `Unwelcomed`."""

    __slots__ = ("_wire",)

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def __enter__(self) -> None:
        """Nothing happens before something is lost."""

    def __exit__(
        self, _kind: type[BaseException] | None, fault: BaseException | None, _where: TracebackType | None
    ) -> None:
        """Tell a loss from a loss without a welcome."""
        if (
            isinstance(fault, TransportFault)
            and fault.kind is FaultKind.LOST
            and self._wire.is_secured
            and not self._wire.is_heard
        ):
            raise Unwelcomed(str(fault)) from fault


class shown:  # noqa: N801 - as above
    """Where a client certificate was shown, a server that asks for another one, or breaks off, refuses ours."""

    __slots__ = ("_identity",)

    def __init__(self, identity: Identity | None) -> None:
        self._identity = identity

    def __enter__(self) -> None:
        """Nothing happens before something is refused."""

    def __exit__(
        self, _kind: type[BaseException] | None, fault: BaseException | None, _where: TracebackType | None
    ) -> None:
        """Tell a refusal of ours."""
        if fault is None or self._identity is None:
            return
        if isinstance(fault, CertificateAsked):
            raise TransportFault(FaultKind.CREDENTIAL, str(fault)) from fault
        if isinstance(fault, Unwelcomed):
            words = "the server broke off right after TLS, as some refuse a client certificate"
            raise TransportFault(FaultKind.CREDENTIAL, words) from fault
