"""When an outage begins, goes on, ends and comes back."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from monitor.model.fact import OutageEnded, OutageOpened, OutageReopened, OutageWidened
from monitor.model.outcome import OutcomeKind
from monitor.model.state import Outage
from monitor.model.verdict import CauseKind, Role, Verdict
from monitor.rules import outage
from tests.support.clock import START
from tests.support.rulings import HOUR, INSTANT, MINUTE, SECOND, Platform, down, outcome, policy, probe, up

A, B = probe("a"), probe("b")
API = probe("api", "request")
ACCESS = probe("access", role=Role.DECIDING)
OPENED = (OutageOpened, OutageReopened, OutageWidened, OutageEnded)


def at(seconds: float) -> datetime:
    """Return an instant so many seconds after START."""
    return START + seconds * SECOND


def known(platform: Platform) -> Outage:
    """Return the platform's latest outage."""
    assert platform.state.outage is not None
    return platform.state.outage


def kinds(platform: Platform) -> list[str]:
    """Return what happened to outages, in order."""
    return [type(fact).__name__.removeprefix("Outage").lower() for fact in platform.found(*OPENED)]


def test_opened_at_the_first_bad_outcome_of_the_streak() -> None:
    """An outage began when the first bad attempt of the streak began, and is confirmed when the round ended."""
    platform = down()
    found = known(platform)
    assert found.opened_at == at(6 - 0.1)
    assert found.confirmed_at == at(16)
    assert found.detection_seconds == pytest.approx(10.1)
    assert found.ended_at is None


def test_it_names_what_is_lost_and_why() -> None:
    """An outage holds its functions, the probes that opened it, its reason and a readable id."""
    found = known(down())
    assert (found.functions, found.openers) == (("sign_in",), ("portal",))
    assert found.id == "payments-20260301T030005900Z"
    assert found.reason == "sign_in is down: probe portal failed 3 times since 03:00:05Z (status 503, expected 200)"


def test_began_when_the_last_probe_of_the_set_went_bad() -> None:
    """A function goes down with the first bad outcome of the last probe of its deciding set."""
    platform = up(A, B)
    platform.confirm("a")
    assert platform.state.outage is None
    began = platform.now + 5 * SECOND - SECOND / 10
    platform.confirm("b")
    assert known(platform).opened_at == began


def test_began_when_the_first_function_went_down() -> None:
    """Two functions found down together began with the one that went down first."""
    platform = up(A, API)
    platform.bad("a")
    platform.bad("api")
    for name in ("a", "a", "api", "api"):
        platform.bad(name)
    assert known(platform).opened_at == at(3 - 0.1)
    assert known(platform).functions == ("sign_in", "request")


def test_a_function_that_isn_t_critical_opens_nothing() -> None:
    """A non-critical function down degrades; it opens no outage and joins none."""
    platform = up(replace(A, critical=False), API)
    platform.confirm("a")
    assert (platform.verdict(), platform.state.outage) == (Verdict.DEGRADED, None)
    platform.good("a", "api")
    platform.confirm("api")
    assert known(platform).functions == ("request",)


def test_widened() -> None:
    """A critical function that goes down later joins the open outage, with its probes."""
    platform = up(A, API)
    platform.confirm("a")
    before = known(platform)
    platform.confirm("api")
    after = known(platform)
    assert kinds(platform) == ["opened", "widened"]
    assert after == replace(before, functions=("sign_in", "request"), openers=("a", "api"))


def test_ended_at_the_first_good_outcome_of_the_row() -> None:
    """It ended when the first good attempt of the row began, and is found over when the row was complete."""
    platform = down()
    platform.good()
    platform.good()
    assert known(platform).ended_at is None
    platform.good()
    assert known(platform).ended_at == at(17 - 0.1)
    assert known(platform).cleared_at == at(19)
    assert platform.state.last_ended_at == known(platform).ended_at


def test_a_broken_row_ends_nothing() -> None:
    """A bad outcome among the good ones begins the row anew."""
    platform = down()
    for kind in "ggbgg":
        platform.good() if kind == "g" else platform.bad()
    assert known(platform).ended_at is None
    platform.good()
    assert known(platform).ended_at == at(20 - 0.1)


def test_one_recovered_opener_of_a_function_is_enough() -> None:
    """A function of which one opener recovered is no longer down, and so the outage is over."""
    platform = down(A, B)
    platform.recover("b")
    assert platform.verdict() is Verdict.DEGRADED
    assert kinds(platform) == ["opened", "ended"]


def test_every_function_must_come_back() -> None:
    """It ends with the last of its functions, at the first good outcome of that one."""
    platform = down(A, API)
    platform.recover("a")
    assert known(platform).ended_at is None
    began = platform.now + SECOND - SECOND / 10
    platform.recover("api")
    assert known(platform).ended_at == began


@pytest.mark.parametrize("order", [("a", "api"), ("api", "a")])
def test_in_either_order(order: tuple[str, str]) -> None:
    """Which function comes back first makes no difference to the outage."""
    platform = down(A, API)
    platform.recover(*order)
    assert known(platform).ended_at == at(6 + 2 + 30 - 6 + 4 - 0.1)


