"""How instants are shown on one page."""

from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.web import phrases
from monitor.web.pageview import Moment


@dataclass(frozen=True, slots=True)
class Seen:
    """From when a page is looked at. `is_file`: at some later time that nobody knows, so nothing is counted from it."""

    now: datetime
    is_file: bool

    def moment(self, at: datetime) -> Moment:
        """Return an instant as shown."""
        distance = "" if self.is_file else phrases.duration(abs(self.now - at))
        return Moment(at.astimezone(UTC).isoformat(timespec="seconds"), phrases.moment(at), distance)

    def maybe(self, at: datetime | None) -> Moment | None:
        """Return an instant as shown, if there is one."""
        return None if at is None else self.moment(at)
