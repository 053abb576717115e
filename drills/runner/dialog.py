"""A person at the run's own terminal is asked, line by line. Waiting for a line holds up nothing else.

A terminal that is gone, or whose input ends, answers nothing any more: another terminal still can.
"""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from drills.runner.requests import Word

_PIECE: Final = 4096
_YES: Final = frozenset({"y", "yes"})
_NO: Final = frozenset({"n", "no"})


class Lines:
    """Lines that are typed at a terminal."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""

    async def next(self) -> str:
        """Return the next line. It may never come."""
        loop = asyncio.get_running_loop()
        while b"\n" not in self._rest:
            ready = loop.create_future()
            loop.add_reader(self._descriptor, _wake, ready)
            try:
                await ready
            finally:
                loop.remove_reader(self._descriptor)
            piece = b""
            with suppress(OSError):
                piece = os.read(self._descriptor, _PIECE)
            if not piece:
                await asyncio.Event().wait()  # nobody is there any more
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode("utf-8", "replace").strip()


def _wake(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)


class TerminalDialog:
    """Asks whether a step is confirmed, who says so, and what is to be noted. `show` writes a prompt."""

    def __init__(self, lines: Lines, show: Callable[[str], None], operator: str) -> None:
        self._lines = lines
        self._show = show
        self._operator = operator
        self._turn = asyncio.Lock()

    async def answer(self, step: str, ask: str) -> Word:
        """Ask, until there is an answer. Of several steps one is asked about at a time."""
        del ask  # it was said already, to all who watch
        async with self._turn:
            is_yes = await self._yes_or_no(f"{step}: is it so? [yes/no] ")
            self._show(f"{step}: who says so? [{self._operator}] ")
            person = (await self._lines.next()) or self._operator
            self._show(f"{step}: a note, or nothing: ")
            return Word(person, is_yes, await self._lines.next())

    async def _yes_or_no(self, prompt: str) -> bool:
        while True:
            self._show(prompt)
            word = (await self._lines.next()).lower()
            if word in _YES | _NO:
                return word in _YES
