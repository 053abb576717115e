"""Names that others rely on: metrics, and the sections of the settings file.

Rules:
- A name stands here once; code, docs, dashboards and tests take it from here. A changed metric name, label or label
  value is a breaking change.
- Sections are lazy strings (`module:attribute`): the only place where the ground points upward.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PLATFORM: Final = "platform"
PROBE: Final = "probe"
FUNCTION: Final = "function"
PHASE: Final = "phase"
SPAN: Final = "span"
VERDICT: Final = "verdict"
CAUSE: Final = "cause"
ACT: Final = "act"
DECISION: Final = "decision"
WATCHER: Final = "watcher"
SWITCH: Final = "switch"
KIND: Final = "kind"
TARGET: Final = "target"
CODE: Final = "code"
CREDENTIAL: Final = "credential"
SOURCE: Final = "source"
DIRECTION: Final = "direction"
VERSION: Final = "version"
PYTHON: Final = "python"
WINDOW: Final = "window"
SCENARIO: Final = "scenario"
STANDING: Final = "standing"


class MetricKind(StrEnum):
    """Prometheus' types."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class MetricName:
    """One metric: its type, labels in order, and its help line."""

    kind: MetricKind
    labels: tuple[str, ...]
    help: str


_EACH_PROBE = (PLATFORM, PROBE, FUNCTION)

