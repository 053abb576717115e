"""Exercises: when one may begin, what it adds, everything that ends it, and what it never touches."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model.act import Answer, Confirm, Hand, Inhibit, Lower, Raise, Renew
from monitor.model.event import ClockSetBack, PersonActed, Reconfigured, Unwatched
from monitor.model.exercise import EndExercise, ExerciseBegan, ExerciseFound, ExerciseOver, Sees
from monitor.model.fact import CauseAdded, CauseEnded, FlagChanged, OutageOpened, PageDecided
from monitor.model.outcome import OutcomeKind
from monitor.model.page import PageKind, PageStatus
from monitor.model.verdict import CauseKind, FlagState, Phase, Role, Verdict
from monitor.rules import exercise, restart
from monitor.rules.exercise import AWAY, MOST_A_DAY, MOST_AT_ONCE
from tests.support.exercising import RUN, WISH, begin, detect, drills, end, exercised, latest
from tests.support.paged import MANUAL, last
from tests.support.rulings import HOUR, MINUTE, SECOND, Platform, down, policy, probe, up

ACCESS = replace(probe("access", role=Role.DECIDING), interval=5 * MINUTE)
SPARE = replace(probe("spare", "approve"), critical=False)


def over(platform: Platform) -> str:
    """Return why the exercise ended in the last step; it must have, and its cause with it."""
    facts = [fact for fact in platform.step.facts if isinstance(fact, ExerciseOver)]
    assert len(facts) == 1
    assert drills(platform) == []
    assert not latest(platform).is_running
    assert latest(platform) == facts[0].exercise
    return facts[0].exercise.why


# beginning


def test_it_begins_without_a_cause_and_without_a_page() -> None:
    """Nothing is raised until it is detected."""
    platform = up()
    before = platform.state
    ruling = begin(platform)
    assert (ruling.answer, ruling.subject) == (Answer.DONE, "ex-1")
    assert latest(platform).until == platform.now + 30 * MINUTE
    assert [type(fact) for fact in platform.step.facts] == [ExerciseBegan]
    assert platform.state.causes == before.causes == ()
    assert platform.flag() is FlagState.STANDBY


def test_the_same_again_is_the_same_exercise() -> None:
    """While it runs and afterwards: nothing begins anew, whatever else would forbid it now."""
    platform = exercised()
    assert begin(platform).answer is Answer.DONE
    assert platform.step.facts == ()
    end(platform)
    platform.confirm()
    assert begin(platform, obstacle="not ready").answer is Answer.DONE
    assert platform.step.facts == ()
    assert len(platform.state.exercises) == 1


def test_another_wish_under_the_same_id_is_refused() -> None:
    """An id names one exercise."""
    platform = exercised()
    for other in (replace(WISH, span=HOUR), replace(WISH, run="other"), replace(WISH, sees=Sees.REFUSE)):
        ruling = begin(platform, other)
        assert ruling.answer is Answer.NOT_POSSIBLE
        assert "another exercise's" in ruling.line


def suspected() -> Platform:
    """Return a platform one of whose probes is being confirmed."""
    platform = up()
    platform.bad()
    return platform


def left_open() -> Platform:
    """Return a platform whose round was broken by an attempt that could not be measured."""
    platform = suspected()
    platform.not_measured()
    return platform


def unknown() -> Platform:
    """Return a platform that was not measured for long."""
    platform = up()
    platform.tick(MINUTE)
    return platform


def blind() -> Platform:
    """Return a platform that this vantage can't see."""
    platform = up()
    platform.blind()
    return platform


def in_doubt() -> Platform:
    """Return a platform with a bad probe that isn't critical, which was not confirmed again after a gap."""
    platform = up(probe(), SPARE)
    platform.confirm("spare")
    platform.restart(HOUR)
    platform.good("portal")
    return platform


def raised() -> Platform:
    """Return a platform whose flag a person raised."""
    platform = up()
    platform.act(Raise("needed", HOUR))
    return platform


