"""The actions `request_access` and `revoke_access`, on the real simulated platform."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from drills.model.found import Attempt, Found, Value
from drills.model.step import Status
from drills.ports import Action
from tests.support.drill_actions import RUN, attempt, made, outcome, step_of, tools
from tests.support.journey_settings import STEPS
from tests.support.simulator import Simulated, simulated

FAILED, PASSED, NOT_MEASURED = Status.FAILED, Status.PASSED, Status.NOT_MEASURED
_ALL = yaml.safe_load(STEPS)
REQUEST, REVOKE = _ALL[:4], [_ALL[0], {k: v for k, v in _ALL[4].items() if k != "closes"}, _ALL[5]]
_NUMBERS = count(1)


@pytest.fixture(scope="module")
def platform() -> Iterator[Simulated]:
    """The platform, as a process of its own."""
    with simulated() as running:
        yield running


@pytest.fixture
def given(platform: Simulated) -> Iterator[Attempt]:
    """A try of a run of its own; the platform is whole again afterwards."""
    run = replace(RUN, id=f"outage-20260301t030000z-{next(_NUMBERS):06d}".translate(str.maketrans("0189", "abcd")))
    yield replace(attempt(), run=run, values={"run": Value(run.id)})
    platform.recover()


def _with(platform: Simulated, directory: Path, steps: list[dict[str, Any]], secret: str) -> dict[str, Any]:
    (directory / "secret").write_text(secret)
    return {"url": platform.url, "secrets": {"password": {"file": str(directory / "secret")}}, "steps": steps}


def _request(
    platform: Simulated, directory: Path, steps: Any = None, secret: str = "probe-pretend", **others: Any
) -> Action:
    with_ = _with(platform, directory, steps or REQUEST, secret)
    return made(step_of("request_access", with_=with_, **others), tools(directory))


def _grants(platform: Simulated, given: Attempt) -> list[str]:
    """Return the states of what a run asked for."""
    session = platform.sign_in("probe")
    found = platform.ask("GET", f"/requests?reason=glasswatch%20{given.run.id}", token=session).data()["requests"]
    assert isinstance(found, list)
    return [each["state"] for each in found]


def _later(given: Attempt, found: Found) -> Attempt:
    """Return a try of a later step, or in another process: with what the journal holds."""
    plain = {name: value for name, value in found.captured.items() if not value.is_secret}
    return replace(given, values={**given.values, **plain})


async def test_access_is_held_used_and_given_back(platform: Simulated, given: Attempt, tmp_path: Path) -> None:
    """It stays until it is taken back; what is needed for that is no secret, and what is captured is one."""
    action = _request(platform, tmp_path, capture=["session"])
    found = await outcome(action, given)
    assert found.status is PASSED, found.detail
    assert {name: value.is_secret for name, value in found.captured.items()} == {
        "request": False,
        "grant": False,
        "session": True,
    }
    token, grant = found.captured["session"].text, found.captured["grant"].text
    assert platform.ask("POST", f"/grants/{grant}/use", token=token).status == 200
    undone = [await outcome(action, given, is_undo=True) for _ in range(2)]
    assert [each.status for each in undone] == [PASSED, PASSED]
    assert platform.ask("POST", f"/grants/{grant}/use", token=token).status == 409
    assert found.captured["session"].text not in found.detail


async def test_another_process_closes_it_by_the_journal(platform: Simulated, given: Attempt, tmp_path: Path) -> None:
    """By ids that were captured; or, where the step was cut short, by looking the run's request up."""
    found = await outcome(_request(platform, tmp_path), given)
    assert _grants(platform, given) == ["granted"]
    cut_short = await outcome(_request(platform, tmp_path), given, is_undo=True)
    assert (cut_short.status, _grants(platform, given)) == (PASSED, ["revoked"])
    without_find = [dict(each) for each in REQUEST]
    without_find[1] = {**REQUEST[1], "undo": {k: v for k, v in REQUEST[1]["undo"].items() if k != "find"}}
    by_id = await outcome(_request(platform, tmp_path, without_find), _later(given, found), is_undo=True)
    assert by_id.status is PASSED
    lost = await outcome(_request(platform, tmp_path, without_find), given, is_undo=True)
    assert (lost.status, lost.can_still) == (NOT_MEASURED, False)
    assert "possibly request of run" in lost.detail


async def test_what_cannot_be_closed_is_named(platform: Simulated, given: Attempt, tmp_path: Path) -> None:
    """With the id that a person finds it by; and closed once the platform can. Nothing more is opened meanwhile."""
    action = _request(platform, tmp_path)
    found = await outcome(action, given)
    platform.show("revoke", kind="fail", status=400)
    left = await outcome(action, given, is_undo=True)
    assert left.status is FAILED
    assert found.captured["request"].text in left.detail
    again = await outcome(action, given)
    assert (again.status, again.can_still) == (NOT_MEASURED, False)
    platform.recover()
    assert (await outcome(action, given, is_undo=True)).status is PASSED
    assert _grants(platform, given) == ["revoked"]


