"""What a run's directory tells beside its journal: whether there was a run, and whether anything of it was begun.

A journal that is missing or empty says nothing: its writer may have ended before the first line, or somebody took it
away. What lies beside it is believed as far as it speaks against "nothing was begun", and no further.
"""

from pathlib import Path
from typing import Final

from drills.journal.files import LOCK, OUTPUTS
from drills.journal.reading import JOURNAL

SCENARIO: Final = "scenario.yaml"
"""The copy of what ran, for people: put there once the journal is made, and before its first line."""
NO_RUN: Final = "lost+found"
"""What lies at the root of a file system, for its checker alone: no run has that name."""
_LATER: Final = ("report.*", "torn-*", "unsent.json", f"{OUTPUTS}/*")
"""What is there only once a journal held something."""


def is_run(directory: Path) -> bool:
    """Whether a directory is, or was, that of a run.

    Raises:
        OSError: it can't be looked into.
    """
    places = [directory / name for name in (JOURNAL, LOCK, SCENARIO)]
    return any(place.exists() or place.is_symlink() for place in places)


def had_journal(directory: Path) -> bool:
    """Whether a run had a journal: the scenario is put beside it once it is made.

    Raises:
        OSError: it can't be looked into.
    """
    return (directory / SCENARIO).exists() or was_begun(directory)


def was_begun(directory: Path) -> bool:
    """Whether a run's journal held something, whatever it holds now.

    Raises:
        OSError: it can't be looked into.
    """
    return any(True for pattern in _LATER for _ in directory.glob(pattern))
