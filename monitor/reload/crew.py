"""The tasks of those parts that come and go with the settings, by whose they are."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, Protocol


class Runs(Protocol):
    """What runs until it is cancelled."""

    async def run(self) -> None:
        """Run. Only cancellation ends it."""
        ...


class Crew:
    """Runs parts within a group: a fault in one ends the group, as it ends the monitor."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._tasks: dict[Runs, asyncio.Task[None]] = {}
        self._aside: set[asyncio.Task[None]] = set()
        self.is_dismissed = False
        """Whether everybody was sent home, and nobody may begin any more."""

    def start(self, who: Runs, after: Iterable[asyncio.Task[None]] = ()) -> None:
        """Run a part, once those tasks have ended."""
        self._tasks[who] = self._group.create_task(_run(who, tuple(after)))

    def dismiss(self, who: Runs) -> asyncio.Task[None]:
        """Cancel a part; return its task, which may take time to end."""
        task = self._tasks.pop(who)
        task.cancel()
        return task

    def aside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Have something done that comes to an end."""
        task = self._group.create_task(work)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)
        return task

    def dismiss_all(self) -> None:
        """Cancel every part, for good."""
        self.is_dismissed = True
        for who in tuple(self._tasks):
            self.dismiss(who)
        for task in self._aside:
            task.cancel()


async def _run(who: Runs, after: tuple[asyncio.Task[None], ...]) -> None:
    if after:
        await asyncio.wait(after)
    await who.run()
    raise RuntimeError(f"{type(who).__name__} ended by itself")
