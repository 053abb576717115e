"""How our programs write their logs: one line an event, its name first, then its fields.

A log call gives a name and `extra={"fields": {...}}`; nothing is formatted into a sentence. As text, values are quoted
where they hold anything but plain characters, control characters are spelled out, and a traceback is indented, so that
no line can be forged by what a server sent. As JSON, each line is one object of ASCII, traceback and all.

There are two loggers: `glasswatch` tells what the program does, `glasswatch.probe` of single attempts, of which there
may be thousands a minute. Where stderr is the journal, each line begins with its priority (sd-daemon(3)).
"""

import json
import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from math import isfinite
from textwrap import indent
from typing import Any, Final, TextIO

_PLAIN = re.compile(r"[\w.:/+@-]+\Z", re.ASCII)
_PRIORITIES: Final = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG_PRIORITY: Final = 7

PROBE: Final = "glasswatch.probe"


class Form(StrEnum):
    """What a line looks like."""

    TEXT = "text"
    JSON = "json"


class Level(StrEnum):
    """From which level on events are told."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def number(self) -> int:
        """The level as `logging` has it."""
        return int(logging.getLevelNamesMapping()[self.value.upper()])


class LineFormatter(logging.Formatter):
    """`2026-03-01T03:00:00.000Z warning glasswatch.sight vantage_blind key=value`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one event as one line; a traceback follows on lines of its own."""
        pairs = "".join(f" {key}={_shown(value)}" for key, value in _fields(record).items())
        line = f"{_at(record)} {record.levelname.lower()} {record.name} {_line(record.getMessage())}{pairs}"
        return f"{line}\n{indent(self.formatException(record.exc_info), '  ')}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """One object a line: `at`, `level`, `logger`, `event`, `fields`, and `traceback` where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one event as one line."""
        shown: dict[str, object] = {
            "at": _at(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            "fields": {key: _value(value) for key, value in _fields(record).items()},
        }
        if record.exc_info:
            shown["traceback"] = self.formatException(record.exc_info)
        return json.dumps(shown, allow_nan=False)


class JournalFormatter(logging.Formatter):
    """Another formatter's lines, each with its priority before it."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines."""
        priority = next((number for level, number in _PRIORITIES if record.levelno >= level), _DEBUG_PRIORITY)
        return "\n".join(f"<{priority}>{line}" for line in self._inner.format(record).splitlines())


def is_journal(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Return whether a stream leads to the journal, as systemd says in `JOURNAL_STREAM`: device and inode."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environment.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def to_stderr(level: int = logging.INFO, form: Form = Form.TEXT, *, attempts: int = logging.WARNING) -> None:
    """Send this process's log to stderr, replacing what was set up before.

    `level` is from which on `glasswatch` tells, `attempts` from which on `glasswatch.probe` does: an attempt that was
    not good is information, one that was good a detail for debugging.
    """
    handler = logging.StreamHandler(sys.stderr)
    formatter: logging.Formatter = JsonFormatter() if form is Form.JSON else LineFormatter()
    handler.setFormatter(JournalFormatter(formatter) if is_journal(sys.stderr, os.environ) else formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("glasswatch").setLevel(level)
    logging.getLogger(PROBE).setLevel(attempts)


def _at(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fields(record: logging.LogRecord) -> dict[str, object]:
    fields: dict[str, object] = getattr(record, "fields", {})
    return fields


def _line(text: str) -> str:
    return text if text.isprintable() else json.dumps(text)[1:-1]


def _shown(value: object) -> str:
    plain = _value(value)
    text = ", ".join(map(str, plain)) if isinstance(plain, list) else str(plain)
    return text if _PLAIN.match(text) else json.dumps(text)


def _value(value: object) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return a field as JSON has it: instants in UTC, what isn't plain as its text."""
    if value is None or type(value) in (bool, int, str) or (type(value) is float and isfinite(value)):
        return value
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, (list, tuple)):
        return [_value(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): _value(each) for key, each in value.items()}
    return str(value)


@contextmanager
def on_stderr(level: int = logging.WARNING) -> Iterator[None]:
    """Send the log of a block to stderr: a command's, that would else show the bare names of events."""
    handler, root = logging.StreamHandler(sys.stderr), logging.getLogger()
    handler.setFormatter(LineFormatter())
    handler.setLevel(level)
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
