"""The series of one probe, made anew at each of its outcomes.

1. Every attempt counts, confirmations included; what was due and had to be skipped counts as not measured, since no
   one saw whether access worked.
2. Durations are of attempts that were made. Phases and the certificate's end are absent until there is one.
3. Spans and residue are a journey's alone, the last beat a heartbeat's.
"""

from collections.abc import Mapping
from datetime import datetime

from glasswatch import names
from monitor.metrics.exposition import Family, start
from monitor.metrics.histogram import Histogram
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
FAMILIES = (RUNS, BAD, NOT_MEASURED, DURATION, PHASE, TLS_EXPIRY, SPANS, RESIDUE, HEARD)

# From a health URL next door to the longest timeout that makes sense.
_DURATION_BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# From an automatic grant to a person who has to be woken (design 3.6).
_SPAN_BOUNDS = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0)


class _Counter:
    """One line that counts. Zero is shown from the start."""

    __slots__ = ("_count", "_slot", "_start")

    def __init__(self, family: Family, values: Mapping[str, str]) -> None:
        self._slot = family.slot()
        self._start = start(family.name, values)
        self._count = -1
        self.add()

    def add(self) -> None:
        self._count += 1
        self._slot.lines = f"{self._start}{self._count}\n"


class ProbeSeries:
    """Counts what one probe found."""

    def __init__(self, families: Mapping[str, Family], platform: str, policy: ProbePolicy) -> None:
        values = {names.PLATFORM: platform, names.PROBE: policy.name, names.FUNCTION: policy.function}
        self._runs = _Counter(families[RUNS], values)
        self._bad = _Counter(families[BAD], values)
        self._not_measured = _Counter(families[NOT_MEASURED], values)
        self._duration = Histogram(families[DURATION], values, _DURATION_BOUNDS)
        self._phases = families[PHASE].slot()
        self._phase_starts = {phase: start(PHASE, {**values, names.PHASE: phase}) for phase in PHASES}
        self._expiry = families[TLS_EXPIRY].slot()
        self._expiry_start = start(TLS_EXPIRY, values)

        self._spans = {
            span: Histogram(families[SPANS], {**values, names.SPAN: span}, _SPAN_BOUNDS) for span in policy.spans
        }
        self._residue = families[RESIDUE].slot()
        self._residue_start = start(RESIDUE, values)
        self._residue.lines = f"{self._residue_start}0\n" if policy.spans else ""
        self._heard = families[HEARD].slot()
        self._heard_start = start(HEARD, values)

    def heard(self, at: datetime) -> None:
        """Show when a heartbeat was heard last."""
        self._heard.lines = f"{self._heard_start}{at.timestamp()!r}\n"

    def outcome(self, found: Outcome) -> None:
        """Count one outcome."""
        self._runs.add()
        if found.kind is OutcomeKind.BAD:
            self._bad.add()
        elif found.kind is not OutcomeKind.GOOD:
            self._not_measured.add()
        if found.kind is OutcomeKind.SKIPPED:
            return
        self._duration.observe(found.duration_seconds)
        starts = self._phase_starts
        self._phases.lines = "".join([f"{starts[phase]}{seconds!r}\n" for phase, seconds in found.phases.items()])
        if self._spans:
            self._residue.lines = f"{self._residue_start}{len(found.residue)}\n"
        for span, seconds in found.spans.items():
            self._spans[span].observe(seconds)
        if found.tls_expiry_at is not None:
            self._expiry.lines = f"{self._expiry_start}{found.tls_expiry_at.timestamp()!r}\n"
