"""Settings of maintenance: windows of a platform that are known ahead, once or again and again."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar, Final

from glasswatch.settings.duration import DurationShape
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shape import Shape
from glasswatch.settings.shapes import Name, Switch, TextShape
from glasswatch.settings.zone import ZoneShape
from monitor.model.maintenance import Calendar, Range, SettingsWindow
from monitor.rules import recurrence
from monitor.rules.windows import LEAST, LONGEST, LONGEST_SAID, too_long

_INSTANT: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_REASON: Final = TextShape("one line of at most 500 printable characters", r"(?=.*\S)[^\x00-\x1f\x7f-\x9f]{1,500}")


class InstantShape(Shape):
    """A time with its offset from UTC."""

    expected = "a time with its offset, such as 2026-12-05T22:00:00+01:00"
    json: ClassVar[Mapping[str, object]] = {"type": "string", "pattern": f"^{_INSTANT}$"}
    _text: ClassVar = TextShape(expected, _INSTANT)

    def read(self, value: object) -> datetime:
        """Return the instant in UTC."""
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value.astimezone(UTC)
        try:
            return datetime.fromisoformat(self._text.read(value).upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.wrong() from None


class DayShape(Shape):
    """A word that names days of the local calendar."""

    expected = "days such as daily, tuesday, first tuesday, last friday, 15 or last day"

    def read(self, value: object) -> str:
        """Return the word."""
        if isinstance(value, str) and value in recurrence.WORDS:
            return str(value)
        raise self.wrong()

    def schema(self) -> dict[str, object]:
        """Return the JSON Schema of a word; editors read an unquoted 15 as a number."""
        words = recurrence.WORDS
        return {"enum": [*words, *(int(word) for word in words if word.isdigit())]}


class WindowSettings(SettingsModel):
    """One window: once, with `start` and `end`, or again and again, with `days`, `at`, `lasts` and `timezone`."""

    expected: ClassVar[str] = "a mapping with start and end, or with days, at, lasts and timezone"

    reason: Annotated[str, _REASON]
    """Why, in one line: pages and the record say it."""
    start: Annotated[datetime, InstantShape()] | None = None
    """When it begins; of one that comes back, from when on it does."""
    end: Annotated[datetime, InstantShape()] | None = None
    """When it is over; of one that comes back, for good."""
    days: Annotated[tuple[Annotated[str, DayShape()], ...], Words("a list of days such as [tuesday, last day]")] = ()
    """Days on which it comes back, by the local calendar."""
    at: Annotated[str, TextShape("a time of day such as 02:00", recurrence.TIME_PATTERN)] | None = None
    """Local time of day at which it begins there."""
    lasts: Annotated[timedelta, DurationShape(at_least=LEAST, at_most=LONGEST_SAID)] | None = None
    """How long it lasts each time."""
    timezone: Annotated[str, ZoneShape()] | None = None
    """Whose days and times of day these are."""
    functions: Annotated[tuple[Name, ...], Words("a list of functions' names")] = ()
    """Functions that it is for."""
    probes: Annotated[tuple[Name, ...], Words("a list of probes' names")] = ()
    """Probes that it is for. With neither functions nor probes it is for the whole platform."""
    long: Switch = False
    """Whether it may last for more than 24 h at a time."""

    @finding("start", "end", "days", "at", "lasts", "timezone")
    def comes_once_or_again(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """One of two ways to say when, and all of it."""
        again = [name for name in ("days", "at", "lasts", "timezone") if name in given]
        wanted = ("days", "at", "lasts", "timezone") if again else ("start", "end")
        for name in wanted:
            if name not in given or (name == "days" and not self.days):
                text = "is required: expected start and end, or days, at, lasts and timezone"
                yield (name,), text if name not in given else "expected at least one day"

    @finding("start", "end")
    def ends_after_its_start(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Time runs forward."""
        if self.start is not None and self.end is not None and self.end <= self.start:
            yield ("end",), "expected a time after start"

    @finding("start", "end", "days", "lasts", "long")
    def is_no_longer_than_said(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What should end is not forgotten for days."""
        lasts, where = self.lasts, "lasts"
        if not self.days and self.start is not None and self.end is not None and self.end > self.start:
            lasts, where = self.end - self.start, "end"
        if lasts is None or too_long(lasts, is_long=self.long) is None:
            return
        most = "31 days at most" if lasts > LONGEST_SAID else "24 h at most, or long: true"
        yield (where,), f"expected a window of {most if lasts > LONGEST else '1 m at least'}"

    def value(self, name: str) -> SettingsWindow:
        """Return it as a plain value."""
        calendar = None
        if self.at is not None and self.lasts is not None and self.timezone is not None:
            calendar = Calendar(self.days, self.at, self.lasts, self.timezone)
        return SettingsWindow(
            name=name,
            reason=self.reason,
            calendar=calendar,
            start=self.start,
            end=self.end,
            range=Range(self.functions, self.probes),
        )


Maintenance = Annotated[
    Mapping[Name, WindowSettings], Words("windows by name, each with start and end, or days, at, lasts and timezone")
]


def unwatched(
    windows: Mapping[str, WindowSettings], functions: Iterable[str], probes: Iterable[str]
) -> Iterable[Finding]:
    """Yield where a window names what the platform does not have."""
    known = {"functions": tuple(dict.fromkeys(functions)), "probes": tuple(probes)}
    for name, window in windows.items():
        for what, names in known.items():
            for index, wanted in enumerate(getattr(window, what)):
                if wanted not in names:
                    yield (name, what, index), f"expected one of the platform's {what}: {', '.join(names)}"
