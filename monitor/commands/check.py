"""`monitor check`: reads the settings file as the monitor would, and starts nothing."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import click

from glasswatch.clock import SystemClock
from glasswatch.errors import ExitCode, UsageFault
from glasswatch.settings import sections
from glasswatch.settings.load import load, placed
from glasswatch.settings.mistake import Mistake, SettingsFault
from glasswatch.settings.schema import json_schema
from monitor import lookedfor
from monitor.channels.build import routes_of
from monitor.commands import options
from monitor.credentials.reading import read
from monitor.lockout import look
from monitor.model.caller import HEARTBEAT
from monitor.model.lockout import LockoutCode
from monitor.rules.credentials import concern
from monitor.rules.lockout import findings
from monitor.rules.routes import untold
from monitor.settings.named import named
from monitor.settings.root import MonitorSettings


@click.command("check")
@options.config
@options.as_json
@click.option("--json-schema", "schema", is_flag=True, help="Print a JSON Schema of the settings file, for editors.")
@click.option(
    "--lockout", is_flag=True, help="Say what in the deployment would lock engineers out; exits 1 if anything."
)
@click.option(
    "--accept",
    "accepted",
    multiple=True,
    type=click.Choice([code.value for code in LockoutCode]),
    metavar="CODE",
    help="With --lockout: show this finding, and let it pass.",
)
def command(config: Path, *, as_json: bool, schema: bool, lockout: bool, accepted: tuple[str, ...]) -> int:
    """Check the settings file; report every mistake at once.

    No secret is resolved, no program is run and nothing is connected to. Exits 3 when there is a mistake.
    """
    if schema:
        click.echo(json.dumps(json_schema(sections.models()), indent=2))
        return ExitCode.GOOD
    if accepted and not lockout:
        raise UsageFault("--accept belongs to --lockout")
    mistakes, summary, warnings = _check(config)
    if lockout and not mistakes:
        return _lockout(config, frozenset(accepted), as_json=as_json)
    if as_json:
        found = [asdict(mistake) for mistake in mistakes]
        click.echo(json.dumps({"file": str(config), "mistakes": found, "warnings": warnings}, indent=2))
        return ExitCode.INVALID if mistakes else ExitCode.GOOD
    if mistakes:
        raise SettingsFault(mistakes)
    click.echo(f"{config}: good ({summary})")
    for warning in warnings:
        click.echo(warning, err=True)
    return ExitCode.GOOD


def _lockout(config: Path, accepted: frozenset[str], *, as_json: bool) -> int:
    found = findings(look(load(config, MonitorSettings), SystemClock()))
    left = [each for each in found if each.code not in accepted]
    if as_json:
        rows = [asdict(each) | {"accepted": each.code in accepted} for each in found]
        click.echo(json.dumps({"file": str(config), "findings": rows}, indent=2))
    else:
        for each in found:
            mark = click.style("accepted", fg="yellow") if each.code in accepted else click.style("FOUND", fg="red")
            click.echo(f"{mark} {each.code}  {each.where or 'this deployment'}\n  {each.what}\n  {each.remedy}")
        click.echo(f"{config}: {len(left)} to mend, {len(found) - len(left)} accepted")
    return ExitCode.FINDING if left else ExitCode.GOOD


def _check(config: Path) -> tuple[tuple[Mistake, ...], str, list[str]]:
    try:
        settings = load(config, MonitorSettings, look=lookedfor.unreadable)
    except SettingsFault as fault:
        return sections.mistakes(config, fault.mistakes, MonitorSettings), "", []
    if others := sections.mistakes(config, (), MonitorSettings):
        return others, "", []
    probes = sum(len(platform.probes) for platform in settings.platforms.values())
    summary = f"platforms: {len(settings.platforms)}, probes: {probes}"
    missing = placed(config, lookedfor.missing_secrets(settings))
    return (), summary, [*map(str, missing), *(f"{config}: {warning}" for warning in _warnings(settings))]


def _beats(settings: MonitorSettings) -> Iterator[str]:
    """Say which heartbeats nobody can beat, and which tokens beat for nobody."""
    scopes = {scope for token in settings.tokens for scope in token.scopes}
    awaited = set()
    for platform, each in settings.platforms.items():
        for name, probe in each.probes.items():
            scope = f"{HEARTBEAT}{name}"
            if probe.type == "heartbeat":
                awaited.add(scope)
            if probe.type == "heartbeat" and scope not in scopes:
                yield f"platforms.{platform}.probes.{name}: no token has the scope {scope}: it stays silent"
    for token in settings.tokens:
        for scope in token.scopes:
            if scope.startswith(HEARTBEAT) and scope not in awaited:
                yield f"the token {token.name} has the scope {scope}, and no probe is a heartbeat of that name"


def _credentials(settings: MonitorSettings, now: datetime) -> Iterator[str]:
    """Say which credentials ended or soon will, as far as it is known without reading a secret."""
    for each in named(settings):
        said = concern(read(replace(each, token=None)), now)
        if said is not None:
            yield f"{each.credential}: it {said}"


def _warnings(settings: MonitorSettings) -> Iterator[str]:
    """Say what is valid, and hardly what was meant."""
    if not settings.paging.channels:
        yield "no page channel (paging.channels): nobody will be told of anything"
    for kind in untold(routes_of(settings.paging)):
        yield f"paging.routes: no route takes {kind}: nobody will be told of it"
    if not settings.listen.is_local and not any("read" in token.scopes for token in settings.tokens):
        yield "listen: nobody can read what the monitor holds: no token has the scope read"
    yield from _beats(settings)
    if settings.drills.evidence_key is None and any("drill" in token.scopes for token in settings.tokens):
        yield "drills: no evidence_key: receipts are empty, and nobody can prove that a drill was told of here"
    now = SystemClock().now()
    yield from _credentials(settings, now)
    for token in settings.tokens:
        if token.expires <= now:
            yield f"the token {token.name} expired at {token.expires:%Y-%m-%dT%H:%M:%SZ}: it opens nothing"
