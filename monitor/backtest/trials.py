"""How often a flag turns ready without an outage, and how soon it does in one.

Without an outage (`false_ready`):
1. Time is cut where everything is quiet and the weather calm: what follows doesn't depend on what was. Such *cycles*
   are played until there are enough of them, or ready flags in plenty. What is quiet costs nothing, so that they may
   stand for centuries.
2. Where that brings too few ready flags to count, as many cycles are played with tilted dice. Their weighted average,
   over the length of the others, is the rate. Each probe must have begun some of them: one that is tried seldom may be
   the one that is wrong most often.
3. Nothing seen either way: less than three in the time that was played, never zero.

In one (`detection`):
1. Outages begin at instants spread evenly over the longest interval, one at random in each of as many equal parts
   (stratified sampling): quantiles need fewer of them.
2. Time to detection is from the beginning of an outage that doesn't end to the ready flag.
3. An outage that ends after the last attempt before that flag had begun is found just so; any shorter one is played.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from random import Random

from monitor.backtest.course import LATEST, Course, Pace
from monitor.backtest.dice import Chance
from monitor.backtest.estimate import Rate, counted, weighted
from monitor.backtest.in_a_row import InARow
from monitor.backtest.judge import Ours
from monitor.backtest.world import Changing, OneOutage, Stretch, World

YEAR = timedelta(days=365.25)
LONGEST = timedelta(days=2)  # after which an outage that doesn't end counts as not found
ENOUGH = 60  # ready flags that are counted without tilting
PLENTY = 400  # ready flags that are counted to within a tenth
LEAST = 20  # cycles with one, below which a weighted average tells nothing
_MOST_TIMES = 10  # as many cycles as wanted, until each probe has begun some
_PLAYED_EACH = 200  # attempts played, per cycle wanted, after which no more is begun

Tick = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Start:
    """A judge with everything good, when that is, and how long attempts take."""

    judge: Ours | InARow
    at: datetime
    pace: Pace


@dataclass(frozen=True, slots=True)
class Years:
    """What years without an outage brought. `attempts_an_hour`: what it costs."""

    rate: Rate
    years: float
    attempts_an_hour: float
    is_tilted: bool


@dataclass(frozen=True, slots=True)
class Found:
    """How soon outages are found: seconds, sorted, infinite where one isn't; by length, the share that is missed."""

    delays: Sequence[float]
    missed: Mapping[timedelta, float]


def false_ready(start: Start, world: World, cycles: int, seed: str, tick: Tick) -> Years:
    """Return how often the flag turns ready in a world without an outage."""
    plain = _Cycles(start, world, Random(f"{seed} plain"))
    lengths: list[float] = []
    while plain.is_wanting(len(lengths), cycles):
        lengths.append(plain.one() / YEAR)
        tick()
    years = plain.time / YEAR
    cost = plain.attempts / (plain.time / timedelta(hours=1))
    if plain.readies >= ENOUGH:
        return Years(counted(plain.readies, years), years, cost, is_tilted=False)
    tilted = _Cycles(start, world, Random(f"{seed} tilted"))
    rewards: list[float] = []
    while tilted.is_wanting_sides(len(rewards), cycles):
        rewards.append(tilted.tilted())
        tick()
    rate = weighted(rewards, lengths) if sum(reward > 0 for reward in rewards) >= LEAST else None
    if rate is None:
        return Years(counted(plain.readies, years), years, cost, is_tilted=False)
    return Years(rate, years, cost, is_tilted=True)


def detection(start: Start, outage: Stretch, lengths: Sequence[timedelta], starts: int, trial: "Trial") -> Found:
    """Return how soon outages are found, and how many of each length are not."""
    random = Random(f"{trial.seed} detection")
    longest = max(probe.interval for probe in start.judge.policy.probes.values())
    delays: list[float] = []
    missed = dict.fromkeys(lengths, 0)
    for nth in range(starts):
        begins_at = start.at + longest * (2 + (nth + random.random()) / starts)
        delay, latest = _endless(start, outage, begins_at, random)
        delays.append(delay)
        for length in lengths:
            if delay == inf or begins_at + length <= latest:
                missed[length] += not _is_found(start, outage, begins_at, length, random)
        trial.tick()
    return Found(sorted(delays), {length: count / starts for length, count in missed.items()})


@dataclass(frozen=True, slots=True)
class Trial:
    """What chance is drawn from, and who is told of each step."""

    seed: str
    tick: Tick


def _endless(start: Start, outage: Stretch, begins_at: datetime, random: Random) -> tuple[float, datetime]:
    """Return after how many seconds an outage without end is found, and when the last attempt before that began."""
    course = Course(start.judge.copy(), OneOutage(begins_at, None, outage), Chance(random), start.pace, start.at)
    until = begins_at + LONGEST
    while course.ready_at is None and course.now < until:
        _go_on(course, until)
    delay = inf if course.ready_at is None else (course.ready_at - begins_at).total_seconds()
    return delay, course.latest_begin


def _is_found(start: Start, outage: Stretch, begins_at: datetime, length: timedelta, random: Random) -> bool:
    weather = OneOutage(begins_at, length, outage)
    course = Course(start.judge.copy(), weather, Chance(random), start.pace, start.at)
    until = begins_at + length + LONGEST
    while course.ready_at is None and course.now < until and not (weather.is_over and course.is_quiet):
        _go_on(course, until)
    return course.ready_at is not None


def _go_on(course: Course, until: datetime) -> None:
    if course.is_quiet:
        course.rest(until)
    else:
        course.play()


class _Cycles:
    """Cycles of one course, each from calm and quiet to calm and quiet."""

    def __init__(self, start: Start, world: World, random: Random) -> None:
        self._world = world
        self._start = start
        self._dice = Chance(random)
        self._course = Course(start.judge.copy(), Changing(world, start.at, random), self._dice, start.pace, start.at)

    @property
    def time(self) -> timedelta:
        return self._course.now - self._start.at

    @property
    def attempts(self) -> int:
        return self._course.attempts

    @property
    def played(self) -> int:
        return self._course.played

    @property
    def readies(self) -> int:
        return self._course.readies

    @property
    def spells(self) -> int:
        return self._course.weather.spells

    def is_wanting(self, done: int, cycles: int) -> bool:
        """Whether more cycles must be played, with so many done of those that are wanted."""
        if self.played >= _PLAYED_EACH * cycles or (self.readies >= PLENTY and done >= LEAST):
            return False
        return done < cycles or (self._world.rough is not None and self.spells < cycles // 10)

    def is_wanting_sides(self, done: int, cycles: int) -> bool:
        """The same of tilted ones: each probe must have begun some of them."""
        if self.played >= _PLAYED_EACH * cycles or done >= _MOST_TIMES * cycles:
            return False
        return done < cycles or min(self._course.ended_rest.values()) < LEAST

    def one(self) -> timedelta:
        """Play one cycle; return how long it lasted."""
        course = self._course
        began_at = course.now
        course.rest()
        while not (course.is_quiet and course.weather.is_calm):
            _go_on(course, LATEST)
        return course.now - began_at

    def tilted(self) -> float:
        """Play one cycle with tilted dice; return its ready flags, each with how likely its course was."""
        course, dice = self._course, self._dice
        dice.weight, dice.is_tilting = 1.0, True
        reward, readies = 0.0, course.readies
        course.rest()
        while not (course.is_quiet and course.weather.is_calm):
            _go_on(course, LATEST)
            if course.readies > readies:
                reward += dice.weight * (course.readies - readies)
                readies, dice.is_tilting = course.readies, False
        return reward
