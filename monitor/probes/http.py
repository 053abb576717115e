"""The `http` probe: one request on a new connection, judged by what is expected of its answer.

Rules:
- One attempt: no retry, no second address, no cookies. Redirects count as parts of the attempt.
- Headers given by reference, `auth` and a client certificate are our own credentials: they are sent to the configured
  origin only, and their refusal is not measured (`monitor.rules.expect`, `monitor.rules.doubt`).
- Where they are refused and a second principal is named, it is tried within the same deadline: the one exception from
  a single request (`monitor.rules.principals`).
- Redirects, and the second principal's requests, count in the platform's budget as well, whether they fit or not.
- What is needed for the first principal is fetched before the deadline starts; for the second, which is seldom needed,
  within it.
- `ca_file` and `min_version` hold on the whole way; `server_name` for the configured origin only.
- An answer with a status that isn't expected is judged by its head: its body is not read.
- HTTP/1.1 or HTTP/2, as the settings say: never the one in place of the other.
- Where the body is read as somebody's word (`status_page`), that decides once the answer is as expected.
- gzip and deflate are accepted, because the clients engineers use do. A header given in the settings wins over ours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from glasswatch import __version__
from glasswatch.errors import SecretUnavailable
from glasswatch.patterns import compiled
from glasswatch.settings.json_path import parse as parse_path
from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason
from monitor.ports import Probe, RequestBudget
from monitor.probes.attempt import Attempting, Found, faulty, unavailable
from monitor.probes.context import ProbeContext
from monitor.probes.principal import NOBODY, Credentials, Principal
from monitor.probes.tokens import NoToken
from monitor.probes.way import Opened, Way, http2, opened
from monitor.rules.doubt import doubted
from monitor.rules.expect import Expectation, JsonExpectation, Judgement, Received, judge
from monitor.rules.principals import both, in_doubt, one_twice
from monitor.settings.http import HttpProbeSettings
from monitor.settings.principals import SecondSettings
from platforms.errors import FaultKind, TransportFault
from platforms.http import Request, Response
from platforms.transport.http import IDENTITY, SERVER_NAME, Terms, content_of, write_once
from platforms.transport.proxied import Proxy
from platforms.transport.redirects import Arrival, Route, Send, follow
from platforms.transport.stopwatch import Stopwatch
from platforms.transport.tls import HTTP_1, HTTP_2, TlsOptions

_DEFAULTS: Final = {
    "User-Agent": f"glasswatch/{__version__}",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
}


Reading = Callable[[bytes], Judgement]


def make(settings: HttpProbeSettings, context: ProbeContext) -> Probe:
    """Return the probe."""
    return HttpProbe(settings, context)


@dataclass(frozen=True, slots=True)
class Sending:
    """A request that is ready to be sent, the way it goes, how far redirects are followed, and as whom."""

    request: Request
    way: Opened
    route: Route
    principal: Principal
    secrets: frozenset[str] = field(default=frozenset(), repr=False)


class HttpProbe:
    """See the module's rules."""

    def __init__(self, settings: HttpProbeSettings, context: ProbeContext, reading: Reading | None = None) -> None:
        self._settings = settings
        self._reading = reading
        self._context = context
        self._network = context.network
        self._way = Way(settings.ip, settings.proxy)
        self._first = Principal(_first(settings), context, self._way)
        self._second = Principal(settings.second, context, self._way) if settings.second is not None else None
        self._expectation = _expectation(settings)
        is_second = settings.http_version == "2"
        tls = TlsOptions(settings.tls.ca_file, settings.tls.min_version, HTTP_2 if is_second else HTTP_1)
        speak = http2() if is_second else None
        self._terms = Terms(settings.max_body, tls, frozenset(settings.expect.status), settings.ip, speak)
        if settings.url.startswith("https:"):
            context.network.tls.prepare(tls)
        # Without secrets it is the same for every attempt.
        self._constant: Sending | None = None
        if not self._first.has_credential and not self._way.has_secret:
            proxy = Proxy(settings.proxy.host, settings.proxy.port) if settings.proxy is not None else None
            self._constant = self._sending(NOBODY, {}, Opened(self._terms, proxy), self._first)
            write_once(self._constant.request)

    async def attempt(self, why: Attempt) -> Outcome:
        """See `monitor.ports.Probe`."""
        clock, timeout = self._network.clock, self._settings.timeout
        if self._constant is not None:
            return await Attempting(clock, timeout, why).make(partial(self._measure, self._constant))
        hearing = Hearing()
        attempting = Attempting(clock, timeout, why, hearing.standing)
        return await attempting.make_prepared(partial(self._prepare, self._first, {}), partial(self._heard, hearing))

    async def _prepare(self, principal: Principal, headers: Mapping[str, str]) -> Sending | Judgement:
        """Return what is sent as this principal, or what it is worth that it can't be; `headers` beside its secrets."""
        try:
            credentials = await principal.credentials()
        except NoToken as fault:
            return Judgement(OutcomeKind.NOT_MEASURED, fault.reason, str(fault))
        way = await opened(self._way, self._terms, self._context.secrets)
        return self._sending(credentials, headers, way, principal)

    def _sending(
        self, credentials: Credentials, headers: Mapping[str, str], way: Opened, principal: Principal
    ) -> Sending:
        route = Route(self._settings.follow_redirects, principal.secret_headers)
        return Sending(_request(self._settings, credentials, headers), way, route, principal, credentials.secrets)

    async def _heard(self, hearing: "Hearing", sending: Sending | Judgement, watch: Stopwatch) -> Found:
        """Measure as the first principal, and where it is refused as the second."""
        found = await self._tried(sending, watch)
        if self._second is None or found.judgement.reason is not Reason.CREDENTIALS_REFUSED:
            return found
        hearing.refusal = found.judgement
        try:
            other = await self._prepare_second(self._second)
            if await self._is_one(sending, other, self._second):
                return Found(one_twice(found.judgement), found.tls_expiry_at)
            second = await self._tried(other, watch, free=0)
        except SecretUnavailable as fault:
            other, second = sending, Found(unavailable(str(fault)))
        except TransportFault as fault:
            other, second = sending, Found(faulty(fault))
        was_asked = isinstance(sending, Sending) and isinstance(other, Sending)
        judgement = both(found.judgement, second.judgement, was_asked=was_asked)
        return Found(judgement, found.tls_expiry_at or second.tls_expiry_at)

    async def _prepare_second(self, second: Principal) -> Sending | Judgement:
        headers = self._settings.second.headers if self._settings.second is not None else {}
        plain = {name: value for name, value in headers.items() if isinstance(value, str)}
        return await self._prepare(second, plain)

    async def _is_one(self, first: Sending | Judgement, second: Sending | Judgement, other: Principal) -> bool:
        """Return whether the two hold a secret in common: what they sent, or what they ask for tokens with."""
        ours = await self._first.client_secret() | (first.secrets if isinstance(first, Sending) else set())
        theirs = await other.client_secret() | (second.secrets if isinstance(second, Sending) else set())
        return not ours.isdisjoint(theirs)

    async def _tried(self, sending: Sending | Judgement, watch: Stopwatch, free: int = 1) -> Found:
        return Found(sending) if isinstance(sending, Judgement) else await self._measure(sending, watch, free)

    async def _measure(self, sending: Sending, watch: Stopwatch, free: int = 1) -> Found:
        """`free`: how many requests were taken out of the budget already."""
        way, principal = sending.way, sending.principal
        transport = way.transport(self._network, watch, self._context.tape)
        try:
            send = Counted(transport.handle_async_request, self._context.requests, free)
            arrival = await follow(send, sending.request, sending.route)
        except TransportFault as fault:
            if fault.kind is not FaultKind.CREDENTIAL:
                raise
            principal.refused()
            return Found(faulty(fault))
        judgement = self._judged(arrival, sending, watch)
        if judgement.reason is Reason.CREDENTIALS_REFUSED:
            principal.refused()
        return Found(judgement, arrival.tls_expires_at)

    def _judged(self, arrival: Arrival, sending: Sending, watch: Stopwatch) -> Judgement:
        response, principal = arrival.response, sending.principal
        is_expected = response.status_code in self._expectation.status
        if not is_expected and (sending.way.proxy is not None or principal.has_certificate):
            judgement = doubted(
                response.status_code,
                saw_certificate=principal.has_certificate and arrival.is_home,
                is_relayed=sending.way.proxy is not None and arrival.url.scheme == "http",
            )
            if judgement is not None:
                return judgement
        received = Received(
            status=response.status_code,
            headers=_fields(response) if self._expectation.headers else (),
            body=content_of(response, self._terms.max_body) if is_expected else b"",
            duration_seconds=watch.elapsed,
            tls_expiry_at=arrival.tls_expires_at,
            saw_credential=principal.has_credential and arrival.is_home,
        )
        now = self._network.clock.now()
        judgement = judge(self._expectation, received, now)
        if self._reading is not None and judgement.kind is OutcomeKind.GOOD:
            word = self._reading(received.body)
            judgement = replace(word, warnings=(*judgement.warnings, *word.warnings))
        notes = self._context.notes
        if notes is not None and notes.wants(judgement.kind):
            judge(self._expectation, received, now, notes.tell)
        return judgement


