"""The action `command`, on real programs."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from drills.actions.command import CommandAction
from drills.model.found import Found
from drills.model.step import Status
from drills.settings.actions.command import CommandStep
from drills.tethered import Ended
from tests.support.drill_actions import RUN, SECRET, TOKEN, attempt, children, made, outcome, step_of, tools


async def _ran(
    directory: Path, script: str, *arguments: str, values: dict[str, str] | None = None, **more: Any
) -> Found:
    with_ = {"argv": ["/bin/sh", "-c", script, "sh", *arguments], **more.pop("given", {})}
    return await outcome(made(step_of("command", with_=with_, **more), tools(directory)), attempt(values))


@pytest.mark.parametrize(
    ("script", "expect", "status"),
    [
        ("exit 0", {}, Status.PASSED),
        ("exit 3", {}, Status.FAILED),
        ("exit 3", {"status": [0, 3]}, Status.PASSED),
        ("kill -9 $$", {}, Status.NOT_MEASURED),
        ("echo ok", {"stdout_matches": "^ok"}, Status.PASSED),
        ("echo no", {"stdout_matches": "^ok"}, Status.FAILED),
        ("echo no", {"stdout_not_matches": "no"}, Status.FAILED),
    ],
)
async def test_how_it_ends_decides(tmp_path: Path, script: str, expect: dict[str, Any], status: Status) -> None:
    """Statuses and patterns; a signal says nothing."""
    assert (await _ran(tmp_path, script, expect=expect)).status is status


@pytest.mark.parametrize(
    ("script", "expect", "status"),
    [
        ("exit 255", {"status": [255]}, Status.PASSED),
        ("exit 0", {"status": [255]}, Status.FAILED),
        ("exit 1", {"status": [255]}, Status.NOT_MEASURED),
        ("kill -9 $$", {"status": [255]}, Status.NOT_MEASURED),
        ("echo denied; exit 255", {"status": [255], "stdout_matches": "denied"}, Status.PASSED),
        ("echo no route; exit 255", {"status": [255], "stdout_matches": "denied"}, Status.NOT_MEASURED),
        ("echo forged >&2; exit 4", {"status": [4], "stderr_matches": "forged"}, Status.PASSED),
        ("echo forged; exit 4", {"status": [4], "stderr_matches": "forged"}, Status.NOT_MEASURED),
    ],
)
async def test_a_refusal_is_a_status_that_was_stated(
    tmp_path: Path, script: str, expect: dict[str, Any], status: Status
) -> None:
    """Programs fail for many reasons."""
    assert (await _ran(tmp_path, script, refused=True, expect=expect)).status is status


async def test_values_are_whole_arguments_and_never_program_text(tmp_path: Path) -> None:
    """What a value holds is neither split nor run."""
    hostile = "a b; echo $HOME `id` ${run}"
    found = await _ran(
        tmp_path,
        'printf "%s|%s" "$1" "$#"',
        "${host}",
        values={"host": hostile},
        capture={"said": {"match": "^(.*)$"}},
    )
    assert found.captured["said"].text == f"{hostile}|1"


async def test_the_run_secrets_and_values_reach_it_by_environment_and_input(tmp_path: Path) -> None:
    """And nothing of the secret is told."""
    found = await _ran(
        tmp_path,
        'cat; printf " %s %s %s" "$GLASSWATCH_RUN" "$TICKET" "$TOKEN"',
        values={"ticket": "INC-7"},
        given={"env": {"TICKET": "x ${ticket}", "TOKEN": TOKEN}, "stdin": TOKEN},
        capture={"all": {"match": "(?s)(.*)", "secret": True}},
    )
    assert found.captured["all"].text == f"{SECRET} {RUN.id} x INC-7 {SECRET}"
    assert found.captured["all"].is_secret
    assert SECRET not in repr(found)


async def test_a_capture_that_is_not_there_fails(tmp_path: Path) -> None:
    """The rest of the drill could do nothing."""
    found = await _ran(tmp_path, "echo b", capture={"a": {"match": "(a)"}})
    assert found.status is Status.FAILED
    assert "(a)" in found.detail


async def test_outputs_are_kept(tmp_path: Path) -> None:
    """Both, where there is any."""
    found = await _ran(tmp_path, "echo out; echo err >&2")
    assert {each.name: each.content for each in found.outputs} == {"stdout.txt": b"out\n", "stderr.txt": b"err\n"}


def test_what_can_not_be_ended_is_named(tmp_path: Path) -> None:
    """Another user's process, which somebody has to look after: the step has not passed."""
    step = step_of("command", with_={"argv": ["/bin/true"]})
    assert isinstance(step, CommandStep)
    found = CommandAction(step, tools(tmp_path))._judged(Ended(0, b"", b"", (17, 18)))
    assert (found.status, "17, 18" in found.detail) == (Status.NOT_MEASURED, True)


async def test_over_its_time_it_is_not_measured_and_nothing_is_left(tmp_path: Path, others: set[int]) -> None:
    """Whatever it started."""
    found = await _ran(tmp_path, "setsid sleep 600 & sleep 600", given={"timeout": "300ms"})
    assert (found.status, "300ms" in found.detail or "0.3" in found.detail) == (Status.NOT_MEASURED, True)
    assert children() == others


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"with": {"argv": ["ls"]}}, ("with", "argv", 0)),
        ({"with": {"argv": ["${program}"]}}, ("with", "argv", 0)),
        ({"with": {"argv": ["/bin/ls", "a-${b}"]}}, ("with", "argv", 1)),
        ({"with": {"argv": ["/bin/ls"], "env": {"GLASSWATCH_RUN": "x"}}}, ("with", "env", "GLASSWATCH_RUN", "[key]")),
        ({"with": {"argv": ["/bin/ls"]}, "refused": True}, ("expect",)),
        ({"with": {"argv": ["/bin/ls"]}, "refused": True, "expect": {"status": [0]}}, ("expect",)),
        ({"with": {"argv": ["/bin/ls"]}, "capture": {"a": {"match": "b"}}}, ("capture", "a", "match")),
    ],
)
def test_wrong_settings_are_told_by_their_place(settings: dict[str, Any], place: tuple[str | int, ...]) -> None:
    """Programs are literal, values whole arguments, refusals stated."""
    with pytest.raises(ValidationError) as caught:
        step_of("command", **settings)
    assert place in [each["loc"] for each in caught.value.errors()]