def held_closed() -> Platform:
    """Return a platform that was down, is up again, and whose outage two persons still hold closed."""
    platform = down()
    asked = platform.act(Inhibit("false alarm", HOUR))
    platform.act(Confirm(str(asked.subject)), "ben")
    platform.recover()
    return platform


def lowering() -> Platform:
    """Return a platform that is up again after an outage, whose flag is still ready."""
    platform = down()
    platform.recover()
    return platform


def seen_down_elsewhere() -> Platform:
    """Return a platform that a minority of the vantages sees down."""
    platform = up(vantages=3)
    platform.vote(b=Verdict.DOWN, c=Verdict.UP)
    return platform


def seen_down_here() -> Platform:
    """Return a platform that this vantage alone sees down."""
    platform = up(vantages=3)
    platform.vote(b=Verdict.UP, c=Verdict.UP)
    platform.confirm()
    platform.vote(b=Verdict.UP, c=Verdict.UP)
    return platform


def never_found() -> Platform:
    """Return a platform whose critical function is told of only at second hand."""
    return up(replace(probe(), critical=False), probe("beat", "beating", Role.SECOND_HAND))


def exercised_already() -> Platform:
    """Return a platform that is exercised."""
    platform = up()
    assert not begin(platform, replace(WISH, id="another")).is_refused
    return platform


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (suspected, "payments is suspected, probe portal"),
        (left_open, "payments is suspected, probe portal"),
        (in_doubt, "payments is suspected, probe spare"),
        (down, "is open, and it is real"),
        (unknown, "payments is unknown"),
        (blind, "this vantage is blind"),
        (raised, "the flag has a cause already (manual "),
        (held_closed, "the flag has a cause already (outage "),
        (lowering, "the flag has a cause already (outage "),
        (seen_down_elsewhere, "b sees payments down"),
        (seen_down_here, "payments is down"),
        (never_found, "it would never be detected"),
        (exercised_already, "exercise another runs on payments already"),
    ],
    ids=lambda each: each.__name__ if callable(each) else "",
)
def test_it_is_refused(make: Callable[[], Platform], why: str) -> None:
    """Unless the platform is seen to work, with the reason; nothing changes."""
    platform = make()
    before = platform.state
    ruling = begin(platform)
    assert ruling.answer is Answer.NOT_POSSIBLE
    assert why in ruling.line
    assert replace(platform.state, wake_at=before.wake_at) == before
    assert platform.step.facts == ()


def test_a_monitor_that_is_not_ready_refuses() -> None:
    """Whatever it believes of the platform."""
    ruling = begin(up(), obstacle="the monitor is not ready: payments/portal has not run yet")
    assert ruling.answer is Answer.NOT_POSSIBLE
    assert "has not run yet" in ruling.line


def test_degraded_without_suspicion_is_good_enough() -> None:
    """A function that isn't critical may be down: that is confirmed."""
    platform = up(probe(), SPARE)
    platform.confirm("spare")
    assert platform.verdict() is Verdict.DEGRADED
    platform.good("portal")
    assert begin(platform).answer is Answer.DONE


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (replace(WISH, span=9 * SECOND), "lasts from 10s to 2h"),
        (replace(WISH, span=2 * HOUR + SECOND), "lasts from 10s to 2h"),
        (replace(WISH, principals=()), "at least one principal"),
        (replace(WISH, targets=("x" * 255,) * 17), "4096 bytes"),
        (replace(WISH, targets=("\N{KEY}" * 255,) * 5), "4096 bytes"),
        (replace(WISH, targets=("a\nb",)), "can be shown"),
        (replace(WISH, principals=(" ",)), "can be shown"),
        (replace(WISH, reason="a\nb"), "a reason is one line"),
        (replace(WISH, ticket=""), "a ticket is one line"),
    ],
)
def test_a_wish_that_does_not_fit_is_refused(wish: object, why: str) -> None:
    """By the rules, whatever came before them."""
    ruling = begin(up(), wish)  # type: ignore[arg-type]  # a wish
    assert ruling.answer is Answer.NOT_POSSIBLE
    assert why in ruling.line


