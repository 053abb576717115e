"""Runs every probe at its cadence: one task a probe, so that no probe ever waits for another.

The rules say when the next attempt is due and why; this makes it. A round's attempts follow one another while the
controls are asked beside them. Nothing here decides what an outcome means.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from glasswatch.clock import Clock
from monitor.guard import Guard
from monitor.model.event import Observed
from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason
from monitor.model.policy import ProbePolicy
from monitor.model.record import OutcomeRow
from monitor.model.state import PlatformState, ProbeState
from monitor.ports import Probe
from monitor.rules import budget, schedule
from monitor.rules.probe import STALE_INTERVALS, completes_round, is_believed_bad, round_is_on
from monitor.rules.status_page import word
from monitor.starts import Starts

log = logging.getLogger("glasswatch.scheduler")

GRACE_SECONDS = 5.0  # a probe that is not back so long after its own deadline is cut off


class Budget:
    """What may still be asked of one vendor in this minute."""

    def __init__(self, limit: int | None, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._spent: deque[float] = deque()

    def allow(self, limit: int | None) -> None:
        """Allow another number from now on; what was spent stays spent."""
        self._limit = limit

    def take(self, why: Attempt) -> bool:
        """Take one request out of the budget; False where that would be one too many."""
        if self._limit is None:
            return True
        now = self._clock.monotonic()
        while self._spent and now - self._spent[0] >= budget.WINDOW_SECONDS:
            self._spent.popleft()
        if not budget.allows(len(self._spent), self._limit, why):
            return False
        self._spent.append(now)
        return True

    def count(self) -> None:
        """Count one request that is made whether it fits or not."""
        if self._limit is not None:
            self._spent.append(self._clock.monotonic())


class Kept(Protocol):
    """Who holds what is believed of a platform, and takes in what its probes find: `Keeper`, or an exercise's own."""

    @property
    def platform(self) -> str:
        """The platform's name."""
        ...

    @property
    def state(self) -> PlatformState:
        """What is held now."""
        ...

    def hear(self, event: Observed) -> object:
        """Take in what a probe found. Never waits."""
        ...


class Sighted(Protocol):
    """Who knows whether this vantage can see: `monitor.sight.Sight`."""

    @property
    def is_blind(self) -> bool:
        """Whether nothing this vantage sees may be believed."""
        ...

    def ask(self, *, afresh: bool = False) -> asyncio.Task[bool]:
        """Ask the controls, or join a question; never cancel the task."""
        ...

    def lost(self) -> None:
        """Note that no control answered."""
        ...


class Recording(Protocol):
    """Where outcomes are put on record."""

    def record(self, rows: Iterable[OutcomeRow]) -> None:
        """Take them; never waits."""
        ...


class Counting(Protocol):
    """Where attempts are counted."""

    def lag(self, seconds: float) -> None:
        """Count how late a scheduled attempt started."""
        ...

    def outcome(self, platform: str, probe: str, found: Outcome) -> None:
        """Count an outcome."""
        ...


@dataclass(frozen=True, slots=True)
class Bench:
    """What all probes of the scheduler share."""

    store: Recording
    sight: Sighted
    metrics: Counting
    clock: Clock
    grid: schedule.Grid
    starts: Starts = field(default_factory=Starts)
    guard: Guard = field(default_factory=Guard)


