"""The values the simulated platform speaks in. They hold data and decide nothing.

Its dialect is plain and its own; it is no vendor's. A request goes `pending → approved | denied`,
`approved → granted` (once provisioned), `granted → expired | revoked`, `pending | approved → withdrawn`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Approval(StrEnum):
    """Who says yes to a request for an entitlement."""

    AUTOMATIC = "automatic"
    HUMAN = "human"


class RequestState(StrEnum):
    """How far a request got."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    GRANTED = "granted"
    EXPIRED = "expired"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who can sign in. The secret is a pretend one, good for nothing but this simulator."""

    name: str
    secret: str = field(repr=False)
    may_approve: bool = False


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A right that can be asked for, at most for `longest`."""

    name: str
    approval: Approval
    longest: timedelta = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the platform is set up with. Names are keys; every duration is positive or zero."""

    identities: Mapping[str, Identity]
    entitlements: Mapping[str, Entitlement]
    session_length: timedelta = timedelta(hours=8)
    provisioning: timedelta = timedelta(milliseconds=200)


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in, until `ends_at`. Whoever shows the token is that identity."""

    token: str = field(repr=False)
    identity: str
    started_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """One request and everything that was decided on it. `decided_by` is a person's name or `policy`."""

    id: str
    by: str
    entitlement: str
    reason: str
    length: timedelta
    created_at: datetime
    state: RequestState = RequestState.PENDING
    decided_by: str | None = None
    decided_at: datetime | None = None
    grant: str | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """Access given, half-open: `[start_at, end_at)`, cut short by `revoked_at`."""

    id: str
    request: str
    to: str
    entitlement: str
    start_at: datetime
    end_at: datetime
    revoked_at: datetime | None = None
    revoked_by: str | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether it lets its holder in at `now`."""
        return self.revoked_at is None and self.start_at <= now < self.end_at


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a grant."""

    id: str
    grant: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """One thing the platform was asked, and how it answered.

    `fault` names the fault that was shown instead of an honest answer. `status` is None where nothing was answered.
    """

    at: datetime
    function: str
    method: str
    path: str
    status: int | None
    fault: str | None = None
    by: str | None = None


def demo_rules() -> Rules:
    """Return the set-up the demo runs on: an engineer, an approver, a probe; one right of each kind of approval."""
    people = (
        Identity("erin", "erin-pretend"),
        Identity("alex", "alex-pretend", may_approve=True),
        Identity("probe", "probe-pretend"),
    )
    rights = (Entitlement("staging-db", Approval.AUTOMATIC), Entitlement("payments-db", Approval.HUMAN))
    return Rules(
        identities={person.name: person for person in people},
        entitlements={right.name: right for right in rights},
    )
