"""What pages at a pager are worth to a step that waits for one.

1. A page counts if it holds every text that it must mention. Unless the run's id is among them, it must not have come
   before the run's outage began either; clocks may be `CLOCKS_APART` apart.
2. Nothing to know it by, neither the run's id nor a beginning, is not measured: it may be anybody's.
3. A page that the pager holds back (silenced, inhibited) wakes nobody: failed.
4. One that must have waited (`after`), as what falls back does, has come so long after it was decided at the least:
   sooner is failed. Where the pager says not both of when it was decided and when it came, that is not measured.
5. Of several the first counts. When it came is the pager's word, unless that lies ahead of our own clock, or before
   the outage.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from drills.model.step import Status

CLOCKS_APART: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Seen:
    """One page as the pager shows it, already one of those asked for.

    `began`: what tells it from an older one. `came`: when the pager took it, `decided`: when the monitor decided it;
    None where the pager doesn't say.
    """

    content: Any = field(repr=False)
    began: datetime | None = None
    came: datetime | None = None
    is_held: bool = False
    decided: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sought:
    """What makes a page the one that is waited for. `shown` says it without values.

    `is_named`: the run's id is among what it must mention. `after`: how long after it was decided it came at the least.
    """

    mentions: Sequence[str] = field(repr=False)
    since: datetime | None
    shown: str
    is_named: bool = False
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found, and when it came."""

    status: Status
    detail: str
    at: datetime | None = None


def judge(seen: Sequence[Seen], sought: Sought, now: datetime) -> Judged:
    """Return what the pages are worth."""
    if not sought.is_named and sought.since is None:
        return Judged(
            Status.NOT_MEASURED, "no step began an outage, and no run is to be mentioned: it may be anybody's"
        )
    since = sought.since - CLOCKS_APART if sought.since is not None else None
    theirs = [each for each in seen if _mentions(each.content, sought.mentions)]
    if not sought.is_named:
        theirs = [each for each in theirs if _is_within(each.began, since, None)]
    if not theirs:
        others = f"{len(seen)} others" if seen else "none"
        return Judged(Status.FAILED, f"no page of this run ({sought.shown}); {others} of that kind")
    woke = [each for each in theirs if not each.is_held]
    if not woke:
        return Judged(Status.FAILED, "the page is there, and held back: it wakes nobody")
    hasty = _hasty(woke, sought.after) if sought.after is not None else None
    if hasty is not None:
        return hasty
    at = min((each.came for each in woke if each.came is not None and _is_within(each.came, since, now)), default=None)
    if at is None:
        return Judged(Status.PASSED, "the page is there; when it came, the pager does not say")
    return Judged(Status.PASSED, f"the page came at {at:%H:%M:%S}Z", at)


def texts(content: object) -> Sequence[str]:
    """Return every text in a JSON value, keys left out."""
    if isinstance(content, str):
        return (content,)
    parts = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    return tuple(text for part in parts for text in texts(part))


def instant(value: object) -> datetime | None:
    """Return a time as RFC 3339 writes it; None for anything else."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def _hasty(woke: Sequence[Seen], after: timedelta) -> Judged | None:
    """Return what is wrong with how long pages took to come; None if they took long enough."""
    waits = [each.came - each.decided for each in woke if each.came is not None and each.decided is not None]
    if len(waits) < len(woke):
        return Judged(Status.NOT_MEASURED, "the page is there; how long it took to come, the pager does not say")
    if min(waits) >= after:
        return None
    expected = f"expected {after.total_seconds():g} s or more"
    return Judged(Status.FAILED, f"the page came {min(waits).total_seconds():.3f} s after it was decided, {expected}")


def _is_within(at: datetime | None, begin: datetime | None, end: datetime | None) -> bool:
    return at is not None and (begin is None or at >= begin) and (end is None or at <= end)


def _mentions(content: object, wanted: Sequence[str]) -> bool:
    held = texts(content)
    return all(any(each in text for text in held) for each in wanted)
