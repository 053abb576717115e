"""When an error budget that is spent too fast is told of, and as what."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from glasswatch.spans import Span
from monitor.model.page import PageKind, PageStatus, Severity
from monitor.model.state import Outage
from monitor.rules.periods import Terms
from monitor.rules.sla import History
from monitor.rules.slapages import Whose, budget_page, gone_page

NOW = datetime(2026, 3, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WHOSE, TERMS = Whose("prod", "main", "payments"), Terms(0.999)


def _history(lasted: timedelta, ago: timedelta = timedelta(0)) -> History:
    ended = NOW - ago
    outage = Outage("o", "payments", ended - lasted, ended, ("sign_in",), (), "", ended_at=ended)
    return History([outage] if lasted else [], [], [], NOW - timedelta(days=5), NOW)


@pytest.mark.parametrize(
    ("lasted", "ago", "told", "expected"),
    [
        (timedelta(0), timedelta(0), None, None),
        (timedelta(seconds=15), timedelta(0), None, None),  # one lost attempt
        (2 * MINUTE, timedelta(0), None, Severity.PAGE),
        (5 * MINUTE, 60 * MINUTE, None, Severity.TICKET),  # 2 h and 24 h alone
        (2 * MINUTE, timedelta(0), Severity.TICKET, Severity.PAGE),
        (2 * MINUTE, timedelta(0), Severity.PAGE, None),
        (5 * MINUTE, 60 * MINUTE, Severity.PAGE, None),  # it doesn't go back to a ticket
    ],
)
def test_it_is_told_once_and_once_more_when_it_gets_worse(
    lasted: timedelta, ago: timedelta, told: Severity | None, expected: Severity | None
) -> None:
    """Fast is a page, slow a ticket."""
    page = budget_page(WHOSE, _history(lasted, ago), TERMS, told)
    assert (None if page is None else page.severity) == expected
    if page is not None:
        assert (page.kind, page.status, page.platform) == (PageKind.SLA_BUDGET, PageStatus.FIRING, "payments")
        assert page.dedup_key == "prod/payments/sla_budget@main"


def test_it_is_over_when_nothing_burns() -> None:
    """Not where nothing fired, and not while nobody can tell."""
    quiet = _history(timedelta(0))
    page = budget_page(WHOSE, quiet, TERMS, Severity.PAGE)
    assert page is not None
    assert page.status is PageStatus.RESOLVED
    blind = replace(quiet, unmeasured=[Span(NOW - 10 * MINUTE, NOW)])
    assert budget_page(WHOSE, blind, TERMS, Severity.PAGE) is None
    assert budget_page(WHOSE, quiet, Terms(), None) is None


def test_of_a_budget_that_is_none_any_more_it_is_over() -> None:
    """Under the key that it fired under."""
    fired, gone = budget_page(WHOSE, _history(2 * MINUTE), TERMS, None), gone_page(WHOSE, NOW)
    assert fired is not None
    assert (gone.status, gone.dedup_key) == (PageStatus.RESOLVED, fired.dedup_key)
