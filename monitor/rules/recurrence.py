"""When a window that comes back is in force: spans of real time, from days and times of day somewhere.

1. A day of the local calendar counts if one of the words in `days` names it: `daily`; a weekday (`tuesday`); a weekday
   of the month (`first tuesday` to `fourth tuesday`, `last friday`); a day of the month (`1` to `31`, which a month
   that has no such day leaves out); `last day`.
2. On such a day it begins when the clock on the wall there shows `at`, and lasts for `lasts` of real time: a window of
   2 h is 2 h long, also in a night that has 23 or 25.
3. Where the clock on the wall shows that time twice, it begins the first time. Where it is skipped, it begins as much
   later as was skipped: 02:30 of a night in which 02:00 becomes 03:00 is 03:30. So does RFC 5545 have it.
4. Spans are half-open, in UTC, in order; what overlaps or touches is one.
5. A time zone that this machine doesn't know gives no span: nothing is kept quiet for it.

Time zones come from the machine's IANA database by `zoneinfo`: data, like a table of this module, not a clock.
"""

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from glasswatch.spans import Span, merge
from glasswatch.zones import zone
from monitor.model.maintenance import Calendar

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ORDINALS: Final = ("first", "second", "third", "fourth", "last")
LAST_DAY: Final = "last day"
DAILY: Final = "daily"
TIME_PATTERN: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"

_DAY: Final = timedelta(days=1)
_WEEK: Final = 7
_LONGEST_MONTH: Final = 31
WORDS: Final = (
    DAILY,
    *WEEKDAYS,
    *(f"{ordinal} {weekday}" for weekday in WEEKDAYS for ordinal in ORDINALS),
    *(str(day) for day in range(1, _LONGEST_MONTH + 1)),
    LAST_DAY,
)
"""Every word that names days."""
_LOOK_AHEAD: Final = timedelta(days=70)  # from the 31st of a month to the next one are 62 days at most
_EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9990, 1, 1, tzinfo=UTC)


def spans(calendar: Calendar, within: Span) -> list[Span]:
    """Return when it is in force within a time."""
    where = zone(calendar.timezone)
    start, end = max(within.start, _EARLIEST), min(within.end, _LATEST)
    if where is None or start >= end:
        return []
    # A day more on both sides: no place on earth is further from UTC.
    first, last = (start - calendar.lasts - 2 * _DAY).date(), (end + 2 * _DAY).date()
    begins = (_begin(day, calendar.at, where) for day in _days(first, last) if is_on(calendar, day))
    found = (Span(begin, begin + calendar.lasts).intersect(Span(start, end)) for begin in begins)
    return merge(span for span in found if span is not None)


def around(calendar: Calendar, at: datetime) -> tuple[Span | None, Span | None]:
    """Return the span that holds an instant, whole, and the first one after it; None where there is none."""
    current = following = None
    for span in _near(calendar, at.astimezone(UTC).date()):
        if span.contains(at):
            current = span
        elif span.start > at:
            following = span
            break
    return current, following


def is_on(calendar: Calendar, day: date) -> bool:
    """Whether it comes on this local day."""
    return any(_test(word)(day) for word in calendar.days)


@lru_cache(maxsize=512)
def _near(calendar: Calendar, day: date) -> tuple[Span, ...]:
    """Return the spans around a day, long enough to hold a whole one and the next: asked again and again that day."""
    noon = datetime.combine(day, time(12), UTC)
    # Daily windows of a day touch, and are one without end: what lies so far ahead ends there, and is asked anew.
    return tuple(spans(calendar, Span(noon - _LOOK_AHEAD - calendar.lasts, noon + _LOOK_AHEAD + calendar.lasts)))


def _days(first: date, last: date) -> list[date]:
    return [first + number * _DAY for number in range((last - first).days + 1)]


def _begin(day: date, at: str, where: ZoneInfo) -> datetime:
    # `fold` 0 is the first of two, and before a gap the offset that held until then: rule 3.
    return datetime.combine(day, time.fromisoformat(at), where).astimezone(UTC)


@cache
def _test(word: str) -> Callable[[date], bool]:
    if word == DAILY:
        return lambda _day: True
    if word == LAST_DAY:
        return lambda day: day.day == _length(day)
    if word.isdigit():
        number = int(word)
        return lambda day: day.day == number
    ordinal, _, name = word.rpartition(" ")
    weekday = WEEKDAYS.index(name)
    if not ordinal:
        return lambda day: day.weekday() == weekday
    if ordinal == ORDINALS[-1]:
        return lambda day: day.weekday() == weekday and day.day > _length(day) - _WEEK
    nth = ORDINALS.index(ordinal)
    return lambda day: day.weekday() == weekday and (day.day - 1) // _WEEK == nth


def _length(day: date) -> int:
    return monthrange(day.year, day.month)[1]
