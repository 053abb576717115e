"""Lends data a path, for libraries that read from files only. Nothing is left on the disk."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lent(data: bytes, name: str) -> Iterator[str]:
    """Lend the data a path while the context lasts: in memory where the system can, else in a file of its owner's."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create(name), "wb") as file:
            file.write(data)
            file.flush()
            yield f"/proc/self/fd/{file.fileno()}"
    else:
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            yield file.name
