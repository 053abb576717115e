"""What watchers are built with."""

from dataclasses import dataclass

from glasswatch.clock import Clock


@dataclass(frozen=True, slots=True)
class WatcherContext:
    """What a watcher works with."""

    clock: Clock
