"""What each endpoint answers. One method for each line of `monitor.wire.endpoints`, bound to it by name."""

import json
from collections.abc import Mapping
from functools import cache

from pydantic import BaseModel
from starlette.responses import Response

from monitor.errors import StoreError
from monitor.model.record import OutageQuery
from monitor.web import asking, credentialview, drillshaping, shaping
from monitor.web.acts import ActHandlers
from monitor.web.asked import Asked, Handler
from monitor.web.beathandlers import BeatHandlers
from monitor.web.drillhandlers import DrillHandlers
from monitor.web.events import Hub
from monitor.web.exercisehandlers import ExerciseHandlers
from monitor.web.pages import Pages, documents
from monitor.web.pieces import in_pieces
from monitor.web.probehandlers import ProbeHandlers
from monitor.web.refused import Refused
from monitor.web.reloadhandlers import ReloadHandlers
from monitor.web.residuehandlers import ResidueHandlers
from monitor.web.site import Site
from monitor.web.slahandlers import SlaHandlers
from monitor.web.sources import Sources
from monitor.web.stream import EventStream
from monitor.web.usehandlers import UseHandlers
from monitor.web.windowhandlers import WindowHandlers
from monitor.wire.answers import KeysAnswer, OutagesAnswer
from monitor.wire.endpoints import ENDPOINTS, HTML, JOSE, JSON, TEXT
from monitor.wire.openapi import document as openapi_document
from monitor.wire.queries import OutagesQuery

_PIECE = 2**18  # bytes of a page that are sent before others have their turn
EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"


class Handlers:
    """Answers from the running monitor. A handler gets the request, its query and body checked."""

    def __init__(self, site: Site, sources: Sources, pages: Pages, hub: Hub) -> None:
        self._site = site
        self._reader = sources.reader
        self._store = sources.store
        self._metrics_text = sources.metrics
        self._clock = sources.clock
        self._pages = pages
        self._hub = hub
        self._acts = ActHandlers(site, sources)
        self._probes = ProbeHandlers(site, sources)
        self._open_uses = sources.uses.open_uses
        self._uses = UseHandlers(sources.uses)
        self._beats = BeatHandlers(sources.beats)
        self._reload = ReloadHandlers(sources.reload)
        self._windows = WindowHandlers(site, sources)
        self._residue = ResidueHandlers(sources.gone)
        self._sla = SlaHandlers(site, sources)
        self._drills = sources.drills
        self._credentials = sources.credentials
        self._runs = DrillHandlers(site, sources.drills)
        self._exercises = ExerciseHandlers(site, sources)

    def by_name(self) -> Mapping[str, Handler]:
        """Return every handler under the name of its endpoint."""
        return {
            "page": self._page,
            "metrics": self._metrics,
            "healthy": self._healthy,
            "ready": self._ready,
            "status": self._status,
            "flag": self._flag,
            "outages": self._outages,
            "events": self._events,
            "keys": self._keys,
            "openapi": self._describe,
            **self._probes.by_name(),
            **self._acts.by_name(),
            **self._uses.by_name(),
            **self._beats.by_name(),
            **self._reload.by_name(),
            **self._windows.by_name(),
            **self._residue.by_name(),
            **self._sla.by_name(),
            **self._runs.by_name(),
            **self._exercises.by_name(),
        }

    async def _page(self, _: Asked) -> Response:
        page = await self._pages.served()
        return in_pieces((page[at : at + _PIECE] for at in range(0, len(page), _PIECE)), f"{HTML}; charset=utf-8")

    async def _metrics(self, _: Asked) -> Response:
        return in_pieces(self._metrics_text(), EXPOSITION)

    async def _healthy(self, _: Asked) -> Response:
        return Response("healthy\n", media_type=TEXT)

    async def _ready(self, _: Asked) -> Response:
        missing = self._reader.waiting_for()
        if missing:
            raise Refused("not_ready", "not ready: " + "; ".join(missing))
        return Response("ready\n", media_type=TEXT)

    async def _status(self, _: Asked) -> Response:
        states, signed = self._reader.platforms(), documents(self._site, self._reader)
        shown = shaping.Shown(
            states,
            signed,
            self._open_uses(),
            self._clock.now(),
            {state.platform: self._reader.acknowledged(state.platform) for state in states},
        )
        found = shaping.status(self._site, shown, self._reader.waiting_for())
        more = {
            "drills": drillshaping.status(self._drills),
            "credentials": credentialview.answers(self._credentials()),
        }
        return _json(found.model_copy(update=more))

    async def _flag(self, asked: Asked) -> Response:
        media = asking.media(asked.request.headers.getlist("accept"), (JSON, JOSE))
        platform = asked.request.path_params["platform"]
        if platform not in self._site.platforms:
            raise Refused("unknown_platform", "no platform of that name is watched here; /api/v1/status lists them")
        signed = self._reader.document(platform)
        if signed is None:
            raise Refused("not_signed", "no flag of this platform has been signed yet")
        headers = {"vary": "accept"}
        if media == JOSE:
            return Response(signed.jws, headers={**headers, "content-type": JOSE})
        return _json(shaping.flag(signed, self._clock.now()), headers)

    async def _outages(self, asked: Asked) -> Response:
        query = asked.query if isinstance(asked.query, OutagesQuery) else OutagesQuery()
        try:
            found = await self._store.outages(_outages_asked(query))
        except StoreError:
            raise Refused("store_unavailable", "the store can't be read now; try again") from None
        if not found and query.platform is not None and query.platform not in self._site.platforms:
            raise Refused("unknown_platform", "no platform of that name is watched here, or has such an outage")
        return _json(OutagesAnswer(outages=tuple(shaping.outage(each) for each in found)))

    async def _events(self, asked: Asked) -> Response | EventStream:
        if asked.request.method == "HEAD":
            return EventStream(self._hub, None)
        listener = self._hub.join(asked.request.headers.get("last-event-id"))
        if listener is None:
            raise Refused("busy", "as many clients listen as are served at once; try again", {"retry-after": "3"})
        return EventStream(self._hub, listener, asked.is_still_let_in)

    async def _keys(self, _: Asked) -> Response:
        return _json(KeysAnswer(keys=tuple(dict(key) for key in self._site.keys)))

    async def _describe(self, _: Asked) -> Response:
        return Response(_described(self._site.version), media_type=JSON)


def _outages_asked(query: OutagesQuery) -> OutageQuery:
    return OutageQuery(
        platform=query.platform,
        since=query.since,
        limit=query.limit,
        until=query.until,
        function=query.function,
        is_open=bool(query.open),
    )


def _json(answer: BaseModel, headers: Mapping[str, str] | None = None) -> Response:
    return Response(answer.model_dump_json(), headers=headers, media_type=JSON)


@cache
def _described(version: str) -> bytes:
    """Return the interface's description: made when first asked for, since it takes 20 ms of a start."""
    return json.dumps(openapi_document(ENDPOINTS, version)).encode()
