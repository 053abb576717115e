"""The action `rotate`: a real program rotates a credential of a real server, and both credentials are tried."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from drills.model.found import Found, Value
from drills.model.step import Status
from drills.ports import Action
from drills.settings.actions.rotate import CHECKS, RotateStep
from tests.support.drill_actions import attempt, made, outcome, step_of, tools
from tests.support.receiver import Answer, receiving
from tests.support.waiting import until

FAILED, PASSED, NOT_MEASURED = Status.FAILED, Status.PASSED, Status.NOT_MEASURED
OLD, NEW = "old-credential-1", "new-credential-2"


def _look(url: str, name: str, **others: Any) -> dict[str, Any]:
    return {"action": "http", "with": {"url": f"{url}?key=${{{name}}}"}, **others}


SQL: dict[str, Any] = {"url": "sqlite:////tmp/a", "user": "breakglass", "statement": "SELECT 1"}
USER, STATEMENT = ("old_refused", "with", "user"), ("new_works", "with", "statement")


def _sql(check: str, **others: str) -> dict[str, Any]:
    password: Any = {"env": "NEW"} if check == "new_works" else "${old}"
    return {"action": "sql", "refused": check == "old_refused", "with": {**SQL, "password": password, **others}}


def _ssh(check: str) -> dict[str, Any]:
    place = {"host": "db", "user": "breakglass", "known_hosts": "/hosts"}
    key = "/new" if check == "new_works" else "/old"
    return {"action": "ssh", "refused": check == "old_refused", "with": {**place, "key": key}}


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


CAPTURE = {"new": {"match": "new=(.+)", "secret": True}}


@asynccontextmanager
async def _rotating(directory: Path, door: Door, script: str, within: str = "20s") -> AsyncIterator[Action]:
    argv = ["/bin/sh", "-c", script, "sh", str(door.key)]
    async with receiving() as server:
        server.decide = door.decide
        yield made(step_of("rotate", with_=_with(server.url, argv, within), capture=CAPTURE), tools(directory))


async def _rotated(directory: Path, door: Door, script: str, *, old: str = OLD, within: str = "20s") -> Found:
    async with _rotating(directory, door, script, within) as action:
        return await outcome(action, attempt({"old": old}))


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


async def test_one_that_was_cut_short_may_be_rotated_and_not_sealed(tmp_path: Path) -> None:
    """From when the program was begun until the new one got in: that is named, whatever was true of it."""
    door = Door(tmp_path)
    async with _rotating(tmp_path, door, f'printf {NEW} > "$1"; sleep 60') as action:
        cut = asyncio.ensure_future(action.act(attempt({"old": OLD}, seconds=60)))
        await until(lambda: door.key.read_text() == NEW)
        cut.cancel()
        await asyncio.wait({cut})
        undone = await outcome(action, attempt({"old": OLD}), is_undo=True)
    assert (undone.status, undone.can_still) == (NOT_MEASURED, False)
    assert "may be rotated and not sealed" in undone.detail


@pytest.mark.parametrize(
    ("script", "old", "status"),
    [
        (ROTATE, OLD, PASSED),
        (ROTATE, "never-worked", PASSED),  # its program was not begun
        ("exit 3", OLD, NOT_MEASURED),
        (f"echo new={NEW}", OLD, FAILED),  # it is the old one that gets in
    ],
)
async def test_nothing_is_left_once_the_new_one_got_in(script: str, old: str, status: Status, tmp_path: Path) -> None:
    """Or before anything was begun. Where the old one gets in as well, nothing of that is left."""
    door = Door(tmp_path)
    door.lets_old_in = script == ROTATE
    async with _rotating(tmp_path, door, script, within="300ms") as action:
        await outcome(action, attempt({"old": old}))
        undone = await outcome(action, attempt({"old": old}), is_undo=True)
    assert undone.status is status, undone.detail


async def test_another_process_knows_of_a_step_that_passed_and_asks_where_it_can(tmp_path: Path) -> None:
    """What the program printed it does not know; a secret that is where it was sealed it can try."""
    door = Door(tmp_path)
    async with _rotating(tmp_path, door, ROTATE) as action:
        passed = await outcome(action, replace(attempt(), ended=PASSED), is_undo=True)
        cut = await outcome(action, attempt(), is_undo=True)
        sealed = await outcome(action, attempt({"new": OLD}), is_undo=True)
    assert (passed.status, cut.status, sealed.status) == (PASSED, NOT_MEASURED, PASSED)


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"old_refused": _look("https://b/", "old", refused=True)}, ("old_refused", "with", "url")),
        ({"old_refused": _look("https://a/", "odd", refused=True)}, ("old_refused", "with", "url")),
        ({"old_refused": {"action": "sql", "refused": True, "with": SQL}}, ("old_refused", "action")),
        ({"new_works": _look("https://b/", "new")}, ("new_works", "with", "url")),
        ({"new_works": _look("https://a/", "old")}, ("new_works", "with")),
        ({each: _sql(each, user="anna" if each == "old_refused" else "breakglass") for each in CHECKS}, USER),
        ({each: _sql(each, statement=f"SELECT '{each == 'new_works'}'") for each in CHECKS}, STATEMENT),
    ],
)
def test_what_is_refused_is_what_got_in(wrong: dict[str, Any], place: tuple[str, ...]) -> None:
    """A question with a slip in it is refused by whoever is asked, and shows nothing of the old credential."""
    with pytest.raises(ValidationError) as caught:
        step_of("rotate", with_={**_with("https://a/", ["/bin/rotate"]), **wrong})
    assert [each["loc"] for each in caught.value.errors()] == [("with", *place)]


def test_how_long_a_try_may_take_is_no_part_of_the_question() -> None:
    """Nor is what a credential is, by reference or by value; a key that ssh shows is one."""
    sql = {each: _sql(each, timeout="5s" if each == "old_refused" else "9s") for each in CHECKS}
    ssh = {each: _ssh(each) for each in CHECKS}
    for checks in (sql, ssh):
        assert step_of("rotate", with_={"command": {"argv": ["/bin/rotate"]}, **checks}).undo_line


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
    """What is done in place of taking it back is said, and needs nothing that a crash loses."""
    step = step_of("rotate", with_=_with("https://a/", ["/bin/rotate"]), capture={"new": {"match": "(.+)"}})
    assert isinstance(step, RotateStep)
    assert step.names() == {"old"}
    assert (len(step.undo_names()), dict(step.captures())) == (0, {"new": False})
    assert "new_works" in step.undo_line
    assert "not taken back" in step.touches[0]
    assert json.dumps(list(step.rights))
    with pytest.raises(ValidationError):
        step_of("rotate", with_=_with("https://a/", ["/bin/rotate"]), every="1s")
