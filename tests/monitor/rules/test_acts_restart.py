"""Restarting with anything left standing: what the store gives back is what was there, and goes on alike."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model.act import Confirm, EndInhibit, Inhibit, Lower, Raise, Renew
from monitor.model.event import Restarted
from monitor.model.state import PlatformState
from monitor.model.verdict import CauseKind, FlagState
from monitor.store.codec import decode, encode
from tests.support.rulings import HOUR, MINUTE, SECOND, Platform, down, policy, up

TWO = replace(policy(), manual_persons=2)


def asked() -> Platform:
    """Anna asked to raise."""
    platform = Platform(TWO)
    platform.good()
    platform.act(Raise("needed", HOUR), key="k1")
    return platform


def confirmed() -> Platform:
    """And ben confirmed it."""
    platform = asked()
    platform.act(Confirm(platform.state.acts.requests[0].id), "ben", key="k2")
    return platform


def renewed() -> Platform:
    """And cleo renewed it."""
    platform = confirmed()
    platform.act(Renew(platform.state.causes[0].id, "still", 2 * HOUR), "cleo")
    return platform


def unknown_renewed() -> Platform:
    """An outage that rests on unknown was renewed, after a warning."""
    platform = down()
    platform.blind()
    platform.tick(3 * HOUR + MINUTE)
    platform.act(Renew(platform.state.causes[0].id, "still", 2 * HOUR))
    return platform


def closing() -> Platform:
    """Anna asked to hold an outage closed."""
    platform = down()
    platform.act(Inhibit("false", HOUR))
    return platform


def closed() -> Platform:
    """And ben confirmed it."""
    platform = closing()
    platform.act(Confirm(platform.state.acts.requests[0].id), "ben")
    return platform


def closed_beside_a_raise() -> Platform:
    """And cleo raised it by hand."""
    platform = closed()
    platform.act(Raise("I see it", HOUR), "cleo")
    return platform


def lowered() -> Platform:
    """Everything was lowered."""
    platform = confirmed()
    platform.act(Lower("over"), "ben")
    return platform


def reopened() -> Platform:
    """It is held closed no longer."""
    platform = closed()
    platform.act(EndInhibit(), "ben")
    return platform


STATES = (asked, confirmed, renewed, unknown_renewed, closing, closed, closed_beside_a_raise, lowered, reopened)


def stored(state: PlatformState) -> PlatformState:
    """Return the state as the store gives it back."""
    return replace(decode(PlatformState, encode(replace(state, probes={})), what="it"), probes=state.probes)


@pytest.mark.parametrize("make", STATES)
def test_the_store_gives_back_what_was_left_standing(make: Callable[[], Platform]) -> None:
    """All of it, equal."""
    state = make().state
    assert stored(state) == state


@pytest.mark.parametrize("away", [SECOND, 14 * MINUTE])
@pytest.mark.parametrize("make", STATES)
def test_a_short_absence_changes_nothing(make: Callable[[], Platform], away: timedelta) -> None:
    """Flag, causes, requests and what is held closed are as before."""
    platform = make()
    before = platform.state
    platform.step = replace(platform.step, state=stored(before))
    platform.restart(away)
    assert (platform.state.flag, platform.state.causes) == (before.flag, before.causes)
    assert (platform.state.acts.requests, platform.state.acts.inhibition) == (
        before.acts.requests,
        before.acts.inhibition,
    )
    assert platform.state.acts.renewal == before.acts.renewal


@pytest.mark.parametrize("make", STATES)
def test_a_long_absence_leaves_what_rests_on_people(make: Callable[[], Platform]) -> None:
    """Requests are dead, outages suspended; what people raised and hold closed goes on until its end."""
    platform = make()
    before = platform.state
    platform.step = replace(platform.step, state=stored(before))
    platform.restart(20 * MINUTE)
    manual = [cause for cause in before.causes if cause.kind is CauseKind.MANUAL]
    assert [cause for cause in platform.state.causes if cause.kind is CauseKind.MANUAL] == manual
    assert all(cause.suspended for cause in platform.state.causes if cause.kind is CauseKind.OUTAGE)
    assert platform.flag() is (FlagState.READY if manual else FlagState.STANDBY)
    assert platform.state.acts.requests == ()
    assert platform.state.acts.inhibition == before.acts.inhibition


@pytest.mark.parametrize("make", STATES)
def test_after_a_day_nothing_is_left(make: Callable[[], Platform]) -> None:
    """Nothing that people did outlives its end, and no page fires for it."""
    platform = make()
    platform.step = replace(platform.step, state=stored(platform.state))
    platform.restart(24 * HOUR)
    platform.tick(15 * MINUTE)  # for so long it is told that nothing is held closed any more
    assert platform.flag() is FlagState.STANDBY
    assert [cause for cause in platform.state.causes if cause.kind is CauseKind.MANUAL] == []
    assert (platform.state.acts.requests, platform.state.acts.inhibition) == ((), None)
    assert not [key for key in platform.state.firing if key.startswith("prod/payments/flag")]


@pytest.mark.parametrize("make", STATES)
def test_a_clock_nobody_knows_leaves_no_request(make: Callable[[], Platform]) -> None:
    """What is held closed is not prolonged beyond its hour either."""
    platform = make()
    alive_at = platform.now + 3 * HOUR
    held = platform.state.acts.inhibition
    platform.hear(Restarted(alive_at))
    assert platform.state.acts.requests == ()
    if held is not None:
        assert platform.state.acts.inhibition is None


def test_up_and_acted_on_by_nobody_is_as_it_was() -> None:
    """The state that most platforms are in costs nothing more."""
    assert up().state.acts == PlatformState("payments").acts
