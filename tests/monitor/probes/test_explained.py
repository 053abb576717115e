"""Why an attempt was judged so: what is shown of real exchanges, and that no secret ever is."""

import gzip
import json
from dataclasses import asdict
from functools import partial
from typing import Any

import pytest

from glasswatch.redaction.redact import HIDDEN, Redactor
from monitor.model.explanation import KEPT, Explanation, Room
from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason
from monitor.probes.context import ProbeContext
from monitor.probes.explained import ExplainedProbe
from monitor.probes.explained import explained as attempts_explained
from monitor.probes.notes import NotedSecrets, Notes
from tests.servers.http import OK, answer, answering, then_resetting
from tests.servers.raw import serving
from tests.support.clock import START
from tests.support.explaining import Ear, core, explained, notations
from tests.support.probing import http_probe
from tests.support.tls import Authority, Certificate

SECRET = "Sw0rd/f+ish-99 x"


def text_of(explanation: Explanation) -> str:
    """Return everything that it shows."""
    return json.dumps(asdict(explanation), default=str, ensure_ascii=False)


async def test_an_exchange_is_shown(context: ProbeContext) -> None:
    """The address, the request, the answer, and each rule that was looked at."""
    async with serving(answering(OK)) as server:
        url = server.url("/health?x=1")
        outcome, why = await explained(context, lambda noted: http_probe(noted, url, expect={"json": {"status": "ok"}}))
    assert outcome.kind is OutcomeKind.GOOD
    (exchange,) = why.exchanges
    assert (exchange.place, exchange.address, exchange.tls) == (f"127.0.0.1:{server.port}",) * 2 + (None,)
    assert exchange.sent is not None
    assert exchange.heard is not None
    assert (exchange.sent.line, exchange.heard.line) == ("GET /health?x=1 HTTP/1.1", "HTTP/1.1 200 OK")
    assert ("Content-Type", "application/json") in exchange.heard.fields
    assert exchange.heard.body == '{"status": "ok"}'
    assert [(check.rule, check.holds) for check in why.checks] == [("status", True), ("json status", True)]


async def test_tls_is_shown(context: ProbeContext, authority: Authority, certificate: Certificate) -> None:
    """Version, cipher, and whose certificate by whom."""
    async with serving(answering(OK), tls=certificate.context()) as server:
        url = server.url()
        _, why = await explained(context, lambda noted: http_probe(noted, url, tls={"ca_file": str(authority.ca_file)}))
    tls = why.exchanges[0].tls
    assert tls is not None
    assert tls.version.startswith("TLS 1.")
    assert tls.cipher
    assert tls.issuer
    assert tls.ends_at is not None
    assert "127.0.0.1" in tls.names


async def test_each_redirect_is_an_exchange(context: ProbeContext) -> None:
    """In their order; where there are more than fit, the last are shown."""
    async with serving(answering(OK)) as last:
        there = answer(302, headers=[("Location", last.url("/there"))])
        async with serving(answering(there)) as first:
            make = lambda noted: http_probe(noted, first.url("/here"), follow_redirects=2)  # noqa: E731
            _, why = await explained(context, make)
            _, short = await explained(context, make, Room(exchanges=1))
    lines = [each.sent.line for each in why.exchanges if each.sent is not None]
    assert lines == ["GET /here HTTP/1.1", "GET /there HTTP/1.1"]
    assert (len(short.exchanges), short.left_out) == (1, 1)
    assert short.exchanges[0].sent is not None
    assert short.exchanges[0].sent.line == "GET /there HTTP/1.1"


