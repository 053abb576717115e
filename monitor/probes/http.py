"""The `http` probe: one request on a new connection, judged by what is expected of its answer.

Rules:
- One attempt: no retry, no second address, no cookies. Redirects count as parts of the attempt.
- Headers given by reference are our own credentials: they are sent to the configured origin only, and their refusal
  is not measured (`monitor.rules.expect`).
- `ca_file` and `min_version` hold on the whole way; `server_name` for the configured origin only.
- An answer with a status that isn't expected is judged by its head: its body is not read.
- gzip and deflate are accepted, because the clients engineers use do. A header given in the settings wins over ours.
"""

from collections.abc import Mapping
from functools import partial
from typing import Final

import re2

from glasswatch import __version__
from glasswatch.errors import SecretUnavailable
from glasswatch.secrets import SecretReference
from monitor.model.outcome import Attempt, Outcome, Reason
from monitor.ports import Probe
from monitor.probes.attempt import Attempting, Found
from monitor.probes.context import ProbeContext
from monitor.rules.expect import Expectation, JsonExpectation, Pattern, Received, judge
from monitor.settings.http import HttpProbeSettings
from monitor.settings.json_path import parse as parse_path
from platforms.http import Request, Response
from platforms.transport.http import HttpTransport, Terms, content_of
from platforms.transport.redirects import Route, follow
from platforms.transport.stopwatch import Stopwatch
from platforms.transport.tls import TlsOptions

_DEFAULTS: Final = {
    "User-Agent": f"glasswatch/{__version__}",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
}


def make(settings: HttpProbeSettings, context: ProbeContext) -> Probe:
    """Return the probe."""
    return HttpProbe(settings, context)


class HttpProbe:
    """See the module's rules."""

    def __init__(self, settings: HttpProbeSettings, context: ProbeContext) -> None:
        self._settings = settings
        self._network = context.network
        self._source = context.secrets
        self._secrets = {name: value for name, value in settings.headers.items() if isinstance(value, SecretReference)}
        self._expectation = _expectation(settings)
        tls = TlsOptions(settings.tls.ca_file, settings.tls.min_version)
        self._terms = Terms(settings.max_body, tls, frozenset(settings.expect.status))
        if settings.url.startswith("https:"):
            context.network.tls.prepare(tls)
        self._route = Route(settings.follow_redirects, frozenset(name.lower() for name in self._secrets))
        # Without secrets it is the same for every attempt.
        self._constant = None if self._secrets else _request(settings, {})

    async def attempt(self, why: Attempt) -> Outcome:
        """See `monitor.ports.Probe`."""
        attempting = Attempting(self._network.clock, self._settings.timeout, why)
        if self._constant is not None:
            return await attempting.make(partial(self._measure, self._constant))
        return await attempting.make_prepared(self._prepare, self._measure)

    async def _prepare(self) -> Request:
        revealed = {}
        for name, reference in self._secrets.items():
            value = (await self._source.get(reference)).reveal()
            if not all(" " <= letter <= "~" for letter in value) or value != value.strip():
                raise SecretUnavailable(f"secret from {reference}: it is not text that a header can carry")
            revealed[name] = value
        return _request(self._settings, revealed)

    async def _measure(self, request: Request, watch: Stopwatch) -> Found:
        transport = HttpTransport(self._network, self._terms, watch)
        arrival = await follow(transport.handle_async_request, request, self._route)
        response = arrival.response
        is_expected = response.status_code in self._expectation.status
        received = Received(
            status=response.status_code,
            headers=_fields(response) if self._expectation.headers else (),
            body=content_of(response, self._terms.max_body) if is_expected else b"",
            duration_seconds=watch.elapsed,
            tls_expiry_at=arrival.tls_expires_at,
            saw_credential=bool(self._secrets) and arrival.is_home,
        )
        judgement = judge(self._expectation, received, self._network.clock.now())
        if judgement.reason is Reason.CREDENTIALS_REFUSED:
            for reference in self._secrets.values():
                self._source.refused(reference)
        return Found(judgement, arrival.tls_expires_at)


def _request(settings: HttpProbeSettings, secrets: Mapping[str, str]) -> Request:
    ours = {name.lower() for name in settings.headers}
    headers = {name: value for name, value in _DEFAULTS.items() if name.lower() not in ours}
    headers |= {name: value for name, value in settings.headers.items() if isinstance(value, str)}
    return Request(
        settings.method,
        settings.url,
        headers={**headers, **secrets, "Connection": "close"},
        content=settings.body.encode() if settings.body is not None else None,
        extensions={"sni_hostname": settings.tls.server_name} if settings.tls.server_name else None,
    )


def _fields(response: Response) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), value) for name, value in response.headers.multi_items())


def _expectation(settings: HttpProbeSettings) -> Expectation:
    expect, warn = settings.expect, settings.warn
    return Expectation(
        status=expect.status,
        headers={name.lower(): _compiled(pattern) for name, pattern in expect.headers.items()},
        body_matches=_compiled(expect.body_matches) if expect.body_matches is not None else None,
        body_not_matches=_compiled(expect.body_not_matches) if expect.body_not_matches is not None else None,
        json=tuple(JsonExpectation(path, parse_path(path), value) for path, value in expect.json_values.items()),
        warn_duration=warn.duration,
        warn_tls_days_left=warn.tls_days_left,
    )


def _compiled(pattern: str) -> Pattern:
    options = re2.Options()
    options.log_errors = False  # its log would repeat the pattern
    compiled: Pattern = re2.compile(pattern, options)
    return compiled
