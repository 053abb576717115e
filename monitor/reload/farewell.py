"""Lets go of what a swap left: targets that took a flag until now, and platforms that nobody watches any more.

- A target is left once nothing is under way to it; only then does another of its name begin, with the latest documents.
- A platform's last findings are settled like all others: signed, written, told. Then nothing more is shown of it, and
  its flag ends by its own expiry, as it does when the monitor is restarted without it.
- While the store can't be written a platform's last state is kept, and the gate has it written. No sign of life is
  shown before, so that a restart takes it up from here.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from monitor import takeup
from monitor.errors import StoreError
from monitor.parts import Assembly
from monitor.ports import FlagTarget
from monitor.reload.swap import Crews, Left
from monitor.settle import Settler

log = logging.getLogger("glasswatch.reload")

LOOK_SECONDS = 0.05


class Farewell:
    """Sees to what was left. `leaving` are the platforms that are not let go of yet."""

    def __init__(self, parts: Assembly, crews: Crews) -> None:
        self._parts = parts
        self._crews = crews
        self.leaving: dict[str, Settler] = {}

    async def see_off(self, left: Left) -> None:
        """Let go of the targets; of the platforms behind."""
        for name, settler in left.platforms.items():
            self.leaving[name] = settler
            self._crews.watching.aside(self._platform(name, settler))
        await self._targets(left.targets)
        self._crews.watching.aside(self._probes(left.probes))

    async def _targets(self, targets: Mapping[str, FlagTarget | None]) -> None:
        parts = self._parts
        for name, follower in targets.items():
            await parts.publisher.remove(name)
            if follower is None:
                parts.metrics.forget_target(name)
                continue
            parts.publisher.add(follower, parts.board.documents.values())
            parts.retired.remove(follower)

    async def _probes(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Have shown what is open that no journey closes any more, once those that went have closed what they could."""
        if tasks:
            await asyncio.wait(tasks)
        parts = self._parts
        try:
            await takeup.pages_left(parts.store, parts.builder.settings)
            found = await takeup.forgotten(parts.store, parts.builder.settings)
        except StoreError as fault:
            log.warning("left_not_seen_to", extra={"fields": {"error": str(fault)}})
            return
        parts.board.unclosed[:] = found
        parts.metrics.forgotten(len(found))

    async def _platform(self, name: str, settler: Settler) -> None:
        parts = self._parts
        while not settler.is_told:  # noqa: ASYNC110 - looked at for moments, once in a monitor's life
            await asyncio.sleep(LOOK_SECONDS)
        await parts.publisher.forget(name)
        parts.board.documents.pop(name, None)
        parts.copies.forget(name)
        parts.versions.forget(name)
        parts.metrics.forget(name)
        while not settler.is_settled:  # noqa: ASYNC110 - as above
            await asyncio.sleep(LOOK_SECONDS)
        self._crews.watching.dismiss(settler)
        settler.leave()
        parts.settlers = tuple(each for each in parts.settlers if each is not settler)
        del self.leaving[name]
