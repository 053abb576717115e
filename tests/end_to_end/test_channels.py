"""A real monitor and real providers: Alertmanager and Prometheus as Debian has them, PagerDuty as it is published."""

import asyncio
import json
import re
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.support.alertmanager import alertmanager
from tests.support.documents import ROOT
from tests.support.monitors import MonitorProcess, Wanted, make_home, monitor_in
from tests.support.pagerduty import pagerduty
from tests.support.prometheus import prometheus
from tests.support.receiver import Answer, Hang, Receiver, receiving
from tests.support.waiting import until

IN_TIME = 30.0  # an outage is confirmed within two seconds here, and told at once; machines that test are busy
OUTAGE = "GlasswatchOutage"

Ask = Callable[[], Awaitable[Sequence[Mapping[str, Any]]]]


def paging(channels: Mapping[str, object], *routes: Mapping[str, object]) -> str:
    """Return the settings' section. JSON is YAML."""
    section = {"channels": channels, "routes": routes, "status_page": "https://status.example.com/"}
    return f"paging: {json.dumps(section, default=str)}\n"


def notified(receiver: Receiver, path: str = "/page") -> list[tuple[str, str]]:
    """Return what Alertmanager notified of, in order: the alert's name and status."""
    return [
        (alert["labels"]["alertname"], alert["status"])
        for got in receiver.received
        if got.target == path
        for alert in got.json()["alerts"]
    ]


def of_outage(alerts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the alerts of an outage."""
    return [alert for alert in alerts if alert["labels"]["alertname"] == OUTAGE]


async def test_an_outage_reaches_every_alertmanager_survives_restarts_and_resolves_there(tmp_path: Path) -> None:
    """Told in time, upheld past its first end through a kill of the monitor, under one fingerprint, and over then."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with (
        receiving() as target,
        receiving() as pager,
        receiving() as other,
        alertmanager(tmp_path / "a", pager.url) as one,
        alertmanager(tmp_path / "b", other.url) as two,
    ):
        settings = {"type": "alertmanager", "urls": [one.url, two.url], "resend_every": "1s", "ends_after": "12s"}
        home = make_home(tmp_path / "home", Wanted(target.url, more=paging({"alerts": settings})))
        async with monitor_in(home) as monitor:
            await monitor.start()
            await monitor.verdict_is("up")
            target.default = Answer(503)
            await until(lambda: (OUTAGE, "firing") in notified(pager), IN_TIME, every=0.02)
            (told,) = of_outage(await one.alerts())
            assert "May I break the glass? " in told["annotations"]["description"]
            assert told["generatorURL"] == "https://status.example.com/"

            await monitor.end(signal.SIGKILL)
            await monitor.start()
            began = datetime.fromisoformat(told["endsAt"])
            for instance in (one, two):
                await _until_upheld_past(instance.alerts, told["fingerprint"], began)

            target.default = Answer(200)
            await monitor.verdict_is("up")
            for instance, person in ((one, pager), (two, other)):
                await _until_over(instance.alerts)
                # A monitor that took longer than `ends_after` to come back let it lapse, and told of it anew.
                await _told_that_it_is_over(person)
            assert await monitor.end() == 0


async def _told_that_it_is_over(person: Receiver) -> None:
    await until(lambda: _outages(person)[-1:] == ["resolved"], IN_TIME, every=0.02)
    assert _outages(person)[0] == "firing"


def _outages(person: Receiver) -> list[str]:
    return [status for name, status in notified(person) if name == OUTAGE]


async def _until_over(ask: Ask) -> None:
    """Wait until no outage fires."""
    async with asyncio.timeout(IN_TIME):
        while of_outage(await ask()):  # noqa: ASYNC110 - another process sets no event
            await asyncio.sleep(0.05)


async def _until_upheld_past(ask: Ask, fingerprint: str, end: datetime) -> None:
    """Wait until an alert is there that was sent again for so long that its first end is past."""
    async with asyncio.timeout(IN_TIME):
        while not any(  # noqa: ASYNC110 - another process sets no event
            alert["fingerprint"] == fingerprint and datetime.fromisoformat(alert["endsAt"]) > end
            for alert in await ask()
        ):
            await asyncio.sleep(0.05)


async def test_tickets_and_tests_are_routed_by_their_labels(tmp_path: Path) -> None:
    """What `monitor page-test` sends reaches a real Alertmanager, and its receivers by severity."""
    (tmp_path / "a").mkdir()
    async with receiving() as target, receiving() as pager, alertmanager(tmp_path / "a", pager.url) as one:
        channels = {"alerts": {"type": "alertmanager", "urls": [one.url]}}
        home = make_home(tmp_path / "home", Wanted(target.url, more=paging(channels)))
        for extra, path in ((), "/page"), (("--ticket",), "/ticket"):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "monitor", "page-test", "alerts", "--config", str(home.config), *extra),
                env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
                stdout=asyncio.subprocess.PIPE,
            )
            said, _ = await process.communicate()
            assert (process.returncode, b"DELIVERED" in said) == (0, True)
            await _notified_of_a_test(pager, path)


