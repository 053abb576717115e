"""The drill of the story on a machine that stands still: run again for that alone, and said."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from glasswatch.errors import ExitCode, NotMeasured
from monitor.demo.ports import FlagSeen, PageSeen, VerdictSeen, Views
from monitor.demo.stalls import STALL_SECONDS, Stalls, through
from tests.support.clock import ManualClock

GOOD, FINDING = ExitCode.GOOD, ExitCode.FINDING


@dataclass
class _Demo:
    """A demo whose drills end as written; `stood`: for how long the machine stands still in each of them."""

    codes: deque[ExitCode]
    stood: deque[float]
    verdicts: deque[str] = field(default_factory=lambda: deque(["up"]))
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = ManualClock()
        self.stalls = Stalls(self.clock, self.sleep)
        self._late = 0.0

    async def sleep(self, seconds: float) -> None:
        """Let a pause pass, and the machine stand still once."""
        await asyncio.sleep(0)
        self.clock.advance(seconds + self._late)
        self._late = 0.0

    async def run(self) -> ExitCode:
        """Run one drill."""
        self._late = self.stood.popleft()
        for _ in range(5):
            await asyncio.sleep(0)
        return self.codes.popleft()

    async def verdict(self) -> VerdictSeen:
        """Return the monitor's word."""
        word = self.verdicts.popleft() if len(self.verdicts) > 1 else self.verdicts[0]
        if word == "silent":
            raise NotMeasured("the monitor does not answer")
        return VerdictSeen(word, "")

    async def word(self) -> FlagSeen:
        """Return the reader's word."""
        return FlagSeen("standby", "")

    async def break_function(self, function: str) -> None:
        """Nothing of the kind."""

    async def recover(self) -> None:
        """Nothing of the kind."""

    async def pages(self) -> Sequence[PageSeen]:
        """Return none."""
        return ()


async def _ended(demo: _Demo) -> ExitCode:
    return await through(demo.run, Views(demo, demo, demo, demo), demo.stalls, demo.said.append)


async def test_a_drill_that_fails_by_itself_is_not_run_again() -> None:
    """However short of a stall the machine was."""
    demo = _Demo(deque([FINDING]), deque([STALL_SECONDS - 0.5]))
    assert (await _ended(demo), demo.said) == (FINDING, [])


async def test_a_drill_that_passes_is_believed_whatever_the_machine_did() -> None:
    """It measured what it says."""
    demo = _Demo(deque([GOOD]), deque([14.0]))
    assert (await _ended(demo), demo.said) == (GOOD, [])


async def test_where_the_machine_stood_still_it_is_run_again_once_all_is_well() -> None:
    """Which is said, with how long it was."""
    demo = _Demo(deque([FINDING, GOOD]), deque([14.0, 0.0]), deque(["unknown", "silent", "up"]))
    assert await _ended(demo) is GOOD
    assert "stood still for 14.0 s" in demo.said[0]
    assert list(demo.verdicts) == ["up"]


async def test_a_monitor_that_does_not_get_well_leaves_it_at_that() -> None:
    """And so does a machine that stands still every time."""
    unwell = _Demo(deque([FINDING]), deque([14.0]), deque(["unknown"]))
    assert await _ended(unwell) is FINDING
    again = _Demo(deque([FINDING] * 3), deque([14.0] * 3))
    assert (await _ended(again), len(again.codes)) == (FINDING, 0)
