"""The database file deleted, moved or replaced while it is open: nothing is written past it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.errors import StoreUnavailable
from tests.support.clock import START
from tests.support.commits import story
from tests.support.stores import StorePlace


def _replace(path: Path) -> None:
    copy = path.with_name("copy")
    shutil.copyfile(path, copy)
    copy.replace(path)


def _occupy(path: Path) -> None:
    path.unlink()
    path.mkdir()


CASES: dict[str, tuple[Callable[[Path], object], str]] = {
    "deleted": (Path.unlink, "was deleted or moved away"),
    "moved": (lambda path: path.rename(path.with_name("away")), "was deleted or moved away"),
    "replaced": (_replace, "was replaced by another file"),
    "a directory": (_occupy, "was replaced by another file"),
}


@pytest.mark.parametrize("case", CASES)
async def test_nothing_is_written_past_it(file_place: StorePlace, case: str) -> None:
    """Every write fails from then on, says what to do, and makes no file."""
    assert file_place.path is not None
    act, what = CASES[case]
    store = file_place.store()
    await store.open()
    await store.commit(story()[0])
    act(file_place.path)
    before = sorted(path.name for path in file_place.path.parent.iterdir())
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match=f"{what} while the monitor had it open.*restart the monitor"):
            await store.commit(story()[1])
        with pytest.raises(StoreUnavailable):
            await store.alive(START)
    assert sorted(path.name for path in file_place.path.parent.iterdir()) == before
    await store.close()


async def test_back_in_its_place_it_takes_writes_again(file_place: StorePlace) -> None:
    """The same file, moved back, goes on where it was."""
    assert file_place.path is not None
    store = file_place.store()
    await store.open()
    await store.commit(story()[0])
    away = file_place.path.rename(file_place.path.with_name("away"))
    with pytest.raises(StoreUnavailable):
        await store.commit(story()[1])
    away.rename(file_place.path)
    await store.commit(story()[1])
    await store.close()
    assert (await file_place.store().open()).platforms["payments"].revision == 2
