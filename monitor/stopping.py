"""How a command is told to stop: Ctrl-C, SIGTERM and SIGHUP alike, so that it cleans up whichever it is.

Who ends programs sends several in a row (a closed terminal, a service manager): the first one counts, and the others
must not cut the clean-up short. What is ignored (nohup, `&` in scripts) stays ignored.
"""

import asyncio
import signal
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from monitor.errors import Interrupted

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_T = TypeVar("_T")


async def interruptible(work: Coroutine[Any, Any, _T]) -> _T:
    """Do the work; told to stop, cancel it once and let it clean up: that has bounds of its own.

    Raises:
        Interrupted: it was told to stop, and has cleaned up.
    """
    task = asyncio.ensure_future(work)
    told: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        told.append(number)
        if len(told) == 1:
            task.cancel()

    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _heard()}
    for number in before:
        loop.add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if not told:
            raise
        raise Interrupted("interrupted") from None
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


@contextmanager
def as_ctrl_c() -> Iterator[None]:
    """Have SIGTERM and SIGHUP raise `KeyboardInterrupt` for the length of a block."""
    before = {number: signal.getsignal(number) for number in _heard() if number is not signal.SIGINT}
    for number in before:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _heard() -> list[signal.Signals]:
    if threading.current_thread() is not threading.main_thread():  # Python hands signals to no other
        return []
    return [number for number in _SIGNALS if signal.getsignal(number) not in (signal.SIG_IGN, None)]
