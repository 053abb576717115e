"""What deserves a page, and why; also why something deserves none."""

from dataclasses import replace
from datetime import datetime

import pytest

from monitor.model.event import Observed
from monitor.model.fact import PageWithheld
from monitor.model.outcome import OutcomeKind, Reason, Warn
from monitor.model.page import SEVERITY, Page, PageKind, PageStatus
from monitor.model.state import Cause
from monitor.model.verdict import CauseKind, Role, Verdict
from monitor.rules.pages import key_of
from tests.support.clock import START
from tests.support.rulings import HOUR, INSTANT, MINUTE, SECOND, Platform, down, outcome, policy, probe, up

A, B = probe("a"), probe("b")
API = probe("api", "request")
GOOD, BAD, NONE = OutcomeKind.GOOD, OutcomeKind.BAD, OutcomeKind.NOT_MEASURED
MANUAL = Cause(CauseKind.MANUAL, "m1", START, until=START + HOUR, by="anna")
EXERCISE = Cause(CauseKind.EXERCISE, "e1", START, until=START + HOUR, run="r1", principals=("drill",))


def told(platform: Platform, *kinds: PageKind) -> list[str]:
    """Return the pages of the whole history as `kind status`, of these kinds only if any is named."""
    return [f"{page.kind} {page.status}" for page in platform.pages() if not kinds or page.kind in kinds]


def last(platform: Platform, kind: PageKind) -> Page:
    """Return the last page of a kind."""
    return [page for page in platform.pages() if page.kind is kind][-1]


def withheld(platform: Platform) -> list[tuple[PageKind, str]]:
    """Return what deserved no page, and why."""
    facts = platform.found(PageWithheld)
    return [(fact.kind, fact.reason) for fact in facts if isinstance(fact, PageWithheld)]


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
        (EXERCISE, "payments: exercise under way, break-glass is for its principals only (exercise e1)"),
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
    assert len({page.id for page in platform.pages()}) == 2


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


# per probe


def refuse(platform: Platform, name: str = "portal") -> None:
    """Have a probe's own credential refused."""
    platform.after(SECOND).see(NONE, name, reason=Reason.CREDENTIALS_REFUSED)


@pytest.mark.parametrize("kind", [GOOD, BAD])
def test_a_refused_credential_pages_at_once(kind: OutcomeKind) -> None:
    """The first refusal pages, more don't, the next good or bad outcome resolves."""
    platform = up()
    refuse(platform)
    refuse(platform)
    platform.not_measured()
    assert told(platform) == ["credentials_refused firing"]
    page = last(platform, PageKind.CREDENTIALS_REFUSED)
    assert page.dedup_key == "prod/payments/credentials_refused/portal"
    assert page.summary == "payments: our own credential is refused at probe portal, sign_in can't be measured with it"
    platform.after(SECOND).see(kind)
    assert told(platform) == ["credentials_refused firing", "credentials_refused resolved"]


def test_refusals_are_told_per_probe() -> None:
    """Two probes' credentials are two problems; each is resolved by its own outcomes."""
    platform = up(A, API)
    refuse(platform, "a")
    refuse(platform, "api")
    platform.good("a")
    assert told(platform) == ["credentials_refused firing"] * 2 + ["credentials_refused resolved"]
    assert set(platform.state.firing) == {"prod/payments/credentials_refused/api"}


def test_a_refusal_that_was_expected_pages_nobody() -> None:
    """An outcome that is good or bad although the credential was refused is judged as what it is."""
    platform = up()
    platform.see(BAD, reason=Reason.CREDENTIALS_REFUSED)
    assert told(platform) == []


@pytest.mark.parametrize("kind", [GOOD, BAD])
def test_a_certificate_that_ends_soon_is_a_ticket(kind: OutcomeKind) -> None:
    """A measured outcome that warns of it fires once, good or bad."""
    platform = up()
    for _ in range(2):
        platform.after(SECOND).see(kind, warnings=(Warn.TLS_DAYS_LEFT,))
    assert told(platform, PageKind.TLS_EXPIRY) == ["tls_expiry firing"]
    page = last(platform, PageKind.TLS_EXPIRY)
    assert page.dedup_key == "prod/payments/tls_expiry/portal"
    assert page.summary == "payments: the certificate at probe portal ends soon, renew it"


def test_it_says_when() -> None:
    """Where the outcome knows when the certificate ends, the page says it."""
    platform = up()
    seen = replace(
        outcome(GOOD, warnings=(Warn.TLS_DAYS_LEFT,)), tls_expiry_at=datetime(2026, 3, 9, tzinfo=START.tzinfo)
    )
    platform.hear(Observed("portal", seen, platform.now))
    assert last(platform, PageKind.TLS_EXPIRY).summary == (
        "payments: the certificate at probe portal ends on 2026-03-09, renew it"
    )


@pytest.mark.parametrize(
    ("kind", "has_seen_it", "is_resolved"),
    [(GOOD, True, True), (GOOD, False, True), (BAD, True, True), (BAD, False, False), (NONE, False, False)],
)
def test_only_who_saw_the_certificate_resolves_it(kind: OutcomeKind, *, has_seen_it: bool, is_resolved: bool) -> None:
    """An outcome that never came as far as the certificate says nothing about it."""
    platform = up()
    platform.see(GOOD, warnings=(Warn.TLS_DAYS_LEFT,))
    seen = replace(outcome(kind), tls_expiry_at=START + 99 * HOUR if has_seen_it else None)
    platform.hear(Observed("portal", seen, platform.now))
    assert ("tls_expiry resolved" in told(platform)) is is_resolved


