"""What the monitor needs from outside, as interfaces with contracts. Composing code plugs the real ones in."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from monitor.model.explanation import Attempted
from monitor.model.maintenance import Window, WindowQuery
from monitor.model.outcome import Attempt, Outcome
from monitor.model.page import Page
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
from monitor.model.state import Outage, PlatformState
from monitor.model.told import Acknowledgement
from monitor.model.use import Held, NotPossible, Report, Saying, Taken, Use, UseCommit, UseQuery
from monitor.model.watch import LogPart
from platforms.journey.model import Opening


class Probe(Protocol):
    """One way of using a platform.

    `attempt` makes exactly one attempt on a new connection and returns within the probe's timeout plus 1 s whatever
    the other side does. It raises nothing but cancellation: what goes wrong is the outcome.
    """

    async def attempt(self, why: Attempt) -> Outcome:
        """Make one attempt and say what it found."""
        ...


class Controls(Protocol):
    """The question "is it us?"."""

    async def ask(self) -> bool:
        """Ask every control at once; return whether one answered, verified, in time. Raises nothing."""
        ...


class Channel(Protocol):
    """A way to deliver a page."""

    async def send(self, page: Page, attempt: int) -> str:
        """Deliver and return the provider's receipt (may be empty).

        Bounded in time by the channel's own settings. Safe to repeat: the provider joins repeats by the dedup key.

        Raises:
            DeliveryFailed: it did not get through, and whether trying again may help.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class Upholding(Protocol):
    """A channel whose provider lets a page lapse that it is not told of again."""

    @property
    def uphold_every(self) -> timedelta:
        """How often what was taken is to be upheld."""
        ...

    def is_upheld(self, page: Page) -> bool:
        """Whether a page that was taken still has to be upheld."""
        ...

    async def uphold(self, pages: Sequence[Page]) -> None:
        """Tell the provider once more of pages that it took. Bounded in time by the channel's own settings.

        Raises:
            DeliveryFailed: it did not get through everywhere.
        """
        ...


@runtime_checkable
class Asked(Protocol):
    """A channel whose provider can be asked who deals with a page."""

    @property
    def can_ask(self) -> bool:
        """Whether the settings allow it."""
        ...

    async def acknowledgement(self, page: Page) -> Acknowledgement | None:
        """Return who acknowledged a page first; None: nobody has. Bounded in time by the channel's own settings.

        Raises:
            PageLost: it can be found out, and nothing is known of the page.
            DeliveryFailed: it can't be found out now.
        """
        ...


class FlagTarget(Protocol):
    """A place where a signed flag is published."""

    name: str

    async def publish(self, document: FlagDocument) -> None:
        """Replace what is there, whole or not at all. Bounded in time by the target's own settings.

        For one platform it is called again only when this has returned; what was given up by then may not land after
        the next document, as far as that is in the target's power.

        Raises:
            PublishFailed: the target still shows what it showed before, or nobody knows.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


class Store(Protocol):
    """Durable state. One writer; every write is a transaction.

    Every method but `record` may raise `StoreUnavailable`; `commit` also `StoreConflict`, `open` also
    `StoreUnusable`. No method waits longer than the store's deadline (5 s).
    """

    async def open(self) -> Loaded:
        """Create or upgrade the schema if needed, take this vantage's lock, and return what was stored."""
        ...

    async def commit(self, commit: Commit) -> ChainHead:
        """Write all of `commit` in one transaction, or nothing; return where the audit chain ends now."""
        ...

    async def reserve(self, document: FlagDocument) -> None:
        """Write the version of a document that only renews the one before, ahead of its publication."""
        ...

    def record(self, rows: Iterable[OutcomeRow]) -> None:
        """Queue outcomes; they are written within a second. Never blocks, never raises; drops are counted."""
        ...

    async def alive(self, at: datetime) -> None:
        """Note a sign of life, so that a gap can be told from health after a restart."""
        ...

    async def blind_span(self, since: datetime, until: datetime | None) -> None:
        """Note when this vantage could not see; `until` None: it still can't."""
        ...

    async def note(self, entries: Sequence[tuple[str | None, AuditEntry]]) -> ChainHead:
        """Append to the audit chain in one transaction, each entry with its platform; return where it ends now.

        The same entries may be given again when an answer was lost: they are written once.
        """
        ...

    async def unsent(self) -> Sequence[Delivery]:
        """Return every delivery that is pending or was under way, oldest first."""
        ...

    async def standing(self) -> Standing:
        """Return what channels were told that still matters to what is, or may have to be, told."""
        ...

    async def delivery(self, delivery: Delivery) -> None:
        """Write how far a delivery got; a page that was never recorded is recorded with it."""
        ...

    async def outages(self, query: OutageQuery) -> Sequence[Outage]:
        """Return outages, newest first."""
        ...

    async def windows(self, query: WindowQuery) -> Sequence[Window]:
        """Return maintenance windows that were agreed, latest agreed first."""
        ...

    async def failures(self, query: FailureQuery) -> Sequence[Attempted]:
        """Return a probe's outcomes that were not good, newest first."""
        ...

    async def prune(self) -> Pruned:
        """Forget a batch of outcomes whose time is over: a short transaction, and nothing but outcomes."""
        ...

    async def ended(self, at: datetime) -> None:
        """Note that this run ends in good order: everything it decided and told is on record."""
        ...

    async def use(self, commit: UseCommit) -> ChainHead:
        """Write a use with its pages and audit in one transaction; return where the audit chain ends now.

        The same commit given again is written once.
        """
        ...

    async def uses(self, query: UseQuery) -> Sequence[Use]:
        """Return uses, newest received first."""
        ...

    async def held_around(self, platform: str, at: datetime, within: timedelta, valid: timedelta) -> Held:
        """Return what was held of a platform's flag within so much of an instant.

        `valid` is for how long after the monitor's last sign of life that still counts.
        """
        ...

    async def place(self, watcher: str) -> str | None:
        """Return how far a watcher has read; None if it never did."""
        ...

    async def keep_place(self, watcher: str, at: str) -> None:
        """Write how far a watcher has read."""
        ...

    async def close(self) -> None:
        """Write what is queued, let go of the lock. Bounded; repeated calls do nothing."""
        ...


