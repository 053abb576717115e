"""Calendar periods by name, and the terms that an account goes by.

1. `2026-10` is a month, `2026-Q4` a quarter, of the terms' time zone. Any other word is no period.
2. A period lies ahead when it has not begun; it is going on until its end.
3. A report of a period is due `SETTLES` after its end, because an outage that began before may be found after it; once,
   and also when that has passed long ago: what was missed is caught up, oldest first, from the first period that was
   watched at all.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from glasswatch.spans import Span
from glasswatch.zones import zone
from monitor.rules.sla import Tier, Unmeasured, month, quarter

SETTLES: Final = timedelta(hours=1)
_NAME: Final = re.compile(r"(?P<year>[0-9]{4})-(?:(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4]))")
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 9998
_QUARTER: Final = 3
_MOST: Final = 400


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed: `objective` None where nothing was. `period` is `month` or `quarter`."""

    objective: float | None = None
    period: str = "month"
    timezone: str = "UTC"
    not_measured: Unmeasured = Unmeasured.LEFT_OUT
    credits: tuple[Tier, ...] = ()

    @property
    def zone(self) -> tzinfo:
        """The time zone."""
        return zone(self.timezone) or UTC


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar period and its name."""

    name: str
    span: Span

    @property
    def kind(self) -> str:
        """What it is: `month` or `quarter`, as terms have it."""
        return "quarter" if "Q" in self.name else "month"


def named(name: str, where: tzinfo) -> Period | None:
    """Return the period of this name; None: there is none."""
    found = _NAME.fullmatch(name)
    if found is None or not _FIRST_YEAR <= int(found["year"]) <= _LAST_YEAR:
        return None
    year = int(found["year"])
    if found["month"]:
        return Period(name, month(datetime(year, int(found["month"]), 15, tzinfo=UTC), where))
    middle = datetime(year, int(found["quarter"]) * _QUARTER - 1, 15, tzinfo=UTC)
    return Period(name, quarter(middle, where))


def current(terms: Terms, now: datetime) -> Period:
    """Return the period of the terms that an instant lies in."""
    local = now.astimezone(terms.zone)
    if terms.period == "quarter":
        name = f"{local.year:04}-Q{(local.month - 1) // _QUARTER + 1}"
        return Period(name, quarter(now, terms.zone))
    return Period(f"{local.year:04}-{local.month:02}", month(now, terms.zone))


def due(now: datetime, terms: Terms, watched_since: datetime | None, written: Collection[str]) -> tuple[Period, ...]:
    """Return the periods whose report is to be written now, oldest first."""
    found: list[Period] = []
    if watched_since is None:
        return ()
    period = current(terms, min(watched_since, now))
    while period.span.end + SETTLES <= now and len(found) < _MOST:
        if period.name not in written:
            found.append(period)
        period = current(terms, period.span.end)
    return tuple(found)
