"""What options of the `flag` commands take. A wrong one is refused in one line that says what was expected."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from glasswatch import arguments

T = TypeVar("T")
FILE = click.Path(path_type=Path)


def callback(read: Callable[[str], T]) -> Callable[[click.Context, click.Parameter, str | None], T | None]:
    """Return a click callback that reads an option with `read`, or leaves it None where it was not given."""

    def value(_ctx: click.Context, _param: click.Parameter, text: str | None) -> T | None:
        if text is None:
            return None
        try:
            return read(text)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return value


name = callback(arguments.name)
instant = callback(arguments.instant)
duration = callback(arguments.duration)


def _line(longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.strip() and len(text) <= longest and text.isprintable():
            return text
        raise ValueError(f"expected one line of 1 to {longest} printable characters")

    return read


reason = callback(_line(500))
ticket = callback(_line(64))
