"""Which causes raise the flag, when they end, and how the flag's changes are counted."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from monitor.model.fact import CauseAdded, CauseEnded, FlagChanged, ProbeChanged
from monitor.model.outcome import OutcomeKind
from monitor.model.state import Cause
from monitor.model.verdict import CauseKind, FlagState, Phase, Verdict
from monitor.rules import causes
from monitor.rules.flag import state_of
from tests.support.clock import START
from tests.support.rulings import HOUR, INSTANT, MINUTE, SECOND, Platform, down, probe, up

OUTAGE = Cause(CauseKind.OUTAGE, "payments-1", START)
MANUAL = Cause(CauseKind.MANUAL, "m1", START, until=START + HOUR, by="anna", ticket="INC-1")
EXERCISE = Cause(CauseKind.EXERCISE, "e1", START, until=START + HOUR, run="r1", principals=("drill",), targets=("db",))


def stay_up(platform: Platform, span: timedelta) -> None:
    """Have every probe be good, often enough, for a while."""
    end = platform.now + span
    while platform.now < end:
        platform.now = min(platform.now + 10 * SECOND, end)
        for name in platform.policy.probes:
            platform.see(OutcomeKind.GOOD, name)


def outage_causes(platform: Platform) -> list[Cause]:
    """Return the outage causes held, suspended ones too."""
    return [cause for cause in platform.state.causes if cause.kind is CauseKind.OUTAGE]


def whys(platform: Platform) -> list[str]:
    """Return why causes ended, in order."""
    return [fact.why for fact in platform.found(CauseEnded) if isinstance(fact, CauseEnded)]


# state from causes


@pytest.mark.parametrize("held", list(product([False, True], repeat=3)))
def test_state_follows_from_causes(held: tuple[bool, bool, bool]) -> None:
    """Ready by an outage or manual cause, else exercise by an exercise, else standby."""
    chosen = [cause for cause, is_held in zip((OUTAGE, MANUAL, EXERCISE), held, strict=True) if is_held]
    expected = FlagState.READY if held[0] or held[1] else FlagState.EXERCISE if held[2] else FlagState.STANDBY
    assert state_of(chosen, START) is expected
    assert state_of(reversed(chosen), START) is expected


@pytest.mark.parametrize("cause", [MANUAL, EXERCISE])
def test_an_end_is_half_open(cause: Cause) -> None:
    """A cause holds until its end, and not at it."""
    assert causes.in_force([cause], START + HOUR - INSTANT) == (cause,)
    assert causes.in_force([cause], START + HOUR) == ()
    assert state_of([cause], START + HOUR) is FlagState.STANDBY


def test_a_suspended_cause_is_not_in_force() -> None:
    """What was believed before a gap raises nothing until it is confirmed again."""
    assert causes.in_force([replace(OUTAGE, suspended=True)], START) == ()
    assert state_of([replace(OUTAGE, suspended=True)], START) is FlagState.STANDBY


def test_lower_ends_manual_and_exercise_only() -> None:
    """Lowering leaves what the platform itself causes."""
    assert causes.lower([MANUAL, OUTAGE, EXERCISE]) == (OUTAGE,)


def test_suspend() -> None:
    """A gap suspends outage causes, says so once, and leaves the others."""
    kept, facts = causes.suspend([OUTAGE, MANUAL], "gap")
    assert kept == (replace(OUTAGE, suspended=True), MANUAL)
    assert facts == [CauseEnded(OUTAGE, "gap")]
    assert causes.suspend(kept, "gap") == (kept, [])


# the outage cause


def test_down_raises_the_flag() -> None:
    """A confirmed outage makes the flag ready in the same step."""
    platform = down()
    assert platform.flag() is FlagState.READY
    assert platform.state.flag.since == platform.now
    assert platform.step.facts == tuple(platform.facts[-len(platform.step.facts) :])


@pytest.mark.parametrize("verdict", [Verdict.DEGRADED, Verdict.UNKNOWN])
def test_less_than_down_raises_nothing(verdict: Verdict) -> None:
    """Neither degraded nor unknown makes the flag ready."""
    platform = up(probe("a"), probe("b"))
    platform.confirm("a") if verdict is Verdict.DEGRADED else platform.tick(HOUR)
    assert platform.verdict() is verdict
    assert platform.flag() is FlagState.STANDBY


def test_ends_after_up_without_break() -> None:
    """The cause ends when the platform was up without break for `lower_after`, not a moment earlier."""
    platform = down()
    platform.recover()
    for _ in range(20):  # so that the record of the outage no longer degrades it
        platform.good()
    assert platform.verdict() is Verdict.UP
    assert platform.state.quiet_since is not None
    end = platform.state.quiet_since + 15 * MINUTE
    stay_up(platform, end - platform.now - INSTANT)
    assert platform.flag() is FlagState.READY
    platform.tick(INSTANT)
    assert platform.now == end
    assert platform.flag() is FlagState.STANDBY
    assert whys(platform) == ["up without break for 15m"]


@pytest.mark.parametrize("interruption", ["degraded", "unknown", "blind", "restart"])
def test_any_break_begins_it_anew(interruption: str) -> None:
    """A moment of anything but up, or of not watching, begins the wait anew."""
    platform = down(probe("a"), probe("b"))
    platform.recover()
    for _ in range(20):
        platform.good()
    before = platform.state.quiet_since
    stay_up(platform, 5 * MINUTE)
    assert platform.state.quiet_since == before
    match interruption:
        case "degraded":
            platform.confirm("a")
            platform.recover("a")
            platform.good("b")
            for _ in range(20):
                platform.good("a", "b")
        case "unknown":
            platform.tick(MINUTE)
            platform.good()
        case "blind":
            platform.blind()
            platform.blind(blind=False)
        case _:
            platform.restart()
    after = platform.state.quiet_since
    assert before is not None
    assert after is not None
    assert after > before
    assert outage_causes(platform)


def test_degraded_holds_it() -> None:
    """A platform that works, but not well, keeps the flag ready."""
    platform = down(probe("a"), probe("b"))
    platform.recover("a")
    for _ in range(120):
        platform.after(8 * SECOND).bad("b")
        platform.good("a")
    assert platform.verdict() is Verdict.DEGRADED
    assert platform.flag() is FlagState.READY


def test_up_ends_nothing_while_the_outage_is_open() -> None:
    """Up by other probes' word doesn't lower the flag while the outage's own probes are not good."""
    platform = down(vantages=3)
    platform.vote(b=Verdict.DOWN, c=Verdict.DOWN)
    platform.tick(MINUTE)
    platform.vote(b=Verdict.UP, c=Verdict.UP)
    assert platform.verdict() is Verdict.UP
    platform.tick(HOUR)
    assert platform.flag() is FlagState.READY


