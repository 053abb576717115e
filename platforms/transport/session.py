"""A TLS session on memory buffers: what arrived goes in, what must be sent comes out.

It knows nothing of sockets or loops. That lets the handshake be timed apart from connecting, keeps OpenSSL's reason
at hand, makes an upgrade in mid-stream (STARTTLS) the same call, and costs less than the loop's own TLS.
"""

import ssl
from collections.abc import Callable
from datetime import datetime
from typing import Final

from platforms.errors import FaultKind, TransportFault
from platforms.transport.tls import chain_of, expiry_of, tls_fault
from platforms.transport.tls_facts import TlsFacts, facts_of, shown_in

_READ: Final = 64 * 1024


class TlsSession:
    """One TLS session. `send` takes what must go out, at once."""

    __slots__ = ("_has_arrived", "_incoming", "_outgoing", "_send", "_tls", "is_answered", "is_ended", "is_secured")

    def __init__(self, context: ssl.SSLContext, server_name: str, send: Callable[[bytes], None]) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._send = send
        self._has_arrived = False
        self.is_secured = False  # the handshake is over, and the other side is who it should be
        self.is_answered = False  # to the other side's first part of the handshake; a certificate of ours went with it
        self.is_ended = False  # the other side said goodbye
        try:
            self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        except (ValueError, UnicodeError) as error:
            raise TransportFault(FaultKind.TLS, "the server's name can't be verified: it is no valid name") from error

    @property
    def held(self) -> int:
        """Bytes that arrived and nobody has asked for yet."""
        return self._incoming.pending

    @property
    def expires_at(self) -> datetime | None:
        """When the server's certificate ends."""
        return expiry_of(self._tls)

    @property
    def version(self) -> str | None:
        """The version that is spoken."""
        return self._tls.version()

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates from the server's own to the authority's, as they were verified (DER)."""
        return chain_of(self._tls)

    @property
    def alpn(self) -> str | None:
        """What was agreed to be spoken, if anything was."""
        return self._tls.selected_alpn_protocol()

    def facts(self) -> TlsFacts | None:
        """Return what was agreed on, or shown in a handshake that failed; None where nothing was."""
        known = facts_of(self._tls) if self.is_secured else None
        # A session that broke off after the handshake has forgotten its version: what was shown was accepted still.
        return known or shown_in(self._tls, is_accepted=self.is_secured)

    def arrived(self, data: bytes) -> None:
        """Take what came from the network."""
        self._has_arrived = self._has_arrived or bool(data)
        self._incoming.write(data)

    def shake(self) -> None:
        """Go on with the handshake as far as what has arrived allows.

        In TLS 1.3 our last message of it is held back, and leaves together with what is sent first: one packet and
        one system call less for each attempt. `flush` sends it alone.

        Raises:
            TransportFault: TLS.
        """
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self.is_answered = self.is_answered or (self._has_arrived and bool(self._outgoing.pending))
            self.flush()
        except ssl.SSLError as error:
            self.flush()  # the alert that tells the server why
            raise tls_fault(error) from error
        else:
            self.is_secured = True

    def encrypt(self, data: bytes) -> None:
        """Send.

        Raises:
            TransportFault: TLS.
        """
        try:
            self._tls.write(data)
        except ssl.SSLError as error:
            raise tls_fault(error) from error
        self.flush()

    def decrypt(self) -> bytes:
        """Return the next piece of what has arrived; nothing if there is none now, or ever again (`is_ended`).

        Raises:
            TransportFault: TLS.
        """
        try:
            data = self._tls.read(_READ)
        except ssl.SSLWantReadError:
            self.flush()  # an answer to a change of keys
            return b""
        except ssl.SSLZeroReturnError:
            data = b""
        except ssl.SSLError as error:
            raise tls_fault(error) from error
        self.is_ended = not data
        return data

    def part(self) -> bool:
        """Say goodbye; return whether the other side has answered it already.

        Raises:
            TransportFault: TLS.
        """
        try:
            self._tls.unwrap()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as error:
            if error.reason != "APPLICATION_DATA_AFTER_CLOSE_NOTIFY":
                raise tls_fault(error) from error
        finally:
            self.flush()
        return True

    def flush(self) -> None:
        """Send what is held back."""
        if self._outgoing.pending:
            self._send(self._outgoing.read())
