"""The alerts that are shipped: Prometheus takes them, they fire when they should, and ask for metrics that exist."""

import asyncio
import re
from pathlib import Path

import pytest

from glasswatch.names import METRICS
from tests.support.documents import ROOT
from tests.support.programs import require

ALERTS = ROOT / "dashboards" / "alerts"
RULES = sorted(ALERTS.glob("*.yaml"))
_SUFFIXES = ("", "_bucket", "_count", "_sum")


async def _promtool(*arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        require("promtool", package="prometheus"),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


@pytest.mark.parametrize("rules", RULES, ids=lambda path: path.name)
async def test_prometheus_takes_them(rules: Path) -> None:
    """Every file of rules is one."""
    code, said = await _promtool("check", "rules", str(rules))
    assert code == 0, said


@pytest.mark.parametrize("rules", RULES, ids=lambda path: path.name)
async def test_they_fire_when_they_should_and_not_otherwise(rules: Path) -> None:
    """Each file has cases of its own, and they hold."""
    code, said = await _promtool("test", "rules", str(ALERTS / "tests" / rules.name))
    assert code == 0, said


@pytest.mark.parametrize("rules", RULES, ids=lambda path: path.name)
def test_each_alert_has_a_case_that_fires_and_one_that_does_not(rules: Path) -> None:
    """An alert without either is not tested."""
    cases = (ALERTS / "tests" / rules.name).read_text()
    for alert in re.findall(r"- alert: (\w+)", rules.read_text()):
        assert re.search(rf"alertname: {alert}\n +exp_alerts:", cases), alert
        assert re.search(rf"alertname: {alert}}}", cases), alert


@pytest.mark.parametrize("rules", RULES, ids=lambda path: path.name)
def test_they_ask_for_metrics_that_exist(rules: Path) -> None:
    """A renamed metric would silence an alert."""
    known = {f"{name}{suffix}" for name in METRICS for suffix in _SUFFIXES}
    asked = set(re.findall(r"\bjit_\w+", rules.read_text()))
    assert asked
    assert asked <= known


async def test_promtool_would_notice(tmp_path: Path) -> None:
    """The cases can fail: with another rule they do."""
    (tmp_path / "tests").mkdir()
    for rules in RULES:
        changed = re.sub(r"for: \d+m", "for: 40m", rules.read_text())
        (tmp_path / rules.name).write_text(changed)
        (tmp_path / "tests" / rules.name).write_text((ALERTS / "tests" / rules.name).read_text())
        code, _ = await _promtool("test", "rules", str(tmp_path / "tests" / rules.name))
        assert code != 0
