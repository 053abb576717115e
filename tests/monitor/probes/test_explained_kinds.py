"""What is shown of exchanges that aren't HTTP: a DNS question with its answer, and certificates not accepted."""

import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import dns.flags
import pytest

from monitor.model.explanation import Explanation
from monitor.model.outcome import Outcome
from monitor.probes.context import ProbeContext
from monitor.probes.tls import SECOND_LOOK
from tests.servers import blocking_tls
from tests.servers.dns_script import Script, answer, framed, scripted, silent
from tests.servers.http import OK, answering
from tests.servers.raw import serving
from tests.support.explaining import explained
from tests.support.probing import http_probe
from tests.support.sockets import probe
from tests.support.tls import Authority, Certificate

PORTAL = "portal.example. 60 IN A 192.0.2.7"


async def _asked(
    context: ProbeContext, datagrams: Script = silent, stream: Script = silent, **more: Any
) -> tuple[Outcome, Explanation]:
    async with scripted(datagrams, stream) as server:
        settings = {"name": "portal.example", "resolver": f"127.0.0.1:{server.port}", "timeout": "10s", **more}
        return await explained(context, lambda noted: probe(noted, "dns", **settings))


async def test_a_question_and_its_answer_are_shown(context: ProbeContext) -> None:
    """The server, the question with its flags, the code, the answer's flags and its records; and each rule."""
    expect = {"answers": ["192.0.2.8"], "authenticated": True}
    _, why = await _asked(context, lambda question: [answer(question, PORTAL)], expect=expect)
    (exchange,) = why.exchanges
    assert exchange.label == "over UDP"
    assert exchange.place.startswith("127.0.0.1:")
    assert exchange.sent is not None
    assert exchange.heard is not None
    assert exchange.sent.body == "portal.example. IN A\nflags RD AD, DNSSEC wanted (DO)"
    assert exchange.heard.body.startswith("NOERROR, flags QR")
    assert exchange.heard.body.endswith("\n192.0.2.7\n")
    assert [(each.rule, each.expected, each.found, each.holds) for each in why.checks] == [
        ("rcode", "NOERROR", "NOERROR", True),
        ("answers", "exactly 192.0.2.8", "192.0.2.7", False),
        ("authenticated", "an answer that the resolver has authenticated", "the AD flag is not set", False),
    ]


async def test_a_question_without_an_answer_is_shown(context: ProbeContext) -> None:
    """What came that is none, too."""
    _, why = await _asked(context, lambda _question: [b"nonsense"], timeout="300ms")
    (exchange,) = why.exchanges
    assert exchange.sent is not None
    assert exchange.heard is not None
    assert exchange.heard.body == "8 bytes that are no answer to the question\n"
    assert why.checks[-1].rule in ("time", "this machine")  # where the deadline was noticed late


async def test_an_answer_over_tcp_is_shown_as_people_read_it(context: ProbeContext) -> None:
    """An answer that was cut short, and the second question: no bytes of the wire."""
    _, why = await _asked(
        context,
        lambda question: [answer(question, flags=dns.flags.TC)],
        lambda question: [framed(answer(question, PORTAL))],
    )
    assert [each.label for each in why.exchanges] == ["over UDP", "over TCP"]
    cut, whole = (each.heard for each in why.exchanges)
    assert cut is not None
    assert whole is not None
    assert cut.body.endswith("cut short: asked again over TCP\n")
    assert whole.body.endswith("\n192.0.2.7\n")


@pytest.mark.parametrize("kind", ["http", "tls"])
async def test_a_certificate_that_is_not_accepted_is_shown(
    context: ProbeContext, authority: Authority, kind: str
) -> None:
    """Whose it is and until when, said to be not accepted; the `tls` probe's second look has a label."""
    certificate = authority.issue("other.example", ends=timedelta(days=9))
    async with serving(answering(OK), certificate.context()) as server:
        _, why = await explained(context, lambda noted: _over_tls(noted, kind, server.port, authority.ca_file))
    assert [each.label for each in why.exchanges] == ["", *([SECOND_LOOK] if kind == "tls" else [])]
    for exchange in why.exchanges:
        tls = exchange.tls
        assert tls is not None
        assert not tls.is_accepted
        assert (tls.subject, tls.issuer, tls.names) == ("CN=server", "CN=throw-away authority", ("other.example",))
        assert tls.ends_at == certificate.ends_at
        assert (exchange.sent, exchange.heard) == (None, None)
    assert why.checks[-1].rule == "TLS"


async def test_a_certificate_is_shown_where_it_broke_off_after_the_handshake(
    context: ProbeContext, authority: Authority, certificate: Certificate
) -> None:
    """A server of TLS 1.3 that asks for a client certificate says so only then."""
    asking = certificate.context()
    asking.verify_mode = ssl.CERT_REQUIRED
    asking.load_verify_locations(authority.ca_file)
    async with blocking_tls.serving(asking, OK) as url:
        tls = {"ca_file": str(authority.ca_file)}
        outcome, why = await explained(context, lambda noted: http_probe(noted, url, tls=tls))
    assert outcome.detail == "the server asks for a client certificate"
    seen = why.exchanges[0].tls
    assert seen is not None
    assert (seen.is_accepted, seen.subject) == (True, "CN=server")


def _over_tls(context: ProbeContext, kind: str, port: int, ca_file: Path) -> Any:
    tls = {"ca_file": str(ca_file)}
    if kind == "http":
        return http_probe(context, f"https://127.0.0.1:{port}/", tls=tls)
    return probe(context, "tls", host="127.0.0.1", port=port, tls=tls, timeout="20s")
