"""What a report shows is what the journal holds, and no more."""

from dataclasses import replace
from datetime import timedelta

import pytest

from drills.model.event import Approval, Began, Closed, Ended, Receipted
from drills.model.step import PlannedStep, Span, Status, Way
from drills.report.controls import shipped
from drills.report.view import view
from drills.rules.controls import Cited
from drills.rules.parts import PARTS
from drills.rules.verdict import judge
from tests.drills.report import sample

FLAG = Cited("flag", (6, 7), f"{7:064x}")
VIEW = view(sample.journal(), sample.RESULT, shipped(), [{Span.DETECT: 14.0}, {}])


def test_steps_have_their_times_and_entries() -> None:
    """A step is found in the journal by the numbers beside it."""
    steps = {step.id: step for step in VIEW.steps}
    assert steps["begin"].entries == (4, 5, 14, 15)
    assert (steps["begin"].from_seconds, steps["begin"].took_seconds) == (4.5, 1.5)
    assert steps["enter"].entries == (8, 9, 10)
    assert (steps["fake"].entries, steps["fake"].from_seconds, steps["fake"].began_at) == ((), None, None)


def test_only_evidence_makes_a_part_full() -> None:
    """A part whose step did not pass is shown by nothing."""
    parts = {part.id: part for part in VIEW.parts}
    assert (parts["D2"].standing, parts["D2"].cited) == ("full", (FLAG,))
    assert (parts["D5"].standing, parts["D5"].lacking) == ("none", ("enter",))
    assert (parts["D1"].standing, parts["D1"].lacking) == ("none", ("fake",))
    assert (parts["D9"].standing, parts["D9"].lacking) == ("none", ())
    assert list(parts) == list(PARTS)


def test_a_part_with_some_of_its_steps_is_partial() -> None:
    """Two steps were to show it, and one did."""
    steps = (*sample.STEPS, replace(sample.STEPS[1], id="again"))
    result = replace(
        sample.RESULT,
        steps=(*sample.RESULT.steps, replace(sample.RESULT.steps[1], id="again", is_evidence=False)),
    )
    shown = view(sample.journal((replace(sample.OPENED, steps=steps), *sample.EVENTS[1:])), result, shipped())
    part = next(part for part in shown.parts if part.id == "D2")
    assert (part.standing, part.cited, part.lacking) == ("partial", (FLAG,), ("again",))


def test_what_is_not_refused_again_is_not_taken_back_in_full() -> None:
    """Two doors were opened, and one was seen shut."""
    ssh = PlannedStep("ssh", "ssh", "", is_real=True, evidences=("D5",), way=Way.BREAK_GLASS)
    sql = replace(ssh, id="sql", action="sql")
    shut = replace(ssh, id="shut", evidences=("D8",), expects_refusal=True)
    for steps, standing, lacking in (
        ((ssh, shut), "full", ()),
        ((sql, ssh, shut), "partial", ("a refusal after sql",)),
    ):
        done = (event for each in steps for event in (Began(each.id), Ended(each.id, Status.PASSED, "")))
        entries = sample.journal((replace(sample.OPENED, steps=steps), *done, Closed("passed", "", 0)))
        part = next(part for part in view(entries, judge(entries), shipped()).parts if part.id == "D8")
        assert (part.standing, [each.what for each in part.cited], part.lacking) == (standing, ["shut"], lacking)


def test_signed_receipts_seal_the_evidence() -> None:
    """In full that of the end alone; none that is unsigned, or of a journal that is not this one."""
    end = Receipted("monitor", len(sample.EVENTS), f"{len(sample.EVENTS):064x}", "e.y.s")
    for events, standing, cited in (
        (sample.EVENTS, "none", ()),
        ((sample.OPENED, Receipted("monitor", 1, f"{1:064x}", "e.y.s"), *sample.EVENTS[3:]), "partial", (2,)),
        ((*sample.EVENTS, end), "full", (17,)),
        ((*sample.EVENTS, replace(end, jws="a promise")), "none", ()),
        ((*sample.EVENTS, replace(end, seq=18)), "none", ()),
    ):
        part = view(sample.journal(events), sample.RESULT, shipped()).parts[-1]
        entries = tuple(entry for each in part.cited for entry in each.entries)
        assert (part.id, part.standing, entries) == ("D12", standing, cited)


def test_earlier_runs_stand_beside_each_span() -> None:
    """A run that did not measure a span leaves a gap, and not a zero."""
    assert [each.earlier for each in VIEW.spans] == [(14.0, None), (None, None)]


def test_a_machine_that_was_started_anew_counts_wall_time() -> None:
    """Its other clock began again from nothing."""
    entries = sample.journal()
    entries[-1] = replace(entries[-1], boot="two", mono=7, at=sample.START + timedelta(hours=1))
    assert view(entries, sample.RESULT, shipped()).seconds == 3600.0


def test_who_holds_heads_is_told() -> None:
    """The last entry that somebody else saw bounds what could be rewritten."""
    assert [(each.by, each.count, each.last, each.is_signed) for each in VIEW.anchors] == [("monitor", 1, 2, True)]


def test_text_from_outside_shows_what_it_holds() -> None:
    """A mark that turns the reading order round can't make a failure read as a success."""
    events = tuple(
        Ended("enter", Status.FAILED, "de\u202elaf") if isinstance(each, Ended) and each.step == "enter" else each
        for each in sample.EVENTS
    )
    result = replace(sample.RESULT, steps=tuple(replace(each, detail="de\u202elaf") for each in sample.RESULT.steps))
    shown = view(sample.journal(events), result, shipped())
    assert all("\u202e" not in step.detail for step in shown.steps)


@pytest.mark.parametrize("entries", [[], sample.journal()[1:]], ids=["none", "the opening is missing"])
def test_what_does_not_begin_with_an_opening_is_no_run(entries: list) -> None:  # type: ignore[type-arg]  # entries of a journal
    """There is nothing it could be a report of."""
    with pytest.raises(ValueError, match="opened"):
        view(entries, sample.RESULT, shipped())


def test_who_approved_nothing_is_nobody_once() -> None:
    """What let it go is said, and nothing twice; and where nobody can check who did."""
    for approval, said in (
        (Approval("bea", "k", jws="e.y.s"), "bea (key k)"),
        (Approval("bea", "k"), "bea (key k; what was signed is not held)"),
        (Approval(None), "nobody: no step of it really acts"),
        (Approval(None, why="nobody approved it"), "nobody"),
        (
            Approval(None, why="nobody approved it: there is no door.approval.jws"),
            "nobody: there is no door.approval.jws",
        ),
        (Approval(None, why="let go by the settings"), "nobody: let go by the settings"),
    ):
        entries = sample.journal((replace(sample.OPENED, approval=approval), *sample.EVENTS[1:]))
        assert view(entries, sample.RESULT, shipped()).approved == said


def test_clean_up_has_its_times() -> None:
    """Of the last undo of a step, by the same clock; none where its beginning is not there."""
    assert (VIEW.undos[0].from_seconds, VIEW.undos[0].took_seconds) == (19.5, 1.5)
    lone = view(sample.journal((*sample.EVENTS[:13], *sample.EVENTS[14:])), sample.RESULT, shipped())
    assert (lone.undos[0].from_seconds, lone.undos[0].took_seconds) == (None, None)
