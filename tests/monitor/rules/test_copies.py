"""When a copy of the flag is behind, expired or caught up, and what is said of it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.copy import Copy, Lag
from monitor.model.event import CopyJudged, Restarted, Ticked
from monitor.model.fact import Fact, PageDecided
from monitor.model.page import Page, PageKind, PageStatus, Severity
from monitor.model.state import PlatformState
from monitor.rules.copies import DIFFERS_AT_MOST, UNDER_WAY, concern, judge
from monitor.rules.reduce import advance
from tests.support.clock import START
from tests.support.keeping import policy_of
from tests.support.publishing import document

TARGET = "elsewhere"
TTL = timedelta(minutes=5)
SECOND = timedelta(seconds=1)
SHOWN = document(1)
RENEWED = replace(document(2), issued_at=START + timedelta(minutes=1), expires_at=START + timedelta(minutes=6))
CHANGED = replace(RENEWED, change=2, state="ready", expires_at=START + timedelta(minutes=16))
RENEWAL_WAITS = Copy(TARGET, "payments", RENEWED, SHOWN, RENEWED.issued_at, None, "it answered 503")
CHANGE_WAITS = Copy(TARGET, "payments", CHANGED, SHOWN, CHANGED.issued_at, CHANGED.issued_at, "it answered 503")
NOTHING_YET = Copy(TARGET, "payments", SHOWN, None, SHOWN.issued_at, SHOWN.issued_at)
CAUGHT_UP = Copy(TARGET, "payments", RENEWED, RENEWED, None, None)
POLICY = policy_of(targets=(TARGET,))


def at(seconds: float) -> datetime:
    """Return an instant after the copy's document was signed."""
    return START + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("copy", "seconds", "lag"),
    [
        (RENEWAL_WAITS, 60, Lag.NONE),
        (RENEWAL_WAITS, 149.9, Lag.NONE),
        (RENEWAL_WAITS, 150, Lag.BEHIND),
        (RENEWAL_WAITS, 299.9, Lag.BEHIND),
        (RENEWAL_WAITS, 300, Lag.EXPIRED),
        (CHANGE_WAITS, 119.9, Lag.NONE),
        (CHANGE_WAITS, 120, Lag.BEHIND),
        (CHANGE_WAITS, 300, Lag.EXPIRED),
        (NOTHING_YET, 59.9, Lag.NONE),
        (NOTHING_YET, 60, Lag.BEHIND),
        (NOTHING_YET, 100_000, Lag.BEHIND),
        (CAUGHT_UP, 60, Lag.NONE),
        (CAUGHT_UP, 100_000, Lag.NONE),
    ],
)
def test_half_a_life_or_a_minute_of_saying_otherwise(copy: Copy, seconds: float, lag: Lag) -> None:
    """A renewal may wait for half the copy's life, a change for a minute; a copy that has ended is expired."""
    assert judge(copy, Lag.NONE, at(seconds)) is lag


def test_after_a_gap_a_document_under_way_is_no_news() -> None:
    """The copy has ended while nobody was there; what replaces it is given a moment to arrive."""
    fresh = replace(RENEWED, issued_at=at(3600), expires_at=at(3900))
    copy = Copy(TARGET, "payments", fresh, SHOWN, fresh.issued_at, None)
    assert judge(copy, Lag.NONE, at(3609.9)) is Lag.NONE
    assert judge(copy, Lag.NONE, at(3610)) is Lag.EXPIRED


def test_after_a_start_nothing_is_said_until_something_is_known() -> None:
    """That a first try is under way says neither that the target is behind nor that it isn't."""
    assert judge(NOTHING_YET, None, at(30)) is None
    assert judge(NOTHING_YET, None, at(61)) is Lag.BEHIND
    assert judge(CAUGHT_UP, None, at(61)) is Lag.NONE


COPIES = st.builds(
    lambda waits, shown, age, life, differs: Copy(
        TARGET,
        "payments",
        RENEWED,
        replace(SHOWN, issued_at=START - age, expires_at=START - age + life) if shown or not waits else None,
        START if waits else None,
        START if waits and (differs or not shown) else None,
    ),
    waits=st.booleans(),
    shown=st.booleans(),
    age=st.timedeltas(timedelta(0), timedelta(hours=1)),
    life=st.timedeltas(SECOND, timedelta(minutes=20)),
    differs=st.booleans(),
)
STEPS = st.timedeltas(timedelta(hours=-2), timedelta(hours=2))
TOLD = st.sampled_from([None, *Lag])
ORDER = [None, *Lag]


@given(COPIES, TOLD, STEPS)
def test_it_is_never_said_to_be_up_to_date_unless_it_is(copy: Copy, told: Lag | None, step: timedelta) -> None:
    """What was told holds until the latest document is there, whatever the clock does; then it holds no longer."""
    found = judge(copy, told, START + step)
    if copy.waiting_since is None:
        assert found is Lag.NONE
    else:
        assert ORDER.index(found) >= ORDER.index(told)
        assert found is not Lag.NONE or told is Lag.NONE


@given(COPIES, TOLD, STEPS, st.timedeltas(timedelta(0), timedelta(hours=2)))
def test_time_alone_only_makes_it_worse(copy: Copy, told: Lag | None, step: timedelta, more: timedelta) -> None:
    """Judged later, or judged twice, a copy is never better than it was."""
    first = judge(copy, told, START + step)
    assert ORDER.index(judge(copy, first, START + step + more)) >= ORDER.index(first)
    assert ORDER.index(judge(copy, told, START + step + more)) >= ORDER.index(first)


