"""What one attempt of one probe found.

An outcome is good, bad, not measured or skipped, with a reason from a closed list (design 3.3). What could not be
measured is never good and never bad.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class OutcomeKind(StrEnum):
    """The four outcomes."""

    GOOD = "good"
    BAD = "bad"
    NOT_MEASURED = "not_measured"
    SKIPPED = "skipped"


class Reason(StrEnum):
    """Why an outcome is what it is: a closed list, documented in docs/reference/probes.md."""

    OK = "ok"
    # bad
    RESOLVE_FAILED = "resolve_failed"
    CONNECT_REFUSED = "connect_refused"
    CONNECT_FAILED = "connect_failed"
    TLS_FAILED = "tls_failed"
    TIMEOUT = "timeout"
    CONNECTION_LOST = "connection_lost"
    PROTOCOL = "protocol"
    TOO_LARGE = "too_large"
    REDIRECT = "redirect"
    STATUS = "status"
    HEADER = "header"
    BODY = "body"
    JSON = "json"
    ANSWER = "answer"  # what was said, where it isn't HTTP: a line, a record, the state of a service
    SILENT = "silent"  # a heartbeat that was listened for, and not heard for too long
    NOT_REFUSED = "not_refused"  # a step that had to be refused was let in: access after revocation
    # not measured
    CREDENTIALS_REFUSED = "credentials_refused"
    RATE_LIMITED = "rate_limited"
    DENIED = "denied"  # the platform works, and says no to this principal
    NOT_TOLD = "not_told"  # a status page that can't be read, or says nothing of what it was asked for
    NOT_LISTENED = (
        "not_listened"  # a heartbeat not heard lately, nor listened for long enough to know that it is silent
    )
    RESIDUE = "residue"  # everything held, but what was opened is not known closed
    SECRET_UNAVAILABLE = "secret_unavailable"  # noqa: S105 - a reason, not a secret
    OWN_FAULT = "own_fault"  # this machine could not make the attempt: no descriptors, no memory, a late loop
    # skipped
    BUDGET = "budget"  # max_requests_per_minute was spent


class Warn(StrEnum):
    """What leaves an outcome good but marks it: degraded at most."""

    DURATION = "duration"
    TLS_DAYS_LEFT = "tls_days_left"
    RESIDUE = "residue"  # something that a journey opened is not known closed
    NEVER_CLOSED = "never_closed"  # something that a journey opened was never closed, and has ended by itself
    TOLD = "told"  # a status page says that something is wrong, but not out
    MAINTENANCE = "maintenance"  # a status page says that it is being worked on


class Attempt(StrEnum):
    """Why an attempt was made. Only scheduled ones count into ratios."""

    SCHEDULED = "scheduled"
    CONFIRMATION = "confirmation"
    CALLED = "called"  # a cheap critical probe was confirmed bad, so the deciding probe runs at once


PHASES = ("resolve", "connect", "tls", "processing", "transfer")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt found.

    `phases` maps names from `PHASES` to seconds, only those that happened, summed over redirects.
    `spans` maps the parts of a journey to seconds, only those whose steps all held; `residue` names what a journey
    opened, now or earlier, that is not known closed.
    `detail` is one short line for a person; it holds no secret and nothing a server sent beyond a status code.
    """

    kind: OutcomeKind
    reason: Reason
    detail: str
    started_at: datetime
    duration_seconds: float
    phases: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    warnings: tuple[Warn, ...] = ()
    tls_expiry_at: datetime | None = None
    attempt: Attempt = Attempt.SCHEDULED
    spans: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    residue: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether the attempt found what was expected."""
        return self.kind is OutcomeKind.GOOD

    @property
    def is_bad(self) -> bool:
        """Whether the attempt found something an engineer would suffer from."""
        return self.kind is OutcomeKind.BAD
