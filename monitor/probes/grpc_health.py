"""The `grpc_health` probe: asks a server's health service once, over HTTP/2 on a new connection.

Rules:
- One attempt: no retry, no second address, no redirect, no name service of gRPC's own.
- Metadata given by reference and a client certificate are our own credentials; their refusal is not measured
  (`monitor.rules.health`, `monitor.rules.doubt`).
- The server is told the timeout and a second more, so that a late answer is ours to call late: were it told the timeout
  itself, chance would decide between `timeout` and its DEADLINE_EXCEEDED.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Final

from glasswatch import __version__
from glasswatch.settings.tls import IdentifiedTlsSettings
from monitor.model.outcome import Attempt, Outcome, Reason
from monitor.ports import Probe
from monitor.probes.attempt import Attempting, Found, faulty
from monitor.probes.context import ProbeContext
from monitor.probes.principal import NOBODY, Credentials, Principal
from monitor.probes.way import Way, http2
from monitor.rules.doubt import doubted
from monitor.rules.expect import Judgement
from monitor.rules.health import HealthAnswer, judge_health, told_of
from monitor.rules.marks import Limits
from monitor.settings.grpc_health import GrpcHealthProbeSettings
from monitor.settings.principals import SecondSettings
from platforms.errors import FaultKind, TransportFault
from platforms.grpc.call import MAX_MESSAGE, Called, Code, Target, called, request_of
from platforms.grpc.health import CHECK, Serving, question, status_in
from platforms.http import Request, Response
from platforms.transport.http import IDENTITY, SERVER_NAME, HttpTransport, Terms, expiry_in
from platforms.transport.stopwatch import Stopwatch
from platforms.transport.tls import HTTP_2, TlsOptions

_AGENT: Final = {"user-agent": f"glasswatch/{__version__}"}
_GOOD: Final = 200
_SPARE_SECONDS: Final = 1.0


def make(settings: GrpcHealthProbeSettings, context: ProbeContext) -> Probe:
    """Return the probe."""
    return GrpcHealthProbe(settings, context)


class GrpcHealthProbe:
    """See the module's rules."""

    def __init__(self, settings: GrpcHealthProbeSettings, context: ProbeContext) -> None:
        self._settings = settings
        self._context = context
        tls = settings.tls or IdentifiedTlsSettings()
        options = TlsOptions(tls.ca_file, tls.min_version, HTTP_2)
        self._terms = Terms(MAX_MESSAGE, options, frozenset({_GOOD}), settings.ip, http2())
        first = SecondSettings.model_construct(auth=None, headers=settings.metadata, tls=tls.identity)
        self._principal = Principal(first, context, Way(settings.ip))
        self._limits = Limits(settings.warn.duration, settings.warn.tls_days_left)
        if settings.tls is not None:
            context.network.tls.prepare(options)
        # Without secrets it is the same for every attempt.
        self._constant = None if self._principal.has_credential else _request(settings, NOBODY)

    async def attempt(self, why: Attempt) -> Outcome:
        """See `monitor.ports.Probe`."""
        attempting = Attempting(self._context.network.clock, self._settings.timeout, why)
        if self._constant is not None:
            return await attempting.make(partial(self._measure, self._constant))
        return await attempting.make_prepared(self._prepare, self._measure)

    async def _prepare(self) -> Request:
        return _request(self._settings, await self._principal.credentials())

    async def _measure(self, request: Request, watch: Stopwatch) -> Found:
        transport = HttpTransport(self._context.network, self._terms, watch, self._context.tape)
        try:
            response = await transport.handle_async_request(request)
        except TransportFault as fault:
            if fault.kind is not FaultKind.CREDENTIAL:
                raise
            self._principal.refused()
            return Found(faulty(fault))
        judgement = self._judged(response, watch)
        if judgement.reason is Reason.CREDENTIALS_REFUSED:
            self._principal.refused()
        return Found(judgement, expiry_in(response))

    def _judged(self, response: Response, watch: Stopwatch) -> Judgement:
        expiry_at = expiry_in(response)
        try:
            heard = _heard(called(response))
        except TransportFault as fault:
            return faulty(fault)
        if heard.http_status is not None and self._principal.has_certificate:
            doubt = doubted(heard.http_status, saw_certificate=True, is_relayed=False)
            if doubt is not None:
                return doubt
        answer = HealthAnswer(
            status=heard.status,
            serving=heard.serving,
            duration_seconds=watch.elapsed,
            http_status=heard.http_status,
            tls_expiry_at=expiry_at,
            saw_credential=self._principal.has_credential,
        )
        judgement = judge_health(self._limits, answer, self._context.network.clock.now())
        notes = self._context.notes
        if notes is not None and notes.wants(judgement.kind):
            for check in told_of(answer, judgement):
                notes.tell(check)
        return judgement


@dataclass(frozen=True, slots=True)
class _Heard:
    """What was said, by name."""

    status: str
    serving: str | None
    http_status: int | None


def _heard(call: Called) -> _Heard:
    """Return what a call says.

    Raises:
        TransportFault: PROTOCOL: the message is no health answer.
    """
    status = _name(Code, call.code) or f"code {call.code}"
    serving = None
    if call.code == Code.OK:
        number = status_in(call.message)
        serving = _name(Serving, number) or "a state that nobody knows"
    return _Heard(status, serving, call.http_status if call.is_translated else None)


def _name(names: type[IntEnum], number: int) -> str | None:
    return next((member.name for member in names if member == number), None)


def _request(settings: GrpcHealthProbeSettings, credentials: Credentials) -> Request:
    written = {name: value for name, value in settings.metadata.items() if isinstance(value, str)}
    extensions: dict[str, object] = {}
    if settings.tls is not None and settings.tls.server_name:
        extensions[SERVER_NAME] = settings.tls.server_name
    if credentials.identity is not None:
        extensions[IDENTITY] = credentials.identity
    scheme = "http" if settings.tls is None else "https"
    target = Target(scheme, settings.host, settings.port, CHECK, settings.authority)
    metadata = {**_AGENT, **written, **credentials.headers}
    seconds = settings.timeout.total_seconds() + _SPARE_SECONDS
    return request_of(target, question(settings.service or ""), metadata, seconds, extensions)
