"""Statuses that are not the platform's to answer for: every combination."""

from itertools import product

import pytest

from monitor.model.outcome import OutcomeKind, Reason
from monitor.rules.doubt import doubted

EVERY = list(product(range(100, 600), (False, True), (False, True)))


def test_every_status_in_every_position() -> None:
    """Nothing is ever good or bad by doubt, and only these statuses are doubted."""
    for status, saw_certificate, is_relayed in EVERY:
        judgement = doubted(status, saw_certificate=saw_certificate, is_relayed=is_relayed)
        if is_relayed and (status in {403, 407} or status >= 500):
            expected = Reason.OWN_FAULT
        elif saw_certificate and status in {400, 495, 496}:
            expected = Reason.CREDENTIALS_REFUSED
        else:
            assert judgement is None
            continue
        assert judgement is not None
        assert (judgement.kind, judgement.reason) == (OutcomeKind.NOT_MEASURED, expected)
        assert str(status) in judgement.detail


@pytest.mark.parametrize("status", [400, 407, 502])
def test_without_certificate_and_proxy_nothing_is_doubted(status: int) -> None:
    """A plain probe's answers are all the platform's."""
    assert doubted(status, saw_certificate=False, is_relayed=False) is None
