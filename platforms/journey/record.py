"""The record, for as long as one way takes, out or back, with what is left of the time that it may take.

A store of ours that is slow must not make the platform look slow, and must not hold up an attempt for ever: what isn't
on record within `RECORD_SECONDS` in all couldn't be put there.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Final, TypeVar

from platforms.errors import NotKept
from platforms.journey.model import Opening
from platforms.journey.ports import Book

RECORD_SECONDS: Final = 5.0
_SLOW: Final = f"the record did not answer within {RECORD_SECONDS:g} s"

_T = TypeVar("_T")


class Record:
    """A book within bounds. `own`: seconds that it took so far."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.own = 0.0

    async def keep(self, opening: Opening) -> None:
        """See `Book`."""
        await self._in_time(self._book.keep(opening))

    async def openings(self) -> Sequence[Opening]:
        """See `Book`."""
        return await self._in_time(self._book.openings())

    async def _in_time(self, work: Coroutine[Any, Any, _T]) -> _T:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(RECORD_SECONDS - self.own):
                return await work
        except TimeoutError:
            raise NotKept(_SLOW) from None
        finally:
            self.own += loop.time() - began
