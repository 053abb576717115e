"""The series of drills: runs that are not closed or left something behind, and what is known of each scenario.

What never happened has no line: a scenario that never passed has no time at which it did.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from glasswatch.names import SCENARIO, SPAN, STANDING, VERDICT
from monitor.metrics.exposition import Family, start
from monitor.model.drill import DrillFigures, DrillRun, DueState, RunStanding

RUNS: Final = "jit_drill_runs"
LAST_PASSED: Final = "jit_drill_last_passed_timestamp_seconds"
LAST_RUN: Final = "jit_drill_last_run_timestamp_seconds"
DUE: Final = "jit_drill_due_timestamp_seconds"
OVERDUE: Final = "jit_drill_overdue"
SPANS: Final = "jit_drill_span_seconds"
FAMILIES: Final = (RUNS, LAST_PASSED, LAST_RUN, DUE, OVERDUE, SPANS)
RESIDUE: Final = "residue"  # of a run that is closed
STANDINGS: Final = (RunStanding.OPEN.value, RunStanding.SILENT.value, RunStanding.OVERDUE.value, RESIDUE)


class DrillSeries:
    """Shows runs and scenarios."""

    def __init__(self, families: Mapping[str, Family]) -> None:
        self._slots = {name: families[name].slot() for name in FAMILIES}
        self.runs(())

    def runs(self, standings: Iterable[RunStanding]) -> None:
        """Show where the runs stand that something has to become of still."""
        counts = Counter(RESIDUE if each is RunStanding.CLOSED else each.value for each in standings)
        self._slots[RUNS].lines = "".join(f"{start(RUNS, {STANDING: each})}{counts[each]}\n" for each in STANDINGS)

    def scenarios(self, found: DrillFigures) -> None:
        """Show what is known of scenarios."""
        self._put(LAST_PASSED, {name: at.timestamp() for name, at in found.last_passed.items()})
        self._slots[LAST_RUN].lines = "".join(_last_run(name, runs) for name, runs in found.history.items())
        self._put(DUE, {each.line.scenario: each.due.timestamp() for each in found.lines})
        self._put(OVERDUE, {each.line.scenario: each.state is DueState.OVERDUE for each in found.lines})
        self._slots[SPANS].lines = "".join(
            f"{start(SPANS, {SCENARIO: name, SPAN: span})}{seconds!r}\n"
            for name, spans in found.spans.items()
            for span, seconds in spans.items()
        )

    def _put(self, metric: str, values: Mapping[str, float]) -> None:
        lines = (f"{start(metric, {SCENARIO: name})}{float(value)!r}\n" for name, value in values.items())
        self._slots[metric].lines = "".join(lines)


def _last_run(scenario: str, runs: Sequence[DrillRun]) -> str:
    """Return the line of a scenario's last real run, empty where none of its last runs was."""
    for run in runs:
        if run.opening.is_real and run.closed_at is not None and run.verdict is not None:
            labels = {SCENARIO: scenario, VERDICT: run.verdict}
            return f"{start(LAST_RUN, labels)}{run.closed_at.timestamp()!r}\n"
    return ""
