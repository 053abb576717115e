"""What is still believed after the monitor was away."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model.event import Reconfigured, Restarted
from monitor.model.fact import CauseAdded, CauseEnded, FunctionChanged, OutageEnded, ProbeChanged
from monitor.model.policy import PlatformPolicy, ProbePolicy
from monitor.model.state import Cause
from monitor.model.verdict import CauseKind, FlagState, Phase, Verdict
from monitor.rules.restart import absence
from tests.support.clock import START
from tests.support.rulings import HOUR, INSTANT, MINUTE, SECOND, Platform, down, policy, probe, up

A, B = probe("a"), probe("b")
API = probe("api", "request")
MANUAL = Cause(CauseKind.MANUAL, "m1", START, until=START + HOUR, by="anna")


def changed(settings: ProbePolicy) -> ProbePolicy:
    """Return the probe with settings that alter what it measures."""
    return replace(settings, fingerprint="f1")


def recovering() -> Platform:
    """Return a platform in an outage, two good outcomes into the row."""
    platform = down()
    platform.good()
    platform.good()
    return platform


def cleared() -> Platform:
    """Return a platform whose outage is just over, and whose flag is still ready."""
    platform = down()
    platform.recover()
    return platform


def suspect() -> Platform:
    """Return a platform in the middle of a round."""
    platform = up()
    platform.bad()
    platform.bad()
    return platform


def blind() -> Platform:
    """Return a platform that a blind vantage watches."""
    platform = down()
    platform.blind()
    return platform


def unknown() -> Platform:
    """Return a platform that is not measured any more."""
    platform = down()
    platform.tick(MINUTE)
    return platform


STATES: list[Callable[[], Platform]] = [Platform, up, suspect, down, recovering, cleared, blind, unknown]


@pytest.mark.parametrize(
    ("gap", "is_long"),
    [(None, True), (-SECOND, True), (timedelta(0), False), (15 * MINUTE, False), (15 * MINUTE + INSTANT, True)],
)
def test_absence(gap: timedelta | None, *, is_long: bool) -> None:
    """Away longer than `ready_ttl`, or for a time that can't be told, is long."""
    event = Restarted(None if gap is None else START - gap)
    assert absence(event, 15 * MINUTE, START).is_long is is_long


def test_absence_says_how_long() -> None:
    """The reason tells how long the monitor was away, where that can be told."""
    assert absence(Restarted(START - HOUR), MINUTE, START).why == "the monitor was away for 1h"
    assert absence(Restarted(None), MINUTE, START).why == "the monitor was away, nobody knows for how long"


# in every state


@pytest.mark.parametrize("make", STATES)
def test_short_restart_in_every_state(make: Callable[[], Platform]) -> None:
    """A short restart in any state loses only the round: phases, outage, causes and flag stay."""
    platform = make()
    before = platform.state
    platform.restart(SECOND)
    after = platform.state
    assert [held.phase for held in after.probes.values()] == [held.phase for held in before.probes.values()]
    assert [held.round_bad for held in after.probes.values()] == [0 for _ in before.probes]
    assert (after.outage, after.causes, after.flag) == (before.outage, before.causes, before.flag)
    assert (after.blind, after.vote, after.verdict) == (before.blind, before.vote, before.verdict)
    assert after.firing == before.firing
    assert platform.step.facts == ()


@pytest.mark.parametrize("make", STATES)
def test_long_restart_in_every_state(make: Callable[[], Platform]) -> None:
    """After a long gap in any state nothing bad is believed and nothing is ready until it is confirmed again."""
    platform = make()
    before = platform.state
    platform.restart(HOUR)
    after = platform.state
    assert after.verdict is Verdict.UNKNOWN
    assert after.flag.state is FlagState.STANDBY
    assert after.flag.change >= before.flag.change
    assert all(held.needs_reconfirm or held.phase is not Phase.BAD for held in after.probes.values())
    if before.outage is not None and before.outage.ended_at is None:
        assert after.outage == before.outage


@pytest.mark.parametrize("make", STATES)
@pytest.mark.parametrize("gap", [SECOND, HOUR, None])
def test_a_second_restart_changes_nothing_more(make: Callable[[], Platform], gap: timedelta | None) -> None:
    """A monitor that crashes again at once finds what it left."""
    platform = make()
    platform.restart(gap)
    before = platform.state
    assert platform.restart(timedelta(0)).facts == ()
    assert replace(platform.state, quiet_since=before.quiet_since) == before


def test_row_is_kept_over_a_short_restart() -> None:
    """Two good outcomes before a short restart and one after are a row of three."""
    platform = recovering()
    platform.restart(SECOND)
    platform.good()
    assert platform.probe().phase is Phase.GOOD


def test_row_is_broken_by_a_long_gap() -> None:
    """Good outcomes before a long gap are no row with those after it."""
    platform = recovering()
    platform.restart(HOUR)
    platform.good()
    assert platform.probe().phase is Phase.BAD


# the outage cause


def test_confirmed_again_it_is_signed_again() -> None:
    """After a long gap the cause is suspended, and in force again once a round confirmed the platform down."""
    platform = down()
    platform.restart(HOUR)
    (cause,) = platform.state.causes
    assert cause.suspended
    (ended,) = platform.found(CauseEnded)
    assert isinstance(ended, CauseEnded)
    assert ended.why == "the monitor was away for 1h"
    platform.bad()
    platform.bad()
    assert platform.flag() is FlagState.STANDBY
    platform.bad()
    assert platform.flag() is FlagState.READY
    assert platform.state.causes == (replace(cause, suspended=False),)
    assert len(platform.found(CauseAdded)) == 2
    assert platform.state.flag.change == 3


def test_recovered_after_a_gap_it_is_never_signed_again() -> None:
    """If it turns out good after a long gap, the outage ends, and the suspended cause disappears without a word."""
    platform = down()
    platform.restart(HOUR)
    for _ in range(25):
        platform.good()
    assert platform.verdict() is Verdict.UP
    change = platform.state.flag.change
    for _ in range(100):
        platform.after(9 * SECOND).good()
    assert platform.state.causes == ()
    assert platform.state.flag.change == change
    assert len(platform.found(CauseEnded)) == 1


def test_what_people_raised_is_kept() -> None:
    """A manual cause outlasts a gap, to its end and no further."""
    platform = up()
    platform.raise_flag(MANUAL)
    platform.restart(30 * MINUTE)
    assert platform.flag() is FlagState.READY
    platform.restart(HOUR)
    assert platform.flag() is FlagState.STANDBY
    assert platform.state.causes == ()


def test_quiet_begins_anew() -> None:
    """The time away breaks up-without-break, so the cause holds longer, not shorter."""
    platform = cleared()
    for _ in range(25):
        platform.good()
    assert platform.state.quiet_since is not None
    platform.restart(SECOND)
    assert platform.state.quiet_since == platform.now


def test_unknown_goes_on() -> None:
    """A verdict that was unknown before and after a restart was unknown all the while."""
    platform = unknown()
    since = platform.state.unknown_since
    platform.restart(MINUTE)
    assert platform.state.unknown_since == since


def test_other_votes_are_forgotten() -> None:
    """What other vantages said before is not what they say now."""
    platform = up(vantages=3)
    platform.vote(b=Verdict.UP, c=Verdict.UP)
    platform.restart(SECOND)
    assert platform.state.others == {}
    assert platform.verdict() is Verdict.UNKNOWN


# other settings


def test_changed_settings_prove_nothing() -> None:
    """After a change of its settings a probe starts unproven: nothing bad is believed before it was good once."""
    platform = up()
    platform.restart(watched=policy(changed(probe())))
    assert platform.probe().phase is Phase.UNPROVEN
    platform.confirm()
    assert platform.state.outage is None
    platform.good()
    platform.confirm()
    assert platform.state.outage is not None


def test_a_new_probe_starts_unproven() -> None:
    """A probe that wasn't there before, and its function, start unknown without a word."""
    platform = up(A)
    platform.restart(watched=policy(A, API))
    assert platform.probe("api").phase is Phase.UNPROVEN
    assert platform.functions() == {"sign_in": Verdict.UP, "request": Verdict.UNKNOWN}
    assert platform.found(ProbeChanged)[-1] == platform.found(ProbeChanged)[0]


def test_what_is_gone_is_dropped() -> None:
    """Probes and functions that are no longer watched are held no longer."""
    platform = up(A, API)
    platform.restart(watched=policy(A))
    assert list(platform.state.probes) == ["a"]
    assert list(platform.state.functions) == ["sign_in"]


def test_a_function_that_is_gone_is_down_no_longer() -> None:
    """On record too, at a restart and at a reload: nobody can tell any more, so it isn't down for ever."""
    for is_reload in (True, False):
        platform = down(API)
        platform.policy = policy(A)
        if is_reload:
            platform.hear(Reconfigured(frozenset()))
        else:
            platform.restart(watched=policy(A))
        gone = [each for each in platform.facts if isinstance(each, FunctionChanged) and each.function == "request"]
        assert (gone[-1].was, gone[-1].now, gone[-1].why) == (Verdict.DOWN, Verdict.UNKNOWN, "no longer watched")


def test_a_changed_opener_must_recover() -> None:
    """A probe that opened the outage and whose settings changed ends it only by a whole row of good outcomes."""
    platform = down()
    platform.restart(watched=policy(changed(probe())))
    assert platform.flag() is FlagState.READY
    platform.good()
    platform.good()
    assert platform.outage().ended_at is None
    platform.good()
    assert platform.outage().ended_at is not None


def test_a_changed_opener_confirms_nothing_before_it_was_good() -> None:
    """Nor may it be confirmed bad before it was good once, outage or not."""
    platform = down()
    platform.restart(watched=policy(changed(probe())))
    platform.confirm()
    assert platform.verdict() is Verdict.UNKNOWN
    platform.good()
    platform.confirm()
    assert platform.verdict() is Verdict.DOWN


def test_openers_that_are_gone_are_replaced() -> None:
    """The function's present deciding set takes over an outage whose openers are gone, and must recover."""
    platform = down(A)
    platform.restart(watched=policy(B))
    assert platform.outage().openers == ("b",)
    platform.good("b")
    assert platform.outage().ended_at is None
    platform.good("b")
    platform.good("b")
    assert platform.outage().ended_at is not None


def test_a_good_probe_that_takes_over_must_recover_too() -> None:
    """A probe that was good all along doesn't end in hindsight what it didn't open."""
    platform = up(A, replace(B, critical=False))
    platform.confirm("a")
    platform.good("b")
    began = platform.now
    platform.restart(watched=policy(B))
    assert (platform.probe("b").phase, platform.probe("b").needs_reconfirm) == (Phase.BAD, True)
    fact = platform.found(ProbeChanged)[-1]
    assert isinstance(fact, ProbeChanged)
    assert fact.why == "it now holds the open outage, and must recover to end it"
    platform.recover("b")
    ended_at = platform.outage().ended_at
    assert ended_at is not None
    assert ended_at > began


def test_a_bad_probe_that_takes_over_stays_believed() -> None:
    """A probe that is confirmed bad holds the outage it takes over without being confirmed again."""
    platform = up(A, replace(B, critical=False))
    platform.confirm("a", "b")
    platform.restart(watched=policy(B))
    assert platform.verdict() is Verdict.DOWN
    assert not platform.probe("b").needs_reconfirm


def test_a_renamed_function_ends_nothing() -> None:
    """An outage of which no function is watched any more is held by all critical ones, which must recover."""
    platform = down(A)
    platform.restart(watched=policy(API, replace(B, function="connect")))
    assert platform.found(OutageEnded) == []
    assert (platform.outage().functions, platform.outage().openers) == (("request", "connect"), ("api", "b"))
    assert platform.flag() is FlagState.READY
    platform.good("api")
    platform.recover("b")
    assert platform.outage().ended_at is None
    platform.good("api")
    platform.good("api")
    assert platform.outage().ended_at is not None


