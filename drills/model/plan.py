"""What a plan says: everything that a run would do, before any of it is done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from drills.model.step import PlannedStep
from drills.model.verdict import Verdict


class GateState(StrEnum):
    """How a gate stands, as far as that is known without asking anybody."""

    HOLDS = "holds"
    SHUT = "shut"  # the run would not begin now
    ASKED_LATER = "asked_later"  # only the run asks
    LET_GO = "let_go"


class ApprovalState(StrEnum):
    """Whether a second person stands behind the scenario."""

    APPROVED = "approved"
    MISSING = "missing"
    NOT_NEEDED = "not_needed"  # no step of it is real
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class PlannedGate:
    """One gate, and what is known of it."""

    gate: str
    state: GateState
    detail: str


@dataclass(frozen=True, slots=True)
class PlannedApproval:
    """Who approved the scenario, or why nobody's word counts."""

    state: ApprovalState
    detail: str


@dataclass(frozen=True, slots=True)
class PlannedParameter:
    """A parameter: `value` as the run would have it; of a secret where it is read from; None where it must be given."""

    name: str
    value: str | None
    is_secret: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A scenario as it would be run. `verdict` is `planned`, and nothing that was never run is anything else.

    `settings`: what each step says, by section (`with`, `expects`, `captures`, `undone_by`, `tried`) and place.
    """

    scenario: str
    title: str
    owner: str
    platform: str
    deployment: str
    cadence: str
    after_change: bool
    description: str
    file: str
    scenario_sha256: str
    is_real: bool
    longest_seconds: float
    approval: PlannedApproval
    steps: tuple[PlannedStep, ...]
    gates: tuple[PlannedGate, ...]
    parameters: tuple[PlannedParameter, ...] = ()
    principals: tuple[str, ...] = ()
    targets: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    verdict: Verdict = Verdict.PLANNED
