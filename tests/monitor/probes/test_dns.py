"""The `dns` probe against dnsmasq, and against servers that answer wrongly, twice, late, or something else."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import dns.flags
import pytest

from monitor.model.outcome import Attempt, Outcome
from monitor.probes.context import ProbeContext
from monitor.probes.dns import DnsProbe
from monitor.settings.dns import DnsProbeSettings
from platforms.transport.reach import Network
from platforms.transport.resolver import AresResolver
from platforms.transport.tape import Tape
from platforms.transport.tls import TlsContexts
from tests.servers.dns_script import Script, answer, framed, scripted, silent
from tests.support.dnsmasq import dnsmasq
from tests.support.listeners import free_port
from tests.support.sockets import probe, told

RECORDS = (
    "--host-record=portal.example,192.0.2.7",
    "--host-record=portal.example,192.0.2.8",
    "--host-record=portal.example,2001:db8::7",
    "--cname=www.example,portal.example",
    "--mx-host=example,mail.example,10",
    "--txt-record=example,v=spf1 -all",
    "--srv-host=_ldap._tcp.example,ldap.example,636,0,5",
    "--ptr-record=7.2.0.192.in-addr.arpa,portal.example",
    "--caa-record=example,0,issue,ca.example",
    *(f"--txt-record=long.example,{number:04}{'x' * 200}" for number in range(20)),
    "--local=/example/",
)
GOOD, BAD = ("good", "ok"), ("bad", "answer")
PORTAL = "portal.example. 60 IN A 192.0.2.7"


async def _outcome(context: ProbeContext, port: int, **more: Any) -> Outcome:
    settings = {"name": "portal.example", "resolver": f"127.0.0.1:{port}", "timeout": "10s", **more}
    return await probe(context, "dns", **settings).attempt(Attempt.SCHEDULED)


async def _scripted(context: ProbeContext, datagrams: Script = silent, stream: Script = silent, **more: Any) -> Outcome:
    async with scripted(datagrams, stream) as server:
        return await _outcome(context, server.port, **more)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_real_server(context: ProbeContext, transport: str) -> None:
    """Every kind of record, what may be expected of it, and what may not."""
    async with dnsmasq(*RECORDS) as port:

        async def said(name: str, record: str, **expect: Any) -> tuple[str, str, str]:
            more = {"name": name, "record": record, "expect": expect, "transport": transport}
            return told(await _outcome(context, port, **more))

        both = ["192.0.2.8", "192.0.2.7"]
        assert await said("portal.example", "A", answers=both) == (*GOOD, "NOERROR, 2 A records")
        assert await said("PORTAL.example.", "A", answers=both) == (*GOOD, "NOERROR, 2 A records")
        assert await said("portal.example", "AAAA", answers=["2001:DB8:0::7"]) == (
            "good",
            "ok",
            "NOERROR, 1 AAAA record",
        )
        assert await said("www.example", "A", contains=["192.0.2.7"]) == (*GOOD, "NOERROR, 2 A records")
        assert await said("www.example", "CNAME", answers=["PORTAL.example"]) == (
            "good",
            "ok",
            "NOERROR, 1 CNAME record",
        )
        assert (await said("example", "MX", answers=["10 mail.example."]))[0] == "good"
        assert (await said("example", "TXT", answers=['"v=spf1 -all"']))[0] == "good"
        assert (await said("_ldap._tcp.example", "SRV", answers=["0 5 636 ldap.example"]))[0] == "good"
        assert (await said("7.2.0.192.in-addr.arpa", "PTR", matches=r"^portal\."))[0] == "good"
        assert (await said("example", "CAA", contains=['0 issue "ca.example"']))[0] == "good"
        assert await said("none.example", "A", rcode="NXDOMAIN") == (*GOOD, "NXDOMAIN, 0 A records")
        assert await said("portal.example", "MX", answers=[]) == (*GOOD, "NOERROR, 0 MX records")

        assert await said("none.example", "A") == (*BAD, "NXDOMAIN, expected NOERROR")
        assert await said("portal.example", "MX") == (*BAD, "NOERROR, and no MX record")
        assert await said("portal.example", "A", rcode="NXDOMAIN") == (*BAD, "NOERROR, expected NXDOMAIN")
        assert await said("portal.example", "A", answers=both[:1]) == (
            "bad",
            "answer",
            "1 A record beside those expected",
        )
        assert await said("portal.example", "A", contains=["192.0.2.9"]) == (*BAD, "missing: 192.0.2.9")
        assert await said("portal.example", "A", matches="^10") == (*BAD, "no A record matches the pattern")
        assert await said("elsewhere.test", "A") == (*BAD, "REFUSED, expected NOERROR")


async def test_a_long_answer_is_asked_for_over_tcp(context: ProbeContext) -> None:
    """All of its records are there, and the phases tell."""
    async with dnsmasq(*RECORDS) as port:
        outcome = await _outcome(context, port, name="long.example", record="TXT")
    assert told(outcome) == ("good", "ok", "NOERROR, 20 TXT records")
    assert set(outcome.phases) == {"connect", "processing", "transfer"}


async def test_phases_of_a_datagram(context: ProbeContext) -> None:
    """Nothing is connected."""
    async with dnsmasq(*RECORDS) as port:
        outcome = await _outcome(context, port)
    assert set(outcome.phases) == {"processing"}


async def test_each_attempt_asks_anew(context: ProbeContext) -> None:
    """No cache is between, and neither id nor port can be guessed from the one before."""
    async with scripted(lambda question: [answer(question, PORTAL)]) as server:
        asking = probe(context, "dns", name="portal.example", resolver=f"127.0.0.1:{server.port}", timeout="10s")
        outcomes = [await asking.attempt(Attempt.SCHEDULED) for _ in range(20)]
        assert all(outcome.is_good for outcome in outcomes)
        assert server.asked == {"udp": 20, "tcp": 0}
        assert len(server.ids) > 15
        assert len(server.ports) > 5


@pytest.mark.parametrize("code", ["SERVFAIL", "REFUSED", "NXDOMAIN", "FORMERR", "NOTIMP"])
async def test_a_failure_is_an_answer(context: ProbeContext, code: str) -> None:
    """The code is told; where it is expected it is good, and warned of nothing."""
    outcome = await _scripted(context, lambda question: [answer(question, rcode=code)])
    assert told(outcome) == ("bad", "answer", f"{code}, expected NOERROR")
    outcome = await _scripted(context, lambda question: [answer(question, rcode=code)], expect={"rcode": code})
    assert outcome.is_good


async def test_authenticated(context: ProbeContext) -> None:
    """The resolver's word, asked for and heard."""
    heard: list[bytes] = []

    def script(question: bytes) -> list[bytes]:
        heard.append(question)
        return [answer(question, PORTAL, flags=dns.flags.AD)]

    expect = {"authenticated": True}
    assert told(await _scripted(context, script, expect=expect)) == ("good", "ok", "NOERROR, 1 A record, authenticated")
    asked = dns.message.from_wire(heard[0])
    assert asked.flags & dns.flags.AD
    assert asked.ednsflags & dns.flags.DO
    outcome = await _scripted(context, lambda question: [answer(question, PORTAL)], expect=expect)
    assert told(outcome) == (*BAD, "the resolver has not authenticated the answer")


