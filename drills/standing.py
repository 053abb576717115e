"""Where every scenario stands: how it went last, whether it is due, and which runs are open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from drills.model.calendar import Due, PastRun
from drills.ports import PastRuns
from drills.rules import calendar
from drills.rules.calendar import Past, due, last, last_passed, last_that_acted, passed_to_come
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
    """The runs that are known, since when scenarios are that never passed, and who could not be asked, with why."""

    runs: tuple[PastRun, ...]
    never_passed: Mapping[str, datetime]
    silent: tuple[str, ...] = ()


async def known(places: Sequence[PastRuns]) -> Known:
    """Return the runs that all these places know of; one that can't be asked keeps none of the others from it."""
    runs: list[PastRun] = []
    never: dict[str, datetime] = {}
    silent: list[str] = []
    for place in places:
        try:
            runs += await place.runs()
            never |= await place.never_passed()
        except GlasswatchError as fault:
            silent.append(str(fault))
    return Known(calendar.without_denied(runs), never, tuple(silent))


def standings(scenarios: Sequence[Scenario], found: Known, now: datetime) -> tuple[Standing, ...]:
    """Return where each scenario stands."""
    return tuple(_standing(scenario, found, now) for scenario in scenarios)


def _standing(scenario: Scenario, known: Known, now: datetime) -> Standing:
    found = scenario.settings
    passed = last_passed(known.runs, found.id, now)
    past = Past(
        sha256=scenario.sha256,
        passed=passed,
        known_since=known.never_passed.get(found.id),
        acted=last_that_acted(known.runs, found.id, now),
        is_real=found.is_real,
        to_come=passed_to_come(known.runs, found.id, now),
    )
    when = due(found.cadence, past, after_change=found.after_change, now=now)
    return Standing(scenario, last(known.runs, found.id), passed, when)
