"""What deserves a page, and why: outages, the flag, not knowing, less than all."""

from dataclasses import replace

import pytest

from monitor.model.outcome import Warn
from monitor.model.page import SEVERITY, Page, PageKind, PageStatus
from monitor.model.state import Cause
from monitor.model.verdict import Verdict
from tests.support.clock import START
from tests.support.paged import API, EXERCISE, GOOD, MANUAL, A, B, last, told, withheld
from tests.support.rulings import HOUR, INSTANT, MINUTE, SECOND, Platform, down, policy, up


def test_a_first_good_look_tells_nobody() -> None:
    """A platform that comes up as it should pages nobody."""
    assert told(up(A, B, API)) == []


def test_an_outage_pages_once_and_is_resolved() -> None:
    """Down pages outage and flag; while it stays down nothing more; when it is over the outage is resolved."""
    platform = down()
    for _ in range(5):
        platform.bad()
    platform.recover()
    assert told(platform, PageKind.OUTAGE) == ["outage firing", "outage resolved"]
    assert told(platform, PageKind.FLAG) == ["flag firing"]


def test_what_an_outage_page_says() -> None:
    """The page names what can't be done, since when, and why; its key names the outage."""
    platform = down()
    page = last(platform, PageKind.OUTAGE)
    outage = platform.outage().id
    assert page == Page(
        id=f"prod/payments/outage/{outage}/firing/1772334016000",
        kind=PageKind.OUTAGE,
        severity=SEVERITY[PageKind.OUTAGE],
        status=PageStatus.FIRING,
        platform="payments",
        dedup_key=f"prod/payments/outage/{outage}",
        summary="payments is down: sign_in, since 03:00:05Z",
        reason="sign_in is down: probe portal failed 3 times since 03:00:05Z (status 503, expected 200)",
        decided_at=START + 16 * SECOND,
        outage=outage,
    )


def test_the_page_about_the_flag_says_what_cant_be_done() -> None:
    """A channel that no outage is routed to gets this one alone; with nothing down, or sealed again, it names none."""
    platform = down()
    assert last(platform, PageKind.FLAG).outage == platform.outage().id
    platform.restart(HOUR)
    assert (last(platform, PageKind.FLAG).status, last(platform, PageKind.FLAG).outage) == (PageStatus.RESOLVED, None)
    raised = up(A, B, API)
    raised.raise_flag(MANUAL)
    assert last(raised, PageKind.FLAG).outage is None


def test_what_its_end_says() -> None:
    """The resolving page says what was lost, for how long, and what is good again."""
    platform = down()
    platform.recover()
    page = last(platform, PageKind.OUTAGE)
    assert page.summary == (
        "payments: the outage is over, sign_in was down for 11s, from 03:00:05Z to 03:00:16Z: good again: portal"
    )
    assert (page.status, page.outage) == (PageStatus.RESOLVED, page.dedup_key.rsplit("/", 1)[1])


def test_an_outage_that_comes_back_pages_again_under_its_key() -> None:
    """Reopened is the same problem: the same key fires once more, after it was resolved."""
    platform = down()
    platform.recover()
    platform.confirm()
    pages = [page for page in platform.pages() if page.kind is PageKind.OUTAGE]
    assert [page.status for page in pages] == [PageStatus.FIRING, PageStatus.RESOLVED, PageStatus.FIRING]
    assert len({page.dedup_key for page in pages}) == 1
    assert pages[-1].summary == "payments is down again: sign_in, since 03:00:05Z"


def test_an_outage_seen_by_others() -> None:
    """An outage that only other vantages see says so, and so does its end."""
    platform = up(vantages=3)
    platform.vote(b=Verdict.DOWN, c=Verdict.DOWN)
    assert last(platform, PageKind.OUTAGE).summary == "payments is down: seen by other vantages, since 03:00:01Z"
    platform.after(SECOND).vote(b=Verdict.UP, c=Verdict.UP)
    assert "the platform was down for 1s" in last(platform, PageKind.OUTAGE).summary
    assert last(platform, PageKind.OUTAGE).reason == "the other vantages see it again"


