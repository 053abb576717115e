"""Simulated time in which it is known beforehand what becomes of every attempt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from monitor.backtest.course import Course, Pace
from monitor.backtest.dice import Row
from monitor.backtest.in_a_row import InARow
from monitor.backtest.judge import Judge, Ours
from monitor.backtest.study import settled
from monitor.backtest.trials import Start
from monitor.backtest.world import OneOutage, Stretch
from monitor.model.event import BlindnessChanged, Event, Observed
from monitor.model.fact import OutageEnded, OutageOpened, OutageReopened, OutageWidened
from monitor.model.outcome import OutcomeKind
from monitor.model.policy import PlatformPolicy
from monitor.model.state import Outage, PlatformState
from monitor.rules.schedule import Grid, grid_of
from monitor.store.recorded import Recorded
from tests.support.clock import START
from tests.support.rulings import policy

PACE = Pace()
SPELL = timedelta(minutes=10)


@dataclass
class Fate:
    """Dice that were cast before: which attempts fail follows from the probe, the second, and nothing else."""

    seed: int
    failing: Sequence[float] = (0.0,)  # share of attempts that fail, spell by spell
    unmeasured: float = 0.0
    control_lost: float = 0.0
    asked: list[bool] = field(default_factory=list)

    def outcome(self, probe: str, at: datetime, stretch: Stretch, *, is_pressed: bool) -> OutcomeKind:
        """See `Dice`."""
        passed = at - START
        drawn = Random(f"{self.seed} {probe} {passed}").random()
        bad = self.failing[int(passed / SPELL) % len(self.failing)]
        if drawn < bad:
            return OutcomeKind.BAD
        return OutcomeKind.NOT_MEASURED if drawn < bad + self.unmeasured else OutcomeKind.GOOD

    def not_good(self, probe: str, at: datetime, stretch: Stretch) -> OutcomeKind:
        """See `Dice`."""
        return self.outcome(probe, at, stretch, is_pressed=False)

    def first_not_good(self, row: Row, stretch: Stretch) -> int | None:
        """See `Dice`."""
        for nth in range(row.length):
            at = row.first + nth * row.interval
            if self.outcome(row.probe, at, stretch, is_pressed=False) is not OutcomeKind.GOOD:
                return nth
        return None

    def control_answers(self, stretch: Stretch) -> bool:
        """See `Dice`: every so many questions have no answer."""
        every = round(1 / self.control_lost) if self.control_lost else 0
        self.asked.append(not every or len(self.asked) % every != every - 1)
        return self.asked[-1]


def no_weather() -> OneOutage:
    """Return weather in which nothing ever happens."""
    return OneOutage(START + timedelta(days=3000), None, Stretch())


def grid(watched: PlatformPolicy) -> Grid:
    """Return the grid of a monitor with this platform only."""
    return grid_of("prod", "main", watched.probes.values())


def ready_to_go(watched: PlatformPolicy | None = None, pace: Pace = PACE) -> Start:
    """Return our rules with everything good."""
    watched = watched or policy()
    return settled(Ours.starting(watched, grid(watched), START), pace, START)


def rival(times: int, watched: PlatformPolicy | None = None) -> Start:
    """Return so many failures in a row, with everything good."""
    watched = watched or policy()
    return Start(InARow(watched, grid(watched), times), START, PACE)


def run(start: Start, fate: Fate, until: datetime, *, rests: bool) -> tuple[Course, list[tuple[str, object]]]:
    """Play until an instant; return the course, and what changed at the judge, when."""
    course = Course(start.judge.copy(), no_weather(), fate, start.pace, start.at)
    story: list[tuple[str, object]] = []
    while course.next_at < until:
        if rests and course.is_quiet:
            course.rest(until)
        else:
            course.play()
        judge = course.judge
        facts: Sequence[object] = judge.facts if isinstance(judge, Ours) else [judge.is_ready]
        if not story or (facts and story[-1][1] != list(facts)):
            story.append((course.now.isoformat(), list(facts)))
    return course, story


def shares(judge: Judge) -> Mapping[str, object]:
    """Return what a judge holds, but for when it wants to be woken."""
    if isinstance(judge, Ours):
        return {name: getattr(judge.state, name) for name in judge.state.__slots__ if name != "wake_at"}
    assert isinstance(judge, InARow)
    return {"failures": dict(judge._failures), "ready": judge.is_ready}


class Recording(Ours):
    """Our rules with somebody who writes down what they hear, as the daemon records it."""

    def __init__(self, policy: PlatformPolicy, grid: Grid, state: PlatformState) -> None:
        super().__init__(policy, grid, state)
        self.rows: list[Recorded] = []
        self.blind: list[tuple[datetime, datetime | None]] = []
        self.outages: dict[str, Outage] = {}

    def hear(self, event: Event, now: datetime) -> tuple[str, ...]:
        """See `Judge`."""
        is_asked = isinstance(event, Observed) and event.outcome.is_bad and self.needs_control(event.probe)
        calls = super().hear(event, now)
        if isinstance(event, BlindnessChanged):
            self.blind = [*self.blind, (now, None)] if event.blind else [*self.blind[:-1], (self.blind[-1][0], now)]
        if isinstance(event, Observed):
            is_sure = not is_asked or event.control_answered is not None
            self.rows.append(Recorded(event.probe, event.outcome, event.ended_at, is_sure and not self.state.blind))
        for fact in self.facts:
            if isinstance(fact, OutageOpened | OutageWidened | OutageEnded | OutageReopened):
                self.outages[fact.outage.id] = fact.outage
        return calls


def recorded(start: Start, fate: Fate, until: datetime) -> Recording:
    """Return what a monitor records of hours in which this is the attempts' fate."""
    assert isinstance(start.judge, Ours)
    judge = Recording(start.judge.policy, start.judge._grid, start.judge.state)
    course = Course(judge, no_weather(), fate, start.pace, start.at)
    while course.next_at < until:
        course.play()
    return judge
