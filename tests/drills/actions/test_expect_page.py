"""The action `expect_page`: the pager is asked, a real Alertmanager and the demo's own among them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from drills.model.found import Found
from drills.model.step import Status
from glasswatch.clock import SystemClock
from monitor.demo.receiver import Inbox, Receiver
from monitor.demo.scenarios import SHIPPED
from monitor.model.page import PageKind
from monitor.model.told import Reach, Told
from monitor.rules.wording import body
from platforms.http import AsyncClient
from platforms.simulator.listener import Listener
from tests.support.alertmanager import alertmanager
from tests.support.clock import ManualClock
from tests.support.drill_actions import RUN, SECRET, TOKEN, attempt, made, outcome, step_of, tools
from tests.support.exercising import RUN as EXERCISED_BY
from tests.support.exercising import exercised, latest
from tests.support.listeners import free_port
from tests.support.pagerduty import pagerduty
from tests.support.pages import CONTEXT
from tests.support.receiver import Answer, Hang, receiving

DRILL = f"payments: exercise for drill {RUN.id}"


async def _asked(
    directory: Path, with_: dict[str, Any], since: datetime | None = None, seconds: float = 20.0, clock: Any = None
) -> Found:
    return await outcome(
        made(step_of("expect_page", with_=with_), tools(directory, None, clock)), attempt(None, seconds, since)
    )


def _alert(began: datetime, **labels: str) -> dict[str, Any]:
    known = {"alertname": "GlasswatchFlag", "platform": "payments", "kind": "flag", "severity": "page", **labels}
    ends = began + timedelta(minutes=5)
    return {
        "labels": known,
        "annotations": {"description": DRILL},
        "startsAt": began.isoformat(),
        "endsAt": ends.isoformat(),
    }


async def test_a_real_alertmanager_is_asked(tmp_path: Path) -> None:
    """It came when Alertmanager took it; an older one, another's, and one that is silenced, are not this run's page."""
    now = SystemClock().now()
    with_: dict[str, Any] = {"kind": "flag"}
    async with alertmanager(tmp_path, "http://127.0.0.1:1") as server, AsyncClient(trust_env=False) as client:
        with_["alertmanager"] = {"url": server.url}
        nothing = await _asked(tmp_path, with_, now)
        await client.post(f"{server.url}/api/v2/alerts", json=[_alert(now, kind="outage"), _alert(now, platform="hr")])
        others = await _asked(tmp_path, with_, now)
        before = SystemClock().now()
        await client.post(f"{server.url}/api/v2/alerts", json=[_alert(now)])
        came = await _asked(tmp_path, with_, now)
        after = SystemClock().now()
        old = await _asked(tmp_path, {**with_, "mentions": ["exercise"]}, now + timedelta(minutes=1))
        other_run = await _asked(tmp_path, {**with_, "mentions": ["another-run"]}, now)
        silence = {
            "matchers": [{"name": "kind", "value": "flag", "isRegex": False, "isEqual": True}],
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(hours=1)).isoformat(),
            "createdBy": "anna",
            "comment": "a test",
        }
        assert (await client.post(f"{server.url}/api/v2/silences", json=silence)).status_code == 200
        silenced = await _asked(tmp_path, with_, now)

    assert [each.status for each in (nothing, others, old, other_run, silenced)] == [Status.FAILED] * 5
    assert came.status is Status.PASSED
    assert came.at is not None
    assert before - timedelta(milliseconds=1) <= came.at <= after  # Alertmanager shows whole ones
    assert "held back" in silenced.detail


async def test_pagerduty_is_asked_for_incidents(tmp_path: Path) -> None:
    """By title and key, since the outage began; it came when PagerDuty says."""
    since = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
    clock = ManualClock(since + timedelta(minutes=1))
    created = "2026-03-01T03:00:20Z"
    incident = {"incident_key": "prod/payments/flag", "title": DRILL, "status": "resolved", "created_at": created}
    older = {**incident, "title": "an exercise", "created_at": "2026-03-01T02:59:00Z"}
    others = [{**incident, "incident_key": "prod/payments/outage/1"}, {**incident, "title": "x"}, {"incident_key": 7}]
    async with pagerduty(tmp_path) as (service, settings):
        pager = {"url": settings["url"], "token": TOKEN, "tls": settings["tls"]}
        with_ = {"kind": "flag", "pagerduty": pager}
        found = []
        for incidents in ([], [older, *others], [older, *others, incident], [incident] * 100):
            answer = json.dumps({"incidents": incidents, "more": False}).encode()
            service.receiver.script.append(Answer(body=answer))
            found.append(await _asked(tmp_path, with_, since, clock=clock))
        got = service.receiver.received[0]
    assert [each.status for each in found] == [Status.FAILED, Status.FAILED, Status.PASSED, Status.NOT_MEASURED]
    assert found[2].at == since + timedelta(seconds=20)
    assert got.headers["authorization"] == f"Token token={SECRET}"
    assert "since=2026-03-01T02%3A59%3A58Z&until=2026-03-01T03%3A01%3A02Z" in got.target


async def test_the_demos_own_pager_is_asked(tmp_path: Path) -> None:
    """It came when the pager says."""
    clock = ManualClock()
    inbox = Inbox(lambda _line: None)
    listener = Listener(Receiver(b"k" * 24, inbox, clock).app(), "127.0.0.1", 0)
    await listener.open()
    try:
        pager = {
            "url": f"{listener.url}/pages",
            "pages": "pages",
            "match": {"page.kind": "flag", "page.platform": "payments", "page.status": "firing"},
            "at": "arrived_at",
        }
        since = clock.now()
        clock.advance(7)
        page = {"kind": "flag", "platform": "payments", "status": "firing", "summary": DRILL}
        inbox.take("1", {**page, "status": "resolved"}, clock.now(), clock.monotonic())
        nothing = await _asked(tmp_path, {"http_json": pager}, since, clock=clock)
        inbox.take("2", page, clock.now(), clock.monotonic())
        clock.advance(1)
        came = await _asked(tmp_path, {"http_json": pager}, since, clock=clock)
    finally:
        await listener.close()
    assert (nothing.status, came.status, came.at) == (Status.FAILED, Status.PASSED, since + timedelta(seconds=7))


async def test_the_shipped_drill_waits_for_what_fell_back(tmp_path: Path) -> None:
    """Neither the page that everybody gets, nor one that was routed to the second pager, nor one that came at once."""
    scenario = yaml.safe_load((SHIPPED / "page-channel-down.yaml").read_text("utf-8"))
    (second,) = [step for step in scenario["steps"] if step["id"] == "second"]
    exercise = exercised()
    decided = exercise.pages()[-1].decided_at
    asked = []
    for kind, is_fallback, seconds in (
        (PageKind.FLAG, False, 5),
        (PageKind.OUTAGE, False, 5),
        (PageKind.OUTAGE, True, 0),
        (PageKind.OUTAGE, True, 5),
    ):
        page = next(each for each in exercise.pages() if each.kind is kind)
        told = (Told("receiver", Reach.NOT_REACHED, decided), Told("second", Reach.BEING_TOLD, is_fallback=is_fallback))
        sent = body(page, replace(CONTEXT, told=told, exercise=latest(exercise)))
        came = (decided + timedelta(seconds=seconds)).isoformat()
        pages = {"pages": [{"arrived_at": came, "page": json.loads(json.dumps(sent))}]}
        async with receiving(Answer(body=json.dumps(pages).replace(EXERCISED_BY, RUN.id).encode())) as server:
            with_ = {"http_json": {**second["with"]["http_json"], "url": server.url}}
            step = step_of("expect_page", with_=with_, expect=second["expect"])
            asked.append(await outcome(made(step, tools(tmp_path, None)), attempt(None, 20.0, decided)))
    assert [each.status for each in asked] == [Status.FAILED] * 3 + [Status.PASSED]
    assert "0.000 s after it was decided" in asked[2].detail
    assert asked[3].at == decided + timedelta(seconds=5)


async def test_a_pager_that_does_not_say_is_not_measured(tmp_path: Path) -> None:
    """Nobody there, no list, no JSON, an error, silence."""
    since = SystemClock().now()
    async with receiving(Answer(500), Answer(body=b"<html>"), Answer(body=b"{}"), Hang()) as server:
        pager = {"http_json": {"url": server.url, "pages": "pages"}}
        found = [await _asked(tmp_path, pager, since, seconds) for seconds in (20.0, 20.0, 20.0, 0.3)]
    nobody = f"http://127.0.0.1:{free_port()}"
    found.append(await _asked(tmp_path, {"alertmanager": {"url": nobody}}, since))
    found.append(await _asked(tmp_path, {"pagerduty": {"url": nobody, "token": TOKEN}}, since))
    assert [each.status for each in found] == [Status.NOT_MEASURED] * 6


@pytest.mark.parametrize(
    "with_",
    [
        {},
        {"alertmanager": {"url": "https://a/"}, "pagerduty": {"token": TOKEN}},
        {"alertmanager": {"url": "http://a.example/"}},
        {"http_json": {"url": "https://${host}/"}},
        {"http_json": {"url": "https://a/", "headers": {"Authorization": "Bearer x"}}},
        {"http_json": {"url": "http://a.example/", "headers": {"X": TOKEN}}},
        {"alertmanager": {"url": "https://a/"}, "mentions": ["${Run}"]},
    ],
)
def test_wrong_settings_are_mistakes(with_: dict[str, Any]) -> None:
    """One pager, asked safely."""
    with pytest.raises(ValidationError):
        step_of("expect_page", with_=with_)


@pytest.mark.parametrize(
    "with_",
    [
        {"alertmanager": {"url": "https://a/"}},
        {"http_json": {"url": "https://a/", "at": "came"}},
        {"http_json": {"url": "https://a/", "decided": "page.decided_at"}},
    ],
)
def test_a_wait_that_nobody_can_tell_is_a_mistake(with_: dict[str, Any]) -> None:
    """Both ends of it must be said."""
    with pytest.raises(ValidationError, match="at and decided"):
        step_of("expect_page", with_=with_, expect={"after": "5s"})
