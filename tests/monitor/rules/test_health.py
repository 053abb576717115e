"""What a health service's answer is worth: every status, with and without a credential of ours."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.model.outcome import OutcomeKind, Reason, Warn
from monitor.rules.expect import Judgement
from monitor.rules.health import HealthAnswer, judge_health
from monitor.rules.marks import Limits
from platforms.grpc.call import Code
from platforms.grpc.health import Serving

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def _judged(answer: HealthAnswer, limits: Limits | None = None) -> Judgement:
    return judge_health(limits or Limits(), answer, NOW)


@pytest.mark.parametrize("saw_credential", [False, True])
@pytest.mark.parametrize("code", [code for code in Code if code is not Code.OK])
def test_no_status_but_ok_is_good(code: Code, *, saw_credential: bool) -> None:
    """What is not measured is so for a reason of its own; all else is bad, and the detail names the status."""
    judgement = _judged(HealthAnswer(code.name, None, 0.1, saw_credential=saw_credential))
    refused = {Code.UNAUTHENTICATED, Code.PERMISSION_DENIED} if saw_credential else set()
    if code in refused:
        expected = (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED)
    elif code is Code.RESOURCE_EXHAUSTED:
        expected = (OutcomeKind.NOT_MEASURED, Reason.RATE_LIMITED)
    else:
        expected = (OutcomeKind.BAD, Reason.STATUS)
    assert (judgement.kind, judgement.reason) == expected
    assert judgement.detail.startswith(f"gRPC status {code.name}")


@pytest.mark.parametrize("serving", [*(each.name for each in Serving), "a state that nobody knows"])
def test_only_serving_is_good(serving: str) -> None:
    """Whatever else a service says of itself is bad."""
    judgement = _judged(HealthAnswer("OK", serving, 0.1))
    is_good = serving == "SERVING"
    assert (judgement.kind is OutcomeKind.GOOD, judgement.reason is Reason.OK) == (is_good, is_good)
    assert is_good or judgement.reason is Reason.ANSWER


def test_too_many_requests_over_http_is_not_measured() -> None:
    """Though gRPC calls it UNAVAILABLE."""
    judgement = _judged(HealthAnswer("UNAVAILABLE", None, 0.1, http_status=429))
    assert (judgement.kind, judgement.reason) == (OutcomeKind.NOT_MEASURED, Reason.RATE_LIMITED)


@pytest.mark.parametrize("serving", ["SERVING", "NOT_SERVING"])
def test_marks_are_given_whatever_was_said(serving: str) -> None:
    """A certificate ends no later because the service is down."""
    answer = HealthAnswer("OK", serving, 3.0, tls_expiry_at=NOW + timedelta(days=3))
    limits = Limits(timedelta(seconds=2), 14)
    assert _judged(answer, limits).warnings == (Warn.DURATION, Warn.TLS_DAYS_LEFT)
