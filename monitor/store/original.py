"""Whether the database file is still the one that was opened.

A file that was deleted or replaced goes on taking writes from whoever has it open, and all of them are lost when the
last one closes it. Going on with what lies there instead would mix two histories, and making a new one would hide the
loss. So from then on nothing is written, until the file is back or the monitor is started again.
"""

from pathlib import Path

from monitor.errors import StoreUnavailable


class Original:
    """The file at a path, as it was when it was first opened. A look costs 2 µs, so there is one each transaction."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: tuple[int, int] | None = None

    def opened(self) -> None:
        """Remember the file; the first time counts."""
        if self._known is None:
            self._known = self._now()

    def check(self) -> None:
        """Look whether it is still there. Before it was opened any file is right, and none.

        Raises:
            StoreUnavailable: it is gone, or another file stands in its place.
        """
        if self._known is None or (now := self._now()) == self._known:
            return
        what = "was deleted or moved away" if now is None else "was replaced by another file"
        raise StoreUnavailable(
            f"the store {self._path} {what} while the monitor had it open, and takes no more: put the file back where "
            "it was, or restart the monitor to go on with what stands there now"
        )

    def forget(self) -> None:
        """Let any file be right again."""
        self._known = None

    def _now(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino
