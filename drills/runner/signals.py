"""Signals stop a run, and nothing more: clean-up follows, and a second or third signal does not cut it short.

- What is ignored (nohup, `&` in scripts) stays ignored. SIGUSR1 and SIGUSR2 would end a process that does not know
  them, and are taken for a wish to stop.
- Nobody reading our output (SIGPIPE) and a terminal that is gone (SIGHUP, EIO) are no reason to stop cleaning up.
- `held` has signals tell the run from before its loop begins until the process ends: one that comes so late that the
  run is over must not change the answer.
"""

import asyncio
import atexit
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from drills.runner.stop import Stop

SIGNALS: Final = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
)


def held(stop: Stop) -> None:
    """Have signals tell the run, from now on, wherever the process is."""

    def tell(number: int, _frame: FrameType | None) -> None:
        stop.tell(signal.Signals(number).name)

    heard = _heard()
    for number in heard:
        signal.signal(number, tell)
    # Python gives every signal that it hears back to the system as it ends, and the next would kill it then.
    atexit.register(_ignore, [number for number in heard if number is not signal.SIGINT])  # that one is `ending`'s


def _ignore(numbers: Iterable[signal.Signals]) -> None:
    for number in numbers:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def stopping(stop: Stop) -> Iterator[None]:
    """Have signals stop the run, within the block, in the running loop. After it they do what they did before."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _heard()}
    for number in before:
        loop.add_signal_handler(number, stop.tell, number.name)
    # Writing for nobody fails by itself, and is let go of; it must not end the process.
    pipe = signal.signal(signal.SIGPIPE, signal.SIG_IGN) if before else None
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
        if before:
            signal.signal(signal.SIGPIPE, pipe)


def _heard() -> list[signal.Signals]:
    if threading.current_thread() is not threading.main_thread():  # Python hands signals to no other
        return []
    return [number for number in SIGNALS if signal.getsignal(number) not in (signal.SIG_IGN, None)]
