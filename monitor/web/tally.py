"""Sums up what would flood the audit: one entry a minute for each code and everybody who is refused with it.

The first refusal begins a sum; it is told a minute later, or when the monitor stops. Sums are kept for each holder of a
token and one for everybody without, so their number is bounded by that of the tokens.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from glasswatch.clock import Clock
from monitor.model.record import AuditEntry

EVERY_SECONDS: Final = 60.0


@dataclass(slots=True)
class _Sum:
    since: datetime
    count: int
    client: str


class Tally:
    """Counts, and has the sums noted."""

    def __init__(self, note: Callable[[AuditEntry, str | None], None], clock: Clock) -> None:
        self._note = note
        self._clock = clock
        self._sums: dict[tuple[str, str], _Sum] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, actor: str, code: str, client: str) -> None:
        """Count one refused write."""
        known = self._sums.setdefault((actor, code), _Sum(self._clock.now(), 0, client))
        known.count += 1
        known.client = client
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(EVERY_SECONDS, self.tell)

    def tell(self) -> None:
        """Have every sum noted, and begin anew."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        sums, self._sums = self._sums, {}
        for (actor, code), known in sums.items():
            body = {
                "code": code,
                "count": known.count,
                "since": known.since.isoformat(),
                "last_client": known.client,
            }
            self._note(AuditEntry("writes_refused", actor, body, self._clock.now()), None)
