"""A clock that ran ahead and was mended: what is said of the flags that readers refuse then, and until when."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.canonical import canonical
from glasswatch.flag.errors import Refusal
from glasswatch.flag.reader import judge
from glasswatch.instants import unix_ms, unix_seconds
from monitor.model.event import Restarted, Ticked, VersionJudged
from monitor.model.fact import PageDecided
from monitor.model.page import Page, PageKind, PageStatus, Severity
from monitor.model.record import ChainHead, FlagDocument, FlagLedger
from monitor.model.state import PlatformState
from monitor.rules.flag_document import Past, Terms, payload
from monitor.rules.reduce import advance
from monitor.rules.versions import concern, refused_until, why_refused
from tests.support.clock import START
from tests.support.flags import EXPECT, TRUST, signed_payload
from tests.support.rulings import BOUNDED, policy
from tests.support.watching import document

POLICY = policy()
TERMS = Terms("prod", "main", "https://wiki.example.com/x", "ab" * 32, timedelta(minutes=5), timedelta(minutes=15), 1)
HOUR, SECOND, MILLISECOND = timedelta(hours=1), timedelta(seconds=1), timedelta(milliseconds=1)


def at_version(ahead: timedelta, at: datetime = START) -> FlagDocument:
    """Return a flag signed at an instant under the version that comes after one reserved so much later."""
    return replace(document(at=at), ver=max(unix_ms(at + ahead) + 1, unix_ms(at)))


@given(st.integers(-7_200_000, 7_200_000), st.integers(0, 7_200_000))
@BOUNDED
def test_it_is_what_readers_do(ahead: int, later: int) -> None:
    """For whatever clock: readers refuse the flag for its version exactly where we say so, and until when we say."""
    reserved, now = unix_ms(START + ahead * MILLISECOND), START + later * MILLISECOND
    past = Past(FlagLedger(reserved), ChainHead(0, "00" * 32))
    claims = payload(PlatformState("payments"), TERMS, past, now, is_change=True)
    ver = claims["ver"]
    assert isinstance(ver, int)
    until = refused_until(replace(document(at=now), ver=ver))
    refusal = judge(signed_payload(canonical(claims)), TRUST, EXPECT, now).refusal
    assert refusal in {None, Refusal.VER_AHEAD}
    assert (until is not None) is (refusal is Refusal.VER_AHEAD)
    if until is not None:
        assert now < until
        assert refused_until(replace(document(at=until), ver=ver)) is None
        assert refused_until(replace(document(at=until - SECOND), ver=ver)) is not None


@pytest.mark.parametrize("seconds", [-3600, -1, 0, 1, 30, 59])
def test_a_clock_set_back_by_seconds_is_no_news(seconds: int) -> None:
    """Clocks are corrected all the time; a version within a minute of its date is accepted."""
    flag = at_version(seconds * SECOND)
    assert refused_until(flag) is None
    assert why_refused(flag) == ""
    assert not concern(flag).holds


def test_what_is_said() -> None:
    """That everybody is refused, until when, and what to do."""
    said = concern(at_version(2 * HOUR))
    assert (said.kind, said.holds) == (PageKind.CLOCK, True)
    assert said.summary == (
        "payments: readers REFUSE every flag until 2026-03-01 04:59:01Z: "
        "this monitor's clock ran ahead and was set back"
    )
    assert said.reason.startswith("versions never go back, and time catches up in 1h59m1s; orders open the way")
    assert "readers refuse every flag of payments until 2026-03-01 04:59:01Z" in why_refused(at_version(2 * HOUR))
    assert concern(at_version(SECOND)).summary == "payments: readers can accept the flag again"


def told(state: PlatformState, *flags: FlagDocument) -> tuple[PlatformState, list[Page]]:
    """Return the state after these flags were judged, a second apart, and the pages that follow."""
    found: list[Page] = []
    for number, flag in enumerate(flags):
        step = advance(state, POLICY, VersionJudged(flag), START + number * SECOND)
        state = step.state
        found += [fact.page for fact in step.facts if isinstance(fact, PageDecided)]
    return state, [page for page in found if page.kind is PageKind.CLOCK]


def test_it_wakes_somebody_once_and_is_resolved_when_time_caught_up() -> None:
    """A lock-out is a page; a start at which all is well pages nobody."""
    good, bad = at_version(SECOND), at_version(HOUR)
    _, found = told(PlatformState("payments"), good, bad, bad, good, good)
    assert [page.status for page in found] == [PageStatus.FIRING, PageStatus.RESOLVED]
    assert {(page.dedup_key, page.severity) for page in found} == {("prod/payments/clock", Severity.PAGE)}


def test_what_was_told_before_a_restart_is_resolved_after_it() -> None:
    """By the first flag that readers accept; not by the restart itself, and not told once more before."""
    state, _ = told(PlatformState("payments"), at_version(HOUR))
    restarted = advance(state, POLICY, Restarted(START + SECOND), START + 2 * SECOND)
    assert [fact for fact in restarted.facts if isinstance(fact, PageDecided)] == []
    state, found = told(restarted.state, at_version(HOUR))
    assert found == []
    _, found = told(state, at_version(SECOND))
    assert [page.status for page in found] == [PageStatus.RESOLVED]


def test_it_changes_nothing_but_what_fires() -> None:
    """Verdict, flag and causes are as after a tick."""
    begun = advance(PlatformState("payments"), POLICY, Ticked(), START).state
    after = advance(begun, POLICY, VersionJudged(at_version(HOUR)), START + SECOND).state
    assert replace(after, firing={}) == replace(advance(begun, POLICY, Ticked(), START + SECOND).state, firing={})


def test_dates_are_whole_seconds() -> None:
    """What is signed late in a second is dated at its beginning, and judged so."""
    flag = at_version(60 * SECOND - 2 * MILLISECOND)
    assert unix_seconds(flag.issued_at) * 1000 == unix_ms(START)
    assert refused_until(flag) is None
    assert refused_until(replace(flag, ver=flag.ver + 2, issued_at=START + 999 * MILLISECOND)) == START + SECOND
