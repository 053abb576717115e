"""The `status_page` probe: reads what others say of the platform, as the `http` probe reads an answer.

It is second-hand. A page that can't be read, whyever, is not measured: the page may be down while the platform works,
and the other way round. What maintenance a page of Statuspage tells of is passed on when it changes; it is no part of
the outcome.
"""

from collections.abc import Callable, Sequence
from functools import partial

from glasswatch.settings.json_path import parse as parse_path
from monitor.model.maintenance import Planned
from monitor.model.outcome import Attempt, Outcome, Reason
from monitor.ports import Probe
from monitor.probes.context import ProbeContext
from monitor.probes.http import HttpProbe
from monitor.rules.expect import Judgement
from monitor.rules.planned import planned
from monitor.rules.status_page import ValueWanted, as_told, judge_statuspage, judge_value
from monitor.settings.http import HttpProbeSettings, RequestSettings
from monitor.settings.status_page import StatusPageProbeSettings


def make(settings: StatusPageProbeSettings, context: ProbeContext) -> Probe:
    """Return the probe."""
    return StatusPageProbe(settings, context)


class StatusPageProbe:
    """See the module's rules."""

    def __init__(self, settings: StatusPageProbeSettings, context: ProbeContext) -> None:
        self._http = HttpProbe(_as_http(settings), context, _reading(settings, context.planned))

    async def attempt(self, why: Attempt) -> Outcome:
        """See `monitor.ports.Probe`."""
        return as_told(await self._http.attempt(why))


def _as_http(settings: StatusPageProbeSettings) -> HttpProbeSettings:
    shared = {name: getattr(settings, name) for name in RequestSettings.model_fields if name != "type"}
    return HttpProbeSettings.model_construct(**shared)


class _Statuspage:
    """Reads a page of Atlassian Statuspage, and passes on what it plans."""

    def __init__(self, components: Sequence[str], tell: Callable[[tuple[Planned, ...]], object]) -> None:
        self._components = components
        self._tell = tell
        self._told: tuple[Planned, ...] | None = None

    def __call__(self, body: bytes) -> Judgement:
        """Return what the page is worth."""
        judgement = judge_statuspage(self._components, body)
        if judgement.reason is not Reason.NOT_TOLD:
            found = planned(self._components, body)
            if found != self._told:
                self._told = found
                self._tell(found)
        return judgement


def _reading(
    settings: StatusPageProbeSettings, tell: Callable[[tuple[Planned, ...]], object]
) -> Callable[[bytes], Judgement]:
    page = settings.json_page
    if page is None:
        return _Statuspage(settings.components, tell)
    return partial(judge_value, ValueWanted(page.path, parse_path(page.path), page.good, page.warn))
