"""Tells whoever waits at a terminal what is done; nobody else."""

import sys
from typing import Final, Self, TextIO

from glasswatch.clock import SystemClock

_EVERY_SECONDS: Final = 0.2


class Progress:
    """One line on standard error, written anew now and then, and gone at the end."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        stream: TextIO | None = sys.stderr  # None where the process was started with it closed
        self._stream = stream if stream is not None and stream.isatty() else None
        self._told_at = self._clock.monotonic()
        self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        self._write("")

    def tell(self, what: str, done: int) -> None:
        """Tell how much of something is done."""
        now = self._clock.monotonic()
        if self._stream is not None and now - self._told_at >= _EVERY_SECONDS:
            self._told_at = now
            self._write(f"{what}: {done:,}".replace(",", "\u202f"))

    def _write(self, line: str) -> None:
        if self._stream is not None and (line or self._width):
            self._stream.write(f"\r{line:<{self._width}}" + ("" if line else "\r"))
            self._stream.flush()
            self._width = len(line)
