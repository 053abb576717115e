"""A line of JSON for each entry, as the journal has it: `seq` and `hash`, and the entry's body. For programs."""

import json
from collections.abc import Callable

from drills.journal.codec import Stamp, encode
from drills.model.event import Entry


class JsonScreen:
    """Writes a line of JSON for each entry; what is no entry has the kind `said`."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def wrote(self, entry: Entry) -> None:
        """Show an entry."""
        body = encode(Stamp(entry.run, entry.at, entry.mono, entry.boot), entry.event)
        self._line({"seq": entry.head.seq, "hash": entry.head.hash, **body})

    def say(self, line: str) -> None:
        """Show a line."""
        self._line({"kind": "said", "line": line})

    def tick(self) -> None:
        """Nothing: programs have a clock of their own."""

    def _line(self, row: dict[str, object]) -> None:
        self._write(f"{json.dumps(row)}\n")
