"""The dashboards, panel by panel. How they are written down is `checks.panels`'s.

There is no dashboard of who is on call or of approvers yet: their metrics don't exist.
"""

from typing import Final

from checks.panels import Board, Panel, Query, Row, Shown

WHO: Final = "{{platform}} · {{instance}}"
MONITOR: Final = "{{instance}}"
PROBE: Final = "{{probe}} · {{instance}}"

_GREY, _GREEN, _YELLOW, _ORANGE, _RED, _BLUE = "text", "green", "yellow", "orange", "red", "blue"
_VERDICTS: Final = Shown(
    words={1: ("down", _RED), 2: ("unknown", _BLUE), 3: ("degraded", _ORANGE), 4: ("up", _GREEN)}, nothing="no monitor"
)
_UP: Final = Shown(words={0: ("down", _RED), 1: ("up", _GREEN)}, nothing="unknown")
_READY: Final = Shown(words={0: ("sealed", _GREEN), 1: ("READY", _RED)}, nothing="no monitor")
_WELL: Final = Shown(words={0: ("no", _RED), 1: ("yes", _GREEN)}, nothing="no monitor")
_NONE_IS_WELL: Final = Shown(steps=((None, _GREEN), (1, _RED)), nothing="no monitor")
_SECONDS: Final = Shown(unit="s", lowest=0)
_COUNT: Final = Shown(lowest=0)
_SHARE: Final = Shown(unit="percentunit", lowest=0, highest=1)
_LEFT: Final = Shown(unit="s", steps=((None, _RED), (120, _GREEN)))
# Good or bad is said by the budget: availability alone has no colour.
AVAILABILITY: Final = Shown(unit="percentunit", steps=((None, _BLUE),), nothing="not measured", decimals=3)
BUDGET: Final = Shown(
    unit="percentunit", steps=((None, _RED), (0, _ORANGE), (0.25, _GREEN)), nothing="no objective", decimals=1
)
_COVERAGE: Final = Shown(
    unit="percentunit",
    steps=((None, _RED), (0.5, _ORANGE), (0.95, _GREEN)),
    nothing="not measured",
    lowest=0,
    highest=1,
    decimals=2,
)


def _quantiles(histogram: str, chosen: str, by: str, legend: str) -> tuple[Query, ...]:
    return tuple(
        Query(
            f"histogram_quantile({share}, sum by (le, {by}) (rate({histogram}_bucket{chosen}[$__rate_interval])))",
            f"{int(share * 100)} % · {legend}",
        )
        for share in (0.5, 0.99)
    )


_VERDICT: Final = Query(
    " + ".join(
        f'{worth} * sum without (verdict) (jit_platform_verdict{{of, verdict="{verdict}"}})'
        for worth, verdict in ((1, "down"), (2, "unknown"), (3, "degraded"), (4, "up"))
    ),
    WHO,
)

