"""What the entries of a log are worth to a step that looks for its own.

1. Only entries that name the run by its whole id are looked at: not one that is merely of the same time, and not one
   whose id merely begins alike. Sources see to that (`is_named`).
2. Such an entry counts if it holds whom and what it must name, as whole words, and all that must match. The decision
   is told by two patterns: an entry that fits both or neither says nothing of it.
3. An entry that counts passes. None fails, if all of the source could be read; else nobody can tell.
4. When it came is when it was seen, by our own clock: never too early. Where the scenario says that the entries' own
   time counts, it is that, unless it lies ahead of our clock or before the run.
5. Looked for in vain, for as long as that is asked: each look must have been a whole one, and none found an entry of
   which can't be told whether it is one. Entries of the run that are others are told.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from drills.model.step import Status
from drills.rules.answer import Pattern
from drills.rules.page import CLOCKS_APART, texts
from glasswatch.strict_json import find, is_same

_STARTED: Final = re.compile(r"-(\d{8}t\d{6})z-[a-z2-7]+$")
_ZONES: Final = (" UTC", " GMT", " Z")
_WORD: Final = "[A-Za-z0-9_-]"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry that names the run. `content`: its JSON, None where it is text alone. `at`: its own time.

    `is_statement`: it holds a statement that the run made, and not only who came.
    """

    text: str = field(repr=False)
    content: Any = field(default=None, repr=False)
    at: datetime | None = None
    is_statement: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found by one look. `lacks`: what of the source could not be read; empty where all of it was."""

    entries: Sequence[Entry] = ()
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What an entry must say was decided: `pattern` is found in one that does, `other` in one of the contrary."""

    name: str
    pattern: Pattern
    other: Pattern


@dataclass(frozen=True, slots=True)
class Place:
    """A place in an entry's JSON, as written and as steps, and the exact value there."""

    shown: str
    steps: Sequence[str | int]
    value: str | float | bool | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sought:
    """What makes an entry the one that is looked for. `named`: texts that it must hold, by what they are."""

    named: Mapping[str, str] = field(default_factory=dict, repr=False)
    places: Sequence[Place] = ()
    decision: Decision | None = None
    is_statement: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found, and when it came, where the entry's own time counts."""

    status: Status
    detail: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Times:
    """When the run began and when it was looked, and whether an entry's own time counts."""

    began: datetime | None
    now: datetime
    is_by_entry: bool = False


def judge(reading: Reading, sought: Sought, times: Times) -> Judged:
    """Return what one look is worth to a step that expects an entry."""
    lacking = [_lacks(entry, sought) for entry in reading.entries]
    ours = [entry for entry, lack in zip(reading.entries, lacking, strict=True) if not lack]
    if ours:
        return _found(ours, times)
    if reading.lacks:
        return Judged(Status.NOT_MEASURED, f"no entry of this run, but {reading.lacks}")
    if lacking:
        return Judged(Status.FAILED, f"{_entries(len(lacking))} of this run, but {lacking[0]}")
    return Judged(Status.FAILED, "no entry of this run")


def judge_absence(reading: Reading, sought: Sought) -> Judged:
    """Return what one look is worth to a step that expects no entry: passed means none so far."""
    lacking = [_lacks(entry, sought) for entry in reading.entries]
    if count := lacking.count(""):
        return Judged(Status.FAILED, f"{_entries(count)} of this run, expected none")
    if count := sum(_is_unclear(entry, sought) for entry in reading.entries):
        name = sought.decision.name if sought.decision else ""
        why = f"{_entries(count)} of this run of which can't be told: {name} and the contrary are said, or neither is"
        return Judged(Status.NOT_MEASURED, why)
    none = f"{_entries(len(lacking))} of this run, none that {_wanted(sought)}" if lacking else "no entry of this run"
    if reading.lacks:
        return Judged(Status.NOT_MEASURED, f"{none}, but {reading.lacks}")
    return Judged(Status.PASSED, none)


def is_named(content: object, run: str) -> bool:
    """Return whether a text, or any text of a JSON value, holds a run's whole id."""
    return any(run in text and holds(text, run) for text in texts(content))


def holds(text: str, word: str) -> bool:
    """Return whether a text holds another as a whole word: what stands around it belongs to no longer one."""
    before = rf"(?<!{_WORD})" if re.match(_WORD, word) else ""
    after = rf"(?!{_WORD})" if re.search(f"{_WORD}$", word) else ""
    return re.search(f"{before}{re.escape(word)}{after}", text) is not None


def began_of(run: str) -> datetime | None:
    """Return when a run began, which its id says; None for another kind of id."""
    found = _STARTED.search(run)
    try:
        return datetime.strptime(found[1], "%Y%m%dt%H%M%S").replace(tzinfo=UTC) if found else None
    except ValueError:
        return None


def instant(text: object) -> datetime | None:
    """Return a time that says its offset, or that it is UTC; None for any other: a zone is never guessed at."""
    if not isinstance(text, str):
        return None
    for zone in _ZONES:
        if text.endswith(zone):
            text = f"{text.removesuffix(zone)}+00:00"
    try:
        at = datetime.fromisoformat(text.strip())
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _found(ours: Sequence[Entry], times: Times) -> Judged:
    said = [entry.at for entry in ours if entry.at is not None]
    if not said:
        return Judged(Status.PASSED, f"{_entries(len(ours))} of this run; when, no entry says")
    first = min(said)
    detail = f"{_entries(len(ours))} of this run, the first of {_clock(first)} by its own clock"
    ahead = first - times.now
    if ahead > timedelta():
        return Judged(Status.PASSED, f"{detail}, which is {_seconds(ahead)} ahead of ours")
    if times.began is not None and first < times.began - CLOCKS_APART:
        return Judged(Status.PASSED, f"{detail}, which is {_seconds(times.began - first)} before the run began by ours")
    return Judged(Status.PASSED, f"{detail}, seen {_seconds(-ahead)} later", first if times.is_by_entry else None)


def _lacks(entry: Entry, sought: Sought) -> str:
    """Return what an entry lacks; empty: it counts."""
    if sought.is_statement and not entry.is_statement:
        return "it is no statement"
    held = (entry.text, *texts(entry.content))
    for what, text in sought.named.items():
        if not any(holds(each, text) for each in held):
            return f"it does not name the {what}"
    for place in sought.places:
        if not is_same(place.value, find(entry.content, place.steps)):
            return f"{place.shown} is not as expected"
    decision = sought.decision
    if decision is None:
        return ""
    says, denies = _said(entry, decision)
    if not says:
        return f"it does not say {decision.name}"
    return f"it says both {decision.name} and the contrary" if denies else ""


def _said(entry: Entry, decision: Decision) -> tuple[bool, bool]:
    """Return whether an entry says what was decided, and whether it says the contrary."""
    data = entry.text.encode("utf-8", "surrogatepass")
    return bool(decision.pattern.search(data)), bool(decision.other.search(data))


def _is_unclear(entry: Entry, sought: Sought) -> bool:
    """Whether an entry would count, if it said what was decided: it says both, or neither."""
    if sought.decision is None or _lacks(entry, replace(sought, decision=None)):
        return False
    says, denies = _said(entry, sought.decision)
    return says == denies


def _wanted(sought: Sought) -> str:
    """Return what an entry must do to count, as it is said of one."""
    wanted = ["is a statement"] if sought.is_statement else []
    wanted += [f"names the {what}" for what in sought.named]
    wanted += [f"has {place.shown} as expected" for place in sought.places]
    wanted += [f"says {sought.decision.name}"] if sought.decision else []
    return " and ".join(wanted)


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def _clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.1f} s"
