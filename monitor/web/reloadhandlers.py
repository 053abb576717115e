"""What is answered to whoever has the settings reloaded."""

from collections.abc import Mapping
from dataclasses import asdict

from starlette.responses import Response

from glasswatch.errors import GlasswatchError
from glasswatch.settings.mistake import SettingsFault
from monitor.errors import ReloadRefused
from monitor.web.asked import Asked, Handler
from monitor.web.refused import Refused
from monitor.web.sources import DoReload
from monitor.wire.answers import MistakeAnswer, ReloadAnswer
from monitor.wire.endpoints import JSON


class ReloadHandlers:
    """Has the settings reloaded."""

    def __init__(self, reload: DoReload | None) -> None:
        self._do = reload

    def by_name(self) -> Mapping[str, Handler]:
        """Return every handler under the name of its endpoint."""
        return {"reload": self._reload}

    async def _reload(self, asked: Asked) -> Response:
        if asked.caller is None:
            raise TypeError("expected somebody who asks")
        if self._do is None:
            raise Refused("not_possible", "this monitor has no settings' file to read")
        try:
            done = await self._do(asked.caller.name)
        except SettingsFault as fault:
            mistakes = tuple(MistakeAnswer.model_validate(asdict(each)) for each in fault.mistakes)
            message = f"the settings have {len(mistakes)} mistakes; nothing was changed"
            raise Refused("invalid_settings", message, mistakes=mistakes) from None
        except ReloadRefused as fault:
            raise Refused(fault.code, str(fault)) from None
        except GlasswatchError as fault:
            raise Refused("not_possible", f"{fault}; nothing was changed") from None
        answer = ReloadAnswer(changed=done.is_changed, changes=done.lines)
        return Response(answer.model_dump_json(), media_type=JSON)
