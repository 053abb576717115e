"""What goes into the store and what comes out of it, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.model.fact import Fact
from monitor.model.outcome import Outcome
from monitor.model.page import Page
from monitor.model.past import Word
from monitor.model.state import PlatformState


@dataclass(frozen=True, slots=True)
class FlagDocument:
    """One signed document. `is_change`: it carried a change of state or causes, and is kept for ever.

    `sha256` is the lower-case hex digest of `jws` as bytes, `prev` what it names as the document that carried the
    change before.
    """

    platform: str
    ver: int
    change: int
    state: str
    issued_at: datetime
    expires_at: datetime
    jws: str
    sha256: str
    is_change: bool
    prev: str | None = None


@dataclass(frozen=True, slots=True)
class FlagLedger:
    """What signing the next document needs to know of the ones before.

    `ver`: highest version ever reserved, 0 for none. `change_sha256`: digest of the document that carried the
    latest change; None before the first. `prev_sha256`: digest of the one that carried the change before that: what
    a document that only renews must name again as its `prev`.
    """

    ver: int = 0
    change_sha256: str | None = None
    prev_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ChainHead:
    """Where the audit chain ends: number of the last entry (0: none) and its hash in lower-case hex."""

    seq: int
    head: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit: who did what to what. `body` holds JSON values only."""

    kind: str
    actor: str
    body: Mapping[str, object]
    at: datetime


@dataclass(frozen=True, slots=True)
class RoutedPage:
    """A page and the channels it goes to. No channel: recorded, and counted as failed."""

    page: Page
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Commit:
    """One transaction on one platform: all of it, or nothing.

    `expected_revision` is the revision `before` was read at (0: never stored); the write is refused when another
    has come between. `changed_probes` names the probes whose row is written.
    """

    platform: str
    expected_revision: int
    at: datetime
    after: PlatformState
    facts: tuple[Fact, ...]
    changed_probes: tuple[str, ...]
    flag: FlagDocument | None
    pages: tuple[RoutedPage, ...]
    audit: tuple[AuditEntry, ...]


@dataclass(frozen=True, slots=True)
class LoadedPlatform:
    """A platform as it was last written."""

    state: PlatformState
    revision: int
    ledger: FlagLedger


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything the monitor takes up on start. `last_alive_at` is None on a first start.

    `is_torn`: the last run did not end in good order, with all on record; what it told last may be known to nobody.
    """

    platforms: Mapping[str, LoadedPlatform]
    last_alive_at: datetime | None
    chain: ChainHead
    is_torn: bool = False


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """An outcome on its way to the store. `is_believed` is false for what a blind vantage saw.

    `word` is what a status page said, where it is one that was read.
    """

    platform: str
    probe: str
    function: str
    outcome: Outcome
    is_believed: bool = True
    word: Word | None = None


class DeliveryState(StrEnum):
    """How far a page got through one channel."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"  # given up: the channel said that trying again can't help


@dataclass(frozen=True, slots=True)
class Delivery:
    """A page's way through one channel. `next_at`: when it is tried again; `receipt`: the provider's proof."""

    page: Page
    channel: str
    state: DeliveryState
    attempts: int
    next_at: datetime
    last_error: str = ""
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What channels were told that still matters on a start.

    `settled`: deliveries that ended, of pages that others are still to be told of. `firing`: of each channel and dedup
    key the last page that was taken, where that one fires. `over`: the pages that came last of those keys, where they
    say that it is over; not every channel that knows of the firing may have been told.
    """

    settled: tuple[Delivery, ...] = ()
    firing: tuple[Delivery, ...] = ()
    over: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True)
class FailureQuery:
    """Whose failures are asked for, outcomes that were not good: newest first, at most `limit`."""

    platform: str
    probe: str
    limit: int = 10


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many outcomes were forgotten because their time was over, and how many rows of hourly counts.

    `is_more`: others are due at once.
    """

    good: int = 0
    failures: int = 0
    hours: int = 0
    is_more: bool = False


@dataclass(frozen=True, slots=True)
class OutageQuery:
    """Which outages are asked for: newest first, at most `limit`.

    `since`: not those that were over by then; `until`: not those that began then or later; `function`: only those that
    it was down in; `is_open`: only those that are not over.
    """

    platform: str | None = None
    since: datetime | None = None
    limit: int = 100
    until: datetime | None = None
    function: str | None = None
    is_open: bool = False
