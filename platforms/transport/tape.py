"""Keeps what servers said, as it was received: heads, framing and bodies, of every answer on the way.

Of an answer whose body nobody wants, only what came along with its head is there: a tape changes nothing about how an
attempt is made. What a proxy or a token endpoint says is never on it.
"""

from typing import Final

from platforms.transport.wire import Receiver

# Eleven answers of the largest body that settings allow would be more than anybody reads.
MOST_BYTES: Final = 64 * 1024 * 1024


class Tape:
    """What was said so far. `is_cut`: more was said than is kept."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.said = bytearray()
        self.is_cut = False
        self._most_bytes = most_bytes

    def take(self, data: bytes) -> None:
        """Add what was received."""
        room = self._most_bytes - len(self.said)
        self.said += data[:room]
        self.is_cut = self.is_cut or len(data) > room


class Taped:
    """A `Receiver` that hands on to another what a tape has taken."""

    def __init__(self, receiver: Receiver, tape: Tape) -> None:
        self._receiver = receiver
        self._tape = tape

    def feed(self, data: bytes) -> bool:
        """See `Receiver`."""
        self._tape.take(data)
        return self._receiver.feed(data)

    def eof(self) -> None:
        """See `Receiver`."""
        self._receiver.eof()
