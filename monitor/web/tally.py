"""Sums up what would flood the audit: one entry a minute for each code and everybody who is refused with it.

1. The first refusal begins a sum; it is told a minute later, or when the monitor stops. Sums are kept for each holder
   of a token and one for everybody without, so their number is bounded by that of the tokens.
2. Refusals of somebody without a valid token are summed for each address (`rules/throttle.source_of`): the first of an
   address stands by itself, at once; what follows is one entry a minute, until a minute passes without any.
3. `SOURCES` addresses are told apart; what comes from further ones meanwhile is one sum, with the last address. So
   nobody without a token adds more than a handful of entries a minute, from however many addresses.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from glasswatch.clock import Clock
from monitor.model.record import AuditEntry
from monitor.rules.throttle import source_of

EVERY_SECONDS: Final = 60.0
SOURCES: Final = 8

_EVERYBODY: Final = ""


@dataclass(slots=True)
class _Sum:
    since: datetime
    client: str
    count: int = 0


class Tally:
    """Counts, and has the sums noted."""

    def __init__(self, note: Callable[[AuditEntry, str | None], None], clock: Clock) -> None:
        self._note = note
        self._clock = clock
        self._sums: dict[tuple[str, str, str], _Sum] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, actor: str, code: str, client: str) -> None:
        """Count one refused write."""
        self._add((actor, code, _EVERYBODY), client)

    def is_first(self, actor: str, code: str, client: str) -> bool:
        """Return whether a refused write is to be noted by itself; otherwise it is counted."""
        key = (actor, code, source_of(client))
        if key not in self._sums and self._sources() < SOURCES:
            self._sums[key] = _Sum(self._clock.now(), client)
            self._expect()
            return True
        if key in self._sums:
            self._add(key, client)
        else:
            self.add(actor, code, client)
        return False

    def tell(self) -> None:
        """Have every sum noted, and begin anew."""
        self._forget_timer()
        now, sums = self._clock.now(), self._sums
        self._sums = {}
        for key, known in sums.items():
            actor, code, source = key
            if known.count == 0:
                continue  # an address that was quiet for a minute begins afresh
            if source != _EVERYBODY:
                self._sums[key] = _Sum(now, known.client)
            body = {
                "code": code,
                "count": known.count,
                "since": known.since.isoformat(),
                "last_client": known.client,
            }
            self._note(AuditEntry("writes_refused", actor, body, now), None)
        if self._sums:
            self._expect()

    def close(self) -> None:
        """Have every sum noted. Repeated calls do nothing."""
        self.tell()
        self._sums.clear()
        self._forget_timer()

    def _add(self, key: tuple[str, str, str], client: str) -> None:
        known = self._sums.setdefault(key, _Sum(self._clock.now(), client))
        known.count += 1
        known.client = client
        self._expect()

    def _sources(self) -> int:
        return sum(source != _EVERYBODY for _, _, source in self._sums)

    def _expect(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(EVERY_SECONDS, self.tell)

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
