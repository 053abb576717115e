"""What steps are evidence of: only what a step of their kind can show, and what happened in that order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.model.event import Began, Ended, Entry
from drills.model.step import PlannedStep, Status, Way
from drills.rules.parts import PARTS, Kind, Sought, kind_of, unshown
from drills.rules.refusals import AFTER, BEFORE, accesses, unproven
from drills.rules.results import evidence, step_results
from tests.support.drilling import journal, opened, step

ALL = tuple(PARTS)
POSITIVE = {"D1", "D2", "D3", "D4", "D6", "D7", "D8", "D10"}
ACCESS = step("login", way=Way.BREAK_GLASS, evidences=ALL)
REFUSAL = replace(ACCESS, id="no", expects_refusal=True)


def shown(*steps: PlannedStep) -> Mapping[str, tuple[str, ...]]:
    """Return what is shown where these steps all passed, one after the other."""
    return evidence(steps, step_results(_done(*steps)))


def _done(*steps: PlannedStep) -> list[Entry]:
    events = (event for each in steps for event in (Began(each.id), Ended(each.id, Status.PASSED, "")))
    return journal(*events, begin=opened(steps))


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        pytest.param(Kind("http", False, Way.BREAK_GLASS), POSITIVE | {"D5"}, id="access"),
        pytest.param(Kind("http", is_refusal=False), POSITIVE, id="by whichever way"),
        pytest.param(Kind("http", is_refusal=True), {"D5R", "D8", "D9"}, id="a refusal"),
        pytest.param(Kind("manual", is_refusal=False), POSITIVE | {"D0", "D11"}, id="a person"),
        pytest.param(Kind("manual", is_refusal=True), {"D5R", "D8", "D9"}, id="a person who was refused"),
        pytest.param(Kind("http", False, Way.PLATFORM), POSITIVE, id="by the platform"),
        pytest.param(Kind("rotate", is_refusal=False), POSITIVE | {"D9"}, id="a rotation"),
        pytest.param(Kind("expect_audit", False, sought=Sought.ENTRY), POSITIVE, id="an entry"),
        pytest.param(
            Kind("expect_audit", False, sought=Sought.REFUSED),
            POSITIVE - {"D6"} | {"D6R"},
            id="an entry of a refusal",
        ),
        pytest.param(Kind("expect_audit", False, sought=Sought.ABSENCE), set(), id="no entry"),
    ],
)
def test_what_each_kind_of_step_can_show(kind: Kind, parts: set[str]) -> None:
    """D12 none can, and what is no part of a drill neither."""
    assert {part for part in (*PARTS, "D13", "") if not unshown(part, kind)} == parts


def test_access_is_taken_back_only_after_it_was_had() -> None:
    """A refusal before shows that nobody got in, and not that it was taken back."""
    assert "D8" not in shown(REFUSAL)
    assert shown(REFUSAL, ACCESS)["D5R"] == ("no",)
    assert "D8" not in shown(REFUSAL, ACCESS)  # the access itself began before it was had
    assert shown(REFUSAL, ACCESS, replace(REFUSAL, id="shut"))["D8"] == ("shut",)
    assert "D8" not in shown(replace(ACCESS, way=Way.PLATFORM), replace(REFUSAL, id="shut"))


def test_an_old_credential_is_refused_only_after_a_rotation() -> None:
    """A password that nobody ever had is refused as well; and what lets in rotates nothing."""
    rotate = step("rotate", action="rotate", evidences=("D9",))
    assert "D9" not in shown(REFUSAL, ACCESS)
    assert shown(REFUSAL, rotate, replace(REFUSAL, id="spent"))["D9"] == ("rotate", "spent")
    assert "D9" not in shown(replace(rotate, is_real=False), REFUSAL)


def test_the_platform_grants_again_only_after_the_outage() -> None:
    """After all that shows it, and after the exercise was ended where a step was to end it."""
    outage = step("outage", action="exercise", evidences=("D1",))
    end = step("end", action="exercise", line="Over: end the exercise of step outage")
    again = step("again", evidences=("D10",))
    assert "D10" not in shown(again)
    assert "D10" not in shown(again, outage)
    assert shown(outage, again)["D10"] == ("again",)
    assert "D10" not in shown(outage, again, end)
    assert "D10" not in shown(outage, replace(end, is_real=False), again)  # as where it did not pass
    assert shown(outage, end, again, replace(again, id="more"))["D10"] == ("again", "more")
    assert "D10" not in shown(outage, again, replace(outage, id="another"))


def test_access_that_named_no_way_is_taken_for_break_glass_in_older_plans() -> None:
    """It is shown as it was then, and has to stand between refusals."""
    old = step("true", action="command", evidences=("D5",))
    assert kind_of(old).way is Way.BREAK_GLASS
    assert shown(old)["D5"] == ("true",)
    assert [(each.id, when) for each, when in unproven([old], step_results(_done(old)))] == [
        ("true", BEFORE),
        ("true", AFTER),
    ]
    assert accesses([old], step_results(_done(old))) == ()


def test_a_flag_that_had_to_be_refused_was_no_opening_in_older_plans_either() -> None:
    """They know it by its line alone."""
    old = step("forged", action="expect_flag", line="Forged: read the flag at f: it must be refused as signature")
    assert kind_of(old).is_refusal
    assert not shown(replace(old, evidences=("D4", "D5")))
    titled = replace(old, line="What follows: it must be refused as signature: read the flag at f: it must say ready")
    assert not kind_of(titled).is_refusal


STEPS = st.lists(
    st.builds(
        step,
        st.uuids().map(str),
        action=st.sampled_from(["http", "manual", "expect_flag", "rotate"]),
        is_real=st.booleans(),
        way=st.sampled_from([None, *Way]),
        expects_refusal=st.booleans(),
        evidences=st.lists(st.sampled_from([*PARTS, "D13"]), max_size=4).map(tuple),
    ),
    max_size=6,
)


@given(STEPS, st.data())
def test_no_refusal_shows_that_anybody_got_in(steps: Sequence[PlannedStep], data: st.DataObject) -> None:
    """Wherever it is added, whatever it claims: it adds nothing but that something was refused."""
    at = data.draw(st.integers(0, len(steps)))
    before, after = shown(*steps), shown(*steps[:at], REFUSAL, *steps[at:])
    for part in PARTS:
        more = set(after.get(part, ())) - set(before.get(part, ()))
        assert more <= ({"no"} if part in ("D5R", "D8", "D9") else set())
    assert before.items() <= {part: tuple(s for s in ids if s != "no") for part, ids in after.items()}.items()
    assert ("no" in after.get("D8", ())) <= bool(before.get("D5"))
    assert ("no" in after.get("D9", ())) <= bool(before.get("D9"))


@given(STEPS)
def test_what_is_shown_could_be_shown(steps: Sequence[PlannedStep]) -> None:
    """And was claimed, of a real step; nothing is taken back before access was had."""
    by_id = {each.id: (place, each) for place, each in enumerate(steps)}
    found = shown(*steps)
    for part, ids in found.items():
        assert ids
        assert all(part in by_id[id_][1].evidences and by_id[id_][1].is_real for id_ in ids)
        assert not any(unshown(part, kind_of(by_id[id_][1])) for id_ in ids)
    first = min((by_id[id_][0] for id_ in found.get("D5", ())), default=len(steps))
    assert all(by_id[id_][0] > first for id_ in found.get("D8", ()))
    last = max((by_id[id_][0] for id_ in found.get("D1", ())), default=len(steps))
    assert all(by_id[id_][0] > last for id_ in found.get("D10", ()))
