"""What the endpoint of availability answers: the rules' report on what is on record.

Response times, and what the audit has of outages, are left out: reading them would hold up what the store has to write.
`monitor sla` has them.
"""

import asyncio
from collections.abc import Mapping

from starlette.responses import Response

from monitor.errors import StoreError
from monitor.model.past import PastQuery
from monitor.reports import shaping
from monitor.rules import slareport
from monitor.rules.periods import Terms, current, named
from monitor.rules.slavalues import SlaReport, Subject
from monitor.web.asked import Asked, Handler
from monitor.web.refused import Refused
from monitor.web.site import Site
from monitor.web.sources import Sources
from monitor.wire.endpoints import JSON
from monitor.wire.sla import SlaQuery


class SlaHandlers:
    """Answers about availability."""

    def __init__(self, site: Site, sources: Sources) -> None:
        self._site = site
        self._past = sources.past
        self._clock = sources.clock

    def by_name(self) -> Mapping[str, Handler]:
        """Return every handler under the name of its endpoint."""
        return {"sla": self._sla}

    async def _sla(self, asked: Asked) -> Response:
        query = asked.query if isinstance(asked.query, SlaQuery) else SlaQuery()
        if query.platform is not None and query.platform not in self._site.platforms:
            raise Refused("unknown_platform", "no platform of that name is watched here; /api/v1/status lists them")
        names = list(self._site.platforms) if query.platform is None else [query.platform]
        reports = [await self._report(name, query.period) for name in names]
        answer = shaping.answer(self._site.deployment, self._site.vantage, reports)
        return Response(answer.model_dump_json(), media_type=JSON)

    async def _report(self, platform: str, name: str | None) -> SlaReport:
        terms, now = self._site.terms.get(platform, Terms()), self._clock.now()
        period = current(terms, now) if name is None else named(name, terms.zone)
        if period is None:
            raise Refused("bad_query", "period: expected a month such as 2026-10, or a quarter such as 2026-Q4")
        try:
            past = await self._past(PastQuery(platform, slareport.since(period, now), now))
        except StoreError:
            raise Refused("store_unavailable", "the store can't be read now; try again") from None
        subject = Subject(self._site.deployment, self._site.vantage, platform)
        return await asyncio.to_thread(slareport.report, subject, past, terms, period)
