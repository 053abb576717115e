"""How the commands show a use of break-glass."""

import click

from glasswatch import visible
from monitor.wire.uses import UseAnswer

_COLOURS = {"unexpected": "red", "locked_out": "red", "unreported": "yellow", "refused": "white"}


def show(use: UseAnswer, *, as_json: bool = False) -> None:
    """Print one use."""
    if as_json:
        click.echo(use.model_dump_json(indent=2))
        return
    word = click.style("CRITICAL" if use.critical else use.judgement, fg=_COLOURS.get(use.judgement, "green"))
    who = use.person or "somebody"
    if use.second is not None:
        who = f"{who} and {use.second}"
    did = "was refused at" if use.decision == "refused" else "got in to"
    click.echo(f"{visible.line(use.id)}  {word}  {_open(use)}")
    click.echo(f"  {use.at:%Y-%m-%d %H:%M:%SZ} {visible.line(f'{use.platform}: {who} {did} {use.target}')}")
    click.echo(f"  {visible.line(use.why)}")
    if use.note:
        click.echo(f"  {visible.line(use.note)}")


def _open(use: UseAnswer) -> str:
    classed = f"classed {use.classing.kind} by {use.classing.by}" if use.classing else "not classed"
    rotated = f"rotated as {use.rotation.by} says" if use.rotation else "not rotated"
    said = classed if use.decision == "refused" else f"{classed}, {rotated}"
    if use.open:
        return visible.line(f"OPEN: {said}")
    return visible.line(f"closed: {said}") if use.closed_at else "on record"