@given(COPIES, STEPS)
def test_it_is_told_while_readers_there_still_believe_it(copy: Copy, step: timedelta) -> None:
    """From half its life on at the latest; at its end it is expired; and a change waits for no more than a minute."""
    now, found = START + step, judge(copy, Lag.NONE, START + step)
    if copy.waiting_since is None:
        return
    if now < copy.waiting_since + UNDER_WAY:
        assert found is Lag.NONE
        return
    if copy.shown is not None:
        life = copy.shown.expires_at - copy.shown.issued_at
        assert (found is Lag.EXPIRED) == (now >= copy.shown.expires_at)
        assert found is not Lag.NONE or now < copy.shown.issued_at + life / 2
    if copy.differs_since is not None:
        assert found is not Lag.NONE or now < copy.differs_since + DIFFERS_AT_MOST
    if copy.shown is not None and copy.differs_since is None and found is Lag.BEHIND:
        assert now >= copy.shown.issued_at + (copy.shown.expires_at - copy.shown.issued_at) / 2


@pytest.mark.parametrize(
    ("copy", "lag", "summary", "reason"),
    [
        (
            RENEWAL_WAITS,
            Lag.BEHIND,
            ("payments: the flag at elsewhere is no longer renewed: readers there refuse everybody from 03:05:00Z on"),
            "the last try: it answered 503",
        ),
        (
            CHANGE_WAITS,
            Lag.BEHIND,
            "payments: the flag at elsewhere still says standby, not ready: readers are told wrong until 03:05:00Z",
            "the last try: it answered 503",
        ),
        (
            NOTHING_YET,
            Lag.BEHIND,
            (
                "payments: the flag at elsewhere can't be renewed since the monitor started: readers there see an old "
                "one, or none"
            ),
            "the try under way has not ended",
        ),
        (
            CHANGE_WAITS,
            Lag.EXPIRED,
            (
                "payments: the flag at elsewhere has EXPIRED at 03:05:00Z: readers there refuse everybody, "
                "use another copy"
            ),
            "the last try: it answered 503",
        ),
        (
            CAUGHT_UP,
            Lag.NONE,
            "payments: the flag at elsewhere is up to date again",
            "the latest document is there",
        ),
    ],
)
def test_what_is_said(copy: Copy, lag: Lag, summary: str, reason: str) -> None:
    """What it means to readers there, until when, and why."""
    said = concern(copy, lag)
    assert (said.summary, said.reason) == (summary, reason)
    assert (said.kind, said.detail, said.holds) == (PageKind.PUBLISH_BEHIND, TARGET, lag is not Lag.NONE)


def pages(facts: tuple[Fact, ...]) -> list[Page]:
    """Return the pages among some facts."""
    return [fact.page for fact in facts if isinstance(fact, PageDecided)]


def told(state: PlatformState, *events: tuple[Copy, Lag]) -> tuple[PlatformState, list[Page]]:
    """Return the state after these judgements, a second apart, and the pages of publishing that follow."""
    found: list[Page] = []
    for number, (copy, lag) in enumerate(events):
        step = advance(state, POLICY, CopyJudged(copy, lag), at(200 + number))
        state, found = step.state, [*found, *pages(step.facts)]
    return state, [page for page in found if page.kind is PageKind.PUBLISH_BEHIND]


def test_each_stage_is_told_once_and_its_end_resolves_it() -> None:
    """Behind, expired, up to date: three pages under one key, a ticket each."""
    stages = [(CHANGE_WAITS, Lag.BEHIND), (CHANGE_WAITS, Lag.EXPIRED), (CAUGHT_UP, Lag.NONE), (CAUGHT_UP, Lag.NONE)]
    _, found = told(PlatformState("payments"), *stages)
    assert [page.status for page in found] == [PageStatus.FIRING, PageStatus.FIRING, PageStatus.RESOLVED]
    assert {page.dedup_key for page in found} == {"prod/payments/publish_behind/elsewhere"}
    assert {page.severity for page in found} == {Severity.TICKET}
    assert len({page.id for page in found}) == 3


def test_what_was_never_told_is_not_resolved() -> None:
    """A start at which all is well pages nobody."""
    _, found = told(PlatformState("payments"), (CAUGHT_UP, Lag.NONE))
    assert found == []


def test_what_was_told_before_a_restart_is_resolved_after_it() -> None:
    """By the first document that gets there; not by the restart itself, and not told once more before."""
    state, _ = told(PlatformState("payments"), (CHANGE_WAITS, Lag.BEHIND))
    restarted = advance(state, POLICY, Restarted(at(201)), at(202))
    assert [page for page in pages(restarted.facts) if page.kind is PageKind.PUBLISH_BEHIND] == []
    state, found = told(restarted.state, (NOTHING_YET, Lag.BEHIND))
    assert found == []
    _, found = told(state, (CAUGHT_UP, Lag.NONE))
    assert [page.status for page in found] == [PageStatus.RESOLVED]


def test_a_target_that_is_gone_is_resolved() -> None:
    """Nothing could resolve it any more: it is, when the platform is judged with the new settings."""
    state, _ = told(PlatformState("payments"), (CHANGE_WAITS, Lag.BEHIND))
    other = replace(POLICY, targets=("another",))
    found = pages(advance(state, other, Restarted(at(201)), at(202)).facts)
    (page,) = [page for page in found if page.kind is PageKind.PUBLISH_BEHIND]
    assert (page.status, page.dedup_key) == (PageStatus.RESOLVED, "prod/payments/publish_behind/elsewhere")


def test_it_changes_nothing_but_what_fires() -> None:
    """Verdict, flag and causes are as after a tick."""
    begun = advance(PlatformState("payments"), POLICY, Ticked(), at(0)).state
    after = advance(begun, POLICY, CopyJudged(CHANGE_WAITS, Lag.BEHIND), at(1)).state
    assert replace(after, firing={}) == replace(advance(begun, POLICY, Ticked(), at(1)).state, firing={})
