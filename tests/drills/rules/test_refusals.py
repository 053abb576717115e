"""Each access by break-glass stands between two refusals of the same door, or it is said that it doesn't."""

from dataclasses import replace

import pytest

from drills.model.event import Began, Closed, Ended, Event, Opened
from drills.model.step import PlannedStep, Status, Way
from drills.rules.refusals import still_open
from drills.rules.verdict import judge
from tests.support.drilling import journal, opened, step

LOGIN = step("login", action="ssh", way=Way.BREAK_GLASS, door="host:22")
NO = replace(LOGIN, id="no", expects_refusal=True)
AGAIN = replace(NO, id="again")
BEFORE, AFTER = ("no_refusal_before", "login"), ("no_refusal_after", "login")
UNSEAL = replace(LOGIN, id="unseal", action="command", door="/bin/unseal")


def lacking(*steps: PlannedStep, unreal: str = "") -> set[tuple[str, str]]:
    """Return which refusals are lacking where these steps all passed, one after the other."""
    plan = opened([replace(each, is_real=each.id != unreal) for each in steps])
    return _found(plan, *(event for each in steps for event in (Began(each.id), Ended(each.id, Status.PASSED, ""))))


def _found(plan: Opened, *events: Event) -> set[tuple[str, str]]:
    findings = judge(journal(*events, Closed("passed", "", 0), begin=plan)).findings
    return {(each.code, each.step) for each in findings if each.code.startswith("no_refusal")}


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        pytest.param((NO, LOGIN, AGAIN), set(), id="before and after"),
        pytest.param((LOGIN,), {BEFORE, AFTER}, id="none at all"),
        pytest.param((NO, LOGIN), {AFTER}, id="before alone"),
        pytest.param((LOGIN, AGAIN), {BEFORE}, id="after alone"),
        pytest.param((NO, LOGIN, replace(AGAIN, action="http")), {AFTER}, id="another action"),
        pytest.param((NO, LOGIN, replace(AGAIN, door="other:22")), {AFTER}, id="another door"),
        pytest.param((NO, LOGIN, replace(AGAIN, door="")), set(), id="a door that can't be told"),
        pytest.param((NO, LOGIN, replace(AGAIN, way=Way.PLATFORM)), {AFTER}, id="by the platform"),
        pytest.param((replace(LOGIN, way=Way.PLATFORM),), set(), id="no access by break-glass"),
    ],
)
def test_what_is_lacking_is_found(steps: tuple[PlannedStep, ...], found: set[tuple[str, str]]) -> None:
    """By its code and the access's step."""
    assert lacking(*steps) == found


ME, STRANGER = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("after", "found"),
    [
        pytest.param(replace(AGAIN, identity=ME), set(), id="the same"),
        pytest.param(replace(AGAIN, identity=STRANGER), {AFTER}, id="a stranger"),
        pytest.param(replace(AGAIN, identity=STRANGER, through=("login",)), set(), id="what was got by it"),
        pytest.param(replace(AGAIN, identity=STRANGER, through=("no",)), {AFTER}, id="what was got elsewhere"),
        pytest.param(AGAIN, set(), id="of an earlier version"),
    ],
)
def test_only_who_got_in_is_seen_refused_after_it(after: PlannedStep, found: set[tuple[str, str]]) -> None:
    """Before it anybody who is refused shows that the door is not always open."""
    assert lacking(replace(NO, identity=STRANGER), replace(LOGIN, identity=ME), after) == found


@pytest.mark.parametrize(("identity", "evidences", "found"), [(ME, (), ["login"]), (ME, ("D8",), []), ("", (), [])])
def test_what_shows_that_it_was_taken_back_is_the_refusal(
    identity: str, evidences: tuple[str, ...], found: list[str]
) -> None:
    """And not a flag alone, whatever else was refused. Earlier versions did not ask for that."""
    plan = (NO, *(replace(each, identity=identity) for each in (LOGIN, replace(AGAIN, evidences=evidences))))
    events = (event for each in plan for event in (Began(each.id), Ended(each.id, Status.PASSED, "")))
    results = judge(journal(*events, begin=opened(plan))).steps
    shown = [each.id for each in plan if "D8" in each.evidences]
    assert [each.id for each in still_open(plan, results, shown)] == found


def test_only_a_refusal_that_is_evidence_counts() -> None:
    """Not one that was simulated."""
    assert lacking(NO, LOGIN, AGAIN, unreal="again") == {AFTER}


def test_what_overlaps_is_neither_before_nor_after() -> None:
    """A refusal in the background may have been seen before access was had, or after."""
    passed = [Ended(each, Status.PASSED, "") for each in ("no", "login")]
    events = (Began("no"), Began("login"), passed[1], passed[0])
    assert _found(opened((NO, LOGIN)), *events) == {BEFORE, AFTER}


def test_a_sealed_password_is_a_door_of_its_own() -> None:
    """Who gets in by what was unsealed is kept out by the seal."""
    shut = replace(UNSEAL, expects_refusal=True)
    steps = (replace(shut, id="sealed"), UNSEAL, replace(LOGIN, through=("unseal",)), replace(shut, id="resealed"))
    assert lacking(*steps) == set()
    assert lacking(*steps[:2], LOGIN, steps[3]) == {BEFORE, AFTER}
    assert lacking(*steps[:3]) == {AFTER, ("no_refusal_after", "unseal")}
