"""Heads of the journal leave the machine at once, and nobody waits for it.

- Each witness is told by a task of its own of the latest head; heads between are passed over, for the chain holds them.
- Where nothing is new a beat says that the run is alive. A witness that goes unheard pages.
- What it answers is written down once for each head; that it could not be told, once until it can be again. Neither is
  told of in turn.
- Nothing here holds up a step: no lock is held while somebody is asked.
- Who asks to be asked later (a token's allowance is used up) is asked then, by the newest head, for `PATIENCE` at most:
  nothing was lost by then, and nothing is known to be amiss.
- A head that can't follow what a witness was told shows that another process works on the run, or that somebody closed
  it: the run is told to stop.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from drills.errors import AskedToWait, RequestRefused
from drills.model.event import Head, NotTold, Receipted
from drills.ports import Witness
from drills.runner.outside import Outside
from drills.runner.record import Record
from drills.runner.steady import let_go, spawn, words
from drills.runner.stop import Stop
from glasswatch.errors import NotMeasured

BEAT: Final = 20.0
"""Seconds without anything new after which a witness is told that the run is alive; the monitor misses it after 120."""


PATIENCE: Final = 90.0
"""Seconds for which a witness may put off an answer in all; the monitor counts what a token does by the minute."""


async def asked(
    call: Callable[[], Awaitable[str]],
    seconds: float,
    patience: float = PATIENCE,
    put_off: Callable[[float], None] = lambda _seconds: None,
) -> str:
    """Ask a witness, for so many seconds at most; return its receipt. Where it asks to wait, wait and ask again.

    `patience`: seconds that may be waited in all; `put_off` is told of each wait.

    Raises:
        NotMeasured: it gave no answer, or one that is a fault of ours; or puts it off for too long.
        RequestRefused: it says no.
    """
    ends = asyncio.get_running_loop().time() + patience
    while True:
        try:
            async with asyncio.timeout(seconds):
                return await call()
        except TimeoutError:
            raise NotMeasured(f"no answer within {seconds:g} s") from None
        except AskedToWait as fault:
            # Without a time it is the witness's own trouble, which it can't see the end of.
            if fault.seconds <= 0 or asyncio.get_running_loop().time() + fault.seconds > ends:
                raise
            put_off(fault.seconds)
            await asyncio.sleep(fault.seconds)


class Telling:
    """Tells the witnesses of one run, which is told to `stop` where it isn't ours to go on with any more."""

    def __init__(self, outside: Outside, record: Record, run: str, stop: Stop) -> None:
        self._told = [_Told(witness, record, run, outside.ready_seconds) for witness in outside.witnesses]
        for told in self._told:
            told.refused = stop.tell_of
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to tell."""
        self._tasks = [spawn(told.go_on()) for told in self._told]

    def tell(self, head: Head) -> None:
        """Have the witnesses told of a head; returns at once."""
        for told in self._told:
            told.tell(head)

    @property
    def behind(self) -> tuple[str, ...]:
        """Who could not be told of the last head that there was to be told of."""
        return tuple(told.name for told in self._told if told.is_behind)

    async def end(self) -> None:
        """Stop telling, after each witness was told of the last head, or could not be."""
        for told in self._told:
            told.is_over = True  # a task that was writing an entry did not feel that it was cancelled
        await let_go(*self._tasks)
        self._tasks = []
        await asyncio.gather(*(told.last() for told in self._told))


class _Told:
    """What one witness was told, and is to be told."""

    def __init__(self, witness: Witness, record: Record, run: str, seconds: float) -> None:
        self._witness = witness
        self._record = record
        self._run = run
        self._seconds = seconds
        self._latest: Head | None = None
        self._known: Head | None = None
        self._news = asyncio.Event()
        self.name = witness.name
        self.is_behind = False
        self.is_over = False
        self.refused: Callable[[str, str], None] = lambda _by, _detail: None

    def tell(self, head: Head) -> None:
        self._latest = head
        self._news.set()

    async def go_on(self) -> None:
        while not self.is_over:
            try:
                async with asyncio.timeout(BEAT):
                    await self._news.wait()
            except TimeoutError:
                pass  # nothing new: a beat
            self._news.clear()
            await self._once()

    async def last(self) -> None:
        if self._latest != self._known:
            await self._once()

    async def _once(self) -> None:
        if self._latest is None:
            return
        head: Head = self._latest

        async def tell() -> str:
            nonlocal head
            head = self._latest or head  # while it was put off there may have been more
            return await self._witness.tell(self._run, head)

        try:
            jws = await asked(tell, self._seconds)
        except asyncio.CancelledError:
            raise
        except BaseException as fault:  # noqa: BLE001 - whatever a witness does, the run goes on
            if not self.is_behind:
                self.is_behind = True
                await self._record.note(NotTold(self._witness.name, words(fault)))
            if isinstance(fault, RequestRefused) and fault.is_against_what_was_told:
                self.refused(self._witness.name, str(fault))
            return
        self.is_behind = False
        if head != self._known:
            self._known = head
            await self._record.note(Receipted(self._witness.name, head.seq, head.hash, jws))
