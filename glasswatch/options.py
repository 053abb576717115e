"""Options that commands of every script share."""

from pathlib import Path

import click

config = click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path, dir_okay=False, readable=False),  # who loads it says so: --url needs none
    envvar="GLASSWATCH_CONFIG",
    default="glasswatch.yaml",
    show_default=True,
    show_envvar=True,
    help="The settings file.",
)

sure = click.option("--yes", "is_sure", is_flag=True, help="Don't ask first, also on a terminal.")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
