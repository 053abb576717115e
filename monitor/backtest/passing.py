"""Finds the next attempt that isn't good among rows of attempts, without playing those before it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.backtest.dice import Dice, Row
from monitor.backtest.world import Weather
from monitor.rules.quiet import Passed


@dataclass(frozen=True, slots=True)
class Grid:
    """The attempts of one probe while all are good: the first, how far apart, how long each takes."""

    first: datetime
    interval: timedelta
    takes: timedelta

    def ended_by(self, at: datetime) -> int:
        """Return how many have ended at an instant."""
        return max(0, (at - self.takes - self.first) // self.interval + 1)

    def passed(self, count: int, detail: str) -> Passed:
        """Return the first so many of them, as outcomes."""
        return Passed(count, self.first + (count - 1) * self.interval + self.takes, detail)


@dataclass(frozen=True, slots=True)
class Found:
    """When attempts begin that aren't good, and whose they are; nobody's: nothing comes before `at`."""

    at: datetime
    probes: frozenset[str]


def search(grids: Mapping[str, Grid], weather: Weather, dice: Dice, until: datetime) -> Found:
    """Return the first attempts that aren't good and begin before `until`; the weather is moved on to there."""
    cursors = {probe: grid.first for probe, grid in grids.items()}
    while True:
        end = until if weather.until is None else min(weather.until, until)
        rows = [Row(probe, cursors[probe], grid.interval, end) for probe, grid in grids.items()]
        found: dict[str, datetime] = {}
        for row in rows:
            good = dice.first_not_good(row, weather.stretch)
            if good is not None:
                found[row.probe] = row.first + good * row.interval
            cursors[row.probe] = row.first + row.length * row.interval
        if found:
            first = min(found.values())
            return Found(first, frozenset(probe for probe, at in found.items() if at == first))
        if end >= until:
            return Found(until, frozenset())
        weather.move(end)
