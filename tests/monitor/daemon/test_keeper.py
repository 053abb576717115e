"""The keeper: hears, remembers, passes on; and notices when nobody watched for too long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise

import pytest

from monitor.model.event import Ticked
from monitor.model.fact import FlagChanged
from monitor.model.verdict import FlagState, Verdict
from tests.support.keeping import BAD, GOOD, Watch
from tests.support.siege import stopped
from tests.support.virtual_time import run


@asynccontextmanager
async def _ticking(watch: Watch, every: float = 1.0) -> AsyncIterator[None]:
    async def tick() -> None:
        while True:
            watch.keeper.tick()
            await asyncio.sleep(every)

    async with watch.running():
        ticking = asyncio.create_task(tick())
        try:
            yield
        finally:
            await stopped([ticking])


async def _down(watch: Watch) -> None:
    await watch.until(lambda: watch.keeper.state.verdict is Verdict.UP)
    for probe in watch.probes.values():
        probe.act = BAD
    await watch.until(lambda: watch.keeper.state.flag.state is FlagState.READY)


def _flags(watch: Watch) -> list[FlagState]:
    return [fact.now.state for told in watch.told for fact in told.facts if isinstance(fact, FlagChanged)]


def test_a_machine_that_slept_signs_ready_only_after_it_was_confirmed_again() -> None:
    """After a sleep longer than `ready_ttl` the outage cause is suspended; a new round brings it back."""

    async def main() -> None:
        watch = Watch()
        async with _ticking(watch):
            await _down(watch)
            outage = watch.keeper.state.outage
            watch.clock.shift += timedelta(minutes=16)
            await watch.until(lambda: watch.keeper.state.flag.state is FlagState.STANDBY, 2)
            await watch.until(lambda: watch.keeper.state.flag.state is FlagState.READY, 60)
            await watch.until(lambda: watch.settler.is_settled)
            assert _flags(watch) == [FlagState.READY, FlagState.STANDBY, FlagState.READY]
            assert watch.keeper.state.outage is not None
            assert outage is not None
            assert watch.keeper.state.outage.id == outage.id

    run(main())


def test_what_got_well_while_the_machine_slept_is_never_signed_ready_again() -> None:
    """Nothing that was believed before the sleep opens production after it."""

    async def main() -> None:
        watch = Watch()
        async with _ticking(watch):
            await _down(watch)
            watch.probes["portal"].act = GOOD
            watch.clock.shift += timedelta(minutes=16)
            await watch.until(lambda: watch.keeper.state.flag.state is FlagState.STANDBY, 2)
            await asyncio.sleep(3600)
            await watch.until(lambda: watch.settler.is_settled)
            assert _flags(watch) == [FlagState.READY, FlagState.STANDBY]

    run(main())


@pytest.mark.parametrize("leap", [timedelta(minutes=14), timedelta(hours=-3)])
def test_a_short_gap_and_a_clock_set_back_lower_nothing(leap: timedelta) -> None:
    """A gap within `ready_ttl` changes nothing; nor does a clock set back: we were there all the time."""

    async def main() -> None:
        watch = Watch()
        async with _ticking(watch):
            await _down(watch)
            watch.clock.shift += leap
            await asyncio.sleep(300)
            await watch.until(lambda: watch.settler.is_settled)
            assert _flags(watch) == [FlagState.READY]

    run(main())


def test_a_late_tick_is_no_absence() -> None:
    """However short `ready_ttl` is, a tick that comes two seconds late proves nothing."""

    async def main() -> None:
        watch = Watch(ready_ttl=timedelta(milliseconds=500))
        async with _ticking(watch, every=2.5):
            await _down(watch)
            await asyncio.sleep(30)
            await watch.until(lambda: watch.settler.is_settled)
            assert _flags(watch) == [FlagState.READY]

    run(main())


def test_the_flag_is_signed_at_once_and_renewed_every_minute() -> None:
    """A tick has it renewed when it is due, whatever else happens."""

    async def main() -> None:
        watch = Watch()
        async with _ticking(watch):
            await asyncio.sleep(0.5)
            assert len(watch.documents()) == 1
            await asyncio.sleep(600)
            issued = [document.issued_at for document in watch.documents()]
            assert len(issued) == 11
            assert max(after - before for before, after in pairwise(issued)) <= timedelta(seconds=62)

    run(main())


def test_nothing_goes_to_the_settler_where_nothing_was_found() -> None:
    """An hour of good outcomes writes nothing but the first findings."""

    async def main() -> None:
        watch = Watch()
        async with watch.running():
            await watch.until(lambda: watch.keeper.state.verdict is Verdict.UP)
            await watch.until(lambda: watch.settler.is_settled)
            commits = watch.store.calls.count("commit")
            await asyncio.sleep(3600)
            assert watch.store.calls.count("commit") == commits

    run(main())


def test_it_judges_again_what_time_alone_decides() -> None:
    """Nobody measures any more: the verdict turns unknown, and after two minutes people are told."""

    async def main() -> None:
        watch = Watch()
        async with _ticking(watch):
            await watch.until(lambda: watch.keeper.state.verdict is Verdict.UP)

            async def hang() -> None:
                await asyncio.Event().wait()

            watch.probes["portal"].act = hang  # type: ignore[assignment]  # it never returns
            await watch.until(lambda: watch.keeper.state.verdict is Verdict.UNKNOWN, 120)
            await watch.until(lambda: "prod/payments/unknown" in watch.keeper.state.firing, 130)

    run(main())


def test_hearing_changes_the_state_at_once() -> None:
    """The next probe sees it without waiting for any store."""

    async def main() -> None:
        watch = Watch()
        hold = watch.store.hold("commit")
        async with watch.running():
            await hold.reached.wait()
            step = watch.keeper.hear(Ticked())
            assert watch.keeper.state is step.state
            watch.store.heal("commit")

    run(main())
