"""Programs that die with the drill, and everything that they started with them."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from drills import tethered
from drills.tethered import LARGEST_INPUT, TooMuch, run
from glasswatch.errors import NotMeasured
from tests.support.drill_actions import children, is_running
from tests.support.waiting import until

# Starts one child in its group and one in a session of its own, says who they are, and goes on.
FAMILY = "sleep 600 & echo $!; setsid sh -c 'echo $$; exec sleep 600' & sleep 0.2; echo ready"
ROOT = Path(__file__).parents[2]
DRILL = """
import asyncio, sys
from drills import tethered
asyncio.run(tethered.run(["/bin/sh", "-c", sys.argv[1]], b"", {}, 600))
"""


async def _run(script: str, seconds: float = 20.0, data: bytes = b"", **environment: str) -> tethered.Ended:
    return await run(["/bin/sh", "-c", script], data, environment, seconds)


@pytest.mark.parametrize(("script", "status"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", -9)])
async def test_how_it_ended_is_told(script: str, status: int) -> None:
    """Statuses, and signals as negative numbers."""
    assert (await _run(script)).status == status


async def test_it_reads_writes_and_finds_its_environment() -> None:
    """Input, both outputs, and no variable but ours and the minimal ones; its directory is /."""
    ended = await _run("cat; pwd; env | cut -d= -f1 | sort | tr '\\n' ' '; echo oops >&2", data=b"given\n", A="b")
    given, directory, variables = ended.stdout.decode().splitlines()
    assert (given, directory, ended.stderr) == ("given", "/", b"oops\n")
    assert set(variables.split()) <= {"A", "HOME", "LANG", "PATH", "PWD", "OLDPWD", "SHLVL", "_"}


async def test_what_does_not_read_is_not_waited_for() -> None:
    """As much as may be given fits without a reader."""
    assert (await _run("exit 3", data=b"x" * LARGEST_INPUT)).status == 3
    with pytest.raises(NotMeasured):
        await _run("exit 3", data=b"x" * 1024 * 1024 * 8)


@pytest.mark.parametrize("program", ["/nowhere/at-all", "/etc/passwd", "/"])
async def test_what_cannot_be_run_is_not_measured(program: str, others: set[int]) -> None:
    """It says why."""
    with pytest.raises(NotMeasured, match="was not started"):
        await run([program], b"", {}, 20)
    assert children() == others


async def test_more_output_than_is_read_ends_it(others: set[int]) -> None:
    """A program that never stops is stopped."""
    with pytest.raises(TooMuch):
        await _run("exec yes")
    assert children() == others


async def test_errors_without_end_are_cut() -> None:
    """They are for people: the first part does."""
    ended = await _run("head -c 300000 /dev/zero >&2")
    assert (ended.status, len(ended.stderr)) == (0, tethered.LARGEST_ERRORS)


async def test_what_it_leaves_running_ends_with_it() -> None:
    """In its own group, and in a session of its own."""
    ended = await _run(FAMILY)
    own, other, _ = ended.stdout.split()
    assert not is_running(int(own))
    assert not is_running(int(other))


async def test_over_its_time_all_of_it_ends(others: set[int]) -> None:
    """When the fault is raised, nothing is left."""
    with pytest.raises(TimeoutError):
        await _run(f"{FAMILY}; sleep 600", seconds=0.3)
    assert children() == others


async def test_a_program_that_ignores_every_signal_ends_too(others: set[int]) -> None:
    """It is not asked."""
    with pytest.raises(TimeoutError):
        await _run("trap '' TERM INT HUP; while true; do sleep 1; done", seconds=0.3)
    assert children() == others


@pytest.mark.parametrize("rounds", [0, 1, 2, 3])
async def test_cancelled_at_any_round_of_the_loop_nothing_is_left(rounds: int, others: set[int]) -> None:
    """Also before the program was started."""
    task = asyncio.ensure_future(_run(f"{FAMILY}; sleep 600"))
    for _ in range(rounds):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children() == others


async def test_cancelled_while_it_runs_nothing_is_left(tmp_path: Path, others: set[int]) -> None:
    """Its children by name."""
    said = tmp_path / "said"
    task = asyncio.ensure_future(_run(f"({FAMILY}) > {said}; sleep 600"))
    await until(lambda: said.exists() and "ready" in said.read_text())
    own, other, _ = said.read_text().split()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not is_running(int(own))
    assert not is_running(int(other))
    assert children() == others


async def test_it_ends_when_the_drill_is_killed(tmp_path: Path) -> None:
    """SIGKILL leaves no time for anything: the kernel closes the pipe that the program hangs on."""
    said = tmp_path / "said"
    script = f"({FAMILY}) > {said}; sleep 600"
    with subprocess.Popen([sys.executable, "-c", DRILL, script], cwd=ROOT) as drill:  # noqa: ASYNC220 - it is killed
        try:
            await until(lambda: said.exists() and "ready" in said.read_text())
            drill.send_signal(signal.SIGKILL)
        finally:
            drill.kill()
    own, other, _ = said.read_text().split()
    await until(lambda: not is_running(int(own)) and not is_running(int(other)))


async def test_it_ends_when_what_ties_it_is_killed(tmp_path: Path, others: set[int]) -> None:
    """Then nobody knows how it ended."""
    said = tmp_path / "said"
    task = asyncio.ensure_future(_run(f"echo $$ > {said}; sleep 600"))
    await until(lambda: said.exists() and said.read_text().strip())
    (tether,) = children() - others
    program = int(said.read_text())
    os.kill(tether, signal.SIGKILL)
    with pytest.raises(NotMeasured, match="not known"):
        await task
    await until(lambda: not is_running(program))
