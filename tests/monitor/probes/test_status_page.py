"""The `status_page` probe against real servers, the simulated vendor among them."""

import json
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.model.maintenance import Planned
from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason, Warn
from monitor.probes.context import ProbeContext
from monitor.probes.status_page import make
from monitor.settings.status_page import StatusPageProbeSettings
from tests.servers.http import OK, answer, answering, bomb, closing, silent, then_hanging
from tests.servers.raw import Script, serving
from tests.support.simulator import simulated
from tests.support.tls import Authority

_SUMMARY = "/api/v2/summary.json"


async def attempt(context: ProbeContext, url: str, **settings: Any) -> Outcome:
    """Make one attempt of such a probe; settings as they stand in the file."""
    read = StatusPageProbeSettings.model_validate({"function": "vendor", "url": url, **settings})
    return await make(read, context).attempt(Attempt.SCHEDULED)


def page(**components: str) -> bytes:
    """Return an answer with a page's summary."""
    told = [{"id": f"id-{name}", "name": name, "status": status} for name, status in components.items()]
    body = json.dumps({"status": {"indicator": "none"}, "components": told}).encode()
    return answer(body=body, headers=[("Content-Type", "application/json")])


async def test_what_the_simulated_vendor_says(context: ProbeContext) -> None:
    """Its word, and nothing but its word: it says that all is well while the platform fails, and the reverse."""
    with simulated() as vendor:
        chosen: dict[str, Any] = {"components": ["connect", "component-request"]}
        vendor.show("connect", kind="fail")
        first = await attempt(context, vendor.url + _SUMMARY, **chosen)
        vendor.recover()
        word = {"indicator": "critical", "components": {"connect": "degraded_performance", "approve": "major_outage"}}
        vendor.admin("PUT", "/admin/word", word)
        marked = await attempt(context, vendor.url + _SUMMARY, **chosen)
        whole = await attempt(context, vendor.url + _SUMMARY)
        vendor.admin("PUT", "/admin/word", {"components": {"request": "partial_outage"}})
        out = await attempt(context, vendor.url + _SUMMARY, **chosen)
    assert (first.kind, first.detail, first.warnings) == (
        OutcomeKind.GOOD,
        "the page says connect: operational; component-request: operational",
        (),
    )
    assert set(first.phases) == {"connect", "processing", "transfer"}
    assert (marked.kind, marked.warnings) == (OutcomeKind.GOOD, (Warn.TOLD,))
    assert (whole.kind, whole.reason) == (OutcomeKind.BAD, Reason.ANSWER)
    assert (out.kind, out.reason, out.detail) == (
        OutcomeKind.BAD,
        Reason.ANSWER,
        "the page says component-request: partial outage",
    )


async def test_another_document(context: ProbeContext) -> None:
    """One value of any JSON."""
    wanted = {"path": "state", "good": ["ok"], "warn": ["slow"]}
    found = {}
    for state in ("ok", "slow", "out"):
        async with serving(answering(answer(body=json.dumps({"state": state}).encode()))) as server:
            found[state] = await attempt(context, server.url(), json=wanted)
    assert [(outcome.kind, outcome.warnings) for outcome in found.values()] == [
        (OutcomeKind.GOOD, ()),
        (OutcomeKind.GOOD, (Warn.TOLD,)),
        (OutcomeKind.BAD, ()),
    ]


_UNREADABLE = [
    pytest.param(closing, "the page can't be read: the connection was closed without an answer", id="closed"),
    pytest.param(answering(answer(503)), "the page can't be read: status 503, expected 200", id="status"),
    pytest.param(
        answering(answer(302, headers=[("Location", "/")])),
        "the page can't be read: status 302, expected 200",
        id="moved",
    ),
    pytest.param(answering(OK), "the page does not tell: API is not there", id="another document"),
    pytest.param(answering(answer(body=b"<html>")), "the page is not JSON: it does not follow the grammar", id="html"),
    pytest.param(
        answering(bomb(8 * 1024 * 1024)),
        "the page can't be read: the decompressed body is larger than allowed",
        id="bomb",
    ),
    pytest.param(
        silent, "the page can't be read: no answer within 0.2 s, waiting for the first byte of the answer", id="silent"
    ),
    pytest.param(
        then_hanging(OK[:-1]),
        "the page can't be read: no answer within 0.2 s, waiting for the rest of the answer",
        id="hanging",
    ),
]


@pytest.mark.parametrize(("script", "detail"), _UNREADABLE)
async def test_a_page_that_tells_nothing(context: ProbeContext, script: Script, detail: str) -> None:
    """Never bad: a status page that is down is not the platform."""
    async with serving(script) as server:
        outcome = await attempt(context, server.url(_SUMMARY), components=["API"], timeout="200ms")
    assert (outcome.kind, outcome.reason, outcome.detail) == (OutcomeKind.NOT_MEASURED, Reason.NOT_TOLD, detail)


