"""One TCP connection, in clear or under TLS, for one exchange.

Rules:
- What arrives goes to a receiver at once and is never collected here: memory is bounded by the receiver's bounds and
  by one read of the loop. A server that talks before anybody listens is held back in its socket.
- Every byte on the wire counts, TLS and framing included; over the limit the connection fails.
- No wait outlasts its cancellation, and a connection is always closed abruptly: nobody waits for the other side's
  goodbye.
- Failures are `TransportFault`. A bug met while bytes arrive reaches the one who waits, as it is.
"""

import asyncio
import errno
import ssl
from datetime import datetime
from typing import Final, Protocol, cast

from platforms.errors import FaultKind, TransportFault, Unwelcomed
from platforms.transport.resolver import Address
from platforms.transport.session import TlsSession
from platforms.transport.trace import Contact

_UNASKED: Final = 64 * 1024

_OWN: Final = {
    errno.EMFILE: "too many open files in this process",
    errno.ENFILE: "too many open files on this machine",
    errno.ENOMEM: "out of memory for a connection",
    errno.ENOBUFS: "out of memory for a connection",
    errno.EADDRNOTAVAIL: "no local address or port left to connect from",
    errno.EACCES: "this machine does not allow the connection",
    errno.EPERM: "this machine does not allow the connection",
    errno.EAFNOSUPPORT: "this machine does not speak this kind of address",
}
_UNREACHABLE: Final = {
    errno.ETIMEDOUT: "no answer to the connection attempt",
    errno.EHOSTUNREACH: "the host can't be reached",
    errno.EHOSTDOWN: "the host can't be reached",
    errno.ENETUNREACH: "the network can't be reached",
    errno.ENETDOWN: "the network is down",
}
_RESET: Final = frozenset({errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE})


class Receiver(Protocol):
    """Takes what a server says, and knows when it is enough."""

    def feed(self, data: bytes) -> bool:
        """Take the next bytes; return whether this was enough.

        Raises:
            TransportFault: they are wrong, or too many.
        """
        ...

    def eof(self) -> None:
        """Take the end of what the server says.

        Raises:
            TransportFault: LOST: more was due.
        """
        ...


async def dial(address: Address, limit: int, contact: Contact | None = None) -> "Wire":
    """Connect; at most `limit` bytes will be taken. The caller must `abort` the wire in the end.

    `contact` notes what is said and heard, in clear.

    Raises:
        TransportFault: REFUSED, UNREACHABLE, LOST, OWN.
    """
    wire = Wire(limit, contact)
    try:
        await asyncio.get_running_loop().create_connection(
            lambda: wire, address.host, address.port, family=address.family
        )
    except OSError as error:
        wire.abort()
        raise connect_fault(error) from error
    except BaseException:
        wire.abort()
        raise
    return wire