def test_unknown_changes_nothing() -> None:
    """A platform that turns unknown in an outage stays ready."""
    platform = down()
    platform.tick(3 * HOUR)
    assert platform.verdict() is Verdict.UNKNOWN
    assert platform.flag() is FlagState.READY


def rest_on_unknown(platform: Platform, short_by: timedelta = timedelta(0)) -> None:
    """Let the verdict be unknown for `unknown_max`."""
    platform.tick(MINUTE)
    assert platform.state.unknown_since is not None
    platform.tick(platform.state.unknown_since + 4 * HOUR - short_by - platform.now)


def test_ends_when_it_rests_on_unknown() -> None:
    """After `unknown_max` of unknown the cause ends, not a moment earlier; the outage stays open."""
    platform = down()
    rest_on_unknown(platform, short_by=INSTANT)
    assert platform.flag() is FlagState.READY
    platform.tick(INSTANT)
    assert platform.flag() is FlagState.STANDBY
    assert whys(platform) == ["it rested on unknown for 4h"]
    assert platform.outage().ended_at is None


def test_then_one_bad_outcome_raises_nothing() -> None:
    """After the cause rested on unknown, one bad outcome must not raise the flag again; a whole round does."""
    platform = down()
    rest_on_unknown(platform)
    platform.bad()
    assert platform.flag() is FlagState.STANDBY
    platform.bad()
    platform.bad()
    assert platform.verdict() is Verdict.DOWN
    assert platform.flag() is FlagState.READY
    assert len(platform.found(CauseAdded)) == 2
    doubts = [fact for fact in platform.found(ProbeChanged) if isinstance(fact, ProbeChanged) and fact.was is fact.now]
    assert [fact.now for fact in doubts] == [Phase.BAD, Phase.BAD]  # in doubt, and confirmed again


def test_a_probe_that_is_measured_stays_believed() -> None:
    """What is measured bad all the while the platform is unknown is not in doubt."""
    platform = down(probe("a"), probe("b"))
    for _ in range(1500):
        platform.after(9 * SECOND).bad("a")
    assert platform.flag() is FlagState.STANDBY
    assert not platform.probe("a").needs_reconfirm
    assert platform.probe("b").needs_reconfirm


