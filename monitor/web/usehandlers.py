"""What is answered about uses of break-glass.

1. A report is taken whatever platform it names: an access that is told of is never turned away for being unexpected.
2. One that isn't on record is answered 503, although whoever had to be paged is: its reader must keep it.
3. A use is classed by a person, and by nobody whose token is limited to other platforms.
"""

from collections.abc import Mapping

from starlette.responses import Response

from monitor.errors import StoreError
from monitor.model.use import NotPossible, UseQuery
from monitor.ports import Uses
from monitor.rules.authority import may
from monitor.web import useshaping
from monitor.web.asked import Asked, Handler
from monitor.web.refused import Refused
from monitor.wire.endpoints import JSON
from monitor.wire.uses import ClassBody, ReportBody, UsesAnswer, UsesQuery

_UNREAD = "the store can't be read now; try again"
_UNWRITTEN = "the store can't be written now: whoever had to be paged is, but it is not on record; send it again"


class UseHandlers:
    """Answers from the register of uses."""

    def __init__(self, uses: Uses) -> None:
        self._uses = uses

    def by_name(self) -> Mapping[str, Handler]:
        """Return every handler under the name of its endpoint."""
        return {"uses": self._list, "use_report": self._report, "use_class": self._class}

    async def _list(self, asked: Asked) -> Response:
        query = asked.query if isinstance(asked.query, UsesQuery) else UsesQuery()
        wanted = UseQuery(query.platform, is_open=query.open, received_since=query.since, limit=query.limit)
        try:
            found = await self._uses.uses(wanted)
        except StoreError:
            raise Refused("store_unavailable", _UNREAD) from None
        answer = UsesAnswer(uses=tuple(useshaping.use(each) for each in found))
        return Response(answer.model_dump_json(), media_type=JSON)

    async def _report(self, asked: Asked) -> Response:
        if not isinstance(asked.body, ReportBody) or asked.caller is None:
            raise TypeError("expected a report, and who hands it in")
        try:
            told = useshaping.report(asked.body, told_by=asked.caller.person)
            taken = await self._uses.report(told, asked.caller.name)
        except StoreError:
            raise Refused("store_unavailable", _UNWRITTEN) from None
        answer = useshaping.use(taken.use).model_dump_json()
        return Response(answer, status_code=201 if taken.is_new else 200, media_type=JSON)

    async def _class(self, asked: Asked) -> Response:
        if not isinstance(asked.body, ClassBody) or asked.caller is None:
            raise TypeError("expected what is said, and who says it")
        name = asked.request.path_params["id"]
        if asked.caller.person is None:
            raise Refused("forbidden", "a use is classed by a person; this token is a machine's")
        try:
            await self._see_platform(name, asked)
            said = await self._uses.say(name, useshaping.saying(asked.body, asked.caller.person))
        except StoreError:
            raise Refused("store_unavailable", "the store can't be written now: nothing was taken; try again") from None
        if said is None:
            raise Refused("no_such", "there is no use of this id; GET /api/v1/uses lists them")
        if isinstance(said, NotPossible):
            raise Refused("not_possible", said.why)
        return Response(useshaping.use(said).model_dump_json(), media_type=JSON)

    async def _see_platform(self, name: str, asked: Asked) -> None:
        """See that the token is not limited to other platforms than the use's."""
        for use in await self._uses.uses(UseQuery(ids=(name,))):
            denial = may(asked.caller, "use", use.platform) if asked.caller is not None else None
            if denial is not None:
                raise Refused(denial.code, denial.message)