async def test_what_came_before_it_broke_is_shown(context: ProbeContext) -> None:
    """And which rule decided, although nothing was judged."""
    async with serving(then_resetting(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of")) as server:
        outcome, why = await explained(context, lambda noted: http_probe(noted, server.url()))
    assert outcome.reason is Reason.CONNECTION_LOST
    assert why.exchanges[0].heard is not None
    assert why.exchanges[0].heard.body == "half of"
    assert [(check.rule, check.found, check.holds) for check in why.checks] == [("connection", outcome.detail, False)]


async def test_where_nothing_listens_the_address_is_shown(context: ProbeContext) -> None:
    """It was tried, and nothing was sent."""
    outcome, why = await explained(context, lambda noted: http_probe(noted, "http://127.0.0.1:9/"))
    assert outcome.reason is Reason.CONNECT_REFUSED
    (exchange,) = why.exchanges
    assert (exchange.address, exchange.sent, exchange.heard) == ("127.0.0.1:9", None, None)


async def test_the_body_of_an_unexpected_answer_is_what_came_along(context: ProbeContext) -> None:
    """It isn't waited for; but it is what the engineer wants to see."""
    async with serving(answering(answer(503, b"down for maintenance"))) as server:
        outcome, why = await explained(context, lambda noted: http_probe(noted, server.url()))
    assert outcome.detail == "status 503, expected 200"
    assert why.exchanges[0].heard is not None
    assert why.exchanges[0].heard.body == "down for maintenance"


@pytest.mark.parametrize("status", [200, 401, 503])
@pytest.mark.parametrize("how", ["bearer", "basic", "header"])
async def test_no_secret_is_ever_shown(
    context: ProbeContext, monkeypatch: pytest.MonkeyPatch, how: str, status: int
) -> None:
    """However it was sent, wherever and in whatever notation the server gives it back."""
    monkeypatch.setenv("PROBE_SECRET", SECRET)
    reference = {"env": "PROBE_SECRET"}
    ways: dict[str, dict[str, Any]] = {
        "bearer": {"auth": {"bearer": reference}},
        "basic": {"auth": {"basic": {"user": "probe", "password": reference}}},
        "header": {"headers": {"X-Mine": reference}},
    }
    settings = ways[how]
    for notation, written in notations(SECRET).items():
        plain = f'{{"you": "{written}", "again": ["{written}"]}}'.encode()
        headers = [("X-Echo", f"you sent {written}"), ("Content-Encoding", "gzip"), ("Set-Cookie", f"a={written}")]
        said = answer(status, gzip.compress(plain), headers)
        async with serving(answering(said)) as server:
            expect = {"headers": {"X-Echo": "nothing like this"}}
            make = partial(http_probe, url=server.url(), expect=expect, **settings)
            outcome, why = await explained(context, make)
        shown = text_of(why) + outcome.detail
        for other, text in notations(SECRET).items():
            assert core(other, text) not in shown, (notation, other)
        assert HIDDEN in shown
        assert why.exchanges[0].heard is not None
        assert ("Set-Cookie", HIDDEN) in why.exchanges[0].heard.fields


@pytest.mark.parametrize("where", ["coding", "host"])
async def test_a_secret_is_not_shown_where_it_leads_us_or_names_what_we_cannot_read(
    context: ProbeContext, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Not as a content coding that nobody knows, and not in the name of a host that a server sends us to."""
    monkeypatch.setenv("PROBE_SECRET", "supersecret-4711")
    async with serving(answering(OK)) as there:
        led = ("Location", there.url(host="supersecret-4711.localhost"))
        coded = ("Content-Encoding", "supersecret-4711")
        said = answer(302, headers=[led]) if where == "host" else answer(200, b"ok", [coded])
        async with serving(answering(said)) as server:
            settings: dict[str, Any] = {"follow_redirects": 1, "auth": {"bearer": {"env": "PROBE_SECRET"}}}
            _, why = await explained(context, partial(http_probe, url=server.url(), **settings))
    assert len(why.exchanges) == (2 if where == "host" else 1)
    shown = text_of(why)
    assert "4711" not in shown
    assert HIDDEN in shown


async def test_what_is_left_out_is_not_cleared(context: ProbeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty exchanges cost no more than those that are kept; what was sent in all of them is known all the same."""
    cleared: list[str] = []
    real = Redactor.text

    def counted(self: Redactor, text: str, most: int, *, is_cut: bool = False) -> str:
        cleared.append(text)
        return real(self, text, most, is_cut=is_cut)

    monkeypatch.setattr(Redactor, "text", counted)
    outcome = Outcome(OutcomeKind.BAD, Reason.TIMEOUT, "not in time", START, 0.1)
    notes = Notes(NotedSecrets(context.secrets))
    for number in range(50):
        contact = notes.trace.contact("a:1", "a:1")
        assert contact is not None
        contact.said(b"GET /%d HTTP/1.1\r\nX-Token: t0ken-%04d\r\n\r\n" % (number, number))
        contact.heard(b"HTTP/1.1 200 OK\r\n\r\nt0ken-0007 and turn %d" % number)
    why = attempts_explained(notes, outcome, KEPT)
    assert (len(why.exchanges), why.left_out) == (3, 47)
    assert not [text for text in cleared if "turn 46" in text]
    assert [text for text in cleared if "turn 47" in text]
    assert why.exchanges[0].heard is not None
    assert why.exchanges[0].heard.body == f"{HIDDEN} and turn 47"


async def test_a_value_under_a_telling_name_is_hidden(context: ProbeContext) -> None:
    """Also where it is what a rule found."""
    said = answer(200, b'{"access_token": "gr4nted-to-us"}', [("X-Session", "s3ssion-of-us")])
    async with serving(answering(said)) as server:
        expect = {"headers": {"X-Session": "^s"}, "json": {"access_token": "other"}}
        _, why = await explained(context, lambda noted: http_probe(noted, server.url(), expect=expect))
    assert "gr4nted" not in text_of(why)
    assert "s3ssion" not in text_of(why)
    assert [check.holds for check in why.checks] == [True, True, False]


async def test_what_a_request_carries_is_not_shown(context: ProbeContext) -> None:
    """Bodies are where passwords are; but that there is one is said."""
    async with serving(answering(OK)) as server:
        settings = {"method": "POST", "body": "name=probe&pin=4711"}
        _, why = await explained(context, lambda noted: http_probe(noted, server.url(), **settings))
    assert why.exchanges[0].sent is not None
    assert (why.exchanges[0].sent.body, why.exchanges[0].sent.note) == ("", "with a body, which is not shown")
    assert "4711" not in text_of(why)


async def test_it_is_bounded(context: ProbeContext) -> None:
    """Whatever a server says: what is kept of one attempt is about 2 KiB."""
    headers = [(f"X-{number}", "v" * 500) for number in range(80)]
    async with serving(answering(answer(500, b"b" * 60_000, headers))) as server:
        _, why = await explained(context, lambda noted: http_probe(noted, server.url()), KEPT)
    heard = why.exchanges[0].heard
    assert heard is not None
    assert (len(heard.fields), len(heard.body)) == (KEPT.fields, KEPT.body + 1)
    assert "more headers" in heard.note
    assert sum(len(text) for text in heard.texts()) < 3000


class _Plain:
    """A probe of a type that does nothing to be explained."""

    async def attempt(self, why: Attempt) -> Outcome:
        """Find something."""
        return Outcome(OutcomeKind.BAD, Reason.ANSWER, "not what was expected", START, 0.1, attempt=why)


async def test_a_probe_that_does_nothing_for_it_is_explained(context: ProbeContext) -> None:
    """By its reason."""
    _, why = await explained(context, lambda _noted: _Plain())
    assert [(check.rule, check.found) for check in why.checks] == [("answer", "not what was expected")]


async def test_a_fault_in_explaining_never_touches_the_outcome(
    context: ProbeContext, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and the outcome is what it is."""

    def broken(*_: object) -> Explanation:
        raise ZeroDivisionError

    monkeypatch.setattr("monitor.probes.explained.explained", broken)
    ear, notes = Ear(), Notes(NotedSecrets(context.secrets))
    outcome = await ExplainedProbe(_Plain(), notes, ear).attempt(Attempt.SCHEDULED)
    assert (ear.outcome, ear.explanation) == (outcome, None)
    assert "explanation_bug" in caplog.text
