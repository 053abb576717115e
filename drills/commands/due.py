"""What `drill run` runs by the calendar, and what it leaves to people."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drills.model.calendar import DueState, PastRun
from drills.past import places
from drills.rules.calendar import was_tried
from drills.scenarios import Scenario
from drills.settings.root import DrillFile
from drills.standing import Standing, known, standings
from glasswatch.clock import SystemClock
from glasswatch.ending import complain
from glasswatch.visible import line


@dataclass(frozen=True, slots=True)
class ByCalendar:
    """What is due and may be run now; by scenario its run that was begun within a day; and what is left to people."""

    scenarios: tuple[Scenario, ...]
    tried: Mapping[str, PastRun]
    left: tuple[Scenario, ...]

    @property
    def is_any(self) -> bool:
        """Whether anything is due."""
        return bool(self.scenarios or self.left)


def chosen_by_calendar(scenarios: Sequence[Scenario], settings: DrillFile, *, is_unattended: bool) -> ByCalendar:
    """Return what is due. What acted and did not pass is left to people where nobody is there, and said."""
    clock = SystemClock()
    found = asyncio.run(known(places(settings, clock)))
    for why in found.silent:
        complain(line(why))
    now = clock.now()
    rows = [row for row in standings(scenarios, found, now) if row.due.state is not DueState.NOT_DUE]
    left = [row for row in rows if is_unattended and row.due.is_for_people]
    for row in left:
        complain(line(_left(row)))
    chosen = [row for row in rows if row not in left]
    return ByCalendar(
        tuple(row.scenario for row in chosen),
        {row.scenario.settings.id: row.last for row in chosen if row.last and was_tried(row.last, now)},
        tuple(row.scenario for row in left),
    )


def _left(row: Standing) -> str:
    id_ = row.scenario.settings.id
    return f"{id_} is due, and left to people: {row.due.why}. Once it is known why: drill run {id_}"
