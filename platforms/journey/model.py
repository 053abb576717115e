"""The values a journey is made of: its steps, what was opened, and how it ended. They hold data and decide nothing.

A journey goes to one origin. `${name}` stands for a value: a secret, one captured from an answer, or `${run}`, the
run's own id. Values are data wherever they are put; see `rules.fill`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

from platforms.errors import FaultKind

Scalar = str | int | float | bool | None
Json = Scalar | Sequence["Json"] | Mapping[str, "Json"]
JsonPath = Sequence[str | int]
Values = Mapping[str, Scalar]

RUN: Final = "run"
"""The name under which the run's id can be put into a request."""
TOTAL: Final = "total"
"""The span of the whole way, from the first request to the last answer."""


class Pattern(Protocol):
    """A compiled pattern that no input can slow down."""

    def search(self, text: bytes, /) -> object:
        """Return something true if it is found somewhere."""
        ...


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as it is written. `path` begins with one slash; or `link` names the value that is gone to.

    `json` and `form` are bodies, one of them at most; `has_json` tells a body of `null` from none.
    """

    method: str = "GET"
    path: str = "/"
    link: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    json: Json = None
    has_json: bool = False
    form: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class JsonValue:
    """A place in an answer, as written and as steps, and what stands there: a value, or a pattern in its text."""

    path: str
    steps: JsonPath
    value: Scalar = None
    pattern: Pattern | None = None


@dataclass(frozen=True, slots=True)
class Expect:
    """What an answer must look like."""

    status: Sequence[int] = (200,)
    json: Sequence[JsonValue] = ()


@dataclass(frozen=True, slots=True)
class Capture:
    """Where a value comes from: a place in the JSON, a header, or else the status.

    `keep`: it may be put on record, so that what was opened can be closed after a crash.
    """

    name: str
    json: JsonPath | None = None
    header: str | None = None
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Until:
    """How a step is repeated: until all of `json` holds (of a step that must be refused: until it is).

    Ends without that after `tries` requests, or once `within` is over; at once when all of `denied` holds.
    """

    every: timedelta = timedelta(seconds=1)
    within: timedelta = timedelta(seconds=60)
    tries: int = 1000
    json: Sequence[JsonValue] = ()
    denied: Sequence[JsonValue] = ()


@dataclass(frozen=True, slots=True)
class Find:
    """How to look up what a request may have opened whose answer was not seen.

    Nothing is there when the answer's status is 404 or 410, or when a value can't be captured. That is believed only
    `certain_after` the request was sent: the server may still be at it.
    """

    ask: Ask
    expect: Expect
    capture: Sequence[Capture]
    certain_after: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Undo:
    """How to close what a step opened. `gone`: statuses that say it isn't open any more, whatever else they say.

    `ends_after`: by then it ended by itself; None: it never does, as far as anybody said.
    """

    ask: Ask
    expect: Expect = Expect()
    gone: Sequence[int] = (404, 410)
    find: Find | None = None
    ends_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One named step.

    `sends_secret`: it shows a credential of our own. `undo`: it opens something. `closes`: the step whose opening is
    closed once this one holds. `is_refused`: it must be refused, with one of the statuses in `expect`.
    """

    id: str
    ask: Ask
    expect: Expect = Expect()
    capture: Sequence[Capture] = ()
    until: Until | None = None
    undo: Undo | None = None
    closes: str | None = None
    is_refused: bool = False
    span: str = ""
    sends_secret: bool = False


@dataclass(frozen=True, slots=True)
class Journey:
    """The steps to one origin (`https://host[:port]`), in order."""

    origin: str
    steps: Sequence[Step]

    def step(self, name: str) -> Step | None:
        """Return a step by its id."""
        return next((step for step in self.steps if step.id == name), None)


class OpenState(StrEnum):
    """How much is known of an opening."""

    INTENDED = "intended"  # the request may have been sent; no answer was seen
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Opening:
    """Something that a step of one run opened, or may have opened.

    `kept`: values that may be put on record, each as JSON text. `place`: how many the run opened before it.

    `at`: when its request was about to be sent; `quiet_at`: when it was known not to be under way from here any more.
    `disproved_by`: the step that had to be refused and wasn't, although the opening was said to be closed.
    `tries`: how often closing it failed when it was due; `again_at`: it isn't due again before.
    """

    run: str
    step: str
    at: datetime
    state: OpenState = OpenState.INTENDED
    kept: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    place: int = 0
    quiet_at: datetime | None = None
    disproved_by: str | None = None
    tries: int = 0
    again_at: datetime | None = None

    @property
    def name(self) -> str:
        """What a person calls it: nothing in it comes from a server."""
        possibly = "possibly " if self.state is OpenState.INTENDED else ""
        return f"{possibly}{self.step} of run {self.run}"


class Why(StrEnum):
    """Why a journey, or closing an opening, ended as it did."""

    OK = "ok"
    STATUS = "status"
    JSON = "json"
    NEVER = "never"  # what was waited for did not come
    TIMEOUT = "timeout"
    NOT_REFUSED = "not_refused"
    FAULT = "fault"  # an exchange failed; `fault` says how
    DENIED = "denied"
    CREDENTIALS = "credentials"
    RATE_LIMITED = "rate_limited"
    BUDGET = "budget"
    RECORD = "record"  # what was about to be opened could not be put on record
    LOST_SIGHT = "lost_sight"  # possibly open, and there is no way to look
    NOTHING_YET = "nothing_yet"  # nothing was found, but the request may still be under way
    ENDED = "ended"  # never closed by us; it has ended by itself, as the settings say


@dataclass(frozen=True, slots=True)
class Ending:
    """How it ended: why, at which step, and one short line that repeats nothing a server sent but codes."""

    why: Why
    step: str = ""
    detail: str = ""
    fault: FaultKind | None = None


# What the pure part asks of the driver, and what it is told.


@dataclass(frozen=True, slots=True)
class Planned:
    """A request about to be sent: `target` is path and query at the journey's own origin."""

    step: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Keep:
    """Put an opening on record before going on."""

    opening: Opening


@dataclass(frozen=True, slots=True)
class Answer:
    """What came: headers by name in lower case, in the order they came; the body decoded."""

    status: int
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Failed:
    """What the driver was asked for could not be had."""

    why: Why
    detail: str
    fault: FaultKind | None = None


Order = Planned | Pause | Keep


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of an order, and when that was on the monotonic clock. `what` is None where nothing can come."""

    at: float
    what: Answer | Failed | None = None
