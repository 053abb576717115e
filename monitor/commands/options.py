"""Options that several commands share."""

from pathlib import Path

import click

config = click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="GLASSWATCH_CONFIG",
    default="glasswatch.yaml",
    show_default=True,
    show_envvar=True,
    help="The settings file.",
)

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
