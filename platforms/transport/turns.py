"""What is said to and fro on a connection, turn by turn.

Rules:
- A turn sends, or sends nothing, and waits until its answer is among what has arrived. What arrived after the answer is
  the next turn's, so it does not matter how a network cuts up what a server says.
- Of one turn at most `MOST_BYTES` are kept, or what its caller allows.
- Up to `_EVERY_BYTES` the answer is looked for whenever something came. Beyond, looking each time at all there is would
  let a server that dribbles take our processor: it is looked for when a sixteenth more has come, after
  `_QUIET_SECONDS`, and in the end.
- The watch times each turn (`processing` to the first byte of the answer, `transfer` to its end) and says which one is
  waited for.
- What was said is never part of a fault.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from platforms.errors import FaultKind, TransportFault
from platforms.transport.stopwatch import Phase, Stopwatch
from platforms.transport.tape import Tape, Taped
from platforms.transport.wire import Wire

MOST_BYTES: Final = 16 * 1024
_EVERY_BYTES: Final = 2048
_GROWTH: Final = 16
_QUIET_SECONDS: Final = 0.05

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
        hearing = Hearing(turn, self.said, most_bytes, self._watch)
        hearing.again = self._wire.prod
        try:
            if not hearing.is_over():
                await self._wire.receive(hearing if self._tape is None else Taped(hearing, self._tape))
        finally:
            hearing.close()
        self._watch.stop()
        self._watch.awaited = None

    def tell(self, data: bytes) -> None:
        """Send, and wait for nothing."""
        self._wire.send(data)


class Hearing:
    """Receives the answer of one turn. `again` has `feed` called once more, with nothing. `close` it in the end."""

    def __init__(self, turn: Turn, said: bytearray, most_bytes: int, watch: Stopwatch) -> None:
        self._turn = turn
        self._said = said
        self._most_bytes = most_bytes
        self._watch = watch
        self._is_begun = False
        self._looked = 0  # how much there was when it was looked at last
        self._later: asyncio.TimerHandle | None = None
        self.again: Callable[[], None] = _nothing

    def close(self) -> None:
        """Look no more."""
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def is_over(self) -> bool:
        """Return whether the answer is whole, and take it out of what was said."""
        self.close()
        self._looked = len(self._said)
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
        if data and not self._is_worth_it():
            if self._later is None:
                self._later = asyncio.get_running_loop().call_later(_QUIET_SECONDS, self.again)
            return False
        return self.is_over()

    def eof(self) -> None:
        """See `Receiver`."""
        if len(self._said) > self._looked and self.is_over():
            return
        if self._said and self._turn.unmet:
            raise TransportFault(FaultKind.ANSWER, f"{self._turn.unmet}, and the connection was closed")
        raise TransportFault(FaultKind.LOST, f"the connection was closed, {self._awaiting}")

    def _is_worth_it(self) -> bool:
        count = len(self._said)
        is_much = count - self._looked >= self._looked // _GROWTH
        return count <= _EVERY_BYTES or count > self._most_bytes or is_much

    @property
    def _awaiting(self) -> str:
        return f"waiting for {self._turn.awaited}"


def _nothing() -> None:
    return None
