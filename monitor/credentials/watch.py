"""Looks again and again until when the monitor's credentials hold, for metrics, log, status page and tickets.

1. Each is read anew once a minute, so that one that was renewed in its file is seen without a restart.
2. Each that hangs holds up its own thread alone, and counts as unreadable: nothing is taken for good that nobody saw.
3. A fault here costs what is told of credentials, and never the monitor.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from glasswatch.clock import Clock
from glasswatch.settings.model import SettingsModel
from glasswatch.sidethread import SideThread
from monitor.credentials import reading
from monitor.model.credential import Held
from monitor.rules.credentials import concern
from monitor.settings.named import Named, named

LOOK_SECONDS: Final = 60.0
_NAMING_WITHIN: Final = timedelta(seconds=30)
_AT_ONCE: Final = 8

log = logging.getLogger("glasswatch.credentials")


async def _nobody_told(_held: Sequence[Held]) -> None:
    return


@dataclass(frozen=True, slots=True)
class CredentialContext:
    """What the watch works with. `settings` returns those in force; `show` takes what was seen, all of it.

    `tickets` has people told of it.
    """

    settings: Callable[[], SettingsModel]
    clock: Clock
    show: Callable[[Sequence[Held]], None]
    read_within: timedelta = timedelta(seconds=5)
    tickets: Callable[[Sequence[Held]], Awaitable[None]] = _nobody_told


class CredentialWatch:
    """Runs until cancelled."""

    def __init__(self, context: CredentialContext) -> None:
        self._context = context
        self._thread = SideThread("credentials")
        self._named: tuple[SettingsModel, tuple[Named, ...]] | None = None
        self._threads: dict[str, SideThread] = {}
        self._told: dict[str, Mapping[str, str]] = {}

    async def run(self) -> None:
        """Look round after round."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Look at every credential once."""
        try:
            wanted = await self._wanted()
            gate = asyncio.Semaphore(_AT_ONCE)
            held = await asyncio.gather(*(self._read(each, gate) for each in wanted))
            self._context.show(held)
            self._tell(held)
            await self._context.tickets(held)
        except Exception:
            # Who looks at credentials must not end who watches: a fault of ours here costs what is told of them alone.
            log.exception("credentials_fault")

    async def _wanted(self) -> Sequence[Named]:
        """Return the credentials that the settings in force name."""
        settings = self._context.settings()
        if self._named is None or self._named[0] is not settings:
            self._named = settings, await self._thread.run(lambda: named(settings), _NAMING_WITHIN)
        found = self._named[1]
        self._threads = {each.credential: self._threads.get(each.credential, _thread(each)) for each in found}
        return found

    async def _read(self, wanted: Named, gate: asyncio.Semaphore) -> Held:
        if not wanted.is_read:
            return reading.read(wanted)
        async with gate:
            try:
                work = lambda: reading.read(wanted)  # noqa: E731 - done in the thread
                return await self._threads[wanted.credential].run(work, self._context.read_within)
            except (OSError, TimeoutError):
                return reading.unreadable(wanted)

    def _tell(self, held: Sequence[Held]) -> None:
        """Log what there is to say, once as long as it stays the same."""
        now = self._context.clock.now()
        unreadable = {each.credential: "can't be read" for each in held if each.is_readable is False}
        ending = {each.credential: said for each in held if (said := concern(each, now)) is not None}
        for event, found in (("credential_not_readable", unreadable), ("credential_ends", ending)):
            told = self._told.get(event, {})
            for credential, what in found.items():
                if told.get(credential) != what:
                    log.warning(event, extra={"fields": {"credential": credential, "what": what}})
            self._told[event] = found


def _thread(wanted: Named) -> SideThread:
    return SideThread(f"credential {wanted.credential}")
