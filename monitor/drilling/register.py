"""Keeps the runs of drills: what is told of one is judged, written down, and only then answered and acted on.

1. What is told is taken in one after another, so that two words about one run, or two runs on one platform, can't miss
   each other.
2. A run, a head, its pages and its audit are one transaction. What can't be written in time was not taken, and whoever
   told of it is told so, and tells it again. Being heard of counts all the same: a run is not silent for our store.
3. That somebody left something behind is paged at once, marked unrecorded where it can't be written.
4. Silence is counted by a clock that nobody sets, and after a start from the start: while the monitor was away, nobody
   could be heard. Who was called silent before is so until heard of.
5. Once a second open runs are looked at. What can't be written then is paged, marked unrecorded, and written later.
6. By a clock that is wrong nothing is overdue.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from glasswatch.clock import Clock
from monitor.drilling.ports import Receipted, RunStore, StoodRun
from monitor.drilling.receipts import Receipts
from monitor.errors import StoreError, StoreUnavailable
from monitor.model.drill import (
    DrillQuery,
    DrillRun,
    HeadAct,
    JournalHead,
    KnownHead,
    RunClosing,
    RunCommit,
    RunOpening,
    RunRefusal,
    RunRepeat,
    RunStanding,
    RunStep,
    RunTold,
)
from monitor.model.page import Page
from monitor.model.record import AuditEntry, ChainHead, RoutedPage
from monitor.rules import drillruns
from monitor.storegate import StoreGate

log = logging.getLogger("glasswatch.drills")

T = TypeVar("T")
Rule = Callable[[DrillRun, str | None], drillruns.Ruling]
PATIENCE_SECONDS = 2.0
LOOK_SECONDS = 1.0
MOST_WATCHED = 10_000


@dataclass(frozen=True, slots=True)
class RunNews:
    """What became of a run, and the pages that go out; written unless `is_recorded` is false."""

    step: RunStep
    pages: tuple[RoutedPage, ...]
    is_recorded: bool


@dataclass(frozen=True, slots=True)
class RunContext:
    """What the register works with.

    `note` has a line of the audit written that stands beside no effect; `moved` hears of the audit's end; `is_trusted`
    says whether the wall clock can be believed; `looked` is called whenever all runs were looked at.
    """

    deployment: str
    store: RunStore
    gate: StoreGate
    clock: Clock
    receipts: Receipts
    route: Callable[[Page], tuple[str, ...]]
    note: Callable[[AuditEntry, str | None], None]
    moved: Callable[[ChainHead], None]
    tell: Callable[[RunNews], None]
    is_trusted: Callable[[], bool] = lambda: True
    looked: Callable[[], None] = lambda: None
    patience_seconds: float = PATIENCE_SECONDS


class RunRegister:
    """All runs. `start` it once the store is open."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._watched: dict[str, DrillRun] = {}
        self._heard: dict[str, float] = {}
        self._began = context.clock.monotonic()
        self._unwritten: dict[str, RunCommit] = {}
        self._doubtful: set[str] = set()  # what was told of them may be on record though nobody was answered
        self._cried: set[tuple[str, tuple[str, ...]]] = set()
        self._one_by_one = asyncio.Lock()
        context.gate.register(self.drain, lambda: not self._unwritten and not self._doubtful)

    async def start(self) -> None:
        """Take up the runs that something has to become of still.

        Raises:
            StoreUnavailable: they can't be read.
        """
        for run in await self._context.store.drill_runs(DrillQuery(is_watched=True, limit=MOST_WATCHED)):
            self._watched.setdefault(run.id, run)
            self._heard.setdefault(run.id, self._began)

    def watched(self) -> Sequence[StoodRun]:
        """Return the runs that something has to become of still, newest opened first."""
        ordered = sorted(self._watched.values(), key=lambda run: (run.opened_at, run.id), reverse=True)
        return [self._stood(run) for run in ordered]

    async def runs(self, query: DrillQuery) -> Sequence[StoodRun]:
        """Return runs as they are on record, newest opened first; raises `StoreUnavailable`."""
        found = await self._context.store.drill_runs(query)
        return [self._stood(run) for run in found]

    async def heads(self, run: str) -> Sequence[KnownHead]:
        """Return every head of a run that was told of, in the journal's order; raises `StoreUnavailable`."""
        return await self._context.store.drill_heads(run)

    async def open(self, opening: RunOpening, by: str) -> Receipted | RunRefusal:
        """Open a run.

        Raises:
            StoreUnavailable: it isn't on record, and was not opened.
        """
        async with self._one_by_one:
            known = await self._run(opening.run)
            ruling = drillruns.opened(opening, known, self._other(opening.platform), self._teller(by))
            return await self._settled(opening.run, ruling)

    async def tell(self, run: str, head: JournalHead, by: str) -> Receipted | RunRefusal | None:
        """Take in where a run's journal ends; None: there is no such run.

        Raises:
            StoreUnavailable: it isn't on record.
        """
        return await self._taken(run, head, lambda known, at: drillruns.heard(known, head, at, self._teller(by)))

    async def close(self, run: str, closing: RunClosing, by: str) -> Receipted | RunRefusal | None:
        """Close a run; None: there is no such run.

        Raises:
            StoreUnavailable: it isn't on record. Whoever had to be paged is.
        """
        return await self._taken(
            run, closing.head, lambda known, at: drillruns.closed(known, closing, at, self._teller(by))
        )

    async def watch(self) -> None:
        """Have open runs looked at, again and again. Runs until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Exception:
                # A mistake of ours about one run must not end the watch over all.
                log.exception("drill_fault")

    async def look(self) -> None:
        """Do what time alone leads to."""
        for name in tuple(self._watched):
            async with self._one_by_one:
                run = self._watched.get(name)
                if run is not None:
                    await self._look(run)
        self._context.looked()

    async def drain(self) -> None:
        """Write what is missing in the store.

        Raises:
            StoreError: it still can't be written; what is missing is kept.
        """
        for name, commit in tuple(self._unwritten.items()):
            self._context.moved(await self._context.store.drill_run(commit))
            if self._unwritten.get(name) is commit:
                del self._unwritten[name]
        for name in tuple(self._doubtful):
            self._believe(name, await self._context.store.drill_runs(DrillQuery(run=name)))

    async def _taken(self, name: str, head: JournalHead, rule: Rule) -> Receipted | RunRefusal | None:
        """Take in what is told of a run that is known. Who is taken in is heard of, and who can't be for our sake."""
        async with self._one_by_one:
            try:
                known = await self._run(name)
                if known is None:
                    return None
                answer = await self._settled(name, rule(known, await self._hash_at(name, head)))
            except StoreError:
                self._hear(name)
                raise
            if not isinstance(answer, RunRefusal):
                self._hear(name)
            return answer

    async def _look(self, run: DrillRun) -> None:
        step = drillruns.looked(run, self._standing(run), self._context.deployment, self._context.clock.now())
        if step is None:
            return
        commit = RunCommit(step.run, None, self._routed(step), step.audit)
        try:
            await self._write(commit)
        except StoreError:
            self._unwritten[run.id] = commit
            self._tell(step, commit.pages, is_recorded=False)
        else:
            self._tell(step, commit.pages, is_recorded=True)

    async def _settled(self, name: str, ruling: drillruns.Ruling) -> Receipted | RunRefusal:
        """Write a step, have it acted on, and answer; what was told before is answered as it was then."""
        if isinstance(ruling, RunRefusal):
            for entry in ruling.audit:
                log.warning("drill_equivocation", extra={"fields": dict(entry.body)})
                self._context.note(entry, str(entry.body["platform"]))
            return ruling
        if isinstance(ruling, RunRepeat):
            return Receipted(name, await self._receipt(name, ruling.head, ruling.act), is_new=False)
        known = None
        if ruling.act is not None:
            known = KnownHead(ruling.run.head, self._context.clock.now(), ruling.act, "")
            known = replace(known, receipt=self._context.receipts.sign(ruling.run, known))
        commit = RunCommit(ruling.run, known, self._routed(ruling), ruling.audit)
        try:
            receipt = known.receipt if known is not None else await self._receipt(name, ruling.run.head, None)
            await self._write(commit)
        except StoreError:
            self._doubtful.add(name)
            self._cry(ruling, commit.pages)
            raise
        self._tell(ruling, commit.pages, is_recorded=True)
        return Receipted(name, receipt, is_new=known is not None)

    async def _write(self, commit: RunCommit) -> None:
        """Write a step in time.

        Raises:
            StoreUnavailable: it isn't known to be on record.
        """
        gate = self._context.gate
        if not gate.is_open:
            raise StoreUnavailable("the store can't be written now")
        try:
            self._context.moved(await self._in_time(self._context.store.drill_run(commit)))
        except StoreError as fault:
            gate.failed(fault)
            raise

    def _cry(self, step: RunStep, pages: tuple[RoutedPage, ...]) -> None:
        """Have paged, once, what can't be written: only that something is left behind."""
        mark = (step.run.id, step.run.residue)
        if step.run.told is RunTold.RESIDUE and mark not in self._cried:
            self._cried.add(mark)
            self._context.tell(RunNews(step, _unrecorded(pages), is_recorded=False))

    def _tell(self, step: RunStep, pages: tuple[RoutedPage, ...], *, is_recorded: bool) -> None:
        self._hold(step.run)
        self._context.tell(RunNews(step, pages if is_recorded else _unrecorded(pages), is_recorded))

    def _hold(self, run: DrillRun) -> None:
        if run.is_watched:
            self._watched[run.id] = run
            self._heard.setdefault(run.id, self._context.clock.monotonic())
        else:
            self._watched.pop(run.id, None)
            self._heard.pop(run.id, None)

    def _routed(self, step: RunStep) -> tuple[RoutedPage, ...]:
        return () if step.page is None else (RoutedPage(step.page, self._context.route(step.page)),)

    def _teller(self, by: str) -> drillruns.Teller:
        return drillruns.Teller(by, self._context.deployment, self._context.clock.now())

    def _hear(self, name: str) -> None:
        """Take note that a run is alive, whatever becomes of what it tells."""
        if name in self._watched:
            self._heard[name] = self._context.clock.monotonic()

    def _stood(self, run: DrillRun) -> StoodRun:
        return StoodRun(run, self._standing(run), self._quiet_for(run))

    def _standing(self, run: DrillRun) -> RunStanding:
        now = self._context.clock.now() if self._context.is_trusted() else None
        return drillruns.standing(run, self._quiet_for(run), now)

    def _quiet_for(self, run: DrillRun) -> timedelta:
        return timedelta(seconds=self._context.clock.monotonic() - self._heard.get(run.id, self._began))

    def _other(self, platform: str) -> DrillRun | None:
        """Return a run that is open on the platform and heard of."""
        return next(
            (
                run
                for run in self._watched.values()
                if run.opening.platform == platform and self._standing(run) is RunStanding.OPEN
            ),
            None,
        )

    async def _run(self, name: str) -> DrillRun | None:
        """Return a run, from memory if something has to become of it still."""
        if name in self._watched and name not in self._doubtful:
            return self._watched[name]
        found = await self._in_time(self._context.store.drill_runs(DrillQuery(run=name)))
        if name in self._doubtful:
            self._believe(name, found)
        return found[0] if found else None

    def _believe(self, name: str, found: Sequence[DrillRun]) -> None:
        """Hold of a run what is on record."""
        self._doubtful.discard(name)
        for run in found:
            self._hold(run)

    async def _hash_at(self, run: str, head: JournalHead) -> str | None:
        """Return the hash that was told of under a head's number."""
        found = await self._in_time(self._context.store.drill_heads(run, head.seq))
        return found[0].head.hash if found else None

    async def _receipt(self, run: str, head: JournalHead, act: HeadAct | None) -> str:
        found = await self._in_time(self._context.store.drill_heads(run, head.seq))
        return next((each.receipt for each in reversed(found) if act in (None, each.act)), "")

    async def _in_time(self, asked: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._context.patience_seconds):
                return await asked
        except TimeoutError:
            raise StoreUnavailable(f"the store did not answer within {self._context.patience_seconds:g} s") from None


def _unrecorded(pages: tuple[RoutedPage, ...]) -> tuple[RoutedPage, ...]:
    return tuple(replace(each, page=replace(each.page, unrecorded=True)) for each in pages)
