"""The `dns` probe: one question, and what is answered.

Rules:
- One resolver is asked, once: the one that is named. Where none is, those of resolv.conf are asked in their order as
  programs do: the next where one refuses or is silent for `TRY_SECONDS`. If none can be reached or none answers,
  nothing was learnt about the platform: own fault. So it is where the last of them fails (SERVFAIL, REFUSED), which
  nobody expects, and no control can tell whose fault that is.
- Nothing of ours is between: no cache, no search domain, no hosts file. The resolver's own cache is.
- An answer over UDP that is cut short is asked for again over TCP, at the same resolver, within the same deadline.
- What comes over UDP and is no answer to the question is passed over until the deadline, a hundred times; over TCP it
  is invalid.
- Who wants to know is shown question and answer as people write them.
- `resolve_failed` is about the name of the resolver itself, nothing else.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from glasswatch.patterns import compiled
from monitor.model.outcome import Attempt, Outcome
from monitor.ports import Probe
from monitor.probes.attempt import Attempting, Found
from monitor.probes.context import ProbeContext
from monitor.rules.marks import Limits, marks
from monitor.rules.records import Answered, Wanted, judge, told_of
from monitor.settings.dns import DnsProbeSettings
from platforms.errors import FaultKind, TransportFault
from platforms.transport.datagrams import ask
from platforms.transport.dead_end import meet
from platforms.transport.questions import Question, Reply, record_of
from platforms.transport.reach import OWN_DNS, Network, Place, addressed, noted, reach
from platforms.transport.resolv_conf import RESOLV_CONF, nameservers
from platforms.transport.stopwatch import Phase, Stopwatch
from platforms.transport.tape import Tape, Taped
from platforms.transport.trace import Contact

TRY_SECONDS: Final = 1.5
_PORT: Final = 53
_LONGEST: Final = 2 + 65535
# What has the next of the machine's own servers asked.
_NEXT: Final = frozenset({FaultKind.REFUSED, FaultKind.UNREACHABLE, FaultKind.LOST})
# So many by chance there never are; looking at more would be work that a stranger gives us.
_MOST_PASSED: Final = 100
_FAILURES: Final = frozenset({"SERVFAIL", "REFUSED"})
_AWAITED: Final = "an answer to the question"


def make(settings: DnsProbeSettings, context: ProbeContext) -> Probe:
    """Return the probe."""
    return DnsProbe(settings, context)


class DnsProbe:
    """See the module's rules. `resolv_conf` and `port`: where the machine's own servers are named, and listen."""

    def __init__(
        self, settings: DnsProbeSettings, context: ProbeContext, resolv_conf: Path = RESOLV_CONF, port: int = _PORT
    ) -> None:
        self._settings = settings
        self._context = context
        self._resolv_conf = resolv_conf
        self._port = port
        self._wanted = _wanted(settings)
        self._limits = Limits(settings.warn.duration)

    async def attempt(self, why: Attempt) -> Outcome:
        """See `monitor.ports.Probe`."""
        attempting = Attempting(self._context.network.clock, self._settings.timeout, why)
        return await attempting.make(self._measure)

    async def _measure(self, watch: Stopwatch) -> Found:
        settings, end = self._settings, self._context.network.dead_end
        if end is not None:  # before it is asked whose the resolver is: whoever answers for the platform is away
            watch.enter(Phase.PROCESSING)
            watch.awaited = _AWAITED
            await meet(end)
        question = Question(settings.name, settings.record, wants_authenticated=settings.expect.authenticated)
        exchange = Exchange(self._context.network, question, watch, self._context.tape)
        if settings.place is not None:
            reply = await exchange.asked(settings.place, is_tcp=settings.transport == "tcp")
        else:
            reply = await self._asked_in_turn(exchange)
        watch.stop()
        warnings = marks(self._limits, watch.elapsed, None, self._context.network.clock.now())
        records = {record.key: record.text for record in reply.records}
        answered = Answered(reply.rcode, records, reply.is_authenticated)
        judgement, notes = judge(self._wanted, answered, warnings), self._context.notes
        if notes is not None and notes.wants(judgement.kind):
            for check in told_of(self._wanted, answered):
                notes.tell(check)
        return Found(judgement)

    async def _asked_in_turn(self, exchange: "Exchange") -> Reply:
        servers = [Place(host, self._port) for host in nameservers(self._resolv_conf)]
        is_tcp = self._settings.transport == "tcp"
        exchange.watch.ours = OWN_DNS
        for server, is_last in _marked(servers):
            try:
                async with asyncio.timeout(None if is_last else TRY_SECONDS):
                    return self._believed(await exchange.asked(server, is_tcp=is_tcp))
            except TimeoutError:
                continue
            except TransportFault as fault:
                if fault.kind not in _NEXT:
                    raise
        raise TransportFault(FaultKind.OWN, "none of this machine's DNS servers could be reached")

    def _believed(self, reply: Reply) -> Reply:
        is_doubted = reply.rcode in _FAILURES and reply.rcode != self._settings.expect.rcode
        if is_doubted and not self._context.network.has_witness:
            detail = f"{OWN_DNS} answer {reply.rcode}, and no control can tell whose fault that is"
            raise TransportFault(FaultKind.OWN, detail)
        return reply


@dataclass(frozen=True, slots=True)
class Exchange:
    """Asks one question."""

    network: Network
    question: Question
    watch: Stopwatch
    tape: Tape | None = None

    async def asked(self, place: Place, *, is_tcp: bool) -> Reply:
        """Return the answer of one resolver.

        Raises:
            TransportFault: RESOLVE, REFUSED, UNREACHABLE, LOST, PROTOCOL, TOO_LARGE, ANSWER, OWN.
        """
        if not is_tcp:
            reply = await self._in_a_datagram(place)
            if not reply.is_cut:
                return reply
        return await self._on_a_connection(place)

    async def _in_a_datagram(self, place: Place) -> Reply:
        address = await addressed(self.network, place, self.watch)
        self._label("over UDP")
        contact = noted(self.network, place, address)
        self.watch.enter(Phase.PROCESSING)
        self.watch.awaited = _AWAITED
        if contact is not None:
            contact.said(self.question.text.encode())
        return await ask(address, self.question.wire, _Passing(self, contact).read)

    async def _on_a_connection(self, place: Place) -> Reply:
        self.watch.awaited = None
        self._label("over TCP")
        wire = await reach(self.network, place, self.watch, 2 * _LONGEST)
        contact = wire.unnoted()  # as people read it, not as it is on the wire
        if contact is not None:
            contact.said(self.question.text.encode())
        try:
            self.watch.enter(Phase.PROCESSING)
            self.watch.awaited = _AWAITED
            wire.send(len(self.question.wire).to_bytes(2, "big") + self.question.wire)
            framed = _Framed(partial(self.watch.enter, Phase.TRANSFER))
            await wire.receive(framed if self.tape is None else Taped(framed, self.tape))
        finally:
            wire.abort()
        reply = self.question.read(framed.message)
        if contact is not None:
            contact.heard(_read(reply, len(framed.message)))
        if reply is None or reply.is_cut:
            raise TransportFault(FaultKind.PROTOCOL, "what came is no answer to the question")
        return reply

    def _label(self, transport: str) -> None:
        if self.network.trace is not None:
            self.network.trace.label = transport


class _Passing:
    """Passes over datagrams that are no answer, and counts them: nobody may send them without end."""

    def __init__(self, exchange: Exchange, contact: Contact | None) -> None:
        self._exchange = exchange
        self._contact = contact
        self._passed = 0

    def read(self, data: bytes) -> Reply | None:
        """Return the answer; None if it is none."""
        if self._exchange.tape is not None:
            self._exchange.tape.take(data)
        reply = self._exchange.question.read(data)
        if self._contact is not None:
            self._contact.heard(_read(reply, len(data)))
        if reply is None:
            self._passed += 1
            if self._passed >= _MOST_PASSED:
                raise TransportFault(FaultKind.PROTOCOL, f"{self._passed} datagrams came, and none is an answer")
            self._exchange.watch.awaited = f"{_AWAITED}: {self._passed} came that are none"
        return reply


class _Framed:
    """`Receiver` of one message behind its length (RFC 1035, 4.2.2)."""

    def __init__(self, begun: Callable[[], None]) -> None:
        self._begun = begun
        self._said = bytearray()

    @property
    def message(self) -> bytes:
        """What came, without its length."""
        return bytes(self._said[2:])

    def feed(self, data: bytes) -> bool:
        """See `Receiver`."""
        if not self._said:
            self._begun()
        self._said += data
        if len(self._said) < 2:  # noqa: PLR2004 - the length's own
            return False
        end = 2 + int.from_bytes(self._said[:2], "big")
        if len(self._said) > end:
            raise TransportFault(FaultKind.PROTOCOL, "more came than the answer's length says")
        return len(self._said) == end

    def eof(self) -> None:
        """See `Receiver`."""
        raise TransportFault(FaultKind.LOST, "the connection was closed before the answer was whole")


def _read(reply: Reply | None, size: int) -> bytes:
    """Return what came as people read it."""
    if reply is None:
        return f"{size} bytes that are no answer to the question\n".encode()
    cut = ["cut short: asked again over TCP"] if reply.is_cut else []
    first = ", ".join((reply.rcode, f"flags {reply.flags}", *cut))
    return "\n".join((first, *(record.text for record in reply.records), "")).encode("utf-8", "surrogateescape")


def _marked(servers: Sequence[Place]) -> Sequence[tuple[Place, bool]]:
    return [(server, index == len(servers)) for index, server in enumerate(servers, 1)]


def _wanted(settings: DnsProbeSettings) -> Wanted:
    expect, kind = settings.expect, settings.record
    return Wanted(
        kind=kind,
        rcode=expect.rcode,
        answers=None if expect.answers is None else {record_of(kind, text).key: text for text in expect.answers},
        contains={record_of(kind, text).key: text for text in expect.contains},
        matches=compiled(expect.matches) if expect.matches is not None else None,
        is_authenticated=expect.authenticated,
    )
