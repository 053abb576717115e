"""Entries of a journal to their bodies and back.

A body holds `run`, `at`, `mono`, `boot` and `kind` (the event's class in snake_case) beside the event's own fields.
All fields are written, also those at their default. Read back strictly: a kind or a field that this version doesn't
know was written by a newer one, and what is missing or of another type is no entry of ours. None of it is guessed at.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, cast, get_args

from drills.errors import JournalUnreadable
from drills.model.event import Entry, Event, Head
from glasswatch import chain, codec
from glasswatch.canonical import MOST

_RFC3339: Final = "%Y-%m-%dT%H:%M:%S.%fZ"
_AT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
KINDS: Final[Mapping[str, type[Any]]] = {
    re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in get_args(Event)
}
_NAMES: Final = {kind: name for name, kind in KINDS.items()}
_COMMON: Final = ("run", "at", "mono", "boot", "kind")


class Stamp(NamedTuple):
    """What the journal adds to an event: whose it is, and when it was."""

    run: str
    at: datetime
    mono: int
    boot: str


def encode(stamp: Stamp, event: Event) -> dict[str, object]:
    """Return the body of an entry.

    Raises:
        TypeError, ValueError: the event holds what could not be read back.
    """
    fields = cast("dict[str, object]", codec.encode(event))
    at = f"{stamp.at.astimezone(UTC):{_RFC3339}}".rjust(27, "0")  # the year has four digits
    return {"run": stamp.run, "at": at, "mono": stamp.mono, "boot": stamp.boot, "kind": _NAMES[type(event)], **fields}


def decode(link: chain.Entry) -> Entry:
    """Return the entry whose body was read.

    Raises:
        JournalUnreadable: it is none of this version; the message names the entry, and never its values.
    """
    fields = dict(link.body)
    run, at, mono, boot, kind = (fields.pop(name, None) for name in _COMMON)
    try:
        event = codec.decode(_kind(kind), fields)
        return Entry(Head(link.seq, link.hash), _text("run", run), _at(at), _mono(mono), _text("boot", boot), event)
    except codec.Mismatch as mismatch:
        problem = mismatch.line
    raise JournalUnreadable(
        f"entry {link.seq} can't be read: {problem}: it is no journal of ours, or a newer version wrote it"
    )


def _kind(value: object) -> type[Any]:
    if not isinstance(value, str) or value not in KINDS:
        raise codec.Mismatch(".kind: not known to this version")
    return KINDS[value]


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise codec.Mismatch(f".{name}: expected text")
    return value


def _mono(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MOST:
        raise codec.Mismatch(".mono: expected a whole number of milliseconds")
    return value


def _at(value: object) -> datetime:
    try:
        if isinstance(value, str) and _AT.fullmatch(value):
            return datetime.fromisoformat(value)
    except ValueError:
        pass
    raise codec.Mismatch(".at: expected a time such as 2026-03-01T03:00:00.000000Z")
