"""A database that hangs or falls behind: nobody waits for it beyond the deadline, and nobody is lied to."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from monitor.errors import StoreConflict, StoreUnavailable
from monitor.store.identity import Limits
from monitor.store.store import SqlStore
from monitor.store.writer import Writer
from tests.support.broken_database import AnswerLost, Broken, Hung, unavailable
from tests.support.commits import at, story
from tests.support.stores import QUICK, StorePlace
from tests.support.waiting import until


async def opened(place: StorePlace, limits: Limits = QUICK) -> SqlStore:
    """Return an open store that holds the story's first commit."""
    store = place.store(limits=limits)
    await store.open()
    await store.commit(story()[0])
    return store


def writer_of(store: SqlStore) -> Writer:
    """Return the store's thread."""
    assert store._writer is not None
    return store._writer


@contextmanager
def in_a_hurry(store: SqlStore) -> Iterator[None]:
    """Let what is called here run out of time soon; what comes after has all the time a loaded machine needs."""
    writer = writer_of(store)
    writer._limits = replace(QUICK, deadline_seconds=0.2)
    try:
        yield
    finally:
        writer._limits = QUICK


async def test_a_hung_database_is_unavailable_within_the_deadline(place: StorePlace) -> None:
    """The caller is told in time, nothing is written, and the same commit can be given again."""
    store = await opened(place)
    hung = Hung(store, "UPDATE platforms")
    with in_a_hurry(store), pytest.raises(StoreUnavailable, match=r"did not answer within 0\.2 s"):
        await store.commit(story()[1])
    hung.released.set()
    await until(lambda: not writer_of(store)._is_stuck)
    assert place.count("pages") == 0
    await store.commit(story()[1])
    assert place.count("pages") == 1


async def test_while_it_hangs_further_calls_are_refused_at_once(place: StorePlace) -> None:
    """The second caller does not wait out a deadline of its own; when the database is back all is well."""
    store = await opened(place)
    hung = Hung(store, "UPDATE platforms")
    with in_a_hurry(store), pytest.raises(StoreUnavailable):
        await store.commit(story()[1])
    loop = asyncio.get_running_loop()
    before = loop.time()
    with pytest.raises(StoreUnavailable, match="does not answer: an earlier call still waits"):
        await store.alive(at(1))
    assert loop.time() - before < QUICK.deadline_seconds
    hung.released.set()
    await until(lambda: not writer_of(store)._is_stuck)
    await store.alive(at(1))


async def test_the_loop_runs_on_while_the_database_hangs(place: StorePlace) -> None:
    """Probing and paging never wait for the store."""
    store = await opened(place)
    hung = Hung(store, "UPDATE platforms")
    waiting = asyncio.create_task(store.commit(story()[1]))
    await until(hung.reached.is_set)
    for _ in range(20):
        await asyncio.sleep(0.005)
        store.record([])
    assert not waiting.done()
    hung.released.set()
    await waiting


async def test_a_call_that_waited_in_vain_is_never_begun(place: StorePlace) -> None:
    """Who was told that nothing is written finds nothing written, also later."""
    store = await opened(place)
    hung = Hung(store, "UPDATE platforms")
    with in_a_hurry(store):
        first = asyncio.create_task(store.commit(story()[1]))
        second = asyncio.create_task(store.alive(at(1)))
        answers = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreUnavailable, StoreUnavailable]
    hung.released.set()
    await store.close()
    assert place.count("alive_spans") == 0
    assert place.count("pages") == 0


async def test_a_commit_that_landed_after_its_deadline_is_not_written_twice(place: StorePlace) -> None:
    """Only the commit itself hung, so it is written all the same: given again, it is recognised."""
    store = await opened(place)
    hung = Hung(store, at_commit=True)
    with in_a_hurry(store), pytest.raises(StoreUnavailable):
        await store.commit(story()[1])
    hung.released.set()
    await until(lambda: not writer_of(store)._is_stuck)
    await _goes_on(place, store)


async def test_a_commit_whose_answer_was_lost_is_not_written_twice(place: StorePlace) -> None:
    """The connection broke while the database committed: given again, it is recognised."""
    store = await opened(place)
    AnswerLost(store, unavailable(place))
    with pytest.raises(StoreUnavailable):
        await store.commit(story()[1])
    await _goes_on(place, store)


