"""What is answered to who says that residue is gone: a person, and nobody whose token is limited to other platforms."""

from collections.abc import Mapping

from starlette.responses import Response

from monitor.errors import StoreError
from monitor.model.residue import Gone
from monitor.web.asked import Asked, Handler
from monitor.web.refused import Refused
from monitor.web.sources import SayGone
from monitor.wire.endpoints import JSON
from monitor.wire.residue import GoneAnswer, GoneBody


class ResidueHandlers:
    """See `monitor.web.handlers`. The platform and its probe need not be in the settings any more."""

    def __init__(self, gone: SayGone) -> None:
        self._gone = gone

    def by_name(self) -> Mapping[str, Handler]:
        """Return every handler under the name of its endpoint."""
        return {"residue_gone": self._say_gone}

    async def _say_gone(self, asked: Asked) -> Response:
        if not isinstance(asked.body, GoneBody) or asked.caller is None:
            raise TypeError("expected what is gone, and who says so")
        platform, probe = (asked.request.path_params[name] for name in ("platform", "probe"))
        person, body = asked.caller.person, asked.body
        if person is None:
            raise Refused("forbidden", "that something is gone is said by a person; this token is a machine's")
        gone = Gone(platform, probe, body.run, body.step, person, asked.caller.token, body.because)
        try:
            steps = await self._gone(gone)
        except StoreError:
            raise Refused("store_unavailable", "the store can't be written now: nothing was taken; try again") from None
        if not steps:
            raise Refused("no_such", "nothing that this run left open is on record; the probe's outcome names what is")
        answer = GoneAnswer(platform=platform, probe=probe, run=body.run, steps=tuple(steps))
        return Response(answer.model_dump_json(), media_type=JSON)
