"""`monitor flag`: verify a signed flag, make keys.

`verify` opens or closes production: it ends with 0 only for a flag that is ready, 1 for one on standby, and 4 for
everything else that is not wrong usage, a trust file that can't be relied on included. It uses `ctx.exit`, so that its
answer is the exit code however the command is called.
"""

import io
import json
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from glasswatch.clock import Clock, SystemClock
from glasswatch.durations import parse
from glasswatch.errors import ExitCode
from glasswatch.flag import disk, trust
from glasswatch.flag.document import FlagState, payload
from glasswatch.flag.errors import NotWritten, Refusal, TrustFault
from glasswatch.flag.jws import MAX_BYTES
from glasswatch.flag.reader import DEFAULT_VANTAGE, MAX_TTL, Expectation, Judgement, judge, refuse
from monitor.commands import options

if TYPE_CHECKING:
    from glasswatch.flag.keys import SigningKey

STDIN = "-"
TRUST_FILE = "trust.json"
HUMAN_PATH = "no way in by this flag: try its other copies, or use the sealed credential that no reader guards"
_EXIT = {FlagState.READY: ExitCode.GOOD, FlagState.STANDBY: ExitCode.FINDING}
_NAME_CHARACTERS = 200
_ISSUER_PARTS = 2
_FILE = click.Path(path_type=Path)


@click.group("flag")
def command() -> None:
    """Verify the break-glass flag; make keys."""


def _instant(_ctx: click.Context, _param: click.Parameter, text: str | None) -> datetime | None:
    if text is None:
        return None
    with suppress(ValueError):
        at = datetime.fromisoformat(text)
        if at.utcoffset() is not None:
            return at
    raise click.BadParameter("expected a date and time with its offset, such as 2026-03-01T03:00:00Z")


def _max_ttl(_ctx: click.Context, _param: click.Parameter, text: str | None) -> timedelta:
    if text is None:
        return MAX_TTL
    try:
        return parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _name(_ctx: click.Context, _param: click.Parameter, text: str | None) -> str | None:
    if text is None or (0 < len(text) <= _NAME_CHARACTERS and text.isprintable()):
        return text
    raise click.BadParameter(f"expected 1 to {_NAME_CHARACTERS} printable characters")


def _deployment(ctx: click.Context, param: click.Parameter, text: str) -> str:
    if "/" in text:
        raise click.BadParameter("expected the deployment alone, such as prod: the state is the answer")
    _name(ctx, param, text)
    return text


@dataclass(frozen=True, slots=True)
class _Asked:
    """What `verify` was asked: which document, against which trust file, for whom, and at which instant."""

    document: str
    trust: Path
    expect: Expectation
    at: datetime | None


@command.command()
@click.argument("document")
@click.option("--trust", "trust_file", type=_FILE, required=True, help="The pinned trust file.")
@click.option(
    "--audience", required=True, metavar="DEPLOYMENT", callback=_deployment, help="The deployment, such as prod."
)
@click.option("--platform", required=True, metavar="NAME", callback=_name, help="The platform that is asked about.")
@click.option("--max-ttl", callback=_max_ttl, metavar="DURATION", help="Longest life a flag may claim.  [default: 20m]")
@click.option("--min-agreeing", type=click.IntRange(min=0), default=0, help="Vantages that must agree on an outage.")
@click.option("--at", callback=_instant, metavar="RFC3339", help="Judge as of this instant instead of now.")
@options.as_json
@click.pass_context
def verify(  # noqa: PLR0913 - one parameter an option
    ctx: click.Context,
    *,
    document: str,
    trust_file: Path,
    audience: str,
    platform: str,
    max_ttl: timedelta,
    min_agreeing: int,
    at: datetime | None,
    as_json: bool,
) -> None:
    """Say whether break-glass is ready by DOCUMENT, a file or - for standard input.

    Exit codes: 0 ready, 1 standby, 4 refused, with the reason on stderr.
    """
    expect = Expectation(audience, platform, max_ttl, min_agreeing)
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


@command.command()
@click.argument("directory", metavar="DIR", type=_FILE)
@click.option("--role", type=click.Choice([role.value for role in trust.KeyRole]), default="flag", show_default=True)
@click.option("--issuer", callback=_name, metavar="DEPLOYMENT/VANTAGE", help="In whose name the key signs.")
@click.option("--person", callback=_name, help="Whose key it is; an order needs keys of two persons.")
def keygen(directory: Path, role: str, issuer: str | None, person: str | None) -> None:
    """Make an Ed25519 key in DIR and add it to the trust file beside it.

    DIR/ROLE.key is the private key, readable by its owner alone; DIR/trust.json goes to every reader.
    """
    parts = [] if issuer is None else issuer.split("/")
    if role == trust.KeyRole.FLAG and parts and (len(parts) != _ISSUER_PARTS or not all(parts)):
        raise click.BadParameter("expected DEPLOYMENT/VANTAGE, such as prod/main", param_hint="--issuer")
    key, trusted = _make(directory, _Entry(trust.KeyRole(role), issuer, person))
    click.echo(f"{directory / f'{role}.key'}  private, for its owner alone (kid {key.kid})")
    click.echo(f"{directory / TRUST_FILE}  version {trusted.version}, for every reader")
    if role == trust.KeyRole.FLAG and issuer is None:
        click.echo(f"no --issuer: readers expect flags of this key from DEPLOYMENT/{DEFAULT_VANTAGE}", err=True)
    if role == trust.KeyRole.ORDER and person is None:
        click.echo("no --person: this key can't count as one of the two persons an order needs", err=True)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the trust file is to say of a new key."""

    role: trust.KeyRole
    issuer: str | None
    person: str | None


def _make(directory: Path, entry: _Entry) -> "tuple[SigningKey, trust.Trust]":
    """Make a key and add it to the trust file; on any failure there is neither."""
    from glasswatch.flag import keys  # noqa: PLC0415 - what makes keys costs more to import than all of `verify`

    clock = SystemClock()
    key_file, trust_file = directory / f"{entry.role.value}.key", directory / TRUST_FILE
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if trust_file.exists():
            trust.load(trust_file, clock)  # a fault in it is told before anything is made
    except OSError as error:
        raise NotWritten(f"{directory}: can't be written: {error.strerror}") from None
    key = keys.create(key_file)
    try:
        row = trust.TrustKey(key.kid, key.public, entry.role, entry.issuer, entry.person)
        return key, trust.add_key(trust_file, row, clock)
    except BaseException:
        with suppress(OSError):
            key_file.unlink()
        raise
