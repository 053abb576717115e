"""Builds the watchers that the settings name, through the registry."""

from collections.abc import Iterable, Mapping

from monitor.registries import WATCHERS, load
from monitor.settings.watchers import WatcherSettings
from monitor.watchers.context import WatcherContext
from monitor.watchers.loop import Aim, LoopContext, WatchLoop


def covered(loops: Iterable[WatchLoop]) -> frozenset[tuple[str, str]]:
    """Return the platforms and targets whose log is seen now."""
    return frozenset(
        (loop.aim.platform, loop.aim.target) for loop in loops if loop.is_seeing and loop.aim.target is not None
    )


def blind(loops: Iterable[WatchLoop]) -> tuple[str, ...]:
    """Return which of them can't see, and why, one line each."""
    return tuple(f"{loop.aim.watcher} can't see: {loop.why_not}" for loop in loops if loop.is_seeing is False)


def watchers_of(settings: Mapping[str, WatcherSettings], context: LoopContext) -> tuple[WatchLoop, ...]:
    """Return every watcher's loop. Nothing is read yet."""
    made = WatcherContext(context.clock)
    return tuple(
        WatchLoop(
            Aim(name, each.platform, each.target, each.every.total_seconds()),
            load(WATCHERS[each.type].make)(name, each, made),
            context,
        )
        for name, each in settings.items()
    )
