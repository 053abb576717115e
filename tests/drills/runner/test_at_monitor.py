"""What gates hear from the monitor."""

from typing import Any, cast

import pytest

from drills.errors import RequestRefused
from drills.model.event import Head
from drills.monitor import MonitorClient
from drills.rules.behind import Held
from drills.rules.gates import Answer
from drills.runner.at_monitor import Eyes
from glasswatch.errors import GlasswatchError, NotMeasured
from monitor.wire.answers import BreakGlassAnswer, PlatformAnswer, StatusAnswer
from monitor.wire.drills import HeadAnswer, HeadsAnswer, RunAnswer, RunsAnswer
from tests.support.clock import START


class Asked:
    """A monitor that says what a test wants."""

    def __init__(self, status: StatusAnswer | GlasswatchError, runs: RunsAnswer | GlasswatchError) -> None:
        self._status = status
        self._runs = runs

    async def status(self) -> StatusAnswer:
        """Say how everything is."""
        if isinstance(self._status, GlasswatchError):
            raise self._status
        return self._status

    async def runs(self, query: Any = None) -> RunsAnswer:
        """Say which runs there are."""
        assert query.platform == "payments"
        if isinstance(self._runs, GlasswatchError):
            raise self._runs
        return self._runs


def part(kind: Any, **fields: object) -> Any:
    """Return an answer of which only these fields are looked at."""
    return kind.model_construct(**fields)


def eyes(status: StatusAnswer | GlasswatchError, runs: RunsAnswer | GlasswatchError | None = None) -> Eyes:
    """Return the eyes of a monitor."""
    return Eyes(cast("MonitorClient", Asked(status, runs or RunsAnswer(runs=()))))


def status(
    verdict: str = "up", state: str = "standby", vote: str = "up", waiting: tuple[str, ...] = ()
) -> StatusAnswer:
    """Return what a monitor holds true of one platform."""
    flag = part(BreakGlassAnswer, state=state)
    platform = part(PlatformAnswer, platform="payments", verdict=verdict, vote=vote, blind=False, break_glass=flag)
    return cast("StatusAnswer", part(StatusAnswer, vantage="fra-1", waiting_for=waiting, platforms=(platform,)))


@pytest.mark.parametrize(
    ("told", "well", "platform"),
    [
        (status(), True, True),
        (status(waiting=("a flag not published",)), False, True),
        (status("down"), True, False),
        (status(state="ready"), True, False),
        (status(vote="down"), True, False),
        (status("unknown"), True, None),
    ],
)
async def test_the_monitor_says_whether_it_is_well_and_how_the_platform_is(
    told: StatusAnswer,
    *,
    well: bool | None,
    platform: bool | None,
) -> None:
    """One vantage that sees it down is suspicion enough."""
    seen = await eyes(told).look("payments")
    assert (seen.well.holds, seen.platform.holds, seen.open_runs) == (well, platform, ())


async def test_a_platform_that_nobody_watches_is_not_drilled() -> None:
    """The monitor could not say that it is up."""
    seen = await Eyes(cast("MonitorClient", _Any(status()))).look("other")
    assert seen.platform == Answer(holds=False, detail="the monitor does not watch other")


async def test_runs_that_are_not_closed_are_told() -> None:
    """Silent and overdue ones too."""
    runs = part(
        RunsAnswer,
        runs=tuple(part(RunAnswer, run=f"q-{word}", standing=word) for word in ("open", "silent", "overdue", "closed")),
    )
    seen = await eyes(status(), runs).look("payments")
    assert seen.open_runs == ("q-open", "q-silent", "q-overdue")


async def test_a_monitor_that_does_not_answer_says_nothing() -> None:
    """Neither good nor bad; a refusal to name its runs is no answer to whether others drill."""
    fault = NotMeasured("connection refused")
    seen = await eyes(fault).look("payments")
    assert seen.well == seen.platform == Answer(holds=None, detail="connection refused")
    assert seen.open_runs is fault
    refused = RequestRefused("forbidden", "no")
    seen = await eyes(status(), refused).look("payments")
    assert (seen.well.holds, seen.open_runs) == (True, refused)


class _Any(Asked):
    def __init__(self, told: StatusAnswer) -> None:
        super().__init__(told, RunsAnswer(runs=()))

    async def runs(self, query: Any = None) -> RunsAnswer:
        return RunsAnswer(runs=())


class _Holding:
    """A monitor that says what it holds of a run; None where it knows of no such run."""

    def __init__(self, said: RunAnswer | None) -> None:
        self._said = said

    async def run(self, _run: str) -> RunAnswer | None:
        """Say how it stands."""
        return self._said

    async def heads(self, run: str) -> HeadsAnswer:
        """Say what was told of it."""
        row = part(HeadAnswer, seq=3, hash="a" * 64)
        return HeadsAnswer.model_construct(run=run, heads=(row,))


async def test_what_the_monitor_holds_of_a_run() -> None:
    """Its heads, and for how long nothing was heard of it; one that does not say so may be hearing of it now."""
    heads = [Head(3, "a" * 64)]
    for said, held in (
        (part(RunAnswer, standing="open", quiet_seconds=7.5, heard=START), Held(heads, 7.5, START)),
        (part(RunAnswer, standing="closed", quiet_seconds=None, heard=START), Held(heads, None, START, is_closed=True)),
        (None, Held(is_known=False)),
    ):
        assert await Eyes(cast("MonitorClient", _Holding(said))).held("q-1") == held
    older = part(RunAnswer, standing="silent", quiet_seconds=None, heard=START)
    with pytest.raises(NotMeasured, match="does not say when it heard of the run"):
        await Eyes(cast("MonitorClient", _Holding(older))).held("q-1")
