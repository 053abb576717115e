"""Going on from a flag that is not on record: what the run said that was killed while it could not write its store."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.act import Confirm, EndInhibit, Inhibit, Raise, Renew
from monitor.model.event import ClockSetBack, Restarted
from monitor.model.fact import CauseAdded, CauseEnded, FlagTakenUp, InhibitionLost, OutageEnded, PageDecided
from monitor.model.page import PageKind, PageStatus
from monitor.model.published import PublishedFlag
from monitor.model.record import FlagLedger
from monitor.model.state import Cause, PlatformState
from monitor.model.verdict import CauseKind, FlagState, Verdict
from monitor.rules import unrecorded
from monitor.rules.causes import in_force
from tests.support.clock import START
from tests.support.exercising import WISH, begin, detect, end
from tests.support.rulings import BOUNDED, HOUR, MINUTE, SECOND, Platform, down, policy, probe, up

A, B = probe("a"), probe("b")
API = probe("api", "request")
MANUAL = Cause(CauseKind.MANUAL, "man-1", START, until=START + 2 * HOUR, by="anna")
LEDGER = FlagLedger(7, "c" * 64, "p" * 64)


def published(platform: Platform, **changes: object) -> PublishedFlag:
    """Return the flag that was signed last of a platform; a document holds whole seconds only."""
    state = platform.state
    causes = (replace(each, since=each.since.replace(microsecond=0)) for each in in_force(state.causes, platform.now))
    known = state.outage
    found = PublishedFlag(
        ver=9,
        change=state.flag.change,
        state=state.flag.state,
        since=(state.flag.since or platform.now).replace(microsecond=0),
        causes=tuple(causes),
        verdict=state.verdict,
        outage=known.id if known is not None and known.ended_at is None else None,
        prev="e" * 64,
        issued_at=platform.now.replace(microsecond=0),
        expires_at=platform.now + 15 * MINUTE,
        jws="jws",
        sha256="d" * 64,
    )
    return replace(found, **changes)  # type: ignore[arg-type]  # a test names fields that exist


def lose(platform: Platform, act: Callable[[], object]) -> PublishedFlag:
    """Have something happen that is not on record: only its flag, and the time, are left."""
    kept, facts, watched = platform.step, list(platform.facts), platform.policy
    act()
    flag = published(platform)
    platform.step, platform.facts, platform.policy = kept, facts, watched
    return flag


def find(platform: Platform, flag: PublishedFlag, away: timedelta = SECOND) -> Platform:
    """Have the monitor come back and find this flag."""
    alive_at = platform.now
    platform.after(away).hear(Restarted(alive_at, flag))
    return platform


def killed(act: Callable[[Platform], object], before: Callable[[], Platform] = up) -> tuple[Platform, PublishedFlag]:
    """Return a platform on which something happened that is not on record, taken up again, and the flag of it."""
    platform = before()
    flag = lose(platform, lambda: act(platform))
    return find(platform, flag), flag


# what is missing


def test_what_was_reserved_is_on_record() -> None:
    """Only a version above the ledger's tells of something that is not on record."""
    flag = published(up())
    assert unrecorded.missing(FlagLedger(9), flag) is None
    assert unrecorded.missing(FlagLedger(10), flag) is None
    assert unrecorded.missing(FlagLedger(8), flag) is flag
    assert unrecorded.missing(FlagLedger(8), None) is None


def test_the_ledger_goes_on_from_it() -> None:
    """Its version is the least; where it carries a later change, that is the one that the next change follows."""
    state = up().state
    flag = published(up())
    assert unrecorded.ledger_with(LEDGER, state, flag) == replace(LEDGER, ver=9)
    later = replace(flag, change=flag.change + 3)
    assert unrecorded.ledger_with(LEDGER, state, later) == FlagLedger(9, "d" * 64, "e" * 64)
    assert unrecorded.ledger_with(replace(LEDGER, ver=11), state, later).ver == 11