METRICS: Final[Mapping[str, MetricName]] = {
    "jit_probe_runs_total": MetricName(
        MetricKind.COUNTER, _EACH_PROBE, "Attempts a probe made, confirmations included."
    ),
    "jit_probe_bad_total": MetricName(MetricKind.COUNTER, _EACH_PROBE, "Attempts that were bad."),
    "jit_probe_not_measured_total": MetricName(
        MetricKind.COUNTER, _EACH_PROBE, "Attempts that could not measure: neither good nor bad."
    ),
    "jit_probe_duration_seconds": MetricName(
        MetricKind.HISTOGRAM, _EACH_PROBE, "How long attempts took, from name resolution to the last byte."
    ),
    "jit_probe_phase_duration_seconds": MetricName(
        MetricKind.GAUGE, (*_EACH_PROBE, PHASE), "How long each phase of the latest attempt took."
    ),
    "jit_probe_tls_expiry_timestamp_seconds": MetricName(
        MetricKind.GAUGE, _EACH_PROBE, "When the earliest certificate that was shown ends, in Unix time."
    ),
    "jit_access_duration_seconds": MetricName(
        MetricKind.HISTOGRAM, (*_EACH_PROBE, SPAN), "How long each part of a journey took that held, and the whole way."
    ),
    "jit_access_residue": MetricName(
        MetricKind.GAUGE, _EACH_PROBE, "Things that a journey opened and that are not known closed."
    ),
    "jit_heartbeat_last_timestamp_seconds": MetricName(
        MetricKind.GAUGE, _EACH_PROBE, "When a heartbeat was heard last, in Unix time, well or not."
    ),
    "jit_function_up": MetricName(
        MetricKind.GAUGE, (PLATFORM, FUNCTION), "1 if the function is up or degraded, 0 if down; absent if unknown."
    ),
    "jit_platform_up": MetricName(
        MetricKind.GAUGE, (PLATFORM,), "1 if the platform is up or degraded, 0 if down; absent if unknown."
    ),
    "jit_platform_verdict": MetricName(
        MetricKind.GAUGE, (PLATFORM, VERDICT), "1 for the verdict that holds, 0 for the others."
    ),
    "jit_break_glass_ready": MetricName(
        MetricKind.GAUGE, (PLATFORM,), "1 if break-glass is marked ready; 0 in standby and in an exercise."
    ),
    "jit_break_glass_cause": MetricName(
        MetricKind.GAUGE, (PLATFORM, CAUSE), "1 for each kind of cause that raises the flag, 0 for the others."
    ),
    "jit_maintenance_active": MetricName(
        MetricKind.GAUGE, (PLATFORM,), "Whether an agreed maintenance window is in force."
    ),
    "jit_maintenance_end_timestamp_seconds": MetricName(
        MetricKind.GAUGE, (PLATFORM,), "When the window that is in force ends, the last of them, in Unix time."
    ),
    "jit_maintenance_next_timestamp_seconds": MetricName(
        MetricKind.GAUGE, (PLATFORM,), "When the next agreed window comes into force, in Unix time."
    ),
    "jit_maintenance_proposed": MetricName(
        MetricKind.GAUGE, (PLATFORM,), "Windows that a status page proposes and nobody accepted or declined."
    ),
    "jit_exercise_active": MetricName(
        MetricKind.GAUGE, (PLATFORM,), "Whether an exercise runs: its own probes reach nothing, the real ones go on."
    ),
    "jit_exercise_detection_seconds": MetricName(
        MetricKind.GAUGE, (PLATFORM,), "How long it took to detect the latest exercise that was detected."
    ),
    "jit_break_glass_inhibited": MetricName(
        MetricKind.GAUGE, (PLATFORM,), "1 while two persons hold closed what outages raise."
    ),
    "jit_break_glass_acts_total": MetricName(
        MetricKind.COUNTER, (PLATFORM, ACT), "What people did to the flag, and what they asked for."
    ),
    "jit_break_glass_flag_expiry_timestamp_seconds": MetricName(
        MetricKind.GAUGE, (PLATFORM,), "When the flag as last signed ends, in Unix time."
    ),
    "jit_break_glass_flag_publish_total": MetricName(
        MetricKind.COUNTER, (TARGET,), "Times a flag was tried to be published to a target."
    ),
    "jit_break_glass_flag_publish_failed_total": MetricName(
        MetricKind.COUNTER, (TARGET,), "Times that failed; each is tried again."
    ),
    "jit_break_glass_flag_publish_behind": MetricName(
        MetricKind.GAUGE, (TARGET,), "Platforms whose flag as last signed the target doesn't show."
    ),
    "jit_break_glass_flag_published_expiry_timestamp_seconds": MetricName(
        MetricKind.GAUGE, (PLATFORM, TARGET), "When the flag that was last published there ends, in Unix time."
    ),
    "jit_break_glass_uses_total": MetricName(
        MetricKind.COUNTER, (PLATFORM, DECISION), "Attempts at break-glass that were told of, allowed or refused."
    ),
    "jit_break_glass_uses_open": MetricName(
        MetricKind.GAUGE, (PLATFORM,), "Uses of break-glass that people still have to class."
    ),
    "jit_break_glass_watcher_seeing": MetricName(
        MetricKind.GAUGE, (WATCHER,), "1 if the watcher can read its log, 0 if not; absent before it looked."
    ),
    "jit_outage_active": MetricName(MetricKind.GAUGE, (PLATFORM,), "1 while an outage is open."),
    "jit_outages_total": MetricName(MetricKind.COUNTER, (PLATFORM,), "Outages that were found."),
    "jit_outage_detection_seconds": MetricName(
        MetricKind.HISTOGRAM, (PLATFORM,), "From the first bad outcome of an outage to its confirmation."
    ),
    "jit_sla_objective_ratio": MetricName(
        MetricKind.GAUGE, (PLATFORM,), "Which share of the time the platform is to be up, as agreed."
    ),
    "jit_sla_availability_ratio": MetricName(
        MetricKind.GAUGE, (PLATFORM, WINDOW), "Which share of the time that counts the platform was up."
    ),
    "jit_sla_error_budget_remaining_ratio": MetricName(
        MetricKind.GAUGE, (PLATFORM,), "Which share of the period's error budget is left; below 0 it is overspent."
    ),
    "jit_sla_burn_rate": MetricName(
        MetricKind.GAUGE, (PLATFORM, WINDOW), "How many times as fast as agreed the error budget is spent."
    ),
    "jit_sla_downtime_seconds": MetricName(MetricKind.GAUGE, (PLATFORM, WINDOW), "How long the platform was down."),
    "jit_sla_coverage_ratio": MetricName(
        MetricKind.GAUGE, (PLATFORM, WINDOW), "Which share of the time outside agreed maintenance was measured."
    ),
    "jit_sla_excluded": MetricName(
        MetricKind.GAUGE, (PLATFORM,), "1 while agreed maintenance takes the time out of the platform's availability."
    ),
    "jit_pages_total": MetricName(MetricKind.COUNTER, (KIND,), "Pages that were decided."),
    "jit_pages_failed_total": MetricName(MetricKind.COUNTER, (KIND,), "Pages that a channel did not take for good."),
    "jit_pages_fell_back_total": MetricName(
        MetricKind.COUNTER, (KIND,), "Pages that were not taken in time, and went to further channels."
    ),
    "jit_pages_pending": MetricName(MetricKind.GAUGE, (), "Pages that are not yet known to be delivered."),
    "jit_drill_runs": MetricName(
        MetricKind.GAUGE, (STANDING,), "Runs of drills that are open, by where they stand, or left something behind."
    ),
    "jit_drill_last_passed_timestamp_seconds": MetricName(
        MetricKind.GAUGE, (SCENARIO,), "When a scenario passed last on the real thing, in Unix time."
    ),
    "jit_drill_last_run_timestamp_seconds": MetricName(
        MetricKind.GAUGE, (SCENARIO, VERDICT), "When the last real run of a scenario was closed, by what it came to."
    ),
    "jit_drill_due_timestamp_seconds": MetricName(
        MetricKind.GAUGE, (SCENARIO,), "When a scenario of the calendar is, or was, due, in Unix time."
    ),
    "jit_drill_overdue": MetricName(MetricKind.GAUGE, (SCENARIO,), "1 if a scenario of the calendar is overdue."),
    "jit_drill_span_seconds": MetricName(
        MetricKind.GAUGE, (SCENARIO, SPAN), "What the last real run of a scenario that was closed measured."
    ),
    "jit_credential_expiry_timestamp_seconds": MetricName(
        MetricKind.GAUGE, (CREDENTIAL, SOURCE), "When a credential that the monitor holds ends, in Unix time."
    ),
    "jit_credential_renewal_due_timestamp_seconds": MetricName(
        MetricKind.GAUGE, (CREDENTIAL, SOURCE), "When it is time to renew it, in Unix time."
    ),
    "jit_credential_readable": MetricName(
        MetricKind.GAUGE, (CREDENTIAL,), "1 if it could be read when it was last looked at, 0 if not."
    ),
    "jit_monitor_probe_lag_seconds": MetricName(MetricKind.HISTOGRAM, (), "How late scheduled attempts started."),
    "jit_monitor_vantage_blind": MetricName(
        MetricKind.GAUGE, (), "1 while no control answers: nothing seen from here is believed."
    ),
    "jit_monitor_residue_forgotten": MetricName(
        MetricKind.GAUGE,
        (),
        "Things left open by journeys that are no longer in the settings, as of the start or a reload.",
    ),
    "jit_monitor_store_writable": MetricName(MetricKind.GAUGE, (), "1 if the last write to the store went through."),
    "jit_monitor_outcomes_dropped_total": MetricName(
        MetricKind.COUNTER, (), "Outcomes that were judged but could not be stored."
    ),
    "jit_monitor_outcomes_pruned_total": MetricName(
        MetricKind.COUNTER, (), "Outcomes that the store forgot because their time was over."
    ),
    "jit_monitor_requests_refused_total": MetricName(
        MetricKind.COUNTER, (CODE,), "Requests that an endpoint refused, by the refusal's code."
    ),
    "jit_monitor_audit_entries_dropped_total": MetricName(
        MetricKind.COUNTER, (), "Entries of the audit that could not be kept; each is in the log."
    ),
    "jit_monitor_dead_man_beats_total": MetricName(
        MetricKind.COUNTER, (SWITCH,), "Beats that were sent to a dead man's switch."
    ),
    "jit_monitor_dead_man_beats_failed_total": MetricName(
        MetricKind.COUNTER, (SWITCH,), "Beats that a dead man's switch did not take."
    ),
    "jit_monitor_clock_jumps_total": MetricName(
        MetricKind.COUNTER, (DIRECTION,), "How often the wall clock was found more than 5 s off what it should show."
    ),
    "jit_monitor_suspended_seconds_total": MetricName(
        MetricKind.COUNTER, (), "Seconds that the machine slept while the monitor ran; nothing was watched."
    ),
    "jit_monitor_config_last_reload_successful": MetricName(
        MetricKind.GAUGE, (), "1 if the settings in force are those that the file held when it was last read."
    ),
    "jit_monitor_config_last_reload_success_timestamp_seconds": MetricName(
        MetricKind.GAUGE, (), "When the settings in force were read, in Unix time."
    ),
    "jit_monitor_build_info": MetricName(MetricKind.GAUGE, (VERSION, PYTHON), "1; the versions are in the labels."),
}

_MONITOR: Final = "monitor.settings.root:MonitorSettings"

SECTIONS: Final[Mapping[str, str]] = {
    "deployment": _MONITOR,
    "vantage": _MONITOR,
    "store": _MONITOR,
    "listen": _MONITOR,
    "platforms": _MONITOR,
    "controls": _MONITOR,
    "flag": _MONITOR,
    "uses": _MONITOR,
    "drills": _MONITOR,
    "paging": _MONITOR,
    "dead_man": _MONITOR,
    "static_page": _MONITOR,
    "tokens": _MONITOR,
    "drill": "drills.settings.root:DrillFile",
}
