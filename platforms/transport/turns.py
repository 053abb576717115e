"""What is said to and fro on a connection, turn by turn.

Rules:
- A turn sends, or sends nothing, and waits until its answer is among what has arrived. What arrived after the answer is
  the next turn's, so it does not matter how a network cuts up what a server says.
- Of one turn at most `MOST_BYTES` are kept, or what its caller allows.
- The watch times each turn (`processing` to the first byte of the answer, `transfer` to its end) and says which one is
  waited for.
- What was said is never part of a fault.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from platforms.errors import FaultKind, TransportFault
from platforms.transport.stopwatch import Phase, Stopwatch
from platforms.transport.tape import Tape, Taped
from platforms.transport.wire import Wire

MOST_BYTES: Final = 16 * 1024

# Where the answer ends in what has arrived; None while it is not whole. Raises TransportFault where it is a wrong one.
Reply = Callable[[bytes], int | None]


@dataclass(frozen=True, slots=True)
class Turn:
    """What is sent, and the answer that is waited for: by which name, and how it is known.

    `unmet`: what is said of an answer that has begun and never got whole; without it nothing more than that.
    """

    awaited: str
    reply: Reply
    send: bytes = field(default=b"", repr=False)
    unmet: str = ""


class Dialogue:
    """The turns on one connection. `tape` takes what the server says."""

    def __init__(self, wire: Wire, watch: Stopwatch, tape: Tape | None = None) -> None:
        self._wire = wire
        self._watch = watch
        self._tape = tape
        self.said = bytearray()  # what has arrived and belongs to no answer yet

    async def take(self, turn: Turn, most_bytes: int = MOST_BYTES) -> None:
        """Take a turn.

        Raises:
            TransportFault: ANSWER, TOO_LARGE, LOST, TLS; what the reply raises.
        """
        self._watch.awaited = turn.awaited
        self._watch.enter(Phase.PROCESSING)
        if turn.send:
            self._wire.send(turn.send)
        hearing = _Hearing(turn, self.said, most_bytes, self._watch)
        if not hearing.is_over():
            await self._wire.receive(hearing if self._tape is None else Taped(hearing, self._tape))
        self._watch.stop()
        self._watch.awaited = None

    def tell(self, data: bytes) -> None:
        """Send, and wait for nothing."""
        self._wire.send(data)


class _Hearing:
    """Receives the answer of one turn."""

    def __init__(self, turn: Turn, said: bytearray, most_bytes: int, watch: Stopwatch) -> None:
        self._turn = turn
        self._said = said
        self._most_bytes = most_bytes
        self._watch = watch
        self._is_begun = False

    def is_over(self) -> bool:
        """Return whether the answer is whole, and take it out of what was said."""
        end = self._turn.reply(bytes(self._said)) if self._said else None
        if end is not None:
            del self._said[:end]
            return True
        if len(self._said) > self._most_bytes:
            raise TransportFault(FaultKind.TOO_LARGE, f"more than {self._most_bytes} bytes came, {self._awaiting}")
        return False

    def feed(self, data: bytes) -> bool:
        """See `Receiver`."""
        if not self._is_begun:
            self._is_begun = True
            self._watch.enter(Phase.TRANSFER)
        self._said += data
        return self.is_over()

    def eof(self) -> None:
        """See `Receiver`."""
        if self._said and self._turn.unmet:
            raise TransportFault(FaultKind.ANSWER, f"{self._turn.unmet}, and the connection was closed")
        raise TransportFault(FaultKind.LOST, f"the connection was closed, {self._awaiting}")

    @property
    def _awaiting(self) -> str:
        return f"waiting for {self._turn.awaited}"