@pytest.mark.parametrize("make", [up, down])
def test_a_flag_that_says_what_is_on_record_changes_nothing(make: Callable[[], Platform]) -> None:
    """Only renewed, never recorded: what is believed goes on as after any restart."""
    platform = make()
    before = platform.state
    find(platform, published(platform))
    assert platform.step.facts == ()
    assert (platform.state.flag, platform.state.causes) == (before.flag, before.causes)


def test_a_change_of_another_store_is_not_believed() -> None:
    """A lower change under a higher version can't be what happened last here."""
    platform = down()
    find(platform, published(platform, change=0, state=FlagState.STANDBY, causes=(), outage=None))
    assert platform.flag() is FlagState.READY


# an outage that is not on record


def test_it_is_not_signed_on_old_word() -> None:
    """Ready goes on as standby under a new change; the cause is suspended, and everything bad in doubt."""
    platform, flag = killed(Platform.confirm)
    assert flag.state is FlagState.READY
    assert platform.flag() is FlagState.STANDBY
    assert platform.state.flag.change == flag.change + 1
    assert [cause.suspended for cause in platform.state.causes] == [True]
    assert platform.verdict() is Verdict.UNKNOWN
    assert platform.step.facts[0] == FlagTakenUp(flag)


def test_found_again_it_is_the_same() -> None:
    """Down again: the same outage, the same opening, and ready once more."""
    platform, flag = killed(Platform.confirm)
    platform.confirm()
    assert platform.flag() is FlagState.READY
    (cause,) = platform.state.causes
    assert (cause.id, platform.outage().id) == (flag.outage, flag.outage)
    assert platform.outage().opened_at.replace(microsecond=0) == flag.causes[0].since
    assert platform.outage().opened_at.microsecond // 1000 == 900  # the id says it to the millisecond


def test_good_again_it_ends_and_never_was_signed_again() -> None:
    """Good by recovery: the outage ends, its page and the flag's are resolved, and the cause is forgotten."""
    platform, flag = killed(Platform.confirm)
    platform.good()
    platform.good()
    assert platform.outage().ended_at is None
    for _ in range(100):
        platform.after(9 * SECOND).good()
    assert (platform.state.outage, platform.state.causes, platform.state.firing) == (None, (), {})
    assert platform.state.flag.change == flag.change + 1
    told = [(page.kind, page.status) for page in platform.pages()]
    assert told[:3] == [
        (PageKind.OUTAGE, PageStatus.FIRING),
        (PageKind.FLAG, PageStatus.RESOLVED),
        (PageKind.OUTAGE, PageStatus.RESOLVED),
    ]


def test_nobody_knows_what_was_down() -> None:
    """Every critical function holds the outage; one that works all along ends nothing alone."""
    platform, _ = killed(lambda platform: platform.confirm("a"), lambda: up(A, API))
    assert (platform.outage().functions, platform.outage().openers) == (("sign_in", "request"), ("a", "api"))
    platform.recover("api")
    assert platform.outage().ended_at is None
    platform.recover("a")
    assert platform.outage().ended_at is not None


def test_one_that_was_over_but_for_the_wait() -> None:
    """An outage that ended, whose cause was still signed, is on the books until it is seen to be over."""
    platform, flag = killed(lambda platform: (platform.confirm(), platform.recover()))
    assert (flag.outage, flag.state) == (None, FlagState.READY)
    assert platform.outage().id == flag.causes[0].id
    assert platform.flag() is FlagState.STANDBY
    platform.recover()
    assert platform.outage().ended_at is not None


def test_one_of_which_nothing_is_left_but_the_change() -> None:
    """Raised and lowered again, unrecorded: the change goes on from there, and the flag's page is resolved again."""
    platform, flag = killed(lambda platform: (platform.confirm(), platform.tick(HOUR), platform.tick(5 * HOUR)))
    assert (flag.state, flag.causes, flag.outage is None) == (FlagState.STANDBY, (), False)
    assert platform.state.flag.change == flag.change
    assert platform.outage().id == flag.outage
    assert platform.outage().opened_at < platform.now - 5 * HOUR
    assert (PageKind.FLAG, PageStatus.RESOLVED) in [
        (fact.page.kind, fact.page.status) for fact in platform.step.facts if isinstance(fact, PageDecided)
    ]


