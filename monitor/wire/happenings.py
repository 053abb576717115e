"""What `/api/v1/events` tells: one shape for each kind of event.

The stream is server-sent events: `event` is a name of `EVENTS`, `data` its JSON, `id` what a client that comes back
sends as `Last-Event-ID`. A client that was away too long is told `reset`, and reads `/api/v1/status` again.
"""

from typing import Literal

from monitor.wire.answers import FlagStateWord, OutageAnswer, VerdictWord
from monitor.wire.shape import Instant, Shape
from monitor.wire.uses import UseEvent

ActWord = Literal["raise_asked", "raise", "renew", "lower", "inhibit_asked", "inhibit", "inhibit_end"]

MaintenanceWord = Literal["agreed", "ended", "asked", "refused", "proposed", "proposal_gone", "began", "over"]


class VerdictEvent(Shape):
    """The verdict on a platform changed, or on one of its functions."""

    platform: str
    function: str | None
    """Null: the platform as a whole."""
    was: VerdictWord
    now: VerdictWord
    at: Instant
    why: str


class FlagEvent(Shape):
    """State or causes of a flag changed."""

    platform: str
    was: FlagStateWord
    now: FlagStateWord
    change: int
    at: Instant
    why: str


class ActEvent(Shape):
    """A person acted on a flag."""

    platform: str
    act: ActWord
    person: str
    asked_by: str | None
    """Who had asked for what `person` confirmed."""
    id: str
    """Of the cause, the request or the inhibition that it is about."""
    reason: str
    ticket: str | None
    until: Instant | None
    at: Instant


class OutageEvent(Shape):
    """An outage was found, widened, came back or ended."""

    happening: Literal["opened", "widened", "reopened", "ended"]
    outage: OutageAnswer


class MaintenanceEvent(Shape):
    """A window was agreed, ended, proposed or asked for, or came into force; or it is no longer so."""

    platform: str
    happening: MaintenanceWord
    id: str
    by: str | None
    """Which person did it; null: the settings, a status page, or time."""
    why: str
    at: Instant


class PageEvent(Shape):
    """A page was decided. Whether it was delivered is another matter."""

    platform: str
    kind: str
    severity: Literal["page", "ticket"]
    status: Literal["firing", "resolved"]
    summary: str
    reason: str
    dedup_key: str
    outage: str | None
    at: Instant


class ResetEvent(Shape):
    """Events were missed that can't be told any more."""

    reason: str


EVENTS: dict[str, type[Shape]] = {
    "verdict": VerdictEvent,
    "flag": FlagEvent,
    "act": ActEvent,
    "outage": OutageEvent,
    "use": UseEvent,
    "maintenance": MaintenanceEvent,
    "page": PageEvent,
    "reset": ResetEvent,
}
