"""Killed at any instant: all or nothing of every write is there, nothing goes back, and life goes on."""

import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from monitor.errors import StoreConflict
from monitor.model.page import PageStatus
from monitor.model.record import Delivery, DeliveryState
from monitor.model.use import UseCommit
from monitor.store import revision
from monitor.store.codec import encode
from monitor.store.store import SqlStore
from tests.support.commits import at, document, page, story
from tests.support.dying_store import Death, Died, Kept, Snapshot, observe
from tests.support.postgres import Cluster
from tests.support.stores import StorePlace, abandon
from tests.support.uses import use_commits

Act = Callable[[SqlStore], Awaitable[object]]
_numbers = count(1)


def _sent(status: PageStatus, number: int) -> Act:
    delivery = Delivery(page("payments", status, number), "pager", DeliveryState.SENT, 1, at(number), receipt="r")
    return lambda store: store.delivery(delivery)


async def _used(store: SqlStore, commit: UseCommit) -> None:
    await store.use(commit)


COMMITS = story()
USES = use_commits()
LIFE: tuple[Act, ...] = (
    lambda store: store.commit(COMMITS[0]),
    lambda store: store.reserve(document("payments", 5, is_change=False)),
    lambda store: store.alive(at(5)),
    lambda store: store.blind_span(at(6), None),
    lambda store: store.blind_span(at(6), at(8)),
    lambda store: store.commit(COMMITS[1]),
    _sent(PageStatus.FIRING, 1),
    lambda store: store.commit(COMMITS[2]),
    lambda store: store.commit(COMMITS[3]),
    *(partial(_used, commit=commit) for commit in USES),
    lambda store: store.keep_place("db-log", '{"at":7}'),
)


@dataclass
class Run:
    """One life up to its end: `done` acts were answered. `seen` is what was stored at the beginning and after each."""

    is_open: bool = False
    done: int = 0
    seen: list[Snapshot] = field(default_factory=list)


async def live(store: SqlStore, place: StorePlace | None = None, acts: tuple[Act, ...] = LIFE) -> Run:
    """Open the store and live until it dies, looking past it after each act if a place is given."""
    run = Run()
    try:
        await store.open()
        run.is_open = True
        for act in acts:
            if place is not None:
                run.seen.append(observe(place))
            await act(store)
            run.done += 1
    except Died:
        pass
    if place is not None:
        run.seen.append(observe(place))
    await abandon(store)
    return run


async def check(place: StorePlace, done: int, reference: list[Snapshot]) -> SqlStore:
    """Check that a store in which `done` acts were answered holds them, the next one whole or not at all; return it."""
    stored = observe(place)
    assert stored in reference[done : done + 2], f"after {done} acts: neither before nor after the one under way"
    revision = stored["platforms"][0][1] if stored["platforms"] else 0
    ver = stored["flag_ledger"][0][1] if stored["flag_ledger"] else 0
    store = place.store()
    loaded = await store.open()
    found = loaded.platforms.get("payments")
    assert (found.revision if found else 0) == revision
    assert (found.ledger.ver if found else 0) == ver
    if revision:
        assert found is not None
        assert found.state == COMMITS[revision - 1].after
    audited = sum(len(commit.audit) for commit in COMMITS[:revision])
    assert loaded.chain.seq == audited + sum(len(commit.audit) for commit in USES[: _used_in(stored)])
    assert await store.verify_audit() is None
    return store


def _used_in(stored: Snapshot) -> int:
    """Return how many of the steps of uses are stored, going by what the last of them left."""
    records = {record for _, record, _ in stored["uses"]}
    return max((n for n, commit in enumerate(USES, 1) if encode(commit.use) in records), default=0)


async def go_on(place: StorePlace, store: SqlStore, done: int, reference: list[Snapshot]) -> None:
    """Check that the acts not answered can be done, and lead to where the life would have led without the death."""
    stored = observe(place)
    for act in LIFE[done : len(reference) - 1]:
        try:
            await act(store)
        except StoreConflict:
            # The act under way when it died had been written after all.
            assert _lasting(stored) == _lasting(reference[done + 1])
    assert await store.verify_audit() is None
    assert _lasting(observe(place)) == _lasting(reference[-1])


def _lasting(snapshot: Snapshot) -> Snapshot:
    # Each run has signs of life of its own, and an opening settles blind spans.
    return {table: rows for table, rows in snapshot.items() if table not in ("alive_spans", "blind_spans")}


async def another(place: StorePlace, directory: Path) -> StorePlace:
    """Return a place beside this one that has the schema, and in which nothing is stored yet."""
    if place.path is None:
        return replace(place, vantage=f"dying-{next(_numbers)}", made=[])
    if not place.path.exists():
        with place.connection() as connection:
            revision.create(connection)
    return _file(directory, copy_of=place.path)


def _file(directory: Path, copy_of: Path | None = None) -> StorePlace:
    path = directory / f"{next(_numbers)}.db"
    if copy_of is not None:
        shutil.copyfile(copy_of, path)
    return StorePlace("sqlite", f"sqlite:///{path}", "main", path)


