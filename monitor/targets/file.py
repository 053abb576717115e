"""A file that is replaced whole: where the flag always is."""

from datetime import timedelta
from pathlib import Path

from glasswatch import files
from glasswatch.sidethread import SideThread
from monitor.errors import PublishFailed
from monitor.model.record import FlagDocument
from monitor.settings.publish import PLACEHOLDER, FileTargetSettings
from monitor.targets.context import TargetContext

DEADLINE = timedelta(seconds=5)


def make(settings: FileTargetSettings, _context: TargetContext) -> "FileTarget":
    """Return the target. Nothing is written."""
    return FileTarget(settings.label, settings.file)


class FileTarget:
    """A `monitor.ports.FlagTarget`. `{platform}` in its path stands for the platform's name.

    The file holds exactly the document's bytes, no newline, so that its SHA-256 is the document's.
    """

    def __init__(self, name: str, path: Path, deadline: timedelta = DEADLINE) -> None:
        self.name = name
        self._path = path
        self._deadline = deadline
        self._thread = SideThread(f"flag {name}")

    async def publish(self, document: FlagDocument) -> None:
        """Replace the file, whole or not at all, synced to the disk.

        Raises:
            PublishFailed: the disk refused or didn't answer in time. After the latter it may still do it, later; the
                next document is written after that, never before.
        """
        path = Path(str(self._path).replace(PLACEHOLDER, document.platform))
        data = document.jws.encode("ascii")
        try:
            await self._thread.run(lambda: files.replace(path, data), self._deadline)
        except TimeoutError:
            seconds = self._deadline.total_seconds()
            raise PublishFailed(f"{path}: the disk did not answer within {seconds:g} s") from None
        except OSError as error:
            raise PublishFailed(f"{path}: {error.strerror or error}") from error

    async def aclose(self) -> None:
        """Nothing is held open."""
