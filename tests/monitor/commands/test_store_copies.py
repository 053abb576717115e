"""`monitor store backup` and `compact`: a whole copy or none, and what stood there is as it was."""

import asyncio
import os
import shutil
import sqlite3
from collections import namedtuple
from contextlib import closing
from pathlib import Path

import pytest

from glasswatch.errors import ExitCode
from monitor.errors import StoreUnavailable
from monitor.store import copying
from monitor.store.store import SqlStore
from tests.support.clock import START
from tests.support.commits import outcome_row, story
from tests.support.store_commands import StoreSite, store_site
from tests.support.waiting import until

_Usage = namedtuple("_Usage", ["total", "used", "free"])  # noqa: PYI024 - as shutil's own


@pytest.fixture
def site(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> StoreSite:
    """A site whose store has seen an outage, and was closed in good order."""
    found = store_site(tmp_path, capsys)

    async def life() -> None:
        store = found.store()
        await found.live(store)
        await store.close()

    asyncio.run(life())
    return found


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return all that a database holds."""
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for (name,) in names}


def test_a_copy_is_whole_and_its_owners_alone(site: StoreSite) -> None:
    """One file, no log beside it; the store is not touched."""
    before = site.files()
    copy = site.config.parent / "copy.db"
    code, found, _ = site.call("backup", str(copy))
    assert (code, found) == (
        ExitCode.GOOD,
        {"store": str(site.file), "copy": str(copy), "bytes": copy.stat().st_size},
    )
    assert copy.stat().st_mode & 0o777 == 0o600
    assert {**site.files(), "copy.db": b""} == {**before, "copy.db": b""}
    assert rows(copy) == rows(site.file)


def test_a_monitor_goes_on_writing_meanwhile(site: StoreSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy is of one instant, however much is written between its steps; nobody waits for it."""
    monkeypatch.setattr("monitor.store.reading._PAGES", 2)
    copy = site.config.parent / "copy.db"

    async def life() -> tuple[int, int]:
        store = site.store()
        await store.open()
        backing = asyncio.create_task(asyncio.to_thread(site.call, "backup", str(copy)))
        written = 0
        while not backing.done():
            store.record([outcome_row(probe=f"p{written}", seconds=written)])
            await store.alive(START)
            written += 1
        code, _, _ = await backing
        await store.close()
        return code, written

    code, written = asyncio.run(life())
    assert code == ExitCode.GOOD
    assert written > 3
    assert len(rows(copy)["outcomes"]) <= len(rows(site.file)["outcomes"])
    shutil.copy(copy, site.file)
    assert site.call("check")[0] == ExitCode.GOOD


def test_nothing_is_overwritten_untold(site: StoreSite) -> None:
    """With --replace it is; the store itself never."""
    copy = site.config.parent / "copy.db"
    copy.write_text("mine")
    with site.unchanged():
        code, _, said = site.call("backup", str(copy))
    assert (code, "is there: name another, or say --replace" in said) == (ExitCode.USAGE, True)
    assert site.call("backup", str(copy), "--replace")[0] == ExitCode.GOOD
    assert rows(copy) == rows(site.file)
    with site.unchanged():
        code, _, said = site.call("backup", str(site.file), "--replace")
    assert (code, "is the store itself" in said) == (ExitCode.USAGE, True)


def test_a_file_that_comes_meanwhile_is_left_alone(site: StoreSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's copy of the same name, say."""
    copy = site.config.parent / "copy.db"
    monkeypatch.setattr(copying, "_sync", lambda _path: copy.write_text("theirs"))
    assert site.call("backup", str(copy))[0] == ExitCode.USAGE
    assert copy.read_text() == "theirs"
    assert not [name for name in site.files() if name.startswith(".new-")]


def test_without_room_nothing_is_begun(site: StoreSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said in figures; nothing is left behind."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: _Usage(10**9, 10**9, 1000))
    for arguments in (("backup", str(site.config.parent / "copy.db")), ("compact",)):
        before = site.files().keys()
        code, _, said = site.call(*arguments)
        assert (code, "has no room for a copy" in said) == (ExitCode.NOT_MEASURED, True)
        assert site.files().keys() - {"kept.db.monitor-lock"} == before - {"kept.db.monitor-lock"}


def test_a_damaged_store_makes_no_copy(site: StoreSite) -> None:
    """It is found when the copy is looked over."""
    raw = bytearray(site.file.read_bytes())
    for page in range(8, len(raw) // 4096):
        raw[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    site.file.write_bytes(raw)
    with site.unchanged():
        code, _, _ = site.call("backup", str(site.config.parent / "copy.db"))
    assert code == ExitCode.NOT_MEASURED


def test_where_it_can_not_be_put_it_says_so(site: StoreSite) -> None:
    """A directory that isn't there."""
    with site.unchanged():
        code, _, said = site.call("backup", str(site.config.parent / "nowhere" / "copy.db"))
    assert (code, "a file can't be made in" in said) == (ExitCode.NOT_MEASURED, True)


@pytest.mark.parametrize(("arguments", "instead"), [(("backup", "copy.db"), "pg_dump"), (("compact",), "autovacuum")])
def test_of_a_servers_it_is_the_servers_affair(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], instead: str
) -> None:
    """Wrong usage, and what to use."""
    site = store_site(tmp_path, capsys, "postgresql+psycopg://glasswatch@127.0.0.1:1/glasswatch")
    code, _, said = site.call(*arguments)
    assert (code, instead in said) == (ExitCode.USAGE, True)


def test_compacting_gives_room_back_and_loses_nothing(site: StoreSite) -> None:
    """Rows, mode and all; and the monitor finds its store."""
    site.sql("CREATE TABLE filler AS SELECT randomblob(1000000) AS x")
    site.sql("DROP TABLE filler")
    os.chmod(site.file, 0o640)  # noqa: PTH101 - beside the others
    before = rows(site.file)
    code, found, _ = site.call("compact")
    assert code == ExitCode.GOOD
    assert found["bytes_before"] - found["bytes"] > 900_000
    assert found["bytes"] == site.file.stat().st_size
    assert rows(site.file) == before
    assert site.file.stat().st_mode & 0o777 == 0o640
    assert asyncio.run(_opens(site.store())) == story()[-1].after
    assert "MB now" in site.text("compact")


async def _opens(store: SqlStore) -> object:
    loaded = await store.open()
    await store.close()
    return loaded.platforms["payments"].state


def test_a_running_monitor_is_not_compacted(site: StoreSite) -> None:
    """Nor is it disturbed."""

    async def life() -> tuple[int, str]:
        store = site.store()
        await store.open()
        code, _, said = await asyncio.to_thread(site.call, "compact")
        await store.alive(START)
        await store.close()
        return code, said

    code, said = asyncio.run(life())
    assert (code, "another monitor" in said) == (ExitCode.NOT_MEASURED, True)


def test_a_log_that_was_left_is_written_back_first(site: StoreSite) -> None:
    """A monitor was killed: what only its log holds is in the new file, and no log is left for it."""

    async def killed() -> None:
        store = site.store()
        await store.open()
        store.record([outcome_row(probe="late")])
        await until(lambda: any(row[3] == "late" for row in site.sql("SELECT * FROM series")))
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{site.file}{suffix}", f"{site.file}{suffix}.left")
        await store.close()

    asyncio.run(killed())
    for suffix in ("", "-wal"):
        Path(f"{site.file}{suffix}.left").replace(f"{site.file}{suffix}")
    assert site.call("compact")[0] == ExitCode.GOOD
    assert not Path(f"{site.file}-wal").exists()
    assert "late" in [row[3] for row in site.sql("SELECT * FROM series")]


def test_killed_while_it_compacts_the_store_is_as_it_was(site: StoreSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the very last step."""
    before = rows(site.file)

    def die(_path: Path) -> None:
        raise StoreUnavailable("killed")

    monkeypatch.setattr(copying, "_sync", die)
    assert site.call("compact")[0] == ExitCode.NOT_MEASURED
    assert rows(site.file) == before
    assert asyncio.run(_opens(site.store())) == story()[-1].after
