"""Long work in Python done beside the event loop without starving it.

A thread that computes takes the interpreter from the loop again and again, for milliseconds each time. So the work is
done in short pieces, with pauses several times as long between them: it ends later, and nobody else is late.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator
from typing import Final, TypeVar

T = TypeVar("T")

PIECE_SECONDS: Final = 0.002
PAUSE_SECONDS: Final = 0.01

Work = Generator[None, None, T]


async def sparingly(work: Work[T], pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> T:
    """Do the work in a thread, and return what it returns. It yields wherever it may be interrupted."""
    while True:
        found = await asyncio.to_thread(_piece, work)
        if found:
            return found[0]
        await pause(PAUSE_SECONDS)


def _piece(work: Work[T]) -> tuple[T] | None:
    """Do as much as there is time for; return the result once there is one."""
    until = time.thread_time() + PIECE_SECONDS
    try:
        while time.thread_time() < until:
            next(work)
    except StopIteration as end:
        return (end.value,)
    return None
