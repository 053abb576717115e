"""Stores that can't be written, read or believed: people are told all the same, and nothing is made up."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from monitor.store.schema import REVISION_TABLE
from tests.faults.places import read_only, small_disk
from tests.faults.recording import Promised
from tests.faults.stage import STARTS_WITHIN, Stage, staged
from tests.support.monitors import MonitorProcess


async def _down_and_up_unwritten(stage: Stage) -> None:
    """The store has just become unwritable: an outage comes and goes, and nobody misses it."""
    await stage.sees(lambda: stage.told("store") == ["firing"])
    await stage.outage(waits=frozenset({Promised.READY, Promised.PAGE}))
    await stage.sees(lambda: stage.recorder.state == "ready")
    stage.truth.turn(good=True)
    await stage.sees(lambda: stage.recorder.state == "standby")


async def test_disk_full(tmp_path: Path) -> None:
    """Store, flag and log share a disk without room: the interface shows the flag, the pages go out unrecorded."""
    with small_disk(tmp_path / "home") as disk:
        async with staged(disk.path) as stage:
            await stage.rises()
            disk.fill()
            with stage.hindered("its disk is full", Promised.FILE):
                await _down_and_up_unwritten(stage)
                disk.make_room()
                await stage.sees(lambda: stage.recorder.state_at("file") == "standby")
            await stage.settles()


async def test_disk_read_only(tmp_path: Path) -> None:
    """It does not start where it could not write, and says so; with the disk writable it goes on."""
    with small_disk(tmp_path / "home" / "store") as disk:
        async with staged(tmp_path / "home") as stage:
            await stage.rises()
            await stage.ends()
            disk.remount("ro")
            await _refuses(stage, "Read-only file system")
            disk.remount("rw")
            await stage.rises()
            await stage.settles()


async def test_flag_on_a_disk_that_became_read_only(tmp_path: Path) -> None:
    """The interface and the pages say what the file can't; the file does as soon as it can be written."""
    async with staged(tmp_path / "home") as stage:
        await stage.rises()
        with stage.hindered("the flag's directory is read-only", Promised.FILE):
            with read_only(stage.home.flag.parent):
                await stage.outage(waits=frozenset({Promised.READY, Promised.PAGE}))
            await stage.sees(lambda: stage.recorder.state_at("file") == "ready")
        await stage.recovers()
        await stage.settles()


async def test_store_locked(tmp_path: Path) -> None:
    """Another program holds the database."""
    async with staged(tmp_path / "home") as stage:
        await stage.rises()
        with closing(sqlite3.connect(stage.home.store, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            await _down_and_up_unwritten(stage)
            other.execute("ROLLBACK")
        await stage.settles()


async def test_store_damaged_or_newer(tmp_path: Path) -> None:
    """SQLite does not notice damage while it runs; people are told as ever. The next start does, and wants a backup.

    One that a newer version wrote is refused too, and left as it is.
    """
    async with staged(tmp_path / "home") as stage:
        await stage.rises()
        kept = _backup(stage)
        for suffix in ("", "-wal"):
            part = stage.home.store.with_name(stage.home.store.name + suffix)
            with part.open("r+b") as file:
                file.write(stage.chance.randbytes(part.stat().st_size))
        await stage.outage()
        await stage.recovers()
        await stage.sees(stage.is_heard)  # what is not told by then is lost with the store
        await stage.is_killed()
        await _refuses(stage, "SQLite database")
        _restore(stage, kept)
        stage.recording.is_restored = True
        before = _set_revision(stage, "9999")
        await _refuses(stage, "newer version")
        assert _set_revision(stage, before) == "9999"
        await stage.rises()
        await stage.settles()


async def test_store_restored_from_an_old_backup(tmp_path: Path) -> None:
    """Versions and changes go on from what was published; an outage that the backup doesn't know ends and is told."""
    async with staged(tmp_path / "home") as stage:
        await stage.rises()
        kept = _backup(stage)
        await stage.outage()
        await stage.recovers()
        await stage.outage()
        await stage.is_killed()
        _restore(stage, kept)
        stage.recording.is_restored = True
        await stage.starts()
        await stage.sees(lambda: stage.recorder.state == "ready")
        await stage.settles()


async def test_second_monitor(tmp_path: Path) -> None:
    """One that is started on the store of another says so and ends; the first notices nothing."""
    async with staged(tmp_path / "home") as stage:
        await stage.rises()
        second = MonitorProcess(stage.home)
        await second.launch()
        assert await second.ended(STARTS_WITHIN) == 4
        assert "another monitor" in second.said
        await stage.outage()
        await stage.recovers()
        await stage.settles()


async def _refuses(stage: Stage, why: str) -> None:
    await stage.monitor.launch()
    assert await stage.monitor.ended(STARTS_WITHIN) not in (0, 70), stage.monitor.said
    assert why in stage.monitor.said


def _backup(stage: Stage) -> Path:
    kept = stage.home.root / "backup.db"
    with closing(sqlite3.connect(stage.home.store)) as store, closing(sqlite3.connect(kept)) as copy:
        store.backup(copy)
    return kept


def _restore(stage: Stage, kept: Path) -> None:
    for suffix in ("-wal", "-shm"):
        stage.home.store.with_name(stage.home.store.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(kept, stage.home.store)


def _set_revision(stage: Stage, revision: str) -> str:
    with closing(sqlite3.connect(stage.home.store)) as store:
        (before,) = store.execute(f"SELECT version_num FROM {REVISION_TABLE}").fetchone()
        store.execute(f"UPDATE {REVISION_TABLE} SET version_num = ?", (revision,))
        store.commit()
    return str(before)
