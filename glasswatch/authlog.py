"""One line in the system's log for every attempt at break-glass, written before anything else is tried.

Rules:
- Facility authpriv, straight to syslog's socket: unlike the C library's call it says when nobody listens there.
- One line of `key=value`, values quoted where they hold more than plain characters; nothing in it can start a second
  line or pass for another key.
- It never waits longer than `WAIT_SECONDS`: a stuck syslog must not keep anybody from their access.
"""

import errno
import os
import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

SOCKET: Final = Path("/dev/log")
WAIT_SECONDS: Final = 0.05
MAX_BYTES: Final = 2000

_AUTHPRIV: Final = 10 << 3
_NOTICE: Final = 5
_WARNING: Final = 4
_PLAIN: Final = re.compile(r"[A-Za-z0-9._:@/+-]+")


def line(values: Mapping[str, object]) -> str:
    """Return the values as one line, without those that are None or empty."""
    shown = (f"{key}={_quoted(str(value))}" for key, value in values.items() if value not in (None, ""))
    return " ".join(shown)


def write(values: Mapping[str, object], *, is_loud: bool = False, at: Path = SOCKET) -> None:
    """Write an attempt to the system's log; `is_loud`: as a warning.

    Raises:
        OSError: nobody listens there, or it is stuck.
    """
    priority = _AUTHPRIV | (_WARNING if is_loud else _NOTICE)
    message = f"<{priority}>glasswatch[{os.getpid()}]: break-glass attempt {line(values)}".encode()[:MAX_BYTES]
    try:
        _send(socket.SOCK_DGRAM, at, message)
    except OSError as fault:
        if fault.errno != errno.EPROTOTYPE:
            raise
        _send(socket.SOCK_STREAM, at, message + b"\0")


def _send(kind: socket.SocketKind, at: Path, message: bytes) -> None:
    with socket.socket(socket.AF_UNIX, kind) as link:
        link.settimeout(WAIT_SECONDS)
        link.connect(str(at))
        with suppress(OSError):
            link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * MAX_BYTES)
        link.sendall(message)


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    escaped = (rf"\u{ord(each):04x}" if not each.isprintable() or each in '"\\' else each for each in text)
    return f'"{"".join(escaped)}"'
