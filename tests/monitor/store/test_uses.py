"""Uses of break-glass on record: written once, found by what one asks, and judged by what was held."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.errors import StoreUnavailable
from monitor.model.fact import CauseAdded, CauseEnded
from monitor.model.record import Commit, DeliveryState
from monitor.model.state import Cause, PlatformState
from monitor.model.use import UseQuery
from monitor.model.verdict import CauseKind
from monitor.rules.use_judgement import SKEW
from tests.support.commits import CHANNELS, at
from tests.support.stores import StorePlace
from tests.support.uses import commit, finding, report, seen, told, use_commits

VALID = timedelta(minutes=15)


async def test_a_use_is_there_with_its_page_and_its_audit(place: StorePlace) -> None:
    """One call writes all three; the deliveries wait to be made."""
    store = place.store()
    await store.open()
    made = use_commits()[0]
    head = await store.use(made)
    assert await store.uses(UseQuery()) == [made.use]
    assert [(each.channel, each.state) for each in await store.unsent()] == [
        (channel, DeliveryState.PENDING) for channel in sorted(CHANNELS)
    ]
    assert head.seq == len(made.audit)
    assert await store.verify_audit() is None


async def test_the_same_step_again_is_written_once(place: StorePlace) -> None:
    """An answer that was lost costs nothing: the chain does not grow, the page isn't doubled."""
    store = place.store()
    await store.open()
    made = use_commits()[0]
    assert await store.use(made) == await store.use(made)
    assert place.count("pages") == 1
    assert place.count("audit") == len(made.audit)


async def test_uses_are_found_by_what_one_asks(place: StorePlace) -> None:
    """By any id, by platform, by whether they are open, by target and time; newest received first."""
    store = place.store()
    await store.open()
    for made in use_commits():
        await store.use(made)
    other = told(report("r-3", platform="ledger", target="db-2", seconds=500), seconds=501)
    await store.use(commit(other))
    found = await store.uses(UseQuery(ids=("log-1",)))
    assert [use.id for use in found] == ["r-1"]
    assert [use.id for use in await store.uses(UseQuery())] == ["r-3", "r-2", "r-1"]
    assert [use.id for use in await store.uses(UseQuery(limit=1))] == ["r-3"]
    assert [use.id for use in await store.uses(UseQuery(is_open=True))] == ["r-3"]
    assert [use.id for use in await store.uses(UseQuery(platform="payments"))] == ["r-2", "r-1"]
    assert [use.id for use in await store.uses(UseQuery(received_since=at(501)))] == ["r-3"]
    near = UseQuery(platform="payments", target="db-1", since_at=at(99), until_at=at(100))
    assert [use.id for use in await store.uses(near)] == ["r-2", "r-1"]
    assert await store.uses(replace(near, until_at=at(99.5))) == []
    assert await store.uses(UseQuery(ids=("nobody's",))) == []


async def test_a_restart_finds_open_uses_again(place: StorePlace) -> None:
    """What nobody closed waits still."""
    store = place.store()
    await store.open()
    made = seen(finding())
    await store.use(commit(made))
    await store.close()
    again = place.store()
    await again.open()
    assert await again.uses(UseQuery(is_open=True)) == [made.use]


async def test_a_damaged_use_hides_no_other(place: StorePlace) -> None:
    """One row that can't be read is left out, the rest is there."""
    store = place.store()
    await store.open()
    for made in use_commits():
        await store.use(made)
    place.sql("UPDATE uses SET record = '{}' WHERE use = 'r-2' AND vantage = :vantage")
    assert [use.id for use in await store.uses(UseQuery())] == ["r-1"]


async def test_uses_are_each_vantages_own(place: StorePlace) -> None:
    """Another vantage on the same database sees none of them."""
    if place.kind == "sqlite":
        pytest.skip("a file is one vantage's")
    store = place.store()
    await store.open()
    await store.use(use_commits()[0])
    other = place.store(vantage=f"{place.vantage}-b")
    await other.open()
    assert await other.uses(UseQuery()) == []


def _commit(cause: Cause, fact: CauseAdded | CauseEnded, revision: int, seconds: float) -> Commit:
    causes = (cause,) if isinstance(fact, CauseAdded) else ()
    state = PlatformState("payments", causes=causes)
    return Commit("payments", revision, at(seconds), state, (fact,), (), None, (), ())


async def test_what_was_held_around_an_instant_is_known(place: StorePlace) -> None:
    """Causes count from when they were held until they ended; before its first sign of life nothing is known."""
    store = place.store()
    await store.open()
    await store.alive(at(1000))
    cause = Cause(CauseKind.OUTAGE, "outage-1", at(900))
    await store.commit(_commit(cause, CauseAdded(cause), 0, 1000))
    await store.commit(_commit(cause, CauseEnded(cause, "up"), 1, 2000))
    for seconds, is_known, is_held in (
        (939, False, False),
        (940, True, True),
        (1060, True, True),
        (1061, False, True),
        (2059, False, True),
        (2060, False, False),
    ):
        held = await store.held_around("payments", at(seconds), SKEW, timedelta(0))
        assert (held.is_known, bool(held.spans)) == (is_known, is_held), seconds
    (span,) = (await store.held_around("payments", at(1500), SKEW, VALID)).spans
    assert (span.cause, span.since, span.until) == (cause, at(1000), at(2000))
    assert (await store.held_around("ledger", at(1500), SKEW, VALID)).spans == ()


async def test_what_was_held_outlives_the_monitor_as_long_as_its_documents(place: StorePlace) -> None:
    """For `valid` after the last sign of life what it held counts; then nobody knows."""
    store = place.store()
    await store.open()
    await store.alive(at(1000))
    assert (await store.held_around("payments", at(1000) + VALID, timedelta(0), VALID)).is_known
    assert not (await store.held_around("payments", at(1001) + VALID, timedelta(0), VALID)).is_known


async def test_a_watchers_place_is_kept(place: StorePlace) -> None:
    """The last one written counts, and each watcher has its own."""
    store = place.store()
    await store.open()
    assert await store.place("db-log") is None
    await store.keep_place("db-log", "1")
    await store.keep_place("db-log", "2")
    await store.keep_place("other", "3")
    assert (await store.place("db-log"), await store.place("other")) == ("2", "3")


async def test_a_closed_store_says_so(place: StorePlace) -> None:
    """Nothing is believed to be written."""
    store = place.store()
    with pytest.raises(StoreUnavailable):
        await store.use(use_commits()[0])
