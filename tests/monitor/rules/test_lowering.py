"""Lowering, and holding outages closed: what ends, what stays, and every way in which it is refused."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model.act import Act, Answer, Confirm, EndInhibit, Inhibit, Inhibition, Lower, Raise, Ruling
from monitor.model.event import ClockSetBack, Restarted
from monitor.model.fact import ActDone, CauseAdded, CauseEnded, InhibitionEnded
from monitor.model.state import Cause
from monitor.model.verdict import CauseKind, FlagState
from monitor.rules.causes import in_force
from tests.support.rulings import HOUR, INSTANT, MINUTE, SECOND, Platform, down, up


def inhibited(platform: Platform, span: timedelta = HOUR) -> Platform:
    """Return the platform with its outages held closed by anna and ben."""
    asked = platform.act(Inhibit("false alarm", span))
    assert platform.act(Confirm(str(asked.subject)), "ben").answer is Answer.DONE
    return platform


def refused(platform: Platform, act: Act, why: str, person: str = "anna") -> None:
    """See that an act is refused with these words, and changes nothing."""
    before = platform.state
    ruling = platform.act(act, person)
    assert ruling.answer is Answer.NOT_POSSIBLE
    assert why in ruling.line
    assert replace(platform.state, wake_at=before.wake_at) == before


# lowering


def test_one_person_lowers_what_persons_and_drills_raised() -> None:
    """Whoever raised it."""
    platform = up()
    platform.act(Raise("needed", HOUR))
    platform.raise_flag(Cause(CauseKind.EXERCISE, "drill", platform.now, until=platform.now + HOUR))
    ruling = platform.act(Lower("over"), "ben")
    assert ruling.answer is Answer.DONE
    assert platform.state.causes == ()
    assert platform.flag() is FlagState.STANDBY
    whys = [fact.why for fact in platform.step.facts if isinstance(fact, CauseEnded)]
    assert whys == ["lowered by ben"] * 2


def test_an_outage_stays_and_the_answer_says_so() -> None:
    """With the way to hold it closed."""
    platform = down()
    platform.act(Raise("needed", HOUR))
    ruling = platform.act(Lower("over"))
    assert ruling.answer is Answer.DONE
    assert "monitor flag inhibit payments" in ruling.line
    assert [cause.kind for cause in platform.state.causes] == [CauseKind.OUTAGE]
    assert platform.flag() is FlagState.READY


def test_an_outage_alone_cannot_be_lowered() -> None:
    """That is refused, with the way to hold it closed."""
    refused(down(), Lower("over"), "monitor flag inhibit payments")


def test_with_nothing_raised_there_is_nothing_to_lower() -> None:
    """Nor at the instant at which a cause is over, before anybody noticed."""
    refused(up(), Lower("over"), "there is nothing to lower")
    platform = up()
    platform.act(Raise("needed", HOUR))
    until = platform.state.causes[0].until
    assert until is not None
    platform.now = until
    assert platform.act(Lower("over")).answer is Answer.NOT_POSSIBLE


@pytest.mark.parametrize("reason", ["", " ", "a\nb", "x" * 501])
def test_lowering_needs_a_reason(reason: str) -> None:
    """So that the next person knows."""
    platform = up()
    platform.act(Raise("needed", HOUR))
    refused(platform, Lower(reason), "a reason is needed")


# holding closed


def test_one_person_holds_nothing_closed() -> None:
    """Whatever `manual_persons` says, it takes two."""
    platform = down()
    assert platform.act(Inhibit("false alarm", HOUR)).answer is Answer.PENDING
    assert platform.flag() is FlagState.READY


def test_two_persons_hold_an_outage_closed() -> None:
    """Its cause is held back and not gone; the outage itself goes on."""
    platform = inhibited(down())
    (cause,) = platform.state.causes
    assert cause.inhibited
    assert in_force(platform.state.causes, platform.now) == ()
    assert platform.flag() is FlagState.STANDBY
    assert platform.outage().ended_at is None


def test_a_new_outage_is_held_closed_too() -> None:
    """It opens, and pages as an outage, but raises nothing."""
    platform = inhibited(up())
    platform.confirm()
    assert platform.outage().ended_at is None
    assert platform.flag() is FlagState.STANDBY
    assert platform.found(CauseAdded) == []


def test_what_people_raise_is_not_held_closed() -> None:
    """A manual cause opens, before and after."""
    platform = down()
    platform.act(Raise("I see it myself", HOUR), "cleo")
    inhibited(platform)
    assert platform.flag() is FlagState.READY
    platform.act(Lower("over"))
    assert platform.flag() is FlagState.STANDBY
    platform.act(Raise("I see it myself", HOUR), "cleo")
    assert platform.flag() is FlagState.READY


def test_it_ends_by_itself_and_what_holds_raises_again() -> None:
    """Half-open, to the instant."""
    platform = inhibited(down())
    platform.now = held(platform).until - INSTANT
    platform.tick()
    assert platform.flag() is FlagState.STANDBY
    platform.tick(INSTANT)
    assert platform.flag() is FlagState.READY
    assert [type(fact) for fact in platform.step.facts][:2] == [InhibitionEnded, CauseAdded]


def test_any_one_person_ends_it() -> None:
    """Also one that had no part in it."""
    platform = inhibited(down())
    assert platform.act(EndInhibit(), "cleo").answer is Answer.DONE
    assert platform.flag() is FlagState.READY
    assert platform.state.acts.inhibition is None
    refused(platform, EndInhibit(), "nothing holds it closed")


def test_an_outage_that_is_over_meanwhile_raises_nothing_afterwards() -> None:
    """What ended while it was held closed is gone."""
    platform = inhibited(down())
    platform.recover()
    for _ in range(200):
        platform.after(5 * SECOND).good()
    assert platform.state.causes == ()
    assert len(platform.found(CauseEnded)) == 1
    platform.act(EndInhibit())
    assert platform.flag() is FlagState.STANDBY


@pytest.mark.parametrize("span", [timedelta(0), 4 * SECOND, HOUR + INSTANT])
def test_it_is_held_closed_for_an_hour_at_most(span: timedelta) -> None:
    """However long `manual_max` is."""
    refused(down(), Inhibit("false alarm", span), "5s to 1h")


def test_another_one_takes_its_place() -> None:
    """Two persons again, for as long as they ask; nothing opens in between."""
    platform = inhibited(down(), 20 * MINUTE).after(10 * MINUTE)
    asked = platform.act(Inhibit("still false", 30 * MINUTE), "cleo")
    assert platform.act(Confirm(str(asked.subject)), "anna").answer is Answer.DONE
    assert (held(platform).by, held(platform).confirmed_by) == ("cleo", "anna")
    assert held(platform).until == (platform.now + 30 * MINUTE).replace(microsecond=0)
    assert platform.flag() is FlagState.STANDBY


# an hour in all


def held(platform: Platform) -> Inhibition:
    """Return what holds it closed."""
    assert platform.state.acts.inhibition is not None
    return platform.state.acts.inhibition


def closed_for_an_hour(platform: Platform, by: str = "anna", confirmed_by: str = "ben") -> Ruling:
    """Ask for an hour and confirm it; return what became of it."""
    asked = platform.act(Inhibit("false alarm", HOUR), by)
    return platform.act(Confirm(str(asked.subject)), confirmed_by) if asked.subject else asked


@pytest.mark.parametrize(("by", "confirmed_by"), [("anna", "ben"), ("ben", "anna"), ("cleo", "dora")])
def test_it_is_held_closed_for_an_hour_in_all_whoever_goes_on(by: str, confirmed_by: str) -> None:
    """Another one every ten minutes prolongs it to the end of the first one's hour, and then it is open."""
    platform = inhibited(down())
    until = held(platform).until
    for _ in range(5):
        platform.after(10 * MINUTE)
        assert closed_for_an_hour(platform, by, confirmed_by).answer is Answer.DONE
        assert held(platform).until == until
    platform.now = until
    platform.tick()
    assert platform.flag() is FlagState.READY


