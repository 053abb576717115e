"""Logs: one line an event, which nobody outside can forge."""

import json
import logging

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
