"""A refusal is bad only if a second principal is refused too (design 3.3): every pair of judgements."""

import pytest

from monitor.model.outcome import OutcomeKind, Reason
from monitor.rules.expect import Judgement
from monitor.rules.principals import both, in_doubt, one_twice

FIRST = Judgement(OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED, "status 401: our own credential was refused")
_GOOD = {Reason.OK}
_UNMEASURED = {Reason.CREDENTIALS_REFUSED, Reason.RATE_LIMITED, Reason.SECRET_UNAVAILABLE, Reason.OWN_FAULT}


def _kind(reason: Reason) -> OutcomeKind:
    if reason in _GOOD:
        return OutcomeKind.GOOD
    return OutcomeKind.NOT_MEASURED if reason in _UNMEASURED else OutcomeKind.BAD


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.BUDGET])
def test_only_a_second_refusal_is_bad(reason: Reason) -> None:
    """Whatever else the second met, nothing was learnt but that our credential is refused."""
    judgement = both(FIRST, Judgement(_kind(reason), reason, "what the second met"), was_asked=True)
    if reason is Reason.CREDENTIALS_REFUSED:
        assert (judgement.kind, judgement.reason) == (OutcomeKind.BAD, Reason.STATUS)
        assert judgement.detail.startswith("both principals are refused: status 401")
    else:
        assert (judgement.kind, judgement.reason) == (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED)
        assert ("works" in judgement.detail) == (reason is Reason.OK)
    assert ("what the second met" in judgement.detail) == (reason is not Reason.OK)


def test_a_platform_that_was_not_asked_twice_is_not_bad() -> None:
    """Two refusals of which one is a token endpoint's say nothing about the platform."""
    judgement = both(FIRST, FIRST, was_asked=False)
    assert (judgement.kind, judgement.reason) == (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED)
    assert judgement.detail.endswith("the platform was not asked by both")


def test_one_principal_twice_is_no_second() -> None:
    """Who holds the first's secret is the first."""
    judgement = one_twice(FIRST)
    assert (judgement.kind, judgement.reason) == (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED)
    assert judgement.detail.endswith("it was not issued separately")


def test_a_second_that_is_late_leaves_the_refusal() -> None:
    """The deadline takes back nothing."""
    judgement = in_doubt(FIRST, "within 5 s")
    assert (judgement.kind, judgement.reason) == (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED)
    assert judgement.detail.endswith("the second principal had no answer within 5 s")