async def test_a_life_survives_death_at_each_commit(place: StorePlace, tmp_path: Path) -> None:
    """At every boundary around a commit: what was answered is there, the next write is whole or not there."""
    counted = await another(place, tmp_path)
    store = counted.store()
    counter = Death(store, None, each_statement=False)
    reference = (await live(store, counted)).seen
    assert counter.count == 2 * (_transactions_to_open(place) + len(LIFE))
    for boundary in range(counter.count):
        again = await another(place, tmp_path)
        dying = again.store()
        Death(dying, boundary, each_statement=False)
        run = await live(dying)
        if run.is_open:
            store = await check(again, run.done, reference)
            if place.kind == "sqlite" or boundary % 3 == 0:  # a server takes its time
                await go_on(again, store, run.done, reference)
            await store.close()


def _transactions_to_open(place: StorePlace) -> int:
    return 2 if place.kind == "sqlite" else 3  # the lock of a session is taken in one of its own


async def test_one_commit_survives_death_at_each_statement(place: StorePlace, tmp_path: Path) -> None:
    """Between any two statements of the richest commit nothing of it is there."""
    counted = await another(place, tmp_path)
    store = counted.store()
    counter = Death(store, None, each_statement=True)
    passed: list[int] = []

    async def richest(store: SqlStore) -> None:
        began = counter.count
        await store.commit(COMMITS[1])
        passed.append(counter.count - began)

    reference = (await live(store, counted, (LIFE[0], richest))).seen
    assert passed[0] > 12
    for boundary in range(passed[0]):
        again = await another(place, tmp_path)
        dying = again.store()
        death = Death(dying, None, each_statement=True)

        # Counted from where the commit begins: how many statements come before it is not always the same.
        async def last(store: SqlStore, death: Death = death, boundary: int = boundary) -> None:
            death.after(boundary)
            await store.commit(COMMITS[1])

        run = await live(dying, acts=(LIFE[0], last))
        assert run.done == 1
        store = await check(again, run.done, reference)
        await store.close()
        is_answerless = boundary == passed[0] - 1  # committed, but not answered
        assert observe(again) == reference[2 if is_answerless else 1]


async def test_files_as_a_kill_leaves_them_are_whole(file_place: StorePlace, tmp_path: Path) -> None:
    """SQLite's files, copied between any two statements of a whole life, open as what was answered until then."""
    assert file_place.path is not None
    made = file_place.store()
    await made.open()
    await made.close()
    store = file_place.store()
    kept = Kept(store, file_place.path, tmp_path / "kept")
    answered: list[int] = []
    reference = [observe(file_place)]

    def counted(act: Act) -> Act:
        async def run(store: SqlStore) -> None:
            await act(store)
            answered.append(len(kept.copies))
            reference.append(observe(file_place))

        return run

    await live(store, acts=tuple(counted(act) for act in LIFE))
    assert len(kept.copies) > 80
    checked = set()
    for number, path in enumerate(kept.copies[: answered[-1]]):
        done = sum(1 for copies in answered if copies <= number)
        content = (done, b"".join(part.read_bytes() for part in sorted(path.parent.iterdir())))
        if content in checked:
            continue  # nothing reached the disk since the copy before
        checked.add(content)
        store = await check(replace(file_place, url=f"sqlite:///{path}", path=path, made=[]), done, reference)
        await store.close()
    assert len(checked) >= 2 * len(LIFE)


@pytest.mark.parametrize("each_statement", [True, False])
async def test_an_opening_survives_death(place: StorePlace, tmp_path: Path, each_statement: bool) -> None:  # noqa: FBT001 - pytest passes parameters by name
    """What the last run left open is settled by the opening that succeeds, whatever happened to those before."""
    store = place.store()
    await store.open()
    await store.commit(COMMITS[0])
    await store.commit(COMMITS[1])
    under_way = (await store.unsent())[0]
    await store.delivery(replace(under_way, state=DeliveryState.SENDING, attempts=1))
    await store.alive(at(50))
    await store.blind_span(at(30), None)
    await abandon(store)
    boundary = 0
    while True:
        dying = place.store()
        Death(dying, boundary, each_statement=each_statement)
        if (await live(dying, acts=(lambda store: store.unsent(),))).done:
            break
        boundary += 1
    assert boundary >= (8 if each_statement else 4)
    store = place.store()
    await store.open()
    assert [delivery.state for delivery in await store.unsent()] == [DeliveryState.PENDING] * 2
    assert (await store.unsent())[0].attempts == 1
    assert place.sql("SELECT * FROM blind_spans WHERE vantage = :vantage AND until IS NULL") == []


async def test_making_a_schema_in_a_file_survives_death(tmp_path: Path) -> None:
    """A new file is empty or complete, whenever its making was killed."""
    boundary, is_open = 0, False
    while not is_open:
        again = _file(tmp_path)
        dying = again.store()
        Death(dying, boundary, each_statement=True)
        is_open = (await live(dying, acts=())).is_open
        store = again.store()
        assert (await store.open()).platforms == {}
        await store.commit(COMMITS[0])
        await store.close()
        boundary += 5
    assert boundary > 40


async def test_making_a_schema_on_a_server_survives_death(postgres: Cluster) -> None:
    """A new database is empty or complete, whenever its making was killed."""
    for boundary in (3, 14, 36):
        place = StorePlace("postgresql", postgres.url(postgres.new_database()), "main")
        dying = place.store()
        Death(dying, boundary, each_statement=True)
        assert not (await live(dying)).is_open
        store = place.store()
        assert (await store.open()).platforms == {}
        await store.commit(COMMITS[0])
        await place.close()
