"""`monitor status`: asks the running monitor what is up."""

import asyncio
import re
from pathlib import Path
from urllib.parse import urlsplit

import click
from pydantic import ValidationError

from glasswatch.errors import ExitCode, NotMeasured, UsageFault, worst
from glasswatch.settings.load import load
from monitor import visible
from monitor.commands import options
from monitor.settings.root import MonitorSettings
from monitor.wire.answers import FunctionAnswer, PlatformAnswer, ProbeAnswer, StatusAnswer
from monitor.wire.endpoints import BY_NAME
from platforms.http import AsyncClient, HTTPError, InvalidURL

TIMEOUT_SECONDS = 5.0
LARGEST = 16 * 2**20

_CODES = {
    "up": ExitCode.GOOD,
    "degraded": ExitCode.FINDING,
    "down": ExitCode.FINDING,
    "unknown": ExitCode.NOT_MEASURED,
}
_COLOURS = {"up": "green", "degraded": "yellow", "down": "red", "unknown": "magenta"}
_GLASS = {"ready": "PERMITTED", "exercise": "exercise only", "standby": "sealed"}


@click.command("status")
@options.config
@click.option("--url", help="Where the monitor listens, such as http://127.0.0.1:9780; instead of the settings file.")
@options.as_json
def command(config: Path, url: str | None, *, as_json: bool) -> int:
    """Ask the running monitor what is up.

    Exits 0 when everything is up, 1 when something is degraded or down, 4 when that is not known: a platform's
    verdict is unknown, or the monitor can't be reached.
    """
    if url is None:
        settings = load(config, MonitorSettings)
        answer = asyncio.run(_ask(_settings_address(settings)))
        _is_ours(answer, settings)
    else:
        answer = asyncio.run(_ask(_given_address(url)))
    if as_json:
        click.echo(answer.model_dump_json(indent=2))
    else:
        for platform in answer.platforms:
            _show(platform)
        for line in answer.waiting_for:
            click.secho(f"attention: {visible.line(line)}", fg="yellow")
    return worst(_CODES[platform.verdict] for platform in answer.platforms)


def _is_ours(answer: StatusAnswer, settings: MonitorSettings) -> None:
    """Refuse another monitor's word: its address may have been taken by a demo, or by another deployment's."""
    if (answer.deployment, answer.vantage) != (settings.deployment, settings.vantage):
        raise NotMeasured(
            f"another monitor answers at {settings.listen}, not that of {settings.deployment}/{settings.vantage}: "
            "see what listens there, or name the right address with --url"
        )


def _settings_address(settings: MonitorSettings) -> str:
    listen = settings.listen
    if listen.port == 0:
        raise UsageFault("by its settings the monitor takes any free port: name its address with --url")
    return f"http://{listen}"


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


async def _ask(base: str) -> StatusAnswer:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            body = await _fetched(base)
    except (HTTPError, InvalidURL, ValueError, TimeoutError) as fault:
        raise NotMeasured(f"no monitor answers at {base}: is it running? (monitor run)") from fault
    try:
        answer = StatusAnswer.model_validate_json(body)
    except ValidationError as fault:
        raise NotMeasured(f"what answers at {base} is not a monitor of this version") from fault
    if not answer.platforms:
        raise NotMeasured(f"the monitor at {base} watches no platform")
    return answer


async def _fetched(base: str) -> bytes:
    where = base + BY_NAME["status"].path
    async with (
        AsyncClient(trust_env=False, timeout=TIMEOUT_SECONDS) as client,
        client.stream("GET", where) as answer,
    ):
        if not answer.is_success:
            raise NotMeasured(f"what answers at {base} does so with status {answer.status_code}: is it the monitor?")
        body = bytearray()
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > LARGEST:
                raise NotMeasured(f"what answers at {base} is not a monitor: it sends more than {LARGEST >> 20} MiB")
        return bytes(body)


def _show(platform: PlatformAnswer) -> None:
    verdict = click.style(platform.verdict.upper(), fg=_COLOURS[platform.verdict], bold=True)
    since = f" since {platform.since:%Y-%m-%d %H:%M:%SZ}" if platform.since else ""
    click.echo(f"{visible.line(platform.platform)}  {verdict}{since}")
    if platform.why and platform.verdict != "up":
        click.echo(f"  {visible.line(platform.why)}")
    glass = platform.break_glass
    until = f", signed until {glass.signed_until:%H:%M:%SZ}" if glass.signed_until else ", not signed yet"
    click.echo(f"  break-glass: {_GLASS[glass.state]}{until}")
    if glass.sealed_again:
        if_up = " if it stays up" if glass.sealed_again.if_up else ""
        click.echo(f"  sealed again at {glass.sealed_again.at:%Y-%m-%d %H:%M:%SZ}{if_up}")
    for function in platform.functions:
        _show_function(function)


def _show_function(function: FunctionAnswer) -> None:
    verdict = click.style(f"{function.verdict:<9}", fg=_COLOURS[function.verdict])
    probes = ", ".join(_told(probe) for probe in function.probes)
    click.echo(f"  {visible.line(function.function):<16} {verdict} {visible.line(probes)}")


def _told(probe: ProbeAnswer) -> str:
    confirming = " (bad, being confirmed)" if probe.confirming else ""
    return f"{probe.probe}: {probe.last_detail or 'not run yet'}{confirming}"
