"""Makes the status page from the running monitor, without holding it up.

1. Rendering takes 0.15 s with 1,000 probes: it is done in a thread.
2. However many people look, the page is made at most once a second.
"""

import asyncio
from dataclasses import replace

from monitor.model.record import FlagDocument
from monitor.ports import StatusReader
from monitor.web.outages import LastOutages
from monitor.web.page import render
from monitor.web.site import Site
from monitor.web.sources import Sources
from monitor.web.view import Held, page_view

_KEPT_SECONDS = 1.0


def documents(site: Site, reader: StatusReader) -> dict[str, FlagDocument]:
    """Return the flags last signed, by platform."""
    found = {name: reader.document(name) for name in site.platforms}
    return {name: document for name, document in found.items() if document is not None}


class Pages:
    """The status page, for serving and for the file."""

    def __init__(self, site: Site, sources: Sources, outages: LastOutages) -> None:
        self._site = site
        self._reader = sources.reader
        self._uses = sources.uses
        self._drills = sources.drills
        self._outages = outages
        self._clock = sources.clock
        self._making = asyncio.Lock()
        self._made_at: float | None = None
        self._served = ""

    async def served(self) -> str:
        """Return the page as it is served: of this second."""
        async with self._making:
            if self._made_at is None or self._clock.monotonic() - self._made_at >= _KEPT_SECONDS:
                self._served = await self._make(is_file=False)
                self._made_at = self._clock.monotonic()
            return self._served

    async def for_file(self) -> str:
        """Return the page as it is written to a file: of now."""
        return await self._make(is_file=True)

    def forget(self) -> None:
        """Have the page made anew for the next who looks: something changed."""
        self._made_at = None

    async def _make(self, *, is_file: bool) -> str:
        outages = await self._outages.read()
        unpublished = {name: tuple(self._reader.unpublished(name)) for name in self._site.platforms}
        held = Held(
            tuple(self._reader.platforms()),
            documents(self._site, self._reader),
            outages,
            unpublished,
            tuple(self._uses.open_uses()),
            self._uses.blind_watchers(),
            self._reader.forgotten(),
            {name: self._reader.acknowledged(name) for name in self._site.platforms},
            tuple(self._drills.watched()),
            tuple(self._drills.due()),
        )
        now, site = self._clock.now(), replace(self._site)  # a copy: the settings may change meanwhile
        return await asyncio.to_thread(lambda: render(page_view(site, held, now, is_file=is_file)))
