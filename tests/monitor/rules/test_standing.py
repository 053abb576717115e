"""What time makes of what people left standing: requests die, inhibitions end, and people are warned before."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model.act import Answer, Confirm, Inhibit, Raise, Renew
from monitor.model.event import ClockSetBack, Restarted
from monitor.model.fact import CauseAdded, CauseEnded, EndsSoon, InhibitionEnded, RequestDied
from monitor.model.page import PageKind
from monitor.model.policy import PlatformPolicy
from monitor.model.state import Cause
from monitor.model.verdict import CauseKind, FlagState, Verdict
from tests.support.rulings import HOUR, INSTANT, MINUTE, SECOND, Platform, down, policy, up

TWO = replace(policy(), manual_persons=2)


def waiting() -> Platform:
    """Return a platform with a request of anna's that was just made."""
    platform = Platform(TWO)
    platform.act(Raise("needed", HOUR))
    return platform


def held_closed() -> Platform:
    """Return a platform whose outages anna and ben just began to hold closed, for half an hour."""
    platform = Platform()
    asked = platform.act(Inhibit("false alarm", HOUR / 2))
    platform.act(Confirm(str(asked.subject)), "ben")
    return platform


def died(platform: Platform) -> list[str]:
    """Return why requests died, in order."""
    return [fact.why for fact in platform.found(RequestDied) if isinstance(fact, RequestDied)]


def test_a_request_that_nobody_confirms_dies_and_is_told() -> None:
    """Once, after exactly a quarter of an hour."""
    platform = waiting()
    platform.tick(15 * MINUTE - INSTANT)
    assert died(platform) == []
    platform.tick(INSTANT)
    platform.tick(HOUR)
    (why,) = died(platform)
    assert why.startswith("nobody confirmed it by 03:15:0")


@pytest.mark.parametrize("away", [SECOND, 5 * MINUTE, 14 * MINUTE])
def test_a_restart_keeps_what_still_waits(away: timedelta) -> None:
    """By the wall clock: what is left of its quarter of an hour goes on."""
    platform = waiting()
    platform.restart(away)
    assert died(platform) == []
    platform.tick(15 * MINUTE - away)
    assert len(died(platform)) == 1


def test_a_restart_later_than_that_finds_it_dead() -> None:
    """It is told then."""
    platform = waiting()
    platform.restart(HOUR)
    assert len(died(platform)) == 1


@pytest.mark.parametrize("away", [None, -MINUTE, -SECOND])
def test_what_waited_for_nobody_knows_how_long_is_dead(away: timedelta | None) -> None:
    """The clock went back while the monitor was away: it might wait for ever."""
    platform = waiting()
    alive_at = None if away is None else platform.now - away
    platform.hear(Restarted(alive_at))
    assert died(platform) == ["the monitor was away, and nobody knows for how long"]


def test_a_clock_set_back_prolongs_nothing() -> None:
    """The request waits for a quarter of an hour of real time, however often the clock goes back."""
    platform = waiting()
    for _ in range(14):
        platform.tick(MINUTE)
        platform.now -= 30 * SECOND
        platform.hear(ClockSetBack(30 * SECOND))
    assert died(platform) == []
    platform.tick(MINUTE)
    assert len(died(platform)) == 1


def test_a_request_from_the_future_is_dead() -> None:
    """The clock went back by hours before anybody noticed."""
    platform = waiting()
    platform.now -= HOUR
    platform.tick()
    assert died(platform) == ["the clock was set back: nobody knows how long it has waited"]


def test_a_clock_that_is_corrected_a_little_kills_nothing() -> None:
    """A second is noise."""
    platform = waiting()
    platform.now -= SECOND
    platform.tick()
    assert died(platform) == []


def test_an_inhibition_counts_real_time_too() -> None:
    """A clock set back must not lock anybody out for longer."""
    platform = held_closed()
    platform.now -= 2 * HOUR
    platform.hear(ClockSetBack(2 * HOUR))
    platform.tick(30 * MINUTE)
    assert len(platform.found(InhibitionEnded)) == 1


def test_an_inhibition_survives_a_restart_until_its_end() -> None:
    """With what is left of its time."""
    platform = held_closed()
    platform.restart(10 * MINUTE)
    assert platform.state.acts.inhibition is not None
    platform.tick(20 * MINUTE)
    assert len(platform.found(InhibitionEnded)) == 1


@pytest.mark.parametrize("away", [None, -MINUTE])
def test_an_absence_of_nobody_knows_how_long_ends_an_inhibition(away: timedelta | None) -> None:
    """It might be held closed for more than an hour; and it is not held closed again before it was open."""
    platform = held_closed()
    platform.hear(Restarted(None if away is None else platform.now - away))
    (fact,) = platform.found(InhibitionEnded)
    assert isinstance(fact, InhibitionEnded)
    assert fact.why == "the monitor was away, and nobody knows for how long"
    platform.tick(15 * MINUTE - INSTANT)
    assert platform.act(Inhibit("false alarm", HOUR)).answer is Answer.NOT_POSSIBLE
    platform.tick(INSTANT)
    assert platform.act(Inhibit("false alarm", HOUR)).answer is Answer.PENDING