def test_three_at_once_are_the_most() -> None:
    """On all platforms together."""
    assert begin(up(), elsewhere=MOST_AT_ONCE - 1).answer is Answer.DONE
    ruling = begin(up(), elsewhere=MOST_AT_ONCE)
    assert "3 exercises run already" in ruling.line


def test_a_day_has_twelve_and_then_no_more_until_the_first_is_a_day_old() -> None:
    """However short they were."""
    platform = up()
    for number in range(MOST_A_DAY):
        assert begin(platform, replace(WISH, id=f"ex-{number}")).answer is Answer.DONE
        end(platform, f"ex-{number}")
        platform.good()
    ruling = begin(platform, replace(WISH, id="more"))
    assert (ruling.answer, ruling.is_refused) == (Answer.TOO_MANY, True)
    again = platform.state.exercises[-1].began_at + 24 * HOUR
    assert "12 exercises of payments began within 24 hours" in ruling.line
    assert ruling.line.endswith(f": again at {again:%Y-%m-%d %H:%M:%SZ}")
    platform.now = platform.state.exercises[-1].began_at + 24 * HOUR
    platform.good()
    platform.good()
    assert begin(platform, replace(WISH, id="more")).answer is Answer.DONE


# detection


def test_its_detection_adds_the_cause_signs_and_pages() -> None:
    """Once; with all that the reader of the flag, and whoever is paged, must know."""
    platform = exercised()
    (cause,) = platform.state.causes
    assert (cause.kind, cause.id, cause.run, cause.by) == (CauseKind.EXERCISE, "ex-1", RUN, "drill-runner")
    assert (cause.principals, cause.targets, cause.ticket) == (WISH.principals, WISH.targets, "OPS-7")
    assert cause.until == latest(platform).until
    assert (latest(platform).detected_at, latest(platform).took) == (platform.now, 17.5 * SECOND)
    assert platform.flag() is FlagState.EXERCISE
    kinds = [type(fact) for fact in platform.step.facts]
    assert kinds == [ExerciseFound, CauseAdded, FlagChanged, PageDecided, PageDecided]
    page = last(platform, PageKind.FLAG)
    until = f"{cause.until:%H:%M:%SZ}"
    assert page.status is PageStatus.FIRING
    assert page.summary == (
        "payments: EXERCISE, not an outage, the platform is up; only drill-anna, drill-ben may break the glass until "
        f"{until}, for drill {RUN} of drill-runner"
    )
    detect(platform)
    assert platform.step.facts == ()


def test_what_is_not_running_is_not_detected() -> None:
    """Another id, one that ended, one whose platform went down in that instant."""
    platform = up()
    begin(platform)
    detect(platform, "another")
    assert platform.step.facts == ()
    end(platform)
    detect(platform)
    assert platform.step.facts == ()
    late = up()
    begin(late)
    late.now = latest(late).until
    detect(late)
    assert over(late).startswith("its time was over")
    assert not late.found(CauseAdded)


# ending


def test_it_ends_by_its_time_half_open() -> None:
    """At that instant, and at no later one; `wake_at` says so before and after the detection."""
    platform = up()
    begin(platform)
    until = latest(platform).until
    assert platform.step.wake_at is not None
    assert platform.step.wake_at <= until
    platform.now = until
    platform.tick()
    assert over(platform) == f"its time was over at {until:%H:%M:%SZ}"
    found = exercised()
    found.now = latest(found).until - SECOND
    found.good()
    assert found.now == latest(found).until
    assert over(found).startswith("its time was over")
    assert last(found, PageKind.FLAG).status is PageStatus.RESOLVED
    assert f"the exercise of run {RUN} is over: its time was over" in last(found, PageKind.FLAG).summary


def test_somebody_ends_it_and_may_do_so_again() -> None:
    """What is over is answered; what never was is not."""
    platform = exercised()
    assert end(platform, reason="done").answer is Answer.DONE
    assert over(platform) == "ended by drill-runner: done"
    assert latest(platform).ended_by == "drill-runner"
    assert [type(fact) for fact in platform.step.facts[:2]] == [ExerciseOver, CauseEnded]
    assert end(platform).answer is Answer.DONE
    assert platform.step.facts == ()
    assert end(platform, "another").answer is Answer.NO_SUCH
    assert end(platform, reason="a\nb").answer is Answer.NOT_POSSIBLE


