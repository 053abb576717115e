"""When people are told that a copy of the flag falls behind, and that it caught up (design 3.7).

1. A copy is behind when the newest document there is older than half its life: while readers there still believe it,
   and somebody can do something.
2. One that says otherwise than the flag (its `change` is not the flag's), or of which nothing is known, is behind after
   a minute: readers there are refused a true ready, or believe one that is over.
3. One that has ended is expired at once: readers there refuse.
4. A document that waits for less than 10 s is under way, and no news: after a gap (the machine slept, say) every copy
   is old for an instant.
5. What was told holds until the target shows the latest document: a clock that is set back resolves nothing.
6. After a start nothing is known of a copy until a document reached it, or is overdue: until then nothing is said,
   neither that it is behind nor that it isn't.
"""

from datetime import datetime, timedelta
from typing import Final

from monitor.model.copy import Copy, Lag
from monitor.model.page import PageKind
from monitor.rules import reasons
from monitor.rules.pages import Concern

DIFFERS_AT_MOST: Final = timedelta(minutes=1)
UNDER_WAY: Final = timedelta(seconds=10)  # what one try may take, unless the settings say otherwise
_BY_LAG: Final = tuple(Lag)


def judge(copy: Copy, told: Lag | None, now: datetime) -> Lag | None:
    """Return how far a copy is behind; None: nothing can be said yet. `told`: what was said of it last."""
    if copy.waiting_since is None:
        return Lag.NONE
    found = _found(copy, now) if now >= copy.waiting_since + UNDER_WAY else Lag.NONE
    if told is None:
        return None if found is Lag.NONE else found
    return max(told, found, key=_BY_LAG.index)


def concern(copy: Copy, lag: Lag) -> Concern:
    """Return what one may have to tell of a copy. That it has ended is told although it was told to be behind."""
    holds = lag is not Lag.NONE
    why = f"the last try: {copy.error}" if copy.error else "the try under way has not ended"
    return Concern(
        PageKind.PUBLISH_BEHIND,
        holds=holds,
        summary=_summary(copy, lag),
        reason=why if holds else "the latest document is there",
        detail=copy.target,
        is_news=lag is Lag.EXPIRED,
        mark=f".{lag}" if holds else "",
    )


def _found(copy: Copy, now: datetime) -> Lag:
    if copy.shown is not None and now >= copy.shown.expires_at:
        return Lag.EXPIRED
    ends = [copy.differs_since + DIFFERS_AT_MOST] if copy.differs_since is not None else []
    if copy.shown is not None:
        ends.append(copy.shown.issued_at + (copy.shown.expires_at - copy.shown.issued_at) / 2)
    return Lag.BEHIND if any(now >= end for end in ends) else Lag.NONE


def _summary(copy: Copy, lag: Lag) -> str:
    where = f"{copy.platform}: the flag at {copy.target}"
    if lag is Lag.NONE:
        return f"{where} is up to date again"
    if copy.shown is None:
        return f"{where} can't be renewed since the monitor started: readers there see an old one, or none"
    end = reasons.clock(copy.shown.expires_at)
    if lag is Lag.EXPIRED:
        return f"{where} has EXPIRED at {end}: readers there refuse everybody, use another copy"
    if copy.shown.state != copy.latest.state:
        return f"{where} still says {copy.shown.state}, not {copy.latest.state}: readers are told wrong until {end}"
    return f"{where} is no longer renewed: readers there refuse everybody from {end} on"
