"""What options of the `flag` commands take. A wrong one is refused in one line that says what was expected."""

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import click

from glasswatch.durations import parse

FILE = click.Path(path_type=Path)
_NAME_CHARACTERS = 200


def instant(_ctx: click.Context, _param: click.Parameter, text: str | None) -> datetime | None:
    """Return a date and time that says its offset; None where none was given."""
    if text is None:
        return None
    with suppress(ValueError):
        at = datetime.fromisoformat(text)
        if at.utcoffset() is not None:
            return at
    raise click.BadParameter("expected a date and time with its offset, such as 2026-03-01T03:00:00Z")


def duration(_ctx: click.Context, _param: click.Parameter, text: str | None) -> timedelta | None:
    """Return a duration; None where none was given."""
    if text is None:
        return None
    try:
        return parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def name(_ctx: click.Context, _param: click.Parameter, text: str | None) -> str | None:
    """Return a name; None where none was given."""
    if text is None or (0 < len(text) <= _NAME_CHARACTERS and text.isprintable()):
        return text
    raise click.BadParameter(f"expected 1 to {_NAME_CHARACTERS} printable characters")


def reason(_ctx: click.Context, _param: click.Parameter, text: str | None) -> str | None:
    """Return a reason; None where none was given."""
    return _line(text, 500)


def ticket(_ctx: click.Context, _param: click.Parameter, text: str | None) -> str | None:
    """Return a ticket; None where none was given."""
    return _line(text, 64)


def _line(text: str | None, longest: int) -> str | None:
    if text is None or (text.strip() and len(text) <= longest and text.isprintable()):
        return text
    raise click.BadParameter(f"expected one line of 1 to {longest} printable characters")


def deployment(ctx: click.Context, param: click.Parameter, text: str) -> str:
    """Return the name of a deployment."""
    if "/" in text:
        raise click.BadParameter("expected the deployment alone, such as prod: the state is the answer")
    name(ctx, param, text)
    return text
