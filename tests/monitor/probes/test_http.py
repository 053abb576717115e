"""The `http` probe against real servers: kind, reason and detail of each outcome."""

import asyncio
import json
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from glasswatch import __version__
from monitor.model.outcome import PHASES, Attempt, OutcomeKind, Reason, Warn
from monitor.probes.context import ProbeContext
from platforms.transport.stopwatch import Phase
from tests.servers.http import OK, answer, answering, bomb, closing, gzipped, repeating, silent, then_hanging
from tests.servers.raw import Script, Talk, serving
from tests.support.probing import attempt, http_probe, patiently
from tests.support.tls import Authority, Certificate

_DAY = timedelta(days=1)


def test_the_transport_and_the_model_name_the_same_phases() -> None:
    """What is timed is what outcomes may hold."""
    assert tuple(phase.value for phase in Phase) == PHASES


async def test_a_good_answer(context: ProbeContext) -> None:
    """Everything that was expected: good, with the phases that happened."""
    expect = {
        "status": [200],
        "headers": {"Content-Type": "json"},
        "body_matches": '"status": ?"ok"',
        "json": {"status": "ok"},
    }
    async with serving(answering(OK)) as server:
        outcome = await attempt(context, server.url(), expect=expect)
    assert (outcome.kind, outcome.reason, outcome.detail) == (OutcomeKind.GOOD, Reason.OK, "status 200")
    assert set(outcome.phases) == {"connect", "processing", "transfer"}
    assert 0 < sum(outcome.phases.values()) <= outcome.duration_seconds
    assert (outcome.warnings, outcome.tls_expiry_at, outcome.attempt) == ((), None, Attempt.SCHEDULED)


async def test_why_it_was_made_is_kept(context: ProbeContext) -> None:
    """A confirmation is told from a scheduled attempt."""
    async with serving(answering(OK)) as server:
        outcome = await http_probe(context, server.url()).attempt(Attempt.CONFIRMATION)
    assert outcome.attempt is Attempt.CONFIRMATION


async def test_what_is_sent(context: ProbeContext) -> None:
    """The request says who we are and that we close; a header from the settings wins over ours."""
    heads: list[bytes] = []
    async with serving(answering(OK, keeps=heads)) as server:
        await attempt(context, server.url("/health?deep=1"), headers={"accept": "application/json", "X-Probe": "1"})
    lines = heads[0].decode().split("\r\n")
    assert lines[0] == "GET /health?deep=1 HTTP/1.1"
    assert sorted(line for line in lines[1:] if line) == [
        "Accept-Encoding: gzip, deflate",
        "Connection: close",
        f"Host: 127.0.0.1:{server.port}",
        f"User-Agent: glasswatch/{__version__}",
        "X-Probe: 1",
        "accept: application/json",
    ]


