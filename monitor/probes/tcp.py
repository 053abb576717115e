"""The `tcp` probe: one connection, in clear or under TLS, and what is said on it.

Rules:
- One attempt: one address, one connection. Without steps, connecting is enough; with TLS, that the handshake holds.
- A step sends and waits until its pattern is found in what has arrived since the step before. Something said that does
  not match when the connection or the time ends is a wrong answer; nothing said is a lost connection or a timeout.
- Secrets are sent in steps only, each by name. A step that sends one knows how a refusal looks: that is not measured.
- Secrets are read before the deadline starts. One that holds a line end or NUL is not sent: it could be read as a
  command.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from glasswatch.errors import SecretUnavailable
from glasswatch.patterns import compiled_bytes
from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason
from monitor.ports import Probe
from monitor.probes.attempt import Attempting, Found, faulty
from monitor.probes.context import ProbeContext
from monitor.probes.securing import identity_of, securing_of
from monitor.rules.expect import Judgement
from monitor.rules.marks import Limits, marks
from monitor.rules.sending import bytes_of
from monitor.settings.tcp import TcpProbeSettings, TurnSettings
from platforms.errors import FaultKind, TransportFault
from platforms.transport.conversation import Terms, opened, part
from platforms.transport.reach import Place
from platforms.transport.stopwatch import Stopwatch
from platforms.transport.tls import Identity
from platforms.transport.turns import Dialogue, Reply, Turn
from platforms.transport.welcome import shown, welcomed
from platforms.transport.wire import Wire

_SPLITTING: Final = frozenset("\r\n\0")


def make(settings: TcpProbeSettings, context: ProbeContext) -> Probe:
    """Return the probe."""
    return TcpProbe(settings, context)


@dataclass(frozen=True, slots=True)
class Saying:
    """What is sent, step by step, and the client certificate that is shown."""

    sends: Sequence[bytes] = field(repr=False)
    identity: Identity | None = None


class TcpProbe:
    """See the module's rules."""

    def __init__(self, settings: TcpProbeSettings, context: ProbeContext) -> None:
        self._settings = settings
        self._context = context
        self._limits = Limits(settings.warn.duration, settings.warn.tls_days_left)
        securing = securing_of(settings.host, settings.tls, settings.starttls) if settings.has_tls else None
        if securing is not None:
            context.network.tls.prepare(securing.options)
        place = Place(settings.host, settings.port, settings.ip)
        self._terms = Terms(place, securing, settings.max_answer * (len(settings.steps) + 1))
        self._replies = [_reply(number, step) for number, step in enumerate(settings.steps, 1)]

    async def attempt(self, why: Attempt) -> Outcome:
        """See `monitor.ports.Probe`."""
        course = Course()
        attempting = Attempting(self._context.network.clock, self._settings.timeout, why, course.standing)
        return await attempting.make_prepared(self._prepare, partial(self._measure, course))

    async def _prepare(self) -> Saying:
        source = self._context.secrets
        secrets: dict[str, str] = {}
        for name, reference in self._settings.secrets.items():
            secrets[name] = (await source.get(reference)).reveal()
            if _SPLITTING & set(secrets[name]):
                raise SecretUnavailable(f"secret from {reference}: it holds a line end or NUL, and can't be sent")
        identity = await identity_of(self._settings.tls, source)
        return Saying([_bytes(step, secrets) for step in self._settings.steps], identity)

    async def _measure(self, course: "Course", saying: Saying, watch: Stopwatch) -> Found:
        try:
            with shown(saying.identity):
                wire = await opened(self._context.network, self._terms, watch, saying.identity)
                try:
                    return await self._converse(course, saying, wire, watch)
                finally:
                    wire.abort()
        except TransportFault as fault:
            if fault.kind is FaultKind.CREDENTIAL:
                self._refused()
            return Found(faulty(fault), course.expiry_at)

    async def _converse(self, course: "Course", saying: Saying, wire: Wire, watch: Stopwatch) -> Found:
        course.expiry_at = wire.tls_expires_at
        dialogue = Dialogue(wire, watch, self._context.tape)
        for index, reply in enumerate(self._replies):
            if reply is None:
                dialogue.tell(saying.sends[index])
                continue
            course.begin(index + 1, dialogue)
            with welcomed(wire):
                await dialogue.take(_turn(index + 1, reply, saying.sends[index]), self._settings.max_answer)
            course.end()
        if not any(self._replies):
            await part(wire, watch, self._settings.timeout.total_seconds() - watch.elapsed)
        count = len(self._replies)
        detail = "connected" if wire.tls_version is None else f"connected, {wire.tls_version}"
        detail += f", {count} step{'s' if count > 1 else ''} held" if count else ""
        warnings = marks(self._limits, watch.elapsed, course.expiry_at, self._context.network.clock.now())
        return Found(Judgement(OutcomeKind.GOOD, Reason.OK, detail, warnings), course.expiry_at)

    def _refused(self) -> None:
        for reference in self._settings.secrets.values():
            self._context.secrets.refused(reference)
        identity = self._settings.tls.identity if self._settings.tls is not None else None
        if identity is not None:
            self._context.secrets.refused(identity.key)


class Course:
    """How far one attempt has come."""

    def __init__(self) -> None:
        self.expiry_at: datetime | None = None
        self._number = 0
        self._dialogue: Dialogue | None = None

    def begin(self, number: int, dialogue: Dialogue) -> None:
        """Take note that a step waits for its answer."""
        self._number, self._dialogue = number, dialogue

    def end(self) -> None:
        """Take note that it has it."""
        self._dialogue = None

    def standing(self, late: str) -> Judgement | None:
        """Return what the attempt is worth if the deadline passes now: a wrong answer, where something was said."""
        if self._dialogue is None or not self._dialogue.said:
            return None
        return Judgement(OutcomeKind.BAD, Reason.ANSWER, f"{_unmet(self._number)} {late}")


def _bytes(step: TurnSettings, secrets: Mapping[str, str]) -> bytes:
    return bytes_of(step.send, secrets) if step.send is not None else b""


def _turn(number: int, reply: Reply, send: bytes) -> Turn:
    return Turn(f"the answer to step {number}" if send else f"step {number}", reply, send, _unmet(number))


def _unmet(number: int) -> str:
    return f"what is said in step {number} does not match its pattern"


def _reply(number: int, step: TurnSettings) -> Reply | None:
    """Return how the answer to a step is known; None where none is waited for."""
    if step.expect is None:
        return None
    wanted = compiled_bytes(step.expect)
    refusal = compiled_bytes(step.refused) if step.refused is not None else None

    def reply(said: bytes) -> int | None:
        found = wanted.search(said)
        if found is not None:
            return found.end()
        if refusal is not None and refusal.search(said) is not None:
            raise TransportFault(FaultKind.CREDENTIAL, f"step {number}: our own credential was refused")
        return None

    return reply
