"""What is answered to a heartbeat. It is heard whether the store can be written or not."""

from collections.abc import Mapping

from starlette.responses import Response

from monitor.ports import Beats
from monitor.rules.authority import may
from monitor.web.asked import Asked, Handler
from monitor.web.refused import Refused
from monitor.wire.beats import BeatAnswer, BeatBody
from monitor.wire.endpoints import JSON


class BeatHandlers:
    """Hears beats."""

    def __init__(self, beats: Beats) -> None:
        self._beats = beats

    def by_name(self) -> Mapping[str, Handler]:
        """Return every handler under the name of its endpoint."""
        return {"heartbeat": self._beat}

    async def _beat(self, asked: Asked) -> Response:
        if not isinstance(asked.body, BeatBody) or asked.caller is None:
            raise TypeError("expected a beat, and whose it is")
        name = asked.request.path_params["name"]
        platform = self._beats.platform(name)
        if platform is None:
            raise Refused("no_such", "no heartbeat of this name is in the settings")
        denial = may(asked.caller, f"heartbeat:{name}", platform)
        if denial is not None:
            raise Refused(denial.code, denial.message)
        silent_at = self._beats.beat(name, asked.caller.name, is_well=asked.body.ok)
        answer = BeatAnswer(heartbeat=name, platform=platform, ok=asked.body.ok, silent_at=silent_at)
        return Response(answer.model_dump_json(), media_type=JSON)
