"""The break-glass procedure: read once at start, so that it can be shown when the wiki it stands in is down too.

Its text goes into pages and the static page; its hash goes into the flag, so that a reader can tell which text was
meant.
"""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from glasswatch.errors import ExitCode
from monitor.errors import MonitorError

LARGEST = 256 * 1024


class ProcedureUnreadable(MonitorError):
    """The procedure's file can't be read as text."""

    exit_code = ExitCode.INVALID


@dataclass(frozen=True, slots=True)
class Procedure:
    """Where people read it, what it says, and the SHA-256 of the file's bytes in lower-case hex."""

    url: str
    text: str
    sha256: str


def read(url: str, path: Path, platform: str) -> Procedure:
    """Read one platform's procedure.

    Raises:
        ProcedureUnreadable: the file is missing, unreadable, empty, too large or not UTF-8.
    """
    where = f"platforms.{platform}.procedure.file"
    try:
        with open(path, "rb", opener=_unblocked) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ProcedureUnreadable(f"{where}: {path} is not a regular file")
            data = file.read(LARGEST + 1)
    except OSError as fault:
        raise ProcedureUnreadable(f"{where}: {path} can't be read: {fault.strerror}") from fault
    if len(data) > LARGEST:
        raise ProcedureUnreadable(f"{where}: {path} is larger than {LARGEST // 1024} KiB: expected a page of text")
    try:
        text = data.decode()
    except UnicodeDecodeError as fault:
        raise ProcedureUnreadable(f"{where}: {path} is not UTF-8 text") from fault
    if not text.strip():
        raise ProcedureUnreadable(f"{where}: {path} is empty: expected what people do when the platform is down")
    return Procedure(url, text, hashlib.sha256(data).hexdigest())


def _unblocked(path: str, flags: int) -> int:
    # Opening a pipe would wait for its other end.
    return os.open(path, flags | os.O_NONBLOCK)
