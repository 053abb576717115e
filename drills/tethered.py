"""Runs programs that die with the drill, through `drills.tether`.

Rules:
- No shell; PATH, HOME and LANG are all the environment there is, and what the caller adds; the directory is /.
- Whatever a program started ends when it ends, when it is over its time, when the caller is cancelled and when the
  drill is killed: also what put itself into a group or session of its own. When `run` returns or raises, it has ended.
- Output is bounded: of standard output more than that ends the program, of standard error the rest is left out.
"""

import asyncio
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from glasswatch import programs
from glasswatch.errors import NotMeasured

LARGEST_OUTPUT: Final = 1024 * 1024
LARGEST_INPUT: Final = 32 * 1024  # a pipe takes it whole, so that nobody has to wait for who doesn't read
LARGEST_ERRORS: Final = 64 * 1024
_PAUSE: Final = 0.005
_ROUNDS: Final = 1200  # 6 s: longer than a tether tries to end something
_PIECE: Final = 64 * 1024
_TETHER: Final = Path(__file__).with_name("tether.py")  # run as a file, and never imported here


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: `status` negative by a signal. `left` are processes that could not be ended."""

    status: int
    stdout: bytes = field(repr=False)
    stderr: bytes = field(repr=False)
    left: tuple[int, ...] = ()


class Pipe(Protocol):
    """What can be read by its number."""

    def fileno(self) -> int:
        """Return it."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


class NotStarted(NotMeasured):
    """A program can't be run: nothing of it was."""


class TooMuch(NotMeasured):
    """A program printed more than is read."""


def found(name: str) -> str:
    """Return the path of a program that is looked up in PATH.

    Raises:
        NotMeasured: it isn't there.
    """
    path = shutil.which(name)
    if path is None:
        raise NotMeasured(f"{name} is not installed: it was looked for in PATH")
    return path


async def run(argv: Sequence[str], data: bytes, environment: Mapping[str, str], seconds: float) -> Ended:
    """Run a program with `data` on its standard input.

    Raises:
        TimeoutError: it did not end in time, and was killed.
        NotStarted: it can't be run.
        NotMeasured: it printed too much, or nobody knows how it ended.
    """
    with ExitStack() as stack:
        running = _Running(stack, argv, data, environment)
        async with asyncio.timeout(seconds):
            await running.over()
        return running.ended()


class _Running:
    """One program, from its start to its end, which comes with the stack's at the latest."""

    def __init__(self, stack: ExitStack, argv: Sequence[str], data: bytes, environment: Mapping[str, str]) -> None:
        control, self._control = _pipe(stack)
        reported, report = _pipe(stack)
        given, giving = _pipe(stack)
        _write_whole(giving, data)
        tethered = (sys.executable, "-I", "-S", str(_TETHER), str(control.number), str(report.number))
        self._process = subprocess.Popen(  # noqa: S603 - the scenario's own program, no shell
            (*tethered, *argv),
            stdin=given.number,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**programs.environment(), **environment},
            cwd="/",
            start_new_session=True,
            pass_fds=(control.number, report.number),
        )
        stack.callback(self._end)
        for theirs in (control, report, given):
            theirs.close()
        self._out = _ear(stack, self._process.stdout, LARGEST_OUTPUT, is_whole=True)
        self._errors = _ear(stack, self._process.stderr, LARGEST_ERRORS)
        self._report = _ear(stack, reported, LARGEST_ERRORS)
        self._report.done.add_done_callback(self._tether_is_gone)
        with suppress(BrokenPipeError):
            os.write(self._control.number, b"g")

    async def over(self) -> None:
        """Return when everything has ended."""
        await asyncio.gather(self._out.done, self._errors.done, self._report.done)

    def ended(self) -> Ended:
        """Return how it ended.

        Raises:
            NotStarted: it could not be run.
            NotMeasured: nobody knows.
        """
        lines = [line.split() for line in self._report.data.decode("ascii", "replace").splitlines()]
        said = {word: tuple(int(each) for each in numbers) for word, *numbers in reversed(lines)}
        if "cannot" in said:
            (number,) = said["cannot"]
            raise NotStarted(
                f"the program was not started: {programs.cannot_run(OSError(number, os.strerror(number)))}"
            )
        if "exit" not in said and "signal" not in said:
            raise NotMeasured("how the program ended is not known")
        status = said["exit"][0] if "exit" in said else -said["signal"][0]
        return Ended(status, bytes(self._out.data), bytes(self._errors.data), said.get("left", ()))

    def _end(self) -> None:
        """Have everything end, however far it is, and wait for that."""
        self._control.close()
        for _ in range(_ROUNDS):
            # Looked at without taking note of it, so that its number goes on meaning its group.
            if os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                break
            select.select([], [], [], _PAUSE)
        self._kill_group()
        self._process.wait()

    def _tether_is_gone(self, reported: "asyncio.Future[None]") -> None:
        if not reported.cancelled():
            self._kill_group()

    def _kill_group(self) -> None:
        """Kill whatever is left of the group, should the tether have been killed itself."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


class _End:
    """One end of a pipe, closed once: its number may soon be another's."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._is_open = True

    def fileno(self) -> int:
        """Return its number."""
        return self.number

    def close(self) -> None:
        """Close it, unless it is closed."""
        if self._is_open:
            self._is_open = False
            os.close(self.number)


class _Ear:
    """Takes what comes out of a pipe, up to so many bytes. `is_whole`: more than that is a fault."""

    def __init__(self, pipe: Pipe, most: int, *, is_whole: bool) -> None:
        self.data = bytearray()
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self._loop.create_future()
        self._pipe = pipe
        self._most = most
        self._is_whole = is_whole
        os.set_blocking(pipe.fileno(), False)
        self._loop.add_reader(pipe.fileno(), self._hear)

    def close(self) -> None:
        """Hear no more."""
        self._loop.remove_reader(self._pipe.fileno())
        self._pipe.close()
        self.done.cancel()

    def _hear(self) -> None:
        try:
            piece = os.read(self._pipe.fileno(), _PIECE)
        except BlockingIOError:
            return
        left = self._most - len(self.data)
        self.data += piece[:left]
        if len(piece) > left and self._is_whole and not self.done.done():
            self.done.set_exception(TooMuch(f"the program printed more than {self._most >> 10} KiB"))
        if not piece:
            self._loop.remove_reader(self._pipe.fileno())
            if not self.done.done():
                self.done.set_result(None)


def _pipe(stack: ExitStack) -> tuple[_End, _End]:
    reading, writing = (_End(number) for number in os.pipe())
    stack.callback(reading.close)
    stack.callback(writing.close)
    return reading, writing


def _ear(stack: ExitStack, pipe: Pipe | None, most: int, *, is_whole: bool = False) -> _Ear:
    if pipe is None:
        raise RuntimeError("the program has no such pipe")
    ear = _Ear(pipe, most, is_whole=is_whole)
    stack.callback(ear.close)
    return ear


def _write_whole(pipe: _End, data: bytes) -> None:
    """Write what the program is to read, and close the pipe."""
    os.set_blocking(pipe.number, False)
    try:
        written = os.write(pipe.number, data) if data else 0
    except BlockingIOError:
        written = -1
    pipe.close()
    if written != len(data):
        raise NotMeasured("the program was not started: its input is larger than a pipe takes")
