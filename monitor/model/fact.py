"""What the rules found to have changed: written down before it is acted on."""

from dataclasses import dataclass
from datetime import datetime

from monitor.model.act import ActKind, Inhibition, Request, Ruling
from monitor.model.exercise import ExerciseFact
from monitor.model.maintenance import WindowFact
from monitor.model.page import Page, PageKind
from monitor.model.published import PublishedFlag
from monitor.model.state import Cause, FlagHead, Outage, PlatformState
from monitor.model.verdict import Phase, Verdict


@dataclass(frozen=True, slots=True)
class ProbeChanged:
    """What is believed of a probe changed."""

    probe: str
    was: Phase
    now: Phase
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class FunctionChanged:
    """The verdict on a function changed."""

    function: str
    was: Verdict
    now: Verdict
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class PlatformChanged:
    """The verdict on the platform changed."""

    was: Verdict
    now: Verdict
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class OutageOpened:
    """An outage was found."""

    outage: Outage


@dataclass(frozen=True, slots=True)
class OutageWidened:
    """More functions went down in an open outage."""

    outage: Outage


@dataclass(frozen=True, slots=True)
class OutageEnded:
    """The probes that opened it are good again, or it is no longer watched: `why`."""

    outage: Outage
    why: str = ""


@dataclass(frozen=True, slots=True)
class OutageReopened:
    """It came back within `lower_after`: the same outage goes on."""

    outage: Outage


@dataclass(frozen=True, slots=True)
class CauseAdded:
    """A reason to raise the flag appeared, holds for longer, or is held back no longer."""

    cause: Cause


@dataclass(frozen=True, slots=True)
class CauseEnded:
    """A reason to raise the flag is gone, or held back: it may not be signed."""

    cause: Cause
    why: str


@dataclass(frozen=True, slots=True)
class ActDone:
    """A person acted on the flag.

    `subject` is the cause, request or inhibition that it is about; of `lower`, all that it ended. `request` is what was
    asked for, or confirmed by `person`, who always is the one that acted now.
    """

    kind: ActKind
    person: str
    token: str
    subject: str
    reason: str
    until: datetime | None = None
    ticket: str | None = None
    request: Request | None = None


@dataclass(frozen=True, slots=True)
class RequestDied:
    """Nobody confirmed what a person had asked for."""

    request: Request
    why: str


@dataclass(frozen=True, slots=True)
class InhibitionEnded:
    """What outages raise is held closed no longer."""

    inhibition: Inhibition
    why: str


@dataclass(frozen=True, slots=True)
class InhibitionLost:
    """What outages raise was held closed in a run that is not on record; nobody knows by whom. It is no longer."""

    why: str


@dataclass(frozen=True, slots=True)
class EndsSoon:
    """A cause in force will end by time, unless somebody renews it."""

    cause: Cause
    ends_at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class FlagChanged:
    """State or causes of the flag changed: a new document must be signed."""

    was: FlagHead
    now: FlagHead
    why: str


@dataclass(frozen=True, slots=True)
class FlagTakenUp:
    """A change of the flag was signed that is not on record: it is the one that the next change follows."""

    published: PublishedFlag


@dataclass(frozen=True, slots=True)
class PageDecided:
    """Somebody must be told."""

    page: Page


@dataclass(frozen=True, slots=True)
class PageWithheld:
    """A change deserved no page; the reason is kept."""

    kind: PageKind
    reason: str


@dataclass(frozen=True, slots=True)
class PlatformLeft:
    """Nobody watches the platform any more."""

    since: datetime


Fact = (
    ProbeChanged
    | FunctionChanged
    | PlatformChanged
    | OutageOpened
    | OutageWidened
    | OutageEnded
    | OutageReopened
    | CauseAdded
    | CauseEnded
    | ActDone
    | RequestDied
    | InhibitionEnded
    | InhibitionLost
    | EndsSoon
    | FlagChanged
    | FlagTakenUp
    | PageDecided
    | PageWithheld
    | PlatformLeft
    | WindowFact
    | ExerciseFact
)


@dataclass(frozen=True, slots=True)
class Step:
    """What one event led to.

    `calls` are the deciding probes that must run at once because a cheap critical probe of their function was
    confirmed bad. `wake_at` is the earliest instant at which time alone could change something; None if never.
    `ruling` is the answer to a person who acted.
    """

    state: PlatformState
    facts: tuple[Fact, ...]
    calls: tuple[str, ...]
    wake_at: datetime | None
    ruling: Ruling | None = None
