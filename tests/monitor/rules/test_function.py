"""What is held true of a function and of a platform, from what its probes say."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.outcome import OutcomeKind, Warn
from monitor.model.policy import ProbePolicy
from monitor.model.state import FunctionState, ProbeState
from monitor.model.verdict import Phase, Role, Verdict, View
from monitor.rules.function import Judgement, Member, deciding_set, judge, probes_of
from monitor.rules.platform import vote
from tests.support.clock import START
from tests.support.rulings import MINUTE, SECOND, Platform, policy, probe, up

A, B = probe("a"), probe("b")
SPARE = replace(probe("spare"), critical=False)
ACCESS = probe("access", role=Role.DECIDING)
BEAT = probe("beat", role=Role.SECOND_HAND)
STATES = {
    View.GOOD: ProbeState("f0", phase=Phase.GOOD, conclusive_at=START),
    View.BAD: ProbeState("f0", phase=Phase.BAD, bad_since=START, bad_detail="status 503", conclusive_at=START),
    View.UNMEASURED: ProbeState("f0"),
}
G, X, U = View.GOOD, View.BAD, View.UNMEASURED
FAILED = "probe a failed 3 times since 03:00:00Z (status 503)"


def judged(*members: tuple[ProbePolicy, View], **changed: object) -> Judgement:
    """Judge function `sign_in`; `changed` changes the last member's state."""
    built = [Member(settings, STATES[view], view) for settings, view in members]
    if changed:
        built[-1] = replace(built[-1], state=replace(built[-1].state, **changed))  # type: ignore[arg-type]  # any field
    return judge("sign_in", built, blind=False)


def expected_without_deciding(views: tuple[View, ...]) -> Verdict:
    """Return what design 3.3 says of a function whose probes are all critical and first-hand."""
    if set(views) == {X}:
        return Verdict.DOWN
    if G not in views:
        return Verdict.UNKNOWN
    return Verdict.DEGRADED if X in views else Verdict.UP


@pytest.mark.parametrize("views", list(product(View, repeat=3)))
def test_three_critical_probes(views: tuple[View, ...]) -> None:
    """All bad is down, none good unknown, one bad degraded, for every combination."""
    probes = (A, B, probe("c"))
    assert judged(*zip(probes, views, strict=True)).verdict is expected_without_deciding(views)


@pytest.mark.parametrize(("deciding", "cheap"), list(product(View, repeat=2)))
def test_a_deciding_probe_decides(deciding: View, cheap: View) -> None:
    """Where there is a deciding probe, it alone says down or unknown; a bad critical one degrades at most."""
    verdict = judged((ACCESS, deciding), (A, cheap)).verdict
    expected = {X: Verdict.DOWN, U: Verdict.UNKNOWN, G: Verdict.DEGRADED if cheap is X else Verdict.UP}
    assert verdict is expected[deciding]


@pytest.mark.parametrize("other", list(View))
def test_two_deciding_probes(other: View) -> None:
    """With two deciding probes both must be bad."""
    verdict = judged((ACCESS, X), (probe("journey", role=Role.DECIDING), other)).verdict
    assert verdict is {X: Verdict.DOWN, U: Verdict.UNKNOWN, G: Verdict.DEGRADED}[other]


@pytest.mark.parametrize(("critical", "spare"), list(product(View, repeat=2)))
def test_uncritical_probes_decide_nothing_beside_critical_ones(critical: View, spare: View) -> None:
    """A probe that isn't critical is not in the deciding set while a critical one is."""
    verdict = judged((A, critical), (SPARE, spare)).verdict
    assert verdict is {X: Verdict.DOWN, U: Verdict.UNKNOWN, G: Verdict.UP}[critical]


@pytest.mark.parametrize("view", list(View))
def test_uncritical_probes_decide_where_there_are_no_others(view: View) -> None:
    """A function without critical probes is judged by all it has, and isn't critical."""
    found = judged((SPARE, view))
    assert found.verdict is {X: Verdict.DOWN, U: Verdict.UNKNOWN, G: Verdict.UP}[view]
    assert not found.critical