def _forged(question: bytes) -> list[bytes]:
    proper = answer(question, PORTAL)
    other = answer(question, "portal.example. 60 IN A 203.0.113.66")
    renamed = other.replace(b"portal", b"attack")
    return [bytes([other[0] ^ 1]) + other[1:], renamed, question, other[:20], b"\0", other + b"junk", proper]


async def test_what_is_no_answer_is_passed_over(context: ProbeContext) -> None:
    """Another id, another question, the question itself, damage and nothing: the answer is awaited all the same."""
    outcome = await _scripted(context, _forged, expect={"answers": ["192.0.2.7"]})
    assert told(outcome) == ("good", "ok", "NOERROR, 1 A record")
    outcome = await _scripted(context, lambda question: _forged(question)[:-1], timeout="2s")
    words = "no answer within 2 s, waiting for an answer to the question: 6 came that are none"
    assert told(outcome) == ("bad", "timeout", words)


async def test_nobody_sends_what_is_no_answer_without_end(context: ProbeContext) -> None:
    """After a hundred of them the attempt ends."""

    def script(question: bytes) -> list[bytes]:
        return [answer(question, PORTAL).replace(b"portal", b"attack")] * 150

    outcome = await _scripted(context, script, timeout="30s", interval="30s")
    assert told(outcome) == ("bad", "protocol", "100 datagrams came, and none is an answer")