def test_what_was_good_all_along_ends_nothing_by_a_new_name() -> None:
    """Nor does a critical function that was good before the settings changed, before it recovered."""
    platform = up(A, API)
    platform.confirm("a")
    platform.restart(watched=policy(API))
    assert (platform.outage().functions, platform.outage().ended_at) == (("request",), None)
    assert platform.verdict() is Verdict.UNKNOWN
    platform.recover("api")
    assert platform.outage().ended_at is not None


def test_what_is_down_under_its_new_name_stays_down() -> None:
    """The renamed function found down again changes nothing about the outage or the flag."""
    platform = down(A)
    known = platform.outage()
    change = platform.state.flag.change
    platform.restart(watched=policy(API))
    platform.good("api")
    platform.confirm("api")
    assert platform.verdict() is Verdict.DOWN
    assert (platform.outage().id, platform.outage().functions) == (known.id, ("request",))
    assert platform.state.flag.change == change


def test_nothing_left_that_could_be_down_ends_it() -> None:
    """An outage of a platform without a critical function ends at the restart, and says so."""
    platform = down(A)
    platform.restart(watched=policy(replace(API, critical=False)))
    (fact,) = platform.found(OutageEnded)
    assert isinstance(fact, OutageEnded)
    assert (fact.why, fact.outage.ended_at) == ("no longer watched", platform.now)
    assert fact.outage.functions == ("sign_in",)
    assert platform.pages()[-1].summary.endswith("no longer watched")


def test_an_outage_seen_by_others_isn_t_ended_by_a_restart() -> None:
    """An outage without functions of ours has nothing that could be no longer watched."""
    platform = up(vantages=3)
    platform.vote(b=Verdict.DOWN, c=Verdict.DOWN)
    platform.restart(SECOND)
    assert platform.found(OutageEnded) == []


def test_a_cleared_outage_may_come_back_under_other_settings() -> None:
    """An outage that is over, and whose function is gone, reopens with what is down now."""
    platform = down(A)
    platform.recover()
    platform.restart(watched=policy(API))
    platform.good("api")
    platform.confirm("api")
    assert platform.outage().functions == ("request",)


@pytest.mark.parametrize(("age", "in_doubt"), [(MINUTE, False), (20 * MINUTE, True)])
def test_what_was_bad_long_ago_is_in_doubt(age: timedelta, *, in_doubt: bool) -> None:
    """A bad probe that holds no outage, and wasn't measured for long, must be confirmed again after any restart."""
    platform = up(A, B)
    platform.confirm("a")
    platform.after(age).restart(SECOND)
    assert platform.probe("a").needs_reconfirm is in_doubt


def test_an_opener_is_not() -> None:
    """A probe that holds the open outage stays believed over a short restart, however old its last row in the store."""
    platform = down()
    platform.after(20 * MINUTE).restart(SECOND)
    assert not platform.probe().needs_reconfirm
    platform.bad()
    assert platform.verdict() is Verdict.DOWN


@pytest.mark.parametrize(
    ("watched", "away", "why"),
    [
        (policy(changed(probe())), SECOND, "its settings changed"),
        (policy(), HOUR, "the monitor was away for 1h"),
    ],
)
def test_what_changed_is_said(watched: PlatformPolicy, away: timedelta, why: str) -> None:
    """Each probe of which something else is believed says why."""
    platform = down()
    platform.restart(away, watched)
    fact = platform.step.facts[0]
    assert isinstance(fact, ProbeChanged)
    assert fact.why == why


def test_blind_stays_blind() -> None:
    """A vantage that was blind believes nothing until a control answered."""
    platform = blind()
    platform.restart(SECOND)
    assert platform.state.blind
    platform.good()
    assert platform.verdict() is Verdict.UNKNOWN
