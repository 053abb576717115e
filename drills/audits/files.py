"""Logs in files: read on from where they stood when the run began, however they are rotated (`glasswatch.tail`).

- Made before the run's first step, a source remembers where the file ends: what is older is not of this run. A file
  that was not there, or that could not be looked at, is read from its start.
- Each look reads what came since the last one. What was found stays found.
- A line that is cut, a file that was rotated away unread, and more than `MOST_PARTS` MiB in one look are told: then
  that nothing was found says nothing.
- PostgreSQL's directory of logs is read whole: each file with the format's ending that was written since the run began.
"""

import asyncio
import csv
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from drills.rules.audit import Entry, Reading, began_of, holds, instant, is_named
from drills.settings.actions.expect_audit import FileAuditSettings, PostgresqlLogAuditSettings
from glasswatch import strict_json, tail
from glasswatch.errors import NotMeasured
from glasswatch.settings.json_path import parse

MOST_PARTS: Final = 64  # of 1 MiB each
MOST_ENTRIES: Final = 1000
_LONGEST_RECORD: Final = 1024 * 1024
_APPLICATION: Final = 22  # the columns of csvlog, which only grew at its end since PostgreSQL 9.0
_MESSAGE: Final = 13
_SLACK_SECONDS: Final = 2.0
_ENDINGS: Final = {"csv": ".csv", "json": ".json", "stderr": ".log"}

Parse = Callable[[str, str], Entry | None]
"""Makes an entry of a record and a run's id; None: it is not of that run."""


@dataclass(slots=True)
class _Followed:
    """A file, how far it was read, and what was found. `open`: the beginning of a record that is not whole."""

    path: Path
    place: str | None = None
    entries: list[Entry] = field(default_factory=list)
    lacks: str = ""
    open: str = ""

    def start(self) -> None:
        """Remember where the file ends now."""
        try:
            _, self.place = tail.read(self.path, None)
        except OSError:
            self.place = tail.FROM_START


class FileSource:
    """Looks into one file."""

    def __init__(self, settings: FileAuditSettings) -> None:
        self._file = _Followed(settings.path)
        self._file.start()
        path = parse(settings.at) if settings.at is not None else None
        self._parse: Parse = (lambda line, run: _of_json(line, run, path)) if settings.format == "json" else _of_text

    async def look(self, run: str) -> Reading:
        """Return the entries of a run.

        Raises:
            NotMeasured: it can't be read.
        """
        return await asyncio.to_thread(_read_on, [self._file], self._parse, run)


class PostgresqlLogSource:
    """Looks into a PostgreSQL server's log: a file, or the directory that it is written to."""

    def __init__(self, settings: PostgresqlLogAuditSettings) -> None:
        self._settings = settings
        self._files: dict[Path, _Followed] = {}
        with suppress(NotMeasured):  # it is told when it is looked into
            self._files = {path: _Followed(path) for path in self._paths(None)}
        for each in self._files.values():
            each.start()
        self._parse = _PARSE[settings.format]

    async def look(self, run: str) -> Reading:
        """Return the entries of a run.

        Raises:
            NotMeasured: it can't be read.
        """
        return await asyncio.to_thread(self._look, run)

    def _look(self, run: str) -> Reading:
        path = self._settings.path
        found = self._paths(began_of(run))
        if not found and not path.is_dir():
            raise NotMeasured(f"{path}: can't be read")
        for each in found:
            self._files.setdefault(each, _Followed(each, tail.FROM_START))
        is_whole = self._settings.format != "csv"
        reading = _read_on([*self._files.values()], self._parse, run, is_whole=is_whole)
        return reading if self._files else Reading((), f"{path} holds no file that ends in {self._ending}")

    @property
    def _ending(self) -> str:
        return _ENDINGS[self._settings.format]

    def _paths(self, since: datetime | None) -> list[Path]:
        """Return the files of the log that were written since then."""
        path = self._settings.path
        if not path.is_dir():
            return [path]
        after = since.timestamp() - _SLACK_SECONDS if since is not None else 0.0
        try:
            with os.scandir(path) as entries:
                there = [each for each in entries if each.name.endswith(self._ending) and each.is_file()]
                return sorted(Path(each.path) for each in there if each.stat().st_mtime >= after)
        except OSError as fault:
            raise NotMeasured(f"{path}: can't be read: {fault.strerror or fault}") from None


