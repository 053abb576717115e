"""Settles what the rules found about one platform: writes it down, then has it acted on (design 3.8).

1. A changed flag is signed first, so that its document and version are in the same transaction as their cause.
2. Everything is written in one transaction; only then is anybody told.
3. If the store can't be written in time, everybody is told all the same, pages marked unrecorded; what is missing in
   the store is kept and written, in order, as soon as that works again.
4. A platform's findings are settled one after another; one platform never waits for another. Those that only say how
   probes are, and wait for the same turn, share a transaction (`monitor.rules.settling`).
5. What was decided is written and told also when the settler is stopped in the middle of it (`finish`).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from glasswatch.clock import Clock
from monitor.errors import StoreError, StoreUnavailable
from monitor.model.fact import Fact, FlagChanged, PageDecided, ProbeChanged, Step
from monitor.model.page import Page
from monitor.model.record import ChainHead, Commit, FlagDocument, FlagLedger, LoadedPlatform, RoutedPage
from monitor.model.state import PlatformState
from monitor.ports import Store
from monitor.rules import audit, settling
from monitor.rules.flag_document import is_due, ledger_after
from monitor.storegate import StoreGate

log = logging.getLogger("glasswatch.settle")

PATIENCE_SECONDS = 2.0  # how long a page or a changed flag waits for its record


class Seal(Protocol):
    """Signs the flag of one platform."""

    def __call__(self, state: PlatformState, ledger: FlagLedger, now: datetime, *, is_change: bool) -> FlagDocument:
        """Return the signed document for this state; a version above the ledger's."""
        ...


