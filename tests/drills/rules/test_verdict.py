"""A drill passed only if nothing speaks against it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drills.model.event import (
    Approval,
    Began,
    Checkpoint,
    CleaningUp,
    Closed,
    Ended,
    Entry,
    Event,
    Gated,
    Interrupted,
    NotTold,
    Opened,
    Receipted,
    Resumed,
    UndoBegan,
    UndoEnded,
)
from drills.model.step import Span, Status, Way
from drills.model.verdict import Severity, Verdict
from drills.rules.verdict import BADNESS, judge
from tests.support.clock import START
from tests.support.drilling import journal, opened, step

PLAN = opened(
    [
        step("exercise", undo="ends the exercise", begins=(Span.DETECT, Span.FLAG)),
        step("flag", ends=(Span.DETECT, Span.FLAG), evidences=("D2",)),
        step("sealed", way=Way.BREAK_GLASS, expects_refusal=True, evidences=("D5R",)),
        step("login", way=Way.BREAK_GLASS, evidences=("D4", "D5")),
        step("shut", way=Way.BREAK_GLASS, expects_refusal=True, evidences=("D8",)),
        step("old_door", way=Way.PLATFORM, expects_refusal=True),
    ],
    targets={Span.DETECT: 60.0},
    approval=Approval("berta", "kid", jws="e.y.s"),
)
GOOD: Sequence[Event] = (
    Gated("evidence", Status.PASSED, "written"),
    Receipted("monitor", 2, "a" * 64, "jws"),
    Began("exercise", has_undo=True),
    Ended("exercise", Status.PASSED, "begun"),
    Checkpoint(),
    Began("flag"),
    Ended("flag", Status.PASSED, "it says exercise", tries=3),
    Began("sealed"),
    Ended("sealed", Status.PASSED, "refused"),
    Began("login"),
    Ended("login", Status.PASSED, "let in"),
    Began("shut"),
    Ended("shut", Status.PASSED, "refused again"),
    Began("old_door"),
    Ended("old_door", Status.PASSED, "refused"),
    CleaningUp("every step is done", ("exercise",)),
    UndoBegan("exercise"),
    UndoEnded("exercise", Status.PASSED, "ended"),
)
CLOSED = Closed("passed", "", 0)


def _run(*events: Event, begin: Opened = PLAN) -> list[Entry]:
    return journal(*events, begin=begin)


def _without(*gone: Event) -> list[Event]:
    return [event for event in GOOD if event not in gone]


def _with(old: Event, *new: Event) -> list[Event]:
    at = GOOD.index(old)
    return [*GOOD[:at], *new, *GOOD[at + 1 :]]


LOGIN = Ended("login", Status.PASSED, "let in")
UNDONE = UndoEnded("exercise", Status.PASSED, "ended")


def test_a_drill_against_which_nothing_speaks_passed() -> None:
    """With its steps as evidence, and without a finding."""
    result = judge(_run(*GOOD, CLOSED, Receipted("monitor", 20, "b" * 64), Checkpoint()))
    assert (result.verdict, result.exit_code, result.findings) == (Verdict.PASSED, 0, ())
    assert result.why == "6 of 6 steps are evidence"
    assert result.evidence == {
        "D2": ("flag",),
        "D4": ("login",),
        "D5": ("login",),
        "D5R": ("sealed",),
        "D8": ("shut",),
    }
    assert [(each.span, each.seconds, each.is_met) for each in result.spans] == [
        (Span.DETECT, 3.0, True),
        (Span.FLAG, 3.0, None),
        (Span.TOTAL, 15.0, None),
    ]
    flag = result.steps[1]
    assert (flag.status, flag.tries, flag.is_evidence) == (Status.PASSED, 3, True)
    assert flag.began_at is not None
    assert flag.ended_at is not None
    assert (flag.ended_at - flag.began_at).total_seconds() == 1
    assert result.steps[0].undo is Status.PASSED


def test_who_closes_it_learns_what_it_will_come_to() -> None:
    """The same result as after it was closed with it."""
    before, after = judge(_run(*GOOD), is_closing=True), judge(_run(*GOOD, CLOSED))
    assert before == after


def _refusing(status: Status) -> list[Event]:
    return _with(LOGIN, Ended("login", status, "said no"))


TABLE: list[tuple[str, Sequence[Event], Verdict, int]] = [
    ("a step failed", _refusing(Status.FAILED), Verdict.FAILED, 1),
    ("a step was not measured", _refusing(Status.NOT_MEASURED), Verdict.NOT_MEASURED, 4),
    ("a step met a fault", _refusing(Status.ERROR), Verdict.NOT_MEASURED, 4),
    ("a step was let go", _refusing(Status.WAIVED), Verdict.NOT_MEASURED, 4),
    ("a step was skipped", _with(LOGIN, Ended("login", Status.SKIPPED, "")), Verdict.NOT_MEASURED, 4),
    ("a step was cut short", _refusing(Status.INTERRUPTED), Verdict.ABORTED, 5),
    ("a step has no end", _without(LOGIN), Verdict.ABORTED, 5),
    ("a step never began", _without(Began("login"), LOGIN), Verdict.NOT_MEASURED, 4),
    ("a step ended before it began", [LOGIN, *_without(LOGIN)], Verdict.NOT_MEASURED, 4),
    ("a step ended twice", _with(LOGIN, LOGIN, Ended("login", Status.FAILED, "")), Verdict.FAILED, 1),
    ("a step is not in the plan", [*GOOD, Began("other")], Verdict.FAILED, 1),
    ("an undo failed", _with(UNDONE, UndoEnded("exercise", Status.FAILED, "no")), Verdict.CLEAN_UP_FAILED, 6),
    ("an undo was not measured", _with(UNDONE, UndoEnded("exercise", Status.ERROR, "")), Verdict.CLEAN_UP_FAILED, 6),
    ("an undo never came", _without(UNDONE), Verdict.CLEAN_UP_FAILED, 6),
    ("an undo passed only later", _with(UNDONE, UndoEnded("exercise", Status.FAILED, ""), UNDONE), Verdict.FAILED, 1),
    ("what was undone was done again", [*GOOD, Began("exercise", has_undo=True)], Verdict.CLEAN_UP_FAILED, 6),
    ("a signal came", [*GOOD, Interrupted("SIGTERM")], Verdict.ABORTED, 5),
    ("another process went on", [*GOOD, Resumed("anna", "host")], Verdict.ABORTED, 5),
    ("a gate was shut", [Gated("platform", Status.FAILED, "down")], Verdict.ABORTED, 1),
    ("a gate could not be asked", [Gated("monitor", Status.NOT_MEASURED, "")], Verdict.ABORTED, 4),
    ("it could not be opened", [NotTold("monitor", "no answer")], Verdict.ABORTED, 4),
    ("nothing was done", [], Verdict.NOT_MEASURED, 4),
    (
        "it failed, was interrupted, and left something behind",
        [*_refusing(Status.FAILED)[:-1], Interrupted("SIGINT")],
        Verdict.CLEAN_UP_FAILED,
        6,
    ),
    ("it failed, and something was not measured", [*_refusing(Status.FAILED), LOGIN, *GOOD[:1]], Verdict.FAILED, 1),
]


@pytest.mark.parametrize(("events", "verdict", "code"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_what_speaks_against_a_run(events: Sequence[Event], verdict: Verdict, code: int) -> None:
    """Before it is closed, and after: whatever word it was closed with."""
    result = judge(_run(*events), is_closing=True)
    assert (result.verdict, result.exit_code) == (verdict, code)
    assert judge(_run(*events, Closed(result.verdict, result.why, code, result.residue))) == result
    closed = judge(_run(*events, Closed("passed", "", 0)))
    assert (closed.verdict, closed.exit_code, closed.why) == (verdict, code, result.why)


ENDS: list[tuple[str, Sequence[Event], Verdict, int]] = [
    ("never closed", GOOD, Verdict.OPEN, 1),
    ("never closed, and something is left behind", _without(UNDONE), Verdict.OPEN, 6),
    ("closed as failed", [*GOOD, Closed("failed", "", 1)], Verdict.FAILED, 1),
    ("closed as aborted", [*GOOD, Closed("aborted", "", 5)], Verdict.ABORTED, 5),
    ("closed as a word that is none", [*GOOD, Closed("splendid", "", 0)], Verdict.FAILED, 1),
    ("closed as open", [*GOOD, Closed("open", "", 0)], Verdict.FAILED, 1),
    ("closed with something left", [*GOOD, Closed("passed", "", 0, ("a rule",))], Verdict.CLEAN_UP_FAILED, 6),
    ("gone on with after that", [*GOOD, CLOSED, Gated("evidence", Status.PASSED, "")], Verdict.ABORTED, 5),
    ("closed twice", [*GOOD, CLOSED, CLOSED], Verdict.ABORTED, 5),
    ("closed and resumed", [*GOOD, CLOSED, Resumed("anna", "host"), CLOSED], Verdict.ABORTED, 5),
]


@pytest.mark.parametrize(("events", "verdict", "code"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
def test_how_a_run_was_closed(events: Sequence[Event], verdict: Verdict, code: int) -> None:
    """It is never better than the word that it was closed with."""
    result = judge(_run(*events))
    assert (result.verdict, result.exit_code) == (verdict, code)


def test_a_journal_that_does_not_begin_at_the_beginning_passed_nothing() -> None:
    """Whatever comes after."""
    for entries in ([], journal(*GOOD, CLOSED)):
        result = judge(entries)
        assert result.verdict in (Verdict.ABORTED, Verdict.OPEN)
        assert result.exit_code == 1
        assert [finding.code for finding in result.findings][:1] == ["not_opened"]


PLANS: list[tuple[str, Opened, Verdict, str]] = [
    ("a target was missed", replace(PLAN, targets={Span.DETECT: 2.5}), Verdict.FAILED, "target_missed"),
    (
        "a target was not measured",
        replace(PLAN, targets={Span.REVOKE: 60.0}),
        Verdict.NOT_MEASURED,
        "target_not_measured",
    ),
    (
        "the only way in leads through the platform",
        replace(PLAN, steps=tuple(replace(each, way=each.way and Way.PLATFORM) for each in PLAN.steps)),
        Verdict.FAILED,
        "only_through_platform",
    ),
    (
        "nothing is real",
        replace(PLAN, targets={}, steps=tuple(replace(each, is_real=False) for each in PLAN.steps)),
        Verdict.NOT_MEASURED,
        "nobody_in",
    ),
    (
        "who ran it approved it",
        replace(PLAN, approval=Approval("Anna ", jws="e.y.s")),
        Verdict.FAILED,
        "approved_by_operator",
    ),
    ("no signed word is held", replace(PLAN, approval=Approval("berta", "kid")), Verdict.PASSED, "approval_not_held"),
    ("nobody approved it", replace(PLAN, approval=Approval(None, why="waived")), Verdict.PASSED, "approval_waived"),
]


@pytest.mark.parametrize(("plan", "verdict", "code"), [row[1:] for row in PLANS], ids=[row[0] for row in PLANS])
def test_what_the_plan_asks_for(plan: Opened, verdict: Verdict, code: str) -> None:
    """Targets, ways in, real steps, a second person."""
    result = judge(_run(*GOOD, Closed("passed", "", 0), begin=plan))
    assert result.verdict is verdict
    assert {finding.code for finding in result.findings} == ({code} if code else set())


@pytest.mark.parametrize("status", [Status.SIMULATED, Status.SKIPPED, Status.WAIVED, Status.ERROR, Status.NOT_MEASURED])
def test_only_what_was_real_and_passed_is_evidence(status: Status) -> None:
    """Not a step that came out in any other way, nor one that is not real."""
    result = judge(_run(*_refusing(status), CLOSED))
    assert "D4" not in result.evidence
    unreal = replace(PLAN, steps=tuple(replace(each, is_real=each.id != "login") for each in PLAN.steps))
    assert "D4" not in judge(_run(*GOOD, CLOSED, begin=unreal)).evidence


def test_a_simulated_step_keeps_no_drill_from_passing() -> None:
    """It is noted, and shows nothing."""
    simulated = _with(Ended("old_door", Status.PASSED, "refused"), Ended("old_door", Status.SIMULATED, ""))
    result = judge(_run(*simulated, CLOSED))
    assert (result.verdict, [finding.code for finding in result.findings]) == (Verdict.PASSED, ["step_simulated"])


def test_where_nobody_got_in_nothing_passes() -> None:
    """Refusals alone don't show that there is a way in; nor does an access that was simulated."""
    alone = replace(PLAN, steps=tuple(each for each in PLAN.steps if each.id != "login"))
    without = [event for event in GOOD if getattr(event, "step", "") != "login"]
    for run in (_run(*without, CLOSED, begin=alone), _run(*_refusing(Status.SIMULATED), CLOSED)):
        result = judge(run)
        assert (result.verdict, result.exit_code) == (Verdict.NOT_MEASURED, 4)
        assert result.why == "nobody got in by break-glass"
        assert ("nobody_in", "") in {(each.code, each.step) for each in result.findings}
        assert not result.evidence.keys() & {"D4", "D5", "D8"}


