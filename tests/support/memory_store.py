"""A store in memory, at the monitor's port, with switches for everything a disk can do wrong.

- `Disk` is what survives: crash one `MemoryStore` and open another one on the same disk.
- `fail(operation)` makes an operation raise before it writes, `fail_after(operation)` after it wrote (the answer was
  lost), both until `heal(operation)` or `times` are used up.
- `hold(operation)` makes calls wait where a test wants them; `crash()` ends the instance: nothing it is still asked
  to do reaches the disk.
- It keeps the port's contract: compare-and-set, all or nothing, one open store per disk; a commit whose answer was
  lost may be given again; no version of a flag goes back.
"""

import asyncio
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from glasswatch import chain
from monitor.errors import StoreConflict, StoreError, StoreUnavailable
from monitor.model.drill import DrillQuery, DrillRun, KnownHead, RunCommit
from monitor.model.explanation import Attempted
from monitor.model.fact import Fact, FlagTakenUp, OutageEnded, OutageOpened, OutageReopened, OutageWidened
from monitor.model.maintenance import Window, WindowAgreed, WindowEnded, WindowQuery
from monitor.model.page import Page, PageStatus
from monitor.model.record import (
    AuditEntry,
    ChainHead,
    Commit,
    Delivery,
    DeliveryState,
    FailureQuery,
    FlagDocument,
    FlagLedger,
    Loaded,
    LoadedPlatform,
    OutageQuery,
    OutcomeRow,
    Pruned,
    RoutedPage,
    Standing,
)
from monitor.model.state import Outage, PlatformState
from monitor.model.use import CauseSpan, Held, Use, UseCommit, UseQuery
from monitor.rules.flag_document import ledger_after

OPERATIONS = (
    *("open", "commit", "reserve", "alive", "blind_span", "note", "unsent", "standing", "delivery", "outages", "ended"),
    *("use", "uses", "held_around", "place", "keep_place", "failures", "prune", "windows"),
    *("drill_run", "drill_runs", "drill_heads"),
)
GENESIS = chain.GENESIS


