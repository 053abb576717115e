"""Whether this monitor does its work, so that it may say so elsewhere.

It is well while nothing keeps it from being relied on (what `/-/ready` says: a flag that readers refuse is among it),
every probe runs in time, its store takes writes, it can see, and every platform's flag as last signed still holds:
signing, settling and publishing go on. Anything else is a reason to be silent: a dead man's switch that is fed by a
monitor that no longer watches is worse than none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Condition:
    """How the monitor is.

    `missing`: what keeps it from being relied on; `signed_until`: by platform; `late`: probes.
    """

    missing: Sequence[str]
    is_recording: bool
    is_blind: bool
    signed_until: Mapping[str, datetime]
    late: Sequence[str] = ()


def unwell(of: Condition, now: datetime) -> tuple[str, ...]:
    """Return why the monitor is not well, one line each; empty if it is."""
    store = () if of.is_recording else ("the store can't be written",)
    sight = ("no control answers",) if of.is_blind else ()
    expired = tuple(
        f"the flag of {name} was not signed again" for name, until in of.signed_until.items() if until <= now
    )
    late = tuple(f"{name} did not run in time" for name in of.late)
    return (*of.missing, *store, *sight, *expired, *late)
