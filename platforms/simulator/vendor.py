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


_MAINTENANCE: Final = frozenset({"id", "name", "status", "scheduled_for", "scheduled_until"})


class VendorWord:
    """The indicator, each component's status and what maintenance is planned, as last set; all well at first."""

    def __init__(self) -> None:
        self.indicator = "none"
        self.components = dict.fromkeys(FUNCTIONS, "operational")
        self.maintenances: tuple[Mapping[str, str], ...] = ()

    def say(self, data: object) -> None:
        """Take `{"indicator": …, "components": {function: status}, "maintenances": […]}`, any of them.

        A maintenance has the members of Statuspage's, all text, and is for every component.

        Raises:
            FaultInvalid: something the page can't say; what it said before stays.
        """
        if not isinstance(data, Mapping) or not set(data) <= {"indicator", "components", "maintenances"}:
            raise FaultInvalid('expected {"indicator": …, "components": {…}, "maintenances": […]}')
        indicator = data.get("indicator", self.indicator)
        components = data.get("components", {})
        if indicator not in tuple(INDICATORS):
            raise FaultInvalid(f"indicator: expected one of {', '.join(INDICATORS)}")
        if not isinstance(components, Mapping) or not set(components) <= set(FUNCTIONS):
            raise FaultInvalid(f"components: expected an object with some of {', '.join(FUNCTIONS)}")
        if any(status not in COMPONENT_STATUSES for status in components.values()):
            raise FaultInvalid(f"components: expected each to be one of {', '.join(COMPONENT_STATUSES)}")
        maintenances = data.get("maintenances", self.maintenances)
        if not isinstance(maintenances, list | tuple) or not all(_is_maintenance(each) for each in maintenances):
            raise FaultInvalid(f"maintenances: expected a list of objects with {', '.join(sorted(_MAINTENANCE))}")
        self.indicator = indicator
        self.components |= components
        self.maintenances = tuple(dict(each) for each in maintenances)

    def retract(self) -> None:
        """Say again that all is well."""
        self.indicator = "none"
        self.components = dict.fromkeys(FUNCTIONS, "operational")
        self.maintenances = ()

    def as_data(self) -> dict[str, object]:
        """Return what `say` takes."""
        said: dict[str, object] = {"indicator": self.indicator, "components": dict(self.components)}
        return {**said, "maintenances": [dict(each) for each in self.maintenances]}

    def status(self, url: str, now: datetime) -> dict[str, object]:
        """Return the page's `status.json`."""
        return {"page": _page(url, now), "status": self._status()}

    def summary(self, url: str, now: datetime) -> dict[str, object]:
        """Return the page's `summary.json`."""
        return {
            "page": _page(url, now),
            "components": [_component(name, self.components[name], now) for name in FUNCTIONS],
            "incidents": [],
            "scheduled_maintenances": [
                {**each, "components": [_component(name, self.components[name], now) for name in FUNCTIONS]}
                for each in self.maintenances
            ],
            "status": self._status(),
        }

    def _status(self) -> dict[str, str]:
        return {"indicator": self.indicator, "description": INDICATORS[self.indicator]}


def _is_maintenance(said: object) -> bool:
    is_shaped = isinstance(said, Mapping) and set(said) == _MAINTENANCE
    return is_shaped and isinstance(said, Mapping) and all(isinstance(value, str) for value in said.values())


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
