"""How our programs write their logs: one line an event, its name first, then its fields.

A log call gives a name and `extra={"fields": {...}}`; nothing is formatted into a sentence. Values are quoted where
they hold anything but plain characters, control characters are spelled out, and a traceback is indented, so that no
line can be forged by what a server sent.
"""

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from textwrap import indent

_PLAIN = re.compile(r"[\w.:/+@-]+\Z", re.ASCII)


class LineFormatter(logging.Formatter):
    """`2026-03-01T03:00:00.000Z warning glasswatch.sight vantage_blind key=value`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one event as one line; a traceback follows on lines of its own."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        fields: dict[str, object] = getattr(record, "fields", {})
        pairs = "".join(f" {key}={_shown(value)}" for key, value in fields.items())
        line = f"{at} {record.levelname.lower()} {record.name} {_line(record.getMessage())}{pairs}"
        return f"{line}\n{indent(self.formatException(record.exc_info), '  ')}" if record.exc_info else line


def _line(text: str) -> str:
    return text if text.isprintable() else json.dumps(text)[1:-1]


def _shown(value: object) -> str:
    text = str(value)
    return text if _PLAIN.match(text) else json.dumps(text)


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


def to_stderr(level: int = logging.INFO) -> None:
    """Send this process's log to stderr, replacing what was set up before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("glasswatch").setLevel(level)
