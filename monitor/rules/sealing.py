"""When a flag that is still ready will be sealed again, as far as that can be told (design 3.4).

1. It is when the last of the causes that make it ready ends.
2. An outage's cause, once the outage has ended: `lower_after` after the platform was up without break. Anything but up
   breaks that, so it holds only if the platform stays up. While the outage is open, or the platform isn't up, nobody
   can tell.
3. What a person raised: at its own end.
4. While an outage's cause is held closed nobody can tell: it is in force again when that ends.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.model.state import Cause, PlatformState
from monitor.model.verdict import CauseKind, FlagState
from monitor.rules.causes import in_force, may_end_quietly


@dataclass(frozen=True, slots=True)
class Sealing:
    """When the flag is sealed again; `is_if_up`: only if the platform stays up until then."""

    at: datetime
    is_if_up: bool


def sealing(state: PlatformState, lower_after: timedelta, now: datetime) -> Sealing | None:
    """Return when a ready flag is sealed again; None if it isn't ready, or if nobody can tell."""
    if state.flag.state is not FlagState.READY or any(cause.inhibited for cause in state.causes):
        return None
    raising = [cause for cause in in_force(state.causes, now) if cause.kind is not CauseKind.EXERCISE]
    ends = [_end_of(cause, state, lower_after) for cause in raising]
    known = [end for end in ends if end is not None]
    if not known or len(known) < len(ends):
        return None
    return Sealing(max(known), any(cause.kind is CauseKind.OUTAGE for cause in raising))


def _end_of(cause: Cause, state: PlatformState, lower_after: timedelta) -> datetime | None:
    if cause.kind is not CauseKind.OUTAGE:
        return cause.until
    if state.quiet_since is None or not may_end_quietly(cause, state):
        return None
    return state.quiet_since + lower_after