def test_each_finding_has_an_owner_and_a_day() -> None:
    """The scenario's, and by how bad it is; a note has neither, and a plan of before set no day."""
    plan = replace(PLAN, findings_due={"major": 86400.0 * 30, "minor": 86400.0 * 90})
    events = (
        *_refusing(Status.SIMULATED),
        Ended("flag", Status.FAILED, ""),
        Gated("window", Status.WAIVED, ""),
        CLOSED,
    )
    by_code = {each.code: (each.owner, each.due) for each in judge(_run(*events, begin=plan)).findings}
    day = START.date()
    assert by_code["step_failed"] == ("Platform team", day + timedelta(days=30))
    assert by_code["gate_waived"] == ("Platform team", day + timedelta(days=90))
    assert by_code["step_simulated"] == ("", None)
    assert {each.due for each in judge(_run(*events)).findings} == {None}
    endless = replace(PLAN, findings_due={"major": 1e15})
    assert {each.due for each in judge(_run(*events, begin=endless)).findings} == {None}


FOUND: list[tuple[Event, str, Severity]] = [
    (Gated("window", Status.WAIVED, "let go"), "gate_waived", Severity.MINOR),
    (NotTold("monitor", "no answer"), "not_told", Severity.MINOR),
    (Interrupted("SIGTERM"), "interrupted", Severity.MAJOR),
    (Interrupted("SIGTERM", "by hand"), "interrupted", Severity.MAJOR),
    (Resumed("anna", "host", torn=9), "torn", Severity.NOTE),
    (Ended("login", Status.FAILED, "no"), "step_failed", Severity.MAJOR),
    (UndoEnded("exercise", Status.FAILED, "no"), "undo_failed", Severity.MAJOR),
    (Began("exercise", has_undo=True), "residue", Severity.CRITICAL),
]


