"""SQLite files in every bad state: one clear line, and nothing that is stored is lost."""

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.errors import StoreError, StoreUnavailable, StoreUnusable
from monitor.store.store import SqlStore
from tests.support.commits import at, story
from tests.support.stores import StorePlace

ROOT = Path(__file__).parents[3]


async def told(place: StorePlace) -> None:
    """Store the whole story, and close."""
    store = place.store()
    await store.open()
    for commit in story():
        await store.commit(commit)
    await store.close()


async def test_a_full_disk_is_unavailable_and_writes_again_when_there_is_room(file_place: StorePlace) -> None:
    """The commit that finds no room is not there in part, and is written when it is given again."""
    store = file_place.store()
    await store.open()
    await store.commit(story()[0])
    await _limit_pages(store, 1)  # SQLite takes what is in use already as the least
    long = replace(story()[1], after=replace(story()[1].after, why="x" * 100_000))
    with pytest.raises(StoreUnavailable, match="can't grow, the disk is full: make room"):
        await store.commit(long)
    with pytest.raises(StoreUnavailable, match="disk is full"):
        await store.commit(long)
    assert file_place.count("pages") == 0
    await _limit_pages(store, 1_000_000)
    await store.commit(long)
    assert file_place.count("pages") == 1
    assert await store.verify_audit() is None


async def _limit_pages(store: SqlStore, pages: int) -> None:
    assert store._writer is not None
    await store._writer.call(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}").all())


_LIMITED = """
import asyncio, os, resource, signal, sys
from dataclasses import replace
from glasswatch.clock import SystemClock
from monitor.errors import StoreUnavailable
from monitor.store.store import make_store
from tests.support.commits import story

async def main(url):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = make_store(url, deployment="prod", vantage="main", clock=SystemClock())
    await store.open()
    await store.commit(story()[0])
    room = os.path.getsize(url.removeprefix("sqlite:///") + "-wal") + 300_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    commit = replace(story()[1], after=replace(story()[1].after, why="x" * 1_000_000))
    try:
        await store.commit(commit)
    except StoreUnavailable as fault:
        print(fault)
    await store.commit(story()[1])
    await store.close()

asyncio.run(main(sys.argv[1]))
"""


async def test_a_file_that_may_not_grow_is_unavailable(file_place: StorePlace) -> None:
    """A real limit of the system: the commit fails whole, a smaller one still fits, and all is there afterwards."""
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", _LIMITED, file_place.url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(f"the store {file_place.path} ")
    assert "Traceback" not in ended.stderr
    loaded = await file_place.store().open()
    assert loaded.platforms["payments"].state == story()[1].after


