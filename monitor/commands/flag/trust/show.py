"""`monitor flag trust show`: who may sign what, until when, and which file this is."""

import json
from pathlib import Path

import click

from glasswatch.clock import Clock, SystemClock
from glasswatch.flag import trust
from glasswatch.flag.authenticity import rfc3339
from glasswatch.flag.errors import shown
from glasswatch.flag.trust_findings import Standing, standing
from monitor.commands import options
from monitor.commands.flag import values

_WORDS = {Standing.NOT_YET: "not valid yet", Standing.ENDED: "ended", Standing.REVOKED: "revoked"}


@click.command("show")
@click.argument("trust_file", metavar="TRUST", type=values.FILE)
@options.as_json
def command(trust_file: Path, *, as_json: bool) -> None:
    """Show whose signatures readers of TRUST believe, for what, and until when.

    Two files with the same fingerprint are the same file: compare it by voice before you pin one.
    """
    clock = SystemClock()
    trusted = trust.load(trust_file, clock)
    if as_json:
        click.echo(json.dumps(_said(trusted, clock), indent=2))
        return
    click.echo(f"{trust_file}  version {trusted.version}, sha256 {trusted.sha256}")
    click.echo(f"a ready order needs {trusted.order_persons} persons")
    for key in trusted.keys.values():
        click.echo(_line(key, clock))


def _said(trusted: trust.Trust, clock: Clock) -> dict[str, object]:
    return {
        "version": trusted.version,
        "sha256": trusted.sha256,
        "order_persons": trusted.order_persons,
        "keys": [
            {
                "kid": key.kid,
                "role": key.role.value,
                "iss": key.iss,
                "person": key.person,
                "nbf": key.nbf,
                "exp": key.exp,
                "standing": standing(key, clock.now()).value,
                "demo": key.is_demo,
            }
            for key in trusted.keys.values()
        ],
    }


def _line(key: trust.TrustKey, clock: Clock) -> str:
    parts = [f"{key.role.value:<8}", shown(key.kid)]
    if key.iss is not None:
        parts.append(f"for {shown(key.iss)}")
    if key.person is not None:
        parts.append(f"of {shown(key.person)}")
    parts.append(_validity(key, standing(key, clock.now())))
    if key.is_demo:
        parts.append("made by a demo")
    return "  ".join(parts)


def _validity(key: trust.TrustKey, state: Standing) -> str:
    if state is Standing.REVOKED:
        return _WORDS[state]
    words = [_WORDS.get(state, "valid")]
    if key.nbf is not None and state is Standing.NOT_YET:
        words.append(f"from {rfc3339(key.nbf)}")
    if key.exp is not None:
        words.append(f"until {rfc3339(key.exp)}")
    return " ".join(words)
