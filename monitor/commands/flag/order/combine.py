"""`monitor flag order combine`: one file from several, each with signatures of the same order."""

from pathlib import Path

import click

from glasswatch.clock import SystemClock
from glasswatch.flag.errors import plain
from glasswatch.flag.order_signing import draft_of, summary
from monitor.commands.flag import values
from monitor.commands.flag.order import files


@click.command("combine")
@click.argument("sources", metavar="FILE...", type=values.FILE, nargs=-1, required=True)
@click.option(
    "--out", type=values.FILE, required=True, metavar="FILE", help="Where to write it; never over another file."
)
def command(sources: tuple[Path, ...], out: Path) -> None:
    """Join the signatures of one order that were made on several machines.

    Whose they are is not asked here: `monitor flag order verify` says it.
    """
    clock = SystemClock()
    draft = draft_of([files.load(source, clock) for source in sources])
    files.write_new(out, draft.lines)
    for line in summary(draft.order):
        click.echo(line)
    click.echo(f"{plain(out)}  signatures: {len(draft.lines)}, not verified")