OVERVIEW: Final = Board(
    "glasswatch-overview",
    "glasswatch: all platforms",
    "Can engineers get access, and is break-glass ready? All platforms of all monitors on one page.",
    (
        Row(
            "Now",
            (
                Panel(
                    "Verdict",
                    "stat",
                    (_VERDICT,),
                    "Unknown is not up: nobody could measure. Decide by hand.",
                    _VERDICTS,
                ),
                Panel(
                    "Break-glass",
                    "stat",
                    (Query("jit_break_glass_ready{of}", WHO),),
                    "What the flag says. Only the signed flag itself opens anything.",
                    _READY,
                ),
                Panel(
                    "Outage on",
                    "stat",
                    (Query("jit_outage_active{of}", WHO),),
                    "From its confirmation to the end of its recovery.",
                    Shown(words={0: ("none", _GREEN), 1: ("OUTAGE", _RED)}, nothing="no monitor"),
                    6,
                    6,
                ),
                Panel(
                    "In maintenance",
                    "stat",
                    (Query("jit_maintenance_active{of}", WHO),),
                    "An outage in agreed maintenance is a ticket; access is gone all the same.",
                    Shown(words={0: ("no", _GREEN), 1: ("yes", _BLUE)}, nothing="no monitor"),
                    6,
                    6,
                ),
                Panel(
                    "Uses of break-glass to be classed",
                    "stat",
                    (Query("jit_break_glass_uses_open{of}", WHO),),
                    "Somebody went in, and nobody has said why yet.",
                    _NONE_IS_WELL,
                    6,
                    6,
                ),
                Panel(
                    "Flag expires in",
                    "stat",
                    (Query("jit_break_glass_flag_expiry_timestamp_seconds{of} - time()", WHO),),
                    "Signed anew every minute. Once it has expired, every reader refuses.",
                    _LEFT,
                    6,
                    6,
                ),
            ),
        ),
        Row(
            "How it went",
            (
                Panel("Verdicts", "state-timeline", (_VERDICT,), "A gap: no monitor was there.", _VERDICTS, 24, 9),
                Panel(
                    "Availability, 30 days",
                    "stat",
                    (Query('jit_sla_availability_ratio{of, window="30d"}', WHO),),
                    "Of the time that counts: measured, and not in agreed maintenance.",
                    AVAILABILITY,
                ),
                Panel(
                    "Error budget left, this period",
                    "stat",
                    (Query("jit_sla_error_budget_remaining_ratio{of}", WHO),),
                    "Of the calendar period that was agreed. Below 0 there is something to claim.",
                    BUDGET,
                ),
                Panel(
                    "Outages found",
                    "timeseries",
                    (Query("sum by (platform, instance) (increase(jit_outages_total{of}[1h]))", WHO),),
                    "In the hour before each point. Several vantages find the same outage each.",
                    _COUNT,
                ),
                Panel(
                    "Measured, last 24 hours",
                    "bargauge",
                    (Query('jit_sla_coverage_ratio{of, window="24h"}', WHO),),
                    "How much of the time anybody could tell. What isn't measured is no claim.",
                    _COVERAGE,
                ),
            ),
        ),
    ),
)

