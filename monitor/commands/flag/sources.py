"""What readers of the flag read: documents and orders from files or standard input, all within one time-limit.

An order's file that is not there is no order and no alarm: that is how a machine looks on every other day. One that is
there and can't be read is an alarm, and no order.
"""

import io
import sys
from pathlib import Path
from typing import TextIO

from glasswatch.clock import Clock
from glasswatch.flag import disk
from glasswatch.flag.errors import Refusal, Refused, plain
from glasswatch.flag.jws import MAX_BYTES
from glasswatch.flag.order import MAX_FILE_BYTES, OrderLines, lines_of

STDIN = "-"


class Sources:
    """Files to be read before an instant; whatever comes after a slow one has a little time too."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ends_at = clock.monotonic() + disk.READ_SECONDS

    def document(self, name: str) -> bytes | Refused:
        """Return what a document holds, or why it could not be had."""
        try:
            return self._read(name, MAX_BYTES)
        except (OSError, ValueError) as error:
            return _unreadable(name, error)

    def order(self, name: str) -> OrderLines | Refused | None:
        """Return the lines of a file of orders, or why it could not be had; None where there is no such file."""
        try:
            return lines_of(name, self._read(name, MAX_FILE_BYTES))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            return _unreadable(name, error)

    def _read(self, name: str, limit: int) -> bytes:
        left = max(self._ends_at - self._clock.monotonic(), disk.LEAST_SECONDS)
        if name != STDIN:
            return disk.read(Path(name), limit, self._clock, left).data
        stdin: TextIO | None = sys.stdin  # None where a program was started with it closed
        if stdin is None:
            raise OSError("standard input is closed")
        try:
            descriptor = stdin.fileno()
        except io.UnsupportedOperation:
            return stdin.buffer.read(limit + 1)
        return disk.drain(descriptor, limit, self._clock, left)


def _unreadable(name: str, error: OSError | ValueError) -> Refused:
    why = getattr(error, "strerror", None) or error
    return Refused(Refusal.UNREADABLE, f"{plain(name)}: can't be read: {why}")
