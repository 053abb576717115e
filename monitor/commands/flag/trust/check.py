"""`monitor flag trust check`: what is wrong with a trust file, or soon will be; 1 where there is anything."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import click

from glasswatch.clock import SystemClock
from glasswatch.errors import ExitCode
from glasswatch.flag import trust
from glasswatch.flag.errors import shown
from glasswatch.flag.trust_findings import SOON, TrustFinding, findings
from monitor.commands import options
from monitor.commands.flag import values


@click.command("check")
@click.argument("trust_file", metavar="TRUST", type=values.FILE)
@click.option(
    "--soon", callback=values.duration, metavar="DURATION", help="How long before its end a key is one.  [default: 30d]"
)
@click.option("--at", callback=values.instant, metavar="RFC3339", help="Judge as of this instant instead of now.")
@options.as_json
@click.pass_context
def command(
    ctx: click.Context, trust_file: Path, soon: timedelta | None, at: datetime | None, *, as_json: bool
) -> None:
    """Say what is wrong with TRUST, or soon will be: run it every day.

    Exit codes: 0 nothing, 1 something, 4 the file can't be relied on at all.
    """
    clock = SystemClock()
    found = findings(trust.load(trust_file, clock), at or clock.now(), soon or SOON)
    if as_json:
        click.echo(json.dumps([{"kid": finding.kid, "finding": finding.what} for finding in found], indent=2))
    else:
        for finding in found:
            click.echo(_line(finding))
        if not found:
            click.echo(f"{trust_file}: good")
    ctx.exit(ExitCode.FINDING if found else ExitCode.GOOD)


def _line(finding: TrustFinding) -> str:
    return finding.what if finding.kid is None else f"key {shown(finding.kid)}: {finding.what}"
