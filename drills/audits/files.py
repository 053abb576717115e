"""Logs in files: read on from where they stood when the run began, however they are rotated (`glasswatch.tail`).

- Made before the run's first step, a source remembers where the file ends: what is older is not of this run. A file
  that was not there, or that could not be looked at, is read from its start.
- Each look reads what came since the last one. What was found stays found.
- A line that is cut, a record that can't be read, a file that was rotated away unread, more than `MOST_PARTS` MiB in
  one look and more than `MOST_ENTRIES` entries are told: then that nothing was found says nothing.
- PostgreSQL's directory of logs is read whole: each file with the format's ending that was written since the run began.
"""

import asyncio
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from drills.audits import records
from drills.audits.records import CsvRecords, Lines, Parse
from drills.rules.audit import Entry, Reading, began_of
from drills.settings.actions.expect_audit import FileAuditSettings, PostgresqlLogAuditSettings
from glasswatch import tail
from glasswatch.errors import NotMeasured
from glasswatch.settings.json_path import parse

MOST_PARTS: Final = 64  # of 1 MiB each
MOST_ENTRIES: Final = 1000
_SLACK_SECONDS: Final = 2.0
_ENDINGS: Final = {"csv": ".csv", "json": ".json", "stderr": ".log"}
_PARSE: Final = {"csv": records.of_csvlog, "json": records.of_jsonlog, "stderr": records.of_stderr}


@dataclass(slots=True)
class _Followed:
    """A file, how far it was read, and what was found."""

    path: Path
    parse: Parse
    place: str | None = tail.FROM_START
    entries: list[Entry] = field(default_factory=list)
    lacks: str = ""
    records: CsvRecords | Lines = field(default_factory=Lines)

    def start(self) -> None:
        """Remember where the file ends now; one that can't be read is read from its start."""
        with suppress(OSError):
            _, self.place = tail.read(self.path, None)


class FileSource:
    """Looks into one file."""

    def __init__(self, settings: FileAuditSettings) -> None:
        at = parse(settings.at) if settings.at is not None else None
        is_json = settings.format == "json"
        self._file = _Followed(settings.path, partial(records.of_json, at=at) if is_json else records.of_text)
        self._file.start()

    async def look(self, run: str) -> Reading:
        """Return the entries of a run.

        Raises:
            NotMeasured: it can't be read.
        """
        return await asyncio.to_thread(_read_on, [self._file], run)


class PostgresqlLogSource:
    """Looks into a PostgreSQL server's log: a file, or the directory that it is written to."""

    def __init__(self, settings: PostgresqlLogAuditSettings) -> None:
        self._settings = settings
        self._files: dict[Path, _Followed] = {}
        with suppress(NotMeasured):  # it is told when it is looked into
            self._files = {path: self._followed(path) for path in self._paths(None)}
        for each in self._files.values():
            each.start()

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
            self._files.setdefault(each, self._followed(each))
        reading = _read_on([*self._files.values()], run)
        return reading if self._files else Reading((), f"{path} holds no file that ends in {self._ending}")

    def _followed(self, path: Path) -> _Followed:
        of_lines = CsvRecords() if self._settings.format == "csv" else Lines()
        return _Followed(path, _PARSE[self._settings.format], records=of_lines)

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


def _read_on(files: Iterable[_Followed], run: str) -> Reading:
    found: list[Entry] = []
    lacks: list[str] = []
    for each in files:
        try:
            lack = _read(each, run)
        except OSError as fault:
            raise NotMeasured(f"{each.path}: can't be read: {fault.strerror or fault}") from None
        found += each.entries
        lacks += [lack or each.lacks] if lack or each.lacks else []
    if len(found) > MOST_ENTRIES:
        lacks.append(f"there are more than {MOST_ENTRIES} entries of it, and not all were looked at")
    return Reading(tuple(found[:MOST_ENTRIES]), "; ".join(dict.fromkeys(lacks)))


def _read(file: _Followed, run: str) -> str:
    """Read on to the end; return why that was not reached, this time."""
    quiet = 0
    for _ in range(MOST_PARTS):
        before = file.place
        if before is not None and not tail.is_there(file.path, before):
            file.lacks = f"{file.path} was rotated away or cut short before it was read to its end"
        lines, file.place = tail.read(file.path, before)
        for line in lines:
            _take(file, line.text, run)
        quiet = quiet + 1 if file.place == before and not lines else 0
        if quiet:
            return ""
    return f"{file.path} could not be read to its end in one go"


def _take(file: _Followed, line: str, run: str) -> None:
    if len(line.encode("utf-8", "replace")) >= tail.MAX_LINE - 2:
        file.lacks = f"{file.path} holds lines longer than {tail.MAX_LINE // 1024} KiB, which are not read whole"
    try:
        record = file.records.take(line)
        entry = file.parse(record, run) if record is not None else None
    except ValueError as fault:
        file.lacks = file.lacks or f"{file.path} holds {fault}"
        return
    if entry is not None and len(file.entries) <= MOST_ENTRIES:  # one more than is looked at tells that there are more
        file.entries.append(entry)