def test_an_outage_that_is_over_leaves_no_doubt() -> None:
    """Where the cause rests on unknown after its outage has ended, what was believed of its probes stays."""
    platform = down(probe("a"), probe("b"))
    platform.policy = replace(platform.policy, unknown_max=5 * MINUTE)
    platform.recover("a")
    platform.tick(2 * MINUTE)
    platform.tick(6 * MINUTE)
    assert whys(platform) == ["it rested on unknown for 5m"]
    assert platform.probe("b").phase is Phase.BAD
    assert not platform.probe("b").needs_reconfirm


def test_taken_over_by_a_later_outage() -> None:
    """When a new outage opens while the last one's cause still holds, one cause remains, and the flag stays ready."""
    platform = down(probe("a"), probe("b"))
    platform.recover("a")
    first = outage_causes(platform)
    for _ in range(120):
        platform.after(8 * SECOND).bad("b")
        platform.good("a")
    platform.confirm("a")
    (second,) = outage_causes(platform)
    assert [second] != first
    assert whys(platform) == [f"outage {second.id} took it over"]
    assert platform.flag() is FlagState.READY


def test_cause_is_added_once() -> None:
    """While it stays down, nothing is added again."""
    platform = down()
    for _ in range(9):
        platform.bad()
    assert len(platform.found(CauseAdded)) == 1


def test_reopened_adds_no_second_cause() -> None:
    """An outage that comes back before its cause ended keeps the one cause."""
    platform = down()
    platform.recover()
    platform.confirm()
    assert len(platform.found(CauseAdded)) == 1
    assert platform.state.flag.change == 1


# raised by people and drills


@pytest.mark.parametrize(("cause", "state"), [(MANUAL, FlagState.READY), (EXERCISE, FlagState.EXERCISE)])
def test_raised_until_its_end(cause: Cause, state: FlagState) -> None:
    """A manual cause makes it ready, an exercise an exercise, both until exactly their end."""
    platform = up()
    platform.raise_flag(cause)
    assert platform.flag() is state
    platform.now = START + HOUR - INSTANT
    platform.tick()
    assert platform.flag() is state
    platform.tick(INSTANT)
    assert platform.flag() is FlagState.STANDBY
    assert whys(platform) == ["its time was over at 04:00:00Z"]


def test_lowered_by_a_person_in_an_outage() -> None:
    """A person who lowers ends the manual cause and leaves the outage's."""
    platform = down()
    platform.raise_flag(MANUAL)
    platform.lower_flag(causes.lower(platform.state.causes))
    assert [cause.kind for cause in platform.state.causes] == [CauseKind.OUTAGE]
    assert platform.flag() is FlagState.READY
    assert platform.state.flag.change == 3


def test_neither_up_nor_unknown_ends_what_people_raised() -> None:
    """A manual cause doesn't care for the verdict."""
    platform = up()
    platform.raise_flag(replace(MANUAL, until=START + 10 * HOUR))
    stay_up(platform, 20 * MINUTE)
    platform.tick(5 * HOUR)
    assert platform.flag() is FlagState.READY


# counting


def test_change_counts_exactly() -> None:
    """Each change of state or causes counts one, however many facts it has; nothing else counts."""
    platform = up()
    assert platform.state.flag.change == 0
    platform.raise_flag(EXERCISE)
    platform.raise_flag(MANUAL)
    assert platform.state.flag.change == 2
    platform.confirm()
    assert platform.state.flag.change == 3
    platform.bad()
    platform.tick()
    assert platform.state.flag.change == 3
    platform.now = START + HOUR
    platform.tick()
    assert platform.state.flag.change == 4  # two causes ended in one step
    changes = [fact for fact in platform.found(FlagChanged) if isinstance(fact, FlagChanged)]
    assert [fact.now.change for fact in changes] == [1, 2, 3, 4]
    assert [fact.was for fact in changes[1:]] == [fact.now for fact in changes[:-1]]


def test_since_moves_with_the_state_only() -> None:
    """A further cause is a change, but the flag is ready since it became ready."""
    platform = down()
    since = platform.state.flag.since
    platform.after(MINUTE).raise_flag(replace(MANUAL, until=START + 2 * HOUR))
    assert platform.state.flag.since == since


def test_the_first_judgement_starts_since() -> None:
    """A flag that never changed is standby since the monitor first looked, and that is no change."""
    platform = Platform()
    assert (platform.state.flag.since, platform.state.flag.change) == (START, 0)


def test_why_it_changed() -> None:
    """A change of the flag names the causes that came and went."""
    platform = up()
    platform.raise_flag(MANUAL)
    platform.confirm()
    platform.now = START + HOUR
    platform.tick()
    changes = [fact.why for fact in platform.found(FlagChanged) if isinstance(fact, FlagChanged)]
    assert changes[0] == "manual m1 holds"
    assert changes[1].startswith("outage payments-")
    assert changes[2] == "manual m1 no longer holds"