def test_unknown_never_ends_it() -> None:
    """A platform that is not measured any more is unknown, and its outage open."""
    platform = down()
    platform.tick(10 * MINUTE)
    assert platform.verdict() is Verdict.UNKNOWN
    assert known(platform).ended_at is None


def test_blind_never_ends_it() -> None:
    """A vantage that turns blind, and sees good outcomes it can't believe, ends no outage."""
    platform = down()
    platform.blind()
    platform.recover()
    assert known(platform).ended_at is None
    platform.blind(blind=False)
    assert known(platform).ended_at is None
    platform.recover()
    assert known(platform).ended_at is not None


def test_only_its_own_probes_end_it() -> None:
    """A deciding probe that is good degrades the function at once, but doesn't end what others opened."""
    platform = down(A)
    platform.restart(watched=policy(A, ACCESS))
    platform.good("access")
    assert platform.functions()["sign_in"] is Verdict.DEGRADED
    assert known(platform).ended_at is None
    platform.recover("a")
    assert known(platform).ended_at is not None


def test_not_ended_while_a_recovered_function_isn_t_measured() -> None:
    """An opener that recovered and turned stale ends nothing until it is measured again."""
    platform = down(A, API)
    platform.recover("a")
    platform.after(MINUTE)
    for _ in range(3):
        platform.good("api")
    assert known(platform).ended_at is None
    platform.good("a")
    assert known(platform).ended_at is not None


@pytest.mark.parametrize(
    ("gap", "same"),
    [(SECOND, True), (15 * MINUTE - 15 * SECOND - INSTANT, True), (15 * MINUTE - 15 * SECOND, False), (HOUR, False)],
)
def test_reopened_within_lower_after(gap: timedelta, *, same: bool) -> None:
    """Confirmed down again within `lower_after` of being found over, the same outage goes on; after that a new one."""
    platform = down()
    platform.recover()
    first = known(platform)
    platform.now += gap
    platform.confirm()
    assert (known(platform).id == first.id) is same
    assert kinds(platform) == ["opened", "ended", "reopened" if same else "opened"]


def test_reopened_keeps_the_good_span() -> None:
    """The good span between is an interruption, half-open; the outage is open again."""
    platform = down()
    platform.recover()
    first = known(platform)
    began = platform.now + 5 * SECOND - SECOND / 10
    platform.confirm()
    again = known(platform)
    assert (again.opened_at, again.confirmed_at) == (first.opened_at, first.confirmed_at)
    assert (again.ended_at, again.cleared_at) == (None, None)
    assert again.interruptions == ((first.ended_at, began),)
    platform.recover()
    platform.confirm()
    assert len(known(platform).interruptions) == 2


def test_reopened_by_another_function_widens_it() -> None:
    """What is down now joins what was down before; both must be good to end it."""
    platform = down(A)
    platform.policy = policy(A, API)
    platform.recover("a")
    platform.restart()
    platform.good("a", "api")
    platform.confirm("api")
    assert known(platform).functions == ("sign_in", "request")
    assert known(platform).openers == ("a", "api")
    assert "request is down" in known(platform).reason


def test_reopened_by_what_was_down_before_the_end_has_no_interruption() -> None:
    """If another function had gone down before the first was back, the platform never was up between."""
    platform = up(A, API)
    platform.confirm("a")
    platform.bad("api")
    platform.recover("a")
    assert kinds(platform) == ["opened", "ended"]
    platform.bad("api")
    platform.bad("api")
    assert kinds(platform) == ["opened", "ended", "reopened"]
    assert known(platform).interruptions == ()


def test_forgotten_after_lower_after() -> None:
    """An outage that can't come back any more is no longer held."""
    platform = down()
    platform.recover()
    platform.tick(15 * MINUTE - INSTANT)
    assert platform.state.outage is not None
    platform.tick(INSTANT)
    assert platform.state.outage is None
    assert platform.state.last_ended_at is not None


def test_a_new_one_never_begins_before_the_last_ended() -> None:
    """A function that only became critical later lets no outage begin before the last one ended."""
    spare = replace(A, critical=False)
    platform = up(spare, API)
    platform.confirm("a")
    platform.confirm("api")
    platform.recover("api")
    ended = platform.state.last_ended_at
    for _ in range(70):
        platform.after(14 * SECOND).bad("a")
    platform.restart(watched=policy(A, API))
    assert platform.verdict() is Verdict.DOWN
    assert known(platform).opened_at == ended
    assert kinds(platform) == ["opened", "ended", "opened"]


# other vantages


def test_seen_by_others_only() -> None:
    """An outage that only the others see has no functions of ours, begins now, and ends with the verdict of all."""
    platform = up(vantages=3)
    platform.vote(b=Verdict.DOWN, c=Verdict.DOWN)
    found = known(platform)
    assert (found.functions, found.openers, found.opened_at) == ((), (), platform.now)
    platform.after(SECOND).vote(b=Verdict.UNKNOWN, c=Verdict.UNKNOWN)
    assert known(platform).ended_at is None
    platform.after(SECOND).vote(b=Verdict.UP, c=Verdict.DOWN)
    assert known(platform).ended_at == platform.now


