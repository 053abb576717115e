"""What status pages said: a row whenever that changes, with the outcome that holds it, and nothing twice."""

from datetime import timedelta

import pytest

from glasswatch.spans import Span
from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason, Warn
from monitor.model.past import Past, PastQuery, Said, Word
from monitor.model.record import OutcomeRow
from monitor.rules.past import said
from monitor.rules.status_page import word
from tests.support.clock import START
from tests.support.stores import StorePlace

MINUTE = timedelta(minutes=1)
WORDS = (Word.WELL, Word.WELL, Word.OUTAGE, Word.OUTAGE, Word.NOT_TOLD, Word.WELL)


def row(minute: int, now: Word | None, probe: str = "vendor") -> OutcomeRow:
    """Return an outcome of reading a page."""
    outcome = Outcome(OutcomeKind.GOOD, Reason.OK, f"the page says {now}", START + minute * MINUTE, 0.1)
    return OutcomeRow("payments", probe, "status", outcome, word=now)


async def _past(place: StorePlace, since: int = 0, until: int = 60) -> Past:
    store = place.store()
    await store.open()
    try:
        return await store.past(PastQuery("payments", START + since * MINUTE, START + until * MINUTE))
    finally:
        await store.close()


async def test_a_change_is_a_row_and_survives_a_restart(place: StorePlace) -> None:
    """The same word again is none, before a restart and after; another probe's is its own."""
    store = place.store()
    await store.open()
    store.record(row(minute, now) for minute, now in enumerate(WORDS))
    await store.close()
    again = place.store()
    await again.open()
    again.record([row(7, Word.WELL), row(8, None), row(8, Word.WELL, "other"), row(9, Word.DEGRADED)])
    await again.close()
    assert [(each.probe, each.at, each.word) for each in (await _past(place)).said] == [
        ("vendor", START, Word.WELL),
        ("vendor", START + 2 * MINUTE, Word.OUTAGE),
        ("vendor", START + 4 * MINUTE, Word.NOT_TOLD),
        ("vendor", START + 5 * MINUTE, Word.WELL),
        ("other", START + 8 * MINUTE, Word.WELL),
        ("vendor", START + 9 * MINUTE, Word.DEGRADED),
    ]
    later = await _past(place, since=3)
    assert later.said[0] == Said("vendor", START + 2 * MINUTE, Word.OUTAGE, "the page says outage")
    alive = Past("payments", later.since, later.until, alive=[Span(later.since, later.until)], said=later.said)
    assert said(alive, "vendor")[Word.OUTAGE] == [Span(START + 3 * MINUTE, START + 4 * MINUTE)]


@pytest.mark.parametrize(
    ("kind", "warnings", "expected"),
    [
        (OutcomeKind.GOOD, (), Word.WELL),
        (OutcomeKind.GOOD, (Warn.TOLD,), Word.DEGRADED),
        (OutcomeKind.GOOD, (Warn.MAINTENANCE,), Word.MAINTENANCE),
        (OutcomeKind.GOOD, (Warn.MAINTENANCE, Warn.TOLD), Word.DEGRADED),
        (OutcomeKind.BAD, (), Word.OUTAGE),
        (OutcomeKind.NOT_MEASURED, (), Word.NOT_TOLD),
        (OutcomeKind.SKIPPED, (), None),
    ],
)
def test_an_outcome_is_a_word(kind: OutcomeKind, warnings: tuple[Warn, ...], expected: Word | None) -> None:
    """What was not looked at says nothing new."""
    assert word(Outcome(kind, Reason.OK, "", START, 0.1, warnings=warnings, attempt=Attempt.SCHEDULED)) is expected


async def test_what_nobody_reads_any_more_says_nothing(place: StorePlace) -> None:
    """A page that leaves the settings is not well for ever; read again, it says what it says then."""
    store = place.store()
    await store.open()
    store.record([row(0, Word.WELL), row(0, Word.WELL, "other")])
    await store.close()
    again = place.store()
    await again.open()
    await again.pages_left({("payments", "other")})
    await again.pages_left({("payments", "other")})
    await again.close()
    back = place.store()
    await back.open()
    back.record([row(30, Word.WELL), row(30, Word.WELL, "other")])
    await back.close()
    heard = [(each.probe, each.word) for each in (await _past(place)).said if each.probe == "vendor"]
    assert heard == [("vendor", Word.WELL), ("vendor", Word.NOT_TOLD), ("vendor", Word.WELL)]
    assert [each.word for each in (await _past(place)).said if each.probe == "other"] == [Word.WELL]
