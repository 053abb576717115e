"""Keeps the uses of break-glass: what is told of one is judged, written down, and only then acted on.

1. Uses are taken in one after another, so that two words about one access can't miss each other.
2. A use, its pages and its audit are one transaction. If the store can't be written in time, the page goes out at
   once, marked unrecorded; what is missing is kept and written as soon as that works again. Whoever told of it is told
   that it isn't on record, and tells it again: that pages nobody a second time.
3. While the store can't be read, what memory holds decides: the open uses, and the flag as it stands.
4. What a person says of a use counts only once it is on record.
5. Once a second open uses are looked at: what waits for a report, for a finding, or for people.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from glasswatch.clock import Clock
from monitor.errors import StoreError, StoreUnavailable
from monitor.model.page import Page
from monitor.model.record import ChainHead, RoutedPage
from monitor.model.state import PlatformState
from monitor.model.use import (
    CauseSpan,
    Circumstances,
    Finding,
    Held,
    NotPossible,
    Report,
    Saying,
    Taken,
    Use,
    UseCommit,
    UsePolicy,
    UseQuery,
    UseStep,
)
from monitor.ports import Store
from monitor.rules import uses
from monitor.rules.use_judgement import SKEW
from monitor.rules.use_matching import around, known_as, twin_id
from monitor.rules.use_saying import said
from monitor.storegate import StoreGate

log = logging.getLogger("glasswatch.uses")

T = TypeVar("T")
PATIENCE_SECONDS = 2.0  # how long a page about a use waits for the store
LOOK_SECONDS = 1.0
MOST_KEPT = 10_000  # unwritten steps, and open uses taken up on start
NEAR = 200  # uses around an instant that may be the other side of an access


@dataclass(frozen=True, slots=True)
class UseTold:
    """A use after a step, and the pages that went out; written unless `is_recorded` is false."""

    step: UseStep
    pages: tuple[RoutedPage, ...]
    is_recorded: bool


@dataclass(frozen=True, slots=True)
class RegisterContext:
    """What the register works with.

    `state` gives what is held of a platform now; `moved` hears of the audit's end, `taken_up` of the uses that a start
    found open.
    """

    store: Store
    gate: StoreGate
    clock: Clock
    route: Callable[[Page], tuple[str, ...]]
    state: Callable[[str], PlatformState | None]
    moved: Callable[[ChainHead], None]
    tell: Callable[[UseTold], None]
    taken_up: Callable[[Sequence[Use]], None]
    ready_ttl: timedelta
    patience_seconds: float = PATIENCE_SECONDS


class UseRegister:
    """All uses. `start` it once the store is open."""

    def __init__(self, policy: UsePolicy, context: RegisterContext) -> None:
        self._policy = policy
        self._context = context
        self._open: dict[str, Use] = {}
        self._since = context.clock.now()
        self._unwritten: deque[UseCommit] = deque()
        self._one_by_one = asyncio.Lock()
        self._covered: Callable[[], Collection[tuple[str, str]]] = tuple
        self._blind: Callable[[], Sequence[str]] = tuple
        context.gate.register(self.drain, lambda: not self._unwritten)

    async def start(self) -> None:
        """Take up the uses that are open.

        Raises:
            StoreUnavailable: they can't be read.
        """
        for use in await self._context.store.uses(UseQuery(is_open=True, limit=MOST_KEPT)):
            self._open.setdefault(use.id, use)
        self._context.taken_up(self.open_uses())

    def watched(self, covered: Callable[[], Collection[tuple[str, str]]], blind: Callable[[], Sequence[str]]) -> None:
        """Name what tells which platforms and targets watchers see now, and which watchers can't see."""
        self._covered, self._blind = covered, blind

    def adopt(self, policy: UsePolicy, ready_ttl: timedelta) -> None:
        """Judge by other settings from now on."""
        self._policy = policy
        self._context = replace(self._context, ready_ttl=ready_ttl)

    def blind_watchers(self) -> Sequence[str]:
        """Return which watchers can't see, and why, one line each."""
        return self._blind()

    def open_uses(self) -> Sequence[Use]:
        """Return the uses that are open, newest first."""
        return sorted(self._open.values(), key=lambda use: (use.received_at, use.id), reverse=True)

    async def uses(self, query: UseQuery) -> Sequence[Use]:
        """Return uses as they are on record.

        Raises:
            StoreUnavailable: they can't be read.
        """
        return await self._context.store.uses(query)

    async def report(self, report: Report, by: str) -> Taken:
        """Take in what a reader reports, as `by` hands it in.

        Raises:
            StoreUnavailable: whoever had to be paged is paged, but it isn't on record: it must be told again.
        """
        async with self._one_by_one:
            circumstances = await self._circumstances(report, (report.id, twin_id(report)))
            step = uses.reported(report, by, circumstances, self._policy)
            if step is not None:
                is_recorded = await self._settle(step)
            else:
                is_recorded = not any(_is_of(report, commit) for commit in self._unwritten)
        if not is_recorded:
            raise StoreUnavailable("the store can't be written: the use was paged, but is not on record yet")
        if step is not None:
            return Taken(step.use, is_new=True)
        known = known_as(report, circumstances.known)
        return Taken(known if known is not None else circumstances.known[0], is_new=False)

    async def find(self, finding: Finding) -> None:
        """Take in what a watcher found. What can't be written is kept, and written later."""
        async with self._one_by_one:
            ids = (finding.id, *((finding.attempt,) if finding.attempt else ()))
            step = uses.found(finding, await self._circumstances(finding, ids), self._policy)
            if step is not None:
                await self._settle(step)

    async def say(self, name: str, saying: Saying) -> Use | NotPossible | None:
        """Take in what a person says of a use, by its id or its report's; None: there is no such use.

        Raises:
            StoreUnavailable: it isn't on record, and nothing has changed.
        """
        async with self._one_by_one:
            found = await self._in_time(self._context.store.uses(UseQuery(ids=(name,))))
            if not found:
                return None
            use = next((use for use in found if use.id == name), found[0])
            step = said(use, saying, self._policy, self._context.clock.now())
            if isinstance(step, NotPossible):
                return step
            if step is None:
                self._remember(use)
                return use
            pages = self._routed(step)
            self._context.moved(await self._in_time(self._context.store.use(UseCommit(step.use, pages, step.audit))))
            self._tell(step, pages, is_recorded=True)
            return step.use

    async def watch(self) -> None:
        """Have open uses looked at, again and again. Runs until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Exception:
                # A mistake of ours about one use must not end the watch over all.
                log.exception("use_fault")

    async def look(self) -> None:
        """Do what time alone leads to."""
        for use in list(self._open.values()):
            async with self._one_by_one:
                held = self._open.get(use.id)
                now = self._context.clock.now()
                step = uses.due(held, self._covered(), self._policy, now) if held is not None else None
                if step is not None:
                    await self._settle(step)

    async def drain(self) -> None:
        """Write what is missing in the store, in order.

        Raises:
            StoreError: it still can't be written; what is missing is kept.
        """
        while self._unwritten:
            commit = self._unwritten[0]
            known = await self._context.store.uses(UseQuery(ids=(commit.use.id,)))
            if any(use.received_at < commit.use.received_at for use in known if use.id == commit.use.id):
                # Told again while we could not see that it was on record: what people said of it since stays.
                self._remember(next(use for use in known if use.id == commit.use.id))
            else:
                self._context.moved(await self._context.store.use(commit))
            if self._unwritten and self._unwritten[0] is commit:
                self._unwritten.popleft()

    async def finish(self, within: timedelta) -> None:
        """Try once more to write what is missing; what then is left is logged, and its readers keep it."""
        try:
            async with asyncio.timeout(within.total_seconds()):
                await self.drain()
        except (StoreError, TimeoutError) as fault:
            log.warning("uses_not_written", extra={"fields": {"error": str(fault) or "timed out"}})
        for commit in self._unwritten:
            log.error("use_left_unwritten", extra={"fields": {"use": commit.use.id, "platform": commit.use.platform}})

    async def _circumstances(self, item: Report | Finding, ids: tuple[str, ...]) -> Circumstances:
        now = self._context.clock.now()
        known = {use.id: use for use in self._open.values()} | {each.use.id: each.use for each in self._unwritten}
        if self._context.gate.is_open:
            try:
                stored, held = await self._in_time(self._ask(item, ids, now))
                return Circumstances(tuple({**stored, **known}.values()), held, now)
            except StoreError as fault:
                self._context.gate.failed(fault)
        return Circumstances(tuple(known.values()), self._held_in_memory(item), now)

    async def _ask(self, item: Report | Finding, ids: tuple[str, ...], now: datetime) -> tuple[dict[str, Use], Held]:
        store = self._context.store
        near = replace(around(item, self._policy.match_within), limit=NEAR)
        found = [*await store.uses(UseQuery(ids=ids)), *await store.uses(near)]
        at = min(item.at, now + 2 * SKEW)  # further ahead nothing was held, and a time may be too large to add to
        held = Held(is_known=False)
        first = datetime.min.replace(tzinfo=at.tzinfo) + self._context.ready_ttl + 2 * SKEW
        if at > first and self._context.state(item.platform) is not None:
            held = await store.held_around(item.platform, at, SKEW, self._context.ready_ttl)
        # The store's signs of life have a gap where it could not be written; we were there all the same.
        return {use.id: use for use in found}, replace(held, is_known=held.is_known or self._was_here(item))

    def _was_here(self, item: Report | Finding) -> bool:
        return item.at >= self._since and self._context.state(item.platform) is not None

    def _held_in_memory(self, item: Report | Finding) -> Held:
        """Return what is held of the platform now, as far as it reaches back."""
        state = self._context.state(item.platform)
        since = state.flag.since if state is not None else None
        if state is None or since is None or item.at < since:
            return Held(is_known=False)
        return Held(is_known=True, spans=tuple(CauseSpan(cause, since, None) for cause in state.causes))

    async def _settle(self, step: UseStep) -> bool:
        """Write a step, then have it acted on; return whether it is on record."""
        pages = self._routed(step)
        commit = UseCommit(step.use, pages, step.audit)
        is_recorded = await self._is_written(commit)
        if not is_recorded:
            self._keep(commit)
            pages = tuple(replace(each, page=replace(each.page, unrecorded=True)) for each in pages)
        self._tell(step, pages, is_recorded=is_recorded)
        return is_recorded

    async def _is_written(self, commit: UseCommit) -> bool:
        gate = self._context.gate
        if not gate.is_open:
            return False
        try:
            self._context.moved(await self._in_time(self._context.store.use(commit)))
        except StoreError as fault:
            gate.failed(fault)
        except Exception as fault:
            # A mistake of ours in writing must not keep anybody from being told.
            log.exception("write_fault", extra={"fields": {"use": commit.use.id}})
            gate.failed(StoreUnavailable(f"use {commit.use.id}: a fault of glasswatch: {type(fault).__name__}"))
        else:
            return True
        return False

    async def _in_time(self, asked: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._context.patience_seconds):
                return await asked
        except TimeoutError:
            raise StoreUnavailable(f"the store did not answer within {self._context.patience_seconds:g} s") from None

    def _keep(self, commit: UseCommit) -> None:
        if len(self._unwritten) < MOST_KEPT:
            self._unwritten.append(commit)
            return
        log.error("use_not_kept", extra={"fields": {"use": commit.use.id, "platform": commit.use.platform}})

    def _routed(self, step: UseStep) -> tuple[RoutedPage, ...]:
        return () if step.page is None else (RoutedPage(step.page, self._context.route(step.page)),)

    def _tell(self, step: UseStep, pages: tuple[RoutedPage, ...], *, is_recorded: bool) -> None:
        self._remember(step.use)
        self._context.tell(UseTold(step, pages, is_recorded))

    def _remember(self, use: Use) -> None:
        if use.is_open:
            self._open[use.id] = use
        else:
            self._open.pop(use.id, None)


def _is_of(report: Report, commit: UseCommit) -> bool:
    return known_as(report, (commit.use,)) is not None
