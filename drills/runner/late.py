"""How a run ended, made once more from its journal, for those who were never told: its process was killed before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from drills.earlier import spans_before
from drills.model.event import Closed, Entry, Head, Opened
from drills.model.step import Span
from drills.model.verdict import Verdict
from drills.ports import Closing
from drills.rules.untold import last_news, untold
from drills.rules.verdict import judge
from drills.runner.finish import closing_of
from drills.runner.unsent import UnsentFile


def end_of(entries: Sequence[Entry], before: Sequence[Mapping[Span, float]] = ()) -> tuple[Closing, Head] | None:
    """Return what the witnesses of a run are told of its end; None where it has none. `before`: see `judge`."""
    at = last_news(entries)
    closed = None if at is None else entries[at].event
    if at is None or not isinstance(closed, Closed):
        return None
    result = judge(entries[: at + 1], before)
    result = replace(result, verdict=Verdict(closed.verdict), why=closed.detail)
    return closing_of(result, closed.residue), entries[-1].head


async def keep_untold(directory: Path, entries: Sequence[Entry], names: Iterable[str]) -> None:
    """Have the end of a run wait for those of these who were never told of it; nothing where all were.

    Raises:
        OSError: it can't be kept.
    """
    opened = entries[0].event if entries else None
    left = untold(entries, names)
    if not left or not isinstance(opened, Opened):
        return
    run = entries[0].run
    end = end_of(entries, spans_before(directory.parent, run, opened.scenario, entries[0].at))
    if end is not None:
        for name in left:
            await UnsentFile(directory, run).keep(name, *end)
