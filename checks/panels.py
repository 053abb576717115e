"""What a dashboard is made of, as values, and how Grafana writes it down.

1. An expression asks only for metrics of `glasswatch.names` (or what the recording rules make of them): another is a
   mistake that stops the build.
2. `{one}` in an expression stands for what chooses a monitor, `{of}` for what chooses a monitor's platforms; more
   follows after a comma. So several monitors can be scraped together, and labels that the scrape adds are kept.
3. Panels flow from left to right, 24 columns wide, in the order in which they are written.
4. The JSON is Grafana's of schema version 39 (Grafana 11), and nothing in it is made by chance or by the clock.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from glasswatch.names import METRICS, MetricKind

SCHEMA_VERSION: Final = 39
WIDTH: Final = 24
ONE: Final = 'job=~"$job", instance=~"$instance"'
OF: Final = f'{ONE}, platform=~"$platform"'
_CHOSEN: Final = {"one": ONE, "of": OF}
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
_OF_HISTOGRAMS: Final = ("_bucket", "_count", "_sum")


def known() -> frozenset[str]:
    """Return every series' name that may be asked for."""
    names = set(METRICS)
    for name, described in METRICS.items():
        if described.kind is MetricKind.HISTOGRAM:
            names -= {name}
            names |= {f"{name}{suffix}" for suffix in _OF_HISTOGRAMS}
    return frozenset(names)


@dataclass(frozen=True, slots=True)
class Query:
    """An expression, and what its series are called: labels stand in `{{ }}`."""

    expr: str
    legend: str

    @property
    def text(self) -> str:
        """The expression as Grafana is given it.

        Raises:
            ValueError: it asks for a metric that there isn't.
        """
        unknown = sorted(set(re.findall(r"(?<!:)\bjit_\w+", self.expr)) - known())
        if unknown:
            raise ValueError(f"there is no metric {', '.join(unknown)}")
        return re.sub(r"\{(one|of)\b", lambda found: "{" + _CHOSEN[found[1]], self.expr)


@dataclass(frozen=True, slots=True)
class Shown:
    """How values are shown. `words`: what a value is called, and its colour; `steps`: from which value on which colour.

    `nothing` is shown where there is no value. `decimals` None: as many as Grafana thinks fit, and 99.97 is 100.
    """

    unit: str = "short"
    words: Mapping[float, tuple[str, str]] = field(default_factory=dict)
    steps: Sequence[tuple[float | None, str]] = ((None, "green"),)
    nothing: str = "no value"
    lowest: float | None = None
    highest: float | None = None
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. `kind` is Grafana's name of it; `about` says what one reads from it, and when to act."""

    title: str
    kind: str
    queries: Sequence[Query]
    about: str
    shown: Shown = Shown()
    width: int = 12
    height: int = 8


@dataclass(frozen=True, slots=True)
class Row:
    """A heading over the panels that follow it."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard. `uid` is its name in addresses and its file's; `choices` are what is chosen on top of it.

    Of those in `single` exactly one is chosen; of others several, or all.
    """

    uid: str
    title: str
    about: str
    rows: Sequence[Row]
    choices: Sequence[str] = ("job", "instance", "platform")
    single: Sequence[str] = ()
    span: str = "now-6h"

    @property
    def panels(self) -> Iterator[Panel]:
        """All of its panels, in order."""
        return (panel for row in self.rows for panel in row.panels)


_ASKED: Final[Mapping[str, str]] = {
    "job": "label_values(jit_monitor_build_info, job)",
    "instance": 'label_values(jit_monitor_build_info{job=~"$job"}, instance)',
    "platform": f"label_values(jit_outage_active{{{ONE}}}, platform)",
}


def written(board: Board) -> dict[str, Any]:
    """Return a dashboard as Grafana reads it."""
    return {
        "annotations": {"list": []},
        "description": board.about,
        "editable": True,
        "graphTooltip": 1,
        "links": [_LINKS],
        "panels": list(_placed(board.rows)),
        "refresh": "30s",
        "schemaVersion": SCHEMA_VERSION,
        "tags": ["glasswatch"],
        "templating": {
            "list": [_DATASOURCE, *(_choice(name, is_single=name in board.single) for name in board.choices)]
        },
        "time": {"from": board.span, "to": "now"},
        "timezone": "browser",
        "title": board.title,
        "uid": board.uid,
        "version": 1,
    }