@pytest.mark.parametrize("is_detected", [True, False])
def test_a_real_outage_ends_it_and_its_page_says_that_it_is_real(is_detected: bool) -> None:  # noqa: FBT001 - a case
    """In the very step in which the outage opens: the flag goes to ready, and both pages say so."""
    platform = up()
    begin(platform)
    if is_detected:
        detect(platform)
    platform.confirm()
    assert any(isinstance(fact, OutageOpened) for fact in platform.step.facts)
    assert over(platform) == f"a real outage began ({platform.outage().id})"
    assert platform.flag() is FlagState.READY
    for kind in (PageKind.OUTAGE, PageKind.FLAG):
        page = last(platform, kind)
        assert page.status is PageStatus.FIRING
        assert f"this is REAL, and ended the exercise of run {RUN}" in page.summary


def test_unknown_ends_it() -> None:
    """Nobody could tell a real outage from it any more; who was told of it is told so."""
    platform = exercised()
    platform.tick(MINUTE)
    assert over(platform) == "nobody can tell any more whether payments works"
    assert "is over: nobody can tell any more" in last(platform, PageKind.FLAG).summary
    assert last(platform, PageKind.FLAG).status is PageStatus.RESOLVED


def test_blindness_ends_it() -> None:
    """At once."""
    platform = exercised()
    platform.blind()
    assert "this vantage is blind" in over(platform)


def test_others_who_call_it_down_end_it() -> None:
    """The quorum's word is a real outage, though all is well here."""
    platform = up(vantages=3)
    platform.vote(b=Verdict.UP, c=Verdict.UP)
    exercised(platform)
    platform.vote(b=Verdict.DOWN, c=Verdict.DOWN)
    assert platform.verdict() is Verdict.DOWN
    assert over(platform).startswith("a real outage began")


def test_a_person_who_raises_the_flag_ends_it() -> None:
    """What is real goes first; ready never stands beside an exercise."""
    platform = exercised()
    platform.act(Raise("needed", HOUR))
    assert over(platform) == "anna raised the flag, and that is real"
    assert platform.flag() is FlagState.READY


def test_lowering_the_flag_ends_it() -> None:
    """Whether it raised something already or not."""
    platform = exercised()
    ruling = platform.act(Lower("over"), "ben")
    assert (ruling.answer, ruling.subject) == (Answer.DONE, "ex-1")
    assert over(platform) == "ben lowered the flag"
    assert latest(platform).ended_by == "ben"
    assert platform.flag() is FlagState.STANDBY
    early = up()
    begin(early)
    assert early.act(Lower("over"), "ben").subject == "ex-1"
    assert over(early) == "ben lowered the flag"
    assert early.act(Lower("over")).answer is Answer.NOT_POSSIBLE


@pytest.mark.parametrize("away", [SECOND, HOUR, None, -MINUTE])
def test_it_is_over_after_a_restart(away: timedelta | None) -> None:
    """However long the monitor was away: nothing of it is settled as running, and who was told is told."""
    platform = exercised()
    if away is not None and away < timedelta(0):
        platform.now += away
        platform.restart(timedelta(0))
    else:
        platform.restart(away)
    assert over(platform) == AWAY
    assert platform.flag() is FlagState.STANDBY
    assert f"the exercise of run {RUN} is over" in last(platform, PageKind.FLAG).summary


def test_a_cause_that_was_signed_but_is_not_on_record_is_gone_after_a_restart() -> None:
    """A run that could not write its store may have signed it."""
    platform = up()
    begin(platform)
    detect(platform)
    platform.step = replace(platform.step, state=replace(platform.state, exercises=()))
    platform.restart()
    assert drills(platform) == []


