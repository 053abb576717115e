"""Times the phases of an attempt.

Rules:
- One phase runs at a time; entering the next ends the one before.
- A phase that comes again (a redirect, an interim answer) adds up. A phase that was cut short counts with the time
  it took, so that the phases of an attempt that ran into its deadline say where the time went.
- A phase that never began is absent.
- `ours` names what of our own (a proxy) is waited for, if it is: a deadline that passes meanwhile says nothing about
  the server.
- `awaited` names what is waited for within a phase, where the phase alone does not say it (a turn of a dialogue).
"""

from collections.abc import Mapping
from enum import StrEnum

from glasswatch.clock import Clock


class Phase(StrEnum):
    """The parts of an exchange, in their order."""

    RESOLVE = "resolve"  # name to address; absent for a numeric host
    CONNECT = "connect"  # TCP handshake
    TLS = "tls"  # TLS handshake and verification; absent without TLS
    PROCESSING = "processing"  # request sent to first byte of the answer
    TRANSFER = "transfer"  # first to last byte of the answer


class Stopwatch:
    """Adds up the seconds spent in each phase."""

    __slots__ = ("_begun", "_ended", "_read", "_running", "_since", "_spent", "awaited", "ours")

    def __init__(self, clock: Clock) -> None:
        self._read = clock.monotonic
        self._begun = self._read()
        self._spent: dict[Phase, float] = {}
        self._running: Phase | None = None
        self._since = 0.0
        self._ended: float | None = None
        self.ours: str | None = None
        self.awaited: str | None = None

    @property
    def running(self) -> Phase | None:
        """The phase that runs now; None before the first and after `stop`."""
        return self._running

    @property
    def elapsed(self) -> float:
        """Seconds since the watch was made, until it was finished."""
        return (self._read() if self._ended is None else self._ended) - self._begun

    def enter(self, phase: Phase) -> None:
        """Begin a phase, ending the one that runs."""
        now = self._read()
        self._add(now)
        self._running, self._since = phase, now

    def stop(self) -> None:
        """End the phase that runs."""
        self._add(self._read())
        self._running = None

    def finish(self) -> None:
        """End the phase that runs, and the time that counts: what follows is ours."""
        self.stop()
        self._ended = self._read()

    def phases(self) -> Mapping[str, float]:
        """Return seconds by phase so far, the running one included."""
        if self._running is not None:
            self.enter(self._running)
        return {str(phase): seconds for phase, seconds in self._spent.items()}

    def _add(self, now: float) -> None:
        if self._running is not None:
            self._spent[self._running] = self._spent.get(self._running, 0.0) + now - self._since
