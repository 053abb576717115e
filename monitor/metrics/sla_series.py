"""The series of one platform's SLA. What has no number has no line: a share of nothing is neither 0 nor 1."""

from collections.abc import Mapping

from glasswatch.names import PLATFORM, WINDOW
from monitor.metrics.exposition import Family, start
from monitor.model.figures import Figures

OBJECTIVE = "jit_sla_objective_ratio"
AVAILABILITY = "jit_sla_availability_ratio"
REMAINING = "jit_sla_error_budget_remaining_ratio"
BURN_RATE = "jit_sla_burn_rate"
DOWNTIME = "jit_sla_downtime_seconds"
COVERAGE = "jit_sla_coverage_ratio"
FAMILIES = (OBJECTIVE, AVAILABILITY, REMAINING, BURN_RATE, DOWNTIME, COVERAGE)


class SlaSeries:
    """Shows the numbers that were counted last."""

    def __init__(self, families: Mapping[str, Family], platform: str) -> None:
        self._platform = platform
        self._slots = {name: families[name].slot() for name in FAMILIES}

    def show(self, found: Figures) -> None:
        """Show these numbers instead of those before."""
        self._one(OBJECTIVE, found.objective)
        self._one(REMAINING, found.budget_remaining)
        self._each(AVAILABILITY, found.availability)
        self._each(COVERAGE, found.coverage)
        self._each(DOWNTIME, found.downtime_seconds)
        self._each(BURN_RATE, found.burn_rates)

    def _one(self, metric: str, value: float | None) -> None:
        line = start(metric, {PLATFORM: self._platform})
        self._slots[metric].lines = "" if value is None else f"{line}{value!r}\n"

    def _each(self, metric: str, values: Mapping[str, float]) -> None:
        lines = [
            f"{start(metric, {PLATFORM: self._platform, WINDOW: name})}{each!r}\n" for name, each in values.items()
        ]
        self._slots[metric].lines = "".join(lines)