class Counted:
    """`platforms.transport.redirects.Send` whose requests are in the platform's budget. `free`: so many are already."""

    def __init__(self, send: Send, requests: RequestBudget, free: int) -> None:
        self._send = send
        self._requests = requests
        self._free = free

    async def __call__(self, request: Request) -> Response:
        """Send the request, and count it."""
        if not self._free:
            self._requests.count()
        self._free = max(0, self._free - 1)
        return await self._send(request)


class Hearing:
    """What one attempt found out about the first principal before the second was tried."""

    def __init__(self) -> None:
        self.refusal: Judgement | None = None

    def standing(self, late: str) -> Judgement | None:
        """Return what the attempt is worth if the deadline passes now; None where nothing stands yet."""
        return in_doubt(self.refusal, late) if self.refusal is not None else None


def _first(settings: HttpProbeSettings) -> SecondSettings:
    return SecondSettings.model_construct(auth=settings.auth, headers=settings.headers, tls=settings.tls.identity)


def _request(settings: HttpProbeSettings, credentials: Credentials, headers: Mapping[str, str]) -> Request:
    """Return the request: our defaults, the settings' headers, `headers` over them, and the credentials."""
    written = {name: value for name, value in settings.headers.items() if isinstance(value, str)}
    given = _over(_over(_over(_DEFAULTS, written), headers), credentials.headers)
    extensions: dict[str, object] = {}
    if settings.tls.server_name:
        extensions[SERVER_NAME] = settings.tls.server_name
    if credentials.identity is not None:
        extensions[IDENTITY] = credentials.identity
    return Request(
        settings.method,
        settings.url,
        headers={**given, "Connection": "close"},
        content=settings.body.encode() if settings.body is not None else None,
        extensions=extensions or None,
    )


def _over(headers: Mapping[str, str], others: Mapping[str, str]) -> dict[str, str]:
    """Return the headers with the others in place of those of the same name, whatever its case."""
    names = {name.lower() for name in others}
    return {name: value for name, value in headers.items() if name.lower() not in names} | dict(others)


def _fields(response: Response) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), value) for name, value in response.headers.multi_items())


def _expectation(settings: HttpProbeSettings) -> Expectation:
    expect, warn = settings.expect, settings.warn
    return Expectation(
        status=expect.status,
        headers={name.lower(): compiled(pattern) for name, pattern in expect.headers.items()},
        body_matches=compiled(expect.body_matches) if expect.body_matches is not None else None,
        body_not_matches=compiled(expect.body_not_matches) if expect.body_not_matches is not None else None,
        json=tuple(JsonExpectation(path, parse_path(path), value) for path, value in expect.json_values.items()),
        warn_duration=warn.duration,
        warn_tls_days_left=warn.tls_days_left,
    )
