"""Journals of runs on disk, as a run would have left them."""

from datetime import timedelta
from pathlib import Path

from drills.journal.codec import Stamp, encode
from drills.journal.reading import JOURNAL
from drills.model.event import Event
from glasswatch.chain import GENESIS
from glasswatch.chainlines import write
from tests.drills.report import sample


def journal(directory: Path, name: str, events: tuple[Event, ...], days: int = 0) -> Path:
    """Write a run's journal, a second and a half from entry to entry; return its directory."""
    place = directory / name
    place.mkdir(parents=True)
    prev, lines = GENESIS, b""
    for seq, event in enumerate(events, 1):
        at = sample.START + timedelta(days=days, seconds=1.5 * (seq - 1))
        line, prev = write(prev, seq, encode(Stamp(name, at, 1500 * (seq - 1), "one"), event))
        lines += line
    (place / JOURNAL).write_bytes(lines)
    return place
