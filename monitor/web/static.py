"""Keeps the status page as a file, for when this monitor's address can't be reached.

1. Written anew at each request, whole or not at all; requests that come while one is being written become one.
2. A page that can't be made or written is said so in the log and tried again after a while, or at the next request:
   what only shows the monitor never ends it.
3. What it shows is true when it was written and says so: ask at each change, and at each renewal of the flag, so that
   the flag's end on it does not lie behind the real one.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from glasswatch import files
from glasswatch.sidethread import SideThread

_RETRY_SECONDS = 10.0
_WITHIN = timedelta(seconds=5)

_log = logging.getLogger("glasswatch.web")


class StaticPage:
    """Writes the page to `path`. `render` returns it as HTML, as of now."""

    def __init__(self, path: Path, render: Callable[[], Awaitable[str]], retry_seconds: float = _RETRY_SECONDS) -> None:
        self._path = path
        self._render = render
        self._retry_seconds = retry_seconds
        self._wanted = asyncio.Event()
        self._thread = SideThread("status page")  # a disk that hangs must not hold up the end of the process

    def request(self) -> None:
        """Have the file written soon. Never blocks; repeated calls become one."""
        self._wanted.set()

    async def run(self) -> None:
        """Write whenever asked, until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            if not await self.write():
                await self._wait_before_retry()

    async def write(self) -> bool:
        """Write the file now; say whether it worked."""
        try:
            page = await self._render()
            await self._thread.run(lambda: files.replace(self._path, page.encode()), _WITHIN)
        except OSError as error:
            fields = {"path": str(self._path), "error": error.strerror or type(error).__name__}
            _log.warning("status_page_unwritable", extra={"fields": fields})
            return False
        except Exception:  # noqa: BLE001 - what only shows the monitor never ends it
            _log.exception("status_page_failed")
            return False
        return True

    async def _wait_before_retry(self) -> None:
        try:
            async with asyncio.timeout(self._retry_seconds):
                await self._wanted.wait()
        except TimeoutError:
            self._wanted.set()
