"""How a run is watched from a command: its screen, and whether a person at this terminal is asked."""

import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO

from drills.model.event import Entry
from drills.runner.dialog import Lines, TerminalDialog
from drills.runner.finish import Done
from drills.runner.requests import Word
from drills.runner.screen import Screen
from drills.runner.session import Seat
from drills.screens.json_lines import JsonScreen
from drills.screens.live import LiveScreen
from drills.screens.plain import PlainScreen
from glasswatch.clock import Clock
from glasswatch.ending import complain, let_go_of_output
from glasswatch.visible import line


def write(text: str) -> None:
    """Write to standard output, at once.

    Raises:
        OSError, ValueError: nobody reads it any more.
    """
    stream: TextIO | None = sys.stdout  # None where the process was started with it closed
    if stream is not None:
        stream.write(text)
        stream.flush()


def seat(clock: Clock, operator: str, *, as_json: bool, is_attended: bool) -> Seat:
    """Return where a run is watched from. Nobody is asked who is not at a terminal, or said that nobody is."""
    if as_json:
        return Seat(clock, lambda _entries: JsonScreen(write))
    if not _is_terminal(1):
        return Seat(clock, lambda _entries: PlainScreen(write))
    view = _View(clock)
    dialog = TerminalDialog(Lines(0), view.ask, operator) if is_attended and _is_terminal(0) else None
    return Seat(clock, view.screen, _Asked(dialog, view) if dialog else None)


class _View:
    """The terminal of one run, made when its run is."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._screen: LiveScreen | None = None

    def screen(self, entries: Sequence[Entry]) -> Screen:
        self._screen = LiveScreen(write, self._clock, shutil.get_terminal_size, tuple(entries))
        return self._screen

    def ask(self, prompt: str) -> None:
        if self._screen is not None:
            self._screen.ask(prompt)

    def asked(self) -> None:
        if self._screen is not None:
            self._screen.asked()


class _Asked:
    """A dialog during which nothing is drawn over the question."""

    def __init__(self, dialog: TerminalDialog, view: _View) -> None:
        self._dialog = dialog
        self._view = view

    async def answer(self, step: str, ask: str) -> Word:
        try:
            return await self._dialog.answer(step, ask)
        finally:
            self._view.asked()


def tell(run: str, done: Done, *, as_json: bool) -> None:
    """Say what a run came to, where to look, and what is left to a person. Nobody reading it changes nothing."""
    for note in done.notes:
        say(line(note), as_json=as_json)
    for left in done.residue:
        say(f"LEFT BEHIND {line(left)}", as_json=as_json)
    if not as_json:
        say(f"{run}: {done.result.verdict.replace('_', ' ')}", as_json=False)
    else:
        _settle()


def say(text: str, *, as_json: bool) -> None:
    """Say something to people: beside the journal's entries where those are printed. Nobody reading it is no fault."""
    if as_json:
        complain(text)
        return
    with suppress(OSError, ValueError):
        write(f"{text}\n")
    _settle()


def _settle() -> None:
    """Let go of an output that nobody reads any more: what is left in it would change the exit code."""
    stream: TextIO | None = sys.stdout
    if stream is None:
        return
    try:
        stream.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            let_go_of_output()


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False
