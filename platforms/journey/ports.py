"""What a journey needs from outside, as interfaces with contracts."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from platforms.journey.model import Answer, Opening, Planned

Send = Callable[[Planned], Awaitable[Answer]]
"""Makes one exchange on a new connection. The caller bounds the time by cancelling.

Raises:
    TransportFault: it failed.
"""


class Book(Protocol):
    """The record of what is open. What `keep` wrote is there after a crash of this machine."""

    async def openings(self) -> Sequence[Opening]:
        """Return what is not known closed.

        Raises:
            NotKept: the record can't be read now.
        """
        ...

    async def keep(self, opening: Opening) -> None:
        """Write an opening as it is now, in place of what was known of the same run and step; closed: forget it.

        Raises:
            NotKept: it can't be written now, or nobody knows whether it was.
        """
        ...


class Requests(Protocol):
    """How many requests may be made."""

    def may_send(self) -> bool:
        """Return whether one more may be sent, and count it if so."""
        ...

    def sent(self) -> None:
        """Count one that is sent whether it may or not: closing is never refused."""
        ...
