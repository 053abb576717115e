"""Cuts off what is not back long after its own deadline.

A deadline of its own for each would be set and taken back a thousand times a second, and never be met: nothing needs it
but a mistake of ours. So whoever is under way is only noted, and one look a second finds who is overdue.

Where the look itself is late the whole process was held up (frozen, or a machine too busy): that is nobody's mistake,
and those under way get until the next look to find that out themselves. A look that is late again cuts off.
"""

import asyncio
from types import TracebackType
from typing import Final

LOOK_SECONDS: Final = 1.0
LATE_SECONDS: Final = 1.0


class Guard:
    """Looks after what is under way, as long as anything is. Bound to the loop it is used in."""

    def __init__(self) -> None:
        self._under_way: set[Watched] = set()
        self._alarm: asyncio.TimerHandle | None = None
        self._was_late = False

    def over(self, seconds: float) -> "Watched":
        """Return a context that is cut off once it took so long, a second later at most: by `TimeoutError`."""
        return Watched(self, seconds)

    def begun(self, watched: "Watched") -> None:
        """Look after one."""
        self._under_way.add(watched)
        if self._alarm is None:
            self._was_late = False
            self._alarm = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def ended(self, watched: "Watched") -> None:
        """Leave one alone from now on."""
        self._under_way.discard(watched)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        is_late = self._alarm is not None and now - self._alarm.when() > LATE_SECONDS
        self._was_late = is_late and not self._was_late
        if not self._was_late:
            for watched in [each for each in self._under_way if each.ends_at <= now]:
                watched.cut()
        self._alarm = loop.call_later(LOOK_SECONDS, self._look) if self._under_way else None


class Watched:
    """One that is looked after; see `Guard.over`."""

    __slots__ = ("_guard", "_is_cut", "_seconds", "_task", "ends_at")

    def __init__(self, guard: Guard, seconds: float) -> None:
        self._guard = guard
        self._seconds = seconds
        self._is_cut = False
        self._task: asyncio.Task[object] | None = None
        self.ends_at = 0.0

    def __enter__(self) -> None:
        """Begin."""
        self._task = asyncio.current_task()
        self.ends_at = asyncio.get_running_loop().time() + self._seconds
        self._guard.begun(self)

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        """End; what was cut off ends as `TimeoutError`, unless it is cancelled by others too."""
        self._guard.ended(self)
        if not self._is_cut or self._task is None:
            return
        is_ours_alone = self._task.uncancel() == 0
        if is_ours_alone and kind is asyncio.CancelledError:
            raise TimeoutError("cut off")

    def cut(self) -> None:
        """Cut it off."""
        self._guard.ended(self)
        if self._task is not None:
            self._is_cut = True
            self._task.cancel()
