"""What is believed when the settings change while the monitor watches."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from monitor.model.event import Reconfigured, Restarted, Unwatched
from monitor.model.fact import OutageEnded, PlatformLeft
from monitor.model.policy import PlatformPolicy
from monitor.model.verdict import FlagState, Phase, Verdict
from monitor.rules.audit import entries
from monitor.rules.probe import drop_round, is_believed_bad, round_is_on
from tests.support.rulings import BOUNDED, MINUTE, SECOND, Platform, down, policy, probe, up

A, B, API = probe("a"), probe("b"), probe("api", "request")
NAMES = ("a", "b", "api")
DEEDS = st.lists(
    st.tuples(st.sampled_from(["good", "bad", "not_measured", "confirm", "recover", "tick"]), st.sampled_from(NAMES)),
    max_size=12,
)


def reconfigured(platform: Platform, watched: PlatformPolicy, *changed: str) -> Platform:
    """Have the settings change, by which these probes run otherwise."""
    platform.policy = watched
    platform.hear(Reconfigured(frozenset(changed)))
    return platform


def lived(deeds: list[tuple[str, str]]) -> Platform:
    """Return a platform to which all this happened."""
    platform = up(A, B, API)
    for deed, name in deeds:
        if deed == "tick":
            platform.tick(MINUTE)
        else:
            getattr(platform, deed)(name)
    platform.tick()
    return platform


def without_rounds(platform: Platform) -> Platform:
    """Return the platform with no round under way."""
    probes = {name: drop_round(held) for name, held in platform.state.probes.items()}
    platform.step = replace(platform.step, state=replace(platform.state, probes=probes))
    platform.tick()
    return platform


def other(*names: str) -> PlatformPolicy:
    """Return settings by which these probes measure something else."""
    probes = [replace(each, fingerprint="f1") if each.name in names else each for each in (A, B, API)]
    return policy(*probes)


@BOUNDED
@given(DEEDS)
def test_with_settings_that_say_the_same_all_stays(deeds: list[tuple[str, str]]) -> None:
    """Rounds under way, quiet, causes and pages: nothing is found, and nothing is otherwise."""
    platform = lived(deeds)
    before = platform.state
    step = platform.hear(Reconfigured(frozenset()))
    assert step.facts == ()
    assert replace(step.state, wake_at=None) == replace(before, wake_at=None)


@BOUNDED
@given(DEEDS, st.sets(st.sampled_from(NAMES)))
def test_a_probe_that_goes_on_keeps_everything(deeds: list[tuple[str, str]], changed: set[str]) -> None:
    """Unless it now holds the outage of those that are gone; one that measures something else has to prove itself."""
    platform = lived(deeds)
    before = platform.state
    reconfigured(platform, other(*changed), *changed)
    held = before.outage.openers if before.outage is not None else ()
    holds = platform.state.outage.openers if platform.state.outage is not None else ()
    for name, now in platform.state.probes.items():
        if name in changed:
            assert not is_believed_bad(now)
            assert now.phase is Phase.UNPROVEN
        elif (name in holds) is (name in held):
            assert now == before.probes[name]


@BOUNDED
@given(DEEDS, st.sets(st.sampled_from(NAMES), min_size=1, max_size=2), st.sampled_from(["settings", "gone"]))
def test_it_is_judged_as_after_a_restart_without_absence(
    deeds: list[tuple[str, str]], names: set[str], how: str
) -> None:
    """Only rounds, and the respite that they give, and quiet are kept beside: verdict, outage and flag are the same."""
    one, two = (without_rounds(lived(deeds)) for _ in range(2))
    watched = other(*names) if how == "settings" else policy(*(each for each in (A, B, API) if each.name not in names))
    reconfigured(one, watched, *(names if how == "settings" else ()))
    two.policy = watched
    two.hear(Restarted(two.now))
    assert one.verdict() is two.verdict()
    assert one.functions() == two.functions()
    assert one.flag() is two.flag()
    assert (one.state.outage is None) is (two.state.outage is None)
    if one.state.outage is not None and two.state.outage is not None:
        assert one.state.outage.ended_at == two.state.outage.ended_at


def test_a_round_goes_on_and_confirms() -> None:
    """Two bad before, one bad after: that is the whole round."""
    platform = up(A, API)
    platform.bad("a")
    platform.bad("a")
    reconfigured(platform, policy(A, API, B), "b")
    assert round_is_on(platform.probe("a"))
    platform.bad("a")
    assert platform.state.functions["sign_in"].verdict is not Verdict.UP
    assert is_believed_bad(platform.probe("a"))


def test_a_probe_that_is_run_otherwise_begins_its_round_anew() -> None:
    """What it measures is the same, so that it need not be good first; but half a round is none."""
    platform = up(A)
    platform.bad("a")
    platform.bad("a")
    reconfigured(platform, policy(replace(A, confirm_attempts=2)), "a")
    assert not round_is_on(platform.probe("a"))
    assert platform.probe("a").phase is Phase.GOOD


def test_quiet_is_not_broken() -> None:
    """The platform was up all the time: its flag is lowered when it would have been."""
    platform = down(A)
    platform.recover()
    since = platform.state.quiet_since
    assert since is not None
    reconfigured(platform.after(5 * SECOND), policy(A, B), "b")
    # The new probe was never measured, so that its function can't be told: that is no quiet.
    assert platform.verdict() in {Verdict.UP, Verdict.UNKNOWN}
    same = down(A)
    same.recover()
    since = same.state.quiet_since
    reconfigured(same.after(5 * SECOND), policy(A))
    assert same.state.quiet_since == since


def test_an_outage_that_nobody_watches_any_more_ends() -> None:
    """As at a restart: the functions that were down are gone, and no other is critical."""
    platform = down(API)
    assert platform.flag() is FlagState.READY
    reconfigured(platform, policy(replace(B, critical=False)), "b")
    assert platform.found(OutageEnded)


def test_a_platform_that_leaves_is_noted() -> None:
    """Since when, in its state and in the audit; what was believed is kept, and grows old from there."""
    platform = down(A)
    step = platform.hear(Unwatched())
    assert step.state.unwatched_since == platform.now
    assert step.facts[0] == PlatformLeft(platform.now)
    (entry,) = entries("payments", step.facts, None, platform.now)
    assert (entry.kind, entry.actor) == ("platform_unwatched", "monitor")
    assert entry.body == {"platform": "payments", "since": platform.now.isoformat()}
    assert platform.outage().ended_at is None
