"""What a reader of a report is told before the figures."""

from datetime import UTC, datetime, timedelta

import pytest

from glasswatch.spans import Span
from monitor.model.maintenance import Origin, Window
from monitor.model.past import Past, VerdictChange
from monitor.model.verdict import Verdict
from monitor.rules.periods import Terms, named
from monitor.rules.sla import Tier, Unmeasured
from monitor.rules.slareport import report
from monitor.rules.slavalues import SlaReport, Subject

BEGIN, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TERMS = Terms(0.999)


def _report(until: datetime, *windows: Window, last: datetime | None = None, terms: Terms = TERMS) -> SlaReport:
    """Return the report on March of a platform that has been up since a week before."""
    since = BEGIN - timedelta(days=7)
    up = VerdictChange(None, Verdict.UNKNOWN, Verdict.UP, since)
    past = Past("payments", since, until, [up], alive=[Span(since, last or until)], windows=windows)
    period = named("2026-03", terms.zone)
    assert period is not None
    return report(Subject("prod", "main", "payments"), past, terms, period)


def _agreed(since: datetime, until: datetime) -> Window:
    return Window("w", "payments", Origin.PERSON, since, until, "anna", since - SECOND, "why")


@pytest.mark.parametrize(
    ("found", "notes"),
    [
        (_report(END + SECOND), []),
        (_report(BEGIN - SECOND), ["has not begun"]),
        (_report(BEGIN + SECOND), ["is going on"]),
        (_report(BEGIN + SECOND, last=BEGIN - SECOND), ["is going on", "Nothing of it is on record yet"]),
        (_report(END + SECOND, _agreed(BEGIN - SECOND, END)), ["All of it was agreed maintenance"]),
        (_report(END + SECOND, last=BEGIN), ["Nothing was measured"]),
        (_report(END + SECOND, last=END - timedelta(hours=1)), ["only partly watched: 99.86 %"]),
        (_report(END + SECOND, terms=Terms()), ["No objective is set"]),
        (_report(END + SECOND, terms=Terms(0.999, "quarter")), ["was agreed on for each calendar quarter"]),
    ],
)
def test_what_must_be_known_first_is_noted(found: SlaReport, notes: list[str]) -> None:
    """A period that lies ahead, has just begun, was all maintenance, or hardly watched; and what was not agreed on."""
    assert len(found.notes) == len(notes), found.notes
    assert all(part in note for part, note in zip(notes, found.notes, strict=True))


def test_credit_follows_from_a_period_that_was_agreed_on_alone() -> None:
    """A month of a quarter's terms has none, however it went."""
    found = {
        period: _report(
            END + SECOND,
            last=END - timedelta(hours=1),
            terms=Terms(0.999, period, not_measured=Unmeasured.DOWN, credits=(Tier(0.999, 0.1),)),
        ).credit
        for period in ("month", "quarter")
    }
    assert found == {"month": 0.1, "quarter": 0.0}
