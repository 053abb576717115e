"""A network that leads nowhere: for whoever has to see a server as if it could not be reached.

Rules:
- Nothing leaves this machine: no look-up, no packet, no byte of a request or of a credential. Where other networks
  would connect, an attempt ends here.
- A name resolves, to an address that nobody has (RFC 5737): those who look names up are not the ones that are away.
- `HANG`: the connection is never answered, so that the caller's own deadline ends the wait. `REFUSE`: it is refused at
  once.
"""

import asyncio
import socket
from enum import StrEnum
from typing import Final, NoReturn

from platforms.errors import FaultKind, TransportFault
from platforms.transport.resolver import Address

_NOBODY: Final = "192.0.2.1"


class DeadEnd(StrEnum):
    """How a connection ends that leads nowhere."""

    HANG = "hang"
    REFUSE = "refuse"


def stand_in(port: int) -> Address:
    """Return the address that every name has."""
    return Address(_NOBODY, port, socket.AF_INET)


async def meet(end: DeadEnd) -> NoReturn:
    """Meet the end in place of a server. Cancellation ends the wait.

    Raises:
        TransportFault: REFUSED.
    """
    if end is DeadEnd.HANG:
        await asyncio.get_running_loop().create_future()
    raise TransportFault(FaultKind.REFUSED, "the connection was refused")
