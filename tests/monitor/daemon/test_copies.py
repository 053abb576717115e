"""Copies that fall behind, in virtual time: real publisher, rules, keeper and settler; targets that do as told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from monitor.copies import CopyWatch
from monitor.model.page import Page, PageKind, PageStatus
from monitor.publish import Publisher
from tests.support.keeping import PLATFORM, Watch
from tests.support.publishing import ScriptedTarget
from tests.support.virtual_time import run

FIRING, RESOLVED = PageStatus.FIRING, PageStatus.RESOLVED
WITHOUT_END = 10**9


class Watched:
    """A platform whose flag goes to two targets."""

    def __init__(self) -> None:
        self.watch = Watch(targets=("bucket", "file"))
        self.bucket, self.file = ScriptedTarget("bucket"), ScriptedTarget("file")
        self.publisher = Publisher([self.bucket, self.file])
        self.copies = CopyWatch(self.publisher, {PLATFORM: self.watch.keeper}, self.watch.clock)
        self._submitted = 0

    async def beat(self, seconds: int) -> None:
        """Let time pass as the daemon does: each second renew what is due, publish, and look at the copies."""
        for _ in range(seconds):
            self.watch.keeper.tick()
            self.copies.look()
            await self.watch.until(lambda: self.watch.settler.is_settled or not self.watch.gate.is_open)
            for document in self.watch.documents()[self._submitted :]:
                self._submitted += 1
                self.publisher.submit(document)
            await asyncio.sleep(1)  # which takes no time here

    def pages(self) -> list[Page]:
        """Return the pages of publishing, in order."""
        pages = [routed.page for settled in self.watch.told for routed in settled.pages]
        return [page for page in pages if page.kind is PageKind.PUBLISH_BEHIND]

    def told(self) -> list[tuple[str, PageStatus]]:
        """Return which target they are about, and their status."""
        return [(page.dedup_key.rpartition("/")[2], page.status) for page in self.pages()]


@asynccontextmanager
async def watched() -> AsyncIterator[Watched]:
    """Watch for the length of a block."""
    scene = Watched()
    async with scene.watch.running():
        yield scene
        await scene.publisher.stop()


def test_nobody_is_told_while_all_is_well() -> None:
    """Half an hour of renewals, each of which takes its moment to get there."""

    async def main() -> None:
        async with watched() as scene:
            await scene.beat(1800)
            assert scene.told() == []
            assert len(scene.bucket.shown) >= 29

    run(main())


def test_behind_expired_and_caught_up_are_told_once_each() -> None:
    """Of the one target alone, under one key, by way of the platform's own settler."""

    async def main() -> None:
        async with watched() as scene:
            await scene.beat(5)
            scene.bucket.failures = WITHOUT_END
            await scene.beat(140)
            assert scene.told() == []
            await scene.beat(15)
            assert scene.told() == [("bucket", FIRING)]
            await scene.beat(135)
            assert scene.told() == [("bucket", FIRING)]
            await scene.beat(600)
            assert scene.told() == [("bucket", FIRING)] * 2
            assert "EXPIRED" in scene.pages()[1].summary
            scene.bucket.failures = 0
            await scene.beat(35)
            assert scene.told() == [("bucket", FIRING), ("bucket", FIRING), ("bucket", RESOLVED)]
            await scene.beat(300)
            assert len(scene.told()) == 3

    run(main())


def test_a_target_that_is_away_from_the_start_is_told_after_a_minute() -> None:
    """Nothing is known of what stands there."""

    async def main() -> None:
        async with watched() as scene:
            scene.bucket.hangs = True
            await scene.beat(58)
            assert scene.told() == []
            await scene.beat(5)
            assert scene.told() == [("bucket", FIRING)]
            assert "since the monitor started" in scene.pages()[0].summary

    run(main())


def test_it_is_told_without_the_store() -> None:
    """A store that can't be written is one more reason to tell; the page says that it isn't on record."""

    async def main() -> None:
        async with watched() as scene:
            await scene.beat(5)
            scene.bucket.failures = WITHOUT_END
            scene.watch.store.fail("commit", "reserve")
            await scene.beat(200)
            assert scene.told() == [("bucket", FIRING)]
            assert scene.pages()[0].unrecorded

    run(main())