def test_a_certificate_that_was_not_accepted_resolves_nothing() -> None:
    """It may be anybody's: how long it lasts says nothing about the one that was warned of."""
    platform = up()
    platform.see(GOOD, warnings=(Warn.TLS_DAYS_LEFT,))
    seen = replace(outcome(BAD), reason=Reason.TLS_FAILED, tls_expiry_at=START + 99 * HOUR)
    platform.hear(Observed("portal", seen, platform.now))
    assert "tls_expiry resolved" not in told(platform)


def test_a_slow_probe_is_no_certificate() -> None:
    """Another warning fires no certificate's ticket."""
    platform = up()
    platform.see(GOOD, warnings=(Warn.DURATION,))
    assert told(platform) == ["degraded firing"]


def test_blind_tells_nothing_of_what_it_saw() -> None:
    """What a blind vantage saw pages nobody, and resolves nothing."""
    platform = up(A, API)
    refuse(platform, "a")
    platform.blind()
    platform.good("a")
    refuse(platform, "api")
    platform.see(GOOD, "a", warnings=(Warn.TLS_DAYS_LEFT,))
    assert told(platform) == ["credentials_refused firing"]


# what deserves none


def test_no_page_for_a_bad_probe_of_a_function_that_works() -> None:
    """A probe confirmed bad whose function isn't down says why it pages nobody."""
    platform = up(A, probe("access", role=Role.DECIDING))
    platform.confirm("a")
    assert (PageKind.OUTAGE, "probe a is bad, but sign_in is degraded") in withheld(platform)


def test_no_page_for_a_function_that_isn_t_critical() -> None:
    """A non-critical function down says why it is no outage."""
    platform = up(A, replace(API, critical=False))
    platform.confirm("api")
    assert (PageKind.OUTAGE, "request is down, but isn't critical") in withheld(platform)
    assert told(platform) == ["degraded firing"]


def test_no_second_page_for_a_wider_outage() -> None:
    """An outage that takes more doesn't wake anybody twice."""
    platform = down(A)
    platform.restart(watched=policy(A, API))
    platform.good("api")
    platform.confirm("api")
    assert (PageKind.OUTAGE, f"outage {platform.outage().id} was paged; now it took more") in withheld(platform)
    assert told(platform, PageKind.OUTAGE) == ["outage firing"]


def test_no_second_page_for_down_after_unknown() -> None:
    """Down again in an outage that never ended wakes nobody twice."""
    platform = down()
    platform.tick(MINUTE)
    platform.bad()
    assert platform.verdict() is Verdict.DOWN
    assert (PageKind.OUTAGE, f"outage {platform.outage().id} was paged and never ended") in withheld(platform)
    assert told(platform, PageKind.OUTAGE) == ["outage firing"]


def test_no_page_for_unknown_yet() -> None:
    """Unknown says that it waits before it pages."""
    platform = up()
    platform.tick(MINUTE)
    ((kind, why),) = withheld(platform)
    assert kind is PageKind.UNKNOWN
    assert why.startswith("unknown pages only after 2m: sign_in is unknown")


def test_unknown_in_an_outage_says_so_and_no_more() -> None:
    """A platform that turns unknown in an outage says why unknown is quiet, and nothing about the outage."""
    platform = down()
    platform.tick(MINUTE)
    assert [kind for kind, _ in withheld(platform)] == [PageKind.UNKNOWN]


def test_no_page_for_what_is_paged() -> None:
    """What was paged in the same step isn't also said to deserve no page."""
    assert withheld(down()) == []


def test_no_page_where_the_others_call_it_down_in_an_open_outage() -> None:
    """A verdict that falls to down without an outage of ours being new says why it is quiet."""
    platform = up(vantages=3)
    platform.vote(b=Verdict.DOWN, c=Verdict.DOWN)
    platform.vote(b=Verdict.UNKNOWN, c=Verdict.UNKNOWN)
    platform.vote(b=Verdict.DOWN, c=Verdict.DOWN)
    assert withheld(platform)[-1][1].endswith("was paged and never ended")


# keys


def test_keys() -> None:
    """A key is deployment, platform, kind, and what tells one problem from another."""
    assert key_of(policy(), PageKind.UNKNOWN) == "prod/payments/unknown"
    assert key_of(policy(), PageKind.TLS_EXPIRY, "portal") == "prod/payments/tls_expiry/portal"


def test_a_probe_that_is_gone_is_resolved() -> None:
    """What nobody can resolve any more, because its probe is gone, is resolved on restart."""
    platform = up(A, API)
    refuse(platform, "api")
    platform.see(GOOD, "api", warnings=(Warn.TLS_DAYS_LEFT,))
    refuse(platform, "api")
    platform.restart(watched=policy(A))
    assert not {key for key in platform.state.firing if key.endswith("/api")}
    page = last(platform, PageKind.TLS_EXPIRY)
    assert (page.status, page.summary) == (
        PageStatus.RESOLVED,
        "payments: prod/payments/tls_expiry/api is no longer watched",
    )


def test_a_deployment_that_was_renamed_tells_anew() -> None:
    """Under another deployment's name old keys are resolved, and what still holds fires under the new one."""
    platform = down()
    before = set(platform.state.firing)
    platform.restart(watched=replace(platform.policy, deployment="live"))
    assert {key.replace("live/", "prod/", 1) for key in platform.state.firing} == before
    assert told(platform).count("outage resolved") == 1
    assert told(platform).count("outage firing") == 2
    assert [page.reason for page in platform.pages()[-4:] if page.kind is PageKind.FLAG] == [
        "raised before",
        "the settings changed",
    ]