# the flag


def test_every_change_while_raised_pages() -> None:
    """Every raise, every further cause and every lowering pages everybody."""
    platform = up()
    platform.raise_flag(EXERCISE)
    platform.after(SECOND).raise_flag(MANUAL)
    platform.confirm()
    platform.after(SECOND).lower_flag(platform.state.causes[2:])
    assert told(platform, PageKind.FLAG) == ["flag firing"] * 4
    platform.lower_flag(())
    platform.blind()  # down no longer holds the flag, so nothing adds the cause again
    assert len({page.id for page in platform.pages()}) == len(platform.pages())


def test_lowered_is_resolved() -> None:
    """When the flag is standby again, its page is resolved."""
    platform = up()
    platform.raise_flag(MANUAL)
    platform.now = START + HOUR
    platform.tick()
    assert told(platform, PageKind.FLAG) == ["flag firing", "flag resolved"]
    page = last(platform, PageKind.FLAG)
    assert page.summary == "payments: break-glass is sealed again, the platform is unknown"
    assert page.reason == "manual m1 no longer holds; its time was over at 04:00:00Z"


@pytest.mark.parametrize(
    ("cause", "summary"),
    [
        (MANUAL, "payments: break-glass is READY, the platform is up (manual m1)"),
        (
            EXERCISE,
            (
                "payments: EXERCISE, not an outage, the platform is up; "
                "only drill may break the glass until 04:00:00Z, for drill r1"
            ),
        ),
    ],
)
def test_what_a_flag_page_says(cause: Cause, summary: str) -> None:
    """A raised flag says whether it is an exercise, and by what it is raised."""
    platform = up()
    platform.raise_flag(cause)
    assert last(platform, PageKind.FLAG).summary == summary
    assert last(platform, PageKind.FLAG).reason == f"{cause.kind} {cause.id} holds"


def test_two_changes_in_one_instant_are_two_pages() -> None:
    """Two changes of the flag within a millisecond have different ids."""
    platform = up()
    platform.raise_flag(MANUAL)
    platform.raise_flag(EXERCISE)
    flags = [page.id for page in platform.pages() if page.kind is PageKind.FLAG]
    assert (len(flags), len(set(flags))) == (2, 2)


def test_sealed_after_a_gap_says_why() -> None:
    """A flag that is lowered because the monitor was away doesn't claim that all is well."""
    platform = down()
    platform.restart(HOUR)
    page = last(platform, PageKind.FLAG)
    assert page.status is PageStatus.RESOLVED
    assert "sealed until the outage is confirmed again" in page.summary


# unknown


def test_unknown_pages_after_two_minutes() -> None:
    """More than two minutes of unknown pages, not a moment earlier, and once."""
    platform = up()
    platform.tick(51 * SECOND)
    assert platform.verdict() is Verdict.UNKNOWN
    platform.tick(2 * MINUTE - INSTANT)
    assert told(platform) == []
    platform.tick(INSTANT)
    platform.tick(MINUTE)
    assert told(platform) == ["unknown firing"]
    page = last(platform, PageKind.UNKNOWN)
    assert page.summary == "payments: can't tell whether it works, for 2m now: decide by hand"
    assert "not measured for 3 intervals" in page.reason
    platform.good()
    assert told(platform) == ["unknown firing", "unknown resolved"]
    assert last(platform, PageKind.UNKNOWN).summary == "payments can be judged again: it is up"


def test_a_first_start_counts_the_same() -> None:
    """A platform that was never measured pages after two minutes too."""
    platform = Platform()
    platform.tick(2 * MINUTE)
    assert told(platform) == ["unknown firing"]


def test_unknown_is_counted_anew() -> None:
    """A moment of knowing begins the two minutes anew."""
    platform = Platform()
    platform.tick(2 * MINUTE - SECOND)
    platform.good()
    platform.tick(MINUTE)
    assert platform.verdict() is Verdict.UNKNOWN
    platform.tick(2 * MINUTE - SECOND)
    assert told(platform) == []


