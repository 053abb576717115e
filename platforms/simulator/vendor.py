"""What the vendor says of itself on its status page: whatever it was told to say.

The vendor's word has nothing to do with the faults: a vendor may be late, may be wrong and may lie, and a monitor
that believes it must be caught. The answers are shaped like Atlassian Statuspage's public API.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from platforms.simulator.errors import FaultInvalid
from platforms.simulator.faults import FUNCTIONS
from platforms.simulator.said import stamp

INDICATORS: Final[Mapping[str, str]] = {
    "none": "All Systems Operational",
    "minor": "Minor Service Outage",
    "major": "Partial System Outage",
    "critical": "Major Service Outage",
}
COMPONENT_STATUSES: Final = (
    "operational",
    "degraded_performance",
    "partial_outage",
    "major_outage",
    "under_maintenance",
)


class VendorWord:
    """The indicator and each component's status, as last set; all well at first."""

    def __init__(self) -> None:
        self.indicator = "none"
        self.components = dict.fromkeys(FUNCTIONS, "operational")

    def say(self, data: object) -> None:
        """Take `{"indicator": …, "components": {function: status}}`, either or both.

        Raises:
            FaultInvalid: something the page can't say; what it said before stays.
        """
        if not isinstance(data, Mapping) or not set(data) <= {"indicator", "components"}:
            raise FaultInvalid('expected {"indicator": …, "components": {…}}')
        indicator = data.get("indicator", self.indicator)
        components = data.get("components", {})
        if indicator not in tuple(INDICATORS):
            raise FaultInvalid(f"indicator: expected one of {', '.join(INDICATORS)}")
        if not isinstance(components, Mapping) or not set(components) <= set(FUNCTIONS):
            raise FaultInvalid(f"components: expected an object with some of {', '.join(FUNCTIONS)}")
        if any(status not in COMPONENT_STATUSES for status in components.values()):
            raise FaultInvalid(f"components: expected each to be one of {', '.join(COMPONENT_STATUSES)}")
        self.indicator = indicator
        self.components |= components

    def retract(self) -> None:
        """Say again that all is well."""
        self.indicator = "none"
        self.components = dict.fromkeys(FUNCTIONS, "operational")

    def as_data(self) -> dict[str, object]:
        """Return what `say` takes."""
        return {"indicator": self.indicator, "components": dict(self.components)}

    def status(self, url: str, now: datetime) -> dict[str, object]:
        """Return the page's `status.json`."""
        return {"page": _page(url, now), "status": self._status()}

    def summary(self, url: str, now: datetime) -> dict[str, object]:
        """Return the page's `summary.json`."""
        return {
            "page": _page(url, now),
            "components": [_component(name, self.components[name], now) for name in FUNCTIONS],
            "incidents": [],
            "scheduled_maintenances": [],
            "status": self._status(),
        }

    def _status(self) -> dict[str, str]:
        return {"indicator": self.indicator, "description": INDICATORS[self.indicator]}


def _page(url: str, now: datetime) -> dict[str, str]:
    return {
        "id": "simulated",
        "name": "Simulated access platform",
        "url": url,
        "time_zone": "Etc/UTC",
        "updated_at": stamp(now),
    }


def _component(name: str, status: str, now: datetime) -> dict[str, object]:
    return {
        "id": f"component-{name}",
        "name": name,
        "status": status,
        "group": False,
        "group_id": None,
        "updated_at": stamp(now),
        "only_show_if_degraded": False,
    }
