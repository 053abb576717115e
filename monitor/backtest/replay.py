"""Plays recorded outcomes again, with settings of today or of tomorrow, through the real rules.

1. An attempt on record is taken where the settings that are tried would have been due for one; others are left out, as
   they would not have been made. What was never tried is not made up: settings that try more often, or confirm
   sooner, than was recorded are shown by the attempts there are, and can only look slower than they would be.
2. Whether a control answered is what the record says: what was not believed was seen by a blind vantage, or while
   nobody can tell whether it saw.
3. Blind spans, and times without a monitor, are played where they were.
4. Good outcomes are passed by while everything is quiet and no probe went without one for two intervals.
5. An outage here is one that the rules open; whether people suffered is not on record.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush, merge
from itertools import pairwise
from typing import NamedTuple

from monitor.backtest.judge import Ours
from monitor.model.event import BlindnessChanged, Event, Observed, Restarted, Ticked
from monitor.model.fact import FlagChanged, OutageEnded, OutageOpened, OutageReopened, OutageWidened
from monitor.model.outcome import Attempt
from monitor.model.state import Outage
from monitor.model.verdict import FlagState
from monitor.rules.quiet import Passed
from monitor.store.recorded import Life, Recorded

EARLY = timedelta(milliseconds=50)  # how much earlier than due an attempt on record still counts as that one's
_OUTAGE_FACTS = (OutageOpened, OutageWidened, OutageEnded, OutageReopened)


class Happened(NamedTuple):
    """Something on record, in the order of time."""

    at: datetime
    nth: int
    what: Recorded | Event


@dataclass(slots=True)
class Taken:
    """How many attempts on record were taken, left out because not due, or of probes that the settings don't have."""

    taken: int = 0
    not_due: int = 0
    unknown: int = 0


class Replay:
    """One set of settings, through the record."""

    def __init__(self, judge: Ours) -> None:
        self._judge = judge
        self._waiting: dict[str, Passed] = {}
        self._ended: dict[str, datetime] = {}
        self._called: dict[str, datetime] = {}
        self._is_quiet = False
        self._fresh_until = datetime.min.replace(tzinfo=UTC)
        self._outages: dict[str, Outage] = {}
        self.readies = 0
        self.counts = Taken()

    @property
    def outages(self) -> list[Outage]:
        """The outages that were found, as they were left, oldest first."""
        return sorted(self._outages.values(), key=lambda outage: outage.opened_at)

    def take(self, happened: Happened) -> None:
        """Take in what happened next."""
        what = happened.what
        if isinstance(what, Recorded):
            self._recorded(what)
        else:
            self._go_to(happened.at)
            if isinstance(what, Restarted):
                self._ended.clear()  # who has just started does not wait for the interval
            self._hear(what, happened.at)

    def end(self, at: datetime) -> None:
        """Let time pass until the end of the record."""
        self._go_to(at)

    def _recorded(self, row: Recorded) -> None:
        policy = self._judge.policy.probes.get(row.probe)
        if policy is None:
            self.counts.unknown += 1
        elif not self._is_due(row):
            self.counts.not_due += 1
        else:
            self.counts.taken += 1
            called_at = self._called.get(row.probe)
            # An attempt that was under way by then is not the one that was called for.
            if called_at is not None and row.outcome.started_at >= called_at:
                del self._called[row.probe]
            self._ended[row.probe] = row.ended_at
            if self._is_quiet and _is_plain(row) and self._is_fresh(row.ended_at):
                before = self._waiting.get(row.probe)
                count = 1 if before is None else before.count + 1
                self._waiting[row.probe] = Passed(count, row.ended_at, row.outcome.detail)
            else:
                self._observe(row)

    def _observe(self, row: Recorded) -> None:
        self._go_to(row.ended_at)
        is_asked = row.outcome.is_bad and self._judge.needs_control(row.probe)
        answered = True if is_asked and row.is_believed else None  # that it was blind is on record as a span
        self._hear(Observed(row.probe, row.outcome, row.ended_at, answered), row.ended_at)

    def _is_due(self, row: Recorded) -> bool:
        ended_at = self._ended.get(row.probe)
        if ended_at is None or row.probe in self._called:
            return True
        due_at, _ = self._judge.due(row.probe, ended_at, ended_at)
        return row.outcome.started_at >= due_at - EARLY

    def _is_fresh(self, at: datetime) -> bool:
        """Whether every probe had an outcome within two intervals before an instant."""
        if at <= self._fresh_until:
            return True
        probes = self._judge.policy.probes
        if len(self._ended) < len(probes):
            return False
        self._fresh_until = min(self._ended[name] + 2 * probe.interval for name, probe in probes.items())
        return at <= self._fresh_until

    def _go_to(self, at: datetime) -> None:
        """Bring everything to an instant: what waits is passed by, and time changes what it alone changes."""
        if self._waiting:
            now = max(each.ended_at for each in self._waiting.values())
            self._judge.pass_by(self._waiting, now)
            self._waiting = {}
        while (wake_at := self._judge.wake_at) is not None and wake_at < at:
            self._hear(Ticked(), wake_at)
            if self._judge.wake_at is not None and self._judge.wake_at <= wake_at:
                break

    def _hear(self, event: Event, now: datetime) -> None:
        self._called.update(dict.fromkeys(self._judge.hear(event, now), now))
        for fact in self._judge.facts:
            if isinstance(fact, _OUTAGE_FACTS):
                self._outages[fact.outage.id] = fact.outage
            elif isinstance(fact, FlagChanged) and fact.now.state is FlagState.READY is not fact.was.state:
                self.readies += 1
        self._is_quiet = self._judge.is_quiet


def in_order(
    rows: Iterable[Recorded], blind: Sequence[tuple[datetime, datetime | None]], alive: Sequence[Life]
) -> Iterator[Happened]:
    """Give everything on record in the order in which a monitor heard of it."""
    return merge(_by_end(rows), iter(_of_sight(blind)), iter(_of_life(alive)))


def _by_end(rows: Iterable[Recorded]) -> Iterator[Happened]:
    """Give outcomes in the order of their ends; they come in the order of their beginnings."""
    waiting: list[Happened] = []
    for nth, row in enumerate(rows):
        while waiting and waiting[0].at <= row.outcome.started_at:
            yield heappop(waiting)
        heappush(waiting, Happened(row.ended_at, nth, row))
    while waiting:
        yield heappop(waiting)


def _of_sight(blind: Sequence[tuple[datetime, datetime | None]]) -> list[Happened]:
    changes = [Happened(since, -2, BlindnessChanged(blind=True)) for since, _ in blind]
    changes += [Happened(until, -1, BlindnessChanged(blind=False)) for _, until in blind if until is not None]
    return sorted(changes, key=lambda change: change[:2])


def _of_life(alive: Sequence[Life]) -> list[Happened]:
    """Return when another run of the monitor took over."""
    return [
        Happened(after.since, -3, Restarted(before.until))
        for before, after in pairwise(alive)
        if after.run != before.run
    ]


def _is_plain(row: Recorded) -> bool:
    outcome = row.outcome
    return outcome.is_good and outcome.attempt is Attempt.SCHEDULED and not outcome.warnings
