"""Whether a run can be gone on with by its journal, or what is wrong with it: missing, empty, unreadable, changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from drills.errors import JournalUnreadable, RunUnknown
from drills.journal import reading, traces
from drills.model.event import Entry
from drills.rules.results import opened_in


@dataclass(frozen=True, slots=True)
class Soundness:
    """A journal as far as it holds, and what is wrong with it; `why` is empty where nothing is.

    `is_empty`: nothing stands in it, nor beside it, that would tell of a run.
    """

    entries: Sequence[Entry]
    why: str = ""
    is_empty: bool = False


def soundness(directory: Path) -> Soundness:
    """Return whether the journal of a run can be gone on with.

    Raises:
        RunUnknown: no run is, or was, in this directory.
    """
    try:
        found = reading.read(directory)
    except RunUnknown:
        if not traces.is_run(directory):
            raise
        return Soundness((), "its journal is missing", is_empty=not traces.had_journal(directory))
    except JournalUnreadable as fault:
        return Soundness((), str(fault))
    if found.problem is not None:
        why = f"line {found.problem.line} of its journal: {found.problem.what}: `drill verify` says more"
        return Soundness(found.entries, why)
    if opened_in(found.entries) is None:
        return Soundness((), "its journal is empty", is_empty=not traces.was_begun(directory))
    return Soundness(found.entries)
