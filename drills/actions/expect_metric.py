"""The action `expect_metric`: asks Prometheus for the value of an expression now."""

from urllib.parse import urlencode

from drills.actions.asked import document
from drills.actions.undoing import NOTHING_TO_TAKE_BACK
from drills.asking import JSON, Asker, Question, agent_of, place_of
from drills.model.found import Attempt, Found, Output
from drills.ports import Tools
from drills.rules import fill, metric
from drills.settings.actions.expect_metric import ExpectMetricStep
from glasswatch.errors import NotMeasured


def make(step: ExpectMetricStep, tools: Tools) -> "ExpectMetricAction":
    """Return the action. Nothing is asked yet."""
    return ExpectMetricAction(step, tools)


class ExpectMetricAction:
    """A `drills.ports.Action`."""

    def __init__(self, step: ExpectMetricStep, tools: Tools) -> None:
        self._step = step
        self._tools = tools
        self._asker = Asker(tools.clock)

    async def act(self, attempt: Attempt) -> Found:
        """Ask once."""
        base = self._tools.settings.prometheus
        if base is None:
            raise NotMeasured("the settings name no Prometheus to ask: expected drill.prometheus")
        query = fill.put(self._step.what.query, attempt.values)
        url = f"{base.rstrip('/')}/api/v1/query?{urlencode({'query': query})}"
        headers = {"Accept": JSON, "User-Agent": agent_of(attempt.run.id)}
        heard = await self._asker.heard(Question("GET", url, headers), attempt.seconds)
        try:
            series = metric.series_of(document(heard, place_of(base)))
        except metric.NoAnswer as fault:
            raise NotMeasured(f"{place_of(base)}: {fault}") from None
        given = self._step.expect
        wanted = {name: getattr(given, name) for name in metric.COMPARISONS if getattr(given, name) is not None}
        status, detail = metric.judge(series, wanted, given.present)
        return Found(status, f"Prometheus says {detail}", outputs=(Output("series.json", heard.body),))

    async def undo(self, attempt: Attempt) -> Found:
        """Nothing."""
        del attempt
        return NOTHING_TO_TAKE_BACK
