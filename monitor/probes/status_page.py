"""The `status_page` probe: reads what others say of the platform, as the `http` probe reads an answer.

It is second-hand. A page that can't be read, whyever, is not measured: the page may be down while the platform works,
and the other way round.
"""

from collections.abc import Callable
from functools import partial

from monitor.model.outcome import Attempt, Outcome
from monitor.ports import Probe
from monitor.probes.context import ProbeContext
from monitor.probes.http import HttpProbe
from monitor.rules.expect import Judgement
from monitor.rules.status_page import ValueWanted, as_told, judge_statuspage, judge_value
from monitor.settings.http import HttpProbeSettings, RequestSettings
from monitor.settings.json_path import parse as parse_path
from monitor.settings.status_page import StatusPageProbeSettings


def make(settings: StatusPageProbeSettings, context: ProbeContext) -> Probe:
    """Return the probe."""
    return StatusPageProbe(settings, context)


class StatusPageProbe:
    """See the module's rules."""

    def __init__(self, settings: StatusPageProbeSettings, context: ProbeContext) -> None:
        self._http = HttpProbe(_as_http(settings), context, _reading(settings))

    async def attempt(self, why: Attempt) -> Outcome:
        """See `monitor.ports.Probe`."""
        return as_told(await self._http.attempt(why))


def _as_http(settings: StatusPageProbeSettings) -> HttpProbeSettings:
    shared = {name: getattr(settings, name) for name in RequestSettings.model_fields if name != "type"}
    return HttpProbeSettings.model_construct(**shared)


def _reading(settings: StatusPageProbeSettings) -> Callable[[bytes], Judgement]:
    page = settings.json_page
    if page is None:
        return partial(judge_statuspage, settings.components)
    return partial(judge_value, ValueWanted(page.path, parse_path(page.path), page.good, page.warn))