@pytest.mark.parametrize(("event", "code", "severity"), FOUND)
def test_what_was_found_is_said(event: Event, code: str, severity: Severity) -> None:
    """Once, the worst first."""
    findings = judge(_run(*GOOD, event, event), is_closing=True).findings
    assert [finding.severity for finding in findings if finding.code == code] == [severity]
    order = [list(Severity).index(finding.severity) for finding in findings]
    assert order == sorted(order)


def test_what_nobody_elsewhere_held_is_said() -> None:
    """Nobody could tell if it were written anew."""
    codes = {finding.code for finding in judge(_run(*_without(GOOD[1]), CLOSED)).findings}
    assert codes == {"not_witnessed"}


@pytest.mark.parametrize(
    ("before", "is_slower"),
    [([1.0, 1.1, 0.9], True), ([1.0, 3.5], False), ([2.5, 2.5], False), ([], False), ([9.0, 1.0, 1.0, 1.0, 1.0], True)],
)
def test_a_span_is_compared_with_the_last_four_runs(before: list[float], is_slower: bool) -> None:  # noqa: FBT001 - a table
    """Longer than each, than one and a half of the median, and by a second."""
    result = judge(_run(*GOOD, CLOSED), [{Span.DETECT: seconds} for seconds in before])
    assert result.verdict is Verdict.PASSED
    assert any(finding.code == "slower" for finding in result.findings) is is_slower


