"""What is answered about runs of drills. Whether one can be opened, go on or be closed is decided by the rules.

1. What is answered with a receipt is on record. What isn't is answered 503: the drill tells it again.
2. A run is opened on a platform that is watched here, and told of by nobody whose token is limited to other platforms.
3. A person's token opens runs in that person's name alone: else a second person could be the first one again.
"""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel
from starlette.responses import Response

from glasswatch.flag.persons import is_same_person
from monitor.drilling.ports import Drills, Receipted, StoodRun
from monitor.errors import StoreError
from monitor.model.drill import DrillQuery, RunRefusal
from monitor.rules.authority import may
from monitor.web import drillshaping
from monitor.web.asked import Asked, Handler
from monitor.web.refused import Refused
from monitor.web.site import Site
from monitor.wire.drills import (
    CloseRunBody,
    DrillCalendarAnswer,
    HeadBody,
    HeadsAnswer,
    OpenRunBody,
    ReceiptAnswer,
    RunQuery,
    RunsAnswer,
)
from monitor.wire.endpoints import JSON

B = TypeVar("B", bound=BaseModel)

_UNREAD = "the store can't be read now; try again"
_UNWRITTEN = "the store can't be written now: nothing was taken; send it again"
_NO_SUCH = "no run of this name was opened here; GET /api/v1/drills lists them"


class DrillHandlers:
    """Answers about runs, and takes in what drills tell of them."""

    def __init__(self, site: Site, drills: Drills) -> None:
        self._site = site
        self._drills = drills

    def by_name(self) -> Mapping[str, Handler]:
        """Return every handler under the name of its endpoint."""
        return {
            "drills": self._list,
            "drill_open": self._open,
            "drill_calendar": self._calendar,
            "drill": self._one,
            "drill_heads": self._heads,
            "drill_head": self._head,
            "drill_close": self._close,
        }

    async def _list(self, asked: Asked) -> Response:
        query = asked.query if isinstance(asked.query, RunQuery) else RunQuery()
        wanted = DrillQuery(scenario=query.scenario, platform=query.platform, since=query.since, limit=query.limit)
        try:
            found = await self._drills.runs(wanted)
        except StoreError:
            raise Refused("store_unavailable", _UNREAD) from None
        return _json(RunsAnswer(runs=tuple(drillshaping.run(each) for each in found)))

    async def _one(self, asked: Asked) -> Response:
        return _json(drillshaping.run(await self._named(asked)))

    async def _heads(self, asked: Asked) -> Response:
        name = (await self._named(asked)).run.id
        try:
            found = await self._drills.heads(name)
        except StoreError:
            raise Refused("store_unavailable", _UNREAD) from None
        return _json(HeadsAnswer(run=name, heads=tuple(drillshaping.known(each) for each in found)))

    async def _calendar(self, _: Asked) -> Response:
        try:
            found = await self._drills.calendar()
        except StoreError:
            raise Refused("store_unavailable", _UNREAD) from None
        return _json(DrillCalendarAnswer(scenarios=tuple(drillshaping.due(each) for each in found)))

    async def _open(self, asked: Asked) -> Response:
        body, caller = _body(asked, OpenRunBody), asked.caller
        if caller is None:
            raise TypeError("expected somebody who opens it")
        if body.platform not in self._site.platforms:
            raise Refused("unknown_platform", "no platform of that name is watched here; /api/v1/status lists them")
        if caller.person is not None and not is_same_person(caller.person, body.operator):
            raise Refused("forbidden", "operator: a person's token opens runs in that person's name alone")
        try:
            answer = await self._drills.open(drillshaping.opening(body), caller.name)
        except StoreError:
            raise Refused("store_unavailable", _UNWRITTEN) from None
        return _receipt(answer, creates=True)

    async def _head(self, asked: Asked) -> Response:
        body, name = _body(asked, HeadBody), await self._theirs(asked)
        try:
            answer = await self._drills.tell(name, drillshaping.head(body), _name(asked))
        except StoreError:
            raise Refused("store_unavailable", _UNWRITTEN) from None
        return _receipt(answer)

    async def _close(self, asked: Asked) -> Response:
        body, name = _body(asked, CloseRunBody), await self._theirs(asked)
        try:
            answer = await self._drills.close(name, drillshaping.closing(body), _name(asked))
        except StoreError:
            raise Refused("store_unavailable", _UNWRITTEN) from None
        return _receipt(answer)

    async def _named(self, asked: Asked) -> StoodRun:
        """Return the run that the path names: from memory if something has to become of it still."""
        name = str(asked.request.path_params["run"])
        held = next((each for each in self._drills.watched() if each.run.id == name), None)
        if held is not None:
            return held
        try:
            found = await self._drills.runs(DrillQuery(run=name))
        except StoreError:
            raise Refused("store_unavailable", _UNREAD) from None
        if not found:
            raise Refused("no_such", _NO_SUCH)
        return found[0]

    async def _theirs(self, asked: Asked) -> str:
        """Return the name of the run that the path names, if the caller may tell of it."""
        run = (await self._named(asked)).run
        denial = may(asked.caller, "drill", run.opening.platform) if asked.caller is not None else None
        if denial is not None:
            raise Refused(denial.code, denial.message)
        return run.id


def _receipt(answer: Receipted | RunRefusal | None, *, creates: bool = False) -> Response:
    if answer is None:
        raise Refused("no_such", _NO_SUCH)
    if isinstance(answer, RunRefusal):
        raise Refused("not_possible", answer.why)
    return _json(ReceiptAnswer(run=answer.run, receipt=answer.receipt), 201 if creates and answer.is_new else 200)


def _name(asked: Asked) -> str:
    return asked.caller.name if asked.caller is not None else ""


def _body(asked: Asked, shape: type[B]) -> B:
    if not isinstance(asked.body, shape):
        raise TypeError(f"the table gives this endpoint another body than {shape.__name__}")
    return asked.body


def _json(answer: BaseModel, status: int = 200) -> Response:
    return Response(answer.model_dump_json(), status_code=status, media_type=JSON)
