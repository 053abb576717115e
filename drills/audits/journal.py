"""The journal of systemd, asked through `journalctl` for what came since the run began.

What `journalctl` says on standard error (that it does not see all entries, that there is no journal) means that not
all could be read.
"""

from datetime import UTC, datetime
from typing import Any, Final

from drills import tethered
from drills.rules.audit import Entry, Reading, began_of, is_named
from drills.settings.actions.expect_audit import JournaldAuditSettings
from glasswatch import programs, strict_json
from glasswatch.errors import NotMeasured

_SLACK_SECONDS: Final = 2
_DIGITS: Final = 17  # of microseconds until the year 5138
_BYTE: Final = 256


class JournalSource:
    """Looks into the journal."""

    def __init__(self, settings: JournaldAuditSettings, made: datetime) -> None:
        self._settings = settings
        self._made = made

    async def look(self, run: str, seconds: float) -> Reading:
        """Return the entries of a run.

        Raises:
            NotMeasured: it can't be asked, or has more than is read.
        """
        since = int((began_of(run) or self._made).timestamp()) - _SLACK_SECONDS
        where = (f"--directory={self._settings.directory}",) if self._settings.directory else ()
        options = ("--no-pager", "--output=json", "--output-fields=MESSAGE", f"--since=@{since}", *where)
        argv = (self._settings.program, *options, *self._settings.matches)
        try:
            ended = await tethered.run(argv, b"", {}, seconds)
        except TimeoutError:
            raise NotMeasured(f"journalctl did not end within {seconds:g} s, and was killed") from None
        except tethered.TooMuch:
            raise NotMeasured("the journal has more entries than are read: expected matches that fit fewer") from None
        if ended.status != 0 or ended.left:
            raise NotMeasured(f"journalctl: {programs.how_it_ended(ended.status)}")
        found = [_entry(line, run) for line in ended.stdout.splitlines()]
        lacks = "journalctl says that it may not see all entries" if ended.stderr.strip() else ""
        return Reading(tuple(each for each in found if each is not None), lacks)


def _entry(line: bytes, run: str) -> Entry | None:
    try:
        record: Any = strict_json.parse(line)
    except ValueError:
        return None
    text = _text(record.get("MESSAGE")) if isinstance(record, dict) else ""
    if not is_named(text, run):
        return None
    return Entry(text, None, _at(record.get("__REALTIME_TIMESTAMP")))


def _text(message: object) -> str:
    """Return a message; one that is no UTF-8 comes as a list of bytes."""
    if isinstance(message, list) and all(isinstance(each, int) and 0 <= each < _BYTE for each in message):
        return bytes(message).decode("utf-8", "replace")
    return message if isinstance(message, str) else ""


def _at(microseconds: object) -> datetime | None:
    if not isinstance(microseconds, str) or not microseconds.isdecimal() or len(microseconds) > _DIGITS:
        return None
    return datetime.fromtimestamp(int(microseconds) / 1_000_000, UTC)
