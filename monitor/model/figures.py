"""What is shown of a platform's SLA, as numbers."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """By the names of windows; one that has no number is left out. `period` is the calendar period that was agreed.

    `objective`, `budget_remaining` and `burn_rates` are None or empty where nothing was agreed.
    """

    objective: float | None
    budget_remaining: float | None
    availability: Mapping[str, float]
    coverage: Mapping[str, float]
    downtime_seconds: Mapping[str, float]
    burn_rates: Mapping[str, float]