class ProbeLoop:
    """Runs one probe until cancelled."""

    def __init__(self, keeper: Kept, policy: ProbePolicy, probe: Probe, requests: Budget, bench: Bench) -> None:
        self._keeper = keeper
        self._policy = policy
        self._probe = probe
        self._requests = requests
        self._bench = bench
        self._slots = schedule.Slots(keeper.platform, policy.name, bench.grid)
        self._sleep: asyncio.Future[None] | None = None
        self._is_called = False
        self._ended_at: datetime | None = None
        self._question: asyncio.Task[bool] | None = None
        self._seen: list[tuple[Outcome, bool]] = []  # with whether nothing speaks against its being believed
        self._has_run = False
        self._ran_at = bench.clock.monotonic()

    def unrun(self) -> str | None:
        """Return the probe's name while it made no attempt yet."""
        return None if self._has_run else f"{self._keeper.platform}/{self._policy.name}"

    def late(self) -> str | None:
        """Return the probe's name while no attempt has ended for so long that what it says is stale by far."""
        policy = self._policy
        longest = STALE_INTERVALS * policy.interval + policy.timeout + timedelta(seconds=GRACE_SECONDS)
        is_late = self._bench.clock.monotonic() - self._ran_at > longest.total_seconds()
        return f"{self._keeper.platform}/{policy.name}" if is_late else None

    def call(self) -> None:
        """Have the next attempt made at once."""
        self._is_called = True
        if self._sleep is not None:
            _wake(self._sleep)

    def go_on(self) -> None:
        """Take the next slot as if an attempt had just ended: this is no start, which has one of its own."""
        self._ended_at = self._bench.clock.now()

    async def run(self) -> None:
        """Make attempt after attempt. Only cancellation ends it: a fault of ours is an outcome not measured."""
        while True:
            why = await self._wait()
            self._question = self._bench.sight.ask() if self._is_suspect() and self._needs_control() else None
            outcome = await self._attempt(why)
            await self._tell(outcome)
            self._has_run = True
            self._ran_at = self._bench.clock.monotonic()

    async def _wait(self) -> Attempt:
        clock = self._bench.clock
        due_at, why = schedule.next_attempt(
            self._held, self._policy, slots=self._slots, last_ended_at=self._ended_at, now=clock.now()
        )
        if not self._is_called:
            await self._rest(max(0.0, (due_at - clock.now()).total_seconds()))
        was_called, self._is_called = self._is_called, False
        if was_called:
            why = Attempt.CONFIRMATION if round_is_on(self._held) else Attempt.CALLED
        await self._bench.starts.turn(is_urgent=why is not Attempt.SCHEDULED)
        if was_called:
            return why
        self._bench.metrics.lag(max(0.0, (clock.now() - due_at).total_seconds()))
        return why

    async def _rest(self, seconds: float) -> None:
        """Wait until then, or until called: thousands do at any moment, so it is a future and a timer, no more."""
        loop = asyncio.get_running_loop()
        self._sleep = loop.create_future()
        alarm = loop.call_later(seconds, _wake, self._sleep)
        try:
            await self._sleep
        finally:
            alarm.cancel()
            self._sleep = None

    async def _attempt(self, why: Attempt) -> Outcome:
        clock = self._bench.clock
        started_at = clock.now()
        if not self._requests.take(why):
            return _unmade(started_at, why, OutcomeKind.SKIPPED, Reason.BUDGET, "max_requests_per_minute was spent")
        try:
            with self._bench.guard.over(self._policy.timeout.total_seconds() + GRACE_SECONDS):
                return await self._probe.attempt(why)
        except Exception:
            # A probe raises nothing by its contract. If one does, the fault is ours and says nothing of the platform.
            log.exception("probe_fault", extra={"fields": {"probe": self._policy.name}})
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            # Something inside the probe was cancelled, but nobody asked this loop to end.
            log.exception("probe_fault", extra={"fields": {"probe": self._policy.name}})
        return _unmade(
            started_at, why, OutcomeKind.NOT_MEASURED, Reason.OWN_FAULT, "a fault of glasswatch; see its log"
        )

    async def _tell(self, outcome: Outcome) -> None:
        sight = self._bench.sight
        ended_at = self._ended_at = self._bench.clock.now()
        is_asked = self._is_to_be_asked(outcome)
        answered = await self._control_answered() if is_asked else None
        if answered is False:
            sight.lost()
        self._seen.append((outcome, bool(answered) or not is_asked))
        self._keeper.hear(Observed(self._policy.name, outcome, ended_at, answered))
        if sight.is_blind or not round_is_on(self._held):
            self._record(is_believed=not sight.is_blind)

    def _is_to_be_asked(self, outcome: Outcome) -> bool:
        """Whether a bad outcome is about to be believed, if a control answered."""
        return outcome.is_bad and not self._bench.sight.is_blind and self._needs_control()

    async def _control_answered(self) -> bool | None:
        """Return whether a control answered; None where what they say proves nothing of the attempt.

        The question was asked when the attempt began, so that its answer need not be waited for; a no is asked once
        more, because a control may lose an answer too. A yes to that says that we see now, not that we saw while the
        attempt was made: nothing is believed of it, nobody is called blind, and it is made once more.
        """
        if await asyncio.shield(self._question or self._bench.sight.ask()):
            return True
        sees_now = await asyncio.shield(self._bench.sight.ask(afresh=True))
        return None if sees_now else False

    def _is_suspect(self) -> bool:
        """Whether a bad outcome is to be expected, so that the controls may be asked beforehand."""
        return not self._bench.sight.is_blind and (round_is_on(self._held) or is_believed_bad(self._held))

    def _needs_control(self) -> bool:
        """Whether one more bad outcome would be believed: it completes a round, or its probe is confirmed bad."""
        return completes_round(self._held, self._policy) or is_believed_bad(self._held)

    def _record(self, *, is_believed: bool) -> None:
        """Store and count what was seen; of a round all at once, when it is known whether it may be believed."""
        bench, platform, policy = self._bench, self._keeper.platform, self._policy
        seen, self._seen = [(one, is_believed and is_sure) for one, is_sure in self._seen], []
        bench.store.record(
            OutcomeRow(platform, policy.name, policy.function, one, is_sure, word(one) if policy.tells else None)
            for one, is_sure in seen
        )
        for one, is_sure in seen:
            # What a blind vantage saw is not measured: our own network must not become their bad requests.
            counted = replace(one, kind=OutcomeKind.NOT_MEASURED) if one.is_bad and not is_sure else one
            bench.metrics.outcome(platform, policy.name, counted)

    @property
    def _held(self) -> ProbeState:
        return self._keeper.state.probes[self._policy.name]


def _wake(sleep: asyncio.Future[None]) -> None:
    if not sleep.done():
        sleep.set_result(None)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _unmade(at: datetime, why: Attempt, kind: OutcomeKind, reason: Reason, detail: str) -> Outcome:
    return Outcome(kind, reason, detail, at, 0.0, attempt=why)
