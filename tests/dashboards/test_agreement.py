"""What the monitor shows of its SLA and what Prometheus counts from scrapes agree within 0.1 %, on the same data.

The data is told of as it would be: an outage is seen by a scrape from its confirmation to the end of its recovery,
while the account has it from its first bad attempt to its first good one.
"""

import asyncio
import json
import re
from datetime import timedelta
from pathlib import Path

import yaml

from glasswatch.spans import Span
from monitor.model.past import Past, VerdictChange
from monitor.model.state import Outage
from monitor.model.verdict import Verdict
from monitor.rules.periods import Terms
from monitor.rules.sla_figures import figures
from tests.support.clock import START
from tests.support.documents import ROOT
from tests.support.programs import require

RULES = ROOT / "dashboards" / "rules" / "sla.yaml"
STEP = timedelta(seconds=15)
LENGTH = timedelta(hours=24)
NOW = START + LENGTH
WITHIN = 0.001
_SERIES = '{job="glasswatch", instance="a:9780", platform="payments"}'


def _at(minutes: float) -> timedelta:
    return timedelta(minutes=minutes)


def _outage(opened: float, lasted: float) -> Outage:
    """Return an outage with the delays of probes every 15 s: 10 s to confirm, 30 s to recover."""
    opened_at, ended_at = START + _at(opened), START + _at(opened + lasted)
    return Outage(
        f"o{opened}",
        "payments",
        opened_at,
        opened_at + timedelta(seconds=10),
        ("sign_in",),
        ("portal",),
        "",
        ended_at,
        ended_at + timedelta(seconds=30),
    )


OUTAGES = (_outage(97.1, 2), _outage(200.3, 41.7), _outage(400, 12))
UNKNOWN = Span(START + _at(300), START + _at(333))


def _past() -> Past:
    changes = [VerdictChange(None, Verdict.UNKNOWN, Verdict.UP, START)]
    changes.append(VerdictChange(None, Verdict.UP, Verdict.UNKNOWN, UNKNOWN.start))
    changes.append(VerdictChange(None, Verdict.UNKNOWN, Verdict.UP, UNKNOWN.end))
    return Past("payments", START, NOW, changes, OUTAGES, [Span(START, NOW)])


def _scraped() -> dict[str, str]:
    """Return what a scrape sees each 15 s, as promtool is given it."""
    active, up, was_known = [], [], True
    for nth in range(int(LENGTH / STEP) + 1):
        at = START + nth * STEP
        seen = [Span(each.confirmed_at, each.cleared_at) for each in OUTAGES if each.cleared_at is not None]
        is_on, is_known = any(span.contains(at) for span in seen), not UNKNOWN.contains(at)
        active.append(f"{is_on:d}")
        up.append(f"{not is_on:d}" if is_known else "stale" if was_known else "_")
        was_known = is_known
    maintenance = f"0x{len(active)}"
    return {
        "jit_outage_active": " ".join(active),
        "jit_platform_up": " ".join(up),
        "jit_sla_excluded": maintenance,
        "jit_sla_objective_ratio": maintenance.replace("0x", "0.999x", 1),
    }


def _expected() -> dict[str, float]:
    """Return by expression what the monitor says."""
    found = figures(_past(), Terms(objective=0.999))
    return {
        "platform:jit_sla_availability_ratio:avg24h": found.availability["24h"],
        "platform:jit_sla_coverage_ratio:count24h": found.coverage["24h"],
        # A burn rate is a share of time down, of which a thousandth may be lost here, times a thousand.
        "platform:jit_sla_burn_rate:avg24h / 1000": found.burn_rates["24h"] / 1000,
        "platform:jit_sla_downtime_seconds:sum24h / 86400": found.downtime_seconds["24h"] / 86400,
    }


def _samples() -> str:
    """Return the rules that what counts is recorded by. All of them for a day, each 15 s, would take half a minute."""
    rules = yaml.safe_load(RULES.read_text())
    return json.dumps({"groups": rules["groups"][:1]})  # JSON is YAML


def _recorded(expected: str) -> str:
    """Return an expression with what is recorded in the place of its name."""
    name = expected.split(maxsplit=1)[0]
    (rule,) = re.findall(rf"record: {name}\n +expr: (\|\n(?: {{10}}.*\n)+|.*\n)", RULES.read_text())
    return " ".join(f"({rule.removeprefix('|')}) {expected.removeprefix(name)}".split())


async def _promtool(folder: Path, expected: dict[str, float], within: float) -> tuple[int, str]:
    series = "".join(
        f"      - {{series: '{name}{_SERIES}', values: '{values}'}}\n" for name, values in _scraped().items()
    )
    checks = "".join(
        f"      - {{expr: 'abs({_recorded(expr)} - {value!r}) <= bool {within}', eval_time: 24h, "
        f"exp_samples: [{{labels: '{_SERIES}', value: 1}}]}}\n"
        for expr, value in expected.items()
    )
    (folder / "rules.yaml").write_text(_samples())
    (folder / "test.yaml").write_text(
        f"rule_files: [rules.yaml]\nevaluation_interval: 15s\ntests:\n  - interval: 15s\n"
        f"    input_series:\n{series}    promql_expr_test:\n{checks}"
    )
    process = await asyncio.create_subprocess_exec(
        require("promtool", package="prometheus"),
        *("test", "rules", str(folder / "test.yaml")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(90):
        said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_both_agree(tmp_path: Path) -> None:
    """Availability, coverage, burn rate and downtime of a day with three outages and half an hour that nobody saw."""
    expected = _expected()
    assert 0.95 < expected["platform:jit_sla_availability_ratio:avg24h"] < 0.97
    assert expected["platform:jit_sla_coverage_ratio:count24h"] < 0.98
    code, said = await _promtool(tmp_path, expected, WITHIN)
    assert code == 0, said
