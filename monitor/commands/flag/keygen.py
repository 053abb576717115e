"""`monitor flag keygen`: makes a key and adds it to the trust file beside it."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click

from glasswatch.clock import SystemClock
from glasswatch.flag import keys, trust
from glasswatch.flag.errors import NotWritten
from glasswatch.flag.reader import DEFAULT_VANTAGE
from monitor.commands.flag import values

TRUST_FILE = "trust.json"
_ISSUER_PARTS = 2


@click.command("keygen")
@click.argument("directory", metavar="DIR", type=values.FILE)
@click.option("--role", type=click.Choice([role.value for role in trust.KeyRole]), default="flag", show_default=True)
@click.option("--issuer", callback=values.name, metavar="DEPLOYMENT/VANTAGE", help="In whose name the key signs.")
@click.option("--person", callback=values.name, help="Whose key it is; an order needs keys of two persons.")
def command(directory: Path, role: str, issuer: str | None, person: str | None) -> None:
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


def _make(directory: Path, entry: _Entry) -> tuple[keys.SigningKey, trust.Trust]:
    """Make a key and add it to the trust file; on any failure there is neither."""
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