async def test_environment_proxies_are_ignored(context: ProbeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment is not asked: it would be measured instead."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    async with serving(answering(OK)) as server:
        assert (await attempt(context, server.url())).is_good


async def test_a_body_is_sent(context: ProbeContext) -> None:
    """A body goes out with its length."""
    bodies: list[bytes] = []

    async def script(talk: Talk) -> None:
        await talk.head()
        bodies.append(await talk.reader.readexactly(11))
        await talk.say(OK)

    async with serving(script) as server:
        outcome = await attempt(context, server.url(), method="POST", body='{"a": "ä"}')
    assert outcome.is_good
    assert bodies[0].decode() == '{"a": "ä"}'


_BAD = [
    pytest.param(closing, {}, Reason.CONNECTION_LOST, "the connection was closed without an answer", id="closed"),
    pytest.param(
        answering(b"nonsense"),
        {},
        Reason.PROTOCOL,
        "the answer is not valid HTTP: Expected HTTP/, RTSP/ or ICE/",
        id="nonsense",
    ),
    pytest.param(
        answering(bomb(8 * 1024 * 1024)),
        {},
        Reason.TOO_LARGE,
        "the decompressed body is larger than allowed",
        id="gzip bomb",
    ),
    pytest.param(
        repeating(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
        {"max_body": "5000"},
        Reason.TOO_LARGE,
        "the body is larger than allowed",
        id="endless",
    ),
    pytest.param(answering(answer(503)), {}, Reason.STATUS, "status 503, expected 200", id="status"),
    pytest.param(
        answering(answer(302, headers=[("Location", "http://127.0.0.1/secret")])),
        {},
        Reason.STATUS,
        "status 302, expected 200",
        id="redirect that is not followed",
    ),
    pytest.param(
        answering(answer(302, headers=[("Location", "/")])),
        {"follow_redirects": "3"},
        Reason.REDIRECT,
        "the redirects go round in a loop",
        id="redirect loop",
    ),
    pytest.param(
        answering(OK),
        {"expect": {"headers": {"X-State": "up"}}},
        Reason.HEADER,
        "header x-state is missing",
        id="header",
    ),
    pytest.param(
        answering(OK),
        {"expect": {"body_matches": "well"}},
        Reason.BODY,
        'the body does not match "well"',
        id="body",
    ),
    pytest.param(
        answering(gzipped(b'{"status": "bad"}')),
        {"expect": {"json": {"status": "ok"}}},
        Reason.JSON,
        'json status is not "ok"',
        id="json, compressed",
    ),
    pytest.param(
        silent,
        {"timeout": "500ms"},
        Reason.TIMEOUT,
        "no answer within 0.5 s, waiting for the first byte of the answer",
        id="silent",
    ),
    pytest.param(
        then_hanging(OK[:-1]),
        {"timeout": "500ms"},
        Reason.TIMEOUT,
        "no answer within 0.5 s, waiting for the rest of the answer",
        id="hanging",
    ),
]


@pytest.mark.parametrize(("script", "settings", "reason", "detail"), _BAD)
async def test_what_an_engineer_would_suffer_from_is_bad(
    context: ProbeContext, script: Script, settings: dict[str, Any], reason: Reason, detail: str
) -> None:
    """Each has its reason and one plain line."""
    async with serving(script) as server:
        outcome = await patiently(context, server.url(), **settings)
    assert (outcome.kind, outcome.reason, outcome.detail) == (OutcomeKind.BAD, reason, detail)


@pytest.mark.parametrize("status", [500, 401, 403, 429, 200])
async def test_an_unexpected_status_is_judged_without_its_body(context: ProbeContext, status: int) -> None:
    """An error page that hangs or is too large does not hide its status; a good one is read to the end."""
    said = b"HTTP/1.1 %d Said\r\nContent-Length: 99\r\nContent-Encoding: br\r\n\r\n" % status
    async with serving(then_hanging(said)) as server:
        outcome = await attempt(context, server.url(), max_body="10")
    expected = {200: Reason.TOO_LARGE, 429: Reason.RATE_LIMITED}
    assert outcome.reason is expected.get(status, Reason.STATUS)


async def test_nothing_listens(context: ProbeContext) -> None:
    """Refused is refused."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        outcome = await attempt(context, f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert (outcome.kind, outcome.reason) == (OutcomeKind.BAD, Reason.CONNECT_REFUSED)


async def test_a_name_that_does_not_exist(context: ProbeContext) -> None:
    """A name under .invalid has no address, wherever this runs."""
    outcome = await attempt(context, "http://portal.invalid/", timeout="10s")
    # Without any DNS server it would be our own fault; both are no verdict on a server that answered.
    assert outcome.reason in {Reason.RESOLVE_FAILED, Reason.OWN_FAULT}
    assert set(outcome.phases) == {"resolve"}


async def test_a_timeout_keeps_the_phases_so_far(context: ProbeContext) -> None:
    """The phases of an attempt that ran into its deadline say where the time went."""
    async with serving(silent) as server:
        outcome = await patiently(context, server.url(), timeout="500ms")
    assert set(outcome.phases) == {"connect", "processing"}
    assert 0.1 < outcome.phases["processing"] <= outcome.duration_seconds


@pytest.mark.parametrize(
    ("ends", "warnings"), [(60 * _DAY, ()), (13 * _DAY, (Warn.TLS_DAYS_LEFT,))], ids=["far", "near"]
)
async def test_a_certificate_near_its_end(
    context: ProbeContext, authority: Authority, ends: timedelta, warnings: tuple[Warn, ...]
) -> None:
    """It stays good, is marked, and the end is kept."""
    issued = authority.issue(ends=ends)
    async with serving(answering(OK), issued.context()) as server:
        outcome = await attempt(
            context, server.url(), tls={"ca_file": str(authority.ca_file)}, warn={"tls_days_left": "14"}
        )
    assert (outcome.kind, outcome.warnings, outcome.tls_expiry_at) == (OutcomeKind.GOOD, warnings, issued.ends_at)


async def test_a_slow_answer_is_marked(context: ProbeContext) -> None:
    """It stays good, and is marked."""

    async def slow(talk: Talk) -> None:
        await talk.head()
        await asyncio.sleep(0.1)
        await talk.say(OK)

    async with serving(slow) as server:
        outcome = await attempt(context, server.url(), warn={"duration": "50ms"})
    assert (outcome.kind, outcome.warnings) == (OutcomeKind.GOOD, (Warn.DURATION,))


async def test_an_expired_certificate_is_bad(context: ProbeContext, authority: Authority) -> None:
    """TLS that fails is bad, in plain words."""
    issued = authority.issue(starts=-9 * _DAY, ends=-_DAY)
    async with serving(answering(OK), issued.context()) as server:
        outcome = await attempt(context, server.url(), tls={"ca_file": str(authority.ca_file)})
    assert (outcome.kind, outcome.reason, outcome.detail) == (
        OutcomeKind.BAD,
        Reason.TLS_FAILED,
        "certificate not accepted: certificate has expired",
    )


async def test_tls_settings_are_used(context: ProbeContext, authority: Authority) -> None:
    """Name and least version from the settings hold."""
    issued = authority.issue("portal.example")
    tls = {"ca_file": str(authority.ca_file), "server_name": "portal.example", "min_version": "1.3"}
    async with serving(answering(OK), issued.context()) as server:
        assert (await attempt(context, server.url(), tls=tls)).is_good
        outcome = await attempt(context, server.url(), tls={**tls, "server_name": "other.example"})
    assert outcome.reason is Reason.TLS_FAILED


async def test_a_missing_ca_file_is_our_own_fault(
    context: ProbeContext, certificate: Certificate, tmp_path: Path
) -> None:
    """What we can't verify, we did not measure."""
    async with serving(answering(OK), certificate.context()) as server:
        outcome = await attempt(context, server.url(), tls={"ca_file": str(tmp_path / "none.pem")})
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.OWN_FAULT)


async def test_redirects_are_one_attempt(context: ProbeContext) -> None:
    """Following adds up the phases, and what the last answer says counts."""

    async def script(talk: Talk) -> None:
        head = await talk.head()
        await talk.say(OK if b"/there" in head else answer(302, headers=[("Location", "/there")]))

    async with serving(script) as server:
        outcome = await attempt(context, server.url(), follow_redirects="1", expect={"json": {"status": "ok"}})
        assert server.connections == 2
    assert outcome.is_good


async def test_the_deadline_is_one_for_the_whole_way(context: ProbeContext) -> None:
    """Redirects share the deadline; each hop does not get a new one."""

    async def script(talk: Talk) -> None:
        await talk.head()
        await asyncio.sleep(0.15)
        await talk.say(answer(302, headers=[("Location", f"/{server.connections}")]))

    async with serving(script) as server:
        outcome = await patiently(context, server.url(), follow_redirects="10", timeout="400ms")
    assert outcome.reason is Reason.TIMEOUT


async def test_json_by_path(context: ProbeContext) -> None:
    """Paths lead through keys and indexes, and values keep their types."""
    document = {"a": {"b": [{"c": 1}, {"c": None}]}, "up": True}
    async with serving(answering(answer(body=json.dumps(document).encode()))) as server:
        good = await attempt(context, server.url(), expect={"json": {"a.b[0].c": 1, "a.b[1].c": None, "up": True}})
        bad = await attempt(context, server.url(), expect={"json": {"a.b[0].c": "1"}})
    assert good.is_good
    assert (bad.reason, bad.detail) == (Reason.JSON, 'json a.b[0].c is not "1"')


async def test_a_hostile_pattern_takes_no_time(context: ProbeContext) -> None:
    """A pattern that would take other engines for ever is done at once."""
    async with serving(answering(answer(body=b"a" * 30_000 + b"!"))) as server:
        outcome = await attempt(context, server.url(), expect={"body_matches": "^(a+)+$"})
    assert outcome.reason is Reason.BODY
    assert outcome.duration_seconds < 1


async def test_attempts_do_not_disturb_each_other(context: ProbeContext) -> None:
    """One probe may make several attempts at once."""
    async with serving(answering(OK)) as server:
        probe = http_probe(context, server.url())
        outcomes = await asyncio.gather(*(probe.attempt(Attempt.SCHEDULED) for _ in range(20)))
        assert server.connections == 20
    assert all(outcome.is_good for outcome in outcomes)


async def test_cancellation_gets_out(context: ProbeContext) -> None:
    """A cancelled attempt is no outcome."""
    async with serving(silent) as server:
        task = asyncio.create_task(attempt(context, server.url()))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
