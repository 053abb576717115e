"""`monitor flag keygen`: makes a key and adds it to the trust file beside it."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from glasswatch.clock import Clock, SystemClock
from glasswatch.flag import keys, trust, trust_change
from glasswatch.flag.document import unix_ms
from glasswatch.flag.errors import NotWritten
from glasswatch.flag.reader import DEFAULT_VANTAGE
from monitor.commands.flag import values

TRUST_FILE = "trust.json"
_ISSUER_PARTS = 2


@click.command("keygen")
@click.argument("directory", metavar="DIR", type=values.FILE)
@click.option("--role", type=click.Choice([role.value for role in trust.KeyRole]), default="flag", show_default=True)
@click.option(
    "--issuer",
    callback=values.name,
    metavar="NAME",
    help="In whose name the key signs: DEPLOYMENT/VANTAGE for a flag, DEPLOYMENT for an order.",
)
@click.option("--person", callback=values.name, help="Whose key it is; an order needs keys of two persons.")
@click.option("--not-before", callback=values.instant, metavar="RFC3339", help="From when on the key is believed.")
@click.option("--expires", callback=values.instant, metavar="RFC3339", help="Until when the key is believed.")
def command(  # noqa: PLR0913 - one parameter an option
    *,
    directory: Path,
    role: str,
    issuer: str | None,
    person: str | None,
    not_before: datetime | None,
    expires: datetime | None,
) -> None:
    """Make an Ed25519 key in DIR and add it to the trust file beside it.

    DIR/ROLE.key is the private key, readable by its owner alone; DIR/trust.json goes to every reader.
    """
    clock = SystemClock()
    _check_issuer(trust.KeyRole(role), issuer)
    nbf, exp = _seconds(not_before), _seconds(expires)
    if exp is not None and exp <= max(nbf or 0, unix_ms(clock.now()) // 1000):
        raise click.BadParameter("expected an end later than now, and than --not-before", param_hint="--expires")
    key, trusted = _make(directory, _Entry(trust.KeyRole(role), issuer, person, nbf, exp), clock)
    click.echo(f"{directory / f'{role}.key'}  private, for its owner alone (kid {key.kid})")
    click.echo(f"{directory / TRUST_FILE}  version {trusted.version}, for every reader")
    if role == trust.KeyRole.FLAG and issuer is None:
        click.echo(f"no --issuer: readers expect flags of this key from DEPLOYMENT/{DEFAULT_VANTAGE}", err=True)
    if role == trust.KeyRole.ORDER and person is None:
        click.echo("no --person: this key can't count as one of the two persons an order needs", err=True)


def _check_issuer(role: trust.KeyRole, issuer: str | None) -> None:
    if issuer is None:
        return
    parts = issuer.split("/")
    if role is trust.KeyRole.FLAG and (len(parts) != _ISSUER_PARTS or not all(parts)):
        raise click.BadParameter("expected DEPLOYMENT/VANTAGE, such as prod/main", param_hint="--issuer")
    if role is trust.KeyRole.ORDER and len(parts) != 1:
        raise click.BadParameter("expected the deployment alone, such as prod", param_hint="--issuer")


def _seconds(at: datetime | None) -> int | None:
    return None if at is None else max(0, unix_ms(at) // 1000)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the trust file is to say of a new key."""

    role: trust.KeyRole
    issuer: str | None
    person: str | None
    nbf: int | None
    exp: int | None


def _make(directory: Path, entry: _Entry, clock: Clock) -> tuple[keys.SigningKey, trust.Trust]:
    """Make a key and add it to the trust file; on any failure there is neither."""
    key_file, trust_file = directory / f"{entry.role.value}.key", directory / TRUST_FILE
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if trust_file.exists():
            trust.load(trust_file, clock)  # a fault in it is told before anything is made
    except OSError as error:
        raise NotWritten(f"{directory}: can't be written: {error.strerror}") from None
    key = keys.create(key_file)
    try:
        row = trust.TrustKey(key.kid, key.public, entry.role, entry.issuer, entry.person, nbf=entry.nbf, exp=entry.exp)
        return key, trust_change.add_key(trust_file, row, clock)
    except BaseException:
        with suppress(OSError):
            key_file.unlink()
        raise