def test_without_a_critical_function_nobody_holds_it() -> None:
    """Where no function could be down any more, the verdict ends it."""
    platform = up(A, replace(API, critical=False))
    flag = lose(platform, lambda: platform.confirm("a"))
    platform.policy = policy(replace(API, critical=False))
    find(platform, flag)
    assert platform.outage().functions == ()
    platform.recover("api")
    assert platform.outage().ended_at is not None


@pytest.mark.parametrize(
    ("name", "began"),
    [("payments-20260301T025900123Z", timedelta(seconds=-59.877)), ("of-another-kind", timedelta(seconds=-30))],
)
def test_when_it_began(name: str, began: timedelta) -> None:
    """As its id says; an id that we did not make says nothing, its cause does."""
    platform = up()
    cause = Cause(CauseKind.OUTAGE, name, START - 30 * SECOND)
    flag = published(platform, change=5, state=FlagState.READY, causes=(cause,), outage=name, verdict=Verdict.DOWN)
    find(platform, flag)
    assert platform.outage().opened_at == START + began
    assert platform.outage().confirmed_at >= platform.outage().opened_at


def test_none_begins_later_than_now() -> None:
    """A clock that was set back since makes no outage of the future."""
    platform = up()
    flag = published(platform, change=5, outage="payments-20270301T000000000Z", verdict=Verdict.DOWN)
    find(platform, flag)
    assert platform.outage().opened_at == platform.now


# an outage that is on record


def test_one_on_record_that_ended_unrecorded() -> None:
    """The flag names it no more: it is signed no more, and on the books until it is seen to be over."""
    platform, flag = killed(lambda platform: (platform.recover(), [platform.good() for _ in range(2000)]), down)
    assert (flag.state, flag.outage) == (FlagState.STANDBY, None)
    assert platform.flag() is FlagState.STANDBY
    assert platform.state.flag.change == flag.change
    assert platform.outage().ended_at is None
    assert platform.found(CauseEnded)
    platform.recover()
    assert platform.outage().ended_at is not None
    assert platform.state.firing == {}


def test_one_on_record_that_another_followed() -> None:
    """It ended before the one that the flag names; both are kept, and don't overlap."""

    def follow(platform: Platform) -> None:
        platform.recover()
        for _ in range(2000):
            platform.good()
        platform.confirm()

    platform, flag = killed(follow, down)
    (fact,) = platform.found(OutageEnded)
    assert isinstance(fact, OutageEnded)
    assert fact.why == f"outage {flag.outage} followed it"
    assert platform.outage().id == flag.outage != fact.outage.id
    assert fact.outage.ended_at is not None
    assert fact.outage.ended_at <= platform.outage().opened_at


def test_one_that_came_back_unrecorded() -> None:
    """Over on record, open in the flag, under the same change: it goes on."""

    def over() -> Platform:
        platform = down()
        platform.recover()
        return platform

    platform, flag = killed(Platform.confirm, over)
    assert flag.change == platform.state.flag.change - 1  # what was signed is suspended
    assert (platform.outage().id, platform.outage().ended_at) == (flag.outage, None)
    assert not platform.found(FlagTakenUp)
    platform.recover()
    assert platform.outage().ended_at is not None


# what people raised, and pages


def test_what_people_raised_is_kept_as_signed() -> None:
    """A manual cause is in force as it was signed, without another change, and on record from now on."""
    platform, flag = killed(lambda platform: platform.raise_flag(MANUAL))
    assert (platform.flag(), platform.state.flag.change) == (FlagState.READY, flag.change)
    assert platform.state.causes == (MANUAL,)
    assert platform.found(CauseAdded) == [CauseAdded(MANUAL)]
    platform.tick(3 * HOUR)
    assert platform.flag() is FlagState.STANDBY


def held_closed() -> Platform:
    """Return a platform in an outage that two persons hold closed."""
    platform = down()
    asked = platform.act(Inhibit("false alarm", HOUR))
    platform.act(Confirm(str(asked.subject)), "ben")
    return platform


