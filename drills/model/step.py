"""What a step is, as far as everybody needs to know it: its words, its way, and what it stands for in the plan."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a step ended. Only `passed`, of a real step, is evidence of anything."""

    PASSED = "passed"
    FAILED = "failed"  # measured, and not what was expected
    NOT_MEASURED = "not_measured"  # nobody could tell
    SIMULATED = "simulated"  # done, and not on the real thing
    SKIPPED = "skipped"  # never begun: what it needs did not pass, or the run ended before
    WAIVED = "waived"  # a named person let it go
    ERROR = "error"  # a fault of ours, or of the scenario, while it was done
    INTERRUPTED = "interrupted"  # begun, and cut short


class Span(StrEnum):
    """What is measured of a drill, each in seconds against its target."""

    DETECT = "detect"  # from the outage to its confirmation
    FLAG = "flag"  # from the outage to a signed flag that says so
    PAGE = "page"  # from the outage to the page at the pager
    ACCESS = "access"  # from the outage to the last access by break-glass that was to be had
    AUDIT = "audit"  # from an access to its entry in the audit
    REVOKE = "revoke"  # from revoking to the proof that access is refused again
    TOTAL = "total"  # from the first step to the last, clean-up included


class Way(StrEnum):
    """Which way in an access takes."""

    BREAK_GLASS = "break_glass"  # independent of the platform
    PLATFORM = "platform"  # through the JIT platform itself


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step as the plan has it. It holds no secret: references and placeholders stand as they were written.

    `undo`: in words, what takes it back; empty where it changes nothing. `touches` and `rights` in words.
    `evidences` are ids such as `D5` of the parts of a drill (`drills.rules.parts`). `expects_refusal`: it passes when
    something is refused. `door`: what an access tries to get into, the same for each step that tries the same; empty
    where that can't be told. `identity`: a digest of who tries what there, the same for each step that asks the same as
    the same one (`drills.settings.identity`); journals of earlier versions lack it. `through`: accesses before it by
    whose captured values it gets in.
    """

    id: str
    action: str
    line: str
    is_real: bool
    undo: str = ""
    touches: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()
    evidences: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    begins: tuple[Span, ...] = ()
    ends: tuple[Span, ...] = ()
    way: Way | None = None
    expects_refusal: bool = False
    is_background: bool = False
    within_seconds: float = 0.0
    door: str = ""
    through: tuple[str, ...] = ()
    identity: str = ""
