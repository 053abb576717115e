"""Where every scenario stands: how it went last, whether it is due, and which runs are open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from drills.model.calendar import Due, PastRun
from drills.ports import PastRuns
from drills.rules.calendar import due, last, last_passed
from drills.scenarios import Scenario
from glasswatch.errors import GlasswatchError


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one scenario stands."""

    scenario: Scenario
    last: PastRun | None
    passed: PastRun | None
    due: Due


@dataclass(frozen=True, slots=True)
class Known:
    """The runs that are known, and who could not be asked, each with why."""

    runs: tuple[PastRun, ...]
    silent: tuple[str, ...] = ()


async def known(places: Sequence[PastRuns]) -> Known:
    """Return the runs that all these places know of; one that can't be asked keeps none of the others from it."""
    runs: list[PastRun] = []
    silent: list[str] = []
    for place in places:
        try:
            runs += await place.runs()
        except GlasswatchError as fault:
            silent.append(str(fault))
    return Known(tuple(runs), tuple(silent))


def standings(scenarios: Sequence[Scenario], runs: Sequence[PastRun], now: datetime) -> tuple[Standing, ...]:
    """Return where each scenario stands."""
    return tuple(_standing(scenario, runs, now) for scenario in scenarios)


def _standing(scenario: Scenario, runs: Sequence[PastRun], now: datetime) -> Standing:
    found = scenario.settings
    passed = last_passed(runs, found.id)
    when = due(found.cadence, after_change=found.after_change, sha256=scenario.sha256, passed=passed, now=now)
    return Standing(scenario, last(runs, found.id), passed, when)
