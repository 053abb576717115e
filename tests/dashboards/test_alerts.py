"""What is shipped for Prometheus: it takes it, alerts fire when they should, nothing is asked for that isn't there."""

import asyncio
import re
import shutil
from pathlib import Path

import pytest
import yaml

from checks.panels import known
from tests.support.documents import DOCS, ROOT
from tests.support.programs import require

DASHBOARDS = ROOT / "dashboards"
ALERTS = DASHBOARDS / "alerts"
RULES = sorted(ALERTS.glob("*.yaml"))
RECORDING = sorted((DASHBOARDS / "rules").glob("*.yaml"))
RUNBOOKS = (DOCS / "runbooks.md").read_text()


async def _run(program: str, package: str, *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        require(program, package=package),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def _promtool(*arguments: str) -> tuple[int, str]:
    return await _run("promtool", "prometheus", *arguments)


def _alerts(rules: Path) -> list[dict[str, object]]:
    return [each for group in yaml.safe_load(rules.read_text())["groups"] for each in group["rules"]]


@pytest.mark.parametrize("rules", [*RULES, *RECORDING], ids=lambda path: f"{path.parent.name}-{path.name}")
async def test_prometheus_takes_them(rules: Path) -> None:
    """Every file of rules is one."""
    code, said = await _promtool("check", "rules", str(rules))
    assert code == 0, said


@pytest.mark.parametrize("rules", [*RULES, *RECORDING], ids=lambda path: f"{path.parent.name}-{path.name}")
async def test_they_fire_when_they_should_and_not_otherwise(rules: Path) -> None:
    """Each file has cases of its own, and they hold."""
    code, said = await _promtool("test", "rules", str(rules.parent / "tests" / rules.name))
    assert code == 0, said


@pytest.mark.parametrize("rules", RULES, ids=lambda path: path.name)
def test_each_alert_has_a_case_that_fires_and_one_that_does_not(rules: Path) -> None:
    """An alert without either is not tested."""
    cases = (ALERTS / "tests" / rules.name).read_text()
    for alert in re.findall(r"- alert: (\w+)", rules.read_text()):
        assert re.search(rf"alertname: {alert}\n +exp_alerts:", cases), alert
        assert re.search(rf"alertname: {alert}}}", cases), alert


@pytest.mark.parametrize("rules", [*RULES, *RECORDING], ids=lambda path: f"{path.parent.name}-{path.name}")
def test_they_ask_for_metrics_that_exist(rules: Path) -> None:
    """A renamed metric would silence an alert."""
    text = rules.read_text()
    asked = set(re.findall(r"(?<!:)\bjit_\w+", re.sub(r"#.*", "", text)))
    assert asked or ":jit_" in text
    assert asked <= known()


def test_what_is_recorded_is_named_for_what_it_is_and_asked_for_as_it_is_named() -> None:
    """`level:metric:operations`, the metric being one of ours; and no alert asks for another one."""
    recorded = {str(each["record"]) for rules in RECORDING for each in _alerts(rules)}
    for name in recorded:
        level, metric, operations = name.split(":")
        assert level == "platform"
        assert metric in known()
        assert re.fullmatch(r"[a-z]+([0-9]+[mhd])?", operations)
    asked = {name for rules in RULES for name in re.findall(r"\w+:jit_\w+:\w+", rules.read_text())}
    assert asked
    assert asked <= recorded


@pytest.mark.parametrize("rules", RULES, ids=lambda path: path.name)
def test_each_alert_says_what_it_is_and_what_to_do(rules: Path) -> None:
    """A severity that is routed, words for a person, and a section of the runbooks with all three parts."""
    for alert in _alerts(rules):
        labels, said = alert["labels"], alert["annotations"]
        assert isinstance(labels, dict)
        assert isinstance(said, dict)
        assert labels["severity"] in {"page", "ticket"}
        assert said["summary"]
        assert said["description"]
        name = str(alert["alert"])
        assert said["runbook_url"] == f"runbooks.md#{name.lower()}"
        book = re.search(rf"^### {name}\n(.*?)(?=^##|\Z)", RUNBOOKS, re.MULTILINE | re.DOTALL)
        assert book is not None, name
        assert re.findall(r"^- \*\*(\w+)\*\*", book[1], re.MULTILINE) == ["Means", "Look", "Do"], name


def test_no_runbook_is_left_over() -> None:
    """Every section is about an alert that there is, and there is one for each."""
    alerts = [str(each["alert"]) for rules in RULES for each in _alerts(rules)]
    assert len(alerts) == len(set(alerts))
    assert sorted(re.findall(r"^### (\w+)$", RUNBOOKS, re.MULTILINE)) == sorted(alerts)


async def test_promtool_would_notice(tmp_path: Path) -> None:
    """The cases can fail: with another rule they do."""
    shutil.copytree(DASHBOARDS, tmp_path / "dashboards")
    for rules in RULES:
        copy = tmp_path / "dashboards" / "alerts" / rules.name
        copy.write_text(re.sub(r"for: \d+m", "for: 40m", rules.read_text()))
        code, said = await _promtool("test", "rules", str(copy.parent / "tests" / rules.name))
        assert code != 0, said


async def test_the_example_of_routes_is_one() -> None:
    """Alertmanager takes it."""
    code, said = await _run("amtool", "prometheus-alertmanager", "check-config", str(DASHBOARDS / "alertmanager.yaml"))
    assert code == 0, said


@pytest.mark.parametrize(
    ("alert", "severity", "receiver"),
    [
        ("GlasswatchAbsent", "page", "pager-and-phone"),
        ("GlasswatchOutageNotPaged", "page", "pager-and-phone"),
        ("GlasswatchReadyMonitorGone", "page", "pager-and-phone"),
        ("GlasswatchPagesPending", "page", "pager-and-phone"),
        ("GlasswatchBlind", "page", "pager"),
        ("GlasswatchUseOpen", "ticket", "tickets"),
    ],
)
async def test_alerts_go_where_they_should(alert: str, severity: str, receiver: str) -> None:
    """To two ways at once where nobody may be told otherwise, to one that wakes, or to a queue."""
    asked = (f"severity={severity}", f"alertname={alert}", "job=glasswatch", f"--verify.receivers={receiver}")
    config = f"--config.file={DASHBOARDS / 'alertmanager.yaml'}"
    code, said = await _run("amtool", "prometheus-alertmanager", "config", "routes", "test", config, *asked)
    assert code == 0, said


def test_the_routes_name_alerts_that_exist() -> None:
    """A pattern that matches no alert, or an inhibition of none, would do nothing."""
    alerts = [(str(each["alert"]), each["labels"]) for rules in RULES for each in _alerts(rules)]
    text = (DASHBOARDS / "alertmanager.yaml").read_text()
    patterns = re.findall(r'alertname=~?"([^"]+)"', text)
    assert len(patterns) == 7
    for pattern in patterns:
        assert [name for name, _ in alerts if re.fullmatch(pattern, name)], pattern