async def test_somebody_else_is_not_heard(context: ProbeContext) -> None:
    """A right answer from another address or port is none."""
    async with scripted() as other:

        def script(question: bytes) -> list[bytes]:
            assert other._transport is not None
            for port in server.ports:
                other._transport.sendto(answer(question, PORTAL), ("127.0.0.1", port))
            return []

        async with scripted(script) as server:
            outcome = await _outcome(context, server.port, timeout="2s")
    assert told(outcome) == ("bad", "timeout", "no answer within 2 s, waiting for an answer to the question")


CLOSED = ("connection_lost", "the connection was closed before the answer was whole")
NONE = ("protocol", "what came is no answer to the question")


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (silent, ("timeout", "no answer within 2 s, waiting for an answer to the question")),
        (lambda _: [b"\0"], CLOSED),
        (lambda question: [framed(answer(question, PORTAL))[:-1]], CLOSED),
        (
            lambda question: [framed(answer(question, PORTAL)) + b"x"],
            ("protocol", "more came than the answer's length says"),
        ),
        (lambda question: [framed(b"x" * 40)], NONE),
        (lambda question: [framed(answer(question, PORTAL, flags=dns.flags.TC))], NONE),
        (lambda question: [framed(question)], NONE),
        (
            lambda question: [framed(answer(question)[:6] + b"\xff" * 6 + question[12:])],
            ("too_large", "the answer holds more than 250 records"),
        ),
    ],
)
async def test_over_tcp_everything_counts(context: ProbeContext, stream: Script, words: tuple[str, str]) -> None:
    """Who was connected to is who answers."""
    timeout = "2s" if words[0] == "timeout" else "10s"
    outcome = await _scripted(context, stream=stream, transport="tcp", timeout=timeout)
    assert told(outcome) == ("bad", *words)


async def test_how_an_answer_is_cut_up_does_not_matter(context: ProbeContext) -> None:
    """Byte by byte it is the same."""

    def stream(question: bytes) -> list[bytes]:
        return [bytes([byte]) for byte in framed(answer(question, PORTAL))]

    assert (await _scripted(context, stream=stream, transport="tcp")).is_good


async def test_cut_short_without_tcp(context: ProbeContext) -> None:
    """The answer that can't be had is missed where it was to be had."""

    def cut(question: bytes) -> list[bytes]:
        return [answer(question, PORTAL, flags=dns.flags.TC)[:-3]]

    async with scripted(cut, lambda question: [framed(answer(question, PORTAL))]) as server:
        assert (await _outcome(context, server.port)).is_good
        assert server.asked == {"udp": 1, "tcp": 1}
    outcome = await _scripted(context, cut, timeout="2s")
    assert told(outcome) == ("bad", "timeout", "no answer within 2 s, waiting for an answer to the question")


async def test_aliases_that_lead_in_a_circle(context: ProbeContext) -> None:
    """They end."""
    records = ("portal.example. 60 IN CNAME other.example.", "other.example. 60 IN CNAME portal.example.")
    outcome = await _scripted(context, lambda question: [answer(question, *records)])
    assert told(outcome) == (*BAD, "the aliases in the answer lead nowhere")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_nobody_listens(context: ProbeContext, transport: str) -> None:
    """At the resolver that was named."""
    outcome = await _outcome(context, free_port(), transport=transport)
    assert told(outcome) == ("bad", "connect_refused", "the connection was refused")


async def test_no_way_to_send(context: ProbeContext) -> None:
    """What this machine may not do is its own fault (here: broadcast)."""
    outcome = await _outcome(context, 53, resolver="255.255.255.255")
    assert told(outcome) == ("not_measured", "own_fault", "this machine does not allow the connection")


async def test_the_resolvers_own_name(context: ProbeContext) -> None:
    """Only that is `resolve_failed`."""
    async with scripted(lambda question: [answer(question, rcode="NXDOMAIN")]) as server:
        resolver = AresResolver([f"127.0.0.1:{server.port}"])
        network = Network(context.network.clock, resolver, TlsContexts())
        own = ProbeContext(network, context.secrets)
        outcome = await _outcome(own, 53, resolver="ns1.nowhere.example")
        await resolver.aclose()
    assert told(outcome) == ("bad", "resolve_failed", "the name does not exist")


