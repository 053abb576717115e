"""The design's sentences on verdicts (3.3), causes and flag (3.4), pages (3.7) and restarts (3.8), one test each.

The other files hold the tables; this one shows that no sentence was forgotten.
"""

from dataclasses import replace

import pytest

from monitor.model.outcome import Attempt, OutcomeKind, Reason, Warn
from monitor.model.page import NEVER_SUPPRESSED, SEVERITY, PageKind, PageStatus, Severity
from monitor.model.record import ChainHead, FlagLedger
from monitor.model.state import Cause
from monitor.model.verdict import CauseKind, FlagState, Phase, Role, Verdict
from monitor.rules import causes
from monitor.rules.flag_document import Past, Terms, payload
from monitor.rules.probe import completes_round
from monitor.rules.schedule import Slots, next_attempt
from tests.support.clock import START
from tests.support.rulings import HOUR, INSTANT, MINUTE, SECOND, Platform, down, policy, probe, up

A, B = probe("a"), probe("b")
API = probe("api", "request")
ACCESS = replace(
    probe("access", role=Role.DECIDING), interval=5 * MINUTE, confirm_attempts=2, confirm_every=30 * SECOND, recover=1
)
BEAT = probe("beat", role=Role.SECOND_HAND)
GOOD, BAD, NONE = OutcomeKind.GOOD, OutcomeKind.BAD, OutcomeKind.NOT_MEASURED
MANUAL = Cause(CauseKind.MANUAL, "m1", START, until=START + 9 * HOUR, by="anna")
EXERCISE = Cause(CauseKind.EXERCISE, "e1", START, until=START + 9 * HOUR, run="r1", principals=("drill",))
TERMS = Terms("prod", "fra-1", "https://wiki.example.com", "a" * 64, 5 * MINUTE, 15 * MINUTE, 1)
PAST = Past(FlagLedger(), ChainHead(0, "0" * 64))


def fired(platform: Platform) -> set[PageKind]:
    """Return the kinds of page that were told."""
    return {page.kind for page in platform.pages() if page.status is PageStatus.FIRING}


def said(platform: Platform) -> dict[str, object]:
    """Return what would be signed now."""
    return payload(platform.state, TERMS, PAST, platform.now, is_change=True)


# 3.3


def test_what_could_not_be_measured_is_never_up_or_down() -> None:
    """What could not be measured is stored and counted as such, never as up or down."""
    for platform in (Platform(), up(), down()):
        before = platform.verdict()
        for kind in (NONE, OutcomeKind.SKIPPED):
            for _ in range(5):
                platform.see(kind)
        assert platform.verdict() is before


def test_refused_credentials_page_at_once() -> None:
    """The refusal of our own credential is not measured, and pages at once."""
    platform = up()
    platform.see(NONE, reason=Reason.CREDENTIALS_REFUSED)
    assert platform.verdict() is Verdict.UP
    assert fired(platform) == {PageKind.CREDENTIALS_REFUSED}


def test_after_a_bad_outcome_the_scheduler_confirms() -> None:
    """After a bad outcome attempts follow `every` after the end of an attempt, and the last asks for the controls."""
    platform = up()
    for number in range(3):
        assert completes_round(platform.probe(), probe()) is (number == 2)
        platform.after(5 * SECOND).see(BAD)
        if number < 2:
            due = next_attempt(
                platform.probe(), probe(), slots=Slots("payments", "a"), last_ended_at=platform.now, now=platform.now
            )
            assert due == (platform.now + 5 * SECOND, Attempt.CONFIRMATION)


def test_all_bad_and_a_control_answered() -> None:
    """All bad and a control answered: the probe is confirmed bad."""
    assert down().probe().phase is Phase.BAD


def test_no_control_answered() -> None:
    """No control answered: this vantage is blind, and nothing it saw is believed."""
    platform = up()
    platform.bad()
    platform.bad()
    platform.after(SECOND).see(BAD, answered=False)
    platform.blind()
    assert platform.verdict() is Verdict.UNKNOWN
    platform.blind(blind=False)
    assert platform.verdict() is Verdict.UP
    assert platform.probe().round_bad == 0


