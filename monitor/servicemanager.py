"""Tells the service manager how the monitor is (sd_notify(3)): one datagram each to the socket that it names.

A port of our own: the protocol is a few words on a Unix socket, and everything around it is ours to decide.

- Without `NOTIFY_SOCKET` nobody is told anything. An address that begins with `@` is an abstract socket's.
- Telling never waits and never fails: a manager that is gone, or doesn't read, must not hold up probing. What could not
  be told is logged once.
- `RELOADING=1` comes with the monotonic clock's reading, as `Type=notify-reload` asks.
- `WATCHDOG=1` is sent where the manager waits for it (`WATCHDOG_USEC`, of this process), three times as often as it has
  to be, and only when whoever calls says that the monitor lives.
"""

import logging
import os
import socket
from collections.abc import Mapping
from typing import Final

from glasswatch.clock import Clock

log = logging.getLogger("glasswatch.daemon")

_MICROSECONDS: Final = 1_000_000
_TIMES: Final = 3
_LONGEST: Final = 500  # characters of a status; it is one line for people


class ServiceManager:
    """Whoever started us as a service; nobody, if `environment` names none."""

    def __init__(self, environment: Mapping[str, str], clock: Clock) -> None:
        self._clock = clock
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self._every = _watchdog_seconds(environment)
        self._socket: socket.socket | None = None
        self._fed_at = float("-inf")
        self._status = ""
        self._has_failed = False

    @property
    def watchdog_seconds(self) -> float | None:
        """After how long without a sign of life it takes us for dead; None: never."""
        return self._every

    def ready(self) -> None:
        """The monitor watches; after a reload, again by the settings in force."""
        self._tell("READY=1")

    def reloading(self) -> None:
        """Settings are being reloaded."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={int(self._clock.monotonic() * _MICROSECONDS)}")

    def stopping(self) -> None:
        """The monitor is ending."""
        self._tell("STOPPING=1")

    def status(self, text: str) -> None:
        """Say in a line how it is; the same again is not told."""
        line = " ".join(text.split())[:_LONGEST]
        if line != self._status:
            self._status = line
            self._tell(f"STATUS={line}")

    def alive(self) -> None:
        """The monitor lives. Call it about once a second while that is so."""
        now = self._clock.monotonic()
        if self._every is not None and now - self._fed_at >= self._every / _TIMES:
            self._fed_at = now
            self._tell("WATCHDOG=1")

    def close(self) -> None:
        """Let go of the socket. Repeated calls do nothing."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _tell(self, text: str) -> None:
        if self._address is None:
            return
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
                self._socket.setblocking(False)
            self._socket.sendto(text.encode(), self._address)
        except OSError as fault:
            if not self._has_failed:
                fields = {"error": fault.strerror or type(fault).__name__}
                log.warning("service_manager_not_told", extra={"fields": fields})
            self._has_failed = True
        else:
            self._has_failed = False


def _address(named: str) -> str | None:
    """Return the socket's address as Python takes it; None where there is none that we know how to reach."""
    if named.startswith("@"):
        return "\0" + named[1:]
    return named if named.startswith("/") else None


def _watchdog_seconds(environment: Mapping[str, str]) -> float | None:
    microseconds, process = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not (microseconds.isascii() and microseconds.isdigit() and int(microseconds) > 0):
        return None
    if process and process != str(os.getpid()):
        return None
    return int(microseconds) / _MICROSECONDS
