"""Lowering, and holding outages closed: what ends, what stays, and every way in which it is refused."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model.act import Act, Answer, Confirm, EndInhibit, Inhibit, Lower, Raise
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
    held = platform.state.acts.inhibition
    assert held is not None
    platform.now = held.until - INSTANT
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
    """Two persons again, an hour again; nothing opens in between."""
    platform = inhibited(down()).after(50 * MINUTE)
    asked = platform.act(Inhibit("still false", HOUR), "cleo")
    assert platform.act(Confirm(str(asked.subject)), "anna").answer is Answer.DONE
    held = platform.state.acts.inhibition
    assert held is not None
    assert (held.by, held.confirmed_by) == ("cleo", "anna")
    assert held.until == (platform.now + HOUR).replace(microsecond=0)
    assert platform.flag() is FlagState.STANDBY


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
