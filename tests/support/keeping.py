"""One platform watched in virtual time: real rules, scheduler, keeper, settler; fake probes, controls and store."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor.keeper import Keeper
from monitor.metrics.book import MetricsBook
from monitor.model.event import BlindnessChanged, Restarted
from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason
from monitor.model.policy import PlatformPolicy, ProbePolicy
from monitor.model.record import ChainHead, FlagDocument, FlagLedger, LoadedPlatform
from monitor.model.state import PlatformState, ProbeState
from monitor.model.verdict import Role
from monitor.rules.schedule import Grid
from monitor.scheduler import Bench, Budget, ProbeLoop
from monitor.settle import Chain, Seal, Settled, Settler, SettlerContext
from monitor.sight import Sight, SightContext
from monitor.storegate import StoreGate
from tests.support.memory_store import GENESIS, MemoryStore
from tests.support.siege import stopped
from tests.support.virtual_time import VirtualClock

PLATFORM = "payments"


def second(number: float) -> timedelta:
    """Return so many seconds."""
    return timedelta(seconds=number)


def probe_policy(name: str = "portal", function: str = "sign_in", **changes: object) -> ProbePolicy:
    """Return a probe every 15 s, bad after 3 attempts 5 s apart."""
    standard = ProbePolicy(
        name=name,
        function=function,
        critical=True,
        role=Role.FIRST_HAND,
        interval=second(15),
        timeout=second(5),
        confirm_attempts=3,
        confirm_every=second(5),
        recover=3,
        fingerprint=f"print-of-{name}",
    )
    return replace(standard, **changes)  # type: ignore[arg-type]  # a test names fields that exist


def policy_of(*probes: ProbePolicy, **changes: object) -> PlatformPolicy:
    """Return a platform with these probes."""
    standard = PlatformPolicy(
        deployment="prod",
        platform=PLATFORM,
        probes={probe.name: probe for probe in probes or (probe_policy(),)},
        configured_vantages=1,
        lower_after=second(900),
        ready_ttl=second(900),
        unknown_max=second(4 * 3600),
        unknown_pages_after=second(120),
        manual_max=second(4 * 3600),
        manual_persons=1,
    )
    return replace(standard, **changes)  # type: ignore[arg-type]  # as above


GOOD = (OutcomeKind.GOOD, Reason.OK)
BAD = (OutcomeKind.BAD, Reason.STATUS)
NOT_MEASURED = (OutcomeKind.NOT_MEASURED, Reason.RATE_LIMITED)
Act = tuple[OutcomeKind, Reason] | Callable[[], Awaitable[tuple[OutcomeKind, Reason]]]


@dataclass
class FakeProbe:
    """Finds what `act` says (GOOD at first); takes `takes` seconds. `made`: when and why it was asked."""

    clock: VirtualClock
    act: Act = GOOD
    takes: float = 0.0
    made: list[tuple[float, Attempt]] = field(default_factory=list)

    async def attempt(self, why: Attempt) -> Outcome:
        """See `monitor.ports.Probe`."""
        started_at, begun = self.clock.now(), self.clock.monotonic()
        self.made.append((begun, why))
        await asyncio.sleep(self.takes)
        kind, reason = await self.act() if callable(self.act) else self.act
        return Outcome(kind, reason, "as told", started_at, self.clock.monotonic() - begun, attempt=why)

    @property
    def times(self) -> list[float]:
        """When it was asked."""
        return [at for at, _ in self.made]

    def whys(self, first: int = 0) -> list[Attempt]:
        """Why it was asked."""
        return [why for _, why in self.made[first:]]


@dataclass
class FakeControls:
    """Answer as told, after `takes` seconds. `asked`: when. The next `lose` questions go unanswered all the same."""

    clock: VirtualClock
    answers: bool = True
    takes: float = 0.0
    lose: int = 0
    asked: list[float] = field(default_factory=list)

    async def ask(self) -> bool:
        """See `monitor.ports.Controls`."""
        self.asked.append(self.clock.monotonic())
        await asyncio.sleep(self.takes)
        if self.lose:
            self.lose -= 1
            return False
        return self.answers


def _seal(state: PlatformState, ledger: FlagLedger, now: datetime, *, is_change: bool) -> FlagDocument:
    ver = ledger.ver + 1
    return FlagDocument(
        platform=state.platform,
        ver=ver,
        change=state.flag.change,
        state=state.flag.state,
        issued_at=now,
        expires_at=now + second(300),
        jws=f"document-{ver}",
        sha256=f"{ver:064x}",
        is_change=is_change,
        prev=ledger.change_sha256 if is_change else ledger.prev_sha256,
    )


class Watch:
    """A platform and everything that watches it. To be made inside a virtual loop."""

    def __init__(
        self,
        *probes: ProbePolicy,
        limit: int | None = None,
        grid: Grid = Grid(),  # noqa: B008 - frozen
        seal: Seal = _seal,
        **policy: object,
    ) -> None:
        self.clock = VirtualClock()
        self.policy = policy_of(*probes, **policy)
        self.store = MemoryStore()
        self.gate = StoreGate(lambda _is_open, _why: None)
        self.controls = FakeControls(self.clock)
        self.told: list[Settled] = []
        self.sight = Sight(self.controls, SightContext(self.store, self.gate, self.clock, self._sight_changed))
        self.listeners: list[Callable[[Settled], None]] = [self.told.append]
        context = SettlerContext(
            self.store, self.gate, Chain(ChainHead(0, GENESIS)), self.clock, lambda _: ("ops",), self.listeners
        )
        state = PlatformState(PLATFORM)
        self.settler = Settler(LoadedPlatform(state, 0, FlagLedger()), seal, context)
        self.keeper = Keeper(self.policy, state, self.settler, self.clock)
        self.metrics = MetricsBook([self.policy], "0")
        self.probes = {name: FakeProbe(self.clock) for name in self.policy.probes}
        requests = Budget(limit, self.clock)
        bench = Bench(self.store, self.sight, self.metrics, self.clock, grid)
        self.loops = {
            name: ProbeLoop(self.keeper, probe, self.probes[name], requests, bench)
            for name, probe in self.policy.probes.items()
        }
        self.keeper.on_call(lambda name: self.loops[name].call())

    def _sight_changed(self, is_blind: bool) -> None:  # noqa: FBT001 - the sight's callback
        self.keeper.hear(BlindnessChanged(is_blind))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Watch for the length of a block. No other loop of the daemon runs beside it: nothing ticks."""
        await self.store.open()
        self.keeper.hear(Restarted(None))
        runs = [
            self.settler.run(),
            self.gate.watch(),
            self.sight.watch(),
            *(loop.run() for loop in self.loops.values()),
        ]
        tasks = [asyncio.create_task(each) for each in runs]
        try:
            yield
            assert not any(task.done() for task in tasks)
        finally:
            await stopped(tasks)

    async def until(self, condition: Callable[[], object], within: float = 600.0) -> None:
        """Wait until a condition holds; no longer than so many virtual seconds."""
        async with asyncio.timeout(within):
            while not condition():  # noqa: ASYNC110 - waiting takes no time here
                await asyncio.sleep(0.01)

    def held(self, probe: str = "portal") -> ProbeState:
        """Return what is believed of a probe."""
        return self.keeper.state.probes[probe]

    def documents(self) -> list[FlagDocument]:
        """Return the flags that were told of, in order."""
        return [settled.document for settled in self.told if settled.document is not None]

    def outcomes(self, probe: str = "portal") -> Sequence[tuple[OutcomeKind, bool]]:
        """Return what was recorded of a probe, and whether it was believed."""
        return [(row.outcome.kind, row.is_believed) for row in self.store.disk.outcomes if row.probe == probe]
