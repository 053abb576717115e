"""Keeps the status page as a file, for when this monitor's address can't be reached.

1. Written anew at each request, whole or not at all; requests that come while one is being written become one. One
   that isn't urgent waits ten times as long as the last writing took, 10 s at most.
2. A page that can't be made or written is said so in the log and tried again after a while, or at the next request:
   what only shows the monitor never ends it.
3. What it shows is true when it was written and says so: ask at each change, and, without urgency, at each renewal of
   the flag, so that the flag's end on it does not lie far behind the real one.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from glasswatch import files
from glasswatch.sidethread import SideThread

_RETRY_SECONDS = 10.0
_REST = 10  # times what the last writing took
_LONGEST_REST_SECONDS = 10.0
_WITHIN = timedelta(seconds=5)

_log = logging.getLogger("glasswatch.web")


class StaticPage:
    """Writes the page to `path`. `render` returns it as HTML in UTF-8, as of now."""

    def __init__(
        self,
        path: Path,
        render: Callable[[], Awaitable[bytes]],
        retry_seconds: float = _RETRY_SECONDS,
        rest: float = _REST,
    ) -> None:
        self._path = path
        self._render = render
        self._retry_seconds = retry_seconds
        self._rest_per_second = rest
        self._wanted = asyncio.Event()
        self._hurried = asyncio.Event()
        self._thread = SideThread("status page")  # a disk that hangs must not hold up the end of the process

    def request(self, *, is_urgent: bool = True) -> None:
        """Have the file written soon, or at once. Never blocks; repeated calls become one."""
        self._wanted.set()
        if is_urgent:
            self._hurried.set()

    async def run(self) -> None:
        """Write whenever asked, until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            self._hurried.clear()
            began = asyncio.get_running_loop().time()
            if not await self.write():
                await self._wait_before_retry()
            else:
                await self._rest(asyncio.get_running_loop().time() - began)

    async def write(self) -> bool:
        """Write the file now; say whether it worked."""
        try:
            page = await self._render()
            await self._thread.run(lambda: files.replace(self._path, page), _WITHIN)
        except OSError as error:
            fields = {"path": str(self._path), "error": error.strerror or type(error).__name__}
            _log.warning("status_page_unwritable", extra={"fields": fields})
            return False
        except Exception:  # noqa: BLE001 - what only shows the monitor never ends it
            _log.exception("status_page_failed")
            return False
        return True

    async def _rest(self, took: float) -> None:
        """Let what isn't urgent gather, in proportion to what writing took."""
        try:
            async with asyncio.timeout(min(took * self._rest_per_second, _LONGEST_REST_SECONDS)):
                await self._hurried.wait()
        except TimeoutError:
            return

    async def _wait_before_retry(self) -> None:
        try:
            async with asyncio.timeout(self._retry_seconds):
                await self._wanted.wait()
        except TimeoutError:
            self._wanted.set()
