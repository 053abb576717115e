"""Makes the status page from the running monitor, without holding it up.

1. The page is made of one part a platform. Where making all of them takes long, those are kept that would say the same
   again (`sections.py`); a part that is older than the page says so.
2. Making is done in a thread, a little at a time (`sparing.py`): 10,000 probes take half a second of the processor.
3. However many people look, the page is made at most once a second.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice

from glasswatch import visible
from monitor.model.record import FlagDocument
from monitor.ports import StatusReader
from monitor.web.outages import LastOutages
from monitor.web.page import frame, joined, pieces
from monitor.web.pageview import SectionView
from monitor.web.sections import Section, kept_for, still_stands
from monitor.web.seen import Seen
from monitor.web.site import Site
from monitor.web.sources import Sources
from monitor.web.sparing import Work, sparingly
from monitor.web.view import Held, Material, frame_view, function_views, materials, platform_view

_KEPT_SECONDS = 1.0
_PIECES_AT_ONCE = 100  # of a template: about five probes
_SAID_IF_OLDER = timedelta(seconds=1)


def documents(site: Site, reader: StatusReader) -> dict[str, FlagDocument]:
    """Return the flags last signed, by platform."""
    found = {name: reader.document(name) for name in site.platforms}
    return {name: document for name, document in found.items() if document is not None}


@dataclass(slots=True)
class Kept:
    """The parts of one kind of page that were made, by platform. `spent` tells a thread's time on the processor."""

    is_file: bool
    spent: Callable[[], float] = time.thread_time
    sections: dict[str, Section] = field(default_factory=dict)

    def page(self, site: Site, held: Held, now: datetime) -> Work[bytes]:
        """Make the page, yielding wherever it may be interrupted."""
        found, seen = materials(site, held), Seen(now, self.is_file)
        keep = kept_for(self.sections.values())
        for gone in self.sections.keys() - site.platforms.keys():
            del self.sections[gone]
        shown = []
        for material in found:
            yield
            section = self.sections.get(material.state.platform)
            if section is None or not still_stands(section, material, now, keep):
                section = yield from self._section(material, seen)
                self.sections[material.state.platform] = section
            shown.append(_shown(section, seen))
        yield
        return frame(frame_view(site, held, found, seen), shown).encode()

    def _section(self, material: Material, seen: Seen) -> Work[Section]:
        cost, since = 0.0, self.spent()
        made: list[str] = []
        for some in _some(material, seen):
            made += some
            cost += self.spent() - since
            yield
            since = self.spent()  # perhaps another thread's
        html = joined(made)
        return Section(material, seen.now, cost + self.spent() - since, html)


def _some(material: Material, seen: Seen) -> Iterator[Sequence[str]]:
    left = pieces(platform_view(material, seen), function_views(material, seen), is_file=seen.is_file)
    while some := tuple(islice(left, _PIECES_AT_ONCE)):
        yield some


def _shown(section: Section, seen: Seen) -> SectionView:
    material = section.material
    is_older = seen.now - section.at >= _SAID_IF_OLDER
    return SectionView(
        material.anchor,
        visible.line(material.state.platform),
        section.html,
        seen.moment(section.at) if is_older else None,
    )


class Pages:
    """The status page, for serving and for the file."""

    def __init__(self, site: Site, sources: Sources, outages: LastOutages) -> None:
        self._site = site
        self._reader = sources.reader
        self._uses = sources.uses
        self._drills = sources.drills
        self._credentials = sources.credentials
        self._outages = outages
        self._clock = sources.clock
        self._making = asyncio.Lock()
        self._for_serving = Kept(is_file=False)
        self._for_file = Kept(is_file=True)
        self._changes = 0
        self._served_changes = 0
        self._made_at: float | None = None
        self._served = b""

    async def served(self) -> bytes:
        """Return the page as it is served: of this second, or of when it was begun to be made."""
        async with self._making:
            if not self._is_fresh():
                self._served_changes = self._changes
                self._served = await self._make(self._for_serving)
                self._made_at = self._clock.monotonic()
            return self._served

    async def for_file(self) -> bytes:
        """Return the page as it is written to a file: of now."""
        return await self._make(self._for_file)

    def forget(self) -> None:
        """Have the page made anew for the next who looks: something changed."""
        self._changes += 1

    def _is_fresh(self) -> bool:
        if self._made_at is None or self._served_changes != self._changes:
            return False
        return self._clock.monotonic() - self._made_at < _KEPT_SECONDS

    async def _make(self, kept: Kept) -> bytes:
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
            dict(self._drills.history()),
            self._credentials(),
        )
        now, site = self._clock.now(), replace(self._site)  # a copy: the settings may change meanwhile
        return await sparingly(kept.page(site, held, now))
