"""Maintenance windows on record: written with the act that agreed to them, kept for ever, found by what one asks."""

from dataclasses import replace
from datetime import timedelta

from glasswatch.spans import Span
from monitor.model.maintenance import (
    AddWindow,
    Calendar,
    ConfirmWindow,
    EndWindow,
    Range,
    SettingsWindow,
    WindowQuery,
)
from monitor.model.record import Commit
from monitor.rules import audit
from monitor.rules.maintenance import agreed
from tests.support.clock import START
from tests.support.rulings import HOUR, Platform, policy
from tests.support.stores import StorePlace

DAY = timedelta(days=1)


def commits(platform: Platform, expected: int = 0) -> Commit:
    """Return all that was found so far as one commit."""
    return Commit(
        platform="payments",
        expected_revision=expected,
        at=platform.now,
        after=platform.state,
        facts=tuple(platform.facts),
        changed_probes=tuple(platform.state.probes),
        flag=None,
        pages=(),
        audit=audit.entries("payments", platform.facts, None, platform.now),
    )


def busy() -> Platform:
    """Return a platform that everything happened to."""
    night = SettingsWindow("nights", "patches", Calendar(("daily",), "12:00", HOUR, "Europe/Berlin"))
    platform = Platform(replace(policy(), maintenance=(night,)))
    platform.good()
    first = str(platform.act(AddWindow("patches", lasts=HOUR, range=Range(("sign_in",), ("portal",)))).subject)
    past = str(platform.act(AddWindow("forgotten", start=START - DAY, lasts=HOUR)).subject)
    platform.act(ConfirmWindow(past), "ben")
    platform.after(HOUR / 2).act(EndWindow(first, "early"), "ben")
    platform.act(AddWindow("later", start=platform.now - HOUR, lasts=HOUR))
    return platform


async def test_what_was_agreed_is_on_record_and_loaded(place: StorePlace) -> None:
    """With the state, and apart from it; the audit's chain holds who did what."""
    platform = busy()
    store = place.store()
    await store.open()
    await store.commit(commits(platform))
    assert await store.verify_audit() is None
    found = await store.windows(WindowQuery())
    assert sorted(found, key=lambda each: each.id) == sorted(
        platform.state.maintenance.windows, key=lambda each: each.id
    )
    assert len(found) == 3
    await store.close()
    loaded = await place.store().open()
    assert loaded.platforms["payments"].state.maintenance == platform.state.maintenance
    asked = "SELECT kind FROM audit WHERE kind LIKE 'maintenance%' AND vantage = :vantage ORDER BY seq"
    kinds = [row["kind"] for row in place.sql(asked)]
    assert kinds == [
        "maintenance_agreed",
        "maintenance_agreed",
        "maintenance_began",
        "maintenance_asked",
        "maintenance_agreed",
        "maintenance_ended",
        "maintenance_over",
        "maintenance_asked",
    ]


async def test_windows_stay_when_memory_lets_go_of_them(place: StorePlace) -> None:
    """A year later an SLA can ask for the time that was agreed, by whom, and when."""
    platform = busy()
    store = place.store()
    await store.open()
    await store.commit(commits(platform))
    platform.facts.clear()
    platform.restart(10 * DAY, policy())
    await store.commit(commits(platform, 1))
    assert len(platform.state.maintenance.windows) == 1, "the nights, which the settings ended just now"
    found = await store.windows(WindowQuery())
    assert len(found) == 3
    (past,) = [window for window in found if window.confirmed_by]
    assert (past.by, past.confirmed_by, past.agreed_at.date()) == ("anna", "ben", START.date())
    held = agreed(found, Span(START - 2 * DAY, START))
    assert held == [Span(START - DAY, START - DAY + HOUR)]


async def test_windows_are_found_by_what_one_asks(place: StorePlace) -> None:
    """By platform, and not those that were over; latest agreed first."""
    platform = busy()
    store = place.store()
    await store.open()
    await store.commit(commits(platform))
    assert await store.windows(WindowQuery(platform="ledger")) == []
    assert len(await store.windows(WindowQuery(platform="payments", limit=2))) == 2
    since = await store.windows(WindowQuery(since=platform.now))
    assert [window.name for window in since] == ["nights"]
    latest = await store.windows(WindowQuery())
    assert latest[0].agreed_at >= latest[-1].agreed_at
