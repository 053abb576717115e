"""The dashboard of drills: whether break-glass is known to work, and what of a drill has to be looked after."""

from typing import Final

from checks.boards import MONITOR
from checks.panels import Board, Panel, Query, Row, Shown

_SCENARIO: Final = f"{{{{scenario}}}} · {MONITOR}"
_NONE: Final = Shown(steps=((None, "green"), (1, "red")), nothing="no monitor")

DRILLS: Final = Board(
    "glasswatch-drills",
    "glasswatch: drills",
    "Does break-glass work, as far as anybody has tried? Runs that were opened at the monitor, on the real thing.",
    (
        Row(
            "Now",
            (
                Panel(
                    "Runs to look after",
                    "stat",
                    (Query('jit_drill_runs{one, standing!="open"}', f"{{{{standing}}}} · {MONITOR}"),),
                    "Above 0 something may be left behind: drill resume RUN --clean-up-only. The status page names it.",
                    _NONE,
                    8,
                    6,
                ),
                Panel(
                    "Runs under way",
                    "stat",
                    (Query('jit_drill_runs{one, standing="open"}', MONITOR),),
                    "Open, and heard of within two minutes.",
                    Shown(nothing="no monitor"),
                    8,
                    6,
                ),
                Panel(
                    "Overdue",
                    "stat",
                    (Query("jit_drill_overdue{one}", _SCENARIO),),
                    "Scenarios of the calendar that nobody has shown to work in time.",
                    Shown(words={0: ("no", "green"), 1: ("OVERDUE", "red")}, nothing="no calendar"),
                    8,
                    6,
                ),
            ),
        ),
        Row(
            "Scenarios",
            (
                Panel(
                    "Until it is due",
                    "stat",
                    (Query("jit_drill_due_timestamp_seconds{one} - time()", _SCENARIO),),
                    "Below 0 it is due: seven days later it is overdue, of yearly ones fourteen.",
                    Shown(unit="s", steps=((None, "orange"), (0, "green")), nothing="no calendar"),
                    8,
                ),
                Panel(
                    "Since it passed",
                    "stat",
                    (Query("time() - jit_drill_last_passed_timestamp_seconds{one}", _SCENARIO),),
                    "Only runs that really acted and passed count.",
                    Shown(unit="s", nothing="never passed"),
                    8,
                ),
                Panel(
                    "Since its last run",
                    "stat",
                    (Query("time() - jit_drill_last_run_timestamp_seconds{one}", f"{{{{verdict}}}} · {_SCENARIO}"),),
                    "What the last run came to that really acted, and how long ago.",
                    Shown(unit="s", nothing="never run"),
                    8,
                ),
                Panel(
                    "What was measured",
                    "timeseries",
                    (Query("jit_drill_span_seconds{one}", f"{{{{span}}}} · {_SCENARIO}"),),
                    "Of the last run that was closed, passed or not. A step up is a way in that takes longer.",
                    Shown(unit="s", lowest=0),
                    24,
                ),
            ),
        ),
    ),
    choices=("job", "instance"),
    span="now-1y",
)
