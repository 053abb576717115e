"""Signed flags reach their targets: the latest one, whole, and no target holds up another."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from monitor.errors import PublishFailed
from monitor.model.record import FlagDocument
from monitor.publish import FileTarget, Publisher, PublishPace
from tests.support.clock import START
from tests.support.waiting import until

MILLISECOND = timedelta(milliseconds=1)
QUICK = PublishPace(first=MILLISECOND, cap=4 * MILLISECOND, longest=timedelta(seconds=30))
SOON = timedelta(seconds=5)


def document(ver: int, platform: str = "payments") -> FlagDocument:
    """Return a document; its text says which it is."""
    jws = f"header.{platform}-{ver}.signature"
    return FlagDocument(
        platform=platform,
        ver=ver,
        change=1,
        state="standby",
        issued_at=START,
        expires_at=START + timedelta(minutes=5),
        jws=jws,
        sha256=sha256(jws.encode()).hexdigest(),
        is_change=False,
    )


@dataclass
class ScriptedTarget:
    """A `FlagTarget` that fails as often as it is told, or hangs, and remembers what it showed."""

    name: str
    failures: int = 0
    hangs: bool = False
    shown: list[FlagDocument] = field(default_factory=list)
    tries: int = 0
    gate: asyncio.Event | None = None

    async def publish(self, document: FlagDocument) -> None:
        """Do what it was told."""
        self.tries += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.hangs:
            await asyncio.Event().wait()
        if self.failures:
            self.failures -= 1
            raise PublishFailed("not now")
        self.shown.append(document)


@asynccontextmanager
async def publishing(*targets: ScriptedTarget | FileTarget, pace: PublishPace = QUICK) -> AsyncIterator[Publisher]:
    """Run a publisher for the length of a block."""
    publisher = Publisher(targets, pace)
    try:
        yield publisher
    finally:
        await publisher.stop(timedelta(milliseconds=20))


async def test_every_target_shows_the_document() -> None:
    """One document reaches every target, and waiting for it says so."""
    targets = [ScriptedTarget("a"), ScriptedTarget("b")]
    async with publishing(*targets) as publisher:
        assert await publisher.publish_now(document(1), SOON) == ()

    assert [target.shown for target in targets] == [[document(1)], [document(1)]]


async def test_target_that_hangs_holds_up_no_other() -> None:
    """The others show the document at once; the one that hangs is named."""
    sick, well = ScriptedTarget("sick", hangs=True), ScriptedTarget("well")
    async with publishing(sick, well) as publisher:
        assert await publisher.publish_now(document(1), 50 * MILLISECOND) == ("sick",)

        assert well.shown == [document(1)]
        assert publisher.behind == {"sick": 1, "well": 0}


async def test_failed_target_is_tried_again_by_itself() -> None:
    """A target that fails is tried until it takes the document, and its failures are counted."""
    sick, well = ScriptedTarget("sick", failures=5), ScriptedTarget("well")
    async with publishing(sick, well) as publisher:
        assert await publisher.publish_now(document(1), SOON) == ()

        assert (sick.tries, well.tries) == (6, 1)
        assert publisher.failures == {"sick": 5, "well": 0}
        assert publisher.behind == {"sick": 0, "well": 0}


async def test_latest_document_wins() -> None:
    """What was overtaken while its target was busy is never shown."""
    target = ScriptedTarget("a", gate=asyncio.Event())
    async with publishing(target) as publisher:
        publisher.submit(document(1))
        await until(lambda: target.tries == 1)
        for ver in (2, 3, 4):
            publisher.submit(document(ver))
        assert target.gate is not None
        target.gate.set()
        assert await publisher.publish_now(document(4), SOON) == ()

    assert [shown.ver for shown in target.shown] == [1, 4]


async def test_older_version_never_follows_a_newer_one() -> None:
    """A document that comes late is left out."""
    target = ScriptedTarget("a")
    async with publishing(target) as publisher:
        await publisher.publish_now(document(5), SOON)
        assert await publisher.publish_now(document(4), SOON) == ()

    assert [shown.ver for shown in target.shown] == [5]


async def test_platforms_do_not_overtake_each_other() -> None:
    """Latest wins within a platform only."""
    target = ScriptedTarget("a", gate=asyncio.Event())
    async with publishing(target) as publisher:
        publisher.submit(document(2, "payments"))
        publisher.submit(document(1, "ledger"))
        assert target.gate is not None
        target.gate.set()
        await until(lambda: len(target.shown) == 2)

        assert {(shown.platform, shown.ver) for shown in target.shown} == {("payments", 2), ("ledger", 1)}


async def test_new_document_does_not_wait_for_the_old_ones_next_try() -> None:
    """A change goes out at once even when its target failed a moment ago."""
    target = ScriptedTarget("a", failures=1)
    hour = timedelta(hours=1)
    async with publishing(target, pace=replace(QUICK, first=hour, cap=hour)) as publisher:
        assert await publisher.publish_now(document(1), 20 * MILLISECOND) == ("a",)
        assert await publisher.publish_now(document(2), SOON) == ()


async def test_target_that_breaks_its_bounds_is_cut_off() -> None:
    """A target that hangs is tried again after the publisher's own bound."""
    target = ScriptedTarget("a", hangs=True)
    async with publishing(target, pace=replace(QUICK, longest=5 * MILLISECOND)) as publisher:
        publisher.submit(document(1))
        await until(lambda: publisher.failures["a"] >= 2)
        target.hangs = False
        await until(lambda: publisher.behind["a"] == 0)


async def test_fault_in_a_target_is_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    """A bug in one target is logged without its message, counted, and tried again."""

    class Buggy(ScriptedTarget):
        async def publish(self, document: FlagDocument) -> None:
            if not self.tries:
                self.tries += 1
                raise KeyError("hunter2")
            await super().publish(document)

    target = Buggy("a")
    async with publishing(target) as publisher:
        assert await publisher.publish_now(document(1), SOON) == ()
        assert publisher.failures == {"a": 1}

    assert "hunter2" not in repr([record.__dict__ for record in caplog.records])


async def test_stop_tries_once_more_and_is_bounded() -> None:
    """What waits for its next try gets it at the end; a target that hangs is not waited for."""
    waiting, hanging = ScriptedTarget("waiting", failures=1), ScriptedTarget("hanging", hangs=True)
    hour = timedelta(hours=1)
    publisher = Publisher([waiting, hanging], replace(QUICK, first=hour, cap=hour))
    publisher.submit(document(1))
    await until(lambda: publisher.failures["waiting"] == 1)
    async with asyncio.timeout(2):
        await publisher.stop(50 * MILLISECOND)
        await publisher.stop(50 * MILLISECOND)
        publisher.submit(document(2))

    assert waiting.shown == [document(1)]
    assert asyncio.all_tasks() == {asyncio.current_task()}


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
    disk = asyncio.create_task(target._thread.run(lambda: may_go.wait(5), SOON))
    async with publishing(target) as publisher:
        assert await publisher.publish_now(document(1), 60 * MILLISECOND) == ("file",)
        with pytest.raises(PublishFailed, match=r"flag.jws: the disk did not answer within 0.02 s$"):
            await target.publish(document(1))
        may_go.set()
        await disk
        assert await publisher.publish_now(document(2), SOON) == ()

    assert path.read_text() == document(2).jws
