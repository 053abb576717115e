"""Beats to a dead man's switch elsewhere, while this monitor is well.

- One task for each, with its own deadline and its own connection: what goes wrong with one holds up nothing else.
- A beat that did not get through is sent again after `AGAIN`, or after `every` if that is shorter.
- While the monitor isn't well nothing is sent, and why is logged once. It is looked at again every second.
- Nothing is sent at the end: a monitor that was stopped is silent like one that died. A watcher that must not wake
  anybody for a restart allows for the time that one takes.
- The address may hold a secret: messages name scheme, host and port.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import glasswatch
from glasswatch.clock import Clock
from monitor.channels.post import Place, Poster
from monitor.errors import DeliveryFailed
from monitor.rules import retry
from monitor.settings.dead_man import DeadManSettings

AGAIN: Final = timedelta(seconds=10)
LOOK_SECONDS: Final = 1.0

log = logging.getLogger("glasswatch.deadman")


@dataclass(frozen=True, slots=True)
class DeadManContext:
    """What a switch works with. `unwell` returns why the monitor isn't well; `beaten` is told of each beat."""

    clock: Clock
    unwell: Callable[[], Sequence[str]]
    beaten: Callable[[str, bool], None]


class DeadManSwitch:
    """One switch; `run` beats until cancelled."""

    def __init__(self, name: str, settings: DeadManSettings, context: DeadManContext) -> None:
        parts = urlsplit(settings.url)
        shown = f"{parts.scheme}://{parts.netloc}"
        self.name = name
        self._settings = settings
        self._context = context
        self._poster = Poster(Place(shown, settings.url, settings.timeout, settings.tls.ca_file))
        self._trouble = ""
        self._has_begun = False

    def prepare(self) -> None:
        """Load what the first beat needs. A CA file that can't be read yet is only logged."""
        try:
            self._poster.prepare()
        except DeliveryFailed as fault:
            log.warning("dead_man_not_ready", extra={"fields": {"switch": self.name, "error": str(fault)}})

    async def run(self) -> None:
        """Beat. Only cancellation ends it."""
        clock = self._context.clock
        while True:
            began = clock.monotonic()
            why = self._context.unwell()
            if why:
                self._note("dead_man_withheld", "; ".join(why))
                await asyncio.sleep(LOOK_SECONDS)
                continue
            is_taken = await self._beat()
            pause = self._settings.every if is_taken else min(self._settings.every, AGAIN)
            await asyncio.sleep(max(0.0, began + pause.total_seconds() - clock.monotonic()))

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._poster.aclose()

    async def _beat(self) -> bool:
        self._has_begun = True
        headers = {"user-agent": f"glasswatch/{glasswatch.__version__}"}
        try:
            answer = await self._poster.ask(self._settings.method, headers)
            error = "" if retry.is_accepted(answer.status) else f"{self._poster.shown} answered {answer.status}"
        except DeliveryFailed as fault:
            error = str(fault)
        except Exception as fault:  # noqa: BLE001 - one mistake of ours must not end it; its message may hold the address
            error = f"a fault of glasswatch: {type(fault).__name__}"
        self._context.beaten(self.name, not error)
        self._note("dead_man_failed", error)
        return not error

    def _note(self, event: str, why: str) -> None:
        """Log what is wrong when it begins and when it changes, and once that it is over."""
        if why and why != self._trouble:
            # A monitor that has just started is not ready yet, and nothing is wrong with it.
            level = logging.WARNING if self._has_begun else logging.INFO
            log.log(level, event, extra={"fields": {"switch": self.name, "why": why}})
        elif self._trouble and not why:
            log.info("dead_man_fed", extra={"fields": {"switch": self.name}})
        self._trouble = why