@dataclass
class Disk:
    """What outlives a process. Everything in it may be read by a test."""

    platforms: dict[str, LoadedPlatform] = field(default_factory=dict)
    facts: list[tuple[str, Fact]] = field(default_factory=list)
    flags: list[FlagDocument] = field(default_factory=list)
    reserved: dict[str, str] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)
    deliveries: dict[tuple[str, str], Delivery] = field(default_factory=dict)
    audit: list[AuditEntry] = field(default_factory=list)
    chain: ChainHead = field(default_factory=lambda: ChainHead(0, GENESIS))
    outcomes: list[OutcomeRow] = field(default_factory=list)
    outages: dict[str, Outage] = field(default_factory=dict)
    blind_spans: dict[datetime, datetime | None] = field(default_factory=dict)
    uses: dict[str, Use] = field(default_factory=dict)
    windows: dict[str, Window] = field(default_factory=dict)
    drill_runs: dict[str, DrillRun] = field(default_factory=dict)
    drill_heads: dict[tuple[str, int, str], KnownHead] = field(default_factory=dict)
    causes: dict[str, list[CauseSpan]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    last_alive_at: datetime | None = None
    is_torn: bool = False
    holder: object | None = None

    def delivery_state(self, page_id: str, channel: str) -> DeliveryState:
        """Return how far a page got through a channel, as far as the disk knows."""
        return self.deliveries[(page_id, channel)].state


@dataclass
class Hold:
    """A place where calls wait, once `skip` calls have passed. `reached` is set when the first one waits."""

    skip: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class _Fault:
    error: StoreError
    times: int | None
    is_after: bool


class MemoryStore:
    """`monitor.ports.Store` over a `Disk`. `calls` names every operation asked for, in order."""

    def __init__(self, disk: Disk | None = None) -> None:
        self.disk = disk if disk is not None else Disk()
        self.calls: list[str] = []
        self.dropped = 0
        self._faults: dict[str, _Fault] = {}
        self._holds: dict[tuple[str, str], Hold] = {}
        self._written: dict[str, Commit] = {}
        self._noted: Sequence[tuple[str | None, AuditEntry]] | None = None
        self._is_dead = False

    # What a test may do to it

    def fail(self, *operations: str, error: StoreError | None = None, times: int | None = None) -> None:
        """Make operations (all of them by default) raise without writing."""
        self._set_faults(operations, error, times, is_after=False)

    def fail_after(self, *operations: str, error: StoreError | None = None, times: int | None = None) -> None:
        """Make operations write, and raise all the same: the caller can't know."""
        self._set_faults(operations, error, times, is_after=True)

    def heal(self, *operations: str) -> None:
        """Let operations (all of them by default) succeed again, and let go of those held."""
        for operation in operations or OPERATIONS:
            self._faults.pop(operation, None)
            for moment in ("before", "after"):
                hold = self._holds.pop((operation, moment), None)
                if hold is not None:
                    hold.released.set()

    def hold(self, operation: str, *, moment: str = "before", skip: int = 0) -> Hold:
        """Make calls of an operation wait, before or after they write, until healed or cancelled.

        The first `skip` calls pass.
        """
        return self._holds.setdefault((operation, moment), Hold(skip))

    def crash(self) -> None:
        """End this instance as a killed process ends: nothing more reaches the disk, the lock is free."""
        self._is_dead = True
        if self.disk.holder is self:
            self.disk.holder = None

    # The port

    async def open(self) -> Loaded:
        """Take the lock and return what is on the disk."""
        await self._before("open")
        if self.disk.holder not in (None, self):
            raise StoreUnavailable("another monitor holds this store")
        self.disk.holder = self
        loaded = Loaded(dict(self.disk.platforms), self.disk.last_alive_at, self.disk.chain, self.disk.is_torn)
        self.disk.is_torn = True
        await self._after("open")
        return loaded

    async def commit(self, commit: Commit) -> ChainHead:
        """Write all of it or nothing."""
        await self._before("commit")
        if self._written.get(commit.platform) is commit:
            return self.disk.chain
        known = self.disk.platforms.get(commit.platform)
        if commit.expected_revision != (known.revision if known else 0):
            raise StoreConflict(f"platform {commit.platform} was changed by somebody else")
        self._write_platform(commit, known)
        self._write_pages(commit.pages)
        for entry in commit.audit:
            self._chain(entry)
        head = self.disk.chain
        self._written[commit.platform] = commit
        await self._after("commit")
        return head

    async def reserve(self, document: FlagDocument) -> None:
        """Write a version ahead of its publication."""
        await self._before("reserve")
        known = self.disk.platforms.get(document.platform)
        if known is None:
            known = LoadedPlatform(PlatformState(document.platform), 0, FlagLedger())
        is_same = self.disk.reserved.get(document.platform) == document.sha256
        if document.ver < known.ledger.ver or (document.ver == known.ledger.ver and not is_same):
            raise StoreConflict(f"version {document.ver} of the flag is not above {known.ledger.ver}")
        ledger = ledger_after(known.ledger, document)
        self.disk.reserved[document.platform] = document.sha256
        self.disk.platforms[document.platform] = LoadedPlatform(known.state, known.revision, ledger)
        await self._after("reserve")

    def record(self, rows: Iterable[OutcomeRow]) -> None:
        """Keep outcomes; what a dead or failing store is given is dropped and counted."""
        rows = list(rows)
        if self._is_dead or "record" in self._faults:
            self.dropped += len(rows)
        else:
            self.disk.outcomes.extend(rows)

    async def windows(self, query: WindowQuery) -> Sequence[Window]:
        """Return windows, latest agreed first."""
        await self._before("windows")
        found = [
            window
            for window in self.disk.windows.values()
            if query.platform in (None, window.platform) and not (query.since and window.is_over(query.since))
        ]
        await self._after("windows")
        return sorted(found, key=lambda window: (window.agreed_at, window.id), reverse=True)[: query.limit]

    async def failures(self, query: FailureQuery) -> Sequence[Attempted]:
        """Return a probe's outcomes that were not good, newest first."""
        await self._before("failures")
        found = [
            Attempted(row.outcome, is_believed=row.is_believed)
            for row in self.disk.outcomes
            if (row.platform, row.probe) == (query.platform, query.probe) and not row.outcome.is_good
        ]
        return sorted(found, key=lambda each: each.outcome.started_at, reverse=True)[: query.limit]

    async def prune(self) -> Pruned:
        """Forget nothing: memory ends with the test."""
        await self._before("prune")
        return Pruned()

    async def alive(self, at: datetime) -> None:
        """Note a sign of life."""
        await self._before("alive")
        self.disk.last_alive_at = at
        await self._after("alive")

    async def blind_span(self, since: datetime, until: datetime | None) -> None:
        """Note when this vantage could not see."""
        await self._before("blind_span")
        self.disk.blind_spans[since] = until
        await self._after("blind_span")

    async def ended(self, at: datetime) -> None:
        """Note that this run ends in good order."""
        await self._before("ended")
        self.disk.is_torn = False
        await self._after("ended")

    async def note(self, entries: Sequence[tuple[str | None, AuditEntry]]) -> ChainHead:
        """Append to the audit; the same entries given again after a lost answer are written once."""
        await self._before("note")
        if self._noted is not entries:
            for _, entry in entries:
                self._chain(entry)
            self._noted = entries
        head = self.disk.chain
        await self._after("note")
        return head

    async def unsent(self) -> Sequence[Delivery]:
        """Return what is pending or was under way, oldest first."""
        await self._before("unsent")
        open_states = (DeliveryState.PENDING, DeliveryState.SENDING)
        found = [delivery for delivery in self.disk.deliveries.values() if delivery.state in open_states]
        await self._after("unsent")
        return found

    async def standing(self) -> Standing:
        """Return what channels were told that still matters."""
        await self._before("standing")
        found = _standing(self.disk)
        await self._after("standing")
        return found

    async def delivery(self, delivery: Delivery) -> None:
        """Write how far a delivery got; a page the disk never saw is recorded with it."""
        await self._before("delivery")
        self.disk.pages.setdefault(delivery.page.id, delivery.page)
        self.disk.deliveries[(delivery.page.id, delivery.channel)] = delivery
        await self._after("delivery")

    async def outages(self, query: OutageQuery) -> Sequence[Outage]:
        """Return outages, newest first."""
        await self._before("outages")
        found = [
            outage
            for outage in self.disk.outages.values()
            if query.platform in (None, outage.platform)
            and _touches(outage, query.since)
            and (query.until is None or outage.opened_at < query.until)
            and (query.function is None or query.function in outage.functions)
            and not (query.is_open and outage.ended_at is not None)
        ]
        await self._after("outages")
        return sorted(found, key=lambda outage: outage.opened_at, reverse=True)[: query.limit]

    async def use(self, commit: UseCommit) -> ChainHead:
        """Write a use with its pages and audit, once."""
        await self._before("use")
        if self.disk.uses.get(commit.use.id) != commit.use:
            self.disk.uses[commit.use.id] = commit.use
            self._write_pages(commit.pages)
            for entry in commit.audit:
                self._chain(entry)
        head = self.disk.chain
        await self._after("use")
        return head

    async def uses(self, query: UseQuery) -> Sequence[Use]:
        """Return uses, newest received first."""
        await self._before("uses")
        found = [use for use in self.disk.uses.values() if _is_asked(use, query)]
        await self._after("uses")
        return sorted(found, key=lambda use: (use.received_at, use.id), reverse=True)[: query.limit]

    async def drill_run(self, commit: RunCommit) -> ChainHead:
        """Write a run with a head, its pages and audit, once."""
        await self._before("drill_run")
        run = commit.run
        if self.disk.drill_runs.get(run.id) != run:
            self.disk.drill_runs[run.id] = run
            if commit.head is not None:
                self.disk.drill_heads.setdefault((run.id, commit.head.head.seq, commit.head.act), commit.head)
            self._write_pages(commit.pages)
            for entry in commit.audit:
                self._chain(entry)
        head = self.disk.chain
        await self._after("drill_run")
        return head

    async def drill_runs(self, query: DrillQuery) -> Sequence[DrillRun]:
        """Return runs, newest opened first."""
        await self._before("drill_runs")
        found = [run for run in self.disk.drill_runs.values() if _is_wanted(run, query)]
        await self._after("drill_runs")
        return sorted(found, key=lambda run: (run.opened_at, run.id), reverse=True)[: query.limit]

    async def drill_heads(self, run: str, seq: int | None = None) -> Sequence[KnownHead]:
        """Return the heads of a run's journal, in its order."""
        await self._before("drill_heads")
        heads = [each for (name, at, _), each in self.disk.drill_heads.items() if name == run and seq in (None, at)]
        await self._after("drill_heads")
        return sorted(heads, key=lambda each: (each.head.seq, each.at))

    async def held_around(self, platform: str, at: datetime, within: timedelta, valid: timedelta) -> Held:
        """Return what a test put on the disk; known unless it was never alive near that time."""
        await self._before("held_around")
        last = self.disk.last_alive_at
        held = Held(last is not None and last >= at - within - valid, tuple(self.disk.causes.get(platform, ())))
        await self._after("held_around")
        return held

    async def place(self, watcher: str) -> str | None:
        """Return how far a watcher has read."""
        await self._before("place")
        return self.disk.places.get(watcher)

    async def keep_place(self, watcher: str, at: str) -> None:
        """Write how far a watcher has read."""
        await self._before("keep_place")
        self.disk.places[watcher] = at
        await self._after("keep_place")

    async def close(self) -> None:
        """Let go of the lock."""
        if self.disk.holder is self:
            self.disk.holder = None

    # Inside

    def _set_faults(
        self, operations: tuple[str, ...], error: StoreError | None, times: int | None, *, is_after: bool
    ) -> None:
        for operation in operations or (*OPERATIONS, "record"):
            self._faults[operation] = _Fault(error or StoreUnavailable("the disk is full"), times, is_after)

    async def _before(self, operation: str) -> None:
        self.calls.append(operation)
        await self._wait(operation, "before")
        if self._is_dead:
            raise StoreUnavailable("this store has crashed")
        self._raise_fault(operation, is_after=False)

    async def _after(self, operation: str) -> None:
        await self._wait(operation, "after")
        self._raise_fault(operation, is_after=True)

    async def _wait(self, operation: str, moment: str) -> None:
        # Every call gives the loop a turn, as a real store does, so that tests meet real interleavings.
        await asyncio.sleep(0)
        hold = self._holds.get((operation, moment))
        if hold is None:
            return
        if hold.skip > 0:
            hold.skip -= 1
            return
        hold.reached.set()
        await hold.released.wait()

    def _raise_fault(self, operation: str, *, is_after: bool) -> None:
        fault = self._faults.get(operation)
        if fault is None or fault.is_after is not is_after:
            return
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                del self._faults[operation]
        # A fresh one each time: raising the same again would add to its traceback for ever.
        raise copy(fault.error)

    def _write_platform(self, commit: Commit, known: LoadedPlatform | None) -> None:
        ledger = known.ledger if known else FlagLedger()
        for taken in (fact.published for fact in commit.facts if isinstance(fact, FlagTakenUp)):
            ledger = FlagLedger(max(ledger.ver, taken.ver), taken.sha256, taken.prev)
        if commit.flag is not None:
            self.disk.flags.append(commit.flag)
            ledger = ledger_after(ledger, commit.flag)
            if commit.flag.ver == ledger.ver:
                self.disk.reserved[commit.platform] = commit.flag.sha256
        self.disk.platforms[commit.platform] = LoadedPlatform(commit.after, commit.expected_revision + 1, ledger)
        for fact in commit.facts:
            self.disk.facts.append((commit.platform, fact))
            if isinstance(fact, WindowAgreed | WindowEnded):
                self.disk.windows[fact.window.id] = fact.window
            if isinstance(fact, OutageOpened | OutageWidened | OutageEnded | OutageReopened):
                self.disk.outages[fact.outage.id] = fact.outage

    def _write_pages(self, pages: Iterable[RoutedPage]) -> None:
        for routed in pages:
            self.disk.pages.setdefault(routed.page.id, routed.page)
            for channel in routed.channels:
                due = routed.page.decided_at
                fresh = Delivery(routed.page, channel, DeliveryState.PENDING, attempts=0, next_at=due)
                self.disk.deliveries.setdefault((routed.page.id, channel), fresh)

    def _chain(self, entry: AuditEntry) -> None:
        seq = self.disk.chain.seq + 1
        body = {"kind": entry.kind, "actor": entry.actor, "at": entry.at.isoformat(), "body": dict(entry.body)}
        self.disk.chain = ChainHead(seq, chain.entry_hash(self.disk.chain.head, seq, body))
        self.disk.audit.append(entry)


def _is_asked(use: Use, query: UseQuery) -> bool:
    ids = {use.id, use.report.id if use.report else None, use.finding.id if use.finding else None}
    return (
        query.platform in (None, use.platform)
        and query.is_open in (None, use.is_open)
        and query.target in (None, use.target)
        and (not query.ids or not ids.isdisjoint(query.ids))
        and (query.received_since is None or use.received_at >= query.received_since)
        and (query.since_at is None or use.at >= query.since_at)
        and (query.until_at is None or use.at <= query.until_at)
    )


def _is_wanted(run: DrillRun, query: DrillQuery) -> bool:
    return (
        query.run in (None, run.id)
        and query.scenario in (None, run.opening.scenario)
        and query.platform in (None, run.opening.platform)
        and (query.since is None or run.opened_at >= query.since)
        and query.is_watched in (None, run.is_watched)
        and query.is_closed in (None, run.closed_at is not None)
        and query.is_passed in (None, run.passed_at is not None)
    )


def _standing(disk: Disk) -> Standing:
    order = list(disk.pages)
    known = sorted(disk.deliveries.values(), key=lambda each: order.index(each.page.id))
    open_pages = {each.page.id for each in known if each.state in (DeliveryState.PENDING, DeliveryState.SENDING)}
    last_of = {page.dedup_key: page for page in disk.pages.values()}
    taken = {(each.channel, each.page.dedup_key): each for each in known if each.state is DeliveryState.SENT}
    firing = tuple(each for each in taken.values() if each.page.status is PageStatus.FIRING)
    last = {each.page.dedup_key: last_of[each.page.dedup_key] for each in firing}
    return Standing(
        settled=tuple(
            each
            for each in known
            if each.page.id in open_pages and each.state in (DeliveryState.SENT, DeliveryState.FAILED)
        ),
        firing=firing,
        over=tuple(page for page in last.values() if page.status is PageStatus.RESOLVED),
    )


def _touches(outage: Outage, since: datetime | None) -> bool:
    return since is None or outage.ended_at is None or outage.ended_at > since