def test_seen_by_others_first() -> None:
    """What goes down here too joins, and then only our own probes end it."""
    platform = up(vantages=3)
    platform.vote(b=Verdict.DOWN, c=Verdict.DOWN)
    platform.confirm()
    assert known(platform).functions == ("sign_in",)
    platform.vote(b=Verdict.UP, c=Verdict.UP)
    assert platform.verdict() is Verdict.DEGRADED
    assert known(platform).ended_at is None
    platform.recover()
    assert known(platform).ended_at is not None


def test_down_by_quorum_while_blind() -> None:
    """A blind vantage takes the others' word for it."""
    platform = up(vantages=3)
    platform.blind()
    platform.vote(b=Verdict.DOWN, c=Verdict.DOWN)
    assert platform.state.vote is Verdict.UNKNOWN
    assert known(platform).functions == ()


def test_recovered_here_but_not_elsewhere() -> None:
    """While most vantages say down, good outcomes here end nothing."""
    platform = down(vantages=3)
    platform.vote(b=Verdict.DOWN, c=Verdict.DOWN)
    platform.recover()
    assert platform.verdict() is Verdict.DOWN
    assert known(platform).ended_at is None
    platform.vote(b=Verdict.UP, c=Verdict.DOWN)
    assert known(platform).ended_at is not None


# clocks and settings


def test_a_clock_set_back_leaves_spans_in_order() -> None:
    """When the clock goes back during an outage, it ends no earlier than it began."""
    platform = down()
    platform.now -= HOUR
    platform.recover()
    found = known(platform)
    assert found.ended_at == found.opened_at
    platform.confirm()
    assert kinds(platform) == ["opened", "ended", "reopened"]
    platform.recover()
    assert known(platform).ended_at == known(platform).opened_at


def test_a_clock_set_back_never_lets_a_new_one_overlap() -> None:
    """A new outage under a clock set back begins where the last one ended."""
    platform = down()
    platform.recover()
    platform.tick(HOUR)
    platform.now -= 2 * HOUR
    platform.good()
    platform.confirm()
    found = known(platform)
    assert (found.opened_at, found.confirmed_at) == (platform.state.last_ended_at, platform.state.last_ended_at)
    assert found.id == "payments-20260301T020024900Z"
    assert found.detection_seconds == 0


@pytest.mark.parametrize(
    ("probes", "functions", "openers"),
    [
        pytest.param((A, B, API), ("sign_in", "request"), ("a", "b", "api"), id="all still there"),
        pytest.param((A, API), ("sign_in", "request"), ("a", "api"), id="one opener is enough"),
        pytest.param((A, replace(API, role=Role.SECOND_HAND)), ("sign_in", "request"), ("a", "api"), id="role changed"),
        pytest.param((probe("c"), API), ("sign_in", "request"), ("c", "api"), id="the present set takes over"),
        pytest.param((A,), ("sign_in",), ("a",), id="a function is gone"),
        pytest.param((replace(A, function="x"), API), ("request",), ("api",), id="an opener moved elsewhere"),
        pytest.param((A, probe("c", "request", Role.SECOND_HAND)), ("sign_in",), ("a",), id="none that decides"),
        pytest.param((probe("c", "x"), replace(probe("d", "y"), critical=False)), ("x",), ("c",), id="all renamed"),
        pytest.param((probe("c", "x"), probe("a", "x"), probe("d", "y")), ("x", "y"), ("c", "a", "d"), id="all hold"),
        pytest.param((replace(probe("c", "x"), critical=False),), (), (), id="nothing critical left"),
        pytest.param((probe("c", "x", Role.SECOND_HAND),), (), (), id="nothing left that could be down"),
    ],
)  # fmt: skip
def test_watched_on(probes: tuple, functions: tuple[str, ...], openers: tuple[str, ...]) -> None:  # type: ignore[type-arg]
    """Functions keep the openers they still have; what is no longer watched is dropped."""
    found = outage.watched_on(known(down(A, B, API)), policy(*probes))
    assert (found.functions, found.openers) == (functions, openers)


def test_watched_on_after_its_end() -> None:
    """An outage that is over is held by nobody: what is gone from it is gone."""
    over = replace(known(down(A)), ended_at=START, cleared_at=START)
    found = outage.watched_on(over, policy(API))
    assert (found.functions, found.openers) == ((), ())


def test_the_cause_names_the_outage() -> None:
    """The flag's cause carries the outage's id and beginning."""
    platform = down()
    (cause,) = platform.state.causes
    assert (cause.kind, cause.id, cause.since) == (CauseKind.OUTAGE, known(platform).id, known(platform).opened_at)


@pytest.mark.parametrize("kind", list(OutcomeKind))
def test_only_good_outcomes_come_near_its_end(kind: OutcomeKind) -> None:
    """However often it comes, nothing but good ends an outage."""
    platform = down()
    for _ in range(10):
        platform.after(10 * SECOND).see(kind)
    assert (known(platform).ended_at is not None) is (kind is OutcomeKind.GOOD)
    assert outcome(kind).kind is kind