async def test_a_request_that_hangs_is_looked_up(platform: Simulated, given: Attempt, tmp_path: Path) -> None:
    """Nobody saw the answer; a platform that does not answer was neither in nor out."""
    action = _request(platform, tmp_path)
    platform.show("grant", kind="hang")
    platform.show("request", kind="hang")
    found = await outcome(action, replace(given, seconds=1.0))
    assert (found.status, found.can_still) == (NOT_MEASURED, False)
    platform.recover()
    assert (await outcome(action, given, is_undo=True)).status is PASSED
    assert _grants(platform, given) in ([], ["withdrawn"], ["revoked"])


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (("wrong", "staging-db", False), FAILED),
        (("wrong", "staging-db", True), PASSED),
        (("probe-pretend", "staging-db", True), FAILED),
        (("probe-pretend", "no-such-db", True), NOT_MEASURED),
    ],
)
async def test_a_refusal_is_the_platforms_own(
    platform: Simulated, given: Attempt, tmp_path: Path, asked: tuple[str, str, bool], status: Status
) -> None:
    """Let in where it had to be refused, it fails, and is closed all the same."""
    secret, entitlement, is_refused = asked
    steps = [dict(each) for each in REQUEST]
    request = REQUEST[1]["request"]
    steps[1] = {**steps[1], "request": {**request, "json": {**request["json"], "entitlement": entitlement}}}
    action = _request(platform, tmp_path, steps, secret, refused=is_refused)
    found = await outcome(action, given)
    assert (found.status, dict(found.captured)) == (status, {}), found.detail
    assert secret not in found.detail
    assert (await outcome(action, given, is_undo=True)).status is PASSED
    assert "granted" not in _grants(platform, given)


async def test_access_is_revoked_and_seen_refused(platform: Simulated, given: Attempt, tmp_path: Path) -> None:
    """And what asked for it has nothing left to close. A platform that only says so fails."""
    request = _request(platform, tmp_path)
    found = await outcome(request, given)
    step = step_of("revoke_access", with_=_with(platform, tmp_path, REVOKE, "probe-pretend"))
    assert step.names() == {"grant", "run"}
    assert not step.captures()
    assert not step.undo_line
    revoke = made(step, tools(tmp_path))
    only_said = made(
        step_of("revoke_access", with_=_with(platform, tmp_path, [REVOKE[0], REVOKE[2]], "probe-pretend")),
        tools(tmp_path),
    )
    lies = await outcome(only_said, _later(given, found))
    done = await outcome(revoke, _later(given, found))
    assert (lies.status, done.status) == (FAILED, PASSED), done.detail
    assert (await outcome(request, given, is_undo=True)).status is PASSED
    platform.show("all", kind="hang")
    hangs = await outcome(revoke, replace(_later(given, found), seconds=0.3))
    assert hangs.status is NOT_MEASURED


@pytest.mark.parametrize(
    ("action", "wrong"),
    [
        ("request_access", {"with": {"steps": [REQUEST[0]]}}),
        ("request_access", {"with": {"url": "http://access.example.com"}}),
        ("request_access", {"way": "break_glass"}),
        ("request_access", {"way": None}),
        ("request_access", {"capture": ["nothing"]}),
        ("request_access", {"capture": ["session"], "refused": True}),
        ("revoke_access", {"with": {"steps": REQUEST}}),
        ("revoke_access", {"with": {"steps": REVOKE[:2]}}),
        ("revoke_access", {"refused": True}),
    ],
)
def test_wrong_settings_are_mistakes(action: str, wrong: dict[str, Any]) -> None:
    """Access is taken back; what revokes opens nothing, and looks."""
    steps = REQUEST if action == "request_access" else REVOKE
    good = {"url": "https://access.example.com", "secrets": {"password": {"env": "P"}}, "steps": steps}
    step_of(action, with_=good)
    with pytest.raises(ValidationError):
        step_of(action, **{**wrong, "with": {**good, **wrong.get("with", {})}})


def test_what_may_be_there_unseen_is_looked_for_in_time() -> None:
    """Undoing has as long as the step has, and a minute at least."""
    steps = [dict(each) for each in REQUEST]
    undo = REQUEST[1]["undo"]
    steps[1] = {**steps[1], "undo": {**undo, "find": {**undo["find"], "certain_after": "2m"}}}
    with_ = {"url": "https://access.example.com", "secrets": {"password": {"env": "P"}}, "steps": steps}
    step_of("request_access", with_=with_, within="3m")
    with pytest.raises(ValidationError):
        step_of("request_access", with_=with_, within="2m")
