"""Waiting for a condition, with a deadline, instead of sleeping and hoping."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], object], within: float = 20.0, every: float = 0.002) -> None:
    """Return as soon as the condition holds. Raises TimeoutError."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - what it asks about has no event
            await asyncio.sleep(every)