def test_residue_is_named_once() -> None:
    """As the undo named it, or as it was closed with; last in, first out."""
    plan = replace(PLAN, steps=(*PLAN.steps, step("grant", undo="takes it back")))
    left = [*_without(UNDONE), Began("grant", has_undo=True), UndoEnded("grant", Status.FAILED, "", "grant: anna's")]
    assert judge(_run(*left, begin=plan), is_closing=True).residue == (
        "grant: anna's",
        "exercise: what it did; by hand: ends the exercise",
    )
    said = Closed("clean_up_failed", "", 6, ("grant: anna's", "exercise: by hand"))
    assert judge(_run(*left, said, begin=plan)).residue == ("grant: anna's", "exercise: by hand")


# Properties

STATUSES = st.sampled_from(Status)
STEPS = st.sampled_from([each.id for each in PLAN.steps])
ANY: st.SearchStrategy[Event] = st.one_of(
    st.sampled_from(GOOD),
    st.builds(Ended, STEPS, STATUSES, st.just("")),
    st.builds(UndoEnded, STEPS, STATUSES, st.just("")),
    st.builds(Began, STEPS, st.booleans()),
    st.builds(Gated, st.just("window"), STATUSES, st.just("")),
    st.builds(Interrupted, st.just("SIGTERM")),
    st.builds(Resumed, st.just("anna"), st.just("host")),
    st.just(CLOSED),
)
BAD: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        Ended,
        STEPS,
        st.sampled_from([Status.FAILED, Status.ERROR, Status.NOT_MEASURED, Status.SKIPPED, Status.INTERRUPTED]),
        st.just(""),
    ),
    st.builds(UndoEnded, STEPS, STATUSES.filter(lambda status: status is not Status.PASSED), st.just("")),
    st.builds(Interrupted, st.just("SIGTERM")),
    st.builds(Resumed, st.just("anna"), st.just("host")),
)
RUNS = st.lists(ANY, max_size=12) | st.permutations(GOOD).map(list) | st.just(list(GOOD))


