"""Which other channels a page goes to because those that it was routed to did not take it in time (design 3.2).

1. Every route that takes the page's kind and names a fallback is watched, each for itself.
2. A route falls back when `fallback_after` has passed since the page was decided and one of its own channels has not
   taken the page: not told yet, being tried, or given up. One that took it does not stand in for another: where a chat
   took it and the pager did not, nobody may be awake.
3. A page falls back on each channel once, and never on one that it goes to already. A page that everybody is told
   goes to the fallbacks from the start, and has nothing to fall back on.
4. What a fallback does with it changes nothing: a page stays with the channels that did not take it, too.
5. Whoever was told that something fires is told that it is over, whatever the routes say then (`audience`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from monitor.model.page import Page, PageStatus, Route
from monitor.model.told import Reach


@dataclass(frozen=True, slots=True)
class Fallback:
    """Where a page goes if one of `watched` has not taken it after so long."""

    watched: tuple[str, ...]
    to: tuple[str, ...]
    after: timedelta


def fallbacks(page: Page, routes: Sequence[Route], channels: Sequence[str]) -> tuple[Fallback, ...]:
    """Return what a page may fall back on, in the order of the routes; only channels that exist."""
    return tuple(
        Fallback(_known(route.to, channels), _known(route.fallback, channels), route.fallback_after)
        for route in routes
        if route.fallback and (not route.kinds or page.kind in route.kinds)
    )


def due(found: Iterable[Fallback], told: Mapping[str, Reach], waited: timedelta) -> tuple[str, ...]:
    """Return the channels that a page goes to now as well. `told`: those it goes to already, and how far it got."""
    wanted = (
        name for each in found if waited >= each.after and is_missed(each, told) for name in each.to if name not in told
    )
    return tuple(dict.fromkeys(wanted))


def is_missed(fallback: Fallback, told: Mapping[str, Reach]) -> bool:
    """Whether one of the channels that are watched has not taken it."""
    return any(told.get(name) is not Reach.TOLD for name in fallback.watched)


def audience(page: Page, channels: Sequence[str], knowing: Iterable[str]) -> tuple[str, ...]:
    """Return whom a page goes to. `knowing`: who was, or is being, told that what it is about fires."""
    if page.status is not PageStatus.RESOLVED:
        return tuple(channels)
    return tuple(dict.fromkeys((*channels, *knowing)))


def _known(names: Sequence[str], channels: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name in channels)