async def test_no_way_to_the_page(context: ProbeContext) -> None:
    """Nothing listens there, or it is somebody else's certificate: not measured."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        outcome = await attempt(context, f"http://127.0.0.1:{free.getsockname()[1]}{_SUMMARY}")
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.NOT_TOLD)
    assert outcome.detail == "the page can't be read: the connection was refused"


async def test_a_page_over_tls(context: ProbeContext, authority: Authority) -> None:
    """Verified like any other server; the end of its certificate marks it beside what it says."""
    shown = authority.issue(ends=timedelta(days=3))
    async with serving(answering(page(API="degraded_performance")), tls=shown.context()) as server:
        known = await attempt(
            context,
            server.url(_SUMMARY),
            tls={"ca_file": str(authority.ca_file)},
            components=["API"],
            warn={"tls_days_left": "14"},
        )
        unknown = await attempt(context, server.url(_SUMMARY), components=["API"])
    assert (known.kind, known.warnings) == (OutcomeKind.GOOD, (Warn.TLS_DAYS_LEFT, Warn.TOLD))
    assert known.tls_expiry_at == shown.ends_at
    assert (unknown.kind, unknown.reason) == (OutcomeKind.NOT_MEASURED, Reason.NOT_TOLD)


async def test_redirects_and_credentials_are_those_of_http(
    context: ProbeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that moved is followed; a credential goes with it, and its refusal pages as everywhere."""
    monkeypatch.setenv("PAGE_TOKEN", "hunter2")
    heads: list[bytes] = []
    async with serving(answering(page(API="operational"), keeps=heads)) as there:
        moved = answering(answer(302, headers=[("Location", there.url(_SUMMARY))]))
        async with serving(moved) as here:
            followed = await attempt(context, here.url(_SUMMARY), follow_redirects="1")
        told = await attempt(context, there.url(_SUMMARY), auth={"bearer": {"env": "PAGE_TOKEN"}})
    async with serving(answering(answer(401))) as closed:
        refused = await attempt(context, closed.url(_SUMMARY), auth={"bearer": {"env": "PAGE_TOKEN"}})
    assert (followed.kind, told.kind) == (OutcomeKind.GOOD, OutcomeKind.GOOD)
    assert b"Authorization: Bearer hunter2" in heads[1]
    assert (refused.kind, refused.reason) == (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED)


async def test_two_principals_that_are_refused_say_nothing_of_the_platform(
    context: ProbeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would be bad for `http` is a page that can't be read."""
    monkeypatch.setenv("PAGE_TOKEN", "hunter2")
    monkeypatch.setenv("PAGE_TOKEN_2", "hunter3")
    async with serving(answering(answer(403))) as closed:
        outcome = await attempt(
            context,
            closed.url(_SUMMARY),
            auth={"bearer": {"env": "PAGE_TOKEN"}},
            second={"auth": {"bearer": {"env": "PAGE_TOKEN_2"}}},
        )
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.NOT_TOLD)


async def test_what_the_simulated_vendor_plans_is_passed_on_when_it_changes(context: ProbeContext) -> None:
    """Once for what is told, once more when it is not told any more; it is no part of the outcome."""
    told: list[tuple[Planned, ...]] = []
    listening = replace(context, planned=told.append)
    planned = {
        "id": "m1",
        "name": "Upgrade",
        "status": "scheduled",
        "scheduled_for": "2026-03-01T04:00:00.000Z",
        "scheduled_until": "2026-03-01T05:00:00.000Z",
    }
    with simulated() as vendor:
        read = StatusPageProbeSettings.model_validate({"function": "vendor", "url": vendor.url + _SUMMARY})
        probe = make(read, listening)
        outcomes = [await probe.attempt(Attempt.SCHEDULED)]
        vendor.admin("PUT", "/admin/word", {"maintenances": [planned]})
        outcomes += [await probe.attempt(Attempt.SCHEDULED) for _ in range(2)]
        vendor.admin("DELETE", "/admin/word")
        outcomes.append(await probe.attempt(Attempt.SCHEDULED))
    assert {(each.kind, each.detail) for each in outcomes} == {
        (OutcomeKind.GOOD, "the page says as a whole: none"),
    }
    since = datetime(2026, 3, 1, 4, tzinfo=UTC)
    assert told == [(), (Planned("m1", "Upgrade", since, since + timedelta(hours=1)),), ()]


@pytest.mark.parametrize("body", [b"not json", b'{"status": {"indicator": "??"}}'])
async def test_a_page_that_says_nothing_plans_nothing(context: ProbeContext, body: bytes) -> None:
    """What was told before stays as it was: the page has not taken it back."""
    told: list[tuple[Planned, ...]] = []
    server = answering(answer(body=body, headers=[("Content-Type", "application/json")]))
    async with serving(server) as running:
        await attempt(replace(context, planned=told.append), f"http://127.0.0.1:{running.port}{_SUMMARY}")
    assert told == []
