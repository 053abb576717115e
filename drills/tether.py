"""Runs one program so that nothing of it outlives the drill: `python -I -S tether.py CONTROL REPORT PROGRAM ARGUMENT…`.

It is run as a file, by a Python without site packages, so it uses the standard library alone and starts in a moment.

- CONTROL is the reading end of a pipe. A byte on it starts the program; its end, which also comes when the drill was
  killed, ends everything.
- REPORT is the writing end of another. One line goes there: `cannot ERRNO`, `exit STATUS` or `signal NUMBER`; a second
  one, `left PID…`, where something could not be ended.
- What the program starts, and leaves running in whatever group or session, becomes ours (Linux), and is killed once
  the program ends. If this process itself is killed, so is the program.
"""

import ctypes
import os
import select
import signal
import sys
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PR_SET_CHILD_SUBREAPER = 36
_PAUSE = 0.005
_ROUNDS = 1000
_CANNOT = 127
_PARENT = 1  # of the fields behind the name in /proc/PID/stat


def main(argv: list[str]) -> int:
    """Wait for the byte, run the program, end what is left of it."""
    control, report, program = int(argv[0]), int(argv[1]), argv[2:]
    for descriptor in (control, report):
        os.set_inheritable(descriptor, False)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    if not os.read(control, 1):
        return 0
    child = _started(program, report)
    _wait(control, child)
    left = _end_all(child, report)
    if left:
        _say(report, f"left {' '.join(map(str, sorted(left)))}")
    return 0


def _prctl(option: int, value: int) -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _say(report: int, line: str) -> None:
    # Nobody may listen any more, and what is to be done is to be done all the same.
    with suppress(OSError):
        os.write(report, f"{line}\n".encode())


def _started(program: list[str], report: int) -> int:
    us = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == us:
            for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and programs would go on to
                signal.signal(number, signal.SIG_DFL)
            os.execv(program[0], program)  # noqa: S606 - the scenario's own command line
    except (OSError, ValueError) as error:
        _say(report, f"cannot {getattr(error, 'errno', 0)}")
    finally:
        os._exit(_CANNOT)


def _wait(control: int, child: int) -> None:
    """Return when the program has ended, or the control's other end is closed."""
    waiting = select.poll()
    waiting.register(control, select.POLLIN | select.POLLHUP)
    ended = os.pidfd_open(child) if hasattr(os, "pidfd_open") else None
    if ended is not None:
        waiting.register(ended, select.POLLIN)
        waiting.poll()
        return
    while os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None and not waiting.poll(20):
        pass


def _end_all(program: int, report: int) -> set[int]:
    """Kill whatever is below us until nothing is; report the program's own end; return what could not be ended."""
    _kill(program)  # nobody has taken note of its end yet, so its number is its own
    asked = set[int]()
    for _ in range(_ROUNDS):
        if not _reaped(program, report):
            return set()
        asked = _children() or asked
        for child in asked:
            _kill(child)
        select.select([], [], [], _PAUSE)
    return asked


def _reaped(program: int, report: int) -> bool:
    """Take note of everybody who ended; return whether anybody is left."""
    while True:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if child == 0:
            return True
        if child == program:
            how = f"exit {os.WEXITSTATUS(status)}" if os.WIFEXITED(status) else f"signal {os.WTERMSIG(status)}"
            _say(report, how)


def _kill(child: int) -> None:
    # It may have ended, or not be ours to end, which is reported.
    with suppress(ProcessLookupError, PermissionError):
        os.kill(child, signal.SIGKILL)


def _children() -> set[int]:
    try:
        return {int(pid) for pid in Path("/proc/thread-self/children").read_text("ascii").split()}
    except OSError:
        return _children_by_parent()


def _children_by_parent() -> set[int]:
    """Look at every process; for kernels that don't list children."""
    us, found = os.getpid(), set[int]()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[_PARENT]) == us:
            found.add(int(path.parent.name))
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