def test_what_is_held_closed_is_not_taken_for_ended() -> None:
    """A flag that only was renewed says what is on record: nothing is told, and what is held closed stays so."""
    platform = held_closed()
    flag = published(platform)
    find(platform, flag)
    assert not [fact for fact in platform.step.facts if isinstance(fact, CauseEnded | FlagTakenUp)]
    assert platform.state.acts.inhibition is not None
    assert [cause.inhibited for cause in platform.state.causes] == [True]


def test_what_was_opened_again_unrecorded_is_not_held_closed() -> None:
    """The flag says that the outage was in force: it is as it was signed, but for having to be confirmed again."""
    platform = held_closed()
    flag = lose(platform, lambda: platform.act(EndInhibit("it is real")))
    assert [cause.kind for cause in flag.causes] == [CauseKind.OUTAGE]
    find(platform, flag)
    assert platform.flag() is FlagState.STANDBY
    assert [(cause.suspended, cause.inhibited) for cause in platform.state.causes] == [(True, False)]
    assert platform.state.acts.inhibition is None
    platform.confirm()
    assert platform.flag() is FlagState.READY


def hold_closed(platform: Platform) -> None:
    """Have anna and ben hold it closed."""
    asked = platform.act(Inhibit("false alarm", HOUR))
    platform.act(Confirm(str(asked.subject)), "ben")


def hold_closed_and_go_down(platform: Platform) -> None:
    """Have it held closed before there is anything to hold."""
    hold_closed(platform)
    platform.confirm()


@pytest.mark.parametrize(
    ("happens", "before"),
    [(hold_closed, down), (hold_closed_and_go_down, up)],
    ids=["an outage on record", "one of that run"],
)
def test_what_was_held_closed_in_that_run_is_not_and_opens_when_it_is_down_again(
    happens: Callable[[Platform], object], before: Callable[[], Platform]
) -> None:
    """Nobody knows by whom and until when: people are told at once, and again when the flag is ready."""
    platform, flag = killed(happens, before)
    assert (flag.state, flag.causes, flag.verdict) == (FlagState.STANDBY, (), Verdict.DOWN)
    assert platform.state.acts.inhibition is None
    assert platform.found(InhibitionLost) == [InhibitionLost(unrecorded.WHY)]
    pages = {page.dedup_key.removeprefix("prod/payments/"): page for page in platform.pages()}
    assert (pages["flag/opened"].status, pages["flag/inhibit"].status) == (PageStatus.FIRING, PageStatus.RESOLVED)
    assert pages["flag/opened"].summary == (
        "payments: break-glass is held closed no longer, and sealed, the platform is unknown: the monitor ended while "
        "its store could not be written"
    )
    platform.confirm()
    assert platform.flag() is FlagState.READY
    assert (platform.pages()[-1].kind, platform.pages()[-1].status) == (PageKind.FLAG, PageStatus.FIRING)


def test_it_counts_as_held_closed_since_the_flag_was_sealed() -> None:
    """Two persons can hold it closed again at once, for what is left of the hour."""

    def half_an_hour(platform: Platform) -> None:
        hold_closed(platform)
        platform.tick(HOUR / 2)
        platform.confirm()

    platform, flag = killed(half_an_hour, down)
    hold_closed(platform)
    assert platform.state.acts.inhibition is not None
    assert platform.state.acts.inhibition.until == flag.since + HOUR


def test_what_is_held_closed_by_the_record_too_is_not_lost() -> None:
    """It holds until the end that is on record, whatever else happened in that run."""
    platform = held_closed()
    flag = lose(platform, lambda: platform.raise_flag(replace(MANUAL, until=platform.now + HOUR)))
    find(platform, flag)
    assert platform.found(InhibitionLost) == []
    assert platform.state.acts.inhibition is not None


