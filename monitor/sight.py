"""Whether this vantage can see: asks the controls, and says so when none answers.

- A question is asked when an attempt begins whose bad outcome would be believed: the last of a round, and each one of a
  probe that is confirmed bad. Questions of many probes at once are one question; a no is asked once more, and what a
  yes to that is worth is the scheduler's.
- No answer: this vantage is blind. The controls are asked again every few seconds, and it sees with the first answer.
  What names were said to be is forgotten each time, and once more with the answer: what lying DNS servers said must
  neither keep it blind nor be held against a platform, for as long as they said it may be kept.
- Blind spans are written down: a gap is never counted as health. What can't be written at once is kept until it can.
- A monitor that ended blind begins blind (`lost`), until a control answers.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from glasswatch.clock import Clock
from monitor.errors import StoreError
from monitor.ports import Controls, Store
from monitor.storegate import StoreGate

log = logging.getLogger("glasswatch.sight")

SHARE_SECONDS = 1.0  # a question asked this recently answers for another probe too
RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SightContext:
    """What the sight works with.

    `changed` is told of blindness and of its end; `forget` drops what names were said to be.
    """

    store: Store
    gate: StoreGate
    clock: Clock
    changed: Callable[[bool], None]
    forget: Callable[[], None] = lambda: None


class Sight:
    """Asks the controls for everybody, and holds whether this vantage is blind."""

    def __init__(self, controls: Controls, context: SightContext, retry_seconds: float = RETRY_SECONDS) -> None:
        self._controls = controls
        self._store = context.store
        self._gate = context.gate
        self._clock = context.clock
        self._changed = context.changed
        self._forget = context.forget
        self._retry_seconds = retry_seconds
        self._question: asyncio.Task[bool] | None = None
        self._asked_at = float("-inf")
        self._blind_since: datetime | None = None
        self._went_blind = asyncio.Event()
        self._unwritten: dict[datetime, datetime | None] = {}
        self._writing = asyncio.Lock()
        self._gate.register(self.drain, lambda: not self._unwritten)

    @property
    def is_blind(self) -> bool:
        """Whether nothing this vantage sees may be believed."""
        return self._blind_since is not None

    def adopt(self, controls: Controls) -> None:
        """Ask other controls from the next question on."""
        self._controls = controls
        self._asked_at = float("-inf")

    def ask(self, *, afresh: bool = False) -> asyncio.Task[bool]:
        """Ask the controls, or join a question just asked; `afresh`: only one that has no answer yet.

        Never cancel the task: others may wait for it too.
        """
        now = self._clock.monotonic()
        is_answered = self._question is not None and self._question.done()
        if self._question is None or now - self._asked_at >= SHARE_SECONDS or (afresh and is_answered):
            self._question = asyncio.create_task(self._answer(), name="controls")
            self._asked_at = now
        return self._question

    def lost(self) -> None:
        """Note that a round ended with no control having answered, or that the last run ended blind."""
        if self._blind_since is not None:
            return
        self._blind_since = self._clock.now()
        log.warning("vantage_blind")
        self._changed(True)
        self._went_blind.set()

    async def watch(self) -> None:
        """While blind, ask again until a control answers. Runs until cancelled."""
        while True:
            await self._went_blind.wait()
            since = self._blind_since or self._clock.now()
            await self._note(since, None)
            while not await asyncio.shield(self.ask()):  # it asks others; nobody could set an event
                self._forget()
                await asyncio.sleep(self._retry_seconds)
            self._forget()
            self._went_blind.clear()
            self._blind_since = None
            log.info("vantage_sees")
            self._changed(False)
            # A clock that was set back must not make a span that ends before it began.
            await self._note(since, max(since, self._clock.now()))

    async def drain(self) -> None:
        """Write the spans that are missing in the store.

        Raises:
            StoreError: it can't be written; what is missing is kept.
        """
        async with self._writing:
            while self._unwritten:
                since, until = next(iter(self._unwritten.items()))
                await self._store.blind_span(since, until)
                if self._unwritten[since] == until:
                    del self._unwritten[since]

    async def _answer(self) -> bool:
        try:
            return await self._controls.ask()
        except Exception:
            # A mistake of ours proves nothing: not that we can see.
            log.exception("controls_fault")
            return False

    async def _note(self, since: datetime, until: datetime | None) -> None:
        self._unwritten[since] = until
        if not self._gate.is_open:
            return
        try:
            await self.drain()
        except StoreError as fault:
            self._gate.failed(fault)
