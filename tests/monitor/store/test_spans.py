"""Signs of life and blind spans: what tells a gap from health."""

from datetime import datetime, timedelta

from monitor.store.columns import from_microseconds
from tests.support.commits import at
from tests.support.stores import StorePlace

Spans = list[tuple[datetime, datetime | None]]


def alive_spans(place: StorePlace) -> Spans:
    """Return the vantage's signs of life in the order they were written."""
    return _spans(place, "SELECT since, until FROM alive_spans WHERE vantage = :vantage ORDER BY id")


def blind_spans(place: StorePlace) -> Spans:
    """Return when the vantage was blind."""
    return _spans(place, "SELECT since, until FROM blind_spans WHERE vantage = :vantage ORDER BY since")


def _spans(place: StorePlace, statement: str) -> Spans:
    return [
        (from_microseconds(row["since"]), None if row["until"] is None else from_microseconds(row["until"]))
        for row in place.sql(statement)
    ]


async def test_signs_close_to_each_other_are_one_span(place: StorePlace) -> None:
    """A monitor that lived without a gap has one span."""
    store = place.store()
    await store.open()
    for seconds in (0, 5, 35, 35):
        await store.alive(at(seconds))
    assert alive_spans(place) == [(at(0), at(35))]


async def test_a_late_sign_leaves_a_gap(place: StorePlace) -> None:
    """A monitor that was stopped in between has two spans, and the gap shows."""
    store = place.store()
    await store.open()
    for seconds in (0, 30, 61, 62):
        await store.alive(at(seconds))
    assert alive_spans(place) == [(at(0), at(30)), (at(61), at(62))]


async def test_a_new_run_begins_a_span(place: StorePlace) -> None:
    """A restart is visible, however short; the last sign of life comes back."""
    store = place.store()
    await store.open()
    await store.alive(at(5))
    await store.close()
    store = place.store()
    assert (await store.open()).last_alive_at == at(5)
    await store.alive(at(10))
    assert alive_spans(place) == [(at(5), at(5)), (at(10), at(10))]


async def test_a_clock_set_back_does_not_hide_a_gap(place: StorePlace) -> None:
    """The sign written last counts, not the highest: else an hour of being dead would look like none."""
    store = place.store()
    await store.open()
    await store.alive(at(3600))
    await store.alive(at(0))
    await store.alive(at(30))
    await store.close()
    assert alive_spans(place) == [(at(3600), at(3600)), (at(0), at(30))]
    assert (await place.store().open()).last_alive_at == at(30)


async def test_a_blind_span_is_noted_and_ended(place: StorePlace) -> None:
    """The same beginning again says when it ended."""
    store = place.store()
    await store.open()
    await store.blind_span(at(0), None)
    assert blind_spans(place) == [(at(0), None)]
    await store.blind_span(at(0), at(40))
    await store.blind_span(at(50), at(60))
    assert blind_spans(place) == [(at(0), at(40)), (at(50), at(60))]


async def test_a_blind_span_left_open_ends_with_the_last_sign_of_life(place: StorePlace) -> None:
    """Nothing blind is lost by a crash; from the last sign of life on it is a gap."""
    store = place.store()
    await store.open()
    await store.alive(at(0))
    await store.blind_span(at(10), None)
    await store.blind_span(at(70), None)
    await store.alive(at(60))
    await store.close()
    await place.store().open()
    assert blind_spans(place) == [(at(10), at(60)), (at(70), at(70))]


async def test_a_blind_span_without_any_sign_of_life_is_kept(place: StorePlace) -> None:
    """Even the shortest life was blind."""
    store = place.store()
    await store.open()
    await store.blind_span(at(10), None)
    await store.close()
    await place.store().open()
    assert blind_spans(place) == [(at(10), at(10))]


async def test_times_are_kept_to_the_microsecond(place: StorePlace) -> None:
    """What is read back is the instant that was given."""
    odd = at(0) + timedelta(microseconds=1)
    store = place.store()
    await store.open()
    await store.alive(odd)
    await store.close()
    assert (await place.store().open()).last_alive_at == odd