def test_bad_bad_not_measured_decides_nothing() -> None:
    """Bad, bad, not measured decides nothing."""
    platform = up()
    for kind in (BAD, BAD, NONE, BAD, BAD, NONE):
        platform.after(SECOND).see(kind)
    assert (platform.probe().phase, platform.verdict()) == (Phase.GOOD, Verdict.UP)


def test_recover_good_outcomes_in_a_row_end_it() -> None:
    """`recover` good outcomes in a row end it."""
    platform = down()
    platform.good()
    platform.good()
    assert platform.probe().phase is Phase.BAD
    platform.good()
    assert platform.probe().phase is Phase.GOOD


def test_access_is_tried_every_minute_while_bad() -> None:
    """`access`: every minute while suspect or bad."""
    platform = down(ACCESS)
    first, _ = next_attempt(
        platform.probe("access"),
        ACCESS,
        slots=Slots("payments", "access"),
        last_ended_at=platform.now,
        now=platform.now,
    )
    assert platform.now < first <= platform.now + MINUTE


def test_down_by_the_deciding_probe() -> None:
    """A function is down when its deciding probe is confirmed bad: its access or journey probe if it has one."""
    platform = up(A, ACCESS)
    platform.confirm("access")
    assert platform.functions()["sign_in"] is Verdict.DOWN


def test_else_down_by_all_of_its_critical_probes() -> None:
    """Else all of its critical probes."""
    platform = up(A, B)
    platform.confirm("a")
    assert platform.functions()["sign_in"] is Verdict.DEGRADED
    platform.confirm("b")
    assert platform.functions()["sign_in"] is Verdict.DOWN


def test_the_deciding_probe_runs_at_once() -> None:
    """When a cheap critical probe is confirmed bad, the deciding probe runs at once; good: the function is degraded."""
    platform = up(A, ACCESS)
    assert platform.confirm("a").calls == ("access",)
    platform.see(GOOD, "access", attempt=Attempt.CALLED)
    assert platform.functions()["sign_in"] is Verdict.DEGRADED


def test_a_broken_health_url_alone_must_not_open_production() -> None:
    """A broken health URL alone must not open production."""
    platform = up(A, ACCESS)
    for _ in range(10):
        platform.confirm("a")
        platform.good("access")
    assert platform.flag() is FlagState.STANDBY
    assert PageKind.OUTAGE not in fired(platform)


def test_second_hand_probes_never_decide_alone() -> None:
    """Only first-hand probes decide; `heartbeat` and `status_page` never alone."""
    platform = up(BEAT)
    platform.confirm("beat")
    assert platform.verdict() is Verdict.DEGRADED


def test_an_outage_ends_only_by_its_own_probes() -> None:
    """An outage ends only by good outcomes of the probes that opened it."""
    platform = down(A)
    platform.restart(watched=policy(A, ACCESS))
    for _ in range(5):
        platform.good("access")
        assert platform.outage().ended_at is None
    platform.recover("a")
    assert platform.outage().ended_at is not None


@pytest.mark.parametrize("reason", ["critical probe bad", "function down", "warning", "ratio"])
def test_degraded(reason: str) -> None:
    """Degraded: a critical probe bad, a non-critical function down, a warning, or 10 % and 3 of the last 20 bad."""
    platform = up(A, B, replace(API, critical=False))
    match reason:
        case "critical probe bad":
            platform.confirm("a")
        case "function down":
            platform.confirm("api")
        case "warning":
            platform.see(GOOD, "a", warnings=(Warn.DURATION,))
        case _:
            for _ in range(3):
                platform.bad("a")
                platform.good("a")
    assert platform.verdict() is Verdict.DEGRADED


