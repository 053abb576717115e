"""A monitor whose clock ran ahead and is mended, in virtual time: real rules, keeper and settler."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.board import Board
from monitor.model.page import Page, PageKind, PageStatus
from monitor.model.record import FlagDocument, FlagLedger
from monitor.model.state import PlatformState
from monitor.rules.flag_document import next_version
from monitor.rules.wellness import Condition, unwell
from monitor.versions import VersionWatch
from tests.support.keeping import PLATFORM, Watch, _seal
from tests.support.virtual_time import run

FIRING, RESOLVED = PageStatus.FIRING, PageStatus.RESOLVED
HOUR = timedelta(hours=1)


def _dated(state: PlatformState, ledger: FlagLedger, now: datetime, *, is_change: bool) -> FlagDocument:
    document = _seal(state, ledger, now, is_change=is_change)
    return replace(document, ver=next_version(ledger.ver, now))


class Watched:
    """A platform whose flags are looked at as the daemon does."""

    def __init__(self) -> None:
        self.watch = Watch(seal=_dated)
        self.board = Board("prod", "main", {}, keepers={PLATFORM: self.watch.keeper})
        self.watch.listeners.append(self.board.settled)
        self.versions = VersionWatch(self.board.documents, self.board.keepers)

    async def beat(self, seconds: int) -> None:
        """Let time pass: each second renew what is due, and look at the flag."""
        for _ in range(seconds):
            self.watch.keeper.tick()
            self.versions.look()
            await asyncio.sleep(1)  # which takes no time here

    def told(self) -> list[Page]:
        """Return the pages about the clock, in order."""
        pages = [routed.page for settled in self.watch.told for routed in settled.pages]
        return [page for page in pages if page.kind is PageKind.CLOCK]

    def unwell(self) -> tuple[str, ...]:
        """Return why a dead man's switch is not fed."""
        signed_until = {name: document.expires_at for name, document in self.board.documents.items()}
        condition = Condition(self.board.waiting_for(), is_recording=True, is_blind=False, signed_until=signed_until)
        return unwell(condition, self.watch.clock.now())


@asynccontextmanager
async def watched() -> AsyncIterator[Watched]:
    """Watch for the length of a block."""
    scene = Watched()
    async with scene.watch.running():
        yield scene


def test_nobody_is_told_while_the_clock_goes_right() -> None:
    """Renewals, and a clock that is set back by seconds, which happens all the time."""

    async def main() -> None:
        async with watched() as scene:
            await scene.beat(600)
            scene.watch.clock.shift -= timedelta(seconds=30)
            await scene.beat(600)
            assert scene.told() == []
            assert scene.unwell() == ()

    run(main())


def test_a_clock_that_ran_ahead_and_was_mended_is_told_until_time_caught_up() -> None:
    """Within seconds of the mending; the monitor is neither ready nor well meanwhile, and says why."""

    async def main() -> None:
        async with watched() as scene:
            scene.watch.clock.shift += 2 * HOUR
            await scene.beat(300)
            assert scene.told() == []
            scene.watch.clock.shift -= 2 * HOUR
            await scene.beat(5)
            (page,) = scene.told()
            assert (page.status, page.severity.value) == (FIRING, "page")
            assert "readers REFUSE every flag until 2026-03-01 05:" in page.summary
            (why,) = scene.unwell()
            assert why.startswith(f"readers refuse every flag of {PLATFORM} until 2026-03-01 05:")
            await scene.beat(7000)
            assert len(scene.told()) == 1
            await scene.beat(400)
            assert [page.status for page in scene.told()] == [FIRING, RESOLVED]
            assert scene.unwell() == ()

    run(main())


def test_it_is_told_without_the_store() -> None:
    """A store that can't be written is one more reason to tell; the page says that it isn't on record."""

    async def main() -> None:
        async with watched() as scene:
            scene.watch.clock.shift += 2 * HOUR
            await scene.beat(60)
            scene.watch.store.fail("commit", "reserve")
            scene.watch.clock.shift -= 2 * HOUR
            await scene.beat(70)
            (page,) = scene.told()
            assert page.unrecorded

    run(main())
