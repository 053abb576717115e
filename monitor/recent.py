"""What the running monitor remembers of attempts, in memory only: each probe's last, and why failures were judged so.

Rules:
- Explanations are kept of attempts that are not good, the last `MOST_FAILURES` of each probe.
- Their memory is bounded for all probes together: over it the oldest go, whosever they are.
- At most `MOST_A_SECOND` are made in any second: when everything fails at once, explaining must not hold up probing.
- Nothing of it is written anywhere but in the log, where that was asked for (`--log-attempts`): what is kept on record
  of an outcome is the store's affair.
"""

import logging
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from glasswatch.clock import Clock
from glasswatch.logs import PROBE
from monitor.model.explanation import KEPT, Attempted, Explanation, Room
from monitor.model.outcome import Outcome
from monitor.probes.explained import Listener

MOST_FAILURES: Final = 5
MOST_BYTES: Final = 16 * 2**20
MOST_A_SECOND: Final = 20

log = logging.getLogger(PROBE)

_Key = tuple[str, str]


class Recent:
    """See the module's rules."""

    def __init__(self, clock: Clock, *, most_bytes: int = MOST_BYTES) -> None:
        self._clock = clock
        self._most_bytes = most_bytes
        self._last: dict[_Key, Outcome] = {}
        self._explained: dict[_Key, deque[tuple[datetime, Explanation, int]]] = {}
        self._order: deque[_Key] = deque()  # whose explanation came when, the oldest first
        self._bytes = 0
        self._second = (0, 0)  # which one, and how many were made in it

    @property
    def size(self) -> int:
        """About how much memory the explanations take, in bytes."""
        return self._bytes

    def listener(self, platform: str, probe: str) -> Listener:
        """Return who takes in one probe's attempts."""
        return _Listener(self, (platform, probe))

    def last(self, platform: str, probe: str) -> Attempted | None:
        """Return the last attempt since the start; None before the first."""
        outcome = self._last.get((platform, probe))
        return None if outcome is None else Attempted(outcome, self.explanation(platform, probe, outcome.started_at))

    def explanation(self, platform: str, probe: str, started_at: datetime) -> Explanation | None:
        """Return why the attempt that began then was judged so, if that is still known."""
        kept = self._explained.get((platform, probe), ())
        return next((explanation for at, explanation, _ in kept if at == started_at), None)

    def with_reasons(self, platform: str, probe: str, stored: Sequence[Attempted]) -> tuple[Attempted, ...]:
        """Return attempts as they are on record, with why they were judged so where that is still known."""
        return tuple(
            Attempted(each.outcome, self.explanation(platform, probe, each.outcome.started_at), each.is_believed)
            for each in stored
        )

    def may_explain(self) -> bool:
        """Return whether one more may be made in this second, and count it."""
        second, made = self._second
        now = int(self._clock.monotonic())
        made = made + 1 if now == second else 1
        self._second = now, made
        return made <= MOST_A_SECOND

    def keep(self, key: _Key, outcome: Outcome, explanation: Explanation | None) -> None:
        """Take in an attempt."""
        self._last[key] = outcome
        if explanation is None:
            return
        kept = self._explained.setdefault(key, deque())
        if len(kept) >= MOST_FAILURES:
            self._order.remove(key)
            self._forget(key)
            kept = self._explained.setdefault(key, deque())
        size = explanation.size
        kept.append((outcome.started_at, explanation, size))
        self._order.append(key)
        self._bytes += size
        while self._bytes > self._most_bytes and self._order:
            self._forget(self._order.popleft())

    def _forget(self, key: _Key) -> None:
        """Forget a probe's oldest explanation."""
        kept = self._explained[key]
        self._bytes -= kept.popleft()[2]
        if not kept:
            del self._explained[key]


class _Listener:
    """`monitor.probes.explained.Listener` of one probe."""

    room: Room = KEPT
    is_every = False

    def __init__(self, recent: Recent, key: _Key) -> None:
        self._recent = recent
        self._key = key

    def wants(self, outcome: Outcome) -> bool:
        """See `Listener`."""
        return not outcome.is_good and self._recent.may_explain()

    def told(self, outcome: Outcome, explanation: Explanation | None) -> None:
        """See `Listener`."""
        self._recent.keep(self._key, outcome, explanation)
        level = logging.DEBUG if outcome.is_good else logging.INFO
        if log.isEnabledFor(level):
            log.log(
                level, "attempt", extra={"fields": {"platform": self._key[0], "probe": self._key[1], **_told(outcome)}}
            )


def _told(outcome: Outcome) -> dict[str, object]:
    return {
        "outcome": outcome.kind.value,
        "reason": outcome.reason.value,
        "detail": outcome.detail,
        "attempt": outcome.attempt.value,
        "seconds": f"{outcome.duration_seconds:.3f}",
    }
