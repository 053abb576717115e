"""Takes a person's word that what a journey left open is gone, and forgets it.

1. It is forgotten in the transaction that audits it, with who said so and why; nothing is asked of the platform.
2. What no journey of the settings closes can be forgotten as well; it is then no longer shown as left behind.
3. An attempt under way that has it in its hands writes no opening back that was forgotten meanwhile
   (`monitor.store.openings`).
"""

import logging
from collections.abc import Awaitable, Callable, Sequence

from glasswatch.clock import Clock
from monitor.errors import StoreError
from monitor.model.record import AuditEntry, ChainHead
from monitor.model.residue import Gone
from monitor.ports import OpeningStore

FORGOTTEN = "residue_forgotten"
log = logging.getLogger("glasswatch.journey")


class ResidueDesk:
    """Where it is said. `moved` learns where the audit ends; `after` is called once something was forgotten."""

    def __init__(
        self,
        store: OpeningStore,
        clock: Clock,
        moved: Callable[[ChainHead], None],
        after: Callable[[], Awaitable[None]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._moved = moved
        self._after = after

    async def gone(self, gone: Gone) -> Sequence[str]:
        """Forget it; return the steps whose openings were on record, none where nothing was.

        Raises:
            StoreError: nothing was forgotten.
        """
        told = {"platform": gone.platform, "probe": gone.probe, "run": gone.run, "step": gone.step}
        body = {**told, "token": gone.token, "because": gone.because}
        entry = AuditEntry(FORGOTTEN, gone.person, body, self._clock.now())
        steps, head = await self._store.forget_openings(gone, entry)
        if steps:
            self._moved(head)
            log.info("journey_residue_forgotten", extra={"fields": {**told, "person": gone.person}})
            try:
                await self._after()
            except StoreError as fault:  # it is forgotten; what is shown of others waits for the next start
                log.warning("journey_forgotten_unread", extra={"fields": {"error": str(fault)}})
        return steps
