import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.demo.errors import ChildFailed
from monitor.demo.processes import Processes, all_stopped, python
from tests.support.waiting import until

READY = "import json, signal; print(json.dumps({'event': 'ready', 'url': 'http://x'}), flush=True); signal.pause()"
TALKER = (
    "import sys, signal; print('{}', flush=True)\n"
    "sys.stdout.write('x' * 3_000_000 + '\\nend\\n'); sys.stdout.flush(); signal.pause()"
)
STUBBORN = (
    'import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(\'{"event": "ready"}\', flush=True)\n'
    "while True: signal.pause()"
)
WITH_CHILD = (
    "import subprocess, sys, signal\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\n"
    'print(\'{"event": "ready", "child": "%d"}\' % child.pid, flush=True)\n'
    "signal.pause()"
)


def _is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_ready_line_is_read_and_the_program_stopped(tmp_path: Path) -> None:
    """The members of the ready line are handed on; afterwards nothing is left."""
    async with all_stopped(Processes(tmp_path)) as processes:
        child = await processes.start("echo", python("-c", READY))
        assert await child.ready_line(30) == {"event": "ready", "url": "http://x"}
        assert _is_alive(child.pid)
    assert not _is_alive(child.pid)


async def test_lines_after_the_first_go_to_whoever_asked_and_to_the_log(tmp_path: Path) -> None:
    """Standard output and stderr are kept; stdout is told line by line."""
    lines: list[str] = []
    code = READY.replace(
        "signal.pause()",
        "import sys; print('a page', flush=True); sys.stderr.write('oops'); sys.stderr.flush(); signal.pause()",
    )
    async with all_stopped(Processes(tmp_path)) as processes:
        child = await processes.start("echo", python("-c", code), lines.append)
        await child.ready_line(30)
        await until(lambda: lines)
        await until(lambda: "oops" in child.log.read_text())
    assert lines == ["a page"]
    assert "a page" in child.log.read_text()


async def test_a_program_that_ends_before_it_is_ready_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    """What went wrong stands in the error, so that nobody has to look for it."""
    async with all_stopped(Processes(tmp_path)) as processes:
        child = await processes.start("echo", python("-c", "import sys; sys.exit('no luck')"))
        with pytest.raises(ChildFailed, match=r"the echo ended on its own \(exit code 1\)(.|\n)*no luck") as failed:
            await child.ready_line(30)
    assert failed.value.program == "echo"


async def test_a_program_that_is_not_ready_in_time_is_a_failure(tmp_path: Path) -> None:
    """Every wait has its deadline."""
    async with all_stopped(Processes(tmp_path)) as processes:
        child = await processes.start("echo", python("-c", "import signal; signal.pause()"))
        with pytest.raises(ChildFailed, match=r"was not ready within 0\.2 s"):
            await child.ready_line(0.2)


async def test_a_program_that_says_something_else_is_a_failure(tmp_path: Path) -> None:
    """Any first line but the ready line is a surprise."""
    async with all_stopped(Processes(tmp_path)) as processes:
        child = await processes.start("echo", python("-c", "print('hello', flush=True); import signal; signal.pause()"))
        with pytest.raises(ChildFailed, match="said something else than that it is ready"):
            await child.ready_line(30)


async def test_a_program_that_does_not_exist_is_a_failure(tmp_path: Path) -> None:
    """One line says so."""
    async with all_stopped(Processes(tmp_path)) as processes:
        with pytest.raises(ChildFailed, match="the ghost can't be started: No such file or directory"):
            await processes.start("ghost", ("/no/such/program",))


async def test_work_is_cut_short_when_a_program_ends(tmp_path: Path) -> None:
    """A demo does not go on with one of its parts missing."""
    async with all_stopped(Processes(tmp_path)) as processes:
        child = await processes.start("echo", python("-c", READY))
        await child.ready_line(30)
        asyncio.get_running_loop().call_soon(os.kill, child.pid, signal.SIGKILL)
        with pytest.raises(ChildFailed, match=r"ended on its own \(signal 9\)"):
            await processes.while_all_live(asyncio.sleep(30))


async def test_everything_is_stopped_when_the_block_is_cancelled(tmp_path: Path) -> None:
    """Ctrl-C leaves nothing behind, and a second one does not cut that short."""
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def demo() -> None:
        async with all_stopped(Processes(tmp_path)) as processes:
            child = await processes.start("echo", python("-c", READY))
            await child.ready_line(30)
            started.set_result(child.pid)
            await asyncio.Event().wait()

    task = asyncio.create_task(demo())
    pid = await started
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not _is_alive(pid)


async def test_a_program_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    """Politeness has a deadline."""
    async with all_stopped(Processes(tmp_path, stop_seconds=0.2)) as processes:
        child = await processes.start("stubborn", python("-c", STUBBORN))
        await child.ready_line(30)
    assert child.process.returncode == -signal.SIGKILL


async def test_what_a_program_started_goes_with_it(tmp_path: Path) -> None:
    """The whole process group ends."""
    async with all_stopped(Processes(tmp_path)) as processes:
        child = await processes.start("parent", python("-c", WITH_CHILD))
        grandchild = int((await child.ready_line(30))["child"])
        assert _is_alive(grandchild)
    await until(lambda: not _is_alive(grandchild))


async def test_a_line_without_end_does_not_hold_the_program_up(tmp_path: Path) -> None:
    """Output is read on whatever it looks like, so that no program waits for a full pipe."""
    lines: list[str] = []
    async with all_stopped(Processes(tmp_path)) as processes:
        await processes.start("talker", python("-c", TALKER), lines.append)
        await until(lambda: lines and lines[-1] == "end")


TETHERING = """
import os, subprocess, sys
child = [sys.executable, "-c", "import os, signal; print(os.getpid(), flush=True); signal.pause()"]
subprocess.Popen([sys.executable, "-m", "monitor.demo.tether", str(os.getpid()), *child], stdin=subprocess.PIPE)
sys.stdin.read()
"""


def test_a_tethered_program_ends_when_the_demo_is_killed() -> None:
    """A demo that had no time to clean up takes even the daemon with it."""
    with subprocess.Popen(
        (sys.executable, "-c", TETHERING), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        assert demo.stdout.readline().strip().isdigit()
        demo.kill()
        # The tethered program holds the other end of this pipe: its end is the program's end.
        assert demo.stdout.read() == ""


SUPERVISED = """
import sys
from monitor.demo import tether
sys.exit(tether.supervise([sys.executable, "-c", sys.argv[1]]))
"""


def test_a_supervised_program_is_told_to_end_and_its_code_handed_on() -> None:
    """Where the kernel can't help, the tether stays and passes things on."""
    code = (
        "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)); print(flush=True); signal.pause()"
    )
    with subprocess.Popen((sys.executable, "-c", SUPERVISED, code), stdout=subprocess.PIPE) as tether:
        assert tether.stdout is not None
        tether.stdout.readline()
        tether.terminate()
        assert tether.wait(10) == 7


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts a program as somebody else")
def test_a_program_is_started_as_somebody_else() -> None:
    """And keeps nothing of root's: PostgreSQL would not start otherwise."""
    words = (
        "-m",
        "monitor.demo.tether",
        str(os.getpid()),
        "--as",
        "65534:65533",
        "/bin/sh",
        "-c",
        "id -u; id -g; id -G",
    )
    done = subprocess.run((sys.executable, *words), capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["65534", "65533", "65533"], done.stderr
