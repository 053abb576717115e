"""Where the web face reads from."""

from collections.abc import Callable
from dataclasses import dataclass

from glasswatch.clock import Clock
from monitor.ports import StatusReader, Store


@dataclass(frozen=True, slots=True)
class Sources:
    """The running monitor as the web face may see it. `metrics` returns the exposition."""

    reader: StatusReader
    store: Store
    metrics: Callable[[], bytes]
    clock: Clock
