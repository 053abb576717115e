"""For how long what outages raise may be held closed in all, whoever holds it (design 3.4: 1 h at most).

1. A stretch begins with an inhibition, and goes on with every other one that begins while it is held closed, or before
   it was open for 15 minutes since. All inhibitions of a stretch end an hour after it began, at the latest.
2. An opening of 15 minutes ends it. A request for an inhibition lives no longer than that, so what holds closed in the
   next stretch was also asked for after it was open.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from monitor.model.act import Acts, Stretch

INHIBIT_MAX: Final = timedelta(hours=1)
OPEN_FOR: Final = timedelta(minutes=15)

_NOISE = timedelta(seconds=5)  # clocks are corrected by less all the time


def going_on(acts: Acts, now: datetime) -> Stretch | None:
    """Return the stretch that an inhibition of now would belong to; None: it would begin one."""
    held = acts.stretch
    if held is None or held.opened_at is None or -_NOISE <= now - held.opened_at < OPEN_FOR:
        return held
    return None


def ends_at(acts: Acts, now: datetime) -> datetime:
    """Return when an inhibition of now must end at the latest, in whole seconds."""
    held = going_on(acts, now)
    return ((now if held is None else held.since) + INHIBIT_MAX).replace(microsecond=0)


def closed(acts: Acts, now: datetime) -> Stretch:
    """Return the stretch as it is once an inhibition holds from now on."""
    held = going_on(acts, now)
    return Stretch(now) if held is None else Stretch(held.since)


def spent(acts: Acts, now: datetime) -> Acts:
    """Return what is left standing when nothing holds it closed from now on, and the hour is over."""
    return replace(acts, inhibition=None, stretch=Stretch(now - INHIBIT_MAX, now))


def opened(acts: Acts, now: datetime) -> Acts:
    """Return what is left standing when nothing holds it closed from now on."""
    held = acts.stretch
    return replace(acts, inhibition=None, stretch=None if held is None else replace(held, opened_at=now))
