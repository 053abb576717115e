"""A line for each step, where nobody watches: a file, a pipe, a timer's journal."""

from collections.abc import Callable

from drills.model.event import Entry
from drills.rules.progress import line
from glasswatch.visible import line as visible


class PlainScreen:
    """Writes a line for each entry that people need."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def wrote(self, entry: Entry) -> None:
        """Show an entry."""
        if text := line(entry.event):
            self._write(f"{entry.at:%H:%M:%S} {visible(text)}\n")

    def say(self, line: str) -> None:
        """Show a line."""
        self._write(f"{visible(line)}\n")

    def tick(self) -> None:
        """Nothing: a file does not move."""
