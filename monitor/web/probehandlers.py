"""Answers about one probe: as JSON, and as a page. The failures come from the store, why from memory."""

import asyncio
from collections.abc import Mapping, Sequence

from starlette.responses import Response

from monitor.errors import StoreError
from monitor.model.explanation import Attempted
from monitor.model.record import FailureQuery
from monitor.model.state import PlatformState
from monitor.web.asked import Asked, Handler
from monitor.web.detail import Known, detail
from monitor.web.detailview import detail_view
from monitor.web.page import render_detail
from monitor.web.refused import Refused
from monitor.web.site import Site
from monitor.web.sources import Sources
from monitor.wire.endpoints import HTML, JSON

FAILURES = 10


class ProbeHandlers:
    """See `monitor.web.handlers`."""

    def __init__(self, site: Site, sources: Sources) -> None:
        self._site = site
        self._reader = sources.reader
        self._store = sources.store
        self._attempts = sources.attempts
        self._clock = sources.clock

    def by_name(self) -> Mapping[str, Handler]:
        """Return every handler under the name of its endpoint."""
        return {"probe": self._probe, "probe_page": self._page}

    async def _probe(self, asked: Asked) -> Response:
        platform, probe = self._wanted(asked)
        known = await self._known(platform, probe)
        answer = detail(self._site, self._site.platforms[platform].policy, probe, known)  # now: settings may change
        return Response(answer.model_dump_json(), media_type=JSON)

    async def _page(self, asked: Asked) -> Response:
        platform, probe = self._wanted(asked)
        policy = self._site.platforms[platform].policy.probes[probe]  # as above
        known, now = await self._known(platform, probe), self._clock.now()
        view = detail_view(self._site, platform, policy, known, now)
        return Response(await asyncio.to_thread(render_detail, view), media_type=HTML)

    def _wanted(self, asked: Asked) -> tuple[str, str]:
        platform, probe = (asked.request.path_params[name] for name in ("platform", "probe"))
        if platform not in self._site.platforms:
            raise Refused("unknown_platform", "no platform of that name is watched here; /api/v1/status lists them")
        if probe not in self._site.platforms[platform].policy.probes:
            raise Refused("no_such", "the platform has no probe of that name; /api/v1/status lists them")
        return platform, probe

    async def _known(self, platform: str, probe: str) -> Known:
        failures: Sequence[Attempted] | None = None
        try:
            stored = await self._store.failures(FailureQuery(platform, probe, FAILURES))
            failures = self._attempts.with_reasons(platform, probe, stored)
        except StoreError:  # what is known without it is shown
            failures = None
        states = {state.platform: state for state in self._reader.platforms()}
        state = states.get(platform, PlatformState(platform=platform))
        settings, last = self._site.settings_of(platform, probe), self._attempts.last(platform, probe)
        return Known(state.probes.get(probe), settings, last, failures, is_blind=state.blind)