class LogSource(Protocol):
    """A log in which a watcher looks for uses of break-glass."""

    async def read(self, place: str | None) -> LogPart:
        """Return what came since a place, as soon as that is known; without a place, from now on. Bounded in time.

        Raises:
            CannotSee: the log can't be read now.
        """
        ...

    async def aclose(self) -> None:
        """Let go of whatever is held."""
        ...


class Uses(Protocol):
    """The uses of break-glass, as whoever tells of them and asks about them sees them."""

    def open_uses(self) -> Sequence[Use]:
        """Return the uses that are open, newest first."""
        ...

    def blind_watchers(self) -> Sequence[str]:
        """Return which watchers can't see, and why, one line each."""
        ...

    async def uses(self, query: UseQuery) -> Sequence[Use]:
        """Return uses as they are on record; raises `StoreUnavailable`."""
        ...

    async def report(self, report: Report, by: str) -> Taken:
        """Take in what a reader reports, as `by` hands it in.

        Raises:
            StoreUnavailable: whoever had to be paged is paged, but it isn't on record: it must be told again.
        """
        ...

    async def say(self, name: str, saying: Saying) -> Use | NotPossible | None:
        """Take in what a person says of a use, by its id or its report's; None: there is no such use.

        Raises:
            StoreUnavailable: it isn't on record, and nothing has changed.
        """
        ...


class Beats(Protocol):
    """The heartbeats that are listened for."""

    def platform(self, name: str) -> str | None:
        """Return whose heartbeat it is; None: nobody listens for one of that name."""
        ...

    def beat(self, name: str, by: str, *, is_well: bool) -> datetime:
        """Hear one beat of a heartbeat that is known; return when silence from here on is called so. Never waits."""
        ...


class OpeningStore(Protocol):
    """The part of the store that journeys need. Methods may raise `StoreUnavailable`."""

    async def openings(self, platform: str, probe: str) -> Sequence[Opening]:
        """Return what a journey has open, oldest first."""
        ...

    async def keep_opening(self, platform: str, probe: str, opening: Opening) -> None:
        """Write what a journey opened as it is now, in place of what was known of it; closed: forget it."""
        ...

    async def forget_openings(self, gone: Gone, entry: AuditEntry) -> tuple[Sequence[str], ChainHead]:
        """Forget what a run left open, and audit it in one transaction; return its steps, and where the audit ends.

        Where nothing is on record nothing is audited.
        """
        ...


class RequestBudget(Protocol):
    """How many requests a platform may be asked."""

    def take(self, why: Attempt) -> bool:
        """Take one request out of the budget; False where that would be one too many."""
        ...

    def count(self) -> None:
        """Count one request that is made whether it fits or not."""
        ...


class StatusReader(Protocol):
    """What the web face may ask of the running monitor."""

    def platforms(self) -> Sequence[PlatformState]:
        """Return every platform's state, in the order of the settings."""
        ...

    def document(self, platform: str) -> FlagDocument | None:
        """Return the flag as last signed; None before the first or for an unknown platform."""
        ...

    def unpublished(self, platform: str) -> Sequence[str]:
        """Return the names of the targets that can't be given the platform's latest flag."""
        ...

    def forgotten(self) -> Sequence[str]:
        """Return what was open at the start or a reload that no journey of the settings closes, one line each."""
        ...

    def acknowledged(self, platform: str) -> Acknowledgement | None:
        """Return who said that they deal with the platform's outage; None: nobody, or there is none."""
        ...

    def waiting_for(self) -> Sequence[str]:
        """Return what is missing before the monitor can be relied on, a line each; nothing once it can.

        An open store, every platform's verdict, a run of every probe, flags that readers believe.
        """
        ...


class Attempts(Protocol):
    """What is remembered of probes' attempts since the start."""

    def last(self, platform: str, probe: str) -> Attempted | None:
        """Return the last one of a probe; None before the first."""
        ...

    def with_reasons(self, platform: str, probe: str, stored: Sequence[Attempted]) -> Sequence[Attempted]:
        """Return attempts as they are on record, with why they were judged so where that is still known."""
        ...


class PublishObserver(Protocol):
    """What the publisher tells to whoever counts. Called in the loop; must return at once and raise nothing."""

    def publish_tried(self, document: FlagDocument, target: str, *, is_out: bool) -> None:
        """A document was tried to be published; `is_out`: the target shows it."""
        ...

    def publish_behind(self, target: str, count: int) -> None:
        """So many platforms' latest document the target doesn't show now."""
        ...


class PageObserver(Protocol):
    """What the outbox tells to whoever counts pages. Called in the loop; must return at once and raise nothing."""

    def page_decided(self, page: Page) -> None:
        """A page was handed in; once per page, not again when a restart takes it up."""
        ...

    def page_delivered(self, page: Page, channel: str) -> None:
        """A channel took the page."""
        ...

    def page_failed(self, page: Page, channel: str) -> None:
        """A channel was given up for this page; `channel` is empty where no channel was there to try."""
        ...

    def page_fell_back(self, page: Page) -> None:
        """A page was not taken in time, and goes to further channels; again if it goes to others later."""
        ...

    def pages_pending(self, count: int) -> None:
        """So many deliveries (a page through a channel) are not settled now."""
        ...