async def test_a_tape_takes_what_was_answered(context: ProbeContext) -> None:
    """As it came."""
    tape, said = Tape(), []

    def script(question: bytes) -> list[bytes]:
        said.append(answer(question, PORTAL))
        return said

    await _scripted(ProbeContext(context.network, context.secrets, tape=tape), script)
    assert bytes(tape.said) == said[0]


async def _own(context: ProbeContext, tmp_path: Path, port: int, *hosts: str, **more: Any) -> Outcome:
    """Ask the machine's own servers, which are these."""
    conf = tmp_path / "resolv.conf"
    conf.write_text("search example\n# no\n" + "".join(f"nameserver {host}\n" for host in hosts) + "nameserver\n")
    settings = DnsProbeSettings.model_validate({"function": "x", "name": "portal.example", "timeout": "10s", **more})
    return await DnsProbe(settings, context, conf, port).attempt(Attempt.SCHEDULED)


async def test_the_machines_own_servers(context: ProbeContext, tmp_path: Path) -> None:
    """The first that answers: what refuses is passed over at once, and so is what is no address."""
    async with scripted(lambda question: [answer(question, PORTAL)]) as server:
        outcome = await _own(context, tmp_path, server.port, "nonsense", "127.0.0.2", "127.0.0.1")
        assert told(outcome) == (*GOOD, "NOERROR, 1 A record")
        assert server.asked["udp"] == 1


async def test_a_silent_one_of_them_costs_time_once(context: ProbeContext, tmp_path: Path) -> None:
    """After that the next is asked."""

    def script(question: bytes) -> list[bytes]:
        return [answer(question, PORTAL)] if server.asked["udp"] > 1 else []

    async with scripted(script) as server:
        outcome = await _own(context, tmp_path, server.port, "127.0.0.1", "127.0.0.1")
        assert outcome.is_good
        assert outcome.duration_seconds > 1.4
        assert server.asked["udp"] == 2


@pytest.mark.parametrize(
    ("hosts", "words"),
    [
        ((), "this machine has no DNS server to ask: resolv.conf names none"),
        (("127.0.0.2", "127.0.0.3"), "none of this machine's DNS servers could be reached"),
    ],
)
async def test_nobody_to_ask(context: ProbeContext, tmp_path: Path, hosts: tuple[str, ...], words: str) -> None:
    """Nothing was learnt about the platform."""
    outcome = await _own(context, tmp_path, free_port(), *hosts)
    assert told(outcome) == ("not_measured", "own_fault", words)


@pytest.mark.parametrize("hosts", [("127.0.0.1",), ("127.0.0.1", "127.0.0.1"), ("127.0.0.2", "127.0.0.1")])
async def test_all_of_them_are_silent(context: ProbeContext, tmp_path: Path, hosts: tuple[str, ...]) -> None:
    """Nor was anything learnt then."""
    async with scripted() as server:
        outcome = await _own(context, tmp_path, server.port, *hosts, timeout="2s")
    assert told(outcome)[:2] == ("not_measured", "own_fault")
    assert outcome.detail in (
        "no answer within 2 s, waiting for this machine's DNS servers",
        f"this machine was busy: {outcome.detail.partition(': ')[2]}",
    )


@pytest.mark.parametrize("code", ["SERVFAIL", "REFUSED"])
async def test_a_failure_of_our_own_servers(context: ProbeContext, tmp_path: Path, code: str) -> None:
    """It counts where it is expected, or where a control can tell whether names resolve here at all."""
    witnessed = ProbeContext(replace(context.network, has_witness=True), context.secrets)
    async with scripted(lambda question: [answer(question, rcode=code)]) as server:

        async def said(context: ProbeContext, **more: Any) -> tuple[str, str, str]:
            return told(await _own(context, tmp_path, server.port, "127.0.0.1", **more))

        words = f"this machine's DNS servers answer {code}, and no control can tell whose fault that is"
        assert await said(context) == ("not_measured", "own_fault", words)
        assert await said(witnessed) == (*BAD, f"{code}, expected NOERROR")
        assert (await said(context, expect={"rcode": code}))[:2] == GOOD


async def test_no_resolv_conf_at_all(context: ProbeContext, tmp_path: Path) -> None:
    """Our own fault too."""
    settings = DnsProbeSettings.model_validate({"function": "x", "name": "portal.example"})
    outcome = await DnsProbe(settings, context, tmp_path / "missing").attempt(Attempt.SCHEDULED)
    assert told(outcome) == ("not_measured", "own_fault", "resolv.conf can't be read: No such file or directory")
