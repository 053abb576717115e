"""When something ends, as it is written: a token, a secret."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar, Final

from glasswatch.settings.shape import Shape
from glasswatch.settings.shapes import TextShape

_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_INSTANT: Final = _DATE + r"[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"


class EndShape(Shape):
    """When something ends: an instant, or a date, which means the end of that day in UTC."""

    expected = "a date such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z"
    json: ClassVar[Mapping[str, object]] = {"type": "string", "pattern": f"^(?:{_DATE}|{_INSTANT})$"}
    _date: ClassVar = TextShape(expected, _DATE)
    _instant: ClassVar = TextShape(expected, _INSTANT)

    def read(self, value: object) -> datetime:
        """Return the instant from which on it is over."""
        if isinstance(value, datetime):
            return value
        try:
            if isinstance(value, str) and len(value) == len("2027-01-31"):
                day = date.fromisoformat(self._date.read(value))
                return datetime.combine(day, time(), UTC) + timedelta(days=1)
            return datetime.fromisoformat(self._instant.read(value).upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.wrong() from None
