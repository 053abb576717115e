"""The dashboards of the SLA and of the monitor itself, panel by panel."""

from typing import Final

from checks.boards import AVAILABILITY, BUDGET, MONITOR, OVERVIEW, PLATFORM, WHO
from checks.drill_boards import DRILLS
from checks.panels import Board, Panel, Query, Row, Shown

_COUNT: Final = Shown(lowest=0)
_SECONDS: Final = Shown(unit="s", lowest=0)
_SHARE: Final = Shown(unit="percentunit", highest=1, decimals=3)
_YES: Final = Shown(words={0: ("no", "red"), 1: ("yes", "green")}, nothing="no monitor")
_NONE: Final = Shown(steps=((None, "green"), (1, "red")), nothing="no monitor")
_BURN: Final = Shown(steps=((None, "green"), (1, "yellow"), (6, "orange"), (14.4, "red")), lowest=0, nothing="none")
HELD: Final = "{{credential}} · " + MONITOR


def _each(metric: str, by: str, name: str = "") -> Query:
    what = f"{name} · " if name else ""
    return Query(f"sum by (instance, {by}) (increase({metric}{{one}}[5m]))", f"{what}{{{{{by}}}}} · {MONITOR}")


def _all(metric: str, name: str) -> Query:
    return Query(f"increase({metric}{{one}}[5m])", f"{name} · {MONITOR}")


SLA: Final = Board(
    "glasswatch-sla",
    "glasswatch: SLA and error budget",
    "What was agreed, what was measured, and how fast the budget goes. monitor sla prints it with its method.",
    (
        Row(
            "This period",
            (
                Panel(
                    "Objective",
                    "stat",
                    (Query("jit_sla_objective_ratio{of}", WHO),),
                    "platforms.NAME.sla.objective of the settings.",
                    Shown(unit="percentunit", steps=((None, "blue"),), nothing="no objective", decimals=3),
                    8,
                    6,
                ),
                Panel(
                    "Error budget left",
                    "stat",
                    (Query("jit_sla_error_budget_remaining_ratio{of}", WHO),),
                    "Of the calendar period. Below 0 it is overspent: monitor sla says what can be claimed.",
                    BUDGET,
                    8,
                    6,
                ),
                Panel(
                    "Availability, 30 days",
                    "stat",
                    (Query('jit_sla_availability_ratio{of, window="30d"}', WHO),),
                    "Of the time that was measured and is in no agreed maintenance.",
                    AVAILABILITY,
                    8,
                    6,
                ),
            ),
        ),
        Row(
            "By window",
            (
                Panel(
                    "Availability",
                    "timeseries",
                    (Query("jit_sla_availability_ratio{of}", "{{window}} · " + WHO),),
                    "As the monitor counts it: from the first bad attempt to the first good one.",
                    _SHARE,
                ),
                Panel(
                    "Availability, counted by Prometheus",
                    "timeseries",
                    (
                        Query("platform:jit_sla_availability_ratio:avg24h{of}", "24h · " + WHO),
                        Query("platform:jit_sla_availability_ratio:avg30d{of}", "30d · " + WHO),
                    ),
                    "The same from dashboards/rules/sla.yaml. Where they part, one of the two was not there.",
                    _SHARE,
                ),
                Panel(
                    "Downtime",
                    "timeseries",
                    (Query("jit_sla_downtime_seconds{of}", "{{window}} · " + WHO),),
                    "In each window, without agreed maintenance.",
                    _SECONDS,
                ),
                Panel(
                    "Coverage",
                    "timeseries",
                    (Query("jit_sla_coverage_ratio{of}", "{{window}} · " + WHO),),
                    "How much of each window was measured. After a first start long windows are mostly not.",
                    Shown(unit="percentunit", lowest=0, highest=1, decimals=2),
                ),
                Panel(
                    "Burn rates",
                    "timeseries",
                    (Query("jit_sla_burn_rate{of}", "{{window}} · " + WHO),),
                    "1: the budget lasts exactly its period. Alerts want both of a pair: 5m and 1h over 14.4, 30m and"
                    " 6h over 6, 2h and 24h over 3, 6h and 3d over 1.",
                    _BURN,
                ),
                Panel(
                    "Burn rates, counted by Prometheus",
                    "timeseries",
                    (
                        Query("platform:jit_sla_burn_rate:avg1h{of}", "1h · " + WHO),
                        Query("platform:jit_sla_burn_rate:avg6h{of}", "6h · " + WHO),
                        Query("platform:jit_sla_burn_rate:avg3d{of}", "3d · " + WHO),
                    ),
                    "What the alerts of dashboards/alerts/sla.yaml look at.",
                    _BURN,
                ),
            ),
        ),
    ),
    span="now-30d",
)

