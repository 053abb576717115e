"""`monitor check`: reads the settings file as the monitor would, and starts nothing."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from glasswatch.errors import ExitCode
from glasswatch.settings.load import load
from glasswatch.settings.mistake import Mistake, SettingsFault
from glasswatch.settings.schema import json_schema
from monitor import procedure
from monitor.commands import options
from monitor.settings.root import MonitorSettings


@click.command("check")
@options.config
@options.as_json
@click.option("--json-schema", "schema", is_flag=True, help="Print a JSON Schema of the settings file, for editors.")
def command(config: Path, *, as_json: bool, schema: bool) -> int:
    """Check the settings file; report every mistake at once.

    No secret is resolved, no program is run and nothing is connected to. Exits 3 when there is a mistake.
    """
    if schema:
        click.echo(json.dumps(json_schema([MonitorSettings]), indent=2))
        return ExitCode.GOOD
    mistakes, summary, has_channel = _check(config)
    if as_json:
        click.echo(json.dumps({"file": str(config), "mistakes": [asdict(mistake) for mistake in mistakes]}, indent=2))
        return ExitCode.INVALID if mistakes else ExitCode.GOOD
    if mistakes:
        raise SettingsFault(mistakes)
    click.echo(f"{config}: good ({summary})")
    if not has_channel:
        click.echo(f"{config}: no page channel (paging.channels): nobody will be told of anything", err=True)
    return ExitCode.GOOD


def _check(config: Path) -> tuple[tuple[Mistake, ...], str, bool]:
    try:
        settings = load(config, MonitorSettings, look=procedure.unreadable)
    except SettingsFault as fault:
        return fault.mistakes, "", False
    probes = sum(len(platform.probes) for platform in settings.platforms.values())
    summary = f"platforms: {len(settings.platforms)}, probes: {probes}"
    return (), summary, bool(settings.paging.channels)
