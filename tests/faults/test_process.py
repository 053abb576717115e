"""The process itself is starved, stopped, killed, or lied to about the time."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tests.faults.places import FalseClock, without_descriptors
from tests.faults.recording import Promised
from tests.faults.stage import PACE, Setup, staged

HOUR = 3600


async def test_descriptors_exhausted(tmp_path: Path) -> None:
    """No socket can be had: it can't tell, says so where it can, and finds the outage when there are some again."""
    async with staged(tmp_path / "home", Setup(flag={"unknown_pages_after": "500ms"})) as stage:
        await stage.rises()
        with stage.hindered("it has no descriptors left"), without_descriptors(stage.monitor.pid):
            stage.breaks()
            await stage.sees(lambda: "Too many open files" in stage.monitor.said)
            await asyncio.sleep(stage.chance.uniform(1, 3))
        await stage.outage()
        await stage.recovers()
        await stage.settles()


async def test_frozen(tmp_path: Path) -> None:
    """It stands still for a while, twice: what is older than `ready_ttl` is confirmed again before it is signed."""
    pace = replace(PACE, ready_ttl=timedelta(seconds=2))
    async with staged(tmp_path / "home", Setup(pace=pace, flag={"ttl": "2s"})) as stage:
        await stage.rises()
        await stage.freezes(stage.chance.uniform(0.5, 1.5))
        await stage.outage()
        await stage.freezes(stage.chance.uniform(2.5, 3.5))
        await stage.sees(lambda: stage.recorder.state == "ready")
        await stage.recovers()
        await stage.settles()


async def test_clock_ahead(tmp_path: Path) -> None:
    """Readers refuse flags from the future, and for as long those that come after them; people are paged as ever."""
    clock = FalseClock(tmp_path / "clock")
    async with staged(tmp_path / "home", Setup(program=clock.program())) as stage:
        stage.recording.is_clock_true = False
        await stage.rises()
        with stage.hindered("its clock is wrong, and so are its versions", Promised.READY, Promised.FILE):
            clock.ahead(HOUR)
            await stage.outage(waits=frozenset({Promised.PAGE}))
            clock.ahead(0)
            await stage.sees(lambda: stage.told("clock")[-1:] == ["firing"])
            stage.truth.turn(good=True)
            await stage.sees(lambda: stage.told("flag")[-1:] == stage.told("outage")[-1:] == ["resolved"])
            await stage.settles("clock")
        assert stage.told("clock")[-1:] == ["firing"]


async def test_clock_behind(tmp_path: Path) -> None:
    """Readers refuse flags whose version is ahead of their date; right again, it is believed again."""
    clock = FalseClock(tmp_path / "clock")
    async with staged(tmp_path / "home", Setup(program=clock.program())) as stage:
        stage.recording.is_clock_true = False
        await stage.rises()
        with stage.hindered("its clock is wrong", Promised.READY, Promised.FILE):
            clock.ahead(-HOUR)
            await stage.outage(waits=frozenset({Promised.PAGE}))
            await stage.sees(lambda: stage.told("clock")[-1:] == ["firing"])
            clock.ahead(0)
            await stage.sees(lambda: stage.recorder.state_at("file") == stage.recorder.state == "ready")
        # That it leapt fires for a quarter of an hour; that readers refuse what it signs is over.
        await stage.sees(lambda: "resolved" in stage.told("clock"))
        await stage.recovers()
        await stage.settles("clock")
