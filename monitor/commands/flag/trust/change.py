"""`monitor flag trust add`, `retire` and `revoke`: changes of a trust file, which then goes to every reader anew."""

from datetime import datetime
from pathlib import Path

import click

from glasswatch.clock import SystemClock
from glasswatch.flag import trust_change
from glasswatch.flag.trust import Trust
from monitor.commands.flag import values


@click.command("add")
@click.argument("trust_file", metavar="TRUST", type=values.FILE)
@click.argument("source", metavar="FROM", type=values.FILE)
def add(trust_file: Path, source: Path) -> None:
    """Add the keys of FROM, the trust file beside a key that was made elsewhere, to TRUST."""
    changed = trust_change.add_keys_of(trust_file, source, SystemClock())
    _tell(trust_file, changed)


# One name in 64 begins with a dash.
_KID_IS_NO_OPTION = {"ignore_unknown_options": True}


@click.command("retire", context_settings=_KID_IS_NO_OPTION)
@click.argument("kid", metavar="KID")
@click.argument("trust_file", metavar="TRUST", type=values.FILE)
@click.option("--at", callback=values.instant, required=True, metavar="RFC3339", help="Until when the key is believed.")
def retire(kid: str, trust_file: Path, at: datetime) -> None:
    """Let the key KID of TRUST end at a time: the orderly way, after its successor is with all readers."""
    changed = trust_change.retire(trust_file, kid, at, SystemClock())
    _tell(trust_file, changed)


@click.command("revoke", context_settings=_KID_IS_NO_OPTION)
@click.argument("kid", metavar="KID")
@click.argument("trust_file", metavar="TRUST", type=values.FILE)
def revoke(kid: str, trust_file: Path) -> None:
    """Take trust away from the key KID of TRUST: nothing it ever signed is believed any more.

    An order that counted on its signature counts no more, and one that ended another no longer ends it: sign that
    anew with a key that holds.
    """
    clock = SystemClock()
    changed = trust_change.revoke(trust_file, kid, clock.now(), clock)
    _tell(trust_file, changed)


def _tell(trust_file: Path, changed: Trust) -> None:
    click.echo(f"{trust_file}  version {changed.version}, for every reader: it holds only where it has arrived")
