"""One question in one datagram, and its answer.

Rules:
- The socket is connected, so the system drops what comes from anywhere else, and tells when nobody listens there. Its
  port is one that the system picks anew each time.
- One datagram is sent: asking again is the scheduler's.
- What comes and is no answer is passed over, whatever it is: the caller's deadline ends the wait.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Generic, TypeVar

from platforms.transport.resolver import Address
from platforms.transport.wire import connect_fault

_T = TypeVar("_T")


async def ask(address: Address, question: bytes, read: Callable[[bytes], _T | None]) -> _T:
    """Return the first answer that `read` makes something of.

    Raises:
        TransportFault: REFUSED, UNREACHABLE, LOST, OWN; what `read` raises.
    """
    connected = _connected(address)
    waiting = _Waiting(read)
    try:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: waiting, sock=connected)
    except BaseException:
        connected.close()
        raise
    try:
        transport.sendto(question)
        return await waiting.answer
    finally:
        transport.abort()


def _connected(address: Address) -> socket.socket:
    # By ourselves: where the system refuses, uvloop would leave its own half made socket to the garbage collector.
    try:
        made = socket.socket(address.family, socket.SOCK_DGRAM)
    except OSError as error:
        raise connect_fault(error) from error
    try:
        made.setblocking(False)
        made.connect((address.host, address.port))
    except OSError as error:
        made.close()
        raise connect_fault(error) from error
    return made


class _Waiting(asyncio.DatagramProtocol, Generic[_T]):
    """Takes datagrams until one is an answer."""

    def __init__(self, read: Callable[[bytes], _T | None]) -> None:
        self._read = read
        self.answer: asyncio.Future[_T] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - asyncio's signature
        """The loop read something."""
        if self.answer.done():
            return
        try:
            found = self._read(data)
        except Exception as error:  # noqa: BLE001 - the one who waits can tell a fault from a bug
            self.answer.set_exception(error)
        else:
            if found is not None:
                self.answer.set_result(found)

    def error_received(self, exc: Exception) -> None:
        """The system was told that it did not arrive."""
        if not self.answer.done():
            self.answer.set_exception(connect_fault(exc) if isinstance(exc, OSError) else exc)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket broke; after the end of the wait nobody minds."""
        if not self.answer.done() and isinstance(exc, OSError):
            self.answer.set_exception(connect_fault(exc))
