"""The action `rotate`: a real program rotates a credential of a real server, and both credentials are tried."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from drills.model.found import Found, Value
from drills.model.step import Status
from drills.settings.actions.rotate import RotateStep
from tests.support.drill_actions import attempt, made, outcome, step_of, tools
from tests.support.receiver import Answer, receiving

FAILED, PASSED, NOT_MEASURED = Status.FAILED, Status.PASSED, Status.NOT_MEASURED
OLD, NEW = "old-credential-1", "new-credential-2"


def _look(url: str, name: str, **others: Any) -> dict[str, Any]:
    return {"action": "http", "with": {"url": f"{url}?key=${{{name}}}"}, **others}


def _with(url: str, argv: list[str], within: str = "20s") -> dict[str, Any]:
    return {
        "command": {"argv": argv},
        "old_works": _look(url, "old"),
        "old_refused": _look(url, "old", refused=True),
        "new_works": _look(url, "new", every="50ms", within=within),
    }


class Door:
    """A server that lets in whoever shows what stands in a file; `lets_old_in`: the old one as well."""

    def __init__(self, directory: Path) -> None:
        self.key = directory / "key"
        self.key.write_text(OLD)
        self.lets_old_in = False
        self.broken = 0

    def decide(self, target: str, _body: bytes) -> Answer:
        """Let in, or refuse."""
        shown, key = target.partition("key=")[2], self.key.read_text()
        if key != OLD and self.broken:
            self.broken -= 1
            return Answer(503)
        return Answer(200 if shown == key or (self.lets_old_in and shown == OLD) else 401)


async def _rotated(directory: Path, door: Door, script: str, *, old: str = OLD, within: str = "20s") -> Found:
    argv = ["/bin/sh", "-c", script, "sh", str(door.key)]
    async with receiving() as server:
        server.decide = door.decide
        capture = {"new": {"match": "new=(.+)", "secret": True}}
        step = step_of("rotate", with_=_with(server.url, argv, within), capture=capture)
        return await outcome(made(step, tools(directory)), attempt({"old": old}))


ROTATE = f'printf {NEW} > "$1"; echo new={NEW}'


async def test_the_old_one_is_refused_and_the_new_one_gets_in(tmp_path: Path) -> None:
    """What was printed is known as a secret. A server that is broken has not refused the old one."""
    door = Door(tmp_path)
    door.broken = 1
    unsure = await _rotated(tmp_path, door, ROTATE)
    assert unsure.status is NOT_MEASURED, "the old one was tried once, while the server was broken"
    door = Door(tmp_path)
    found = await _rotated(tmp_path, door, ROTATE)
    assert (found.status, dict(found.captured)) == (PASSED, {"new": Value(NEW, is_secret=True)})
    assert NEW not in found.detail
    assert {each.name for each in found.outputs} >= {"old_works-answer.http", "old_refused-answer.http", "stdout.txt"}


async def test_an_old_one_that_still_gets_in_fails(tmp_path: Path) -> None:
    """And so does one that did not get in before: then its refusal would prove nothing, and nothing is rotated."""
    door = Door(tmp_path)
    door.lets_old_in = True
    still = await _rotated(tmp_path, door, ROTATE)
    assert (still.status, still.can_still, "new" in still.captured) == (FAILED, False, True)
    door = Door(tmp_path)
    never = await _rotated(tmp_path, door, ROTATE, old="never-worked")
    assert (never.status, "not rotated" in never.detail) == (FAILED, True)
    assert door.key.read_text() == OLD


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("exit 3", FAILED),
        ("echo new=; exit 0", FAILED),
        (f"echo new={NEW}", FAILED),  # it says so, and did nothing
        ("kill -9 $$", NOT_MEASURED),
    ],
)
async def test_a_program_that_does_not_rotate_fails(script: str, status: Status, tmp_path: Path) -> None:
    """Whatever it says. What may hold a secret that nobody knows is not kept."""
    found = await _rotated(tmp_path, Door(tmp_path), script, within="300ms")
    assert (found.status, found.can_still) == (status, False)
    assert found.captured or not any("std" in each.name for each in found.outputs)


@pytest.mark.parametrize(
    "wrong",
    [
        {"old_works": _look("https://a/", "old", refused=True)},
        {"old_refused": _look("https://a/", "old")},
        {"new_works": {"action": "wait", "with": {"for": "1s"}}},
        {"new_works": _look("https://a/", "new", evidences=["D5"])},
        {"new_works": _look("https://a/", "new", undo=[])},
        {"new_works": _look("https://a/", "new", capture={"a": {"header": "X"}})},
        {"new_works": _look("https://a/", "new", needs=[])},
    ],
)
def test_wrong_settings_are_mistakes(wrong: dict[str, Any]) -> None:
    """Three looks, each for what it is."""
    with pytest.raises(ValidationError):
        step_of("rotate", with_={**_with("https://a/", ["/bin/rotate"]), **wrong})


def test_it_says_what_it_does_for_good() -> None:
    """It has no undo, and uses what its checks use."""
    step = step_of("rotate", with_=_with("https://a/", ["/bin/rotate"]), capture={"new": {"match": "(.+)"}})
    assert isinstance(step, RotateStep)
    assert step.names() == {"old"}
    assert (step.undo_line, dict(step.captures())) == ("", {"new": False})
    assert "not taken back" in step.touches[0]
    assert json.dumps(list(step.rights))
    with pytest.raises(ValidationError):
        step_of("rotate", with_=_with("https://a/", ["/bin/rotate"]), every="1s")
