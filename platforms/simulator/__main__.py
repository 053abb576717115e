"""`python -m platforms.simulator`: the simulated platform as its own process."""

import asyncio
import os
from pathlib import Path

import click

from glasswatch.cli import end
from glasswatch.clock import SystemClock
from platforms.simulator.lifeline import tie_to_parent
from platforms.simulator.server import Options, Simulator, run_until_told


@click.command()
@click.option("--listen", default="127.0.0.1:0", show_default=True, help="Where the platform listens; port 0: any.")
@click.option("--admin-listen", default="127.0.0.1:0", show_default=True, help="Where it is broken and mended.")
@click.option("--admin-token-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Its token.")
@click.option("--parent", type=int, help="End when this process ends.  [default: whoever started it]")
def command(listen: str, admin_listen: str, admin_token_file: Path | None, parent: int | None) -> None:
    """Simulate a JIT access platform until SIGTERM, or until the parent ends."""
    tie_to_parent(os.getppid() if parent is None else parent)
    simulator = Simulator(Options(listen, admin_listen, admin_token_file), SystemClock())
    asyncio.run(run_until_told(simulator, click.echo))


end(command, "python -m platforms.simulator")
