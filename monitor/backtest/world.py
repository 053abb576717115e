"""What happens to attempts in a simulated world: calm with rough spells in it, or one outage.

- In a *stretch* every attempt is lost, or can't be measured, by itself and with the same probability. Lost is what our
  rules call bad.
- Bursts are the model of Gilbert (1960, "Capacity of a burst-noise channel", Bell System Technical Journal 39) with
  Elliott's loss in the good state (1963, "Estimates of error rates for codes on burst-noise channels", ibid. 42), in
  continuous time: calm and bursts last exponentially long, so that what an attempt meets does not depend on how often
  one looks.
- Brown-outs are spells of one length that begin as a Poisson process between them.
- Calm has no memory: a simulation may begin anew whenever it is calm.
- A spell is the same for all probes: they share the platform, or the network before it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stretch:
    """How likely it is that an attempt can't be measured; if it can, that it is lost; that controls don't answer."""

    lost: float = 0.0
    unmeasured: float = 0.0
    control_lost: float = 0.0

    @property
    def not_good(self) -> float:
        """How likely an attempt is not good."""
        return self.unmeasured + (1.0 - self.unmeasured) * self.lost


@dataclass(frozen=True, slots=True)
class World:
    """What is simulated for years. Without `rough` it is always calm.

    `every`: from the beginning of a spell to the next one, on average; `lasting`: the length of one, on average, or
    always (`is_even`).
    """

    name: str
    calm: Stretch
    rough: Stretch | None = None
    every: timedelta = timedelta(0)
    lasting: timedelta = timedelta(0)
    is_even: bool = False


class Weather(Protocol):
    """What an attempt meets at an instant. Asked in the order of time. `spells`: how many rough ones there were."""

    stretch: Stretch
    until: datetime | None
    is_calm: bool
    spells: int

    def move(self, at: datetime) -> None:
        """Go on to an instant: `stretch` holds from then `until` (None: for ever)."""
        ...


class Changing:
    """The weather of a world, from an instant in calm on."""

    def __init__(self, world: World, begins_at: datetime, random: Random) -> None:
        self._world = world
        self._random = random
        self.stretch = world.calm
        self.is_calm = True
        self.spells = 0
        self.until: datetime | None = None
        if world.rough is not None:
            self.until = begins_at + self._calm()

    def move(self, at: datetime) -> None:
        """See `Weather`."""
        while self.until is not None and at >= self.until:
            self._change(self.until)

    def _change(self, at: datetime) -> None:
        world = self._world
        self.is_calm = not self.is_calm
        if self.is_calm or world.rough is None:
            self.stretch, self.until = world.calm, at + self._calm()
            return
        self.spells += 1
        lasting = world.lasting.total_seconds()
        seconds = lasting if world.is_even else self._random.expovariate(1.0 / lasting)
        self.stretch, self.until = world.rough, at + timedelta(seconds=seconds)

    def _calm(self) -> timedelta:
        mean = (self._world.every - self._world.lasting).total_seconds()
        return timedelta(seconds=self._random.expovariate(1.0 / mean))


class OneOutage:
    """Nothing is lost but in one outage, `[begins_at, begins_at + lasting)`; None: it never ends."""

    def __init__(self, begins_at: datetime, lasting: timedelta | None, outage: Stretch) -> None:
        self._outage = outage
        self._ends_at = None if lasting is None else begins_at + lasting
        self.stretch = Stretch()
        self.until: datetime | None = begins_at
        self.is_calm = True
        self.spells = 0

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.is_calm and self.spells == 1

    def move(self, at: datetime) -> None:
        """See `Weather`."""
        if self.spells == 0 and self.until is not None and at >= self.until:
            self.stretch, self.until, self.is_calm, self.spells = self._outage, self._ends_at, False, 1
        if self.spells == 1 and self._ends_at is not None and at >= self._ends_at:
            self.stretch, self.until, self.is_calm = Stretch(), None, True
