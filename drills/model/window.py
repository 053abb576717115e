"""When drills may begin."""

from dataclasses import dataclass
from typing import Final

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Window:
    """Days of the week, and hours such as `09:00` on the clock of a time zone; `ends` before `begins` is next day's."""

    days: tuple[str, ...]
    begins: str
    ends: str
    timezone: str
