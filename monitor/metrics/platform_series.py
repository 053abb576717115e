"""The series of one platform, made anew whenever its state changes.

`*_up` is 1 for up and degraded, 0 for down, and absent for unknown (design 3.6): a query can't take silence for good.
"""

from collections.abc import Mapping

from glasswatch.names import METRICS, PLATFORM
from monitor.metrics.exposition import Family, labels, start
from monitor.metrics.histogram import Histogram, Shape
from monitor.model.act import ActKind
from monitor.model.exercise import Exercise
from monitor.model.maintenance import Maintenance
from monitor.model.policy import PlatformPolicy
from monitor.model.record import FlagDocument
from monitor.model.state import FunctionState, Outage, PlatformState
from monitor.model.use import Decision
from monitor.model.verdict import CauseKind, FlagState, Verdict
from monitor.rules.maintenance import takes_out

FUNCTION_UP = "jit_function_up"
PLATFORM_UP = "jit_platform_up"
VERDICT = "jit_platform_verdict"
READY = "jit_break_glass_ready"
CAUSE = "jit_break_glass_cause"
INHIBITED = "jit_break_glass_inhibited"
ACTS = "jit_break_glass_acts_total"
USES = "jit_break_glass_uses_total"
USES_OPEN = "jit_break_glass_uses_open"
FLAG_EXPIRY = "jit_break_glass_flag_expiry_timestamp_seconds"
OUTAGE_ACTIVE = "jit_outage_active"
OUTAGES = "jit_outages_total"
DETECTION = "jit_outage_detection_seconds"
MAINTENANCE = "jit_maintenance_active"
MAINTENANCE_END = "jit_maintenance_end_timestamp_seconds"
MAINTENANCE_NEXT = "jit_maintenance_next_timestamp_seconds"
PROPOSED = "jit_maintenance_proposed"
EXERCISE = "jit_exercise_active"
EXERCISE_DETECTION = "jit_exercise_detection_seconds"
EXCLUDED = "jit_sla_excluded"
FAMILIES = (
    *(FUNCTION_UP, PLATFORM_UP, VERDICT, READY, CAUSE, INHIBITED, ACTS, FLAG_EXPIRY, USES, USES_OPEN),
    *(OUTAGE_ACTIVE, OUTAGES, DETECTION),
    *(MAINTENANCE, MAINTENANCE_END, MAINTENANCE_NEXT, PROPOSED, EXCLUDED),
    *(EXERCISE, EXERCISE_DETECTION),
)

_UP = {Verdict.UP: 1, Verdict.DEGRADED: 1, Verdict.DOWN: 0}
# From three attempts a second apart to an access probe every few minutes.
_DETECTION = Shape.of(DETECTION, (1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0))


class PlatformSeries:
    """Shows what holds of one platform."""

    def __init__(self, families: Mapping[str, Family], policy: PlatformPolicy) -> None:
        self._platform = policy.platform
        self._functions = tuple(dict.fromkeys(probe.function for probe in policy.probes.values()))
        self._slots = {name: families[name].slot() for name in FAMILIES}
        self._detection = Histogram(_DETECTION)
        self._detection_labels = labels(DETECTION, {PLATFORM: policy.platform})
        self._slots[DETECTION].lines = self._detection.lines(self._detection_labels)
        self._outages = 0
        self._starts: dict[tuple[str, str], str] = {}
        self._uses: dict[str, float] = {decision.value: 0 for decision in Decision}
        self._put(OUTAGES, {"": 0})
        self._acts = dict.fromkeys((kind.value for kind in ActKind), 0)
        self._put(ACTS, self._acts)
        self._put(USES, self._uses)
        self.uses_open(0)
        self.state(PlatformState(platform=policy.platform))

    def adopt(self, policy: PlatformPolicy) -> None:
        """Show the functions of other settings from the next state on. Counts go on."""
        self._functions = tuple(dict.fromkeys(probe.function for probe in policy.probes.values()))

    def state(self, held: PlatformState) -> None:
        """Show verdicts, flag, causes and whether an outage is open."""
        functions = {name: held.functions.get(name, FunctionState()).verdict for name in self._functions}
        raised = {cause.kind for cause in held.causes if not cause.is_held_back}
        is_open = held.outage is not None and held.outage.ended_at is None
        self._put(FUNCTION_UP, {name: _UP[verdict] for name, verdict in functions.items() if verdict in _UP})
        self._put(PLATFORM_UP, {"": _UP[held.verdict]} if held.verdict in _UP else {})
        self._put(VERDICT, {verdict.value: held.verdict is verdict for verdict in Verdict})
        self._put(READY, {"": held.flag.state is FlagState.READY})
        self._put(CAUSE, {kind.value: kind in raised for kind in CauseKind})
        self._put(INHIBITED, {"": held.acts.inhibition is not None})
        self._put(OUTAGE_ACTIVE, {"": is_open})
        self._maintenance(held.maintenance)
        self._exercises(held.exercises)
        down = [name for name, each in held.functions.items() if each.verdict is Verdict.DOWN]
        self._put(EXCLUDED, {"": takes_out(held.maintenance, down, is_outage=is_open)})

    def _maintenance(self, held: Maintenance) -> None:
        ends = [each.until.timestamp() for each in held.in_force]
        self._put(MAINTENANCE, {"": bool(ends)})
        self._put(MAINTENANCE_END, {"": max(ends)} if ends else {})
        self._put(MAINTENANCE_NEXT, {"": held.coming.since.timestamp()} if held.coming is not None else {})
        self._put(PROPOSED, {"": len(held.proposals)})

    def _exercises(self, held: tuple[Exercise, ...]) -> None:
        found = next((each.took for each in held if each.took is not None), None)
        self._put(EXERCISE, {"": any(each.is_running for each in held)})
        self._put(EXERCISE_DETECTION, {} if found is None else {"": found.total_seconds()})

    def flag(self, document: FlagDocument) -> None:
        """Show when the flag last signed ends."""
        self._put(FLAG_EXPIRY, {"": document.expires_at.timestamp()})

    def acted(self, kind: ActKind) -> None:
        """Count an act of a person."""
        self._acts[kind.value] += 1
        self._put(ACTS, self._acts)

    def outage_confirmed(self, found: Outage) -> None:
        """Count an outage, and how long finding it took."""
        self._outages += 1
        self._put(OUTAGES, {"": self._outages})
        self._detection.observe(found.detection_seconds)
        self._slots[DETECTION].lines = self._detection.lines(self._detection_labels)

    def use_told(self, decision: Decision) -> None:
        """Count an attempt at break-glass."""
        self._uses[decision.value] += 1
        self._put(USES, self._uses)

    def uses_open(self, count: int) -> None:
        """Show how many uses are open."""
        self._put(USES_OPEN, {"": count})

    def _put(self, metric: str, samples: Mapping[str, float]) -> None:
        """Write a metric's lines: one for each value of its label besides the platform, which may be none."""
        lines = [f"{self._start(metric, value)}{float(sample)!r}\n" for value, sample in samples.items()]
        self._slots[metric].lines = "".join(lines)

    def _start(self, metric: str, value: str) -> str:
        found = self._starts.get((metric, value))
        if found is None:
            more = {name: value for name in METRICS[metric].labels if name != PLATFORM}
            found = self._starts[metric, value] = start(metric, {PLATFORM: self._platform, **more})
        return found
