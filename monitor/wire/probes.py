"""One probe in full on the wire: what it is set to, what is believed of it, its last attempt and its last failures."""

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict

from monitor.wire.answers import ProbeAnswer
from monitor.wire.shape import Instant, Shape


class _Seen(Shape):
    """A shape that is filled from a value of the monitor's with the same names."""

    model_config = ConfigDict(from_attributes=True)


class CheckAnswer(_Seen):
    """One rule that was looked at. The first that does not hold decided."""

    rule: str
    expected: str
    found: str
    holds: bool


class MessageAnswer(_Seen):
    """What one side said: secrets are taken out of it, and it is cut."""

    line: str
    """First line, where it is HTTP."""
    fields: tuple[tuple[str, str], ...]
    """Headers, names and values, in the order they came."""
    body: str
    """Start of the body, decoded; of what isn't HTTP, of all of it."""
    note: str
    """What is not shown."""
    trailers: tuple[tuple[str, str], ...]
    """Headers that came after the body, as gRPC's status does."""


class TlsSeenAnswer(_Seen):
    """The TLS that was agreed on, and the server's certificate."""

    is_accepted: bool
    """False where the handshake failed: what the server showed, whoever it is."""
    version: str
    """Empty where none was agreed on."""
    cipher: str
    subject: str
    issuer: str
    names: tuple[str, ...]
    ends_at: Instant | None


class ExchangeAnswer(_Seen):
    """What was said and heard, once, at one address."""

    label: str
    """Part of the probe's way that it belongs to: the step of a journey. Empty where there is only one."""
    place: str
    """Host and port that were asked for; a proxy's, where one is gone through."""
    address: str
    """The address of it that was tried."""
    tls: TlsSeenAnswer | None
    sent: MessageAnswer | None
    heard: MessageAnswer | None


class ExplanationAnswer(_Seen):
    """Why an attempt was judged so."""

    checks: tuple[CheckAnswer, ...]
    exchanges: tuple[ExchangeAnswer, ...]
    left_out: int
    """How many exchanges, the earliest, are not in it."""


class AttemptAnswer(Shape):
    """One attempt."""

    at: Instant
    """When it began."""
    outcome: str
    reason: str
    detail: str
    attempt: str
    """Why it was made: scheduled, confirmation or called."""
    is_believed: bool
    """False for what was seen while no control answered."""
    warnings: tuple[str, ...]
    duration_seconds: float
    phases: Mapping[str, float]
    explanation: ExplanationAnswer | None
    """Null where it isn't kept: of good attempts, of those before the monitor's last start, and of older ones."""


class PolicyAnswer(Shape):
    """How a probe is run and believed, in seconds."""

    interval_seconds: float
    timeout_seconds: float
    confirm_attempts: int
    confirm_every_seconds: float
    recover: int


class ProbeDetailAnswer(Shape):
    """One probe in full."""

    deployment: str
    vantage: str
    """Of the monitor that tells it."""
    platform: str
    function: str
    state: ProbeAnswer
    policy: PolicyAnswer
    settings: Mapping[str, Any]
    """Settings as they hold, defaults included; secrets as references."""
    last: AttemptAnswer | None
    """Last attempt since the monitor was started."""
    failures: tuple[AttemptAnswer, ...] | None
    """Last attempts that were not good, newest first; null where the store can't be read now."""
