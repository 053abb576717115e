"""What stands in a log: which lines make a record, and the entry that a record is, where it names the run.

1. A record of csvlog may have several lines, and begins with the server's time. A line that neither begins one nor goes
   on with one stands alone: where a file is begun in the middle of a record, it is the rest of what is older.
2. A record of the run's that can't be read raises: that nothing was found would say nothing.
3. PostgreSQL's entry is the run's own by the application's name, which a login has in its message alone. It is the
   statement itself where its message holds the mark that the action `sql` puts before each.
"""

import csv
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from drills.rules.audit import Entry, holds, instant, is_named
from glasswatch import strict_json

Parse = Callable[[str, str], Entry | None]
"""Makes an entry of a record and a run's id; None: it is not of that run. Raises `ValueError`: it can't be read."""

_LONGEST: Final = 1024 * 1024
_APPLICATION: Final = 22  # the columns of csvlog, which only grew at its end since PostgreSQL 9.0
_MESSAGE: Final = 13
_BEGINS: Final = re.compile(r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.\d]* [^ ,"]{1,40},')


class Lines:
    """Each line is a record."""

    def take(self, line: str) -> str | None:
        """Return the record that a line ends; None: it goes on."""
        return line


class CsvRecords:
    """Records of csvlog."""

    def __init__(self) -> None:
        self._open = ""

    def take(self, line: str) -> str | None:
        """Return the record that a line ends; None: it goes on.

        Raises:
            ValueError: it is too long.
        """
        if not self._open and not _BEGINS.match(line):
            return line
        record = f"{self._open}\n{line}" if self._open else line
        self._open = record if record.count('"') % 2 else ""
        if len(self._open) > _LONGEST:
            self._open = ""
            raise ValueError("a record of more than 1 MiB")
        return None if self._open else record


def of_text(line: str, run: str) -> Entry | None:
    """Return the entry that a line of text is."""
    if not is_named(line, run):
        return None
    return Entry(line, None, instant(line.partition(" ")[0]))


def of_json(line: str, run: str, at: Sequence[str | int] | None) -> Entry | None:
    """Return the entry that a line of JSON is; `at` is the place of its time."""
    content = _parsed(line, run)
    if content is None or not is_named(content, run):
        return None
    return Entry(line, content, instant(strict_json.find(content, at)) if at is not None else None)


def of_csvlog(record: str, run: str) -> Entry | None:
    """Return the entry that a record of csvlog is."""
    if run not in record:
        return None
    try:
        (row,) = csv.reader([f"{line}\n" for line in record.split("\n")], strict=True)
    except (csv.Error, ValueError):
        row = []
    if len(row) <= _APPLICATION:
        raise ValueError("a record that names the run and is no csvlog")
    if not _is_by(row[_APPLICATION], row[_MESSAGE], run):
        return None
    return Entry(record, None, instant(row[0]), is_statement=_is_marked(row[_MESSAGE], run))


def of_jsonlog(line: str, run: str) -> Entry | None:
    """Return the entry that a line of jsonlog is."""
    content = _parsed(line, run)
    message = content.get("message") if content is not None else None
    if content is None or not _is_by(content.get("application_name"), message, run):
        return None
    return Entry(line, None, instant(content.get("timestamp")), is_statement=_is_marked(message, run))


def of_stderr(line: str, run: str) -> Entry | None:
    """Return the entry that a line of PostgreSQL's standard error is."""
    if not is_named(line, run):
        return None
    return Entry(line, None, instant(" ".join(line.split(" ")[:3])), is_statement=_is_marked(line, run))


def _parsed(line: str, run: str) -> dict[str, Any] | None:
    """Return a line's object; None: it holds nothing of the run."""
    if run not in line:
        return None
    try:
        found = strict_json.parse(line.encode("utf-8", "replace"))
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    if is_named(line, run):
        raise ValueError("a line that names the run and is no JSON object")
    return None


def _is_by(application: object, message: object, run: str) -> bool:
    is_login = isinstance(message, str) and message.startswith("connection authorized: ")
    return application == run or (is_login and holds(str(message), f"application_name={run}"))


def _is_marked(message: object, run: str) -> bool:
    return isinstance(message, str) and f"/* glasswatch_run={run} */" in message
