"""Programs that the settings name, run by us: the operator's own, and never trusted with more than they need.

Rules:
- No shell; PATH, HOME and LANG are all the environment there is; the working directory is /.
- Each runs in a process group of its own, which is killed when it takes too long. Of one that was fed nothing is left
  when it is over, however it ended: what it left running could still do its work after a later run has done it.
- What it writes to standard error is thrown away, and so is its output unless somebody asked for it: both may hold
  what it was given. A failure is told by the exit status alone.
"""

import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from glasswatch.clock import Clock

_ENVIRONMENT: Final = ("PATH", "HOME", "LANG")
_FIRST_PAUSE: Final = 0.001
_LONGEST_PAUSE: Final = 0.02


def environment() -> dict[str, str]:
    """Return what programs get of our environment."""
    return {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}


def start(argv: Sequence[str], *, stdin: int, stdout: int) -> subprocess.Popen[bytes]:
    """Start a program; have it ended by `end`.

    Raises:
        OSError, ValueError: it can't be run; `cannot_run` says it in words.
    """
    return subprocess.Popen(  # noqa: S603 - the operator's own program, no shell
        argv,
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        env=environment(),
        cwd="/",
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process's whole group, unless it ended by itself and was waited for; let go of its pipes."""
    if process.returncode is None:
        # Not yet waited for, so its number can't have gone to another group.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            # What a broken pipe did not take is flushed once more by closing.
            with suppress(OSError):
                pipe.close()


def feed(argv: Sequence[str], data: bytes, seconds: float, clock: Clock, stopping: threading.Event) -> int:
    """Run a program with `data` on its standard input, for so many seconds at most; return how it ended.

    Blocks: in a loop call it through a thread. A program that doesn't read everything is judged by its status too.

    Raises:
        TimeoutError: it did not end in time, or before `stopping` was set, and was killed.
        OSError, ValueError: it can't be run.
    """
    deadline = clock.monotonic() + seconds
    process = start(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    pause = _FIRST_PAUSE
    try:
        while not _has_ended(process):
            data = _fed(process, data)
            left = deadline - clock.monotonic()
            if left <= 0 or stopping.wait(min(pause, left)):
                raise TimeoutError
            pause = min(pause * 2, _LONGEST_PAUSE)
    finally:
        end(process)
    return process.returncode


def cannot_run(error: OSError | ValueError) -> str:
    """Return why a program could not be started."""
    return f"it can't be run: {getattr(error, 'strerror', None) or 'not a program'}"


def how_it_ended(status: int) -> str:
    """Return in words how a program ended; negative: by a signal."""
    return f"it ended with status {status}" if status >= 0 else f"signal {-status} ended it"


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    # Looked at without taking note of it: as long as nobody did, its number still means its group, which `end` kills.
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _fed(process: subprocess.Popen[bytes], data: bytes) -> bytes:
    """Write what the pipe takes now, and close it after the last byte; return what is left."""
    pipe = process.stdin
    if pipe is None or pipe.closed:
        return b""
    os.set_blocking(pipe.fileno(), False)
    try:
        left = data[os.write(pipe.fileno(), data) :]
    except BlockingIOError:
        return data
    except BrokenPipeError:
        left = b""
    if not left:
        pipe.close()
    return left
