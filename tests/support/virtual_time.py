"""A loop in which waiting takes no time: when nothing is ready, its clock leaps to what is due next.

What takes days runs in milliseconds, always alike. Only for what waits on timers: threads and sockets don't leap.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

from tests.support.clock import START

T = TypeVar("T")


class _LeapingSelector(selectors.DefaultSelector):
    """Waits for nothing, and tells how long it was asked to wait."""

    leapt = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; else leap."""
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("everybody waits for something that will never happen")
        if not ready and timeout is not None:
            self.leapt += max(timeout, 0.0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop."""

    def __init__(self) -> None:
        self._leaping = _LeapingSelector()
        super().__init__(self._leaping)

    def time(self) -> float:
        """Return the seconds leapt so far."""
        return self._leaping.leapt


class VirtualClock:
    """Wall and monotonic time of the running loop. `shift` is what the wall clock was set forth or back by."""

    def __init__(self) -> None:
        self.shift = timedelta(0)

    def now(self) -> datetime:
        """Return the wall time."""
        return START + timedelta(seconds=self.monotonic()) + self.shift

    def monotonic(self) -> float:
        """Return the loop's time."""
        return asyncio.get_running_loop().time()


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