def _read_on(files: Iterable[_Followed], parse_: Parse, run: str, *, is_whole: bool = True) -> Reading:
    found: list[Entry] = []
    lacks: list[str] = []
    for each in files:
        try:
            lack = _read(each, parse_, run, is_whole=is_whole)
        except OSError as fault:
            raise NotMeasured(f"{each.path}: can't be read: {fault.strerror or fault}") from None
        found += each.entries
        lacks += [lack or each.lacks] if lack or each.lacks else []
    return Reading(tuple(found[:MOST_ENTRIES]), "; ".join(dict.fromkeys(lacks)))


def _read(file: _Followed, parse_: Parse, run: str, *, is_whole: bool) -> str:
    """Read on to the end; return why that was not reached, this time."""
    quiet = 0
    for _ in range(MOST_PARTS):
        before = file.place
        if before is not None and not tail.is_there(file.path, before):
            file.lacks = f"{file.path} was rotated away or cut short before it was read to its end"
        lines, file.place = tail.read(file.path, before)
        for line in lines:
            _take(file, line.text, parse_, run, is_whole=is_whole)
        quiet = quiet + 1 if file.place == before and not lines else 0
        if quiet:
            return ""
    return f"{file.path} could not be read to its end in one go"


def _take(file: _Followed, line: str, parse_: Parse, run: str, *, is_whole: bool) -> None:
    if len(line.encode("utf-8", "replace")) >= tail.MAX_LINE - 2:
        file.lacks = f"{file.path} holds lines longer than {tail.MAX_LINE // 1024} KiB, which are not read whole"
    record = f"{file.open}\n{line}" if file.open else line
    if not is_whole and record.count('"') % 2:  # a record of csvlog may have several lines
        file.open = record if len(record) <= _LONGEST_RECORD else ""
        return
    file.open = ""
    entry = parse_(record, run)
    if entry is not None and len(file.entries) < MOST_ENTRIES:
        file.entries.append(entry)


def _of_text(line: str, run: str) -> Entry | None:
    if not is_named(line, run):
        return None
    return Entry(line, None, instant(line.partition(" ")[0]))


def _of_json(line: str, run: str, at: Any) -> Entry | None:  # noqa: ANN401 - steps of a path, or None
    content = _parsed(line) if run in line else None
    if content is None or not is_named(content, run):
        return None
    return Entry(line, content, instant(strict_json.find(content, at)) if at is not None else None)


def _parsed(line: str) -> Any:  # noqa: ANN401 - JSON
    try:
        found = strict_json.parse(line.encode("utf-8", "replace"))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _of_csvlog(record: str, run: str) -> Entry | None:
    if run not in record:
        return None
    try:
        (row,) = csv.reader([record], strict=True) if "\n" not in record else csv.reader(record.splitlines(True))
    except (csv.Error, ValueError):
        return None
    if len(row) <= _APPLICATION or not _is_by(row[_APPLICATION], row[_MESSAGE], run):
        return None
    return Entry(record, None, instant(row[0]))


def _of_jsonlog(line: str, run: str) -> Entry | None:
    content = _parsed(line) if run in line else None
    if content is None or not _is_by(content.get("application_name"), content.get("message"), run):
        return None
    return Entry(line, None, instant(content.get("timestamp")))


def _of_stderr(line: str, run: str) -> Entry | None:
    return Entry(line, None, instant(" ".join(line.split(" ")[:3]))) if is_named(line, run) else None


def _is_by(application: object, message: object, run: str) -> bool:
    """Return whether an entry is the run's own: by the application's name, which a login has in its message alone."""
    is_login = isinstance(message, str) and message.startswith("connection authorized: ")
    return application == run or (is_login and holds(str(message), f"application_name={run}"))


_PARSE: Final = {"csv": _of_csvlog, "json": _of_jsonlog, "stderr": _of_stderr}
