"""What a report shows: text and figures, ready to be put into any format. Nothing is decided after this."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from drills.model.step import Status
from drills.model.verdict import Finding, Measured, Severity, Verdict
from drills.rules.controls import Cited, Supported


@dataclass(frozen=True, slots=True)
class OutputView:
    """An output that is kept beside the journal: its file, its size in bytes, its salted SHA-256."""

    file: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class StepView:
    """One step. `entries` are the numbers of its journal entries; times None where it was never begun.

    `evidences`: the parts of a drill that it is evidence of. `ended_entry`: the entry that says how it ended, 0 where
    none does, and `hash` that entry's.
    `from_seconds`, `took_seconds`: since the run was opened, by the clock that is never set where that is one.
    """

    id: str
    action: str
    line: str
    status: Status
    detail: str
    is_evidence: bool
    is_real: bool
    undo_line: str
    undo: Status | None
    residue: str
    tries: int
    began_at: datetime | None
    from_seconds: float | None
    took_seconds: float | None
    entries: tuple[int, ...]
    outputs: tuple[OutputView, ...]
    evidences: tuple[str, ...]
    ended_entry: int
    hash: str


@dataclass(frozen=True, slots=True)
class UndoView:
    """How one step was taken back."""

    step: str
    status: Status
    detail: str
    residue: str
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GateView:
    """What a gate said."""

    gate: str
    status: Status
    detail: str
    entry: int


@dataclass(frozen=True, slots=True)
class SaidView:
    """What a person said of a manual step."""

    step: str
    person: str
    is_yes: bool
    note: str
    file: str
    file_sha256: str
    at: datetime
    entry: int


@dataclass(frozen=True, slots=True)
class PartView:
    """A part of a drill, and what is evidence of it: `full`, `partial` or `none`. `lacking`: what was to be."""

    id: str
    line: str
    standing: str
    cited: tuple[Cited, ...]
    lacking: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SpanView:
    """A span against its target, and what earlier runs took, newest first."""

    measured: Measured
    earlier: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class HappeningView:
    """A line of what else happened: interruptions, resumptions, heads that could not be told."""

    at: datetime
    line: str
    entry: int


@dataclass(frozen=True, slots=True)
class AnchorView:
    """Who else holds a head of the journal: how many, and the number of the last entry they saw."""

    by: str
    count: int
    last: int
    is_signed: bool


@dataclass(frozen=True, slots=True)
class ReportView:
    """A whole report."""

    run: str
    scenario: str
    title: str
    owner: str
    platform: str
    deployment: str
    operator: str
    host: str
    version: str
    scenario_sha256: str
    opened_at: datetime
    closed_at: datetime | None
    seconds: float
    verdict: Verdict
    why: str
    exit_code: int
    approved: str
    parameters: Mapping[str, str]
    gates: tuple[GateView, ...]
    steps: tuple[StepView, ...]
    undos: tuple[UndoView, ...]
    spans: tuple[SpanView, ...]
    findings: tuple[Finding, ...]
    residue: tuple[str, ...]
    parts: tuple[PartView, ...]
    controls: tuple[Supported, ...]
    controls_table: str
    controls_note: str
    said: tuple[SaidView, ...]
    happenings: tuple[HappeningView, ...]
    anchors: tuple[AnchorView, ...]
    entries: int
    head: str

    @property
    def worst(self) -> Severity | None:
        """The worst finding's severity; None where nothing was found."""
        order = list(Severity)
        return min((each.severity for each in self.findings), key=order.index, default=None)
