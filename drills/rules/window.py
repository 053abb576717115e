"""Whether a drill may begin now.

1. Judged by the clock on the wall in the window's time zone, to the minute: from `begins` on, before `ends`.
2. Where `ends` is before `begins`, the window goes on into the next day: the day that counts is the one it began on.
3. A time zone that this machine does not know opens nothing.
"""

from datetime import datetime, timedelta

from drills.model.window import WEEKDAYS, Window
from glasswatch.zones import zone


def is_within(window: Window, now: datetime) -> bool:
    """Whether the window is open."""
    where = zone(window.timezone)
    if where is None:
        return False
    local = now.astimezone(where)
    clock = f"{local:%H:%M}"
    today = WEEKDAYS[local.weekday()] in window.days
    if window.begins < window.ends:
        return today and window.begins <= clock < window.ends
    yesterday = WEEKDAYS[(local.date() - timedelta(days=1)).weekday()] in window.days
    return (today and clock >= window.begins) or (yesterday and clock < window.ends)


def told(window: Window) -> str:
    """Return a window in words."""
    days = "any day" if len(window.days) == len(WEEKDAYS) else ", ".join(window.days)
    return f"{days} from {window.begins} to {window.ends} ({window.timezone})"
