"""What actions ask others by: the monitor that the settings name, and answers that must be JSON."""

from drills.asking import Heard
from drills.model.found import Attempt
from drills.monitor import Means, MonitorClient
from drills.ports import Tools
from glasswatch.errors import NotMeasured


def monitor_of(tools: Tools, attempt: Attempt) -> MonitorClient:
    """Return the client of the monitor.

    Raises:
        NotMeasured: the settings name none.
    """
    reach = tools.settings.monitor
    if reach is None:
        raise NotMeasured("the settings name no monitor to ask: expected drill.monitor")
    seconds = min(tools.settings.ready_within.total_seconds(), attempt.seconds)
    return MonitorClient(reach, Means(tools.clock, tools.secret, seconds), attempt.run.id)


def document(heard: Heard, place: str, *good: int) -> object:
    """Return what an answer holds as JSON.

    Raises:
        NotMeasured: its status is not one of those, or it is no JSON.
    """
    if heard.status not in (good or (200,)):
        raise NotMeasured(f"{place} answered with status {heard.status}")
    try:
        return heard.json()
    except ValueError as error:
        raise NotMeasured(f"{place} did not answer with JSON: {error}") from None