def test_unknown_after_three_intervals() -> None:
    """Unknown: a critical function not measured for 3 intervals."""
    platform = up()
    platform.tick(3 * 15 * SECOND)
    assert platform.verdict() is Verdict.UP
    platform.tick(5 * SECOND + INSTANT)
    assert platform.verdict() is Verdict.UNKNOWN


def test_or_blind() -> None:
    """Or blind."""
    platform = up()
    platform.blind()
    assert platform.verdict() is Verdict.UNKNOWN


def test_more_than_two_minutes_of_unknown_page() -> None:
    """More than 2 minutes of it pages: can't tell, decide by hand."""
    platform = up()
    platform.tick(MINUTE)
    platform.tick(2 * MINUTE)
    assert fired(platform) == {PageKind.UNKNOWN}
    assert "decide by hand" in platform.pages()[-1].summary


@pytest.mark.parametrize(
    ("critical", "other", "verdict"),
    [
        ("down", "up", Verdict.DOWN),
        ("unknown", "down", Verdict.UNKNOWN),
        ("up", "down", Verdict.DEGRADED),
        ("up", "up", Verdict.UP),
    ],
)
def test_the_platform(critical: str, other: str, verdict: Verdict) -> None:
    """Critical down: down; else critical unknown: unknown; else anything worse than up: degraded; else up."""
    slow = replace(API, critical=False, interval=HOUR)
    platform = up(A, slow)
    if other == "down":
        platform.confirm("api")
    if critical == "down":
        platform.confirm("a")
    if critical == "unknown":
        platform.tick(MINUTE)
    assert platform.verdict() is verdict


def test_down_needs_more_than_half_of_the_configured_vantages() -> None:
    """Down needs more than half of the configured vantages."""
    platform = down(vantages=3)
    assert platform.verdict() is not Verdict.DOWN
    platform.vote(b=Verdict.DOWN)
    assert platform.verdict() is Verdict.DOWN


def test_a_minority_is_degraded_and_pages() -> None:
    """A minority seeing down is degraded and pages."""
    platform = up(vantages=3)
    platform.vote(b=Verdict.UP, c=Verdict.DOWN)
    assert platform.verdict() is Verdict.DEGRADED
    assert PageKind.MINORITY_DOWN in fired(platform)


def test_too_few_seeing_is_unknown() -> None:
    """Too few seeing is unknown."""
    platform = up(vantages=3)
    platform.vote(b=Verdict.UNKNOWN)
    assert platform.verdict() is Verdict.UNKNOWN


def test_changed_settings_confirm_nothing_bad_before_good_once() -> None:
    """After a change of its settings a probe may confirm bad only after it was good once."""
    platform = up()
    platform.restart(watched=policy(replace(probe(), fingerprint="f1")))
    platform.confirm()
    assert platform.verdict() is Verdict.UNKNOWN
    platform.good()
    platform.confirm()
    assert platform.verdict() is Verdict.DOWN


def test_confirmations_don_t_count_into_the_ratio() -> None:
    """Confirmations don't count into ratio SLIs."""
    platform = up()
    for _ in range(20):
        platform.after(SECOND).see(BAD, attempt=Attempt.CONFIRMATION)
        platform.good()
    assert platform.verdict() is Verdict.UP


# 3.4


def test_outage_cause_from_down_until_up_without_break() -> None:
    """`outage`: from down; ends after up without break for `lower_after`."""
    platform = down()
    assert [cause.kind for cause in platform.state.causes] == [CauseKind.OUTAGE]
    platform.recover()
    for _ in range(89):
        platform.after(9 * SECOND).good()
        assert platform.flag() is FlagState.READY
    platform.after(9 * SECOND).good()
    assert platform.flag() is FlagState.STANDBY


def test_unknown_changes_nothing_until_unknown_max() -> None:
    """Unknown changes nothing, but a cause that rests on unknown for `unknown_max` ends, with a page before."""
    platform = down()
    platform.tick(HOUR)
    platform.tick(3 * HOUR)
    assert platform.flag() is FlagState.READY
    assert PageKind.UNKNOWN in fired(platform)
    platform.tick(2 * HOUR)
    assert platform.flag() is FlagState.STANDBY