def test_a_change_of_the_probes_ends_it_and_no_other_change() -> None:
    """Its own probes would be others than the platform's."""
    platform = exercised()
    platform.hear(Reconfigured(frozenset()))
    assert latest(platform).is_running
    platform.hear(Reconfigured(frozenset({"portal"})))
    assert over(platform) == "the probes of payments changed"
    more = exercised(up(probe(), SPARE))
    more.policy = policy(probe())
    more.hear(Reconfigured(frozenset()))
    assert over(more) == "the probes of payments changed"


def test_it_ends_with_the_platform() -> None:
    """Which nobody watches any more."""
    platform = exercised()
    platform.hear(Unwatched())
    assert over(platform) == "payments is no longer watched"


def test_it_counts_real_time() -> None:
    """When the clock is set back the exercise, and its cause, are set back with it."""
    platform = exercised()
    until = latest(platform).until
    platform.hear(ClockSetBack(5 * MINUTE))
    assert latest(platform).until == until - 5 * MINUTE
    assert [cause.until for cause in drills(platform)] == [latest(platform).until]
    assert latest(platform).is_running
    early = up()
    begin(early)
    early.hear(ClockSetBack(5 * MINUTE))
    assert latest(early).until < early.now + 30 * MINUTE


def test_what_the_monitor_ends_is_not_a_persons() -> None:
    """The reason is its own, and nobody's name stands beside it."""
    platform = exercised()
    platform.hear(PersonActed(EndExercise("ex-1", "the monitor stops"), Hand("monitor", "")))
    assert over(platform) == "the monitor stops"
    assert latest(platform).ended_by is None


def test_nobody_renews_it() -> None:
    """It ends when it said."""
    platform = exercised()
    assert "nobody renews it" in platform.act(Renew("ex-1", "more", HOUR)).line


def test_only_the_last_sixteen_are_remembered() -> None:
    """The oldest go first."""
    platform = up()
    for number in range(20):
        if number % 8 == 0:
            platform.after(25 * HOUR)
            platform.good()
            platform.good()
        assert begin(platform, replace(WISH, id=f"ex-{number}")).answer is Answer.DONE
        end(platform, f"ex-{number}")
    assert [each.id for each in platform.state.exercises] == [f"ex-{number}" for number in range(19, 3, -1)]


# its own probes


def test_its_own_probes_are_the_platforms_that_reach_out_judged_by_this_vantage_alone() -> None:
    """Without rounds: what the real ones just saw is not theirs."""
    platform = up(probe(), ACCESS, probe("beat", "beating", Role.SECOND_HAND), vantages=3)
    platform.vote(b=Verdict.UP, c=Verdict.UP)
    own = exercise.shadow_policy(platform.policy)
    assert own.probes.keys() == {"portal", "access"}
    assert own.configured_vantages == 1
    platform.bad("portal")
    state = exercise.shadow_of(platform.state, own)
    assert {held.phase for held in state.probes.values()} == {Phase.GOOD}
    assert state.probes["portal"].round_bad == 0
    assert state.functions.keys() == {"sign_in"}
    assert (state.causes, state.outage, state.others, state.firing, state.exercises) == ((), None, {}, {}, ())
    shadow = Platform(own)
    shadow.step = replace(shadow.step, state=state)
    shadow.now = platform.now
    shadow.confirm("portal")
    assert shadow.step.calls == ("access",)
    shadow.confirm("access")
    assert shadow.verdict() is Verdict.DOWN
    assert platform.verdict() is Verdict.UP


def test_a_long_absence_and_an_exercise_leave_an_outage_as_it_is() -> None:
    """`restart` and `exercise` meet in one step."""
    platform = exercised()
    platform.confirm()
    platform.restart(HOUR)
    assert platform.flag() is FlagState.STANDBY
    assert restart.NO_LONGER_WATCHED not in latest(platform).why
    assert MANUAL not in platform.state.causes


def test_outcomes_of_the_real_probes_go_on_being_believed() -> None:
    """An exercise changes nothing of what is held of them."""
    platform = exercised()
    platform.see(OutcomeKind.BAD)
    assert platform.probe().round_bad == 1
