"""A person at the run's own terminal."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from drills.runner import requests
from drills.runner.confirmations import Answers, Ledger
from drills.runner.dialog import Lines, TerminalDialog
from drills.runner.requests import Word


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """A pipe in place of a keyboard: where it is read, and where a person types."""
    reading, writing = os.pipe()
    yield reading, writing
    for descriptor in (reading, writing):
        try:
            os.close(descriptor)
        except OSError:
            continue


async def test_a_person_is_asked_whether_who_and_what_to_note(terminal: tuple[int, int]) -> None:
    """Anything but yes or no is asked again; who runs the drill says so unless another name is given."""
    shown: list[str] = []
    os.write(terminal[1], b"maybe\nYES\n\nsaw it myself\nno\nberta\n\n")
    dialog = TerminalDialog(Lines(terminal[0]), shown.append, "anna")
    async with asyncio.timeout(20):
        assert await dialog.answer("look", "") == Word("anna", is_yes=True, note="saw it myself")
        assert await dialog.answer("look", "") == Word("berta", is_yes=False)
    assert shown.count("look: is it so? [yes/no] ") == 3


async def test_a_terminal_that_is_gone_answers_nothing_and_another_still_can(
    terminal: tuple[int, int], tmp_path: Path
) -> None:
    """Its input ended: that is no answer."""
    os.close(terminal[1])
    dialog = TerminalDialog(Lines(terminal[0]), lambda _text: None, "anna")
    said: list[str] = []
    answers = Answers(tmp_path, Ledger(), said.append, dialog)
    asking = asyncio.ensure_future(answers.answer("look", "Is it so?", 30.0))
    await asyncio.sleep(0.05)
    requests.say(tmp_path, "look", Word("berta", is_yes=True))
    async with asyncio.timeout(20):
        confirmed = await asking
    assert confirmed is not None
    assert (confirmed.person, confirmed.is_yes, confirmed.login) == ("berta", True, requests.own_login())
    assert said[0] == "look waits for a person: Is it so?"


async def test_nobody_answers_in_time(tmp_path: Path) -> None:
    """That is no answer, and no wait without an end."""
    answers = Answers(tmp_path, Ledger(), lambda _line: None, None)
    assert await answers.answer("look", "?", 0.05) is None
