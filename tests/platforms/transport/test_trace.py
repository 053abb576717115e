"""Notes of what is said and heard: taken by the way itself, in turns, and bounded."""

import pytest

from platforms.http import Request
from platforms.transport.http import HttpTransport, Terms
from platforms.transport.reach import Network
from platforms.transport.stopwatch import Stopwatch
from platforms.transport.tls import TlsOptions
from platforms.transport.trace import MOST_BYTES, MOST_CONTACTS, MOST_TURNS, Contact, Trace
from tests.servers.http import OK, answering
from tests.servers.raw import serving
from tests.support.network import network
from tests.support.tls import Authority, Certificate, authority, certificate

__all__ = ["authority", "certificate", "network"]


async def test_an_exchange_is_noted(network: Network) -> None:
    """Where it went, what was sent, what came."""
    trace = Trace()
    noted = Network(network.clock, network.resolver, network.tls, trace)
    trace.label = "a step"
    async with serving(answering(OK)) as server:
        transport = HttpTransport(noted, Terms(1000, TlsOptions()), Stopwatch(network.clock))
        await transport.handle_async_request(Request("GET", server.url("/x")))
        (contact,) = trace.contacts
        assert (contact.place, contact.address, contact.label) == (f"127.0.0.1:{server.port}",) * 2 + ("a step",)
    (turn,) = contact.turns
    assert b"".join(turn.sent).startswith(b"GET /x HTTP/1.1\r\n")
    assert b"".join(turn.heard) == OK
    trace.begin()
    assert (trace.contacts, trace.label) == ([], "")


async def test_what_is_said_inside_tls_is_noted_in_clear(
    network: Network, authority: Authority, certificate: Certificate
) -> None:
    """And what was agreed on can be asked for afterwards, when the connection is gone."""
    trace = Trace()
    noted = Network(network.clock, network.resolver, network.tls, trace)
    async with serving(answering(OK), tls=certificate.context()) as server:
        transport = HttpTransport(noted, Terms(1000, TlsOptions(authority.ca_file)), Stopwatch(network.clock))
        await transport.handle_async_request(Request("GET", server.url("/x")))
    (contact,) = trace.contacts
    assert b"".join(contact.turns[0].heard) == OK
    assert contact.session is not None
    facts = contact.session.facts()
    assert facts is not None
    assert facts.version in ("TLS 1.2", "TLS 1.3")
    assert (facts.ends_at, facts.names) == (certificate.ends_at, ("localhost", "127.0.0.1"))


def test_a_dialogue_has_turns() -> None:
    """What is said after something was heard begins another one; a server may speak first."""
    contact = Contact("x:25", "192.0.2.1:25", "")
    for say, data in ((False, b"220"), (True, b"EHLO"), (False, b"250-"), (False, b"250"), (True, b"QUIT")):
        (contact.said if say else contact.heard)(data)
    assert [(b"".join(turn.sent), b"".join(turn.heard)) for turn in contact.turns] == [
        (b"", b"220"),
        (b"EHLO", b"250-250"),
        (b"QUIT", b""),
    ]


@pytest.mark.parametrize("piece", [1000, 3 * MOST_BYTES])
def test_no_more_is_kept_than_the_bounds_allow(piece: int) -> None:
    """However much a server says, in however many turns; that there was more is known."""
    contact = Contact("x:25", "192.0.2.1:25", "")
    for _ in range(1000):
        contact.said(b"?")
        contact.heard(b"x" * piece)
    kept = sum(len(part) for turn in contact.turns for part in (*turn.sent, *turn.heard))
    assert kept <= MOST_BYTES
    assert len(contact.turns) <= MOST_TURNS
    assert any(turn.is_cut for turn in contact.turns)
    trace = Trace()
    assert [trace.contact("x:1", "y:1") is None for _ in range(MOST_CONTACTS + 2)].count(True) == 2
