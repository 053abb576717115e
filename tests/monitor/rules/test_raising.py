"""Raising the flag by hand, and renewing: what holds, and every way in which it is refused."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model.act import Act, Answer, Confirm, Lower, Raise, Renew
from monitor.model.fact import ActDone, CauseAdded, FlagChanged
from monitor.model.outcome import OutcomeKind
from monitor.model.state import Cause
from monitor.model.verdict import CauseKind, FlagState
from monitor.rules.act_turn import LONGEST_REASON, LONGEST_TICKET
from monitor.rules.raising import MOST_CAUSES
from tests.support.rulings import HOUR, INSTANT, MINUTE, SECOND, Platform, down, policy, up

DRILL = Cause(CauseKind.EXERCISE, "drill", policy_start := up().now, until=policy_start + 3 * HOUR, by="dora")


def raised(span: timedelta = HOUR) -> tuple[Platform, Cause]:
    """Return a platform that is up and was raised by anna, and the cause."""
    platform = up()
    platform.act(Raise("vendor is slow", span, "INC-1"))
    (cause,) = platform.state.causes
    return platform, cause


def unknown() -> tuple[Platform, Cause]:
    """Return a platform with an outage cause that rests on an unknown verdict from now on, and the cause."""
    platform = down()
    platform.blind()
    (cause,) = platform.state.causes
    return platform, cause


# raising


def test_one_person_raises_at_once() -> None:
    """The cause says who, until when and why; the flag is ready, and everything is told in one step."""
    platform = up()
    ruling = platform.act(Raise("vendor is slow", HOUR, "INC-1"))
    (cause,) = platform.state.causes
    at = platform.now
    assert cause == Cause(
        CauseKind.MANUAL,
        f"manual-{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03}Z-anna",
        at,
        (at + HOUR).replace(microsecond=0),
        by="anna",
        ticket="INC-1",
        reason="vendor is slow",
    )
    assert platform.flag() is FlagState.READY
    assert (ruling.answer, ruling.subject) == (Answer.DONE, cause.id)
    kinds = [type(fact) for fact in platform.step.facts]
    assert kinds[:2] == [ActDone, CauseAdded]
    assert FlagChanged in kinds


def test_it_ends_by_itself() -> None:
    """At its end, half-open, the flag is standby again."""
    platform, cause = raised()
    assert cause.until is not None
    platform.now = cause.until - INSTANT
    platform.tick()
    assert platform.flag() is FlagState.READY
    platform.tick(INSTANT)
    assert platform.flag() is FlagState.STANDBY


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "bell\a", "x" * (LONGEST_REASON + 1), "\u202eevil"])
def test_a_raise_needs_a_reason_that_can_be_shown(reason: str) -> None:
    """One line of printable characters; nothing changes without."""
    refused(up(), Raise(reason, HOUR), "a reason is needed")


@pytest.mark.parametrize("ticket", ["", "a\tb", "x" * (LONGEST_TICKET + 1)])
def test_a_ticket_can_be_shown(ticket: str) -> None:
    """It goes into the signed document."""
    refused(up(), Raise("needed", HOUR, ticket), "a ticket is one line")


@pytest.mark.parametrize("span", [timedelta(0), -HOUR, 5 * SECOND - INSTANT, 4 * HOUR + INSTANT, timedelta(days=9)])
def test_it_holds_for_a_while_and_no_longer_than_allowed(span: timedelta) -> None:
    """From five seconds to `manual_max`, both included."""
    refused(up(), Raise("needed", span), "5s to 4h")


@pytest.mark.parametrize("span", [5 * SECOND, 4 * HOUR])
def test_the_bounds_themselves_are_taken(span: timedelta) -> None:
    """And the end is in whole seconds, never later than was asked for."""
    platform = up().after(INSTANT * 700)
    assert platform.act(Raise("needed", span)).answer is Answer.DONE
    until = platform.state.causes[0].until
    assert until is not None
    assert until.microsecond == 0
    assert platform.now + span - SECOND < until <= platform.now + span


@pytest.mark.parametrize("person", ["anna", "ANNA", "anna@example.com", "anna+oncall"])
def test_who_holds_it_up_cannot_raise_again(person: str) -> None:
    """It would be renewing by oneself: the answer says so, and who can."""
    platform, cause = raised()
    refused(platform, Raise("still slow", 2 * HOUR), f"monitor flag raise payments --renew {cause.id}", person)


def test_two_persons_causes_stand_side_by_side() -> None:
    """Lowering takes both; the end of one leaves the other."""
    platform, _ = raised(HOUR)
    platform.act(Raise("me too", 2 * HOUR), "ben")
    assert [cause.by for cause in platform.state.causes] == ["anna", "ben"]
    platform.tick(HOUR)
    assert [cause.by for cause in platform.state.causes] == ["ben"]
    assert platform.flag() is FlagState.READY


def test_whose_cause_is_over_can_raise_again() -> None:
    """Also at the instant of its end, before anybody noticed it."""
    platform, cause = raised()
    assert cause.until is not None
    platform.now = cause.until
    assert platform.act(Raise("slow again", HOUR)).answer is Answer.DONE
    assert [held.by for held in platform.state.causes] == ["anna"]
    assert platform.state.causes[0].id != cause.id


def test_no_more_than_fit_into_the_signed_document() -> None:
    """Eight causes by hand are enough for anybody."""
    platform = up()
    for number in range(MOST_CAUSES):
        assert platform.act(Raise("needed", HOUR), f"person-{number}").answer is Answer.DONE
    refused(platform, Raise("needed", HOUR), "8 persons hold it up already")


def test_ids_differ_within_one_instant() -> None:
    """Raised, lowered and raised again in the same millisecond: two causes, two ids."""
    platform, first = raised()
    ids = [first.id]
    for _ in range(3):
        platform.act(Lower("not needed"), "ben")
        platform.act(Raise("needed after all", HOUR))
        ids += [cause.id for cause in platform.state.causes]
    assert len(set(ids)) == 4
    assert all(each.endswith("-anna") for each in ids)


# renewing a manual cause


def test_another_person_renews() -> None:
    """It holds for longer from now on; raiser, start and id stay."""
    platform, cause = raised()
    platform.tick(50 * MINUTE)
    ruling = platform.act(Renew(cause.id, "still slow", 4 * HOUR), "ben")
    until = (platform.now + 4 * HOUR).replace(microsecond=0)
    assert ruling.answer is Answer.DONE
    assert platform.state.causes == (replace(cause, until=until, renewed_by="ben"),)
    (change,) = [fact for fact in platform.step.facts if isinstance(fact, FlagChanged)]
    assert change.why == f"manual {cause.id} holds for longer"
    platform.tick(HOUR)
    assert platform.flag() is FlagState.READY


def test_renewals_take_turns() -> None:
    """Neither who raised it nor who renewed it last renews it next."""
    platform, cause = raised()
    refused(platform, Renew(cause.id, "still", 2 * HOUR), "another person must renew it", "Anna@example.com")
    platform.after(MINUTE).act(Renew(cause.id, "still", 2 * HOUR), "ben")
    refused(platform.after(MINUTE), Renew(cause.id, "still", 2 * HOUR), "another person must renew it", "ben")
    assert platform.act(Renew(cause.id, "still", 2 * HOUR), "anna").answer is Answer.DONE


def test_a_renewal_prolongs_or_is_refused() -> None:
    """It is no way to shorten: that is `lower`."""
    platform, cause = raised(2 * HOUR)
    refused(platform, Renew(cause.id, "less", HOUR), "would not prolong", "ben")
    refused(platform, Renew(cause.id, "as long", 2 * HOUR), "would not prolong", "ben")
    refused(platform, Renew(cause.id, "more", 4 * HOUR + SECOND), "5s to 4h", "ben")
    refused(platform, Renew(cause.id, "", 3 * HOUR), "a reason is needed", "ben")


def test_what_is_over_cannot_be_renewed() -> None:
    """At its end a cause is gone, though nobody noticed yet."""
    platform, cause = raised()
    assert cause.until is not None
    platform.now = cause.until
    refused(platform, Renew(cause.id, "still", HOUR), "none does", "ben", Answer.NO_SUCH)


def test_a_drill_is_not_renewed() -> None:
    """It ends when it said."""
    platform = up()
    platform.raise_flag(DRILL)
    refused(platform, Renew("drill", "more", 4 * HOUR), "belongs to a drill", "ben")


def test_an_unknown_cause_is_named_as_such() -> None:
    """The answer lists what there is."""
    platform, cause = raised()
    refused(platform, Renew("manual-0", "more", HOUR), cause.id, "ben", Answer.NO_SUCH)


# renewing an outage cause


def test_an_outage_cause_is_renewed_while_it_rests_on_unknown() -> None:
    """By any person, beyond `unknown_max`; then it ends."""
    platform, cause = unknown()
    platform.tick(3 * HOUR)
    assert platform.act(Renew(cause.id, "still blind", 2 * HOUR)).answer is Answer.DONE
    platform.tick(2 * HOUR - SECOND)
    assert platform.flag() is FlagState.READY
    platform.tick(SECOND)
    assert platform.flag() is FlagState.STANDBY
    assert platform.state.acts.renewal is None


def test_nobody_renews_it_twice_in_a_row() -> None:
    """But two persons can, in turn, for ever."""
    platform, cause = unknown()
    platform.tick(3 * HOUR)
    platform.act(Renew(cause.id, "still", 3 * HOUR))
    platform.tick(2 * HOUR)
    refused(platform, Renew(cause.id, "still", 3 * HOUR), "another person must renew it", "Anna@example.com")
    assert platform.act(Renew(cause.id, "still", 3 * HOUR), "ben").answer is Answer.DONE
    platform.tick(2 * HOUR)
    assert platform.act(Renew(cause.id, "still", 3 * HOUR), "anna").answer is Answer.DONE


def test_an_outage_cause_that_holds_by_itself_needs_no_renewal() -> None:
    """While the platform is down, and while it is quiet."""
    platform = down()
    (cause,) = platform.state.causes
    refused(platform, Renew(cause.id, "long", HOUR), "needs no renewal")
    platform.recover()
    refused(platform, Renew(cause.id, "long", HOUR), "needs no renewal")


def test_an_outage_cause_renewed_is_prolonged_within_unknown_max() -> None:
    """From now, and further than it holds already."""
    platform, cause = unknown()
    platform.tick(HOUR)
    refused(platform, Renew(cause.id, "long", 2 * HOUR), "would not prolong")
    refused(platform, Renew(cause.id, "as long", 3 * HOUR), "would not prolong")
    refused(platform, Renew(cause.id, "long", 4 * HOUR + SECOND), "5s to 4h")


def test_what_has_rested_on_unknown_for_too_long_is_not_renewed() -> None:
    """At the instant of its end it is over, though nobody noticed yet."""
    platform, cause = unknown()
    platform.after(4 * HOUR)
    refused(platform, Renew(cause.id, "late", 4 * HOUR), "monitor flag raise payments")
    assert platform.flag() is FlagState.STANDBY


def test_what_is_held_back_after_a_gap_is_not_renewed() -> None:
    """It raises nothing; the answer says how to raise by hand."""
    platform, cause = unknown()
    platform.restart(HOUR)
    refused(platform, Renew(cause.id, "long", 4 * HOUR), "monitor flag raise payments")


def test_a_renewal_ends_with_its_cause() -> None:
    """Seen up without break, the cause goes; the next one starts without a renewal."""
    platform, cause = unknown()
    platform.tick(3 * HOUR)
    platform.act(Renew(cause.id, "still blind", 4 * HOUR))
    platform.blind(blind=False)
    for _ in range(200):
        platform.after(5 * SECOND).see(OutcomeKind.GOOD)
    assert platform.state.causes == ()
    assert platform.state.acts.renewal is None


# two persons


def two_persons() -> Platform:
    """Return a platform that is up and takes two persons to raise."""
    platform = Platform(replace(policy(), manual_persons=2))
    platform.good()
    return platform


def test_where_two_are_needed_one_raises_nothing() -> None:
    """It waits, for another person, and the answer says how."""
    platform = two_persons()
    ruling = platform.act(Raise("vendor is slow", HOUR, "INC-1"))
    (request,) = platform.state.acts.requests
    assert (ruling.answer, ruling.subject) == (Answer.PENDING, request.id)
    assert f"monitor flag confirm payments {request.id}" in ruling.line
    assert platform.state.causes == ()
    assert platform.flag() is FlagState.STANDBY


def test_confirmed_it_holds_for_what_was_asked_from_then_on() -> None:
    """Who asked has raised it, who confirmed stands beside; nothing else changed."""
    platform = two_persons()
    asked = platform.act(Raise("vendor is slow", 4 * HOUR, "INC-1"))
    platform.after(14 * MINUTE)
    assert platform.act(Confirm(str(asked.subject)), "ben").answer is Answer.DONE
    (cause,) = platform.state.causes
    assert (cause.by, cause.confirmed_by, cause.ticket, cause.reason) == ("anna", "ben", "INC-1", "vendor is slow")
    assert cause.until == (platform.now + 4 * HOUR).replace(microsecond=0)
    assert platform.state.acts.requests == ()
    assert platform.flag() is FlagState.READY


def test_a_renewal_takes_one_person_also_where_raising_takes_two() -> None:
    """A third one: who confirmed had a hand in it as much as who raised. After that they take turns."""
    platform = two_persons()
    asked = platform.act(Raise("vendor is slow", HOUR))
    platform.act(Confirm(str(asked.subject)), "ben")
    (cause,) = platform.state.causes
    for person in ("anna", "ben", "Ben@example.com"):
        refused(platform, Renew(cause.id, "still", 2 * HOUR), "another person must renew it", person)
    assert platform.act(Renew(cause.id, "still", 2 * HOUR), "cleo").answer is Answer.DONE
    platform.after(MINUTE)
    refused(platform, Renew(cause.id, "still", 2 * HOUR), "another person must renew it", "cleo")
    assert platform.act(Renew(cause.id, "still", 2 * HOUR), "ben").answer is Answer.DONE


def refused(platform: Platform, act: Act, why: str, person: str = "anna", answer: Answer = Answer.NOT_POSSIBLE) -> None:
    """See that an act is refused with these words, and changes nothing."""
    before = platform.state
    ruling = platform.act(act, person)
    assert ruling.answer is answer
    assert why in ruling.line
    assert "\n" not in ruling.line
    assert platform.state.acts == before.acts or ruling.answer is Answer.NO_SUCH
    assert not [fact for fact in platform.step.facts if isinstance(fact, ActDone)]
