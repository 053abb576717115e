"""Runs a judge through simulated time, from one thing that happens to the next.

- Everything happens in the order of time: an attempt begins (what becomes of it is decided by the weather then), ends
  and is heard; controls are asked when it begins and, after a no, once more when it ends; time alone changes
  something; a blind vantage asks the controls again. At one instant ends come before beginnings. Controls answer at
  once.
- Each probe is tried as the daemon does it: when the schedule says, at once when called, one attempt at a time.
- Where the judge is quiet, attempts that will be good are passed by together, up to the next one that won't be. What
  is left then is what one would have with every single attempt played: tests hold both side by side.
- `max_requests_per_minute` is not simulated, nor is a monitor that is late.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from heapq import heappop, heappush
from typing import Final

from monitor.backtest.dice import Dice
from monitor.backtest.judge import Judge
from monitor.backtest.passing import Found, Grid, search
from monitor.backtest.world import Weather
from monitor.model.event import BlindnessChanged, Event, Observed, Ticked
from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason
from monitor.sight import RETRY_SECONDS

GOOD_DETAIL: Final = "as expected"
LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)

_REASONS = {
    OutcomeKind.GOOD: (Reason.OK, GOOD_DETAIL),
    OutcomeKind.BAD: (Reason.TIMEOUT, "no answer"),
    OutcomeKind.NOT_MEASURED: (Reason.OWN_FAULT, "not measured"),
}


@dataclass(frozen=True, slots=True)
class Pace:
    """How long attempts take: one that is answered, and one that isn't (None: its probe's timeout)."""

    answered: timedelta = timedelta(milliseconds=100)
    failing: timedelta | None = None


class _What(IntEnum):
    """What happens, in the order in which it does at one instant."""

    END = 0
    ASK = 1
    TICK = 2
    BEGIN = 3


@dataclass(order=True, slots=True)
class _Due:
    at: datetime
    what: _What
    nth: int
    probe: str = field(default="", compare=False)
    outcome: Outcome | None = field(default=None, compare=False)


class Course:
    """One run through time.

    `attempts` counts all attempts, those passed by too; `played` those that weren't. `readies` counts how often the
    flag turned ready, `ready_at` is when it did last, `latest_begin` when the latest attempt began. `ended_rest` counts
    by probe how often its attempt was the first that wasn't good.
    """

    def __init__(self, judge: Judge, weather: Weather, dice: Dice, pace: Pace, now: datetime) -> None:
        self.judge = judge
        self.weather = weather
        self.now = self.latest_begin = now
        self.attempts = self.played = self.readies = 0
        self.ready_at: datetime | None = None
        self.ended_rest = dict.fromkeys(judge.policy.probes, 0)
        self._dice = dice
        self._pace = pace
        self._queue: list[_Due] = []
        self._nth = 0
        self._under_way: set[str] = set()
        self._called: set[str] = set()
        self._begins: dict[str, tuple[datetime, Attempt]] = {}
        self._ended: dict[str, datetime | None] = {}
        self._tick_at: datetime | None = None
        self._is_blind = False
        self._answers: dict[str, bool] = {}  # whether controls answered when an attempt under way began
        is_going_on = judge.is_quiet  # else it has just started
        for probe in judge.policy.probes:
            self._plan(probe, now if is_going_on else None)
        self._wake()

    @property
    def is_quiet(self) -> bool:
        """Whether good attempts may be passed by now."""
        return not self._under_way and not self._is_blind and self.judge.is_quiet and self._is_on_grid()

    @property
    def next_at(self) -> datetime:
        """When the next thing happens."""
        return self._queue[0].at

    def play(self) -> None:
        """Go on to the next thing that happens."""
        due = heappop(self._queue)
        self.now = due.at
        self.weather.move(due.at)
        match due.what:
            case _What.BEGIN:
                self._begin(due)
            case _What.END:
                self._end(due)
            case _What.TICK:
                self._tick()
            case _What.ASK:
                self._ask()
        self._wake()

    def rest(self, until: datetime = LATEST) -> bool:
        """While quiet, pass by what is good from here on; return whether an attempt that isn't comes before `until`."""
        takes = self._pace.answered
        probes = self.judge.policy.probes
        grids = {name: Grid(at, probes[name].interval, takes) for name, (at, _) in self._begins.items()}
        found = search(grids, self.weather, self._dice, until)
        for probe in found.probes:
            self.ended_rest[probe] += 1
        self._pass_by(grids, found)
        return bool(found.probes)

    def _pass_by(self, grids: Mapping[str, Grid], found: Found) -> None:
        """Bring everything to the instant that was found; attempts that begin then are begun."""
        self.now = found.at
        self._queue.clear()
        self._tick_at = None
        counts = {name: grid.ended_by(found.at) for name, grid in grids.items()}
        passed = {name: grids[name].passed(count, GOOD_DETAIL) for name, count in counts.items() if count}
        self.judge.pass_by(passed, found.at)
        for name, grid in grids.items():
            self.attempts += counts[name]
            if name in passed:
                self._ended[name] = passed[name].ended_at
            begins_at = grid.first + counts[name] * grid.interval
            is_known = begins_at < found.at or (begins_at == found.at and bool(found.probes))
            self._begins[name] = (begins_at, Attempt.SCHEDULED)
            if is_known:
                self._make(name, begins_at, Attempt.SCHEDULED, self._known(name, found))
            else:
                self._push(begins_at, _What.BEGIN, name)
        self._wake()

    def _known(self, name: str, found: Found) -> OutcomeKind:
        """Return what becomes of an attempt begun by the instant that was found."""
        if name not in found.probes:
            return OutcomeKind.GOOD
        return self._dice.not_good(name, found.at, self.weather.stretch)

    def _begin(self, due: _Due) -> None:
        planned = self._begins.get(due.probe)
        if planned is None or planned[0] != due.at:
            return  # it was called meanwhile
        self.played += 1
        kind = self._dice.outcome(due.probe, due.at, self.weather.stretch, is_pressed=self.judge.is_pressed(due.probe))
        self._make(due.probe, due.at, planned[1], kind)

    def _make(self, probe: str, at: datetime, why: Attempt, kind: OutcomeKind) -> None:
        self.attempts += 1
        self.latest_begin = at
        self._begins.pop(probe, None)
        self._under_way.add(probe)
        if self.judge.is_suspect(probe):
            self._answers[probe] = self._control_answers()
        takes = self._pace.answered
        if kind is OutcomeKind.BAD:
            timeout = self.judge.policy.probes[probe].timeout
            takes = timeout if self._pace.failing is None else min(self._pace.failing, timeout)
        reason, detail = _REASONS[kind]
        outcome = Outcome(kind, reason, detail, at, takes.total_seconds(), attempt=why)
        self._push(at + takes, _What.END, probe, outcome)

    def _end(self, due: _Due) -> None:
        outcome = due.outcome
        assert outcome is not None, "an attempt ends with an outcome"  # noqa: S101 - of our own making
        self._under_way.discard(due.probe)
        answered = self._control_answered(due.probe, outcome)
        if answered is False:
            self._is_blind = True
            self._hear(BlindnessChanged(blind=True))
            self._push(self.now + timedelta(seconds=RETRY_SECONDS), _What.ASK)
        for called in self._hear(Observed(due.probe, outcome, self.now, answered)):
            self._call(called)
        self._plan(due.probe, self.now)

    def _control_answered(self, probe: str, outcome: Outcome) -> bool | None:
        """Return whether a control answers, where the scheduler asks; a no is asked once more, now."""
        first = self._answers.pop(probe, None)
        if not outcome.is_bad or self._is_blind or not self.judge.needs_control(probe):
            return None
        if self._control_answers() if first is None else first:
            return True
        return None if self._control_answers() else False

    def _control_answers(self) -> bool:
        return self._dice.control_answers(self.weather.stretch)

    def _ask(self) -> None:
        if self._control_answers():
            self._is_blind = False
            self._hear(BlindnessChanged(blind=False))
        else:
            self._push(self.now + timedelta(seconds=RETRY_SECONDS), _What.ASK)

    def _tick(self) -> None:
        self._tick_at = None
        if self.judge.wake_at is not None and self.now >= self.judge.wake_at:
            self._hear(Ticked())

    def _hear(self, event: Event) -> tuple[str, ...]:
        was_ready = self.judge.is_ready
        calls = self.judge.hear(event, self.now)
        if self.judge.is_ready and not was_ready:
            self.readies += 1
            self.ready_at = self.now
        return calls

    def _call(self, probe: str) -> None:
        self._called.add(probe)
        if probe not in self._under_way:
            self._plan(probe, self._ended[probe])

    def _plan(self, probe: str, ended_at: datetime | None) -> None:
        self._ended[probe] = ended_at
        at, why = self.judge.due(probe, ended_at, self.now)
        if probe in self._called:
            self._called.discard(probe)
            at, why = self.now, why if why is Attempt.CONFIRMATION else Attempt.CALLED
        self._begins[probe] = (at, why)
        self._push(at, _What.BEGIN, probe)

    def _is_on_grid(self) -> bool:
        """Whether each probe's next attempt is where it stands in quiet; it may not be after a blind span."""
        return all(
            self.judge.due(probe, self._ended[probe], self.now) == begins for probe, begins in self._begins.items()
        )

    def _wake(self) -> None:
        wake_at = self.judge.wake_at
        if wake_at is not None and (self._tick_at is None or wake_at < self._tick_at):
            self._tick_at = max(wake_at, self.now)
            self._push(self._tick_at, _What.TICK)

    def _push(self, at: datetime, what: _What, probe: str = "", outcome: Outcome | None = None) -> None:
        self._nth += 1
        heappush(self._queue, _Due(at, what, self._nth, probe, outcome))
