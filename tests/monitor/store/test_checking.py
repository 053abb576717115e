"""A store looked over by a reader, on either database."""

from dataclasses import replace
from datetime import timedelta

from monitor.store.identity import Identity
from monitor.store.reading import Reading
from tests.support.clock import START
from tests.support.commits import outcome_row, story
from tests.support.stores import DEPLOYMENT, QUICK, StorePlace
from tests.support.waiting import until

NOTHING: dict[str, list[str]] = {"database": [], "records": [], "hours": [], "notes": []}


def _flaws(place: StorePlace) -> dict[str, list[str]]:
    reading = Reading(place.url, Identity(DEPLOYMENT, place.vantage, "look"))
    try:
        return reading.flaws()
    finally:
        reading.close()


async def test_what_fits_together_has_no_flaw_and_what_does_not_is_found(place: StorePlace) -> None:
    """Beside the monitor, of this vantage alone."""
    limits = replace(QUICK, keep_good=timedelta(days=1))
    store = place.store(limits=limits)
    await store.open()
    for commit in story():
        await store.commit(commit)
    await store.alive(START)
    store.record([outcome_row()])
    place.clock.advance(timedelta(days=2))
    await until(lambda: place.sql("SELECT * FROM outcomes JOIN series ON id = series WHERE vantage = :vantage"))
    assert (await store.prune()).good == 1
    place.sql("DELETE FROM flag_documents WHERE vantage = :vantage")  # a story's are not signed
    assert _flaws(place) == NOTHING
    place.sql("UPDATE outcome_hours SET runs = 0 WHERE series IN (SELECT id FROM series WHERE vantage = :vantage)")
    place.sql("UPDATE causes SET ended_at = NULL WHERE vantage = :vantage")
    found = _flaws(place)
    assert "counts what can't be" in found["hours"][0]
    assert "the platform doesn't hold it" in found["records"][0]
