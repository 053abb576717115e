"""Who wants the settings reloaded: a signal, or people over HTTP. One reload at a time does for all who wait."""

import asyncio

from monitor.errors import ReloadRefused
from monitor.model.reloaded import Reloaded

SIGNAL = "signal"


class ReloadRequests:
    """Wishes that wait for the next reload. Whoever comes while one is under way waits for the one after it."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, asyncio.Future[Reloaded]]] = []
        self._signalled = False
        self._some = asyncio.Event()
        self._closed = ""

    def signal(self) -> None:
        """Have the settings reloaded. Never waits; what becomes of it is logged."""
        self._signalled = True
        self._some.set()

    async def ask(self, by: str) -> Reloaded:
        """Have the settings reloaded, and return what became of it.

        Raises:
            GlasswatchError: they were not taken over, and nothing has changed.
        """
        if self._closed:
            raise ReloadRefused("not_possible", self._closed)
        answer: asyncio.Future[Reloaded] = asyncio.get_running_loop().create_future()
        self._waiting.append((by, answer))
        self._some.set()
        return await answer

    async def next(self) -> tuple[str, list[asyncio.Future[Reloaded]]]:
        """Wait until somebody wants it; return in whose name it is done, and who waits for an answer."""
        await self._some.wait()
        self._some.clear()
        waiting, self._waiting, self._signalled = self._waiting, [], False
        by = ", ".join(dict.fromkeys(name for name, _ in waiting)) or SIGNAL
        return by, [answer for _, answer in waiting]

    def close(self, why: str = "the monitor is ending") -> None:
        """Tell everybody who waits, or ever comes, why nothing is reloaded any more."""
        self._closed = why
        for _, answer in self._waiting:
            if not answer.done():
                answer.set_exception(ReloadRefused("not_possible", why))
        self._waiting.clear()
