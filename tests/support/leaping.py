"""A deadline passes when a test says so: the running loop's clock leaps ahead.

For deadlines of asyncio in tests with real sockets. What must get through has a long deadline, which a machine that
stalls doesn't use up, and the test that must run into it doesn't wait for it. Every deadline that runs leaps, a test's
own too. Not for uvloop, whose clock is its own, nor for threads.
"""

import asyncio


def leap(seconds: float) -> None:
    """Make it so much later for everything that waits on the running loop's clock."""
    loop = asyncio.get_running_loop()
    before = loop.time
    loop.time = lambda: before() + seconds  # type: ignore[method-assign]  # the one way to set a real loop's clock
