"""Two persons, and the same act sent twice: confirming, and every way in which it is refused."""

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.act import (
    Act,
    Answer,
    Confirm,
    EndInhibit,
    Inhibit,
    Lower,
    Raise,
    Renew,
    RequestKind,
)
from monitor.model.fact import ActDone, PageDecided
from monitor.model.page import PageKind
from monitor.model.verdict import CauseKind, FlagState
from monitor.rules.acts import REMEMBERED
from tests.support.rulings import BOUNDED, HOUR, INSTANT, MINUTE, SECOND, Platform, policy


def watched(persons: int = 2) -> Platform:
    """Return a platform that is up."""
    platform = Platform(replace(policy(), manual_persons=persons))
    platform.good()
    return platform


def asked(platform: Platform, act: Act | None = None, person: str = "anna") -> str:
    """Have a person ask for something; return the request's id."""
    ruling = platform.act(act or Raise("needed", HOUR), person)
    assert ruling.answer is Answer.PENDING
    return str(ruling.subject)


# confirming


@pytest.mark.parametrize("person", ["anna", "ANNA", "anna@example.com", "anna+oncall"])
@pytest.mark.parametrize("act", [Raise("needed", HOUR), Inhibit("false", HOUR)], ids=["raise", "inhibit"])
def test_nobody_confirms_what_they_asked_for(act: Act, person: str) -> None:
    """However they write their name; it goes on waiting."""
    platform = watched()
    request = asked(platform, act)
    ruling = platform.act(Confirm(request), person)
    assert ruling.answer is Answer.NOT_POSSIBLE
    assert "another person" in ruling.line
    assert [each.id for each in platform.state.acts.requests] == [request]


def test_what_does_not_wait_cannot_be_confirmed() -> None:
    """Never asked for, confirmed already, or dead: the answer lists what waits."""
    platform = watched()
    request = asked(platform)
    other = asked(platform, Inhibit("false", HOUR))
    assert platform.act(Confirm("raise-0"), "ben").answer is Answer.NO_SUCH
    assert platform.act(Confirm(request), "ben").answer is Answer.DONE
    again = platform.act(Confirm(request), "cleo")
    assert again.answer is Answer.NO_SUCH
    assert other in again.line
    assert [cause.confirmed_by for cause in platform.state.causes] == ["ben"]


def test_it_dies_after_a_quarter_of_an_hour() -> None:
    """Half-open, whether or not anybody noticed the time."""
    platform = watched()
    request = asked(platform)
    platform.after(15 * MINUTE - INSTANT)
    assert platform.state.acts.requests[0].expires_at == platform.now + INSTANT
    platform.after(INSTANT)
    assert platform.act(Confirm(request), "ben").answer is Answer.NO_SUCH
    assert platform.flag() is FlagState.STANDBY
    assert platform.state.acts.requests == ()


def test_it_can_be_confirmed_until_then() -> None:
    """The last instant counts."""
    platform = watched()
    request = asked(platform)
    platform.after(15 * MINUTE - INSTANT)
    assert platform.act(Confirm(request), "ben").answer is Answer.DONE


def test_one_person_has_one_request_of_a_kind() -> None:
    """The answer says how the first one is confirmed; another kind may wait beside it."""
    platform = watched()
    request = asked(platform)
    again = platform.act(Raise("needed more", HOUR), "Anna")
    assert again.answer is Answer.NOT_POSSIBLE
    assert f"monitor flag confirm payments {request}" in again.line
    assert asked(platform, Inhibit("false", HOUR)).startswith("inhibit-")


def test_four_requests_wait_at_most() -> None:
    """A fifth is refused until one has gone."""
    platform = watched()
    first = [asked(platform, person=person) for person in ("anna", "ben", "cleo", "dora")]
    assert platform.act(Raise("needed", HOUR), "eva").answer is Answer.NOT_POSSIBLE
    platform.act(Confirm(first[0]), "ben")
    assert asked(platform, person="eva")


def test_what_settings_forbid_by_now_is_not_confirmed() -> None:
    """It was asked for under a longer `manual_max`."""
    platform = watched()
    request = asked(platform, Raise("needed", 4 * HOUR))
    platform.restart(SECOND, replace(platform.policy, manual_max=HOUR))
    ruling = platform.act(Confirm(request), "ben")
    assert ruling.answer is Answer.NOT_POSSIBLE
    assert "1h at most now" in ruling.line


def test_who_holds_it_up_by_now_is_not_confirmed() -> None:
    """One cause a person, however it came about."""
    platform = watched()
    request = asked(platform)
    platform.restart(SECOND, replace(platform.policy, manual_persons=1))
    assert platform.act(Raise("needed", HOUR)).answer is Answer.DONE
    assert platform.act(Confirm(request), "ben").answer is Answer.NOT_POSSIBLE


# the same act, sent again


def test_the_same_act_sent_again_is_done_once() -> None:
    """It gets the first one's answer, and leaves no fact."""
    platform = watched(persons=1)
    first = platform.act(Raise("needed", HOUR), key="k1")
    before = platform.state
    platform.after(SECOND)
    assert platform.act(Raise("needed", HOUR), key="k1") == first
    assert platform.step.facts == ()
    assert platform.state.acts == before.acts
    assert len(platform.state.causes) == 1


