"""Watches this machine's clock: has a leap told, put on record and counted, and says whether its word can be taken.

What deserves telling is `monitor.rules.clock`'s. That a page fires is kept in the store, so that it is resolved after
a restart too; a leap that nobody saw, because it came while the monitor was away, is seen by the last sign of life.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from glasswatch.clock import Clock, SystemClock
from monitor.errors import StoreError
from monitor.model.page import Page, PageStatus
from monitor.model.record import AuditEntry
from monitor.ports import Store
from monitor.rules import clock as rules
from monitor.rules.clock import ClockState, Reading, Shift, ShiftKind
from monitor.rules.clockpages import clock_page, clock_page_over
from monitor.storegate import StoreGate

PLACE: Final = "clock:page"  # no watcher's name has a colon
TOLD: Final = "told"
_TRIES: Final = 3
_KEEP_AGAIN_SECONDS: Final = 1.0

log = logging.getLogger("glasswatch.clock")


@dataclass(frozen=True, slots=True)
class ClockContext:
    """What the watch works with. `counted` is told of each shift, `tell` takes a page."""

    deployment: str
    vantage: str
    clock: Clock
    store: Store
    gate: StoreGate
    note: Callable[[AuditEntry], None]
    tell: Callable[[Page], None]
    counted: Callable[[Shift], None]


class ClockWatch:
    """`look` at it about once a second."""

    def __init__(self, context: ClockContext) -> None:
        self._context = context
        clock = context.clock
        # A clock that is not the machine's knows nothing of its sleep.
        self._since_boot = clock.since_boot if isinstance(clock, SystemClock) else clock.monotonic
        self._state: ClockState = rules.begin(self._read())
        self._is_told = False
        self._changed = asyncio.Event()

    @property
    def is_trusted(self) -> bool:
        """Whether what is old by the wall clock may be given up."""
        return rules.is_trusted(self._state)

    async def take_up(self, last_alive_at: datetime | None) -> None:
        """Go on where the last run was; `last_alive_at`: when it showed its last sign of life.

        Raises:
            StoreUnavailable: what it told can't be read.
        """
        self._is_told = await self._context.store.place(PLACE) == TOLD
        now = self._context.clock.now()
        away = timedelta(0) if last_alive_at is None else now - last_alive_at
        if self._is_told or away >= rules.TRUSTED or away < timedelta(0):
            self._state = rules.doubted(self._state)
        if last_alive_at is not None and away < -rules.LEAST:
            self._seen(Shift(ShiftKind.BACK, -away, last_alive_at, now))

    def look(self) -> None:
        """Compare the clocks. Never waits."""
        self._state, shifts = rules.look(self._state, self._read())
        for shift in shifts:
            self._seen(shift)
        if self._is_told and rules.is_steady(self._state):
            self._told(clock_page_over(self._context.deployment, self._context.vantage, self._context.clock.now()))

    async def run(self) -> None:
        """Keep in the store whether a page fires. Only cancellation ends it."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            while not await self._is_kept():  # noqa: ASYNC110 - the store has no event for it
                await asyncio.sleep(_KEEP_AGAIN_SECONDS)

    async def _is_kept(self) -> bool:
        if not self._context.gate.is_open:
            return False
        try:
            await self._context.store.keep_place(PLACE, TOLD if self._is_told else "")
        except StoreError as fault:
            self._context.gate.failed(fault)
            return False
        return True

    def _seen(self, shift: Shift) -> None:
        fields = {"kind": shift.kind.value, "seconds": round(shift.by.total_seconds(), 3), "sudden": shift.is_sudden}
        log.warning("clock_shifted", extra={"fields": {**fields, "was": shift.was.isoformat()}})
        self._context.counted(shift)
        body = {**fields, "was": shift.was.isoformat(), "now": shift.now.isoformat()}
        self._context.note(AuditEntry("clock_shifted", "monitor", body, shift.now))
        if shift.kind is not ShiftKind.SLEPT:
            self._told(clock_page(self._context.deployment, self._context.vantage, shift))

    def _told(self, page: Page) -> None:
        self._is_told = page.status is PageStatus.FIRING
        self._changed.set()
        self._context.tell(page)

    def _read(self) -> Reading:
        """Read all clocks as one: again, where the process was held up in between."""
        for _ in range(_TRIES):
            reading = self._read_once()
            if not reading.is_blurred:
                return reading
        return self._read_once()

    def _read_once(self) -> Reading:
        clock = self._context.clock
        began = clock.monotonic()
        wall, since_boot = clock.now(), self._since_boot()
        return Reading(wall, began, since_boot, clock.monotonic() - began)
