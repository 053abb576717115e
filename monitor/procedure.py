"""The break-glass procedure: read once at start, so that it can be shown when the wiki it stands in is down too.

Its text goes into pages and the static page; its hash goes into the flag, so that a reader can tell which text was
meant.
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic_core import PydanticCustomError

from glasswatch.errors import ExitCode
from glasswatch.settings.mistake import Place
from glasswatch.settings.shapes import PathShape
from monitor.errors import MonitorError

LARGEST = 256 * 1024


class ProcedureUnreadable(MonitorError):
    """The procedure's file can't be read as text. `why` doesn't name it."""

    exit_code = ExitCode.INVALID

    def __init__(self, platform: str, path: Path, why: str) -> None:
        super().__init__(f"platforms.{platform}.procedure.file: {path} {why}")
        self.why = why


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
    try:
        with open(path, "rb", opener=_unblocked) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ProcedureUnreadable(platform, path, "is not a regular file")
            data = file.read(LARGEST + 1)
    except OSError as fault:
        raise ProcedureUnreadable(platform, path, f"can't be read: {fault.strerror}") from fault
    if len(data) > LARGEST:
        why = f"is larger than {LARGEST // 1024} KiB: expected a page of text"
        raise ProcedureUnreadable(platform, path, why)
    try:
        text = data.decode()
    except UnicodeDecodeError as fault:
        raise ProcedureUnreadable(platform, path, "is not UTF-8 text") from fault
    if not text.strip():
        raise ProcedureUnreadable(platform, path, "is empty: expected what people do when the platform is down")
    return Procedure(url, text, hashlib.sha256(data).hexdigest())


def unreadable(sections: Mapping[str, object], directory: Path) -> Iterator[tuple[Place, str]]:
    """Yield where settings, as they were written, name a procedure's file that can't be read, and why.

    What isn't a path is left to the settings' own rules.
    """
    platforms = sections.get("platforms")
    for name, platform in platforms.items() if isinstance(platforms, Mapping) else ():
        procedure = platform.get("procedure") if isinstance(platform, Mapping) else None
        written = procedure.get("file") if isinstance(procedure, Mapping) else None
        if written is None:
            continue
        try:
            read("", PathShape().read_at(written, directory), name)
        except ProcedureUnreadable as fault:
            yield ("platforms", name, "procedure", "file"), fault.why
        except PydanticCustomError:
            continue


def _unblocked(path: str, flags: int) -> int:
    # Opening a pipe would wait for its other end.
    return os.open(path, flags | os.O_NONBLOCK)