@pytest.mark.parametrize(
    ("held", "state"),
    [((), "standby"), ((EXERCISE,), "exercise"), ((MANUAL,), "ready"), ((EXERCISE, MANUAL), "ready")],
)
def test_state(held: tuple[Cause, ...], state: str) -> None:
    """Ready if there is an outage or manual cause; else exercise if there is an exercise; else standby."""
    platform = up()
    platform.raise_flag(*held)
    assert said(platform)["state"] == state


def test_lower_ends_manual_and_exercise_only() -> None:
    """`lower` ends manual and exercise causes only."""
    platform = down()
    platform.raise_flag(MANUAL, EXERCISE)
    platform.lower_flag(causes.lower(platform.state.causes))
    assert [cause.kind for cause in platform.state.causes] == [CauseKind.OUTAGE]


def test_every_raise_and_lower_pages() -> None:
    """Every raise, lower and inhibit pages everybody, always."""
    platform = up()
    platform.raise_flag(MANUAL)
    platform.after(SECOND).raise_flag(EXERCISE)
    platform.after(SECOND).lower_flag(())
    told = [page.status for page in platform.pages() if page.kind is PageKind.FLAG]
    assert told == [PageStatus.FIRING, PageStatus.FIRING, PageStatus.RESOLVED]


def test_ready_lives_longer() -> None:
    """`exp` is `iat + ttl`, or `+ ready_ttl` when ready."""
    for platform, seconds in ((up(), 300), (down(), 900)):
        claims = said(platform)
        assert isinstance(claims["exp"], int)
        assert isinstance(claims["iat"], int)
        assert claims["exp"] - claims["iat"] == seconds


def test_the_audience_names_the_state() -> None:
    """`aud` is `<deployment>/<state>`."""
    assert (said(up())["aud"], said(down())["aud"]) == ("prod/standby", "prod/ready")


def test_change_counts_changes_of_state_or_causes() -> None:
    """`change` counts changes of state or causes."""
    platform = down()
    assert said(platform)["change"] == 1
    platform.raise_flag(MANUAL)
    platform.bad()
    platform.tick()
    assert said(platform)["change"] == 2


# 3.7


def test_severities() -> None:
    """A closed list of kinds, each a page or a ticket; flag, store and what drills leave are never suppressed."""
    tickets = {kind for kind, severity in SEVERITY.items() if severity is Severity.TICKET}
    assert set(SEVERITY) == set(PageKind)
    drills = {PageKind.DRILL_DUE, PageKind.DRILL_OVERDUE}
    others = {PageKind.DEGRADED, PageKind.TLS_EXPIRY, PageKind.PUBLISH_BEHIND, PageKind.SLA_BUDGET}
    assert tickets == others | drills
    assert {PageKind.FLAG, PageKind.STORE, PageKind.DRILL_RESIDUE} <= NEVER_SUPPRESSED
    # The design has `clock` among the tickets; what fires here, every flag refused by every reader, is a lock-out.
    assert SEVERITY[PageKind.CLOCK] is Severity.PAGE


# 3.8


def test_causes_past_their_end_are_gone_on_restart() -> None:
    """On restart causes past their end are gone."""
    platform = up()
    platform.raise_flag(replace(MANUAL, until=START + MINUTE))
    platform.restart(2 * MINUTE)
    assert platform.state.causes == ()


def test_an_outage_cause_after_a_gap_is_confirmed_before_it_is_signed() -> None:
    """An outage cause after a gap longer than `ready_ttl` is confirmed again before it is signed."""
    platform = down()
    platform.restart(16 * MINUTE)
    assert said(platform)["state"] == "standby"
    platform.confirm()
    assert said(platform)["state"] == "ready"


def test_no_outage_is_lost() -> None:
    """No outage is lost by a restart, however long."""
    platform = down()
    before = platform.outage().id
    platform.restart(9 * HOUR)
    platform.confirm()
    assert platform.outage().id == before
