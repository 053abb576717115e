"""`monitor run`: the daemon, until it is told to stop."""

import asyncio
import gc
import logging
import os
from enum import StrEnum
from pathlib import Path

import click

from glasswatch import logs
from glasswatch.interrupt import Loading
from monitor.commands import options


class Attempts(StrEnum):
    """Which attempts are logged."""

    NONE = "none"
    FAILED = "failed"
    ALL = "all"

    @property
    def number(self) -> int:
        """The level from which on their logger tells."""
        return {"none": logging.WARNING, "failed": logging.INFO, "all": logging.DEBUG}[self.value]


@click.command("run")
@options.config
@click.option(
    "--log-format",
    "form",
    type=click.Choice([each.value for each in logs.Form]),
    default="text",
    show_default=True,
    help="One line an event, as text or as JSON.",
)
@click.option(
    "--log-level",
    "level",
    type=click.Choice([each.value for each in logs.Level]),
    default="info",
    show_default=True,
    help="From which level on the monitor's own events are logged.",
)
@click.option(
    "--log-attempts",
    "attempts",
    type=click.Choice([each.value for each in Attempts]),
    default="none",
    show_default=True,
    help="Which attempts of probes are logged too, by the logger glasswatch.probe.",
)
@click.option("--verbose", is_flag=True, help="The same as --log-level debug --log-attempts all.")
def command(config: Path, *, form: str, level: str, attempts: str, verbose: bool) -> int:
    """Run the monitor until SIGTERM or Ctrl-C. SIGHUP has it read its settings again.

    Ended by SIGTERM it exits 0. Its log goes to stderr.
    """
    told = logging.DEBUG if verbose else logs.Level(level).number
    logs.to_stderr(told, logs.Form(form), attempts=Attempts.ALL.number if verbose else Attempts(attempts).number)
    gc.disable()  # until all is built: nearly nothing of it is garbage, and looking costs a tenth of the start
    # Imported here: they cost half a second that a wrong argument need not wait for.
    with Loading():
        from glasswatch.settings.load import load  # noqa: PLC0415
        from monitor.daemon import Daemon  # noqa: PLC0415
        from monitor.loop import new_loop  # noqa: PLC0415
        from monitor.settings.root import MonitorSettings  # noqa: PLC0415

    settings = load(config, MonitorSettings)
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(Daemon(settings, config=config.absolute(), environment=os.environ).run())
