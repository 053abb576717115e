"""The action `exercise`: started once, seen detected, and ended for certain."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from drills.model.found import Found
from drills.model.step import Status
from tests.support.drill_actions import RUN, attempt, made, outcome, step_of, tools
from tests.support.fake_monitor import FakeMonitor, fake_monitor
from tests.support.listeners import free_port
from tests.support.receiver import Close

BEGIN: dict[str, Any] = {"principals": ["breakglass-drill"], "for": "10m"}
ID = f"{RUN.id}-outage"


async def _act(
    directory: Path, monitor: FakeMonitor, with_: Any = None, *, is_undo: bool = False, **more: Any
) -> Found:
    step = step_of("exercise", with_=with_ or BEGIN, **more)
    return await outcome(made(step, tools(directory, monitor=monitor.reach)), attempt(step="outage"), is_undo=is_undo)


async def test_it_is_started_once_and_its_body_says_what_it_is(tmp_path: Path) -> None:
    """Trying again finds it; it began when the monitor says."""
    async with fake_monitor() as monitor:
        found = [await _act(tmp_path, monitor, {**BEGIN, "probes_see": "refuse", "ticket": "INC-7"}) for _ in range(2)]
        (body, _) = (got.json() for got in monitor.receiver.received)
    assert [each.status for each in found] == [Status.PASSED] * 2
    assert found[0].at == datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
    assert body == {
        "id": ID,
        "run": RUN.id,
        "platform": "payments",
        "principals": ["breakglass-drill"],
        "targets": [],
        "for_seconds": 600,
        "probes_see": "refuse",
        "ticket": "INC-7",
        "reason": "drill outage",
    }


async def test_another_step_waits_until_it_is_detected(tmp_path: Path) -> None:
    """At the instant that the monitor says; one that nobody started is a finding."""
    waits: dict[str, Any] = {"of": "outage"}
    async with fake_monitor() as monitor:
        unknown = await _act(tmp_path, monitor, waits, expect={"state": "detected"})
        await _act(tmp_path, monitor)
        running = await _act(tmp_path, monitor, waits, expect={"state": "detected"})
        monitor.detect(ID)
        detected = await _act(tmp_path, monitor, waits, expect={"state": "detected"})
        undone = await _act(tmp_path, monitor, waits, is_undo=True)
        is_on = monitor.exercises[ID]["state"] == "detected"
    assert (unknown.status, unknown.can_still) == (Status.FAILED, False)
    assert (running.status, running.can_still) == (Status.FAILED, True)
    assert (detected.status, detected.at) == (Status.PASSED, datetime(2026, 3, 1, 3, 0, 9, tzinfo=UTC))
    assert (undone.status, is_on) == (Status.PASSED, True)


async def test_it_is_ended_and_seen_ended(tmp_path: Path) -> None:
    """Before it began, once, and once more; also by a process that did not start it."""
    async with fake_monitor() as monitor:
        found = [await _act(tmp_path, monitor, is_undo=True)]
        await _act(tmp_path, monitor)
        found += [await _act(tmp_path, monitor, is_undo=True) for _ in range(2)]
        state = monitor.exercises[ID]["state"]
        over = await _act(tmp_path, monitor)
    assert [each.status for each in found] == [Status.PASSED] * 3
    assert state == "ended"
    assert (over.status, over.can_still) == (Status.FAILED, False)


async def test_a_step_ends_what_another_started(tmp_path: Path) -> None:
    """Before the clean-up would, which finds it ended; where nobody started one there is nothing that could end."""
    ends: dict[str, Any] = {"of": "outage", "end": True}
    async with fake_monitor() as monitor:
        never = await _act(tmp_path, monitor, ends)
        await _act(tmp_path, monitor)
        ended = await _act(tmp_path, monitor, ends)
        state = monitor.exercises[ID]["state"]
        undone = [await _act(tmp_path, monitor, with_, is_undo=True) for with_ in (ends, BEGIN)]
    assert (ended.status, state) == (Status.PASSED, "ended")
    assert (never.status, never.can_still) == (Status.FAILED, False)
    assert [each.status for each in undone] == [Status.PASSED] * 2


async def test_what_something_else_ended_was_not_exercised_to_its_end(tmp_path: Path) -> None:
    """A real outage, say: the step that was to end it fails, also when it is tried again. Nothing of it is left."""
    ends: dict[str, Any] = {"of": "outage", "end": True}
    async with fake_monitor() as monitor:
        await _act(tmp_path, monitor)
        monitor.exercises[ID] |= {"state": "ended", "ended": "2026-03-01T03:00:30Z", "why": "a real outage began"}
        tried = [await _act(tmp_path, monitor, ends) for _ in range(2)]
        undone = await _act(tmp_path, monitor, is_undo=True)
    assert [(each.status, each.can_still) for each in tried] == [(Status.FAILED, False)] * 2
    assert "a real outage began" in tried[0].detail
    assert (undone.status, "a real outage began" in undone.detail) == (Status.PASSED, True)


async def test_what_the_step_ended_itself_may_be_tried_again(tmp_path: Path) -> None:
    """Its first answer may have been lost on the way."""
    ends: dict[str, Any] = {"of": "outage", "end": True}
    async with fake_monitor() as monitor:
        await _act(tmp_path, monitor)
        found = [await _act(tmp_path, monitor, ends) for _ in range(2)]
    assert [each.status for each in found] == [Status.PASSED] * 2


@pytest.mark.parametrize(
    "wrong", [{"with_": {**BEGIN, "end": True}}, {"with_": {"of": "a", "end": True}, "expect": {"state": "detected"}}]
)
def test_only_what_another_step_started_is_ended(wrong: dict[str, Any]) -> None:
    """And nothing else comes of it."""
    with pytest.raises(ValidationError):
        step_of("exercise", **wrong)


async def test_an_answer_that_was_lost_is_asked_for_once_more(tmp_path: Path) -> None:
    """Under the same id, so that there is one exercise."""
    async with fake_monitor() as monitor:
        monitor.receiver.script.append(Close())
        assert (await _act(tmp_path, monitor)).status is Status.PASSED
        assert list(monitor.exercises) == [ID]
        monitor.receiver.script.extend([Close(), Close()])
        assert (await _act(tmp_path, monitor, is_undo=True)).status is Status.NOT_MEASURED


@pytest.mark.parametrize(
    ("refusal", "status", "can_still"),
    [
        ((409, "not_possible", "the platform is suspect"), Status.FAILED, True),
        ((409, "too_many", "again tomorrow"), Status.FAILED, False),
        ((403, "forbidden", "not for this"), Status.FAILED, False),
        ((503, "store_unavailable", "try again"), Status.NOT_MEASURED, True),
    ],
)
async def test_a_refusal_is_told_in_the_monitors_words(
    tmp_path: Path,
    refusal: tuple[int, str, str],
    status: Status,
    can_still: bool,  # noqa: FBT001 - two cases
) -> None:
    """Some may be otherwise a moment later."""
    async with fake_monitor() as monitor:
        monitor.refusal = refusal
        found = await _act(tmp_path, monitor)
        undone = await _act(tmp_path, monitor, is_undo=True)
    assert (found.status, found.can_still) == (status, can_still)
    assert found.pause >= 5 or status is not Status.FAILED, "a token may write 60 times a minute, clean-up included"
    assert refusal[2] in found.detail
    assert undone.status is not Status.PASSED


async def test_no_monitor_is_not_measured(tmp_path: Path) -> None:
    """None is named, or none is there."""
    step = step_of("exercise", with_=BEGIN)
    reach = {"url": f"http://127.0.0.1:{free_port()}", "token": {"env": "PLANTED"}}
    for given in (tools(tmp_path), tools(tmp_path, monitor=reach)):
        for is_undo in (False, True):
            assert (await outcome(made(step, given), attempt(), is_undo=is_undo)).status is Status.NOT_MEASURED


@pytest.mark.parametrize(
    "with_",
    [
        {},
        {"of": "a", "principals": ["b"]},
        {**BEGIN, "for": "3h"},
        {**BEGIN, "probes_see": "x"},
        {**BEGIN, "for": "1s"},
    ],
)
def test_wrong_settings_are_mistakes(with_: dict[str, Any]) -> None:
    """Started or waited for, within the monitor's bounds."""
    with pytest.raises(ValidationError):
        step_of("exercise", with_=with_)
