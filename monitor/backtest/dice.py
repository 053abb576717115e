"""Chance: what becomes of one attempt, and which of a row of attempts is the first that isn't good.

Tilting (importance sampling, so that what is rare is met often enough to be counted): while `is_tilting`, an attempt
that something hangs on is lost with a probability of `TILT` at least, and `weight` is by how much less likely that
course was in truth. An average of weighted courses has the right expectation. Here it is applied within one course
from quiet to quiet, while lengths are taken from untilted ones (Goyal, Shahabuddin, Heidelberger and others, 1992, "A
unified framework for simulating Markovian models of highly dependable systems", IEEE Transactions on Computers 41).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log, log1p
from random import Random
from typing import Protocol

from monitor.backtest.world import Stretch
from monitor.model.outcome import OutcomeKind

TILT = 0.5


@dataclass(frozen=True, slots=True)
class Row:
    """Attempts of one probe: the first at `first`, the others `interval` apart, all that begin before `until`."""

    probe: str
    first: datetime
    interval: timedelta
    until: datetime

    @property
    def length(self) -> int:
        """How many there are."""
        return max(0, -((self.first - self.until) // self.interval))


class Dice(Protocol):
    """Where outcomes come from."""

    def outcome(self, probe: str, at: datetime, stretch: Stretch, *, is_pressed: bool) -> OutcomeKind:
        """Return what becomes of an attempt. `is_pressed`: a lost one may lead to a ready flag."""
        ...

    def not_good(self, probe: str, at: datetime, stretch: Stretch) -> OutcomeKind:
        """Return what becomes of an attempt of which it is known that it isn't good."""
        ...

    def first_not_good(self, row: Row, stretch: Stretch) -> int | None:
        """Return how many attempts of a row are good before the first that isn't; None: all of it are."""
        ...

    def control_answers(self, stretch: Stretch) -> bool:
        """Return whether a question to the controls is answered."""
        ...


class Chance:
    """Dice of a random generator."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.is_tilting = False
        self.weight = 1.0

    def outcome(self, _probe: str, _at: datetime, stretch: Stretch, *, is_pressed: bool) -> OutcomeKind:
        """See `Dice`."""
        if stretch.unmeasured and self._random.random() < stretch.unmeasured:
            return OutcomeKind.NOT_MEASURED
        lost = stretch.lost
        if not self.is_tilting or not is_pressed or not 0.0 < lost < TILT:
            return OutcomeKind.BAD if self._random.random() < lost else OutcomeKind.GOOD
        if self._random.random() < TILT:
            self.weight *= lost / TILT
            return OutcomeKind.BAD
        self.weight *= (1.0 - lost) / (1.0 - TILT)
        return OutcomeKind.GOOD

    def not_good(self, _probe: str, _at: datetime, stretch: Stretch) -> OutcomeKind:
        """See `Dice`."""
        is_unmeasured = self._random.random() * stretch.not_good < stretch.unmeasured
        return OutcomeKind.NOT_MEASURED if is_unmeasured else OutcomeKind.BAD

    def first_not_good(self, row: Row, stretch: Stretch) -> int | None:
        """See `Dice`: a geometric variable, by inversion."""
        chance, length = stretch.not_good, row.length
        if chance <= 0.0:
            return None
        good = 0 if chance >= 1.0 else int(log(1.0 - self._random.random()) / log1p(-chance))
        return good if good < length else None

    def control_answers(self, stretch: Stretch) -> bool:
        """See `Dice`."""
        return not stretch.control_lost or self._random.random() >= stretch.control_lost