_LINKS: Final = {
    "asDropdown": False,
    "includeVars": True,
    "keepTime": True,
    "tags": ["glasswatch"],
    "title": "glasswatch",
    "type": "dashboards",
}
_DATASOURCE: Final = {
    "label": "Prometheus",
    "name": "datasource",
    "query": "prometheus",
    "type": "datasource",
}


def _choice(name: str, *, is_single: bool) -> dict[str, Any]:
    if name not in _ASKED:
        return {"label": "vendor's status page (probe)", "name": name, "query": ".*status.*", "type": "textbox"}
    several = {"allValue": ".+", "current": {"text": ["All"], "value": ["$__all"]}}
    return {
        **({} if is_single else several),
        "datasource": SOURCE,
        "includeAll": not is_single,
        "label": name,
        "multi": not is_single,
        "name": name,
        "query": {"query": _ASKED[name], "refId": name},
        "refresh": 2,
        "sort": 1,
        "type": "query",
    }


def _placed(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    number, top = 1, 0
    for row in rows:
        at = {"h": 1, "w": WIDTH, "x": 0, "y": top}
        yield {"collapsed": False, "gridPos": at, "id": number, "panels": [], "title": row.title, "type": "row"}
        number, top, left, tallest = number + 1, top + 1, 0, 0
        for panel in row.panels:
            if left + panel.width > WIDTH:
                top, left, tallest = top + tallest, 0, 0
            at = {"h": panel.height, "w": panel.width, "x": left, "y": top}
            yield {"gridPos": at, "id": number, **_panel(panel)}
            number, left, tallest = number + 1, left + panel.width, max(tallest, panel.height)
        top += tallest


def _panel(panel: Panel) -> dict[str, Any]:
    is_now = panel.kind in {"stat", "table", "bargauge"}
    targets = [
        {
            "datasource": SOURCE,
            "expr": query.text,
            "instant": is_now,
            "range": not is_now,
            "legendFormat": query.legend,
            "refId": chr(ord("A") + nth),
        }
        for nth, query in enumerate(panel.queries)
    ]
    return {
        "datasource": SOURCE,
        "description": panel.about,
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _OPTIONS[panel.kind],
        "targets": targets,
        "title": panel.title,
        "type": panel.kind,
    }


def _defaults(panel: Panel) -> dict[str, Any]:
    shown = panel.shown
    words = {f"{value:g}": {"text": text, "color": colour} for value, (text, colour) in shown.words.items()}
    bounds = {"min": shown.lowest, "max": shown.highest, "decimals": shown.decimals}
    return {
        "custom": _CUSTOM.get(panel.kind, {}),
        "mappings": [{"type": "value", "options": words}] if words else [],
        "noValue": shown.nothing,
        "thresholds": {"mode": "absolute", "steps": [{"value": at, "color": colour} for at, colour in shown.steps]},
        "unit": shown.unit,
        **{name: value for name, value in bounds.items() if value is not None},
    }


_REDUCED: Final = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_OPTIONS: Final[Mapping[str, dict[str, Any]]] = {
    "stat": {"colorMode": "background", "graphMode": "none", "reduceOptions": _REDUCED, "textMode": "value_and_name"},
    "bargauge": {"displayMode": "basic", "orientation": "horizontal", "reduceOptions": _REDUCED},
    "timeseries": {
        "legend": {"calcs": ["lastNotNull"], "displayMode": "table", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "state-timeline": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
        "mergeValues": True,
        "rowHeight": 0.8,
        "showValue": "auto",
    },
}
# A gap stays a gap: time that nobody measured must not look like a line.
_CUSTOM: Final[Mapping[str, dict[str, Any]]] = {
    "timeseries": {"drawStyle": "line", "fillOpacity": 5, "lineWidth": 1, "showPoints": "never", "spanNulls": False},
    "state-timeline": {"fillOpacity": 80, "lineWidth": 0, "spanNulls": False},
}
