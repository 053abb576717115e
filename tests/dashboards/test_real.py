"""Every expression of every rule and dashboard, asked of a real Prometheus that scraped a monitor through an outage.

What gives nothing must be named here, with why; what is named and gives something is a mistake as well.
"""

import re
from math import isfinite
from pathlib import Path

import pytest
import yaml

from checks.account_boards import BOARDS
from tests.support.documents import ROOT
from tests.support.monitors import Wanted, make_home, monitor_in
from tests.support.prometheus import Prometheus, prometheus
from tests.support.receiver import Answer, receiving
from tests.support.settings_files import write

DASHBOARDS = ROOT / "dashboards"
RULES = (*sorted((DASHBOARDS / "alerts").glob("*.yaml")), *sorted((DASHBOARDS / "rules").glob("*.yaml")))
PLATFORM = "  # payments\n    sla: {objective: 0.9999}\n"
TOKEN = ", auth: {bearer: {file: token, expires: 2099-01-31}}"

# Metrics of what the monitor here does not have.
ABSENT = {
    "jit_access_duration_seconds_bucket": "no journey",
    "jit_access_residue": "no journey",
    "jit_heartbeat_last_timestamp_seconds": "no heartbeat",
    "jit_probe_tls_expiry_timestamp_seconds": "no certificate is shown over plain HTTP",
    "jit_break_glass_watcher_seeing": "no watcher",
    "jit_monitor_dead_man_beats_total": "no dead man's switch",
    "jit_monitor_dead_man_beats_failed_total": "no dead man's switch",
    "jit_maintenance_next_timestamp_seconds": "no window was agreed",
    "jit_maintenance_end_timestamp_seconds": "no window was agreed",
    "jit_drill_due_timestamp_seconds": "no calendar",
    "jit_drill_overdue": "no calendar",
    "jit_drill_last_passed_timestamp_seconds": "no drill",
    "jit_drill_last_run_timestamp_seconds": "no drill",
    "jit_drill_span_seconds": "no drill",
    "jit_exercise_detection_seconds": "no exercise",
    'source="certificate': "it shows no certificate of its own",
}
# Alerts that must not find anything while the monitor lives: they ask for what is gone.
QUIET = {"GlasswatchAbsent", "GlasswatchMonitorGone", "GlasswatchOutageMonitorGone", "GlasswatchReadyMonitorGone"}


def _chosen(expr: str) -> str:
    """Return a dashboard's expression with all chosen, and over a span that a test lasts."""
    for name in ("$job", "$instance", "$platform", "$vendor"):
        expr = expr.replace(name, ".+")
    return expr.replace("$__rate_interval", "20s")


def _never_silent(expr: str) -> str:
    """Return an alert's expression that gives 0 where it would give nothing, and asks for nothing before the test."""
    expr = re.sub(r" offset \d+m", "", expr)
    return re.sub(r"(?<=[ )])(==|>=|<=|>|<)(?= )", r"\1 bool", expr)


def _is_absent(expr: str) -> bool:
    return any(re.search(rf"\b{name}\b", expr) for name in ABSENT)


def _dashboards() -> dict[str, tuple[str, str]]:
    """Return by place an expression and what its series are called."""
    return {
        f"{board.uid}: {panel.title}: {nth}": (_chosen(query.text), query.legend)
        for board in BOARDS
        for panel in board.panels
        for nth, query in enumerate(panel.queries)
    }


def _rules() -> dict[str, str]:
    """Return by name the expression of every alert and recording rule."""
    found = {}
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                found[str(rule.get("alert") or rule["record"])] = str(rule["expr"])
    return found


def _hasty(folder: Path) -> list[Path]:
    """Return the rules as files that are judged at once: a test does not last 15 s between two samples."""
    copies = []
    for path in RULES:
        copy = folder / f"{path.parent.name}-{path.name}"
        copy.write_text(re.sub(r"interval: \d+[sm]", "interval: 500ms", path.read_text()))
        copies.append(copy)
    return copies


async def _wrong_on_dashboards(server: Prometheus) -> dict[str, object]:
    """Return the expressions that gave nothing, something unexpected, or series that bear the same name."""
    wrong: dict[str, object] = {}
    for place, (expr, legend) in _dashboards().items():
        found = await server.query(expr)
        labels = sorted(set(re.findall(r"{{(\w+)}}", legend)))
        names = [[metric.get(label) for label in labels] for metric, _ in found]
        is_named = all(None not in name for name in names) and len({*map(tuple, names)}) == len(names)
        is_number = any(isfinite(value) for _, value in found)
        if is_number is _is_absent(expr) or not is_named:
            wrong[place] = found
    return wrong


async def _wrong_in_rules(server: Prometheus) -> dict[str, object]:
    """Return the alerts that could never find anything, or find it here, and what is recorded of nobody."""
    wrong: dict[str, object] = {}
    for name, expr in _rules().items():
        is_recorded = ":" in name
        found = await server.query(name if is_recorded else _never_silent(expr))
        is_whole = not is_recorded or all({"job", "instance", "platform"} <= set(metric) for metric, _ in found)
        if bool(found) is (name in QUIET or _is_absent(expr)) or not is_whole:
            wrong[name] = found
    return wrong


@pytest.mark.timeout(180)
async def test_every_expression_gives_what_it_should(tmp_path: Path) -> None:
    """After an outage that came and went: the shape of each, and what fired meanwhile."""
    (tmp_path / "prometheus").mkdir()
    async with receiving() as target:
        functions = ("sign_in", "request")
        wanted = Wanted(target.url, functions, expects=TOKEN, receiver=target.url, platforms=PLATFORM)
        home = make_home(tmp_path / "home", wanted)
        write(home.root, "opaque", "token")
        async with monitor_in(home) as monitor:
            await monitor.start()
            await monitor.verdict_is("up")
            host, _, port = monitor.url.removeprefix("http://").rpartition(":")
            rules = _hasty(tmp_path)
            async with prometheus(tmp_path / "prometheus", [(host, int(port))], rules, "500ms") as server:
                await server.wait_for("jit_platform_up == 1")
                target.default = Answer(503)
                await server.wait_for("jit_outage_active == 1 and jit_break_glass_ready == 1 and jit_platform_up == 0")
                await server.wait_for("platform:jit_outage_active:counted == 1")
                target.default = Answer(200)
                await server.wait_for("jit_platform_up == 1 and jit_outage_active == 0")
                await server.wait_for('jit_sla_downtime_seconds{window="1h"} > 0', 60)
                await server.wait_for("platform:jit_sla_downtime_seconds:sum5m > 0")
                assert await _wrong_on_dashboards(server) == {}
                assert await _wrong_in_rules(server) == {}
                firing = await server.query('max by (alertname) (max_over_time(ALERTS{alertstate="firing"}[5m]))')
    # Half a minute of downtime is reached at once here: each sample stands for 15 s. The others wait for minutes.
    assert {labels["alertname"] for labels, _ in firing} == {"GlasswatchBudgetBurnsFast"}
