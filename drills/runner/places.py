"""Where a run's directory is, and whether a process works on it."""

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

from drills.errors import RunUnknown
from drills.journal.files import LOCK
from drills.journal.reading import JOURNAL
from drills.model.event import Closed, Entry
from drills.rules import course
from drills.settings.root import DrillFile


def directory_of(run: str, settings: DrillFile) -> Path:
    """Return the directory of a run.

    Raises:
        RunUnknown: there is none of that name.
    """
    directory = settings.drill.directory / run
    if not run or "/" in run or run.startswith(".") or not (directory / JOURNAL).exists():
        raise RunUnknown("there is no run of that name in drill.directory: `drill list --runs` names them")
    return directory


def is_worked_on(directory: Path) -> bool:
    """Whether a process works on a run: it holds its lock."""
    try:
        descriptor = os.open(directory / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def wait_until_free(directory: Path) -> None:
    """Return when no process works on a run any more. Blocks."""
    try:
        descriptor = os.open(directory / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def closed_in(entries: Sequence[Entry]) -> Closed | None:
    """Return what closed a run; None where nothing did, or where it was taken up again since."""
    return course.closed_in([entry.event for entry in entries])