def test_in_its_last_seconds_nothing_is_asked_for_any_more() -> None:
    """What would hold for less than five seconds; the answer says from when on it may be held closed again."""
    platform = inhibited(down())
    platform.now = held(platform).until - 3 * SECOND
    platform.tick()
    refused(
        platform, Inhibit("still", HOUR), "since 03:00:16Z, and 1h in all is the most: it must be open for 15m before"
    )


def test_after_its_hour_it_must_be_open_for_a_quarter_of_one() -> None:
    """Then it may be held closed for an hour again; not a moment sooner, whoever asks."""
    platform = inhibited(down())
    platform.now = held(platform).until
    platform.tick()
    opened_at = platform.now
    refused(platform, Inhibit("still", HOUR), "two persons hold it closed again, until 04:15:16Z")
    platform.now = opened_at + 15 * MINUTE - INSTANT
    platform.tick()
    refused(platform, Inhibit("still", 5 * SECOND), "1h in all is the most", "cleo")
    platform.after(INSTANT)
    assert closed_for_an_hour(platform).answer is Answer.DONE
    assert held(platform).until == (platform.now + HOUR).replace(microsecond=0)


def test_what_was_asked_for_before_is_not_confirmed_after_it() -> None:
    """A request that waits when the hour is over holds nothing closed any more, until it dies."""
    platform = inhibited(down())
    platform.now = held(platform).until - 6 * SECOND
    request = str(platform.act(Inhibit("still", HOUR)).subject)
    for span in (6 * SECOND, 14 * MINUTE):
        platform.tick(span)
        refused(platform, Confirm(request), "1h in all is the most", "ben")
    assert platform.flag() is FlagState.READY
    platform.tick(MINUTE)
    assert platform.act(Confirm(request), "ben").answer is Answer.NO_SUCH