ITSELF: Final = Board(
    "glasswatch-monitor",
    "glasswatch: the monitor itself",
    "Can it be relied on? A monitor that is not well must not be read as a platform that is.",
    (
        Row(
            "Now",
            (
                Panel("It answers", "stat", (Query("jit_monitor_build_info{one}", MONITOR),), "", _YES, 6, 5),
                Panel(
                    "It is blind",
                    "stat",
                    (Query("jit_monitor_vantage_blind{one}", MONITOR),),
                    "No control answers: nothing that it sees is believed.",
                    Shown(words={0: ("no", "green"), 1: ("yes", "red")}, nothing="no monitor"),
                    6,
                    5,
                ),
                Panel(
                    "Its store takes writes",
                    "stat",
                    (Query("jit_monitor_store_writable{one}", MONITOR),),
                    "",
                    _YES,
                    6,
                    5,
                ),
                Panel(
                    "Its settings are the file's",
                    "stat",
                    (Query("jit_monitor_config_last_reload_successful{one}", MONITOR),),
                    "No: the file was refused, and the next restart would fail.",
                    _YES,
                    6,
                    5,
                ),
                Panel(
                    "Pages on their way",
                    "stat",
                    (Query("jit_pages_pending{one}", MONITOR),),
                    "For minutes: nobody was woken yet.",
                    _NONE,
                    6,
                    5,
                ),
                Panel(
                    "Targets behind",
                    "stat",
                    (Query("jit_break_glass_flag_publish_behind{one}", "{{target}} · " + MONITOR),),
                    "Platforms whose latest flag doesn't stand there.",
                    _NONE,
                    6,
                    5,
                ),
                Panel(
                    "Watchers see",
                    "stat",
                    (Query("jit_break_glass_watcher_seeing{one}", "{{watcher}} · " + MONITOR),),
                    "No: uses of break-glass may go unseen.",
                    Shown(words={0: ("no", "red"), 1: ("yes", "green")}, nothing="none"),
                    6,
                    5,
                ),
                Panel(
                    "Open, and no probe closes it",
                    "stat",
                    (Query("jit_monitor_residue_forgotten{one}", MONITOR),),
                    "The status page names it.",
                    _NONE,
                    6,
                    5,
                ),
            ),
        ),
        Row(
            "Probing",
            (
                Panel(
                    "Attempts",
                    "timeseries",
                    (Query("sum by (instance) (rate(jit_probe_runs_total{one}[$__rate_interval]))", MONITOR),),
                    "A second.",
                    Shown(unit="cps", lowest=0),
                ),
                Panel(
                    "How late they start",
                    "timeseries",
                    (
                        Query(
                            "histogram_quantile(0.99, sum by (le, instance)"
                            " (rate(jit_monitor_probe_lag_seconds_bucket{one}[$__rate_interval])))",
                            "99 % · " + MONITOR,
                        ),
                    ),
                    "A monitor that lags measures itself.",
                    _SECONDS,
                ),
            ),
        ),
        Row(
            "Pages and flags",
            (
                Panel("Pages decided", "timeseries", (_each("jit_pages_total", "kind"),), "In 5 min.", _COUNT),
                Panel(
                    "Pages given up, and fallen back",
                    "timeseries",
                    (
                        _each("jit_pages_failed_total", "kind", "given up"),
                        _each("jit_pages_fell_back_total", "kind", "fell back"),
                    ),
                    "In 5 minutes. It should stay at 0.",
                    _COUNT,
                ),
                Panel(
                    "Flags published, and failed",
                    "timeseries",
                    (
                        _each("jit_break_glass_flag_publish_total", "target", "tried"),
                        _each("jit_break_glass_flag_publish_failed_total", "target", "failed"),
                    ),
                    "In 5 minutes.",
                    _COUNT,
                ),
                Panel(
                    "Copies of flags expire in",
                    "timeseries",
                    (
                        Query(
                            "jit_break_glass_flag_published_expiry_timestamp_seconds{one} - time()",
                            "{{platform}} · {{target}} · " + MONITOR,
                        ),
                    ),
                    "Below 0 readers of that copy refuse.",
                    Shown(unit="s"),
                ),
                Panel(
                    "Beats to dead man's switches, and failed",
                    "timeseries",
                    (
                        _each("jit_monitor_dead_man_beats_total", "switch", "sent"),
                        _each("jit_monitor_dead_man_beats_failed_total", "switch", "failed"),
                    ),
                    "In 5 minutes.",
                    _COUNT,
                ),
            ),
        ),
        Row(
            "What it holds",
            (
                Panel(
                    "Credentials end in",
                    "bargauge",
                    (Query("jit_credential_expiry_timestamp_seconds{one} - time()", HELD),),
                    "By their place in the settings, as far as anybody knows: certificates, tokens that say so, and"
                    " what the settings say.",
                    Shown(
                        unit="s",
                        steps=((None, "red"), (2 * 86400, "orange"), (14 * 86400, "green")),
                        nothing="of none it is known",
                    ),
                ),
                Panel(
                    "It is time to renew them in",
                    "bargauge",
                    (Query("jit_credential_renewal_due_timestamp_seconds{one} - time()", HELD),),
                    "14 days before the end, or with a sixth of the life left.",
                    Shown(unit="s", steps=((None, "red"), (0, "green")), nothing="of none it is known"),
                ),
                Panel(
                    "Credentials can be read",
                    "stat",
                    (Query("jit_credential_readable{one}", HELD),),
                    "No: what needs it can't be measured, published or told, and nobody knows when it ends.",
                    Shown(words={0: ("no", "red"), 1: ("yes", "green")}, nothing="none is read"),
                ),
            ),
        ),
        Row(
            "Store, clock and web",
            (
                Panel(
                    "Lost and forgotten",
                    "timeseries",
                    (
                        _all("jit_monitor_outcomes_dropped_total", "outcomes not stored"),
                        _all("jit_monitor_audit_entries_dropped_total", "audit entries not stored"),
                        _all("jit_monitor_outcomes_pruned_total", "outcomes whose time was over"),
                    ),
                    "In 5 minutes. The first two should stay at 0.",
                    _COUNT,
                ),
                Panel(
                    "The clock",
                    "timeseries",
                    (
                        _each("jit_monitor_clock_jumps_total", "direction"),
                        _all("jit_monitor_suspended_seconds_total", "seconds asleep"),
                    ),
                    "In 5 minutes. It should stay at 0.",
                    _COUNT,
                ),
                Panel(
                    "Requests refused",
                    "timeseries",
                    (_each("jit_monitor_requests_refused_total", "code"),),
                    "In 5 minutes. Unauthorized that rises is somebody guessing, or a token that ended.",
                    _COUNT,
                ),
                Panel(
                    "Settings are in force since",
                    "stat",
                    (Query("jit_monitor_config_last_reload_success_timestamp_seconds{one} * 1000", MONITOR),),
                    "When the file was read that they are from.",
                    Shown(unit="dateTimeAsIso"),
                ),
            ),
        ),
    ),
    choices=("job", "instance"),
)

BOARDS: Final = (OVERVIEW, PLATFORM, SLA, DRILLS, ITSELF)
