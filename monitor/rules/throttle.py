"""How often somebody may fail to show a valid token, and how often a token may write.

1. Failures are counted over the last minute, for each address and overall. Past either limit they are answered as
   throttled instead of refused. Addresses of one IPv6 network (/64) are one: whoever has one has them all.
2. Only failures are throttled. A valid token is let in whatever others present, from the same address or from
   everywhere: guessing locks nobody out.
3. A failure past a limit is not counted, so what is remembered is bounded by the overall limit, however many
   addresses there are; and a limit is never held shut by trying on.
4. Writes are counted for each token by itself. Reports of uses have an allowance of their own: a reader that has many
   to tell after an outage of ours tells them soon, and uses up nothing that a flag is raised or lowered by. So have
   heads of drills' journals.
Time is a monotonic reading, in seconds.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from monitor.rules.forwarded import address_of

WINDOW_SECONDS: Final = 60.0
FAILURES_OF_ONE: Final = 10
FAILURES_OF_ALL: Final = 100
WRITES: Final = 60
REPORTS: Final = 600
"""A spool that is full (10,000 attempts) is told within 17 minutes; each may wake somebody, so it is bounded."""
HEADS: Final = 600
"""A drill tells of each step's head as it goes; none of them wakes anybody."""
ALLOWANCES: Final[Mapping[str, int]] = {"writes": WRITES, "reports": REPORTS, "heads": HEADS}
"""How many writes a minute each allowance of the table of endpoints is good for, with one token."""

_NETWORK_OF_ONE: Final = 64


@dataclass(frozen=True, slots=True)
class Counted:
    """What happened within the window, oldest first: when, and whose it was."""

    entries: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """What is remembered now, and for how many whole seconds to stay away; 0: not throttled."""

    counted: Counted
    wait_seconds: int


def failed(counted: Counted, address: str, now: float) -> Judged:
    """Judge a failure to show a valid token."""
    source = source_of(address)
    recent = _recent(counted, now)
    own = [at for at, whose in recent if whose == source]
    # A place becomes free when the oldest of those that fill it leaves the window.
    waits = []
    if len(own) >= FAILURES_OF_ONE:
        waits.append(own[-FAILURES_OF_ONE])
    if len(recent) >= FAILURES_OF_ALL:
        waits.append(recent[-FAILURES_OF_ALL][0])
    return _judged(recent, waits, (now, source))


def wrote(counted: Counted, now: float, most: int = WRITES) -> Judged:
    """Judge a write; `counted` are those of one token against one allowance, `most` what it is good for."""
    recent = _recent(counted, now)
    waits = [recent[-most][0]] if len(recent) >= most else []
    return _judged(recent, waits, (now, ""))


def source_of(address: str) -> str:
    """Return what counts as one address."""
    known = address_of(address)
    if isinstance(known, IPv6Address):
        return str(IPv6Network((int(known), _NETWORK_OF_ONE), strict=False))
    return str(known or "")


def _recent(counted: Counted, now: float) -> tuple[tuple[float, str], ...]:
    return tuple(entry for entry in counted.entries if now - entry[0] < WINDOW_SECONDS)


def _judged(recent: tuple[tuple[float, str], ...], waits: list[float], entry: tuple[float, str]) -> Judged:
    if waits:
        free_at = max(waits) + WINDOW_SECONDS
        return Judged(Counted(recent), max(1, math.ceil(free_at - entry[0])))
    return Judged(Counted((*recent, entry)), 0)
