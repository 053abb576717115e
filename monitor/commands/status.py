"""`monitor status`: asks the running monitor what is up."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import click

from glasswatch import visible
from glasswatch.errors import ExitCode, NotMeasured, worst
from monitor.commands import client, drilled, glass, options
from monitor.settings.root import MonitorSettings
from monitor.wire.answers import (
    BreakGlassAnswer,
    FunctionAnswer,
    MaintenanceStatusAnswer,
    PlatformAnswer,
    ProbeAnswer,
    StatusAnswer,
)
from monitor.wire.endpoints import BY_NAME
from monitor.wire.exercises import ExerciseAnswer

_CODES = {
    "up": ExitCode.GOOD,
    "degraded": ExitCode.FINDING,
    "down": ExitCode.FINDING,
    "unknown": ExitCode.NOT_MEASURED,
}
_COLOURS = {"up": "green", "degraded": "yellow", "down": "red", "unknown": "magenta"}


@click.command("status")
@options.reaching
@options.as_json
def command(config: Path, url: str | None, token_file: Path | None, ca_file: Path | None, *, as_json: bool) -> int:
    """Ask the running monitor what is up.

    Exits 0 when everything is up, 1 when something is degraded or down, 4 when that is not known: a platform's
    verdict is unknown, or the monitor can't be reached.
    """
    place = client.reach(client.Given(config, url, token_file, ca_file))
    answer = read(asyncio.run(client.ask(place, BY_NAME["status"])), place.base)
    if place.settings is not None:
        is_ours(answer, place.settings)
    if as_json:
        click.echo(answer.model_dump_json(indent=2))
    else:
        for platform in answer.platforms:
            _show(platform)
        for line in drilled.lines(answer.drills):
            click.secho(visible.line(line), fg="yellow")
        for each in answer.credentials:
            told = visible.line(f"credential: {each.credential} {each.what}{'' if each.ends is None else ': renew it'}")
            click.secho(told, fg="red" if each.ended else "yellow")
        for line in answer.waiting_for:
            click.secho(f"attention: {visible.line(line)}", fg="yellow")
    return worst(_CODES[platform.verdict] for platform in answer.platforms)


def is_ours(answer: StatusAnswer, settings: MonitorSettings) -> None:
    """Refuse another monitor's word: its address may have been taken by a demo, or by another deployment's."""
    if (answer.deployment, answer.vantage) != (settings.deployment, settings.vantage):
        raise NotMeasured(
            f"another monitor answers at {settings.listen.address}, not that of "
            f"{settings.deployment}/{settings.vantage}: see what listens there, or name the right address with --url"
        )


def read(body: bytes, base: str) -> StatusAnswer:
    """Return what a monitor answered.

    Raises:
        NotMeasured: it is not the answer of a monitor that watches something.
    """
    answer = client.understood(body, StatusAnswer, base)
    if not answer.platforms:
        raise NotMeasured(f"the monitor at {base} watches no platform")
    return answer


def _show(platform: PlatformAnswer) -> None:
    verdict = click.style(platform.verdict.upper(), fg=_COLOURS[platform.verdict], bold=True)
    since = f" since {platform.since:%Y-%m-%d %H:%M:%SZ}" if platform.since else ""
    click.echo(f"{visible.line(platform.platform)}  {verdict}{since}")
    if platform.why and platform.verdict != "up":
        click.echo(f"  {visible.line(platform.why)}")
    if platform.acknowledged is not None:
        by = platform.acknowledged
        click.echo(visible.line(f"  {by.by} deals with it, since {by.at:%Y-%m-%d %H:%M:%SZ} (through {by.channel})"))
    click.echo(f"  {glass.headline(platform.break_glass)}")
    sealed = platform.break_glass.sealed_again
    if sealed:
        if_up = " if it stays up" if sealed.if_up else ""
        click.echo(f"  sealed again at {sealed.at:%Y-%m-%d %H:%M:%SZ}{if_up}")
    for line in glass.waiting(platform.platform, platform.break_glass):
        click.echo(f"  {visible.line(line)}")
    _show_uses(platform.break_glass)
    for line in (*_exercise(platform.exercise), *_maintenance(platform.maintenance)):
        click.secho(f"  {visible.line(line)}", fg="yellow")
    for function in platform.functions:
        _show_function(function)


def _show_uses(held: BreakGlassAnswer) -> None:
    if held.open_uses:
        critical = f", {held.critical_uses} CRITICAL" if held.critical_uses else ""
        click.secho(
            f"  open uses: {held.open_uses}{critical} (monitor uses list --open)", fg="red" if critical else "yellow"
        )


def _exercise(held: ExerciseAnswer | None) -> Iterator[str]:
    if held is not None:
        whose = f"run {held.run} by {held.by}, for {', '.join(held.principals)} only"
        yield f"EXERCISE, no outage: {whose}, until {held.until:%Y-%m-%d %H:%M:%SZ}"


def _maintenance(held: MaintenanceStatusAnswer) -> Iterator[str]:
    for each in held.in_force:
        yield f"maintenance: {each.label} is in force until {each.until:%Y-%m-%d %H:%M:%SZ}"
    if held.coming is not None:
        yield f"maintenance: {held.coming.label} comes at {held.coming.since:%Y-%m-%d %H:%M:%SZ}"
    waits = [f"{held.proposed} proposed"] if held.proposed else []
    waits += [f"{held.asked} for another person to confirm"] if held.asked else []
    if waits:
        yield f"maintenance: {', '.join(waits)} (monitor maintenance list)"


def _show_function(function: FunctionAnswer) -> None:
    verdict = click.style(f"{function.verdict:<9}", fg=_COLOURS[function.verdict])
    probes = ", ".join(_told(probe) for probe in function.probes)
    click.echo(f"  {visible.line(function.function):<16} {verdict} {visible.line(probes)}")


def _told(probe: ProbeAnswer) -> str:
    confirming = " (bad, being confirmed)" if probe.confirming else ""
    return f"{probe.probe}: {probe.last_detail or 'not run yet'}{confirming}"
