"""The store: every method of the port, each one work for the writer's thread."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import uuid4

from sqlalchemy import URL, Connection

from glasswatch.chain import ChainProblem, Entry, verify
from glasswatch.clock import Clock
from glasswatch.spans import Span
from monitor.errors import StoreUnavailable, StoreUnusable
from monitor.model.drill import DrillQuery, DrillRun, KnownHead, RunCommit
from monitor.model.explanation import Attempted
from monitor.model.maintenance import Window, WindowQuery
from monitor.model.past import Past, PastQuery
from monitor.model.record import (
    AuditEntry,
    ChainHead,
    Commit,
    Delivery,
    FailureQuery,
    FlagDocument,
    Loaded,
    OutageQuery,
    OutcomeRow,
    Pruned,
    Standing,
)
from monitor.model.residue import Gone
from monitor.model.state import Outage
from monitor.model.use import Held, Use, UseCommit, UseQuery
from monitor.rules.slavalues import Proof
from monitor.store import (
    audit,
    drillruns,
    failures,
    flags,
    history,
    loading,
    openings,
    pace,
    pages,
    past,
    proof,
    revision,
    said,
    spans,
    uses,
    windows,
)
from monitor.store.commits import Commits
from monitor.store.engine import Database
from monitor.store.history import Scope
from monitor.store.identity import Identity, Limits
from monitor.store.notes import Notes
from monitor.store.outcomes import OutcomeBuffer
from monitor.store.pruning import Pruning
from monitor.store.writer import Told, Writer
from platforms.journey.model import Opening

T = TypeVar("T")
_ENTRIES = 500  # how many entries of the audit are read at a time


def make_store(
    url: str | URL, *, deployment: str, vantage: str, clock: Clock, limits: Limits | None = None
) -> "SqlStore":
    """Return the store at this URL, not yet open.

    Raises:
        StoreUnusable: the URL isn't one of a store we can use.
    """
    identity = Identity(deployment=deployment, vantage=vantage, run=uuid4().hex)
    return SqlStore(url, identity, clock, limits or Limits())


class SqlStore:
    """Durable state in SQLite or PostgreSQL. Opened once; a failed opening may be tried again."""

    def __init__(self, url: str | URL, identity: Identity, clock: Clock, limits: Limits) -> None:
        self._identity = identity
        self._clock = clock
        self._limits = limits
        self._database = Database(url, identity, limits)
        self._place = revision.Place(self._database.place, self._database.is_shared)
        self._buffer = OutcomeBuffer(identity.vantage, limits, clock)
        self._commits = Commits(identity)
        self._notes = Notes(identity)
        self._life = spans.Life(identity, limits)
        self._pruning = Pruning(identity.vantage, limits)
        self._gone: set[tuple[str, str]] = set()  # run and step of openings that persons have had forgotten
        self._writer: Writer | None = None
        self._was_known: bool | None = None  # whether this vantage was here before; None until it is looked at

    @property
    def dropped(self) -> int:
        """How many outcomes could not be kept."""
        return self._buffer.dropped

    async def open(self) -> Loaded:
        """Create or upgrade the schema if needed, take this vantage's lock, and return what was stored.

        An upgrade of the schema may take longer than the deadline of other calls.

        Raises:
            StoreUnavailable: it can't be reached or written now, or another monitor has it open.
            StoreUnusable: it is damaged, not ours, or of a newer version.
        """
        if self._writer is not None:
            raise RuntimeError("this store was opened before")
        writer = Writer(self._database, self._buffer, self._limits)
        writer.start()
        try:
            if not await writer.call(partial(revision.prepare, place=self._place)):
                await writer.call(self._upgrade, seconds=self._limits.upgrade_seconds)
            loaded = await writer.call(self._take_up)
        except BaseException:
            await writer.stop()
            raise
        self._buffer.open()
        self._writer = writer
        return loaded

    def _upgrade(self, connection: Connection) -> None:
        revision.upgrade(connection, self._place, partial(self._claim, connection))

    def _claim(self, connection: Connection) -> None:
        was_known = revision.claim(connection, self._place, self._identity, self._clock)
        if self._was_known is None:
            self._was_known = was_known

    def _take_up(self, connection: Connection) -> Loaded:
        self._claim(connection)
        loading.check_files(connection, self._place.name)
        loading.settle(connection, self._identity.vantage)
        is_torn = not audit.begin(connection, self._identity, self._clock.now()) and bool(self._was_known)
        return replace(loading.load(connection, self._identity.vantage), is_torn=is_torn)

    async def load(self) -> Loaded:
        """Return what is stored, as `open` did.

        Raises:
            StoreUnavailable: it can't be read now.
        """
        return await self._call(partial(loading.load, vantage=self._identity.vantage))

    async def commit(self, commit: Commit) -> ChainHead:
        """Write all of `commit` in one transaction, or nothing; return where the audit chain ends now.

        The same commit may be given again after `StoreUnavailable`: it is written once.

        Raises:
            StoreConflict: the platform is no longer at `expected_revision`, or a version of its flag was used before.
            StoreUnavailable: it can't be written now.
        """
        return await self._call(partial(self._commits.write, commit=commit), partial(self._commits.ended, commit))

    async def reserve(self, document: FlagDocument) -> None:
        """Write the version of a document that only renews the one before, ahead of its publication.

        Raises:
            StoreConflict: this version or a higher one was used before, for another document.
            StoreUnavailable: it can't be written now.
        """
        scope = Scope(self._identity.vantage, document.platform)
        await self._call(partial(flags.reserve, scope=scope, document=document))

    def record(self, rows: Iterable[OutcomeRow]) -> None:
        """Queue outcomes; they are written within a second. Never blocks, never raises; drops are counted."""
        if self._buffer.add(rows) and self._writer is not None:
            self._writer.wake()

    async def alive(self, at: datetime) -> None:
        """Note a sign of life, so that a gap can be told from health after a restart."""
        await self._call(partial(self._life.write, at=at), self._life.ended)

    async def blind_span(self, since: datetime, until: datetime | None) -> None:
        """Note when this vantage could not see; `until` None: it still can't."""
        await self._call(partial(spans.write_blind, vantage=self._identity.vantage, since=since, until=until))

    async def note(self, entries: Sequence[tuple[str | None, AuditEntry]]) -> ChainHead:
        """Append to the audit chain in one transaction, each entry with its platform; return where it ends now.

        The same entries may be given again after `StoreUnavailable`: they are written once.
        """
        return await self._call(partial(self._notes.write, entries=entries), partial(self._notes.ended, entries))

    async def unsent(self) -> Sequence[Delivery]:
        """Return every delivery that is pending or was under way, oldest first."""
        return await self._call(partial(pages.unsent, vantage=self._identity.vantage))

    async def standing(self) -> Standing:
        """Return what channels were told that still matters."""
        return await self._call(partial(pages.standing, vantage=self._identity.vantage))

    async def delivery(self, delivery: Delivery) -> None:
        """Write how far a delivery got."""
        await self._call(partial(pages.write_delivery, vantage=self._identity.vantage, delivery=delivery))

    async def outages(self, query: OutageQuery) -> Sequence[Outage]:
        """Return outages, newest first."""
        return await self._call(partial(history.read_outages, vantage=self._identity.vantage, query=query))

    async def windows(self, query: WindowQuery) -> Sequence[Window]:
        """Return maintenance windows that were agreed, latest agreed first."""
        return await self._call(partial(windows.read, vantage=self._identity.vantage, query=query))

    async def past(self, query: PastQuery) -> Past:
        """Return what is on record of a platform, to account for it."""
        return await self._call(partial(past.read, vantage=self._identity.vantage, query=query))

    async def paces(self, platform: str, days: Sequence[Span]) -> pace.Paces:
        """Return how long a platform's probes took, day by day: read between other calls, so that nobody is held up."""
        read = partial(pace.read, vantage=self._identity.vantage, platform=platform)
        return pace.joined([await self._call(partial(read, days=[day])) for day in days])

    async def proof(self, platform: str, since: datetime) -> Proof:
        """Return where the audit ends, and which of its entries from an instant on tell of which outage."""
        return await self._call(partial(proof.read, vantage=self._identity.vantage, platform=platform, since=since))

    async def pages_left(self, kept: Collection[tuple[str, str]]) -> None:
        """Note that no status page is read any more but those of these platforms and probes."""
        await self._call(partial(said.leave, vantage=self._identity.vantage, kept=kept, at=self._clock.now()))

    async def watched_since(self, platform: str) -> datetime | None:
        """Return since when a platform is on record; None: it isn't."""
        return await self._call(partial(past.first_at, vantage=self._identity.vantage, platform=platform))

    async def failures(self, query: FailureQuery) -> Sequence[Attempted]:
        """Return a probe's outcomes that were not good, newest first."""
        scope = Scope(self._identity.vantage, query.platform)
        return await self._call(partial(failures.read, scope=scope, query=query))

    async def prune(self) -> Pruned:
        """Forget a batch of outcomes whose time is over, and count them by the hour."""
        return await self._call(partial(self._prune, now=self._clock.now()))

    def _prune(self, connection: Connection, now: datetime) -> Pruned:
        # A batch that is to be written again may be there already: deleted meanwhile it would count twice.
        return Pruned() if self._buffer.is_unsure else self._pruning.prune(connection, now)

    async def use(self, commit: UseCommit) -> ChainHead:
        """Write a use with its pages and its audit in one transaction; return where the audit chain ends now.

        The same commit may be given again after `StoreUnavailable`: it is written once.
        """
        return await self._call(partial(uses.write, identity=self._identity, commit=commit))

    async def uses(self, query: UseQuery) -> Sequence[Use]:
        """Return uses, newest received first."""
        return await self._call(partial(uses.read, vantage=self._identity.vantage, query=query))

    async def drill_run(self, commit: RunCommit) -> ChainHead:
        """Write a run of a drill with a head, its pages and its audit in one transaction, once, as a use is."""
        return await self._call(partial(drillruns.write, identity=self._identity, commit=commit))

    async def drill_runs(self, query: DrillQuery) -> Sequence[DrillRun]:
        """Return runs of drills, newest opened first."""
        return await self._call(partial(drillruns.read, vantage=self._identity.vantage, query=query))

    async def drill_heads(self, run: str, seq: int | None = None) -> Sequence[KnownHead]:
        """Return the heads of a run's journal that were told of, in its order; with `seq`, those of one entry."""
        return await self._call(partial(drillruns.heads, vantage=self._identity.vantage, run=run, seq=seq))

    async def held_around(self, platform: str, at: datetime, within: timedelta, valid: timedelta) -> Held:
        """Return what was held of a platform's flag within so much of an instant.

        `valid` is for how long after the monitor's last sign of life that still counts.
        """
        scope = Scope(self._identity.vantage, platform)
        return await self._call(partial(uses.held_around, scope=scope, at=at, within=within, valid=valid))

    async def place(self, watcher: str) -> str | None:
        """Return how far a watcher has read; None if it never did."""
        return await self._call(partial(uses.place, vantage=self._identity.vantage, watcher=watcher))

    async def places(self, prefix: str) -> Mapping[str, str]:
        """Return every place that was kept under a name that begins so."""
        return await self._call(partial(uses.places, vantage=self._identity.vantage, prefix=prefix))

    async def keep_place(self, watcher: str, at: str) -> None:
        """Write how far a watcher has read."""
        await self._call(partial(uses.keep_place, vantage=self._identity.vantage, watcher=watcher, at=at))

    async def openings(self, platform: str, probe: str) -> Sequence[Opening]:
        """Return what a journey has open, oldest first."""
        scope = Scope(self._identity.vantage, platform)
        return await self._call(partial(openings.read, scope=scope, probe=probe))

    async def keep_opening(self, platform: str, probe: str, opening: Opening) -> None:
        """Write what a journey opened as it is now, in place of what was known of it; closed: forget it."""
        if (opening.run, opening.step) in self._gone:
            return  # an attempt under way has it in its hands, and a person has said that it is gone
        scope = Scope(self._identity.vantage, platform)
        await self._call(partial(openings.keep, scope=scope, probe=probe, opening=opening))

    async def forget_openings(self, gone: Gone, entry: AuditEntry) -> tuple[Sequence[str], ChainHead]:
        """Forget what a run left open, and audit it; return its steps, none where nothing is on record."""
        steps, head = await self._call(partial(openings.forget, identity=self._identity, gone=gone, entry=entry))
        self._gone.update((gone.run, step) for step in steps)
        return steps, head

    async def every_opening(self) -> Sequence[tuple[str, str, str, str]]:
        """Return platform, probe, run and step of everything that journeys have open."""
        return await self._call(partial(openings.every, vantage=self._identity.vantage))

    async def verify_audit(self) -> ChainProblem | None:
        """Return the first problem of this vantage's audit chain; None if it is sound.

        Read in small parts between other calls, so a long chain takes its time but holds nobody up.
        """
        loop = asyncio.get_running_loop()
        bound = self._limits.deadline_seconds + 1

        def entries() -> Iterator[Entry]:
            after = 0
            while True:
                read = partial(audit.read, vantage=self._identity.vantage, after=after, limit=_ENTRIES)
                # Bounded, because the loop may end first and nobody would answer any more.
                part = asyncio.run_coroutine_threadsafe(self._call(read), loop).result(bound)
                if not part:
                    return
                yield from part
                after = part[-1].seq

        return await asyncio.to_thread(verify, entries())

    async def ended(self, at: datetime) -> None:
        """Note that this run ends in good order: everything it decided and told is on record."""
        await self._call(partial(audit.end, identity=self._identity, at=at))

    async def close(self, within: timedelta | None = None) -> None:
        """Write what is queued, let go of the lock. Takes no longer than `within`; repeated calls do nothing."""
        if self._writer is not None:
            await self._writer.stop(within)

    async def _call(self, work: Callable[[Connection], T], ended: Told = lambda _ending: None) -> T:
        if self._writer is None:
            raise StoreUnavailable(f"the store {self._place.name} is not open")
        try:
            return await self._writer.call(work, ended)
        except StoreUnusable as fault:
            # In the middle of an outage nobody must stop for this: what runs goes on without the store.
            raise StoreUnavailable(str(fault)) from fault