@pytest.fixture
def unprivileged(tmp_path: Path) -> Iterator[None]:
    """Run as somebody whom permissions bind; root may write anywhere."""
    if os.getuid() != 0:
        yield
        return
    ours = [directory for directory in (tmp_path, *tmp_path.parents) if directory.stat().st_mode & 0o777 == 0o700]
    for directory in ours:
        directory.chmod(0o755)
    os.chown(tmp_path, 65534, 65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.usefixtures("unprivileged")
async def test_a_read_only_file_is_unavailable_and_whole(file_place: StorePlace) -> None:
    """It says what to do; given back the right to write, everything is there."""
    assert file_place.path is not None
    await told(file_place)
    file_place.path.chmod(0o444)
    with pytest.raises(StoreUnavailable, match="can't be written: give the monitor's user write access"):
        await file_place.store().open()
    file_place.path.chmod(0o644)
    assert (await file_place.store().open()).platforms["payments"].revision == 4


@pytest.mark.usefixtures("unprivileged")
async def test_a_directory_one_may_not_write_to_is_unavailable(file_place: StorePlace) -> None:
    """The lock can't even be made: it says where and why."""
    assert file_place.path is not None
    file_place.path.parent.chmod(0o555)
    with pytest.raises(
        StoreUnavailable, match=r"lock file .*glasswatch\.db\.monitor-lock can't be opened \(Permission denied\)"
    ):
        await file_place.store().open()
    file_place.path.parent.chmod(0o755)


async def test_a_missing_directory_is_named(file_place: StorePlace, tmp_path: Path) -> None:
    """A misspelt path shows."""
    store = file_place.store(url=f"sqlite:///{tmp_path / 'nowhere' / 'x.db'}")
    with pytest.raises(
        StoreUnavailable, match=r"nowhere/x\.db\.monitor-lock can't be opened \(No such file or directory\)"
    ):
        await store.open()


async def test_a_directory_is_no_store(file_place: StorePlace) -> None:
    """Neither made nor removed."""
    assert file_place.path is not None
    file_place.path.mkdir()
    with pytest.raises(StoreUnavailable, match="can't be opened: check that its directory exists"):
        await file_place.store().open()


@pytest.mark.parametrize("content", [b"not a database at all, " * 100, b"SQLite format 3\0" + b"\xff" * 2000])
async def test_another_kind_of_file_is_refused_and_left_alone(file_place: StorePlace, content: bytes) -> None:
    """What isn't a SQLite database keeps every byte."""
    assert file_place.path is not None
    file_place.path.write_bytes(content)
    with pytest.raises(StoreUnusable, match="isn't a SQLite database: name another file"):
        await file_place.store().open()
    assert file_place.path.read_bytes() == content


async def test_a_damaged_file_is_refused_or_unharmed(file_place: StorePlace, tmp_path: Path) -> None:
    """Bytes overwritten anywhere: either it is refused with one line, or what is loaded is exactly what was stored."""
    assert file_place.path is not None
    await told(file_place)
    whole = file_place.path.read_bytes()
    store = file_place.store()
    expected = await store.open()
    unsent = await store.unsent()
    await store.close()
    refusals = []
    page_size = 4096
    for number, start in enumerate(range(0, len(whole), page_size)):
        path = tmp_path / f"damaged-{number}.db"
        # Where a page's rows lie: at its end.
        middle = start + page_size - 700
        path.write_bytes(whole[:middle] + b"\x7fDAMAGE\xfe" * 50 + whole[middle + 400 :])
        damaged = replace(file_place, url=f"sqlite:///{path}", path=path, made=[])
        store = damaged.store()
        try:
            loaded = await store.open()
            assert [delivery.page for delivery in await store.unsent()] == [delivery.page for delivery in unsent]
            assert loaded == expected
        except StoreError as fault:
            refusals.append(str(fault))
        finally:
            await store.close()
    assert 3 <= len(refusals) < number
    assert not [line for line in refusals if "\n" in line or "DAMAGE" in line]


async def test_a_file_cut_short_is_refused(file_place: StorePlace) -> None:
    """Half a store is not a store."""
    assert file_place.path is not None
    await told(file_place)
    whole = file_place.path.read_bytes()
    file_place.path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreUnusable, match="is damaged: restore a backup"):
        await file_place.store().open()


async def test_damage_met_while_running_is_unavailable(file_place: StorePlace) -> None:
    """In the middle of an outage nobody may stop for a lost table: what runs goes on without the store."""
    store = file_place.store()
    await store.open()
    await store.commit(story()[0])
    file_place.sql("DROP TABLE audit")
    with pytest.raises(StoreUnavailable, match="lacks a table or column it should have"):
        await store.commit(story()[1])
    assert file_place.count("pages") == 0


async def test_a_file_locked_by_another_program_is_unavailable(file_place: StorePlace) -> None:
    """Somebody's open transaction is waited for within bounds, and then named."""
    limits = replace(file_place.store()._limits, statement_seconds=0.1)
    store = file_place.store(limits=limits)
    await store.open()
    with file_place.connection() as other:
        other.exec_driver_sql("DELETE FROM causes")
        with pytest.raises(StoreUnavailable, match="is locked by another program"):
            await store.alive(at(1))
    await store.alive(at(1))


def test_the_limit_of_this_process_is_untouched() -> None:
    """The tests above limit their own child only."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