class Wire(asyncio.Protocol):
    """One connection, made by `dial`. One caller at a time waits on it."""

    def __init__(self, limit: int, contact: Contact | None = None) -> None:
        self._left = limit
        self._contact = contact
        self._transport: asyncio.Transport | None = None
        self._tls: TlsSession | None = None
        self._receiver: Receiver | None = None
        self._unasked = bytearray()  # in clear, arrived before anybody listened
        self._is_held = False  # reading is paused, because nobody listens
        self.is_ended = False  # nothing more will arrive
        self.is_heard = False  # the other side has said something inside TLS, or in clear where there is none
        self._failure: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def tls_expires_at(self) -> datetime | None:
        """When the server's certificate ends; None in clear."""
        return self._tls.expires_at if self._tls is not None else None

    @property
    def tls_version(self) -> str | None:
        """The version that is spoken, such as TLSv1.3; None in clear."""
        return self._tls.version if self._tls is not None else None

    @property
    def tls_chain(self) -> tuple[bytes, ...]:
        """The certificates (DER) from the server's own to the authority's that is trusted; none in clear."""
        return self._tls.chain if self._tls is not None else ()

    @property
    def local_host(self) -> str:
        """Our own address on this connection."""
        name = self._transport.get_extra_info("sockname") if self._transport is not None else None
        return str(name[0]) if name else "127.0.0.1"

    @property
    def is_secured(self) -> bool:
        """Whether the connection is encrypted, and the other side is who it should be."""
        return self._tls is not None and self._tls.is_secured

    @property
    def alpn(self) -> str | None:
        """What was agreed to be spoken inside TLS, if anything was."""
        return self._tls.alpn if self._tls is not None else None

    async def secure(self, context: ssl.SSLContext, server_name: str) -> None:
        """Make a TLS handshake and verify that the other side is `server_name` (a DNS name or an IP address).

        Our last message may leave only with the next `send` or `receive`.

        Raises:
            TransportFault: TLS, LOST, TOO_LARGE.
        """
        tls = self._tls = TlsSession(context, server_name, self._write)
        if self._contact is not None:
            self._contact.session = tls
        self.is_heard = False
        self._release()
        tls.arrived(bytes(self._unasked))
        self._unasked.clear()
        tls.shake()
        while not tls.is_secured:
            await self._wait()

    def unnoted(self) -> Contact | None:
        """Leave the notes to the caller from now on, who speaks in a way that is not read off the wire."""
        contact, self._contact = self._contact, None
        return contact

    def send(self, data: bytes) -> None:
        """Send; never waits. What can't be sent shows in the next wait."""
        if self._contact is not None:
            self._contact.said(data)
        if self._tls is not None:
            self._tls.encrypt(data)
        else:
            self._write(data)

    def part(self) -> bool:
        """Say goodbye inside TLS; return whether the other side has answered it already.

        Raises:
            TransportFault: TLS.
        """
        return self._tls is None or self._tls.part()

    async def receive(self, receiver: Receiver) -> None:
        """Hand on what arrives until the receiver has enough, or nothing more will come.

        Raises:
            TransportFault: what the receiver raises; TLS, LOST, TOO_LARGE.
        """
        self._receiver = receiver
        try:
            self._release()
            self._take()
            while self._receiver is not None:
                await self._wait()
        finally:
            self._receiver = None

    def prod(self) -> None:
        """Ask the receiver once more whether it has enough, though nothing came."""
        if self._receiver is None or self._failure is not None:
            return
        try:
            if self._receiver.feed(b""):
                self._receiver = None
                self._wake()
        except Exception as error:  # noqa: BLE001 - as in `data_received`
            self._fail(error)

    def abort(self) -> None:
        """Close at once, whatever is under way. May be called again."""
        self._hang_up()
        # They hold on to us, and to tens of KiB of OpenSSL's: neither must wait for the garbage collector.
        self._tls = None
        self._contact = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop connected."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """The loop read something."""
        if self._transport is None or self._failure is not None:
            return
        self._left -= len(data)
        if self._left < 0:
            self._fail(TransportFault(FaultKind.TOO_LARGE, "the server sends more than the bounds allow"))
            return
        try:
            self._arrived(data)
        except Exception as error:  # noqa: BLE001 - the one who waits can tell a fault from a bug
            self._fail(error)

    def connection_lost(self, exc: Exception | None) -> None:
        """The loop closed the connection: the other side ended it, or it broke."""
        self._transport = None
        self.is_ended = True
        if exc is not None:
            fault = self._lost("reset")
            fault.__cause__ = exc
            self._fail(fault)
        self._wake()

    def _arrived(self, data: bytes) -> None:
        if self._tls is None:
            if self._receiver is not None:
                self._deliver(self._receiver, data)
            else:
                self._unasked += data
                self._hold(len(self._unasked))
            return
        self._tls.arrived(data)
        if not self._tls.is_secured:
            self._tls.shake()
            if self._tls.is_secured:
                self._wake()
        elif self._receiver is not None:
            self._take()
        else:
            self._hold(self._tls.held)

    def _take(self) -> None:
        """Hand on what has arrived already."""
        if self._tls is None:
            data = bytes(self._unasked)
            self._unasked.clear()
            if data and self._receiver is not None:
                self._deliver(self._receiver, data)
            return
        while self._receiver is not None and (data := self._tls.decrypt()):
            self._deliver(self._receiver, data)
        if self._tls.is_ended:
            self.is_ended = True
            self._wake()

    def _deliver(self, receiver: Receiver, data: bytes) -> None:
        self.is_heard = True
        if self._contact is not None:
            self._contact.heard(data)
        if receiver.feed(data):
            self._receiver = None
            self._wake()

    async def _wait(self) -> None:
        """Wait until something changed; raise what went wrong, or tell the receiver that nothing more will come."""
        if self._failure is None and not self.is_ended:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        elif self._failure is None:
            if self._receiver is None:
                raise self._lost("closed")
            self._receiver.eof()
            self._receiver = None
        if self._failure is not None:
            raise self._failure

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, failure: Exception) -> None:
        if self._failure is None:
            self._failure = failure
        self._wake()
        self._hang_up()

    def _hang_up(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _hold(self, unread: int) -> None:
        if unread > _UNASKED and self._transport is not None and not self._is_held:
            self._is_held = True
            self._transport.pause_reading()

    def _release(self) -> None:
        if self._is_held and self._transport is not None:
            self._transport.resume_reading()
        self._is_held = False

    def _lost(self, how: str) -> TransportFault:
        if self._tls is None or self._tls.is_secured:
            return TransportFault(FaultKind.LOST, f"the connection was {how} before the answer was whole")
        words = f"the connection was {how} during the TLS handshake"
        return Unwelcomed(words) if self._tls.is_answered else TransportFault(FaultKind.LOST, words)


def connect_fault(error: OSError) -> TransportFault:
    """Return what keeping from connecting says, in plain words."""
    code = error.errno
    if code in _OWN:
        return TransportFault(FaultKind.OWN, _OWN[code])
    if code == errno.ECONNREFUSED:
        return TransportFault(FaultKind.REFUSED, "the connection was refused")
    if code in _RESET:
        return TransportFault(FaultKind.LOST, "the connection was reset while connecting")
    return TransportFault(FaultKind.UNREACHABLE, _UNREACHABLE.get(code or 0, "the connection could not be made"))