def test_blind_pages_as_unknown() -> None:
    """A vantage that is blind for two minutes can't tell, and says that this is why."""
    platform = up()
    platform.blind()
    platform.tick(2 * MINUTE)
    assert last(platform, PageKind.UNKNOWN).reason.endswith("this vantage is blind, no control answers")


# degraded and minority


def test_degraded_is_a_ticket() -> None:
    """Degraded fires a ticket, resolved when it is up again."""
    platform = up(A, B)
    platform.confirm("a")
    page = last(platform, PageKind.DEGRADED)
    assert (page.severity, page.summary) == (SEVERITY[PageKind.DEGRADED], f"payments is degraded: {platform.state.why}")
    platform.recover("a")
    for _ in range(20):
        platform.good()
    assert told(platform) == ["degraded firing", "degraded resolved"]


def test_degraded_is_resolved_by_down() -> None:
    """What turned into an outage is no longer a ticket."""
    platform = up(A, B)
    platform.confirm("a")
    platform.confirm("b")
    assert told(platform, PageKind.DEGRADED) == ["degraded firing", "degraded resolved"]


def test_degraded_is_left_alone_by_unknown() -> None:
    """A ticket isn't resolved, nor sent again, because the platform was unknown between."""
    platform = up(A, B)
    platform.confirm("a")
    platform.blind()
    assert platform.verdict() is Verdict.UNKNOWN
    platform.blind(blind=False)
    assert platform.verdict() is Verdict.DEGRADED
    assert told(platform) == ["degraded firing"]
    assert (PageKind.DEGRADED, f"degraded was told and never ended: {platform.state.why}") in withheld(platform)


def test_degraded_by_unknown_alone_waits() -> None:
    """Degraded only because a function that isn't critical is unknown is told after two minutes."""
    platform = Platform(policy(A, replace(API, critical=False)))
    platform.good("a")
    assert platform.verdict() is Verdict.DEGRADED
    ((kind, why),) = withheld(platform)
    assert (kind, why) == (
        PageKind.DEGRADED,
        "only unknown, which is told later: request is unknown: probe api was not good yet",
    )
    for _ in range(4):
        platform.after(28 * SECOND).good("a")
    platform.tick(4 * SECOND - INSTANT)
    assert told(platform) == []
    platform.tick(INSTANT)
    assert told(platform) == ["degraded firing"]
    assert platform.step.wake_at is not None
    assert platform.step.wake_at > platform.now


@pytest.mark.parametrize("worse", ["own", "other"])
def test_degraded_by_more_than_unknown_doesn_t_wait(worse: str) -> None:
    """Anything worse than unknown, here or elsewhere, is told at once."""
    platform = Platform(policy(A, replace(API, critical=False), vantages=1 if worse == "own" else 3))
    if worse == "own":
        platform.good("a")
        platform.see(GOOD, "a", warnings=(Warn.DURATION,))
    else:
        platform.vote(b=Verdict.UP, c=Verdict.DEGRADED)
    assert told(platform) == ["degraded firing"]


def test_a_minority_that_sees_it_down_pages() -> None:
    """Too few vantages seeing it down page, until they agree again."""
    platform = up(vantages=3)
    platform.vote(b=Verdict.DOWN, c=Verdict.UP)
    page = last(platform, PageKind.MINORITY_DOWN)
    assert page.summary == "payments: 1 of 3 vantages see it down, too few to call it an outage"
    platform.vote(b=Verdict.DOWN, c=Verdict.DOWN)
    assert told(platform, PageKind.MINORITY_DOWN) == ["minority_down firing", "minority_down resolved"]


def test_the_minority_may_be_us() -> None:
    """A vantage that alone sees it down pages and doesn't open an outage."""
    platform = up(vantages=3)
    platform.vote(b=Verdict.UP, c=Verdict.UP)
    platform.confirm()
    assert told(platform) == ["minority_down firing", "degraded firing"]
    assert platform.state.outage is None
