"""Which channels a page goes to.

1. A flag page goes to every channel, whatever the routes say: every raise and lower pages everybody, always (design
   3.4). So does a page about a use of break-glass, and every page where there are no routes at all.
2. Otherwise every route that names the page's kind (or names no kind) counts; the page goes to all of their channels,
   each once, in the order of the settings.
3. A page that no route matches goes to every channel if its kind is never suppressed (design 3.7); any other goes
   nowhere, and the reason says so.
4. A channel that a route names but that doesn't exist is left out; settings refuse it, so this can only follow from
   a mistake of ours, and then the page falls under 3.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.model.page import NEVER_SUPPRESSED, Page, PageKind, Route

_EVERYBODY = {PageKind.FLAG: "a changed flag", PageKind.USE: "a use of break-glass"}
_ROUTELESS = {*_EVERYBODY, PageKind.TEST}


@dataclass(frozen=True, slots=True)
class Routing:
    """Where a page goes, and why. No channels: nowhere."""

    channels: tuple[str, ...]
    reason: str


def unrouted(routes: Sequence[Route]) -> tuple[PageKind, ...]:
    """Return the kinds that are never suppressed and go to every channel only because no route names them."""
    return tuple(kind for kind in _not_named(routes) if kind in NEVER_SUPPRESSED)


def untold(routes: Sequence[Route]) -> tuple[PageKind, ...]:
    """Return the kinds that nobody is told of, because there are routes and none takes them."""
    return tuple(kind for kind in _not_named(routes) if kind not in NEVER_SUPPRESSED) if routes else ()


def _not_named(routes: Sequence[Route]) -> Iterator[PageKind]:
    named = {kind for known in routes for kind in known.kinds or tuple(PageKind)}
    return (kind for kind in PageKind if kind not in named and kind not in _ROUTELESS)


def route(page: Page, routes: Sequence[Route], channels: Sequence[str]) -> Routing:
    """Return the channels for a page, in the order of `channels`."""
    if not channels:
        return Routing((), "no channel is configured")
    if page.kind in _EVERYBODY:
        return Routing(tuple(channels), f"{_EVERYBODY[page.kind]} pages everybody: every channel")
    if not routes:
        return Routing(tuple(channels), "no route is configured: every channel")
    wanted = {name for known in routes if not known.kinds or page.kind in known.kinds for name in known.to}
    chosen = tuple(name for name in channels if name in wanted)
    if chosen:
        return Routing(chosen, f"routed by kind {page.kind}")
    if page.kind in NEVER_SUPPRESSED:
        return Routing(tuple(channels), f"no route for kind {page.kind}, which is never suppressed: every channel")
    return Routing((), f"no route for kind {page.kind}")
