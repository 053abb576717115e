"""Makes entries of what a log holds: bounded, and showing everything they hold."""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import re2

from glasswatch import visible
from monitor.model.watch import LogEntry

GROUPS: Final = ("at", "person", "second", "target", "id")
_ZONES: Final = (" UTC", " GMT", " Z")
_LONGEST: Final = 128
_LONGEST_TARGET: Final = 255

Parse = Callable[[str, str], LogEntry | None]
"""Makes an entry of a line and of what tells it from all others; None: it is no access."""


def entry_id(*parts: str) -> str:
    """Return the id of an entry: the same whenever it is read."""
    return f"log-{hashlib.sha256(chr(0).join(parts).encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def by_pattern(pattern: str) -> Parse:
    """Return what reads lines by a pattern with named groups."""
    compiled = re2.compile(pattern)

    def parse(line: str, key: str) -> LogEntry | None:
        found = compiled.search(line)
        return None if found is None else made_of(found.groupdict(), entry_id(key, line))

    return parse


def made_of(given: Mapping[str, str | None], name: str) -> LogEntry:
    """Return an entry of what was found under the names of `GROUPS`."""
    return LogEntry(
        id=name,
        at=instant(given.get("at")),
        person=_fit(given.get("person"), _LONGEST),
        target=_fit(given.get("target"), _LONGEST_TARGET),
        attempt=_fit(given.get("id"), _LONGEST),
        second=_fit(given.get("second"), _LONGEST),
    )


def instant(text: str | None) -> datetime | None:
    """Return the time that a log writes with its offset, or as UTC, GMT or Z; None for any other.

    A time of an unknown zone isn't guessed at: the entry is then of when it was read.
    """
    if text is None:
        return None
    for zone in _ZONES:
        if text.endswith(zone):
            text = f"{text.removesuffix(zone)}+00:00"
    with suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(text.strip())
        return at.astimezone(UTC) if at.tzinfo is not None else None
    return None


def _fit(text: str | None, longest: int) -> str | None:
    return (visible.line(text)[:longest].strip() or None) if text else None