@pytest.mark.parametrize(("span", "minutes"), [(14 * MINUTE, 26), (15 * MINUTE, 60)])
def test_a_short_opening_begins_no_new_hour(span: timedelta, minutes: int) -> None:
    """Ended by a person and held closed again soon: it counts on. After a quarter of an hour it begins anew."""
    platform = inhibited(down()).after(20 * MINUTE)
    platform.act(EndInhibit(), "cleo")
    platform.after(span)
    assert closed_for_an_hour(platform).answer is Answer.DONE
    assert held(platform).until - platform.now.replace(microsecond=0) == minutes * MINUTE


def test_the_hour_survives_restarts_and_counts_real_time() -> None:
    """Neither a restart nor a clock that is set back gives it another minute."""
    platform = inhibited(down())
    for _ in range(5):
        platform.after(9 * MINUTE).restart(MINUTE)
        platform.now -= 30 * MINUTE
        platform.hear(ClockSetBack(30 * MINUTE))
        platform.hear(Restarted(platform.now))
        assert closed_for_an_hour(platform).answer is Answer.DONE
    assert held(platform).until - platform.now.replace(microsecond=0) == 10 * MINUTE
    platform.tick(10 * MINUTE)
    assert platform.state.acts.inhibition is None
    platform.now -= 3 * HOUR
    platform.hear(ClockSetBack(3 * HOUR))
    platform.restart(14 * MINUTE)
    refused(platform, Inhibit("still", HOUR), "1h in all is the most")
    assert closed_for_an_hour(platform.after(2 * MINUTE)).answer is Answer.DONE


def test_a_long_absence_suspends_and_keeps_holding_closed() -> None:
    """Held back twice: freed of one, it still raises nothing until it is confirmed again."""
    platform = inhibited(down())
    platform.restart(20 * MINUTE)
    (cause,) = platform.state.causes
    assert (cause.suspended, cause.inhibited) == (True, True)
    platform.act(EndInhibit())
    assert platform.flag() is FlagState.STANDBY
    platform.confirm()
    assert platform.flag() is FlagState.READY


@pytest.mark.parametrize("reason", ["", "a\nb"])
def test_a_reason_is_needed_to_hold_closed(reason: str) -> None:
    """To end it, none is; but one that is given can be shown."""
    platform = down()
    refused(platform, Inhibit(reason, HOUR), "a reason is needed")
    inhibited(platform)
    if reason:
        refused(platform, EndInhibit(reason), "a reason is one line")


def test_what_is_held_back_ends_in_silence() -> None:
    """It was told as ended when it was held closed: not again when it is suspended, freed of one, or really over."""
    platform = inhibited(down())
    ended = len(platform.found(CauseEnded))
    platform.restart(20 * MINUTE)
    platform.act(EndInhibit())
    inhibited(platform)
    platform.recover()
    for _ in range(200):
        platform.after(5 * SECOND).good()
    assert platform.state.causes == ()
    assert len(platform.found(CauseEnded)) == ended
    assert len(platform.found(CauseAdded)) == 1


def test_every_act_is_a_fact_with_its_person() -> None:
    """Who acted now, with which token; who had asked stands beside."""
    platform = inhibited(down())
    done = [fact for fact in platform.facts if isinstance(fact, ActDone)]
    assert [(fact.kind, fact.person, fact.token) for fact in done] == [
        ("inhibit_asked", "anna", "anna-cli"),
        ("inhibit", "ben", "ben-cli"),
    ]
    assert done[1].request is not None
    assert done[1].request.by == "anna"