# a clock that is set back


def back(platform: Platform, by: timedelta) -> None:
    """Have the clock be set back while the monitor watches."""
    platform.now -= by
    platform.hear(ClockSetBack(by))


def raised(span: timedelta = 15 * MINUTE) -> Platform:
    """Return a platform that anna just raised."""
    platform = up()
    assert platform.act(Raise("needed", span)).answer is Answer.DONE
    return platform


def away_with_a_clock_set_back(platform: Platform, by: timedelta) -> None:
    """Have the monitor come back to a clock that shows less than when it was last alive."""
    alive_at = platform.now
    platform.now -= by
    platform.hear(Restarted(alive_at))


@pytest.mark.parametrize("how", [back, away_with_a_clock_set_back])
def test_what_people_raised_lives_no_longer_for_it(how: Callable[[Platform, timedelta], None]) -> None:
    """A quarter of an hour is one, though the clock shows three hours less; while we watch, or while we were away."""
    platform = raised()
    platform.tick(5 * MINUTE)
    how(platform, 3 * HOUR)
    platform.tick(9 * MINUTE + 58 * SECOND)
    assert platform.flag() is FlagState.READY
    platform.tick(2 * SECOND)
    assert platform.flag() is FlagState.STANDBY


def test_what_a_drill_raised_lives_no_longer_for_it() -> None:
    """It ends when the drill said."""
    platform = up()
    platform.raise_flag(Cause(CauseKind.EXERCISE, "drill", platform.now, until=platform.now + HOUR))
    back(platform, 5 * HOUR)
    platform.tick(HOUR)
    assert platform.flag() is FlagState.STANDBY


def test_a_moved_cause_is_signed_and_recorded_with_its_new_end() -> None:
    """In whole seconds, never later than it was allowed; and people are told, because the clock they read says so."""
    platform = raised()
    (before,), change, pages = platform.state.causes, platform.state.flag.change, len(platform.pages())
    back(platform, 2 * HOUR + SECOND / 4)
    (after,) = platform.state.causes
    assert before.until is not None
    assert after.until == before.until - 2 * HOUR - SECOND
    assert after.since == before.since - 2 * HOUR - SECOND / 4
    assert platform.state.flag.change == change + 1
    assert [fact for fact in platform.step.facts if isinstance(fact, CauseAdded)] == [CauseAdded(after)]
    (page,) = platform.pages()[pages:]
    assert page.reason == f"manual {after.id} ends at 01:15:00Z, the clock was set back"


def test_a_cause_that_is_over_by_then_is_not_added_again() -> None:
    """It only ends."""
    platform = raised()
    platform.after(20 * MINUTE)
    back(platform, HOUR)
    assert [type(fact) for fact in platform.step.facts if isinstance(fact, CauseAdded | CauseEnded)] == [CauseEnded]


def test_an_outage_began_when_it_began() -> None:
    """Its cause is not moved: it is history, and has no end that time alone brings."""
    platform = down()
    before = platform.state
    back(platform, HOUR)
    assert (platform.state.causes, platform.state.outage) == (before.causes, before.outage)
    assert platform.state.flag.change == before.flag.change


def test_an_outage_rests_on_unknown_no_longer_for_it() -> None:
    """Nor does one that was renewed, and nobody is warned twice of the same end."""
    platform = unknown()
    platform.tick(2 * HOUR)
    back(platform, 3 * HOUR)
    assert after(platform, 2 * HOUR - SECOND) == [60 * MINUTE, 30 * MINUTE, 10 * MINUTE]
    (cause,) = platform.state.causes
    platform.now -= 30 * SECOND
    platform.act(Renew(cause.id, "still blind", 4 * HOUR), "ben")
    back(platform, 7 * HOUR)
    assert after(platform, 4 * HOUR - 10 * SECOND) == [60 * MINUTE, 30 * MINUTE, 10 * MINUTE]
    back(platform, 9 * HOUR)
    assert platform.flag() is FlagState.READY
    assert after(platform, 10 * SECOND) == []
    assert platform.flag() is FlagState.STANDBY


def test_up_without_break_counts_real_time() -> None:
    """An outage's cause ends a quarter of an hour after the platform was up again, whatever the clock shows."""
    platform = down()
    platform.recover()
    back(platform, 6 * HOUR)
    for _ in range(60):
        platform.after(14 * SECOND).good()
    assert platform.flag() is FlagState.STANDBY


