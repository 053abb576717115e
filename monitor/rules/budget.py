"""How many requests a minute a platform's vendor is asked at most, and who goes first.

1. In any 60 s at most `limit` attempts are made.
2. A quarter of them (one at least) is kept for confirmations and called probes: what may be an outage goes first.
3. An attempt that is not allowed is skipped and recorded as such; it is neither good nor bad.
"""

from monitor.model.outcome import Attempt

WINDOW_SECONDS = 60.0


def kept_of(limit: int) -> int:
    """Return how many of them are kept for confirmations and called probes."""
    return max(1, limit // 4) if limit > 1 else 0


def limit_for(scheduled: int) -> int:
    """Return the least limit that leaves room for so many scheduled attempts."""
    limit = scheduled
    while limit - kept_of(limit) < scheduled:
        limit += 1
    return limit


def allows(spent: int, limit: int, why: Attempt) -> bool:
    """Decide whether one more attempt fits, `spent` having been made in the last 60 s."""
    return spent < (limit - kept_of(limit) if why is Attempt.SCHEDULED else limit)
