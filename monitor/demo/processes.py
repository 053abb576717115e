"""The demo's programs as child processes: started, waited for, watched, stopped. Nothing is left behind.

The rules:
1. Each child has a process group of its own, so that Ctrl-C in the terminal reaches us alone and we end them in order.
2. Each child ends by itself when we are killed (platforms/simulator/lifeline.py); its standard input is a pipe of ours.
3. Stopping goes last in, first out: SIGTERM to the group, `STOP_SECONDS` to end, SIGKILL to what is left of the group.
4. What a child writes to its standard output goes to its log and, line by line, to whoever asked; stderr to the log.
5. A child that ends before it was told to is a failure, named, with the end of its log.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO, Any, TypeVar

import monitor
from monitor.demo.errors import ChildFailed, LeftBehind

STOP_SECONDS = 8.0
_KILL_SECONDS = 5.0
_LONGEST_LINE = 1024 * 1024
_TAIL_BYTES = 4096
_TAIL_LINES = 12

OnLine = Callable[[str], None]
_Reached = TypeVar("_Reached")


def python(*arguments: str) -> tuple[str, ...]:
    """Return the command line that runs our code with this interpreter, whatever the current directory holds."""
    return (sys.executable, "-P", *arguments)


def environment() -> dict[str, str]:
    """Return our own environment, with the place our packages were found at first on the path."""
    root = str(Path(monitor.__file__).resolve().parent.parent)
    path = os.pathsep.join(each for each in (root, os.environ.get("PYTHONPATH", "")) if each)
    return {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


class Child:
    """One program of ours that runs, or ran."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.process = process
        self.log = log
        self.first_line: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.pump: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """Its process id, which is its group's too."""
        return self.process.pid

    def failure(self, what: str) -> ChildFailed:
        """Return the error that says what happened, with the end of the child's log."""
        with suppress(OSError):
            tail = self.log.read_bytes()[-_TAIL_BYTES:].decode("utf-8", "replace").splitlines()[-_TAIL_LINES:]
            lines = (f"{what}; the end of {self.log}:", *(f"  {line}" for line in tail))
            return ChildFailed(self.name, "\n".join(lines))
        return ChildFailed(self.name, what)

    def ended(self) -> ChildFailed:
        """Return the error for a child that ended on its own."""
        return self.failure(f"the {self.name} ended on its own ({_ending(self.process.returncode)})")

    async def reaches(self, condition: Awaitable[_Reached], seconds: float) -> _Reached:
        """Wait for a condition, for as long as the child lives and at most so many seconds.

        Raises:
            ChildFailed: it ended first, or did not get there in time.
        """
        wanted, over = asyncio.ensure_future(condition), asyncio.ensure_future(self.process.wait())
        try:
            await asyncio.wait((wanted, over), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if wanted.done():
                return wanted.result()
            if over.done():
                raise self.ended()
            raise self.failure(f"the {self.name} was not ready within {seconds:g} s")
        finally:
            for task in (wanted, over):
                task.cancel()

    async def ready_line(self, seconds: float) -> dict[str, str]:
        """Return the members of the ready line that are text. Raises `ChildFailed`."""
        line = await self.reaches(asyncio.shield(self.first_line), seconds)
        with suppress(ValueError):
            data = json.loads(line)
            if isinstance(data, dict) and data.get("event") == "ready":
                return {name: value for name, value in data.items() if isinstance(value, str)}
        raise self.failure(f"the {self.name} said something else than that it is ready")


class Processes:
    """All programs of one demo. Use as `async with`: on the way out, however that happens, all are stopped."""

    def __init__(self, logs: Path, stop_seconds: float = STOP_SECONDS) -> None:
        self._logs = logs
        self._stop_seconds = stop_seconds
        self._children: list[Child] = []

    async def start(self, name: str, argv: Sequence[str], on_line: OnLine | None = None) -> Child:
        """Start a program. Raises `ChildFailed` when it can't be."""
        log = self._logs / f"{name}.log"
        with log.open("ab", buffering=0) as file:
            try:
                process = await asyncio.create_subprocess_exec(
                    *argv,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=file,
                    env=environment(),
                    start_new_session=True,
                    limit=_LONGEST_LINE,
                )
            except OSError as error:
                raise ChildFailed(name, f"the {name} can't be started: {error.strerror}") from error
        child = Child(name, process, log)
        self._children.append(child)
        child.pump = asyncio.create_task(_pump(child, on_line), name=f"pump-{name}")
        return child

    async def watch(self) -> None:
        """Return never; raise `ChildFailed` as soon as one of the programs ends."""
        waits = {asyncio.ensure_future(child.process.wait()): child for child in self._children}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            raise waits[done.pop()].ended()
        finally:
            for wait in waits:
                wait.cancel()

    async def while_all_live(self, work: Coroutine[Any, Any, _Reached]) -> _Reached:
        """Do some work to its end. Raises `ChildFailed`, and cancels the work, as soon as a program ends."""
        working, watching = asyncio.create_task(work), asyncio.create_task(self.watch())
        try:
            await asyncio.wait((working, watching), return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                await watching
            return await working
        finally:
            working.cancel()
            watching.cancel()
            await asyncio.wait((working, watching))

    async def stop(self) -> None:
        """Stop all of them, last first. Raises `LeftBehind` when one survives even SIGKILL."""
        left: list[Child] = []
        while self._children:
            child = self._children[-1]
            if not await _stop(child, self._stop_seconds):
                left.append(child)
            self._children.pop()
        if left:
            names = ", ".join(f"{child.name} (process {child.pid})" for child in left)
            raise LeftBehind(f"could not be stopped, and still runs: {names}")


@asynccontextmanager
async def all_stopped(processes: Processes) -> AsyncIterator[Processes]:
    """Stop everything on the way out. A cancellation that comes meanwhile waits until that is done."""
    try:
        yield processes
    finally:
        stopping = asyncio.ensure_future(processes.stop())
        is_cancelled = False
        while not stopping.done():
            try:
                await asyncio.shield(stopping)
            except asyncio.CancelledError:
                is_cancelled = True
        stopping.result()
        if is_cancelled:
            raise asyncio.CancelledError


async def _stop(child: Child, seconds: float) -> bool:
    """Return whether nothing of the child's group is left."""
    _signal(child, signal.SIGTERM)
    is_over = await _over(child, seconds)
    _signal(child, signal.SIGKILL)
    is_over = is_over or await _over(child, _KILL_SECONDS)
    if child.process.stdin is not None:
        child.process.stdin.close()
    if child.pump is not None:
        _, late = await asyncio.wait((child.pump,), timeout=1.0)
        for task in late:
            task.cancel()
    return is_over


async def _over(child: Child, seconds: float) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(child.process.wait(), seconds)
    return child.process.returncode is not None


def _signal(child: Child, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


async def _pump(child: Child, on_line: OnLine | None) -> None:
    stream = child.process.stdout
    if stream is None:
        return
    with child.log.open("ab", buffering=0) as log:
        while line := await _line(stream):
            _keep(log, line)
            text = line.decode("utf-8", "replace").rstrip("\n")
            is_first = not child.first_line.done()
            if is_first:
                child.first_line.set_result(text)
            if on_line is not None and not (is_first and _is_ready_line(text)):
                on_line(text)


def _is_ready_line(text: str) -> bool:
    return text.startswith("{")  # JSON, for us and not for a person


async def _line(stream: asyncio.StreamReader) -> bytes:
    while True:
        try:
            return await stream.readline()
        except ValueError:  # longer than the limit: dropped, so that the child never waits for us
            continue


def _keep(log: IO[bytes], line: bytes) -> None:
    with suppress(OSError):  # a full disk must not stop the reading: the child would hang on a full pipe
        log.write(line)


def _ending(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exit code {code}"
    return f"signal {-code}"
