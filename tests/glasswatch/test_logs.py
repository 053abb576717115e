"""Logs: one line an event, which nobody outside can forge."""

import io
import json
import logging
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from glasswatch import logs

FORGED = "x\n2026-03-01T03:00:00.000Z info glasswatch.flag lowered by=anna\r\x1b[2J"


def _line(message: str, **fields: object) -> str:
    record = logging.LogRecord("glasswatch.sight", logging.WARNING, __file__, 1, message, (), None)
    record.created = 1772334000.25
    record.fields = fields
    return logs.LineFormatter().format(record)


def test_an_event_is_one_line() -> None:
    """Time in UTC, level, name, event, then its fields as they were given."""
    assert _line("vantage_blind", since="03:00", hosts=2) == (
        "2026-03-01T03:00:00.250Z warning glasswatch.sight vantage_blind since=03:00 hosts=2"
    )


def test_a_value_that_is_not_plain_is_quoted() -> None:
    """So that its end can be seen, and its control characters can't act."""
    line = _line("event", why="it is down", empty="", hostile=FORGED)
    assert ' why="it is down" empty="" hostile=' in line
    assert line.count("\n") == 0
    assert "\x1b" not in line
    assert json.loads(line.partition("hostile=")[2]) == FORGED


def test_several_values_and_instants_are_shown_as_people_write_them() -> None:
    """Not as Python would."""
    at = datetime(2026, 3, 1, 4, tzinfo=timezone(timedelta(hours=1)))
    line = _line("event", told=["pager", "phone"], days=("first tuesday",), nobody=[], at=at)
    assert line.endswith(' event told="pager, phone" days="first tuesday" nobody="" at=2026-03-01T03:00:00Z')


def test_a_message_of_another_library_stays_one_line() -> None:
    """What asyncio or uvicorn say in sentences can't begin a line of ours."""
    line = _line(FORGED)
    assert "\n" not in line
    assert "\r" not in line
    assert "\x1b" not in line


def _fail() -> None:
    raise ValueError(FORGED)


def test_a_traceback_is_indented() -> None:
    """No line of it can be taken for an event, whatever the exception says."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - it is ours, from the line below
        _fail()
    fault = (caught.type, caught.value, caught.tb)
    record = logging.LogRecord("glasswatch.x", logging.ERROR, __file__, 1, "fault", (), fault)
    first, *rest = logs.LineFormatter().format(record).splitlines()
    assert first.endswith("error glasswatch.x fault")
    assert rest
    assert all(line.startswith("  ") for line in rest if line)


def test_it_goes_to_stderr_and_replaces_what_was_set_up(capsys: pytest.CaptureFixture[str]) -> None:
    """Twice set up is not twice said; other libraries are heard from warning on."""
    root, ours = logging.getLogger(), logging.getLogger("glasswatch")
    kept = root.handlers[:], root.level, ours.level
    try:
        logs.to_stderr()
        logs.to_stderr(logging.DEBUG)
        logging.getLogger("glasswatch.x").debug("once")
        logging.getLogger("somebody").info("not this")
        logging.getLogger("somebody").warning("this")
        said = capsys.readouterr()
    finally:
        root.handlers[:] = kept[0]
        root.setLevel(kept[1])
        ours.setLevel(kept[2])
    assert said.out == ""
    assert [line.split(" ", 1)[1] for line in said.err.splitlines()] == [
        "debug glasswatch.x once",
        "warning somebody this",
    ]


def _record(level: int, message: str, **fields: object) -> logging.LogRecord:
    record = logging.LogRecord("glasswatch.x", level, __file__, 1, message, (), None)
    record.created = 1772334000.25
    record.fields = fields
    return record


def test_as_json_an_event_is_one_object() -> None:
    """Numbers, truth and nothing stay what they are; all else is its text, and a hostile one can't begin a line."""
    line = logs.JsonFormatter().format(
        _record(logging.ERROR, FORGED, n=2, ok=True, none=None, nan=float("nan"), at="x")
    )
    assert "\n" not in line
    assert line.isascii()
    assert json.loads(line) == {
        "at": "2026-03-01T03:00:00.250Z",
        "level": "error",
        "logger": "glasswatch.x",
        "event": FORGED,
        "fields": {"n": 2, "ok": True, "none": None, "nan": "nan", "at": "x"},
    }


def test_as_json_lists_stay_lists_and_numbers_numbers() -> None:
    """A program that reads the log need not take text apart."""
    at = datetime(2026, 3, 1, 3, tzinfo=UTC)
    line = logs.JsonFormatter().format(_record(logging.INFO, "x", told=["pager"], seconds=1.5, days=(), at=[at]))
    assert json.loads(line)["fields"] == {
        "told": ["pager"],
        "seconds": 1.5,
        "days": [],
        "at": ["2026-03-01T03:00:00Z"],
    }


def test_as_json_a_traceback_is_a_member() -> None:
    """It stays in its line."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - it is ours
        _fail()
    fault = (caught.type, caught.value, caught.tb)
    record = logging.LogRecord("glasswatch.x", logging.ERROR, __file__, 1, "fault", (), fault)
    line = logs.JsonFormatter().format(record)
    assert "\n" not in line
    assert "ValueError" in json.loads(line)["traceback"]


@pytest.mark.parametrize(
    ("level", "priority"),
    [(logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.DEBUG, 7)],
)
def test_in_the_journal_every_line_has_its_priority(level: int, priority: int) -> None:
    """Those of a traceback too, so that none is taken for another's."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - it is ours
        _fail()
    record = _record(level, "fault")
    record.exc_info = (caught.type, caught.value, caught.tb)
    lines = logs.JournalFormatter(logs.LineFormatter()).format(record).splitlines()
    assert len(lines) > 1
    assert all(line.startswith(f"<{priority}>") for line in lines)


def test_the_journal_is_known_by_device_and_inode(tmp_path: Path) -> None:
    """As systemd names it; another stream, and one that is no file, is not it."""
    with (tmp_path / "log").open("w") as stream:
        status = os.fstat(stream.fileno())
        assert logs.is_journal(stream, {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
        assert not logs.is_journal(stream, {"JOURNAL_STREAM": f"{status.st_dev}:1"})
        assert not logs.is_journal(stream, {})
    assert not logs.is_journal(io.StringIO(), {"JOURNAL_STREAM": "1:1"})


def test_attempts_have_a_logger_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody is told of them unless asked; however much the other one tells."""
    before = [(each, each.level) for each in map(logging.getLogger, ("", "glasswatch", logs.PROBE))]
    handlers = logging.getLogger().handlers[:]
    try:
        logs.to_stderr(logging.DEBUG)
        logging.getLogger(logs.PROBE).info("attempt")
        logs.to_stderr(logging.ERROR, logs.Form.JSON, attempts=logging.INFO)
        logging.getLogger(logs.PROBE).info("attempt", extra={"fields": {"probe": "portal"}})
        logging.getLogger(logs.PROBE).debug("attempt")
        logging.getLogger("glasswatch.x").warning("event")
    finally:
        for each, level in before:
            each.setLevel(level)
        logging.getLogger().handlers[:] = handlers
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["fields"] == {"probe": "portal"}