@pytest.mark.parametrize(("first", "second"), list(product(View, repeat=2)))
def test_second_hand_probes_never_decide_alone(first: View, second: View) -> None:
    """A function with second-hand probes only is degraded when one is bad, never down."""
    verdict = judged((BEAT, first), (probe("status", role=Role.SECOND_HAND), second)).verdict
    views = {first, second}
    assert verdict is (Verdict.DEGRADED if X in views else Verdict.UNKNOWN if views == {U} else Verdict.UP)


@given(st.lists(st.tuples(st.sampled_from(View), st.booleans(), st.sampled_from(Warn)), min_size=1, max_size=6))
def test_second_hand_alone_is_never_down(told: list[tuple[View, bool, Warn]]) -> None:
    """However many, critical or not, warned or not: degraded at most, unknown only where none says anything."""
    members = [
        Member(
            replace(probe(f"p{number}", role=Role.SECOND_HAND), critical=critical),
            replace(STATES[view], warnings=(warning,)),
            view,
        )
        for number, (view, critical, warning) in enumerate(told)
    ]
    found = judge("vendor", members, blind=False)
    views = {view for view, _, _ in told}
    assert found.verdict is (Verdict.UNKNOWN if views == {U} else Verdict.DEGRADED)
    assert deciding_set([member.policy for member in members]) == ()


@given(st.permutations([(A, G), (SPARE, U), (ACCESS, G)]), st.lists(st.sampled_from(View), max_size=4))
def test_second_hand_changes_up_and_degraded_only(own: list[tuple[ProbePolicy, View]], told: list[View]) -> None:
    """Beside first-hand probes they turn up into degraded, and nothing into down, unknown or up."""
    beats = [(probe(f"beat{number}", role=Role.SECOND_HAND), view) for number, view in enumerate(told)]
    for first_hand in (own, own[:1]):
        alone, beside = judged(*first_hand), judged(*first_hand, *beats)
        worse = Verdict.DEGRADED if alone.verdict is Verdict.UP and X in told else alone.verdict
        assert beside.verdict is worse


def test_what_a_page_says_degrades() -> None:
    """A page's warnings are said in words."""
    told = judged((A, G), (BEAT, G), warnings=(Warn.TOLD, Warn.MAINTENANCE))
    assert told.why == (
        "sign_in is degraded: probe beat is told that something is wrong; probe beat is told of maintenance"
    )


@pytest.mark.parametrize(("own", "told"), list(product(View, repeat=2)))
def test_second_hand_beside_first_hand(own: View, told: View) -> None:
    """What others tell degrades at most, and never hides that we can't see."""
    verdict = judged((A, own), (BEAT, told)).verdict
    expected = {X: Verdict.DOWN, U: Verdict.UNKNOWN, G: Verdict.DEGRADED if told is X else Verdict.UP}
    assert verdict is expected[own]


def test_a_warning_degrades() -> None:
    """A good probe that warned makes its function degraded, and says how."""
    slow = judged((A, G), (B, G), warnings=(Warn.DURATION,))
    expiring = judged((A, G), (B, G), warnings=(Warn.TLS_DAYS_LEFT,))
    assert (slow.verdict, slow.why) == (Verdict.DEGRADED, "sign_in is degraded: probe b is slow")
    assert expiring.why == "sign_in is degraded: probe b has a certificate that ends soon"


def test_silence_is_no_recovery() -> None:
    """What was held against a probe stays while it isn't measured: a 429 must not make a degraded function up."""
    assert judged((A, G), (B, U), phase=Phase.GOOD, warnings=(Warn.DURATION,)).verdict is Verdict.DEGRADED
    assert judged((A, G), (B, U), recent=7, recent_count=9).verdict is Verdict.DEGRADED
    silent = judged((A, G), (B, U), phase=Phase.BAD)
    assert silent.verdict is Verdict.DEGRADED
    assert silent.why == "sign_in is degraded: probe b was bad, and is not confirmed bad or good again"


