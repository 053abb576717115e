"""What deserves a page of a single probe: a refused credential, a certificate that ends; and the keys of pages."""

from dataclasses import replace
from datetime import datetime

import pytest

from monitor.model.event import Observed
from monitor.model.outcome import OutcomeKind, Reason, Warn
from monitor.model.page import PageKind, PageStatus
from monitor.rules.pages import key_of
from tests.support.clock import START
from tests.support.paged import API, BAD, GOOD, NONE, A, last, told
from tests.support.rulings import HOUR, SECOND, Platform, down, outcome, policy, up


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
