"""What the endpoints that act on a flag answer. Whether it can be done is decided by the rules, not here."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TypeVar

from pydantic import BaseModel
from starlette.responses import Response

from monitor.model.act import Act, Answer, Confirm, EndInhibit, Hand, Inhibit, Lower, Raise, Renew
from monitor.web.asked import Asked, Handler
from monitor.web.glass import break_glass
from monitor.web.refused import Refused
from monitor.web.site import Site
from monitor.web.sources import Sources
from monitor.wire.acts import ConfirmBody, InhibitBody, LowerBody, RaiseBody
from monitor.wire.answers import ActAnswer
from monitor.wire.endpoints import JSON

B = TypeVar("B", bound=BaseModel)

_DONE = {Answer.DONE: "done", Answer.PENDING: "pending"}


class ActHandlers:
    """Acts on flags for a caller who may: the table's scopes see to that, and that it is a person."""

    def __init__(self, site: Site, sources: Sources) -> None:
        self._site = site
        self._reader = sources.reader
        self._act = sources.act
        self._clock = sources.clock
        self._uses = sources.uses

    def by_name(self) -> Mapping[str, Handler]:
        """Return every handler under the name of its endpoint."""
        return {
            "flag_raise": self._raise,
            "flag_lower": self._lower,
            "flag_inhibit": self._inhibit,
            "flag_confirm": self._confirm,
        }

    async def _raise(self, asked: Asked) -> Response:
        body = _body(asked, RaiseBody)
        span = timedelta(seconds=body.for_seconds)
        if body.renew is not None:
            return await self._done(asked, Renew(body.renew, body.reason, span, body.ticket), body.key)
        return await self._done(asked, Raise(body.reason, span, body.ticket), body.key)

    async def _lower(self, asked: Asked) -> Response:
        body = _body(asked, LowerBody)
        return await self._done(asked, Lower(body.reason), body.key)

    async def _inhibit(self, asked: Asked) -> Response:
        body = _body(asked, InhibitBody)
        if body.end:
            return await self._done(asked, EndInhibit(body.reason or ""), body.key)
        return await self._done(asked, Inhibit(body.reason or "", timedelta(seconds=body.for_seconds or 0)), body.key)

    async def _confirm(self, asked: Asked) -> Response:
        body = _body(asked, ConfirmBody)
        return await self._done(asked, Confirm(body.request), body.key)

    async def _done(self, asked: Asked, act: Act, key: str | None) -> Response:
        platform, caller = asked.request.path_params["platform"], asked.caller
        if caller is None or caller.person is None:
            raise Refused("forbidden", "a flag is acted on by persons")
        if platform not in self._site.platforms:
            raise Refused("unknown_platform", "no platform of that name is watched here; /api/v1/status lists them")
        acted = await self._act(platform, act, Hand(caller.person, caller.token, key or ""))
        ruling = acted.ruling
        if ruling.is_refused:
            raise Refused(ruling.answer.value, ruling.line)
        state = next(held for held in self._reader.platforms() if held.platform == platform)
        policy = self._site.platforms[platform].policy
        uses = [use for use in self._uses.open_uses() if use.platform == platform]
        answer = ActAnswer.model_validate(
            {
                "platform": platform,
                "outcome": _DONE[ruling.answer],
                "message": ruling.line,
                "id": ruling.subject,
                "recorded": acted.is_recorded,
                "break_glass": break_glass(state, policy, self._reader.document(platform), uses, self._clock.now()),
            }
        )
        return Response(answer.model_dump_json(), media_type=JSON)


def _body(asked: Asked, shape: type[B]) -> B:
    if not isinstance(asked.body, shape):
        raise TypeError(f"the table gives this endpoint another body than {shape.__name__}")
    return asked.body
