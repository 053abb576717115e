"""Options that several commands share; those that other scripts have too are in `glasswatch.options`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from glasswatch.options import as_json, config, sure

__all__ = ["as_json", "ca_file", "config", "reaching", "sure", "token_file", "url"]

Command = TypeVar("Command", bound=Callable[..., Any])

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