PLATFORM: Final = Board(
    "glasswatch-platform",
    "glasswatch: one platform",
    "What engineers would lose, step by step: functions, probes, phases, access; and the vendor's own word beside it.",
    (
        Row(
            "Verdict and flag",
            (
                Panel("Verdict", "state-timeline", (_VERDICT,), "Of the whole platform.", _VERDICTS, 12, 6),
                Panel(
                    "Functions",
                    "state-timeline",
                    (Query("jit_function_up{of}", "{{function}} · {{instance}}"),),
                    "Up also when degraded. A gap is unknown.",
                    _UP,
                    12,
                    6,
                ),
                Panel(
                    "Break-glass",
                    "state-timeline",
                    (
                        Query("jit_break_glass_ready{of}", "ready · {{instance}}"),
                        Query("jit_break_glass_cause{of}", "{{cause}} · {{instance}}"),
                        Query("jit_break_glass_inhibited{of}", "held closed · {{instance}}"),
                        Query("jit_exercise_active{of}", "exercise runs · {{instance}}"),
                    ),
                    "What raises the flag, and whether two persons hold it closed.",
                    Shown(words={0: ("no", _GREEN), 1: ("yes", _RED)}),
                ),
                Panel(
                    "Outages against the vendor's word",
                    "state-timeline",
                    (
                        Query("jit_outage_active{of}", "we: {{platform}} · {{instance}}"),
                        Query(
                            'increase(jit_probe_bad_total{of, probe=~"$vendor"}[2m]) > bool 0',
                            "vendor: {{probe}} · {{instance}}",
                        ),
                    ),
                    "Above: an outage that we found. Below: the status page owned up to one; its end shows 2 minutes"
                    " late. Choose its probe on top.",
                    Shown(words={0: ("well", _GREEN), 1: ("outage", _RED)}),
                ),
            ),
        ),
        Row(
            "Probes",
            (
                Panel(
                    "Bad attempts",
                    "timeseries",
                    (
                        Query(
                            "rate(jit_probe_bad_total{of}[$__rate_interval])"
                            " / rate(jit_probe_runs_total{of}[$__rate_interval])",
                            PROBE,
                        ),
                    ),
                    "A share of all attempts, confirmations included: no availability.",
                    _SHARE,
                ),
                Panel(
                    "Attempts that could not measure",
                    "timeseries",
                    (
                        Query(
                            "rate(jit_probe_not_measured_total{of}[$__rate_interval])"
                            " / rate(jit_probe_runs_total{of}[$__rate_interval])",
                            PROBE,
                        ),
                    ),
                    "Neither good nor bad. The probe's page says why.",
                    _SHARE,
                ),
                Panel(
                    "Duration",
                    "timeseries",
                    _quantiles("jit_probe_duration_seconds", "{of}", "instance, probe", PROBE),
                    "From name resolution to the last byte.",
                    _SECONDS,
                ),
                Panel(
                    "Phases of the latest attempt",
                    "timeseries",
                    (Query("jit_probe_phase_duration_seconds{of}", "{{phase}} · {{probe}} · {{instance}}"),),
                    "Which part is slow: resolve, connect, tls, processing, transfer.",
                    _SECONDS,
                ),
                Panel(
                    "Certificates end in",
                    "bargauge",
                    (Query("jit_probe_tls_expiry_timestamp_seconds{of} - time()", PROBE),),
                    "The earliest end of each chain that was seen.",
                    Shown(
                        unit="s",
                        steps=((None, _RED), (2 * 86400, _ORANGE), (14 * 86400, _GREEN)),
                        nothing="no certificate was seen",
                    ),
                ),
                Panel(
                    "Heartbeats: time since the last",
                    "timeseries",
                    (Query("time() - jit_heartbeat_last_timestamp_seconds{of}", PROBE),),
                    "Of programs that tell by themselves how they are.",
                    _SECONDS,
                ),
            ),
        ),
        Row(
            "Access, end to end",
            (
                Panel(
                    "Access spans",
                    "timeseries",
                    _quantiles("jit_access_duration_seconds", "{of}", "instance, probe, span", "{{span}} · {{probe}}"),
                    "How long each part of a journey took that held; total is the whole way.",
                    _SECONDS,
                ),
                Panel(
                    "Left open",
                    "timeseries",
                    (Query("jit_access_residue{of}", PROBE),),
                    "Access that a journey opened and that is not known closed. Above 0 for long: close it by hand.",
                    _COUNT,
                ),
                Panel(
                    "How long outages took to find",
                    "timeseries",
                    (
                        Query(
                            "histogram_quantile(0.9, sum by (le, instance, platform)"
                            " (increase(jit_outage_detection_seconds_bucket{of}[1d])))",
                            WHO,
                        ),
                        Query("jit_exercise_detection_seconds{of}", "latest exercise · {{instance}}"),
                    ),
                    "From the first bad attempt to the confirmation, nine of ten, over a day; the latest exercise from"
                    " its beginning.",
                    _SECONDS,
                ),
                Panel(
                    "Uses of break-glass",
                    "timeseries",
                    (
                        Query(
                            "sum by (instance, platform, decision) (increase(jit_break_glass_uses_total{of}[1h]))",
                            "{{decision}} · {{instance}}",
                        ),
                        Query(
                            "sum by (instance, platform, act) (increase(jit_break_glass_acts_total{of}[1h]))",
                            "{{act}} · {{instance}}",
                        ),
                    ),
                    "Attempts that were told of, and what people did to the flag, in the hour before each point.",
                    _COUNT,
                ),
                Panel(
                    "Maintenance",
                    "stat",
                    (
                        Query("jit_maintenance_active{of}", "in force · {{instance}}"),
                        Query("jit_sla_excluded{of}", "taken out of availability · {{instance}}"),
                        Query("jit_maintenance_proposed{of} > bool 0", "proposed, and waits · {{instance}}"),
                    ),
                    "Windows that a status page proposes wait for somebody to accept or decline them. A window for"
                    " functions or probes takes nothing out while anything else is down.",
                    Shown(words={0: ("no", _GREEN), 1: ("yes", _BLUE)}, nothing="no monitor"),
                    12,
                    6,
                ),
                Panel(
                    "Maintenance: how long until",
                    "stat",
                    (
                        Query("jit_maintenance_next_timestamp_seconds{of} - time()", "the next begins · {{instance}}"),
                        Query("jit_maintenance_end_timestamp_seconds{of} - time()", "this one ends · {{instance}}"),
                    ),
                    "Of windows that were agreed on.",
                    Shown(unit="s", steps=((None, _BLUE),), nothing="none was agreed"),
                    12,
                    6,
                ),
            ),
        ),
    ),
    choices=("job", "instance", "platform", "vendor"),
    single=("platform",),
)
