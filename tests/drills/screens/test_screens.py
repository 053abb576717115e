"""What a run is watched on."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from drills.model.event import Began, Checkpoint, Ended, Entry, Event, Head
from drills.model.step import Status
from drills.runner.screen import Lenient, Screen
from drills.screens.json_lines import JsonScreen
from drills.screens.live import LiveScreen
from drills.screens.plain import PlainScreen
from tests.support.clock import ManualClock
from tests.support.drilling import opened, step

AT = datetime(2026, 3, 1, 3, tzinfo=UTC)


class Terminal:
    """What stands on a terminal after all that was written to it; only what the live screen uses is understood."""

    def __init__(self) -> None:
        self.written = ""

    def write(self, text: str) -> None:
        """Take text."""
        self.written += text

    @property
    def rows(self) -> list[str]:
        """Return its rows."""
        rows = [""]
        for piece in self.written.replace("\x1b[", "\0").replace("\r", "").split("\0"):
            order, text = piece, piece
            if order[:1].isdigit() and "A" in order[:4]:
                number, _, text = piece.partition("A")
                rows = [*rows[: -int(number) - 1], ""]
            elif piece.startswith("J"):
                text = piece[1:]
            for character in text:
                if character == "\n":
                    rows.append("")
                else:
                    rows[-1] += character
        return rows


def entry(event: Event, seq: int = 1) -> Entry:
    """Return an entry."""
    return Entry(Head(seq, "ff"), "q-1", AT, 5, "boot", event)


def test_a_line_for_each_step_where_nobody_watches() -> None:
    """Nothing that moves, and nothing that could hide in a line."""
    terminal = Terminal()
    screen = PlainScreen(terminal.write)
    for event in (opened([step("one")]), Began("one"), Ended("one", Status.PASSED, "a\x1b[2Jb"), Checkpoint("x")):
        screen.wrote(entry(event))
    screen.tick()
    screen.say("one waits\nfor a person")
    assert terminal.written == (
        "03:00:00 Break-glass works (quarterly) on payments, run by anna\n"
        "03:00:00 passed       one: a\\u001b[2Jb\n"
        "one waits\\u000afor a person\n"
    )


def test_json_lines_hold_every_entry_as_the_journal_has_it() -> None:
    """And lines that are no entry."""
    terminal = Terminal()
    screen = JsonScreen(terminal.write)
    screen.wrote(entry(Began("one", has_undo=True)))
    screen.say("hello")
    screen.tick()
    first, second = (json.loads(line) for line in terminal.written.splitlines())
    assert first == {
        "seq": 1,
        "hash": "ff",
        "run": "q-1",
        "at": "2026-03-01T03:00:00.000000Z",
        "mono": 5,
        "boot": "boot",
        "kind": "began",
        "step": "one",
        "has_undo": True,
    }
    assert second == {"kind": "said", "line": "hello"}


def live(terminal: Terminal, clock: ManualClock, rows: int = 24) -> LiveScreen:
    """Return a screen on a terminal."""
    return LiveScreen(terminal.write, clock, lambda: os.terminal_size((80, rows)))


def test_a_terminal_shows_how_everything_stands_below_the_lines_that_pass() -> None:
    """Drawn anew, never twice."""
    terminal, clock = Terminal(), ManualClock(AT)
    screen = live(terminal, clock)
    screen.wrote(entry(opened([step("one", within_seconds=60.0), step("two")])))
    screen.wrote(entry(Began("one")))
    clock.advance(15)
    screen.tick()
    assert terminal.rows == [
        "03:00:00 Break-glass works (quarterly) on payments, run by anna",
        "  now, 45 s left         one  does one",
        "  -                      two  does two",
        "",
    ]
    screen.wrote(entry(Ended("one", Status.PASSED, "done")))
    assert terminal.rows[1:3] == ["03:00:00 passed       one: done", "  passed                 one  does one"]


def test_nothing_is_drawn_over_a_question() -> None:
    """Until it is answered."""
    terminal, clock = Terminal(), ManualClock(AT)
    screen = live(terminal, clock)
    screen.wrote(entry(opened([step("one")])))
    screen.ask("one: is it so? [yes/no] ")
    screen.tick()
    assert terminal.rows[-1] == "one: is it so? [yes/no] "
    screen.asked()
    screen.tick()
    assert "does one" in terminal.written.rpartition("is it so?")[2]


def test_a_small_terminal_is_not_overrun() -> None:
    """What does not fit is left out, so that what is wiped is what was drawn."""
    terminal = Terminal()
    screen = live(terminal, ManualClock(AT), rows=6)
    screen.wrote(entry(opened([step(f"s{number}") for number in range(9)])))
    assert len(terminal.rows) == 4


@pytest.mark.parametrize("fault", [BrokenPipeError(), OSError(5, "x"), ValueError("closed file"), KeyboardInterrupt()])
def test_a_screen_that_is_gone_is_let_go_of(fault: BaseException) -> None:
    """The run goes on, and writes there no more."""
    calls = []

    def broken(text: str) -> None:
        calls.append(text)
        raise fault

    lenient = Lenient(PlainScreen(broken))
    shows: list[Callable[[Screen], None]] = [
        lambda screen: screen.say("x"),
        lambda screen: screen.wrote(entry(opened())),
        lambda screen: screen.tick(),
    ]
    for show in shows:
        show(lenient)
    assert len(calls) == 1
