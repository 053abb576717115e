"""A program that is given the flag, for every place that we don't speak to ourselves.

- It reads the document from standard input and publishes it; status 0 says that it is out.
- `{platform}` in its arguments stands for the platform's name. No shell, little environment, its outputs thrown away
  (`glasswatch.programs`): a failure is told by its status alone.
- When it is over, or takes too long, everything in its process group is killed, and only then comes the next document
  of that platform: an older one never lands after a newer.
- Each platform has a thread of its own, so that a run that can't be ended holds up that platform alone.
"""

import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from glasswatch import programs
from glasswatch.clock import Clock
from glasswatch.sidethread import SideThread
from monitor.errors import PublishFailed
from monitor.model.record import FlagDocument
from monitor.settings.publish import PLACEHOLDER, CommandTargetSettings
from monitor.targets.context import TargetContext

ENDING = timedelta(seconds=1)  # what killing may take on top


def make(settings: CommandTargetSettings, context: TargetContext) -> "CommandTarget":
    """Return the target. Nothing is run."""
    return CommandTarget(settings, context.clock)


class CommandTarget:
    """A `monitor.ports.FlagTarget`."""

    def __init__(self, settings: CommandTargetSettings, clock: Clock) -> None:
        self.name = settings.label
        self._command = settings.command
        self._timeout = settings.timeout
        self._clock = clock
        self._threads: dict[str, SideThread] = {}
        self._running: set[str] = set()
        self._stopping = threading.Event()

    async def publish(self, document: FlagDocument) -> None:
        """Run the program once.

        Raises:
            PublishFailed: it could not be run, did not end in time, or ended otherwise than with 0.
        """
        program, *arguments = self._command
        argv = [program, *(word.replace(PLACEHOLDER, document.platform) for word in arguments)]
        thread = self._threads.setdefault(document.platform, SideThread(f"flag {self.name} {document.platform}"))
        try:
            status = await thread.run(lambda: self._run(argv, document), self._timeout + ENDING)
        except TimeoutError:
            seconds = self._timeout.total_seconds()
            raise PublishFailed(f"{program}: it did not end within {seconds:g} s") from None
        except (OSError, ValueError) as error:
            raise PublishFailed(f"{program}: {programs.cannot_run(error)}") from None
        if status != 0:
            raise PublishFailed(f"{program}: {programs.how_it_ended(status)}")

    async def aclose(self) -> None:
        """End what still runs: it must not publish when another monitor has taken over."""
        self._stopping.set()
        for platform in tuple(self._running):
            with suppress(TimeoutError, OSError):
                await self._threads[platform].run(lambda: None, ENDING)

    def _run(self, argv: Sequence[str], document: FlagDocument) -> int:
        self._running.add(document.platform)
        try:
            seconds = self._timeout.total_seconds()
            return programs.feed(argv, document.jws.encode("ascii"), seconds, self._clock, self._stopping)
        finally:
            self._running.discard(document.platform)
