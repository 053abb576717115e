"""`monitor run`: the daemon, until it is told to stop."""

import asyncio
import logging
from pathlib import Path

import click

from glasswatch import logs
from glasswatch.interrupt import Loading
from monitor.commands import options


@click.command("run")
@options.config
@click.option("--verbose", is_flag=True, help="Log every attempt too.")
def command(config: Path, *, verbose: bool) -> int:
    """Run the monitor until SIGTERM or Ctrl-C.

    Ended by SIGTERM it exits 0. Its log goes to stderr.
    """
    logs.to_stderr(logging.DEBUG if verbose else logging.INFO)
    # Imported here: they cost half a second that a wrong argument need not wait for.
    with Loading():
        from glasswatch.settings.load import load  # noqa: PLC0415
        from monitor.daemon import Daemon  # noqa: PLC0415
        from monitor.loop import new_loop  # noqa: PLC0415
        from monitor.settings.root import MonitorSettings  # noqa: PLC0415

    settings = load(config, MonitorSettings)
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(Daemon(settings, config=config.absolute()).run())
