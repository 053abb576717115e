"""`monitor store compact`: gives back the room that a SQLite store doesn't need, while no monitor runs."""

import json
from pathlib import Path

import click

from glasswatch.errors import ExitCode, NotMeasured
from glasswatch.settings.load import load
from monitor.commands import options
from monitor.commands.store.place import file_of, progress, reading_of
from monitor.errors import StoreError
from monitor.settings.root import MonitorSettings
from monitor.store.copying import compact


@click.command("compact")
@options.config
@options.as_json
def command(config: Path, *, as_json: bool) -> int:
    """Give back the room that the store doesn't need.

    What is forgotten leaves room that is used again, so this is seldom needed: after less is kept than before, say. The
    monitor must be stopped. A copy is made beside the store, compared with it, and put in its place; until then the
    store is as it was. Of PostgreSQL this is the server's affair: autovacuum does it.

    Exits 0 if it is done, 2 if the store is in PostgreSQL, 4 if a monitor has it open, there is no room for the copy,
    or it can't be read.
    """
    settings = load(config, MonitorSettings)
    path = file_of(settings, "autovacuum gives back what it can")
    with reading_of(settings) as reading:
        reading.check()  # that it is this vantage's
    try:
        with progress(f"compacting {path}"):
            done = compact(path)
    except (StoreError, OSError) as fault:
        raise NotMeasured(str(fault)) from None
    if as_json:
        click.echo(json.dumps({"store": str(path), "bytes_before": done.before, "bytes": done.after}, indent=2))
    else:
        click.echo(f"{path}: {done.before / 1e6:.1f} MB before, {done.after / 1e6:.1f} MB now")
    return ExitCode.GOOD
