"""What Ctrl-C does to a command, from its first line to its last: it ends with 5, and never with a traceback.

- While a program loads (tens of milliseconds up to half a second) a `KeyboardInterrupt` may come out anywhere in an
  import, or be printed and lost. Nothing was begun by then, so there is nothing to clean up: the process ends at once.
- A command that SIGTERM and SIGHUP stop (`drill`) has those end it in the same way, until it takes them itself.
- What a command does after that is interrupted as Python does it, so that it can clean up.
- When it has its answer, Python's own end is cut short, and hides no worse answer than 5.

It imports nothing but what it needs to say so, because it comes first.
"""

import os
import signal
from contextlib import suppress
from types import FrameType

INTERRUPTED = 5  # `ExitCode.INTERRUPTED`, which would take an import


TOLD = (signal.SIGTERM, signal.SIGHUP)


class _End:
    """Ends the process at once."""

    def __init__(self, code: int) -> None:
        self._code = code

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        with suppress(OSError):  # nobody listens
            os.write(2, b"interrupted\n")
        os._exit(self._code)


def quickly(code: int = INTERRUPTED) -> None:
    """Have Ctrl-C end the process at once, from now on, with this exit code; and what `told` said."""
    end = _End(code)
    signal.signal(signal.SIGINT, end)
    for number in _ended_by():
        signal.signal(number, end)


def told() -> None:
    """Have SIGTERM and SIGHUP end the process as Ctrl-C does now, unless they are ignored."""
    for number in TOLD:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _End(INTERRUPTED))


def orderly() -> None:
    """Have Ctrl-C raise `KeyboardInterrupt`, from now on."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def ignored() -> None:
    """Have Ctrl-C do nothing, from now on; and what `told` said."""
    for number in (signal.SIGINT, *_ended_by()):
        signal.signal(number, signal.SIG_IGN)


def _ended_by() -> list[signal.Signals]:
    return [number for number in TOLD if isinstance(signal.getsignal(number), _End)]


class Loading:
    """Have Ctrl-C end the process at once for the length of a block that only imports.

    Where somebody else handles the signal, or outside the main thread, it changes nothing.
    """

    def __enter__(self) -> None:
        self._is_ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self._is_ours:
            try:
                quickly()
            except ValueError:  # not the main thread
                self._is_ours = False

    def __exit__(self, *_fault: object) -> None:
        if self._is_ours:
            orderly()
