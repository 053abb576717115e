"""What a run comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from drills.model.step import Span, Status


class Verdict(StrEnum):
    """What a drill as a whole shows. A plan that was never run is `planned`, and nothing else ever is."""

    PLANNED = "planned"
    PASSED = "passed"
    FAILED = "failed"
    NOT_MEASURED = "not_measured"
    ABORTED = "aborted"
    CLEAN_UP_FAILED = "clean_up_failed"
    OPEN = "open"  # not closed: it counts as failed, and something may be left behind


class Severity(StrEnum):
    """How bad a finding is."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to be put right. `step` is where it was found, empty for the run as a whole.

    `owner` has it put right until `due`, a day in UTC; None where none was set, as for a note.
    """

    code: str
    severity: Severity
    line: str
    step: str = ""
    owner: str = ""
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A span: seconds None where it could not be measured, `target` None where none was set."""

    span: Span
    seconds: float | None
    target: float | None
    why: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether the target was met; None where that can't be said."""
        if self.seconds is None or self.target is None:
            return None
        return self.seconds <= self.target


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step came out. `is_evidence`: it was real, and passed.

    `began_entry`, `ended_entry`: the numbers of the journal's entries that say so, 0 where there is none.
    """

    id: str
    status: Status
    detail: str
    is_evidence: bool
    began_at: datetime | None = None
    ended_at: datetime | None = None
    tries: int = 0
    undo: Status | None = None
    residue: str = ""
    began_entry: int = 0
    ended_entry: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What a journal comes to, by itself."""

    verdict: Verdict
    why: str
    exit_code: int
    steps: tuple[StepResult, ...]
    spans: tuple[Measured, ...]
    findings: tuple[Finding, ...]
    residue: tuple[str, ...] = ()
    evidence: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By id such as `D5`, the steps that are evidence of it."""