def test_silence_is_no_fault_either() -> None:
    """A probe of which nothing bad was believed makes its function no worse by not being measured."""
    assert judged((A, G), (B, U), phase=Phase.GOOD).verdict is Verdict.UP
    assert judged((A, G), (B, U), phase=Phase.UNPROVEN).verdict is Verdict.UP


def test_a_bad_probe_warns_of_nothing() -> None:
    """The warnings of a bad probe don't count; that it is bad does."""
    assert "slow" not in judged((A, G), (B, X), warnings=(Warn.DURATION,)).why


@pytest.mark.parametrize(
    ("settings", "expected"), [(B, Verdict.DEGRADED), (SPARE, Verdict.DEGRADED), (BEAT, Verdict.UP)]
)
def test_an_unsteady_probe_degrades(settings: ProbePolicy, expected: Verdict) -> None:
    """A first-hand probe that was bad too often lately degrades its function, critical or not."""
    assert judged((A, G), (settings, G), recent=0b10101, recent_count=20).verdict is expected


def test_blind() -> None:
    """While blind nothing is known, and that is why."""
    found = judge("sign_in", [Member(A, STATES[X], U)], blind=True)
    assert found == Judgement(Verdict.UNKNOWN, "sign_in is unknown: this vantage is blind, no control answers", True)


@pytest.mark.parametrize(
    ("members", "changed", "why"),
    [
        (((A, X),), {}, f"sign_in is down: {FAILED}"),
        (((A, X), (B, X)), {}, f"sign_in is down: {FAILED}; {FAILED.replace('probe a', 'probe b')}"),
        (((replace(A, confirm_attempts=1), X),), {}, f"sign_in is down: {FAILED.replace('3 times', 'once')}"),
        (((A, X),), {"bad_since": None}, "sign_in is down: probe a failed 3 times (status 503)"),
        (((A, U),), {}, "sign_in is unknown: probe a was not good yet"),
        (((A, U),), {"phase": Phase.GOOD}, "sign_in is unknown: probe a was not measured for 3 intervals"),
        (
            ((A, U),),
            {"phase": Phase.BAD},
            "sign_in is unknown: probe a was bad, and is not confirmed bad or good again",
        ),
        (((B, G), (A, X)), {}, f"sign_in is degraded: {FAILED}"),
        (((B, G), (A, G)), {"recent": 7, "recent_count": 9}, "sign_in is degraded: probe a was bad too often lately"),
        (((A, G),), {}, "sign_in is up"),
    ],
)
def test_why(members: tuple[tuple[ProbePolicy, View], ...], changed: dict[str, object], why: str) -> None:
    """Each verdict says in one line which probes made it so."""
    assert judged(*members, **changed).why == why


def test_why_is_never_long() -> None:
    """Of many reasons three are said, and how many more there are."""
    found = judged(*((probe(f"p{number}"), X) for number in range(9)))
    assert found.why.count("failed") == 3
    assert found.why.endswith("and 6 more")


def test_deciding_set() -> None:
    """The deciding set is the deciding probes, else the critical first-hand ones, else the first-hand ones."""
    assert deciding_set([A, ACCESS, SPARE, BEAT]) == (ACCESS,)
    assert deciding_set([A, SPARE, BEAT]) == (A,)
    assert deciding_set([SPARE, BEAT]) == (SPARE,)
    assert deciding_set([BEAT]) == ()


def test_probes_of() -> None:
    """A function's probes are those that name it."""
    assert probes_of(policy(A, probe("api", "request")), "request") == (probe("api", "request"),)


# which deciding probes run at once


def cheap_fails(*others: ProbePolicy, before: str = "") -> tuple[str, ...]:
    """Have the cheap critical probe `a` confirmed bad; return which probes are called."""
    platform = up(A, *others)
    if before == "bad":
        platform.confirm("access")
        platform.good("a")
    if before == "suspect":
        platform.bad("access")
    return platform.confirm("a").calls


@pytest.mark.parametrize("settings", [ACCESS, replace(ACCESS, critical=False)])
def test_the_deciding_probe_is_called(settings: ProbePolicy) -> None:
    """When a cheap critical probe is confirmed bad, the deciding probe runs at once."""
    assert cheap_fails(settings) == ("access",)


