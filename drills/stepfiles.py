"""Reads the files that a step names: certificates, authorities, hosts' keys. Disks hang, and the run must not.

Each is read in a thread of its own, which a disk may hold up for as long as it likes: whoever waits gives up in time,
can be cancelled meanwhile, and the end of the process waits for no such thread.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

from glasswatch import plainfile
from glasswatch.errors import NotMeasured
from glasswatch.sidethread import SideThread

WITHIN: Final = timedelta(seconds=10)

T = TypeVar("T")


async def read(path: Path, what: str) -> bytes:
    """Return what a file holds; `what` it is, in words.

    Raises:
        NotMeasured: it can't be read, or not in time.
    """
    return await aside(lambda: plainfile.read(path), f"{what} {path}")


async def text(path: Path, what: str) -> str:
    """Return what a file says; see `read`. What is no UTF-8 in it is replaced."""
    return (await read(path, what)).decode("utf-8", "replace")


async def aside(work: Callable[[], T], what: str, within: timedelta = WITHIN) -> T:
    """Return what reading something gave.

    Raises:
        NotMeasured: it can't be read, or not in time.
        Whatever else `work` raises.
    """
    try:
        return await SideThread(what).run(work, within)
    except TimeoutError:
        raise NotMeasured(f"{what} can't be read: it took longer than {within.total_seconds():g} s") from None
    except OSError as fault:
        raise NotMeasured(f"{what} can't be read: {fault.strerror or fault}") from None
