r"""The `postgresql_log` watcher: finds logins of one role in a PostgreSQL server's log.

The server must say who logs in (`log_connections = on`). A login is a line whose message begins with
`connection authorized: user=ROLE`; a statement that merely quotes it is not one in the formats csv and json, where the
message is a field of its own. In stderr's format it must follow `LOG:`.
"""

import csv
import json
from collections.abc import Callable, Mapping
from typing import Final

import re2

from monitor.model.watch import LogEntry
from monitor.settings.watchers import PostgresqlLogWatcherSettings
from monitor.watchers.context import WatcherContext
from monitor.watchers.entries import Parse, entry_id, made_of
from monitor.watchers.file import FileSource

_MESSAGE_COLUMN: Final = 13  # of csvlog, the same since PostgreSQL 8.3
_TIME: Final = r"^(?:(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? (?:[A-Z]+|[+-]\d\d(?::?\d\d)?)) )?"

Taken = tuple[str | None, str]
"""When, and the message."""


def make(name: str, settings: PostgresqlLogWatcherSettings, context: WatcherContext) -> FileSource:
    """Return the source. Nothing is read yet."""
    del context
    if settings.format == "stderr":
        return FileSource(name, settings.path, _of_stderr(settings.role))
    return FileSource(name, settings.path, _of_fields(settings.role, _TAKE[settings.format]))


def _login(role: str) -> str:
    return rf"(?:replication )?connection authorized: user={re2.escape(role)}(?:\s|$)"


def _of_stderr(role: str) -> Parse:
    compiled = re2.compile(rf"{_TIME}.*?LOG:\s+{_login(role)}")

    def parse(line: str, key: str) -> LogEntry | None:
        found = compiled.search(line)
        return None if found is None else made_of(found.groupdict(), entry_id(key, line))

    return parse


def _of_fields(role: str, take: Callable[[str], Taken]) -> Parse:
    compiled = re2.compile(f"^{_login(role)}")

    def parse(line: str, key: str) -> LogEntry | None:
        at, message = take(line)
        return made_of({"at": at}, entry_id(key, line)) if compiled.search(message) else None

    return parse


def _from_csv(line: str) -> Taken:
    try:
        (row,) = csv.reader([line])
    except (csv.Error, ValueError):
        return None, ""
    return (row[0], row[_MESSAGE_COLUMN]) if len(row) > _MESSAGE_COLUMN else (None, "")


def _from_json(line: str) -> Taken:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None, ""
    if not isinstance(record, Mapping):
        return None, ""
    at, message = record.get("timestamp"), record.get("message")
    return (at if isinstance(at, str) else None), (message if isinstance(message, str) else "")


_TAKE: Final = {"csv": _from_csv, "json": _from_json}
