"""What the endpoints of maintenance answer. Whether something can be agreed is decided by the rules, not here.

1. Persons agree, accept, end and confirm; a machine's token is turned away whatever its scopes.
2. A window is found by its id, whichever platform it is of. A token that is limited to others can't touch it.
3. What is agreed and not over comes from memory, and is there without the store; what is over comes from the record.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import BaseModel
from starlette.responses import Response

from monitor.errors import StoreError
from monitor.model.act import Act, Answer, Hand
from monitor.model.maintenance import (
    AcceptWindow,
    AddWindow,
    Calendar,
    ConfirmWindow,
    EndWindow,
    Range,
    WindowQuery,
)
from monitor.rules.authority import may
from monitor.web import windowshaping
from monitor.web.asked import Asked, Handler
from monitor.web.refused import Refused
from monitor.web.site import Site
from monitor.web.sources import Sources
from monitor.wire.endpoints import JSON
from monitor.wire.maintenance import (
    AcceptBody,
    AddBody,
    CalendarBody,
    ConfirmWindowBody,
    EndBody,
    MaintenanceAnswer,
    MaintenanceQuery,
    WindowActAnswer,
    WindowAnswer,
)

B = TypeVar("B", bound=BaseModel)

_DONE = {Answer.DONE: "done", Answer.PENDING: "pending"}
_NO_SUCH = "there is no window, request or proposal of this id; GET /api/v1/maintenance lists them"


class WindowHandlers:
    """Answers about maintenance, and has persons act on it."""

    def __init__(self, site: Site, sources: Sources) -> None:
        self._site = site
        self._reader = sources.reader
        self._store = sources.store
        self._act = sources.act
        self._clock = sources.clock

    def by_name(self) -> Mapping[str, Handler]:
        """Return every handler under the name of its endpoint."""
        return {
            "maintenance": self._list,
            "maintenance_add": self._add,
            "maintenance_accept": self._accept,
            "maintenance_end": self._end,
            "maintenance_confirm": self._confirm,
        }

    async def _list(self, asked: Asked) -> Response:
        query = asked.query if isinstance(asked.query, MaintenanceQuery) else MaintenanceQuery()
        if query.platform is not None and query.platform not in self._site.platforms:
            raise Refused("unknown_platform", "no platform of that name is watched here; /api/v1/status lists them")
        found = {each.id: each for each in self._held(query.platform) if query.over or each.state != "over"}
        if query.over:
            found = {**await self._on_record(query), **found}
        windows = sorted(found.values(), key=windowshaping.rank)
        if query.since is not None:
            since = query.since
            windows = [each for each in windows if not _was_over(each, since)]
        answer = MaintenanceAnswer(windows=tuple(windows[: query.limit]))
        return Response(answer.model_dump_json(), media_type=JSON)

    def _held(self, platform: str | None = None) -> list[WindowAnswer]:
        now = self._clock.now()
        return [
            each
            for state in self._reader.platforms()
            if platform in (None, state.platform)
            for each in windowshaping.listed(state.platform, state.maintenance, now)
        ]

    async def _on_record(self, query: MaintenanceQuery) -> dict[str, WindowAnswer]:
        try:
            stored = await self._store.windows(WindowQuery(query.platform, query.since, query.limit))
        except StoreError:
            raise Refused("store_unavailable", "the store can't be read now; try again") from None
        now = self._clock.now()
        return {window.id: windowshaping.window(window, now) for window in stored}

    async def _add(self, asked: Asked) -> Response:
        body = _body(asked, AddBody)
        if body.platform not in self._site.platforms:
            raise Refused("unknown_platform", "no platform of that name is watched here; /api/v1/status lists them")
        act = AddWindow(
            reason=body.reason,
            start=body.start,
            end=body.end,
            lasts=timedelta(seconds=body.for_seconds) if body.for_seconds is not None else None,
            calendar=_calendar(body.calendar),
            range=Range(body.functions, body.probes),
            is_long=body.long,
        )
        return await self._done(asked, body.platform, act, body.key)

    async def _accept(self, asked: Asked) -> Response:
        body, (name, platform) = _body(asked, AcceptBody), self._named(asked)
        act = AcceptWindow(name, body.reason, Range(body.functions, body.probes), body.long)
        return await self._done(asked, platform, act, body.key)

    async def _end(self, asked: Asked) -> Response:
        body, (name, platform) = _body(asked, EndBody), self._named(asked)
        return await self._done(asked, platform, EndWindow(name, body.reason), body.key)

    async def _confirm(self, asked: Asked) -> Response:
        body, (name, platform) = _body(asked, ConfirmWindowBody), self._named(asked)
        return await self._done(asked, platform, ConfirmWindow(name), body.key)

    def _named(self, asked: Asked) -> tuple[str, str]:
        """Return the id that the path names, and whose it is.

        An id that is gone (what was accepted or declined is) is looked for by its platform's name, which begins it: the
        same act sent again must find its answer.
        """
        name = str(asked.request.path_params["id"])
        known = {each.id: each.platform for each in self._held()}
        begins = sorted((each for each in self._site.platforms if name.startswith(f"{each}-")), key=len, reverse=True)
        platform = known.get(name) or next(iter(begins), None)
        if platform is None:
            raise Refused("no_such", _NO_SUCH)
        denial = may(asked.caller, "maintenance", platform) if asked.caller is not None else None
        if denial is not None:
            raise Refused(denial.code, denial.message)
        return name, platform

    async def _done(self, asked: Asked, platform: str, act: Act, key: str | None) -> Response:
        caller = asked.caller
        if caller is None or caller.person is None:
            raise Refused("forbidden", "maintenance is agreed by persons; this token is a machine's")
        acted = await self._act(platform, act, Hand(caller.person, caller.token, key or ""))
        ruling = acted.ruling
        if ruling.is_refused:
            raise Refused(ruling.answer.value, ruling.line)
        held = {each.id: each for each in self._held(platform)}
        answer = WindowActAnswer.model_validate(
            {
                "platform": platform,
                "outcome": _DONE[ruling.answer],
                "message": ruling.line,
                "id": ruling.subject or "",
                "recorded": acted.is_recorded,
                "window": held.get(ruling.subject or ""),
            }
        )
        return Response(answer.model_dump_json(), media_type=JSON)


def _calendar(body: CalendarBody | None) -> Calendar | None:
    if body is None:
        return None
    return Calendar(tuple(dict.fromkeys(body.days)), body.at, timedelta(seconds=body.lasts_seconds), body.timezone)


def _was_over(window: WindowAnswer, since: datetime) -> bool:
    ends = [at for at in (window.until, window.ended.at if window.ended else None) if at is not None]
    return bool(ends) and min(ends) <= since


def _body(asked: Asked, shape: type[B]) -> B:
    if not isinstance(asked.body, shape):
        raise TypeError(f"the table gives this endpoint another body than {shape.__name__}")
    return asked.body
