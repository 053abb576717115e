"""The series of one probe: counted at each of its outcomes, written when somebody scrapes.

1. Every attempt counts, confirmations included; what was due and had to be skipped counts as not measured, since no
   one saw whether access worked.
2. Durations are of attempts that were made. Phases and the certificate's end are absent until there is one.
3. Spans and residue are a journey's alone, the last beat a heartbeat's.
4. What is held are numbers: the text of 10,000 probes would take ten times the memory, and most of it is made anew
   before anybody reads it. But for the durations', which are the most work, as long as they stay as they were.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ClassVar, Final

from glasswatch import names
from monitor.metrics.exposition import labels
from monitor.metrics.histogram import Histogram, Shape
from monitor.model.outcome import PHASES, Outcome, OutcomeKind
from monitor.model.policy import ProbePolicy

RUNS = "jit_probe_runs_total"
BAD = "jit_probe_bad_total"
NOT_MEASURED = "jit_probe_not_measured_total"
DURATION = "jit_probe_duration_seconds"
PHASE = "jit_probe_phase_duration_seconds"
TLS_EXPIRY = "jit_probe_tls_expiry_timestamp_seconds"
SPANS = "jit_access_duration_seconds"
RESIDUE = "jit_access_residue"
HEARD = "jit_heartbeat_last_timestamp_seconds"

# From a health URL next door to the longest timeout that makes sense.
_DURATIONS: Final = Shape.of(DURATION, (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0))
# From an automatic grant to a person who has to be woken (design 3.6).
_SPANS: Final = Shape.of(SPANS, (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0))
_PHASES: Final = {phase: f'{PHASE}{{%s,{names.PHASE}="{phase}"}} %r\n' for phase in PHASES}


class ProbeSeries:
    """Counts what one probe found. Small, because there may be tens of thousands."""

    __slots__ = (
        *("_bad", "_durations", "_expiry_at", "_function", "_heard_at", "_labels", "_not_measured"),
        *("_phases", "_residue", "_runs", "_spans"),
    )

    def __init__(self, platform: str, policy: ProbePolicy) -> None:
        values = {names.PLATFORM: platform, names.PROBE: policy.name, names.FUNCTION: policy.function}
        self._labels = labels(RUNS, values)
        self._function = policy.function
        self._runs = self._bad = self._not_measured = self._residue = 0
        self._durations = Histogram(_DURATIONS)
        self._phases: Mapping[str, float] = {}
        self._expiry_at: datetime | None = None
        self._heard_at: datetime | None = None
        self._spans: dict[str, tuple[str, Histogram]] | None = None
        if policy.spans:
            with_span = {span: labels(SPANS, {**values, names.SPAN: span}) for span in policy.spans}
            self._spans = {span: (written, Histogram(_SPANS)) for span, written in with_span.items()}

    def is_of(self, policy: ProbePolicy) -> bool:
        """Return whether it goes on with these settings: its labels are the same."""
        return policy.function == self._function and policy.spans == tuple(self._spans or ())

    def heard(self, at: datetime) -> None:
        """Show when a heartbeat was heard last."""
        self._heard_at = at

    def outcome(self, found: Outcome) -> None:
        """Count one outcome."""
        self._runs += 1
        if found.kind is OutcomeKind.BAD:
            self._bad += 1
        elif found.kind is not OutcomeKind.GOOD:
            self._not_measured += 1
        if found.kind is OutcomeKind.SKIPPED:
            return
        self._durations.observe(found.duration_seconds)
        self._phases = found.phases
        if self._spans is not None:
            self._residue = len(found.residue)
            for span, seconds in found.spans.items():
                self._spans[span][1].observe(seconds)
        if found.tls_expiry_at is not None:
            self._expiry_at = found.tls_expiry_at

    def _of_runs(self) -> str:
        return f"{RUNS}{{{self._labels}}} {self._runs}\n"

    def _of_bad(self) -> str:
        return f"{BAD}{{{self._labels}}} {self._bad}\n"

    def _of_not_measured(self) -> str:
        return f"{NOT_MEASURED}{{{self._labels}}} {self._not_measured}\n"

    def _of_durations(self) -> str:
        return self._durations.lines(self._labels)

    def _of_phases(self) -> str:
        return "".join([_PHASES[phase] % (self._labels, seconds) for phase, seconds in self._phases.items()])

    def _of_expiry(self) -> str:
        return _instant(TLS_EXPIRY, self._labels, self._expiry_at)

    def _of_spans(self) -> str:
        return "" if self._spans is None else "".join([each.lines(written) for written, each in self._spans.values()])

    def _of_residue(self) -> str:
        return "" if self._spans is None else f"{RESIDUE}{{{self._labels}}} {self._residue}\n"

    def _of_heard(self) -> str:
        return _instant(HEARD, self._labels, self._heard_at)

    LINES: ClassVar[Mapping[str, Callable[["ProbeSeries"], str]]] = {
        RUNS: _of_runs,
        BAD: _of_bad,
        NOT_MEASURED: _of_not_measured,
        DURATION: _of_durations,
        PHASE: _of_phases,
        TLS_EXPIRY: _of_expiry,
        SPANS: _of_spans,
        RESIDUE: _of_residue,
        HEARD: _of_heard,
    }
    """What writes each family's lines of one probe; in the order in which they are shown."""


def _instant(metric: str, written: str, at: datetime | None) -> str:
    return "" if at is None else f"{metric}{{{written}}} {at.timestamp()!r}\n"
