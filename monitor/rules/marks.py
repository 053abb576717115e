"""What marks an outcome without changing it: the warnings that any probe may give.

1. An attempt that took longer than it should is marked.
2. So is one that saw a certificate which ends within so many days, whether or not anything else was wrong: a
   certificate ends no later for it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.model.outcome import Warn


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond what an outcome is marked; None: never."""

    duration: timedelta | None = None
    tls_days_left: int | None = None


def marks(limits: Limits, duration_seconds: float, expiry_at: datetime | None, now: datetime) -> tuple[Warn, ...]:
    """Return the warnings. `expiry_at`: when the earliest certificate seen ends."""
    found = []
    if limits.duration is not None and duration_seconds > limits.duration.total_seconds():
        found.append(Warn.DURATION)
    days = limits.tls_days_left
    if days is not None and expiry_at is not None and expiry_at - now < timedelta(days=days):
        found.append(Warn.TLS_DAYS_LEFT)
    return tuple(found)
