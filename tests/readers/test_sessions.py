"""One session that asks again and again: what is decided alike is one use, and anything else pages for itself."""

from dataclasses import replace
from datetime import timedelta

from glasswatch.clock import SystemClock
from glasswatch.flag.document import FlagState, unix_ms
from monitor.model.page import PageStatus
from monitor.model.state import Cause
from monitor.model.use import CauseSpan, Circumstances, Held, Judgement, Report, Use, UseStep, Via
from monitor.model.verdict import CauseKind
from monitor.rules import uses
from monitor.rules.use_saying import said
from monitor.web import useshaping
from monitor.wire.uses import ReportBody
from tests.support.flags import jwk, write_trust
from tests.support.orders import ANNA, BEN, ordered
from tests.support.orders import READY as ORDER
from tests.support.reader_host import CLOSED, OPEN, SEALED, Host, claims_now
from tests.support.uses import POLICY, STANDBY, saying

_SESSION = ("--session", "gateway-0123456789abcdef")


def _held(kind: CauseKind) -> Held:
    since = SystemClock().now() - timedelta(hours=1)
    return Held(is_known=True, spans=(CauseSpan(Cause(kind, "c-1", since, principals=("anna",)), since, None),))


def _asked(host: Host, *more: str, code: int = OPEN) -> Report:
    """Ask within the session; return what the monitor is told of it."""
    before = [str(report["id"]) for report in host.reports()]
    assert host.ask(*_SESSION, *more).returncode == code
    told = [ReportBody.model_validate(report) for report in host.reports()]
    for known in before:
        told.remove(next(each for each in told if each.id == known))
    (body,) = told
    return useshaping.report(body, told_by=None)


def _step(report: Report, *known: Use, held: Held) -> UseStep | None:
    return uses.reported(report, "host", Circumstances(known, held, SystemClock().now()), POLICY)


def _paged(step: UseStep | None) -> Use:
    """Return a use that paged when it was told."""
    assert step is not None
    assert step.page is not None
    assert step.page.status is PageStatus.FIRING
    return step.use


def test_decided_alike_is_one_use(host: Host) -> None:
    """The same flag, signed again, lets in the same person: nobody is paged twice."""
    host.publish(claims_now(FlagState.READY))
    first = _paged(_step(_asked(host), held=_held(CauseKind.OUTAGE)))
    host.publish(claims_now(FlagState.READY))
    assert _step(_asked(host), first, held=_held(CauseKind.OUTAGE)) is None


def test_refused_and_then_let_in_by_a_raise_is_two(host: Host) -> None:
    """The access is expected, not critical: its id was never another attempt's."""
    host.publish(claims_now(FlagState.STANDBY))
    refused = _step(_asked(host, code=SEALED), held=STANDBY)
    assert refused is not None
    assert (refused.page, refused.use.judgement) == (None, Judgement.REFUSED)
    host.publish(replace(claims_now(FlagState.READY), change=5))
    use = _paged(_step(_asked(host), refused.use, held=_held(CauseKind.MANUAL)))
    assert use.judgement is Judgement.EXPECTED


def test_another_raise_after_a_closed_use_is_a_use_of_its_own(host: Host) -> None:
    """It pages, although the first was closed within the same quarter of an hour."""
    host.publish(replace(claims_now(FlagState.READY), change=5))
    first = _paged(_step(_asked(host), held=_held(CauseKind.MANUAL)))
    closing = said(first, saying(), POLICY, SystemClock().now())
    assert isinstance(closing, UseStep)
    assert not closing.use.is_open
    host.publish(replace(claims_now(FlagState.READY), change=7))
    again = _paged(_step(_asked(host), closing.use, held=_held(CauseKind.MANUAL)))
    assert (again.judgement, again.is_open) == (Judgement.EXPECTED, True)


def test_a_drill_hides_no_real_access(host: Host) -> None:
    """Nor does one in the same quarter of an hour, of the same person at the same target."""
    host.publish(claims_now(FlagState.EXERCISE, principals=("anna",)))
    drill = _paged(_step(_asked(host, "--drill"), held=_held(CauseKind.EXERCISE)))
    assert drill.judgement is Judgement.EXERCISE
    host.publish(claims_now(FlagState.READY))
    real = _paged(_step(_asked(host), drill, held=_held(CauseKind.OUTAGE)))
    assert real.judgement is Judgement.EXPECTED
    refused = _asked(host, "--drill", code=CLOSED)
    assert refused.id not in (drill.id, real.id)


def test_flag_and_then_order_are_two(host: Host) -> None:
    """The order lets in after the flag went down: expected, and paged."""
    people = [jwk(key, role="order", iss="prod", person=person) for key, person in ((ANNA, "anna"), (BEN, "ben"))]
    write_trust(host.directory / "trust.json", jwk(), *people)
    host.configure(ORDER=str(host.directory / "order.jws"))
    host.publish(claims_now(FlagState.READY))
    by_flag = _paged(_step(_asked(host), held=_held(CauseKind.OUTAGE)))
    host.publish(claims_now(FlagState.STANDBY))
    known = [by_flag]
    for age in (20, 10):
        now = SystemClock().now() - timedelta(seconds=age)
        at = int(now.timestamp())
        order = replace(ORDER, iat=at, exp=at + 3600, ver=unix_ms(now))
        (host.directory / "order.jws").write_bytes(ordered(order, ANNA, BEN))
        use = _paged(_step(_asked(host), *known, held=STANDBY))
        assert use.report is not None
        assert (use.report.via, use.judgement) == (Via.ORDER, Judgement.EXPECTED)
        known.append(use)
    assert len({use.id for use in known}) == 3


def test_settings_that_are_lost_in_between_are_told_too(host: Host) -> None:
    """What nobody can judge is refused under an id that no judged attempt has."""
    host.publish(claims_now(FlagState.READY))
    let_in = _asked(host)
    host.configure(FLOOR="")
    assert _asked(host, code=CLOSED).id == f"{_SESSION[1]}-refused-unknown" != let_in.id