async def test_a_commit_that_failed_at_its_very_end_is_written_when_given_again(place: StorePlace) -> None:
    """The commit failed and nothing landed: given again, it is written for the first time."""
    store = await opened(place)
    dialect = store._database.engine.dialect
    commit, error = dialect.do_commit, unavailable(place)

    def fail(connection: object) -> None:
        dialect.do_commit = commit  # type: ignore[method-assign]
        raise error

    dialect.do_commit = fail  # type: ignore[method-assign,assignment]
    with pytest.raises(StoreUnavailable):
        await store.commit(story()[1])
    await _goes_on(place, store)


async def _goes_on(place: StorePlace, store: SqlStore) -> None:
    head = await store.commit(story()[1])
    assert head.seq == 1 + len(story()[1].audit)
    assert place.count("transitions") == len(story()[0].facts) + len(story()[1].facts)
    for commit in story()[2:]:
        await store.commit(commit)
    assert await store.verify_audit() is None
    await store.close()
    found = (await place.store().open()).platforms["payments"]
    assert (found.state, found.revision) == (story()[-1].after, 4)


async def test_another_commit_after_a_lost_answer_is_still_compared(place: StorePlace) -> None:
    """Only the very same commit may follow one in doubt; anything else would overwrite it unseen."""
    store = await opened(place)
    AnswerLost(store, unavailable(place))
    with pytest.raises(StoreUnavailable):
        await store.commit(story()[1])
    with pytest.raises(StoreConflict):
        await store.commit(replace(story()[1], at=at(99)))


async def test_a_cancelled_caller_leaves_nothing_behind(place: StorePlace) -> None:
    """A caller that is cancelled before the commit has written nothing, and the store goes on."""
    store = await opened(place)
    hung = Hung(store, "UPDATE platforms")
    waiting = asyncio.create_task(store.commit(story()[1]))
    await until(hung.reached.is_set)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    hung.released.set()
    await store.commit(story()[1])
    assert place.count("pages") == 1
    assert await store.verify_audit() is None


async def test_only_so_many_calls_may_wait(place: StorePlace) -> None:
    """Beyond the bound a call is refused at once instead of queued for nothing."""
    store = await opened(place, Limits(waiting_jobs=3))
    hung = Hung(store, "UPDATE platforms")
    busy = asyncio.create_task(store.commit(story()[1]))
    await until(hung.reached.is_set)
    waiting = [asyncio.create_task(store.alive(at(number))) for number in range(3)]
    await until(lambda: len(writer_of(store)._jobs) == 3)
    with pytest.raises(StoreUnavailable, match="can't keep up: 3 calls wait for it"):
        await store.alive(at(3))
    hung.released.set()
    await asyncio.gather(busy, *waiting)


async def test_closing_does_not_wait_for_a_hung_database(place: StorePlace) -> None:
    """Closing is bounded; what hangs is left behind."""
    store = await opened(place)
    hung = Hung(store, "UPDATE platforms")
    busy = asyncio.create_task(store.commit(story()[1]))
    await until(hung.reached.is_set)
    loop = asyncio.get_running_loop()
    before = loop.time()
    with in_a_hurry(store):
        await store.close()
    assert loop.time() - before < 2
    hung.released.set()
    await asyncio.gather(busy, return_exceptions=True)


async def test_an_unavailable_database_writes_again_when_it_is_back(place: StorePlace) -> None:
    """Each call says so while it lasts; the first one afterwards succeeds."""
    store = await opened(place)
    broken = Broken(store, unavailable(place))
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            await store.commit(story()[1])
    broken.heal()
    await store.commit(story()[1])
    assert await store.verify_audit() is None


async def test_a_mistake_of_ours_is_not_called_unavailable(place: StorePlace) -> None:
    """A value that can't be written is a bug and shows as one; the store goes on."""
    store = await opened(place)
    with pytest.raises(TypeError):
        await store.commit(replace(story()[1], after=replace(story()[1].after, why=5)))  # type: ignore[arg-type]
    await store.commit(story()[1])
