"""What a run shows of itself. Nothing of it matters to the run: a screen that is gone is let go of."""

from collections.abc import Callable
from typing import Protocol

from drills.model.event import Entry


class Screen(Protocol):
    """Where people, or programs, watch a run."""

    def wrote(self, entry: Entry) -> None:
        """Show an entry of the journal."""
        ...

    def say(self, line: str) -> None:
        """Show a line that is no entry."""
        ...

    def tick(self) -> None:
        """A moment has passed: show the time that is left."""
        ...


class Lenient:
    """Shows on a screen for as long as it takes anything: a broken pipe or a closed terminal ends the showing only."""

    def __init__(self, screen: Screen) -> None:
        self._screen: Screen | None = screen

    def wrote(self, entry: Entry) -> None:
        """Show an entry, if anybody watches."""
        self._show(lambda screen: screen.wrote(entry))

    def say(self, line: str) -> None:
        """Show a line, if anybody watches."""
        self._show(lambda screen: screen.say(line))

    def tick(self) -> None:
        """Pass a moment on, if anybody watches."""
        self._show(lambda screen: screen.tick())

    def _show(self, what: Callable[[Screen], None]) -> None:
        screen = self._screen
        if screen is None:
            return
        try:
            what(screen)
        except BaseException:  # noqa: BLE001 - whatever a screen does, the run goes on
            self._screen = None
