"""Opening a store: whose it is, who else has it, what it is."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from monitor.errors import StoreUnavailable, StoreUnusable
from monitor.store.store import make_store
from tests.support.clock import ManualClock
from tests.support.commits import document, story
from tests.support.stores import IMPATIENT, StorePlace, until_done


async def test_a_second_opener_is_refused_until_the_first_closes(place: StorePlace) -> None:
    """One monitor at a time on one vantage's store; the refusal says what to do, and may be tried again."""
    first, second = place.store(), place.store(limits=IMPATIENT)
    await first.open()
    with pytest.raises(StoreUnavailable, match=r"another monitor .*stop that one, or give this one a"):
        await second.open()
    await first.commit(story()[0])
    await first.close()
    assert (await place.store().open()).platforms["payments"].revision == 1


async def test_a_refused_opening_may_be_tried_again(place: StorePlace) -> None:
    """The same store opens as soon as what was in its way is gone."""
    first, second = place.store(), place.store(limits=IMPATIENT)
    await first.open()
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await second.open()
    await first.close()
    await until_done(second.open)
    await second.commit(story()[0])


async def test_a_restart_does_not_fail_for_the_session_before(place: StorePlace) -> None:
    """A monitor that comes back at once finds its own last session still going, and waits for it."""
    for _ in range(5):
        store = place.store()
        await store.open()
        await store.close()


async def test_the_store_of_another_deployment_is_refused(empty_place: StorePlace) -> None:
    """A store belongs to the deployment it was made for, and to no other."""
    first = empty_place.store()
    await first.open()
    await first.close()
    other = empty_place.store(deployment="staging")
    with pytest.raises(StoreUnusable, match="was made for the deployment prod, not staging: name its own store"):
        await other.open()
    await empty_place.store().open()


async def test_a_file_is_one_vantages_own(file_place: StorePlace) -> None:
    """A SQLite file isn't shared: another vantage's name is refused."""
    first = file_place.store()
    await first.open()
    await first.close()
    other = file_place.store(vantage="fra-1")
    with pytest.raises(StoreUnusable, match="was made for the vantage main, not fra-1"):
        await other.open()


async def test_vantages_share_postgresql_and_see_only_their_own(server_place: StorePlace) -> None:
    """Two vantages have the same database open at once; neither reads or counts what the other wrote."""
    place = server_place
    ours, theirs = place.store(), place.store(vantage=f"{place.vantage}-other")
    await ours.open()
    await theirs.open()
    for commit in story():
        await ours.commit(commit)
    await theirs.commit(story()[0])
    assert len(await ours.unsent()) == 4
    assert await theirs.unsent() == []
    await theirs.close()
    loaded = await place.store(vantage=f"{place.vantage}-other").open()
    assert loaded.platforms["payments"].revision == 1
    assert loaded.chain.seq == 1


async def test_other_peoples_tables_are_left_alone(empty_place: StorePlace) -> None:
    """A database that holds something else is refused, and nothing is made in it."""
    empty_place.sql("CREATE TABLE customers (id INTEGER)")
    store = empty_place.store()
    with pytest.raises(
        StoreUnusable, match="holds tables that aren't glasswatch's: give glasswatch a database of its own"
    ):
        await store.open()
    assert empty_place.sql("SELECT * FROM customers") == []
    empty_place.sql("DROP TABLE customers")
    await store.open()


async def test_a_newer_schema_is_refused(empty_place: StorePlace) -> None:
    """What a newer version wrote is not touched by this one."""
    store = empty_place.store()
    await store.open()
    await store.close()
    empty_place.sql("UPDATE glasswatch_revision SET version_num = '9999'")
    with pytest.raises(
        StoreUnusable, match=r"written by a newer version of glasswatch \(schema 9999, this one knows up"
    ):
        await empty_place.store().open()


async def test_a_record_of_a_newer_version_is_refused(place: StorePlace) -> None:
    """A field we don't know may mean anything: better not to start than to lose it."""
    from monitor.store.columns import checksum  # noqa: PLC0415 - only here

    store = place.store()
    await store.open()
    await store.commit(story()[0])
    await store.close()
    (row,) = place.sql("SELECT state FROM platforms WHERE vantage = :vantage")
    state = row["state"].replace('"blind":', '"mood":1,"blind":')
    place.sql(
        "UPDATE platforms SET state = :state, checksum = :sum WHERE vantage = :vantage",
        state=state,
        sum=checksum(place.vantage, "payments", 1, state),
    )
    with pytest.raises(StoreUnusable, match="platform payments can't be read: mood: not known to this version"):
        await place.store().open()


@pytest.mark.parametrize(
    "edit",
    [
        'UPDATE platforms SET state = replace(state, \'"why":""\', \'"why":"x"\') WHERE vantage = :vantage',
        "UPDATE platforms SET revision = 7 WHERE vantage = :vantage",
        "UPDATE flag_ledger SET ver = 1000000 WHERE vantage = :vantage",
        "UPDATE probe_states SET state = replace(state, 'good', 'bad') WHERE vantage = :vantage AND probe = 'api'",
        "UPDATE probe_states SET probe = 'other' WHERE vantage = :vantage AND probe = 'api'",
    ],
)
async def test_a_damaged_row_is_refused_rather_than_believed(place: StorePlace, edit: str) -> None:
    """A row that is readable but not what was written could raise the flag, or lock everybody out."""
    store = place.store()
    await store.open()
    await store.commit(story()[0])
    await store.reserve(document("payments", 5, is_change=False))
    await store.close()
    place.sql(edit)
    with pytest.raises(StoreUnusable, match="is damaged: restore a backup"):
        await place.store().open()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://user:hunter2@host/name", "must be sqlite:///FILE or postgresql"),
        ("postgresql://user:hunter2@host/name", "must be sqlite:///FILE or postgresql"),
        ("postgresql+psycopg://user@host:hunter2/name", "can't be read"),
        ("hunter2", "can't be read"),
        ("sqlite://", "must survive a restart"),
        ("sqlite:///:memory:", "must survive a restart"),
        ("sqlite:///file:hunter2?mode=memory&uri=true", "must survive a restart"),
        ("sqlite:////tmp/x.db?password=hunter2", "must survive a restart"),
    ],
)
def test_a_url_of_no_use_is_refused_without_showing_it(url: str, message: str) -> None:
    """One line says what was expected; a URL may hold a password."""
    with pytest.raises(StoreUnusable, match=message) as caught:
        make_store(url, deployment="prod", vantage="main", clock=ManualClock())
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_url_may_be_taken_apart_already(tmp_path: Path) -> None:
    """A caller that put a password in with SQLAlchemy's own URL need not make text of it."""
    url = URL.create("sqlite", database=str(tmp_path / "x.db"))
    assert make_store(url, deployment="prod", vantage="main", clock=ManualClock()).dropped == 0


async def test_a_link_to_the_file_meets_the_same_lock(file_place: StorePlace, tmp_path: Path) -> None:
    """Another name for the file is still the same store."""
    await file_place.store().open()
    (tmp_path / "link.db").symlink_to(tmp_path / "glasswatch.db")
    other = file_place.store(url=f"sqlite:///{tmp_path / 'link.db'}")
    with pytest.raises(StoreUnavailable, match=r"another monitor \(process \d+\) has the store"):
        await other.open()
