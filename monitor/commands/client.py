"""What the commands ask a running monitor, and how they reach it.

1. Its address comes from `--url`, else from `listen` in the settings; then the answer to `status` must be that
   monitor's own.
2. The token comes from `--token-file`, else from `$GLASSWATCH_TOKEN`: never from the command line, which others on
   the machine can read. It is sent over https, or to this machine only.
3. One request, one answer, 5 s, 16 MiB; no redirect is followed and no proxy of the environment used.
4. A refusal in the monitor's own words is `RequestRefused`. Whatever else answers is not taken for a monitor.
"""

import asyncio
import ipaddress
import os
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from glasswatch import visible
from glasswatch.errors import NotMeasured, UsageFault
from glasswatch.secrets import Secret, SecretReference, resolve
from glasswatch.settings.load import load
from monitor.errors import RequestRefused
from monitor.settings.listen import ListenAddress
from monitor.settings.root import MonitorSettings
from monitor.wire.answers import ErrorAnswer
from monitor.wire.endpoints import JSON, Endpoint
from platforms.http import AsyncClient, HTTPError, InvalidURL, Response

Answer = TypeVar("Answer", bound=BaseModel)

TIMEOUT_SECONDS: Final = 5.0
LARGEST: Final = 16 * 2**20
TOKEN_VARIABLE: Final = "GLASSWATCH_TOKEN"  # noqa: S105 - its name, not its value
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")


@dataclass(frozen=True, slots=True)
class Reach:
    """How a monitor is reached. `settings` is set where the address came from them."""

    base: str
    token: Secret | None = None
    ca_file: Path | None = None
    settings: MonitorSettings | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says about it: the options of `options.reaching`."""

    config: Path
    url: str | None = None
    token_file: Path | None = None
    ca_file: Path | None = None


def reach(given: Given) -> Reach:
    """Return how the monitor is reached.

    Raises:
        UsageFault: the address is none, or the token can't be sent there.
        SecretUnavailable: the token can't be read.
        SettingsFault: the settings are needed and invalid.
    """
    settings = load(given.config, MonitorSettings) if given.url is None else None
    base = _settings_address(settings) if settings is not None else _given_address(given.url or "")
    token = _token(given.token_file)
    if token is not None and not _is_safe(base):
        raise UsageFault("--url: expected https: a token is sent over https, or to this machine only")
    return Reach(base, token, given.ca_file, settings)


def understood(content: bytes, kind: type[Answer], base: str) -> Answer:
    """Return what a monitor answered.

    Raises:
        NotMeasured: it is no such answer.
    """
    try:
        return kind.model_validate_json(content)
    except ValidationError as fault:
        raise NotMeasured(f"what answers at {base} is not a monitor of this version") from fault


async def ask(
    place: Reach, endpoint: Endpoint, *, body: BaseModel | None = None, query: BaseModel | None = None, **path: str
) -> bytes:
    """Ask once, and return the answer's body; `path` fills in the parameters of the endpoint's path.

    Raises:
        NotMeasured: no monitor answers there.
        RequestRefused: the monitor refused.
        UsageFault: the file of `--ca-file` can't be used.
    """
    where = place.base + endpoint.at(**path)
    headers = {"accept": JSON} if JSON in endpoint.answers else {}
    if place.token is not None:
        headers["authorization"] = f"Bearer {place.token.reveal()}"
    if body is not None:
        headers["content-type"] = JSON
    try:
        async with (
            asyncio.timeout(TIMEOUT_SECONDS),
            AsyncClient(trust_env=False, timeout=TIMEOUT_SECONDS, verify=_trust(place.ca_file)) as client,
            client.stream(
                endpoint.method,
                where,
                headers=headers,
                content=body.model_dump_json().encode() if body is not None else None,
                params=query.model_dump(mode="json", exclude_none=True) if query is not None else None,
            ) as answer,
        ):
            content = await _content(answer, place.base)
    except (HTTPError, InvalidURL, ValueError, TimeoutError) as fault:
        raise NotMeasured(_nobody(fault, place.base)) from fault
    if not answer.is_success:
        raise _refused(answer, content, place.base)
    return content


async def _content(answer: Response, base: str) -> bytes:
    content = bytearray()
    async for part in answer.aiter_bytes():
        content += part
        if len(content) > LARGEST:
            raise NotMeasured(f"what answers at {base} is not a monitor: it sends more than {LARGEST >> 20} MiB")
    return bytes(content)


def _nobody(fault: BaseException, base: str) -> str:
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate shown at {base} is not trusted: name its authority with --ca-file"
        cause = cause.__cause__ or cause.__context__
    return f"no monitor answers at {base}: is it running? (monitor run)"


def _refused(answer: Response, content: bytes, base: str) -> Exception:
    try:
        problem = ErrorAnswer.model_validate_json(content).error
    except ValidationError:
        return NotMeasured(f"what answers at {base} does so with status {answer.status_code}: is it the monitor?")
    return RequestRefused(problem.code, visible.line(problem.message), answer.status_code)


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise UsageFault("--ca-file: expected a PEM file with the authorities to trust") from None


def _token(file: Path | None) -> Secret | None:
    if file is None and not os.environ.get(TOKEN_VARIABLE):
        return None
    reference = SecretReference(file=file) if file is not None else SecretReference(env=TOKEN_VARIABLE)
    token = resolve(reference)
    if not _TOKEN.fullmatch(token.reveal()):
        raise UsageFault(f"secret from {reference}: expected a token, alone on one line")
    return token


def _settings_address(settings: MonitorSettings) -> str:
    listen = settings.listen
    if listen.address.port == 0:
        raise UsageFault("by its settings the monitor takes any free port: name its address with --url")
    if listen.proxy:
        raise UsageFault("by its settings the monitor is reached through a proxy: name that address with --url")
    # Its certificate is for a name, where it has one.
    host = listen.hosts[0] if listen.tls and listen.hosts else listen.address.host
    return f"{'https' if listen.tls else 'http'}://{ListenAddress(host, listen.address.port)}"


def _given_address(url: str) -> str:
    if not _is_address(url):
        # Not repeated: people paste addresses with passwords in them.
        raise UsageFault("--url: expected an address such as http://127.0.0.1:9780")
    return url.rstrip("/")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    is_plain = parts.username is None and not parts.query and not parts.fragment and re.fullmatch(r"[!-~]+", url)
    return bool(is_plain and parts.scheme in ("http", "https") and parts.hostname and port != 0)


def _is_safe(base: str) -> bool:
    parts = urlsplit(base)
    host = parts.hostname or ""
    if parts.scheme == "https" or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