async def _notified_of_a_test(pager: Receiver, path: str) -> None:
    await until(lambda: notified(pager, path) == [("GlasswatchTest", "firing")], IN_TIME, every=0.02)


async def test_prometheus_finds_a_monitor_that_is_gone(tmp_path: Path) -> None:
    """The rules that are shipped, with no patience, in a real Prometheus that scrapes a real monitor."""
    rules = tmp_path / "absence.yaml"
    shipped = (ROOT / "dashboards" / "alerts" / "absence.yaml").read_text()
    rules.write_text(re.sub(r"for: \w+", "for: 0s", shipped))
    (tmp_path / "prometheus").mkdir()
    async with receiving() as target:
        home = make_home(tmp_path / "home", Wanted(target.url))
        async with monitor_in(home) as monitor:
            await monitor.start()
            host, _, port = monitor.url.removeprefix("http://").rpartition(":")
            async with prometheus(tmp_path / "prometheus", [(host, int(port))], [rules]) as server:
                await server.wait_for("jit_monitor_build_info")
                await server.wait_for("count_over_time(jit_monitor_build_info[2s]) >= 5")
                assert await server.query('ALERTS{alertname="GlasswatchMonitorGone"}') == []
                await monitor.end(signal.SIGKILL)
                for alert in ("GlasswatchMonitorGone", "GlasswatchAbsent"):
                    ((labels, _),) = await server.wait_for(f'ALERTS{{alertname="{alert}",alertstate="firing"}}')
                    assert labels["severity"] == "page"


async def test_pagerduty_is_told_and_who_acknowledged_is_shown(tmp_path: Path) -> None:
    """Triggered, acknowledged, resolved; nothing that was sent is against what PagerDuty publishes."""
    async with receiving() as target, pagerduty(tmp_path) as (service, settings):
        pager = {"type": "pagerduty", **settings, "token": {"file": tmp_path / "token"}}
        home = make_home(tmp_path / "home", Wanted(target.url, more=paging({"pager": pager})))
        async with monitor_in(home) as monitor:
            await monitor.start()
            await monitor.verdict_is("up")
            target.default = Answer(503)
            await until(lambda: [key for key in service.incidents if "/outage/" in key], IN_TIME, every=0.02)
            (key,) = [key for key in service.incidents if "/outage/" in key]
            service.acknowledge(key, "Anna Schmidt", "2026-03-01T03:00:20Z")
            await monitor.says("page_acknowledged", 60)
            shown = (await monitor.status())["acknowledged"]
            assert shown == {"by": "Anna Schmidt", "at": "2026-03-01T03:00:20Z", "channel": "pager"}
            assert b"Anna Schmidt deals with it" in (await monitor.ask("/"))[1]
            target.default = Answer(200)
            await until(lambda: service.incidents == {}, IN_TIME, every=0.02)
            assert (await monitor.status())["acknowledged"] is None
            assert await monitor.end() == 0
    assert service.faults == []


async def test_a_pager_that_hangs_holds_up_nobody_and_is_made_up_for(tmp_path: Path) -> None:
    """The other channel is told at once, the fallback after its time; everybody who was told learns that it is over."""
    async with receiving() as target, receiving(default=Hang()) as stuck, receiving() as well, receiving() as last:
        channels = {
            name: {"type": "webhook", "url": receiver.url, "timeout": "20s"}
            for name, receiver in (("stuck", stuck), ("well", well), ("last", last))
        }
        route = {"kinds": ["outage"], "to": ["stuck", "well"], "fallback": ["last"], "fallback_after": "1s"}
        home = make_home(tmp_path / "home", Wanted(target.url, more=paging(channels, route)))
        async with monitor_in(home) as monitor:
            await monitor.start()
            await monitor.verdict_is("up")
            target.default = Answer(503)
            await until(lambda: _statuses(well) == ["firing"], IN_TIME, every=0.02)
            await until(lambda: _statuses(last) == ["firing"], IN_TIME, every=0.02)
            told = next(got.json() for got in last.received if got.json()["kind"] == "outage")["told"]
            assert [(each["channel"], each["reach"], each["is_fallback"]) for each in told] == [
                ("stuck", "being told", False),
                ("well", "told", False),
                ("last", "being told", True),
            ]
            await _has_fallen_back(monitor)
            target.default = Answer(200)
            await until(lambda: _statuses(last) == ["firing", "resolved"], IN_TIME, every=0.02)


def _statuses(receiver: Receiver) -> list[str]:
    return [got.json()["status"] for got in receiver.received if got.json()["kind"] == "outage"]


async def _has_fallen_back(monitor: MonitorProcess) -> None:
    _, metrics = await monitor.ask("/metrics")
    assert b'\njit_pages_fell_back_total{kind="outage"} 1.0\n' in metrics
