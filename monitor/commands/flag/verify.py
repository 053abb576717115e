"""`monitor flag verify`: says whether break-glass is ready by a signed document.

It opens or closes production: it ends with 0 only for a flag that is ready, 1 for one on standby, and 4 for everything
else that is not wrong usage, a trust file that can't be relied on included. It uses `ctx.exit`, so that its answer is
the exit code however the command is called.
"""

import io
import json
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

import click

from glasswatch.clock import Clock, SystemClock
from glasswatch.errors import ExitCode
from glasswatch.flag import disk, trust
from glasswatch.flag.document import FlagState, payload
from glasswatch.flag.errors import Refusal, TrustFault
from glasswatch.flag.jws import MAX_BYTES
from glasswatch.flag.reader import MAX_TTL, Expectation, Judgement, judge, refuse
from monitor.commands import options
from monitor.commands.flag import values

STDIN = "-"
HUMAN_PATH = "no way in by this flag: try its other copies, or use the sealed credential that no reader guards"
_EXIT = {FlagState.READY: ExitCode.GOOD, FlagState.STANDBY: ExitCode.FINDING}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What `verify` was asked: which document, against which trust file, for whom, and at which instant."""

    document: str
    trust: Path
    expect: Expectation
    at: datetime | None


@click.command("verify")
@click.argument("document")
@click.option("--trust", "trust_file", type=values.FILE, required=True, help="The pinned trust file.")
@click.option(
    "--audience", required=True, metavar="DEPLOYMENT", callback=values.deployment, help="The deployment, such as prod."
)
@click.option(
    "--platform", required=True, metavar="NAME", callback=values.name, help="The platform that is asked about."
)
@click.option(
    "--max-ttl", callback=values.duration, metavar="DURATION", help="Longest life a flag may claim.  [default: 20m]"
)
@click.option("--min-agreeing", type=click.IntRange(min=0), default=0, help="Vantages that must agree on an outage.")
@click.option("--at", callback=values.instant, metavar="RFC3339", help="Judge as of this instant instead of now.")
@options.as_json
@click.pass_context
def command(  # noqa: PLR0913 - one parameter an option
    ctx: click.Context,
    *,
    document: str,
    trust_file: Path,
    audience: str,
    platform: str,
    max_ttl: timedelta | None,
    min_agreeing: int,
    at: datetime | None,
    as_json: bool,
) -> None:
    """Say whether break-glass is ready by DOCUMENT, a file or - for standard input.

    Exit codes: 0 ready, 1 standby, 4 refused, with the reason on stderr.
    """
    expect = Expectation(audience, platform, max_ttl or MAX_TTL, min_agreeing)
    judgement = _judge(_Asked(document, trust_file, expect, at), SystemClock())
    _show(judgement, as_json=as_json)
    ctx.exit(ExitCode.NOT_MEASURED if judgement.state is None else _EXIT[judgement.state])


def _judge(asked: _Asked, clock: Clock) -> Judgement:
    try:
        trusted = trust.load(asked.trust, clock)
    except TrustFault as fault:
        return refuse(Refusal.TRUST, f"the trust file can't be relied on: {fault}")
    try:
        raw = _read(asked.document, clock)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        return refuse(Refusal.UNREADABLE, f"{asked.document}: can't be read: {why}")
    return judge(raw, trusted, asked.expect, asked.at or clock.now())


def _read(document: str, clock: Clock) -> bytes:
    if document != STDIN:
        return disk.read(Path(document), MAX_BYTES, clock).data
    stdin: TextIO | None = sys.stdin  # None where a program was started with it closed
    if stdin is None:
        raise OSError("standard input is closed")
    try:
        descriptor = stdin.fileno()
    except io.UnsupportedOperation:
        return stdin.buffer.read(MAX_BYTES + 1)
    return disk.drain(descriptor, MAX_BYTES, clock)


def _show(judgement: Judgement, *, as_json: bool) -> None:
    if judgement.refusal is not None:
        click.echo(f"refused ({judgement.refusal.value}): {judgement.reason}\n{HUMAN_PATH}", err=True)
    elif not as_json:
        click.echo(judgement.reason)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "state": judgement.state,
                    "refusal": judgement.refusal,
                    "reason": judgement.reason,
                    "claims": None if judgement.claims is None else payload(judgement.claims),
                }
            )
        )
