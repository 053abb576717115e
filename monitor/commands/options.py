"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

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

url = click.option(
    "--url", help="Where the monitor listens, such as http://127.0.0.1:9780; instead of the settings file."
)

token_file = click.option(
    "--token-file",
    "token_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File that holds the token to present; without it $GLASSWATCH_TOKEN is taken.",
)

ca_file = click.option(
    "--ca-file",
    "ca_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="PEM file with the authorities to trust, in place of the system's.",
)


def reaching(command: Command) -> Command:
    """Add the options that say how a running monitor is reached: `config`, `url`, `token_file`, `ca_file`."""
    for option in (ca_file, token_file, url, config):
        command = option(command)
    return command


sure = click.option("--yes", "is_sure", is_flag=True, help="Don't ask first, also on a terminal.")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
