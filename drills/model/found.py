"""What an action is given, and what it found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from drills.model.step import Status


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter, a captured value or a secret: always data, never a program, a host or a statement."""

    text: str = field(repr=False)
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Which run it is: goes into everything that is done, so that an audit can match it exactly.

    `id` is of a-z, 0-9 and -, at most 63 long, and unlike any other run's.
    """

    id: str
    scenario: str
    platform: str
    operator: str
    deployment: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a step: `seconds` is how long it may take. `values` by the names that `${name}` uses, `run` included.

    `since`: when the run's outage began (the first step that begins a span), None before. `ended`: of an undo, how the
    step itself had ended; None where the journal holds no end of it.
    """

    run: RunFacts
    step: str
    values: Mapping[str, Value]
    seconds: float
    since: datetime | None = None
    ended: Status | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """Something to be kept beside the journal, before it was redacted. `name` is a file's name without a path.

    `is_public`: anybody may have it, as a signed flag. It is kept as it is, although it looks like a credential, unless
    one of the run's secrets stands in it.
    """

    name: str
    content: bytes = field(repr=False)
    is_public: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What one try of a step, or of its undo, found.

    `status`: passed, failed or not_measured; of an undo, passed means that nothing of it is left. `detail` is one line
    of what was expected and what was seen, and holds no secret. `at`: when it happened, where that is known better
    than by when we looked. `can_still`: whether trying again can help. `pause`: for how many seconds it can't; what is
    not measured and has one was put off by whoever was asked.
    """

    status: Status
    detail: str
    captured: Mapping[str, Value] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    at: datetime | None = None
    can_still: bool = True
    pause: float = 0.0
