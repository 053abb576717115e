"""A period's report is written by itself: once, when it is due, and also when that was missed."""

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.errors import StoreUnavailable
from monitor.model.past import Past, PastQuery
from monitor.reports.writer import Record, ReportWriter, Wanted, wanted_of
from monitor.rules.periods import Terms
from monitor.store.store import SqlStore
from tests.support import quarter
from tests.support.clock import ManualClock
from tests.support.settings_files import GOOD, settings_of
from tests.support.stores import StorePlace

HOUR = timedelta(hours=1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    """A store with the quarter in it."""
    path = tmp_path / "glasswatch.db"
    place = StorePlace("sqlite", f"sqlite:///{path}", "main", path)
    await quarter.write(place)
    found = place.store()
    await found.open()
    yield found
    await place.close()


def _writer(store: SqlStore, directory: Path, now: datetime) -> ReportWriter:
    wanted = {"payments": Wanted(Terms(0.999), directory)}
    return ReportWriter("prod", "main", Record(store.past, store.watched_since), lambda: wanted, ManualClock(now))


async def test_what_was_missed_is_caught_up_once(store: SqlStore, tmp_path: Path) -> None:
    """All months that are over, the page beside its JSON; what is there is left as it is."""
    directory = tmp_path / "sla"
    directory.mkdir()
    await _writer(store, directory, quarter.BEGIN + 62 * quarter.DAY + HOUR - HOUR.resolution).look()
    assert sorted(each.name for each in directory.iterdir()) == ["payments-2026-07.html", "payments-2026-07.json"]
    (directory / "payments-2026-07.html").write_text("as it was sent")
    await _writer(store, directory, quarter.BEGIN + 92 * quarter.DAY + HOUR).look()
    assert {each.name for each in directory.iterdir()} == {
        f"payments-2026-{month}.{ending}" for month in ("07", "08", "09") for ending in ("html", "json")
    }
    assert (directory / "payments-2026-07.html").read_text() == "as it was sent"
    july = json.loads((directory / "payments-2026-07.json").read_text())
    assert july["platforms"][0]["account"]["down_seconds"] == 4_200
    assert july["platforms"][0]["standing"] == "over"


async def test_what_can_not_be_written_is_due_again(store: SqlStore, tmp_path: Path) -> None:
    """A directory that isn't there, and a store that can't be read, stop nothing."""
    directory, now = tmp_path / "sla", quarter.BEGIN + 40 * quarter.DAY

    async def broken(query: PastQuery) -> Past:
        raise StoreUnavailable(f"no past of {query.platform}")

    await _writer(store, directory, now).look()
    directory.mkdir()
    wanted = {"payments": Wanted(Terms(), directory)}
    record = Record(broken, store.watched_since)
    await ReportWriter("prod", "main", record, lambda: wanted, ManualClock(now)).look()
    assert list(directory.iterdir()) == []
    await _writer(store, directory, now).look()
    assert len(list(directory.iterdir())) == 2


def test_settings_say_where(tmp_path: Path) -> None:
    """Only a platform that wants them has reports."""
    sla = "    sla: {objective: 0.99, reports: {directory: there}}\n    probes:\n"
    assert wanted_of(settings_of(tmp_path)) == {}
    wanted = wanted_of(settings_of(tmp_path, GOOD.replace("    probes:\n", sla, 1)))
    assert wanted == {"payments": Wanted(Terms(0.99), tmp_path / "there")}
