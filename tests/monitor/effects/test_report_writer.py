"""A period's report is written by itself: once, when it is due, and also when that was missed."""

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from glasswatch.spans import Span
from monitor.model.verdict import Role
from monitor.reports.writer import ReportWriter, Wanted, wanted_of
from monitor.rules.periods import Terms
from monitor.rules.slavalues import Watch
from monitor.store import pace
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
    return ReportWriter("prod", "main", store, lambda: wanted, ManualClock(now))


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
    assert july["platforms"][0]["record"]["entry"] == 0  # the audit of this store is empty


async def test_it_holds_response_times_and_what_it_was_measured_with(store: SqlStore, tmp_path: Path) -> None:
    """Counted day by day, so that the store has its turn in between: the same as the command counts at once."""
    watch = Watch("portal", "http", "sign_in", "h", Role.FIRST_HAND, True, HOUR, HOUR, 3, HOUR)
    wanted = {"payments": Wanted(Terms(0.999), tmp_path, (watch,))}
    now = quarter.BEGIN + 62 * quarter.DAY + HOUR
    await ReportWriter("prod", "main", store, lambda: wanted, ManualClock(now)).look()
    august = json.loads((tmp_path / "payments-2026-08.json").read_text())["platforms"][0]
    assert [each["probe"] for each in august["response_times"]] == ["portal"]
    assert august["response_times"][0]["median_seconds"] == pytest.approx(0.2, abs=0.003)
    assert [each["target"] for each in august["measured_by"]] == ["h"]
    page = (tmp_path / "payments-2026-08.html").read_text()
    assert "Response time by day" in page
    days = [Span(quarter.BEGIN + day * quarter.DAY, quarter.BEGIN + (day + 1) * quarter.DAY) for day in range(92)]
    path = tmp_path / "glasswatch.db"
    with StorePlace("sqlite", f"sqlite:///{path}", "main", path).connection() as connection:
        at_once = pace.read(connection, "main", "payments", days)
    assert await store.paces("payments", days) == at_once


async def test_a_fault_costs_a_report_and_nothing_else(
    store: SqlStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The writer goes on."""
    wanted = {"payments": Wanted(Terms(timezone=7), tmp_path)}  # type: ignore[arg-type]  # a fault of ours
    await ReportWriter("prod", "main", store, lambda: wanted, ManualClock(quarter.BEGIN + 40 * quarter.DAY)).look()
    assert "sla_report_fault" in caplog.text


async def test_what_can_not_be_written_is_due_again(store: SqlStore, tmp_path: Path) -> None:
    """A directory that isn't there, and a store that can't be read, stop nothing."""
    directory, now = tmp_path / "sla", quarter.BEGIN + 40 * quarter.DAY
    await _writer(store, directory, now).look()
    directory.mkdir()
    closed = StorePlace("sqlite", f"sqlite:///{tmp_path / 'other.db'}", "main", tmp_path / "other.db").store()
    await _writer(closed, directory, now).look()
    assert list(directory.iterdir()) == []
    await _writer(store, directory, now).look()
    assert len(list(directory.iterdir())) == 2


def test_settings_say_where(tmp_path: Path) -> None:
    """Only a platform that wants them has reports."""
    sla = "    sla: {objective: 0.99, reports: {directory: there}}\n    probes:\n"
    assert wanted_of(settings_of(tmp_path)) == {}
    (wanted,) = wanted_of(settings_of(tmp_path, GOOD.replace("    probes:\n", sla, 1))).values()
    assert (wanted.terms, wanted.directory) == (Terms(0.99), tmp_path / "there")
    assert [(each.probe, each.type, each.target) for each in wanted.watches] == [
        ("portal", "http", "portal.example.com")
    ]
