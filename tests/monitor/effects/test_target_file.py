"""The flag as a file: whole or not at all, and a disk that fails or hangs."""

import asyncio
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from monitor.errors import PublishFailed
from monitor.targets.file import FileTarget
from tests.support.publishing import MILLISECOND, SOON, document, publishing
from tests.support.waiting import until


async def test_file_holds_exactly_the_document(tmp_path: Path) -> None:
    """The file's digest is the document's, so that an archived file can be compared."""
    path = tmp_path / "payments.flag.jws"
    await FileTarget("file", path).publish(document(1))

    assert path.read_text() == document(1).jws
    assert sha256(path.read_bytes()).hexdigest() == document(1).sha256


async def test_file_per_platform(tmp_path: Path) -> None:
    """The placeholder stands for the platform, in the name or in a directory."""
    (tmp_path / "ledger").mkdir()
    target = FileTarget("file", tmp_path / "{platform}" / "flag-{platform}.jws")
    await target.publish(document(1, "ledger"))

    assert (tmp_path / "ledger" / "flag-ledger.jws").read_text() == document(1, "ledger").jws


async def test_file_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    """A missing directory is one clear line, with the path and without the document."""
    path = tmp_path / "missing" / "flag.jws"
    with pytest.raises(PublishFailed) as caught:
        await FileTarget("file", path).publish(document(1))

    assert str(caught.value) == f"{path}: No such file or directory"


async def test_file_becomes_writable_again(tmp_path: Path) -> None:
    """A file that could not be written shows the latest document soon after it can be."""
    path = tmp_path / "later" / "flag.jws"
    async with publishing(FileTarget("file", path)) as publisher:
        publisher.submit(document(1))
        await until(lambda: publisher.failures["file"] > 0)
        publisher.submit(document(2))
        path.parent.mkdir()
        assert await publisher.publish_now(document(3), SOON) == ()

    assert path.read_text() == document(3).jws


async def test_disk_that_hangs_blocks_neither_loop_nor_order(tmp_path: Path) -> None:
    """A write that hangs is given up in time; what it still does later comes before the next document, never after."""
    path = tmp_path / "flag.jws"
    may_go = threading.Event()
    target = FileTarget("file", path, deadline=20 * MILLISECOND)
    disk = asyncio.create_task(target._thread.run(lambda: may_go.wait(60), SOON))
    async with publishing(target) as publisher:
        assert await publisher.publish_now(document(1), 60 * MILLISECOND) == ("file",)
        with pytest.raises(PublishFailed, match=r"flag.jws: the disk did not answer within 0.02 s$"):
            await target.publish(document(1))
        may_go.set()
        await disk
        assert await publisher.publish_now(document(2), SOON) == ()

    assert path.read_text() == document(2).jws


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file of this process grow past a size, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_leaves_the_document_that_was_there(tmp_path: Path) -> None:
    """Whole, with nothing beside it; and the newest comes as soon as there is room."""
    path = tmp_path / "flag.jws"
    async with publishing(FileTarget("file", path)) as publisher:
        assert await publisher.publish_now(document(1), SOON) == ()
        with room_for(5):
            assert await publisher.publish_now(document(2), 50 * MILLISECOND) == ("file",)
            assert path.read_text() == document(1).jws
            with pytest.raises(PublishFailed, match=r"flag\.jws: File too large$"):
                await FileTarget("file", path).publish(document(2))
        await until(lambda: publisher.behind == {"file": 0})
    assert path.read_text() == document(2).jws
    assert [each.name for each in path.parent.glob("*")] == ["flag.jws"]