def test_what_people_lowered_stays_lowered() -> None:
    """A manual cause on record that the flag signs no more is gone."""

    def raised() -> Platform:
        platform = up()
        platform.raise_flag(MANUAL)
        return platform

    platform, flag = killed(lambda platform: platform.lower_flag(()), raised)
    assert (platform.flag(), platform.state.causes) == (FlagState.STANDBY, ())
    assert platform.state.flag.change == flag.change
    assert platform.pages()[-1].status is PageStatus.RESOLVED


def raised_by_anna() -> Platform:
    """Return a platform that anna raised for half an hour."""
    platform = up()
    platform.act(Raise("needed", HOUR / 2))
    return platform


def test_a_renewal_in_that_run_is_kept_as_signed() -> None:
    """To the end that readers saw; what only the record says of it, its reason, stays."""
    platform, flag = killed(
        lambda it: it.act(Renew(it.state.causes[0].id, "still needed", 2 * HOUR), "ben"), raised_by_anna
    )
    (cause,), (signed,) = platform.state.causes, flag.causes
    assert (cause.until, cause.reason, cause.by) == (signed.until, "needed", "anna")
    assert platform.flag() is FlagState.READY
    assert platform.state.flag.change == flag.change
    changed = [fact for fact in platform.step.facts if isinstance(fact, CauseAdded | CauseEnded)]
    assert changed == [CauseAdded(cause)]
    platform.tick(HOUR)
    assert platform.flag() is FlagState.READY
    platform.tick(HOUR)
    assert platform.flag() is FlagState.STANDBY


def test_what_was_set_back_with_the_clock_in_that_run_stays_so() -> None:
    """The record would have it live for hours more."""

    def back(platform: Platform) -> None:
        platform.now -= 3 * HOUR
        platform.hear(ClockSetBack(3 * HOUR))

    platform, flag = killed(back, raised_by_anna)
    (cause,), (signed,) = platform.state.causes, flag.causes
    assert (cause.since, cause.until) == (signed.since, signed.until)
    platform.tick(HOUR / 2)
    assert platform.flag() is FlagState.STANDBY


def test_what_is_on_record_as_signed_is_as_on_record() -> None:
    """To the microsecond, though the document holds whole seconds; nothing is added or ended for it."""

    def raised_twice(platform: Platform) -> None:
        platform.after(SECOND / 3).act(Raise("I too", HOUR), "ben")

    platform, _ = killed(raised_twice, lambda: raised_by_anna().after(SECOND / 7))
    anna, ben = platform.state.causes
    assert anna == raised_by_anna().state.causes[0]
    assert platform.found(CauseEnded) == []
    assert platform.step.facts[1] == CauseAdded(ben)


@pytest.mark.parametrize(
    ("verdict", "kinds"),
    [
        (Verdict.UP, []),
        (Verdict.UNKNOWN, [PageKind.UNKNOWN]),
        (Verdict.DEGRADED, [PageKind.DEGRADED, PageKind.MINORITY_DOWN]),
    ],
)
def test_what_may_have_been_told_is_resolved(verdict: Verdict, kinds: list[PageKind]) -> None:
    """Unknown and degraded, where the flag said so and nothing on record fires, are resolved and judged anew."""
    platform = up()
    find(platform, published(platform, verdict=verdict))
    pages = [fact.page for fact in platform.step.facts if isinstance(fact, PageDecided)]
    assert [(page.kind, page.status) for page in pages] == [(kind, PageStatus.RESOLVED) for kind in kinds]


@pytest.mark.parametrize("then", [None, end, Platform.confirm], ids=["it went on", "it ended", "an outage ended it"])
def test_what_an_exercise_had_paged_unrecorded_is_resolved(then: Callable[[Platform], object] | None) -> None:
    """It began on record; that it was detected, and perhaps that it ended, is not. Whoever was paged is told."""

    def exercised(platform: Platform) -> None:
        detect(platform)
        if then is not None:
            then(platform)

    def begun() -> Platform:
        platform = up()
        begin(platform)
        return platform

    platform, _ = killed(exercised, begun)
    found = [fact.page for fact in platform.step.facts if isinstance(fact, PageDecided)]
    own = [(page.dedup_key, page.status) for page in found if page.kind is PageKind.OUTAGE and page.outage is None]
    assert own == [("prod/payments/outage/exercise/ex-1", PageStatus.RESOLVED)]
    assert "exercise" not in " ".join(platform.state.firing)
    assert platform.flag() is FlagState.STANDBY


