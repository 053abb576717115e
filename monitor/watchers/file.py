"""The `file` watcher: follows a file and finds accesses in its lines by a pattern."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from glasswatch import tail
from glasswatch.sidethread import SideThread
from monitor.errors import CannotSee
from monitor.model.watch import LogPart
from monitor.settings.watchers import FileWatcherSettings
from monitor.watchers.context import WatcherContext
from monitor.watchers.entries import Parse, by_pattern

WITHIN: Final = timedelta(seconds=5)


def make(name: str, settings: FileWatcherSettings, context: WatcherContext) -> "FileSource":
    """Return the source. Nothing is read yet."""
    del context
    return FileSource(name, settings.path, by_pattern(settings.pattern))


class FileSource:
    """A `monitor.ports.LogSource` over a file. A disk that hangs holds up its own thread, and nobody else."""

    def __init__(self, name: str, path: Path, parse: Parse) -> None:
        self._name = name
        self._path = path
        self._parse = parse
        self._thread = SideThread(f"watcher {name}")
        self._was_missing = False

    async def read(self, place: str | None) -> LogPart:
        """Return what was added since a place.

        Raises:
            CannotSee: the file isn't there, or can't be read.
        """
        since = tail.FROM_START if place is None and self._was_missing else place
        try:
            lines, after = await self._thread.run(lambda: tail.read(self._path, since), WITHIN)
        except TimeoutError:
            raise CannotSee(f"{self._path}: the disk does not answer") from None
        except OSError as fault:
            self._was_missing |= isinstance(fault, FileNotFoundError)
            raise CannotSee(f"{self._path}: {fault.strerror or 'not a file'}") from None
        parsed = (self._parse(line.text, f"{self._name} {line.key}") for line in lines)
        return LogPart(tuple(entry for entry in parsed if entry is not None), after)

    async def aclose(self) -> None:
        """Nothing is held open."""