@dataclass(frozen=True, slots=True)
class Settled:
    """What was found, and written unless `is_recorded` is false. `state` is the platform's after it."""

    state: PlatformState
    facts: tuple[Fact, ...]
    document: FlagDocument | None
    pages: tuple[RoutedPage, ...]
    is_recorded: bool


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What was decided and is not told yet. `write` puts it into the store; it may be called again."""

    settled: Settled
    write: Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Chain:
    """Where the audit chain ends, as last written. One for all platforms: they share the chain."""

    head: ChainHead

    def move(self, head: ChainHead) -> None:
        """Take note of an end; an answer that was overtaken changes nothing."""
        if head.seq >= self.head.seq:
            self.head = head


@dataclass(frozen=True, slots=True)
class SettlerContext:
    """What all settlers share. `tell` are called in order, must not block and must not raise."""

    store: Store
    gate: StoreGate
    chain: Chain
    clock: Clock
    route: Callable[[Page], tuple[str, ...]]
    tell: Sequence[Callable[[Settled], None]]


class Settler:
    """Settles one platform's findings, in order, until cancelled."""

    def __init__(self, loaded: LoadedPlatform, seal: Seal, context: SettlerContext) -> None:
        self._platform = loaded.state.platform
        self._revision = loaded.revision
        self._ledger = loaded.ledger
        self._on_record = loaded.state.probes
        self._seal = seal
        self._context = context
        self._waiting: deque[Step | PlatformState] = deque()
        self._arrived = asyncio.Event()
        self._prepared: _Prepared | None = None
        self._unwritten: deque[Commit] = deque()
        self._writing = asyncio.Lock()
        self._under_way: asyncio.Task[ChainHead] | None = None
        self._latest: FlagDocument | None = None
        self._is_renewing = False
        self.turns = 0
        """How much was settled in all."""
        context.gate.register(self.drain, lambda: not self._unwritten, is_first=True)

    @property
    def platform(self) -> str:
        """The platform's name."""
        return self._platform

    @property
    def is_settled(self) -> bool:
        """Whether everything put in so far is written and told."""
        return self._prepared is None and not self._waiting and not self._unwritten

    @property
    def is_told(self) -> bool:
        """Whether everything put in so far is told, be it written or not."""
        return self._prepared is None and not self._waiting

    def reseal(self, seal: Seal) -> None:
        """Have flags signed by other terms from now on."""
        self._seal = seal

    def leave(self) -> None:
        """Have the gate ask no more for what is unwritten: there is nothing, and never will be."""
        self._context.gate.unregister(self.drain)

    def put(self, step: Step) -> None:
        """Take in what one event led to."""
        self._put(step)

    def renew_if_due(self, state: PlatformState, now: datetime) -> None:
        """Have the flag signed again when the rules say so: once a minute, or when it never was."""
        if not self._is_renewing and is_due(self._platform, self._latest, state.flag, now):
            self._is_renewing = True
            if self._context.gate.is_open:
                self.checkpoint(state)
            self._put(state)

    def checkpoint(self, state: PlatformState) -> None:
        """Have written how far every probe is, though nothing was found: a restart must not go on from long ago."""
        if any(self._on_record.get(name) is not held for name, held in state.probes.items()):
            self._put(Step(state, (), (), None))

    async def run(self) -> None:
        """Settle finding after finding. Only cancellation ends it."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                self._prepare(self._next())
                await self._complete()

    async def finish(self, within: timedelta) -> None:
        """Settle what `run`, which must have ended, left: what was under way, and what waits.

        What can't be written within that time is told all the same.
        """
        try:
            async with asyncio.timeout(within.total_seconds()):
                await self._complete()
                while self._waiting:
                    self._prepare(self._next())
                    await self._complete()
                await self.drain()
        except TimeoutError:
            log.warning("settling_timed_out", extra={"fields": {"platform": self._platform}})
        except StoreError as fault:
            log.warning("left_unwritten", extra={"fields": {"platform": self._platform, "error": str(fault)}})
        except Exception:
            log.exception("write_fault", extra={"fields": {"platform": self._platform}})
        self._tell_unwritten()
        while self._waiting:
            self._prepare(self._next())
            self._tell_unwritten()

    async def drain(self) -> None:
        """Write what is missing in the store, in order.

        Raises:
            StoreError: it still can't be written; what is missing is kept.
        """
        async with self._writing:
            while self._unwritten:
                await self._write_next()

    def _put(self, work: Step | PlatformState) -> None:
        self._waiting.append(work)
        self._arrived.set()

    def _next(self) -> Step | PlatformState:
        """Take what waited longest, with what came after it and may share its record."""
        work = self._waiting.popleft()
        while isinstance(work, Step) and self._waiting and isinstance(later := self._waiting[0], Step):
            joined = settling.joined(work, later)
            if joined is None:
                break
            self._waiting.popleft()
            work = joined
        return work

    async def _write_next(self) -> None:
        # A task of its own: being cancelled must not leave us guessing whether it was written.
        if self._under_way is None:
            self._under_way = asyncio.create_task(self._context.store.commit(self._unwritten[0]))
            # It may fail after everybody who waited is gone; asyncio would complain that nobody looked.
            self._under_way.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.wait({self._under_way})
        done, self._under_way = self._under_way, None
        self._context.chain.move(done.result())
        self._unwritten.popleft()

    def _prepare(self, work: Step | PlatformState) -> None:
        """Sign and put together what is to be written and told. Nothing waits here: it is all done or not begun."""
        if isinstance(work, Step):
            self._prepared = self._prepare_step(work)
            return
        self._is_renewing = False
        now = self._context.clock.now()
        if is_due(self._platform, self._latest, work.flag, now):  # else a change was signed meanwhile
            document = self._sign(work, now, is_change=False)
            self._prepared = _Prepared(
                Settled(work, (), document, (), is_recorded=True), lambda: self._context.store.reserve(document)
            )

    def _prepare_step(self, step: Step) -> _Prepared:
        now = self._context.clock.now()
        document = None
        if any(isinstance(fact, FlagChanged) for fact in step.facts):
            document = self._sign(step.state, now, is_change=True)
        pages = tuple(
            RoutedPage(fact.page, self._context.route(fact.page))
            for fact in step.facts
            if isinstance(fact, PageDecided)
        )
        commit = Commit(
            platform=self._platform,
            expected_revision=self._revision,
            at=now,
            after=step.state,
            facts=step.facts,
            changed_probes=self._changed_probes(step),
            flag=document,
            pages=pages,
            audit=audit.entries(self._platform, step.facts, document, now),
        )
        # The revision moves on whether or not the write works: what is kept will take exactly this place.
        self._revision += 1
        self._unwritten.append(commit)
        return _Prepared(Settled(step.state, step.facts, document, pages, is_recorded=True), self.drain)

    def _changed_probes(self, step: Step) -> tuple[str, ...]:
        """Return the probes whose rows are written: those that changed; at a checkpoint all that moved on."""
        probes = step.state.probes
        if step.facts:
            named = {fact.probe for fact in step.facts if isinstance(fact, ProbeChanged)} & probes.keys()
        else:
            named = {name for name, held in probes.items() if self._on_record.get(name) is not held}
        if named:
            self._on_record = {**self._on_record, **{name: probes[name] for name in named}}
        return tuple(named)

    def _sign(self, state: PlatformState, now: datetime, *, is_change: bool) -> FlagDocument:
        document = self._seal(state, self._ledger, now, is_change=is_change)
        self._ledger = ledger_after(self._ledger, document)
        self._latest = document
        return document

    async def _complete(self) -> None:
        """Write what is prepared, then tell it. Cancelled in between, it can be called again."""
        prepared = self._prepared
        if prepared is None:
            return
        is_written = await self._is_written(prepared)
        self._prepared = None
        self._tell(prepared.settled if is_written else _unrecorded(prepared.settled))

    async def _is_written(self, prepared: _Prepared) -> bool:
        gate = self._context.gate
        if not gate.is_open:
            return False
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await prepared.write()
        except TimeoutError:
            # The write goes on behind; whoever must be told is told now.
            gate.failed(StoreUnavailable(f"the store did not answer within {PATIENCE_SECONDS:g} s"))
        except StoreError as fault:
            gate.failed(fault)
        except Exception as fault:
            # A mistake of ours in writing must not keep anybody from being told.
            log.exception("write_fault", extra={"fields": {"platform": self._platform}})
            gate.failed(StoreUnavailable(f"{self._platform}: a fault of glasswatch: {type(fault).__name__}"))
        else:
            return True
        return False

    def _tell_unwritten(self) -> None:
        prepared, self._prepared = self._prepared, None
        if prepared is not None:
            self._tell(_unrecorded(prepared.settled))

    def _tell(self, settled: Settled) -> None:
        self.turns += 1
        for listener in self._context.tell:
            try:
                listener(settled)
            except Exception:
                # One listener's fault must not keep the others from being told.
                log.exception("listener_fault", extra={"fields": {"platform": self._platform}})


def _unrecorded(settled: Settled) -> Settled:
    pages = tuple(replace(routed, page=replace(routed.page, unrecorded=True)) for routed in settled.pages)
    return replace(settled, pages=pages, is_recorded=False)