@given(RUNS, BAD, st.data())
def test_nothing_that_went_wrong_ever_passes(events: list[Event], bad: Event, data: st.DataObject) -> None:
    """Wherever in a run it stands, and whatever else does."""
    at = data.draw(st.integers(0, len(events)))
    run = _run(*events[:at], bad, *events[at:], CLOSED)
    assert judge(run).verdict is not Verdict.PASSED
    assert judge(run[:-1], is_closing=True).verdict is not Verdict.PASSED
    assert judge(run).exit_code != 0


@given(RUNS, BAD, st.booleans())
def test_what_speaks_against_a_run_makes_no_verdict_better(
    events: list[Event],
    bad: Event,
    is_closing: bool,  # noqa: FBT001 - drawn
) -> None:
    """Added at its end; but for how a step ended that was cut short for all anybody knew."""
    ended = {event.step for event in events if isinstance(event, Ended)}
    cut_short = {event.step for event in events if isinstance(event, Began)} - ended
    assume(not (isinstance(bad, Ended) and bad.step in cut_short))
    before = judge(_run(*events), is_closing=is_closing)
    after = judge(_run(*events, bad), is_closing=is_closing)
    assert BADNESS.index(after.verdict) >= BADNESS.index(before.verdict)
    assert (before.exit_code == 0) >= (after.exit_code == 0)


@given(st.lists(ANY, max_size=14))
def test_what_passed_was_closed_clean_and_real(events: list[Event]) -> None:
    """Read from the entries, without the rules."""
    result = judge(_run(*events))
    if result.verdict is not Verdict.PASSED:
        assert result.exit_code != 0
        return
    ended = {event.step for event in events if isinstance(event, Ended) and event.status is Status.PASSED}
    assert ended == {each.id for each in PLAN.steps}
    assert UNDONE in events
    assert isinstance(events[-1], Closed | Checkpoint | Receipted)
    assert not any(isinstance(event, Interrupted | Resumed) for event in events)


@given(st.lists(ANY, max_size=14))
def test_every_run_has_a_result(events: list[Event]) -> None:
    """For every step of the plan, in its order; evidence is of real steps that passed."""
    result = judge(_run(*events))
    assert [each.id for each in result.steps] == [each.id for each in PLAN.steps]
    shown = {each.id for each in result.steps if each.is_evidence}
    assert {id_ for ids in result.evidence.values() for id_ in ids} <= shown
    assert all(each.status is Status.PASSED for each in result.steps if each.is_evidence)
    assert result.why