def test_a_probe_counts_as_measured_no_longer_for_it() -> None:
    """What was measured in what is now the future was measured now at the latest."""
    platform = up()
    back(platform, 6 * HOUR)
    platform.tick(HOUR)
    assert platform.verdict() is Verdict.UNKNOWN


# warnings


def warnings(platform: Platform) -> list[EndsSoon]:
    """Return the warnings given so far."""
    return [fact for fact in platform.found(EndsSoon) if isinstance(fact, EndsSoon)]


def after(platform: Platform, span: timedelta) -> list[timedelta]:
    """Wake up whenever the rules say so; return how long before the end each warning came."""
    end = platform.now + span
    found: list[timedelta] = []
    while platform.step.wake_at is not None and platform.step.wake_at <= end:
        platform.now = platform.step.wake_at
        before = len(warnings(platform))
        platform.tick()
        found += [fact.ends_at - platform.now for fact in warnings(platform)[before:]]
    platform.now = end
    platform.tick()
    return found


def unknown(watched: PlatformPolicy | None = None) -> Platform:
    """Return a platform with an outage cause that rests on an unknown verdict from now on."""
    platform = Platform(watched or policy())
    platform.good()
    platform.confirm()
    platform.blind()
    return platform


@pytest.mark.parametrize(
    ("unknown_max", "leads"),
    [
        (4 * HOUR, [60 * MINUTE, 30 * MINUTE, 10 * MINUTE]),
        (12 * HOUR, [60 * MINUTE, 30 * MINUTE, 10 * MINUTE]),
        (2 * HOUR, [30 * MINUTE, 15 * MINUTE, 5 * MINUTE]),
        (4 * MINUTE, [MINUTE, 30 * SECOND, 10 * SECOND]),
    ],
)
def test_people_are_warned_before_an_outage_rests_on_unknown_for_too_long(
    unknown_max: timedelta, leads: list[timedelta]
) -> None:
    """Three times, and each time once; sooner before it where it may rest for less."""
    platform = unknown(replace(policy(), unknown_max=unknown_max))
    assert after(platform, unknown_max + HOUR) == leads
    assert platform.flag() is FlagState.STANDBY


def test_the_warning_says_when_and_how_to_renew() -> None:
    """It pages everybody, as a page about the flag."""
    platform = unknown()
    platform.tick(3 * HOUR)
    (page,) = [page for page in platform.pages() if "--renew" in page.summary]
    (cause,) = platform.state.causes
    assert page.kind is PageKind.FLAG
    assert page.summary == (
        f"payments: outage {cause.id} ends at 07:00:16Z, it rests on an unknown verdict; to prolong it another person "
        f"runs: monitor flag raise payments --renew {cause.id}"
    )


@pytest.mark.parametrize(
    ("span", "lead"), [(4 * HOUR, 10 * MINUTE), (40 * MINUTE, 10 * MINUTE), (20 * MINUTE, 5 * MINUTE)]
)
def test_people_are_warned_before_a_manual_cause_ends(span: timedelta, lead: timedelta) -> None:
    """Ten minutes before, and never in the first three quarters of its time."""
    platform = Platform()
    platform.act(Raise("needed", span))
    assert after(platform, span + HOUR) == [lead]


def test_who_renews_is_not_warned_of_what_they_know() -> None:
    """Only what is still to come is told, counted to the new end."""
    platform = unknown()
    platform.tick(3 * HOUR + 40 * MINUTE)
    (cause,) = platform.state.causes
    before = warnings(platform)
    platform.act(Renew(cause.id, "still blind", 25 * MINUTE))
    assert warnings(platform) == before
    assert after(platform, 10 * MINUTE) == []
    platform.act(Renew(cause.id, "still blind", 90 * MINUTE), "ben")
    assert after(platform, 5 * HOUR) == [60 * MINUTE, 30 * MINUTE, 10 * MINUTE]


def test_who_wakes_up_late_is_warned_once() -> None:
    """The machine slept through two of the three."""
    platform = unknown()
    platform.tick(4 * HOUR - 20 * MINUTE)
    assert len(warnings(platform)) == 1
    platform.tick()
    assert len(warnings(platform)) == 1


def closed(platform: Platform) -> None:
    """Hold it closed for an hour."""
    asked = platform.act(Inhibit("false alarm", HOUR))
    platform.act(Confirm(str(asked.subject)), "ben")


@pytest.mark.parametrize("hold_back", [lambda it: it.restart(16 * MINUTE), closed])
def test_what_raises_nothing_is_not_warned_of(hold_back: Callable[[Platform], object]) -> None:
    """Its end seals nothing."""
    platform = unknown()
    platform.tick(3 * HOUR - MINUTE)
    hold_back(platform)
    after(platform, 50 * MINUTE)
    assert warnings(platform) == []


def test_an_outage_that_holds_by_itself_is_not_warned_of() -> None:
    """It has no end that time alone brings."""
    assert after(down(), 3 * MINUTE) == []
