"""Text laid out for whoever reads it: within the columns of a terminal, and unbroken for a program.

What is copied, such as a path, a name or a command's words, is never cut: it rather goes over the edge.
"""

import os
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from shutil import get_terminal_size
from typing import Final

import click

NARROWEST: Final = 40
_LEAST: Final = 20
_GAP: Final = "  "


def columns() -> int | None:
    """Return how many columns there are; None where the output is no terminal's, and $COLUMNS says nothing."""
    if not sys.stdout.isatty() and not os.environ.get("COLUMNS", "").isdigit():
        return None
    return max(NARROWEST, get_terminal_size().columns)


def lines(before: str, text: str, width: int | None) -> Iterator[str]:
    """Yield a text behind what stands before it, which may be styled; further lines begin where the first one does."""
    margin = len(click.unstyle(before))
    rows = [text] if width is None else _wrapped(text, width - margin)
    for number, row in enumerate(rows):
        yield f"{before if number == 0 else ' ' * margin}{row}"


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows whose cells stand below each other; a cell may be styled."""
    widths = _widths(rows)
    for row in rows:
        cells = (cell + " " * (size - len(click.unstyle(cell))) for cell, size in zip(row, widths, strict=True))
        yield _GAP.join(cells).rstrip()


def table_within(rows: Sequence[Sequence[str]], room: int | None, wraps: int) -> list[str] | None:
    """Return the lines of a table whose cells of column `wraps` are broken where there is not enough room.

    None where that does not help: too little would be left for them.
    """
    widths = _widths(rows)
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - room if room is not None else 0
    if over <= 0:
        return list(table(rows))
    left = widths[wraps] - over
    if left < _LEAST:
        return None
    return list(table([part for row in rows for part in _parts(row, wraps, left)]))


Card = Callable[[Sequence[str], int | None], Iterator[str]]
"""Yields a row where a table has no room, within so many columns."""


def table_or_cards(head: Sequence[str], rows: Sequence[Sequence[str]], wraps: str, card: Card) -> Iterator[str]:
    """Yield rows below their titles; with a terminal too narrow for that, each as its card. `wraps`: what is broken."""
    room = columns()
    found = table_within([[click.style(title, bold=True) for title in head], *rows], room, head.index(wraps))
    yield from found if found is not None else (each for row in rows for each in card(row, room))


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(len(click.unstyle(cell)) for cell in column) for column in zip(*rows, strict=True)]


def _parts(row: Sequence[str], wraps: int, width: int) -> Iterator[Sequence[str]]:
    if len(click.unstyle(row[wraps])) <= width:
        yield row
        return
    for number, piece in enumerate(_wrapped(click.unstyle(row[wraps]), width)):
        before, behind = (
            (row[:wraps], row[wraps + 1 :]) if number == 0 else ([""] * wraps, [""] * (len(row) - wraps - 1))
        )
        yield [*before, piece, *behind]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, _LEAST), break_on_hyphens=False, break_long_words=False) or [""]
