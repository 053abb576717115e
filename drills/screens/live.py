"""A terminal: lines that pass, and below them how every step and every span stands, drawn anew each second.

Drawn by hand: a library for it costs 0.1 s and 7 MB, a third of what a run may take before it acts.
"""

import os
from collections.abc import Callable
from typing import Final

from drills.model.event import Entry
from drills.rules.progress import standing
from drills.screens.plain import PlainScreen
from glasswatch.clock import Clock
from glasswatch.visible import line as visible

_UP: Final = "\x1b[{}A"
_CLEAR: Final = "\r\x1b[J"
_LEAST_ROWS: Final = 4


class LiveScreen:
    """Draws on a terminal. `size` returns its columns and rows; `entries` are those of a run that is resumed."""

    def __init__(
        self,
        write: Callable[[str], None],
        clock: Clock,
        size: Callable[[], os.terminal_size],
        entries: tuple[Entry, ...] = (),
    ) -> None:
        self._write = write
        self._clock = clock
        self._size = size
        self._entries = list(entries)
        self._drawn = 0
        self._is_asking = False
        self._lines = PlainScreen(write)

    def wrote(self, entry: Entry) -> None:
        """Show an entry, and draw what stands below it."""
        self._entries.append(entry)
        self._wipe()
        self._lines.wrote(entry)
        self.tick()

    def say(self, line: str) -> None:
        """Show a line."""
        self._wipe()
        self._lines.say(line)
        self.tick()

    def tick(self) -> None:
        """Draw how everything stands now; nothing while a person is asked."""
        if self._is_asking:
            return
        columns, rows = self._size()
        drawn = [visible(each)[: columns - 1] for each in standing(self._entries, self._clock.now())]
        drawn = drawn[: max(rows - _LEAST_ROWS, 0)]
        self._wipe()
        self._write("".join(f"{each}\n" for each in drawn))
        self._drawn = len(drawn)

    def ask(self, prompt: str) -> None:
        """Put a question to the person at the terminal; until `asked` nothing is drawn over it."""
        self._wipe()
        self._is_asking = True
        self._write(prompt)

    def asked(self) -> None:
        """The question was answered, or is no more."""
        self._is_asking = False

    def _wipe(self) -> None:
        if self._drawn:
            self._write(_UP.format(self._drawn) + _CLEAR)
            self._drawn = 0
