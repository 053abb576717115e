"""The action `manual`: who may confirm what, and what silence means."""

from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drills.model.event import Confirmed
from drills.model.step import Status
from drills.runner.requests import own_login
from tests.support.drill_actions import Answers, attempt, made, step_of, tools

YES = Confirmed("it", "berta", is_yes=True)


async def _said(directory: Path, *given: Confirmed | None, **with_: Any) -> tuple[Status, Answers]:
    answers = Answers(deque(given))
    action = made(step_of("manual", with_={"ask": "Is the seal broken?", **with_}), tools(directory, answers))
    return (await action.act(attempt())).status, answers


@pytest.mark.parametrize(
    ("given", "with_", "status"),
    [
        ([YES], {}, Status.PASSED),
        ([Confirmed("it", "berta", is_yes=False)], {}, Status.FAILED),
        ([Confirmed("it", "berta", is_yes=False)], {"note": True, "file": True}, Status.FAILED),
        ([], {}, Status.NOT_MEASURED),
        ([YES], {"persons": ["carl"]}, Status.NOT_MEASURED),
        ([YES], {"persons": ["Berta@example.com".lower()]}, Status.PASSED),
        ([Confirmed("it", "Anna+oncall", is_yes=True)], {"not_operator": True}, Status.NOT_MEASURED),
        ([Confirmed("it", "Anna", is_yes=False)], {"not_operator": True}, Status.NOT_MEASURED),
        ([YES], {"not_operator": True}, Status.PASSED),
        ([replace(YES, login="berta")], {"not_operator": True}, Status.PASSED),
        ([replace(YES, login=own_login())], {"not_operator": True}, Status.NOT_MEASURED),
        ([replace(YES, login=own_login())], {}, Status.PASSED),
        ([YES], {"note": True}, Status.NOT_MEASURED),
        ([Confirmed("it", "berta", is_yes=True, note="seal 7")], {"note": True}, Status.PASSED),
        ([YES], {"file": True}, Status.NOT_MEASURED),
        ([Confirmed("it", "berta", is_yes=True, file="a.jpg", file_sha256="ab")], {"file": True}, Status.PASSED),
    ],
)
async def test_what_an_answer_is_worth(
    tmp_path: Path, given: list[Confirmed | None], with_: dict[str, Any], status: Status
) -> None:
    """No is a finding; silence, and the word of somebody who may not give it, is nothing measured."""
    assert (await _said(tmp_path, *given, **with_))[0] is status


async def test_after_an_answer_that_counts_for_nothing_it_asks_again_and_says_why(tmp_path: Path) -> None:
    """The next answer may be a better one."""
    status, answers = await _said(tmp_path, Confirmed("it", "eve", is_yes=True), YES, persons=["berta"])
    assert status is Status.PASSED
    assert ["eve" in each for each in answers.asked] == [False, True]


async def test_what_an_answer_must_have_is_said_before_anybody_gives_one(tmp_path: Path) -> None:
    """Who answers from another terminal sees nothing of what becomes of it."""
    _, answers = await _said(tmp_path, persons=["berta", "carl"], not_operator=True, note=True, file=True)
    (asked,) = answers.asked
    assert asked == (
        "Is the seal broken? (by berta or carl, by another person than the operator, under another login, "
        "with a note, with a file)"
    )
    assert (await _said(tmp_path))[1].asked == ["Is the seal broken?"]


async def test_answers_that_count_for_nothing_are_not_taken_without_end(tmp_path: Path) -> None:
    """Somebody who repeats them at once would fill the journal."""
    status, answers = await _said(tmp_path, *[Confirmed("it", "eve", is_yes=True)] * 100, persons=["berta"])
    assert (status, len(answers.asked)) == (Status.NOT_MEASURED, 20)
