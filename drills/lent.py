"""Lends a program files that it is to read or write, and that nobody finds afterwards, however we end.

They are in memory, and go with us (Linux). Elsewhere they are private files that are taken away: SIGKILL leaves them.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True, slots=True)
class Lent:
    """A file that is lent. `path`: what other processes open it by."""

    path: Path
    _file: IO[bytes]

    def read(self, most: int) -> bytes:
        """Return what stands in it now, at most so many bytes."""
        self._file.seek(0)
        return self._file.read(most)


@contextmanager
def lent(name: str, content: bytes = b"") -> Iterator[Lent]:
    """Lend one for the length of a block."""
    with _opened(name) as file:
        file.write(content)
        file.flush()
        yield Lent(Path(file.name) if isinstance(file.name, str) else Path(f"/proc/{os.getpid()}/fd/{file.name}"), file)


def _opened(name: str) -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create(name, os.MFD_CLOEXEC), "w+b")
    return tempfile.NamedTemporaryFile(prefix="glasswatch-drill-")