# everything together


def _another(platform: Platform) -> Cause:
    """Return a cause for an hour, with an id of its own as every cause has."""
    name = f"manual-{platform.now:%H%M%S}-{len(platform.state.causes)}"
    return replace(MANUAL, id=name, since=platform.now, until=platform.now + HOUR)


ACTS: dict[str, Callable[[Platform], object]] = {
    "good": Platform.good,
    "bad": Platform.bad,
    "not measured": Platform.not_measured,
    "down": Platform.confirm,
    "up": Platform.recover,
    "a down": lambda platform: platform.confirm("a"),
    "api down": lambda platform: platform.confirm("api"),
    "api up": lambda platform: platform.recover("api"),
    "wait": lambda platform: platform.tick(MINUTE),
    "long": lambda platform: platform.tick(20 * MINUTE),
    "blind": Platform.blind,
    "sees": lambda platform: platform.blind(blind=False),
    "manual": lambda platform: platform.raise_flag(_another(platform)),
    "raise": lambda platform: platform.act(Raise("needed", HOUR)),
    "renew": lambda platform: [
        platform.act(Renew(each.id, "needed", 2 * HOUR), "ben") for each in platform.state.causes
    ],
    "hold closed": hold_closed,
    "hold closed no longer": lambda platform: platform.act(EndInhibit()),
    "clock back": lambda platform: platform.hear(ClockSetBack(MINUTE)),
    "exercise": lambda platform: begin(platform, replace(WISH, id=f"ex-{platform.now:%H%M%S}")),
    "detect": lambda platform: [detect(platform, each.id) for each in platform.state.exercises],
    "exercise over": lambda platform: [end(platform, each.id) for each in platform.state.exercises],
    "lower": lambda platform: platform.lower_flag(each for each in platform.state.causes if each.kind == "outage"),
}
HISTORY = st.lists(st.sampled_from(sorted(ACTS)), max_size=12)


def _open_in(state: PlatformState) -> str | None:
    """Return which outage is open; one that is over is forgotten by time alone."""
    return None if state.outage is None or state.outage.ended_at is not None else state.outage.id


@given(recorded=HISTORY, lost=HISTORY, away=st.sampled_from([SECOND, MINUTE, HOUR]))
@BOUNDED
def test_whatever_happened_unrecorded(recorded: list[str], lost: list[str], away: timedelta) -> None:
    """No change goes back or is used twice, nothing is ready on old word, and in the end nothing hangs."""
    platform = up(A, B, API)
    for act in recorded:
        ACTS[act](platform)
    flag = lose(platform, lambda: [ACTS[act](platform) for act in lost])
    told = {key for key in platform.state.firing if key.split("/")[2] in {"outage", "flag"}}
    before = platform.state
    find(platform, flag, away)
    state = platform.state
    same = (flag.state, {cause.id for cause in flag.causes})
    is_same = same == (state.flag.state, {cause.id for cause in in_force(state.causes, platform.now)})
    assert state.flag.change == flag.change + (not is_same)
    if (before.flag.change, _open_in(before)) != (state.flag.change, _open_in(state)):
        assert all(cause.kind is not CauseKind.OUTAGE for cause in in_force(state.causes, platform.now))
    if flag.outage is not None:
        assert (platform.outage().id, platform.outage().ended_at) == (flag.outage, None)
    platform.blind(blind=False)
    platform.tick(2 * HOUR)
    for _ in range(300):
        platform.after(9 * SECOND).good()
    assert (platform.state.outage, platform.state.causes, platform.state.firing) == (None, (), {})
    assert platform.flag() is FlagState.STANDBY
    over = {page.dedup_key for page in platform.pages() if page.status is PageStatus.RESOLVED}
    assert told <= over
    assert flag.outage is None or any(key.endswith(flag.outage) for key in over)