def test_a_confirmation_sent_again_is_answered_too() -> None:
    """Though what it confirmed waits no longer; after a restart as well."""
    platform = watched()
    request = asked(platform)
    first = platform.act(Confirm(request), "ben", key="k1")
    platform.restart(SECOND)
    assert platform.act(Confirm(request), "ben", key="k1") == first
    assert len(platform.state.causes) == 1


def test_a_key_names_one_act_of_one_person() -> None:
    """Another act under it is refused; another person's key is another key."""
    platform = watched(persons=1)
    platform.act(Raise("needed", HOUR), key="k1")
    other = platform.act(Lower("over"), key="k1")
    assert other.answer is Answer.NOT_POSSIBLE
    assert "key of its own" in other.line
    assert platform.act(Lower("over"), "ben", key="k1").answer is Answer.DONE


def test_a_refused_act_is_not_remembered() -> None:
    """It may be sent again when it has become possible."""
    platform = watched(persons=1)
    assert platform.act(Lower("over"), key="k1").is_refused
    platform.act(Raise("needed", HOUR), "ben")
    assert platform.act(Lower("over"), key="k1").answer is Answer.DONE


def test_as_many_acts_are_remembered_as_may_be_under_way() -> None:
    """The state that is written at each change stays small."""
    platform = watched(persons=1)
    for number in range(REMEMBERED + 5):
        platform.act(Raise("needed", HOUR) if number % 2 == 0 else Lower("over"), key=f"k{number}")
    assert [done.key for done in platform.state.acts.done] == [f"k{number}" for number in range(5, REMEMBERED + 5)]


# in every order

STEPS: dict[str, Callable[[Platform], object]] = {
    "raise": lambda platform: platform.act(Raise("needed", HOUR), "anna"),
    "inhibit": lambda platform: platform.act(Inhibit("false", HOUR), "anna"),
    "confirm": lambda platform: [platform.act(Confirm(each.id), "ben") for each in platform.state.acts.requests],
    "lower": lambda platform: platform.act(Lower("over"), "ben"),
    "end": lambda platform: platform.act(EndInhibit(), "cleo"),
    "outage": lambda platform: platform.confirm(),
    "restart": lambda platform: platform.restart(MINUTE),
}


@pytest.mark.parametrize("order", list(permutations(("raise", "confirm", "lower", "outage", "restart"))))
def test_in_every_order_ready_has_a_cause_in_force(order: tuple[str, ...]) -> None:
    """And whoever acts after whatever, only what two persons wanted is raised."""
    platform = watched()
    for step in order:
        STEPS[step](platform)
        by_hand = [cause for cause in platform.state.causes if cause.kind is CauseKind.MANUAL]
        assert all(cause.confirmed_by == "ben" for cause in by_hand)
        is_down = any(cause.kind is CauseKind.OUTAGE for cause in platform.state.causes)
        assert (platform.flag() is FlagState.READY) is bool(by_hand or is_down)


@pytest.mark.parametrize("order", list(permutations(("inhibit", "confirm", "end", "outage", "restart"))))
def test_in_every_order_what_two_hold_closed_is_closed(order: tuple[str, ...]) -> None:
    """Ready exactly while there is an outage, and nobody holds it closed."""
    platform = watched()
    for step in order:
        STEPS[step](platform)
        is_held = platform.state.acts.inhibition is not None
        assert (platform.flag() is FlagState.READY) is (bool(platform.state.causes) and not is_held)


ACTS = st.one_of(
    st.builds(Raise, st.sampled_from(["needed", ""]), st.sampled_from([SECOND, MINUTE, 5 * HOUR])),
    st.builds(Renew, st.sampled_from(["manual-0", ""]), st.just("still"), st.just(HOUR)),
    st.builds(Lower, st.sampled_from(["over", "\n"])),
    st.builds(Inhibit, st.just("false"), st.sampled_from([MINUTE, 2 * HOUR])),
    st.builds(EndInhibit),
    st.builds(Confirm, st.sampled_from(["", "raise-0"])),
)


@BOUNDED
@given(acts=st.lists(st.tuples(ACTS, st.sampled_from(["anna", "ben"])), max_size=12), persons=st.integers(1, 2))
def test_done_is_told_and_refused_changes_nothing(acts: list[tuple[Act, str]], persons: int) -> None:
    """Every act that was done has a fact with its person and pages; a refused one leaves neither."""
    platform = watched(persons)
    for act, person in acts:
        before = platform.state
        ruling = platform.act(act, person)
        done = [fact for fact in platform.step.facts if isinstance(fact, ActDone)]
        pages = [fact.page for fact in platform.step.facts if isinstance(fact, PageDecided)]
        if ruling.is_refused:
            assert (replace(platform.state, wake_at=before.wake_at), done, pages) == (before, [], [])
        else:
            assert [fact.person for fact in done] == [person]
            assert PageKind.FLAG in {page.kind for page in pages}
            assert {each.kind for each in platform.state.acts.requests} <= set(RequestKind)