def test_only_of_the_same_function() -> None:
    """Another function's deciding probe has nothing to say to it."""
    assert cheap_fails(probe("other", "request", Role.DECIDING)) == ()


def test_not_while_it_is_bad_or_being_confirmed() -> None:
    """A deciding probe that is confirmed bad, or being confirmed, isn't called again."""
    assert cheap_fails(ACCESS, before="bad") == ()
    assert cheap_fails(ACCESS, before="suspect") == ()


def test_a_stale_one_is_called() -> None:
    """A deciding probe that was bad too long ago to say so is called."""
    platform = up(A, ACCESS)
    platform.confirm("access")
    platform.after(10 * MINUTE).good("a")
    assert platform.confirm("a").calls == ("access",)


def test_no_call_without_confirmation() -> None:
    """Neither a first bad outcome nor a further one while bad calls anybody."""
    platform = up(A, ACCESS)
    assert platform.bad("a").calls == ()
    assert platform.confirm("a").calls == ()  # the round had begun: its third attempt confirmed, this one is after it
    assert platform.bad("a").calls == ()


@pytest.mark.parametrize("settings", [SPARE, ACCESS])
def test_who_doesn_t_call(settings: ProbePolicy) -> None:
    """A probe that isn't critical, or decides itself, calls nobody."""
    platform = up(settings, probe("journey", role=Role.DECIDING))
    assert platform.confirm(settings.name).calls == ()


# the platform


def held(verdict: Verdict, *, critical: bool = True) -> FunctionState:
    """Return a function's state with that verdict."""
    return FunctionState(verdict, START, f"it is {verdict}", critical)


@pytest.mark.parametrize(("critical", "other"), list(product(Verdict, repeat=2)))
def test_vote(critical: Verdict, other: Verdict) -> None:
    """A critical function down or unknown is the platform's verdict; anything else worse than up degrades it."""
    found = vote({"sign_in": held(critical), "approve": held(other, critical=False)}, blind=False).verdict
    if critical in {Verdict.DOWN, Verdict.UNKNOWN}:
        assert found is critical
    else:
        assert found is (Verdict.UP if {critical, other} == {Verdict.UP} else Verdict.DEGRADED)


@pytest.mark.parametrize(("first", "second"), list(product(Verdict, repeat=2)))
def test_vote_of_critical_functions(first: Verdict, second: Verdict) -> None:
    """Down outweighs unknown, unknown outweighs degraded, degraded outweighs up."""
    order = [Verdict.DOWN, Verdict.UNKNOWN, Verdict.DEGRADED, Verdict.UP]
    found = vote({"a": held(first), "b": held(second)}, blind=False).verdict
    assert found is min((first, second), key=order.index)


def test_vote_when_nothing_is_known() -> None:
    """Nothing measured is unknown, critical or not; so is a vantage that is blind."""
    assert vote({"a": held(Verdict.UNKNOWN, critical=False)}, blind=False).verdict is Verdict.UNKNOWN
    assert vote({"a": held(Verdict.UP)}, blind=True).verdict is Verdict.UNKNOWN
    assert vote({}, blind=False) == (Verdict.UNKNOWN, "nothing was measured yet")


def test_vote_says_why() -> None:
    """The vote repeats the reasons of the functions it comes from."""
    functions = {"a": held(Verdict.DOWN), "b": held(Verdict.DEGRADED), "c": held(Verdict.DOWN)}
    assert vote(functions, blind=False).why == "it is down; it is down"
    assert vote({"a": held(Verdict.UP)}, blind=False).why == "every function is up"


def test_one_probe_of_two_unsteady_end_to_end() -> None:
    """Three bad of the last twenty scheduled outcomes, none of them confirmed, degrade the platform."""
    platform = up(A)
    for _ in range(3):
        platform.after(10 * SECOND).see(OutcomeKind.BAD, "a")
        platform.good("a")
    assert platform.verdict() is Verdict.DEGRADED
    for _ in range(20):
        platform.good("a")
    assert platform.verdict() is Verdict.UP
    assert isinstance(platform, Platform)
