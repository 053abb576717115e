"""What a journal holds: one value for each kind of entry, in the order in which a run goes through them.

The journal adds to each: the run's id, when (`at`, RFC 3339 with microseconds; `mono`, whole milliseconds of a clock
that never goes back; `boot`, what tells one start of the machine from another), its number and its hash.
No entry holds a secret. Verdict and report are made from these alone.
The journal itself fills in what only it knows: `salt`, `checkpoint_key`, `torn`, and a checkpoint's `jws`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from drills.model.step import PlannedStep, Status


@dataclass(frozen=True, slots=True)
class Approval:
    """Who signed the scenario: `person` None where nobody had to, and `why` says by which setting.

    `jws` is what the person signed; journals of earlier versions lack it.
    """

    person: str | None
    kid: str = ""
    at: datetime | None = None
    why: str = ""
    jws: str = ""


@dataclass(frozen=True, slots=True)
class CheckpointKey:
    """The public half of the key that signs checkpoints from here on: its name, and `x` as a JWK has it."""

    kid: str
    x: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The first entry: what was to be run. Hashes are SHA-256 in lower-case hex.

    `targets`: seconds by span. `parameters` as text, secrets left out. `salt` is what outputs are hashed with, in hex.
    `findings_due`: seconds by severity, from the opening on, until a finding is to be put right.
    """

    scenario: str
    title: str
    owner: str
    platform: str
    deployment: str
    operator: str
    scenario_sha256: str
    version: str
    steps: tuple[PlannedStep, ...]
    targets: Mapping[str, float] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    approval: Approval = field(default_factory=lambda: Approval(None))
    cadence: str = ""
    host: str = ""
    salt: str = ""
    checkpoint_key: CheckpointKey | None = None
    findings_due: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gated:
    """What a gate said before the first step: passed, failed, not_measured or waived."""

    gate: str
    status: Status
    detail: str


@dataclass(frozen=True, slots=True)
class Receipted:
    """Somebody elsewhere holds a head of this journal: `by` is `monitor` or `witness`, `jws` its signed word.

    `seq` and `hash` are of the entry that it saw last.
    """

    by: str
    seq: int
    hash: str
    jws: str = ""


@dataclass(frozen=True, slots=True)
class NotTold:
    """Somebody elsewhere could not be told of a head, and why."""

    by: str
    detail: str


@dataclass(frozen=True, slots=True)
class Began:
    """Intent: written and synced before a step is done. `has_undo`: from now on there may be something to take back."""

    step: str
    has_undo: bool = False


@dataclass(frozen=True, slots=True)
class KeptOutput:
    """An output beside the journal: `sha256` is of the run's salt and the redacted content that stands in `file`."""

    file: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Ended:
    """Result: how a step ended. `tries` of it were made.

    `captured` holds values as they are; those that can't stand in a journal are named in `secrets`: they are secret,
    hold a secret, or are too long.
    `happened_at`: when what was waited for happened, where it is known better than by this entry's own time.
    """

    step: str
    status: Status
    detail: str
    captured: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    outputs: tuple[KeptOutput, ...] = ()
    tries: int = 1
    happened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a person said of a manual step. `file_sha256` is of the file that was handed in, as it was.

    `kept` is what of it stands beside the journal; journals of earlier versions lack it. `login`: whose login on the
    machine said it.
    """

    step: str
    person: str
    is_yes: bool
    note: str = ""
    file: str = ""
    file_sha256: str = ""
    login: str = ""
    kept: KeptOutput | None = None


@dataclass(frozen=True, slots=True)
class CleaningUp:
    """Clean-up begins; `why` is what led to it. What was to be undone is named, last first."""

    why: str
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UndoBegan:
    """Intent to take a step back."""

    step: str


@dataclass(frozen=True, slots=True)
class UndoEnded:
    """How that went: passed means that nothing of the step is left. `residue` names what may be left."""

    step: str
    status: Status
    detail: str
    residue: str = ""
    tries: int = 1


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Somebody or something stopped the run: a signal's name, `stop`, `deadline`, `evidence`, or a fault's type."""

    by: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Resumed:
    """Another process goes on with the run, perhaps on another machine. `torn` bytes of a last line were set aside.

    `unsure`: why it was not measured whether this journal is the newest; empty where it was.
    """

    operator: str
    host: str
    clean_up_only: bool = False
    torn: int = 0
    checkpoint_key: CheckpointKey | None = None
    unsure: str = ""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signature over all before it: `jws` names the number and hash of the entry before this one."""

    jws: str = ""


@dataclass(frozen=True, slots=True)
class Closed:
    """The last entry: the verdict's words (`drills.model.verdict`) and the exit code that goes with it."""

    verdict: str
    detail: str
    exit_code: int
    residue: tuple[str, ...] = ()


Event = (
    Opened
    | Gated
    | Receipted
    | NotTold
    | Began
    | Ended
    | Confirmed
    | CleaningUp
    | UndoBegan
    | UndoEnded
    | Interrupted
    | Resumed
    | Checkpoint
    | Closed
)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a journal ends: the number and hash of its last entry."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it stands in a journal."""

    head: Head
    run: str
    at: datetime
    mono: int
    boot: str
    event: Event
