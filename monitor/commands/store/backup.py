"""`monitor store backup`: keeps a copy of a SQLite store, beside a running monitor or without one."""

import json
from pathlib import Path

import click

from glasswatch.errors import ExitCode, NotMeasured, UsageFault
from glasswatch.settings.load import load
from monitor.commands import options
from monitor.commands.store.place import file_of, progress, reading_of
from monitor.settings.root import MonitorSettings
from monitor.store.copying import Occupied, backup


@click.command("backup")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--replace", "may_replace", is_flag=True, help="Put the copy in the place of a file that is there.")
@options.config
@options.as_json
def command(config: Path, file: Path, *, may_replace: bool, as_json: bool) -> int:
    """Keep a copy of the store in FILE, also while the monitor runs.

    The copy is of one instant, looked over and synced before it stands there, and readable by its owner alone. The
    monitor goes on writing meanwhile. A store in PostgreSQL is the server's to back up: use pg_dump.

    Exits 0 if the copy is there, 2 if FILE exists or the store is in PostgreSQL, 4 if the store can't be read or the
    copy not be made: then FILE is as it was.
    """
    settings = load(config, MonitorSettings)
    source = file_of(settings, "copy it with pg_dump")
    try:
        with reading_of(settings) as reading, progress(f"copying to {file}") as show:
            reading.check()
            size = backup(reading, source, file.absolute(), may_replace=may_replace, progress=show)
    except Occupied:
        hint = "is the store itself: name another" if may_replace else "is there: name another, or say --replace"
        raise UsageFault(f"{file} {hint}") from None
    except OSError as fault:
        raise NotMeasured(f"{file}: {fault.strerror or fault}") from None
    if as_json:
        click.echo(json.dumps({"store": str(source), "copy": str(file), "bytes": size}, indent=2))
    else:
        click.echo(f"{file}: {size / 1e6:.1f} MB, whole")
    return ExitCode.GOOD
