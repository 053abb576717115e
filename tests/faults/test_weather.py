"""Faults at random, several at once, from seeds that CI fixes; `make soak` takes others, and longer ones."""

import os
from pathlib import Path

import pytest

from tests.faults.plan import plan
from tests.faults.stage import SEED, Setup, staged
from tests.faults.weather import Weather
from tests.support.tls import Authority, authority

__all__ = ["authority"]

STEPS = int(os.environ.get("GLASSWATCH_FAULT_STEPS", "10"))


@pytest.mark.timeout(180 + 10 * STEPS)  # a step takes a second or two; each start several where the machine is busy
@pytest.mark.parametrize("part", [1, 2])
async def test_weather(tmp_path: Path, authority: Authority, part: int) -> None:
    """Whatever breaks in whatever order, nothing false is said, nothing is missed, and in the end all is told."""
    seed = 10 * SEED + part
    setup = Setup(authority=authority if part == 2 else None, flag={"unknown_pages_after": "500ms"})
    async with staged(tmp_path / "home", setup, seed) as stage:
        await stage.rises()
        weather = Weather(stage)
        for step in plan(seed, STEPS):
            await weather.step(step)
        await stage.settles()
