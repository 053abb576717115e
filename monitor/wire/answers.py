"""The shapes of our answers.

Field names are those of the settings, the metrics and the documentation. Words of closed lists (verdicts, states)
are spelled out here because the wire depends on nothing; a test holds them against the monitor's own.
"""

from typing import Literal

from monitor.wire.credentials import CredentialAnswer
from monitor.wire.drills import DrillsStatusAnswer
from monitor.wire.exercises import ExerciseAnswer
from monitor.wire.shape import Instant, Shape

VerdictWord = Literal["up", "degraded", "down", "unknown"]
FlagStateWord = Literal["standby", "exercise", "ready"]
PhaseWord = Literal["unproven", "good", "bad"]
CauseWord = Literal["outage", "manual", "exercise"]
RequestWord = Literal["raise", "inhibit"]


class Problem(Shape):
    """What went wrong."""

    code: str
    """One of the codes in docs/reference/http.md."""
    message: str
    """For a person: what is wrong, and what was expected. It repeats nothing of the request."""


class MistakeAnswer(Shape):
    """One mistake in the settings' file, as `monitor check --json` has it. Never what stands there."""

    file: str
    line: int
    column: int
    path: str
    expected: str


class ErrorAnswer(Shape):
    """Every answer that is not a success."""

    error: Problem
    mistakes: tuple[MistakeAnswer, ...] | None = None
    """With `invalid_settings` alone: every mistake, in the file's order."""


class ReloadAnswer(Shape):
    """The settings' file was read and is in force."""

    changed: bool
    """False: it says what was in force already."""
    changes: tuple[str, ...]
    """What changed, one line each, by names alone."""


class ProbeAnswer(Shape):
    """What is believed of one probe, and what it found last."""

    probe: str
    critical: bool
    phase: PhaseWord
    confirming: bool
    """A bad outcome is being confirmed right now."""
    bad_since: Instant | None
    """Start of the first bad attempt of the streak; set while confirmed bad."""
    last_reason: str | None
    """Reason of the last outcome; null before the first."""
    last_detail: str
    last_at: Instant | None
    warnings: tuple[str, ...]


class FunctionAnswer(Shape):
    """What an engineer would lose: the verdict on one function."""

    function: str
    critical: bool
    verdict: VerdictWord
    since: Instant | None
    why: str
    probes: tuple[ProbeAnswer, ...]


class SpanAnswer(Shape):
    """A half-open span of time."""

    start: Instant
    end: Instant


class OutageAnswer(Shape):
    """One outage: from the first bad outcome of the streak to the first good one that ended it."""

    id: str
    platform: str
    opened_at: Instant
    confirmed_at: Instant
    detection_seconds: float
    ended_at: Instant | None
    """First good outcome; null while the outage lasts."""
    cleared_at: Instant | None
    """When its end was confirmed."""
    functions: tuple[str, ...]
    openers: tuple[str, ...]
    """The probes whose good outcomes alone can end it."""
    reason: str
    interruptions: tuple[SpanAnswer, ...]
    """Good spans inside it, shorter than `lower_after`."""


class AcknowledgedAnswer(Shape):
    """Who said, through a channel's provider, that they deal with it."""

    by: str
    at: Instant
    channel: str


class OutagesAnswer(Shape):
    """Outages, newest first."""

    outages: tuple[OutageAnswer, ...]


class CauseAnswer(Shape):
    """One reason for the flag to be raised."""

    kind: CauseWord
    id: str
    since: Instant
    until: Instant | None
    by: str | None
    confirmed_by: str | None
    ticket: str | None
    run: str | None
    principals: tuple[str, ...]
    targets: tuple[str, ...]
    suspended: bool
    """Believed before a gap in watching: not signed until it is confirmed again."""
    inhibited: bool = False
    """Two persons hold it closed: not signed meanwhile."""
    reason: str = ""
    """Why a person raised it; it is not in the signed document."""
    renewed_by: str | None = None
    """Who let it hold for longer, last."""


class RequestAnswer(Shape):
    """What one person asked for and another must confirm."""

    id: str
    act: RequestWord
    by: str
    reason: str
    ticket: str | None
    for_seconds: float
    """How long it holds, from the confirmation on."""
    asked_at: Instant
    expires_at: Instant
    """When it dies unless somebody confirms it."""


class InhibitAnswer(Shape):
    """Two persons hold closed what outages raise."""

    id: str
    by: str
    confirmed_by: str
    reason: str
    since: Instant
    until: Instant


class FlagAnswer(Shape):
    """The flag of one platform as last signed. Only the signature in `jws` proves anything."""

    platform: str
    state: FlagStateWord
    ver: int
    change: int
    issued_at: Instant
    expires_at: Instant
    is_expired: bool
    """By the monitor's clock, at the time of the answer."""
    sha256: str
    """Of the bytes of `jws`, lower-case hex."""
    jws: str


class SealingAnswer(Shape):
    """When a flag that is ready will be sealed again."""

    at: Instant
    if_up: bool
    """Only if the platform stays up until then."""


class BreakGlassAnswer(Shape):
    """Where the flag stands in the monitor's own state, and what was last signed of it."""

    state: FlagStateWord
    since: Instant | None
    change: int
    causes: tuple[CauseAnswer, ...]
    signed_state: FlagStateWord | None
    """State in the document last signed; null before the first. It can lag behind `state` for an instant."""
    signed_until: Instant | None
    """When the document last signed expires."""
    sealed_again: SealingAnswer | None = None
    """When a flag that is ready will be sealed again; null where it isn't ready, or where nobody can tell."""
    signed_ver: int | None = None
    """Version of the document last signed."""
    pending: tuple[RequestAnswer, ...] = ()
    """What waits for a second person."""
    inhibit: InhibitAnswer | None = None
    """Set while what outages raise is held closed."""
    unknown_until: Instant | None = None
    """Set while the verdict is unknown: until then an outage cause may rest on it, unless a person renews it."""
    open_uses: int = 0
    """Uses that people still have to class."""
    critical_uses: int = 0
    """Those of them that should not have been."""


class InForceAnswer(Shape):
    """A window in a platform's status."""

    id: str
    label: str
    since: Instant
    until: Instant


class MaintenanceStatusAnswer(Shape):
    """Where a platform's maintenance stands."""

    in_force: tuple[InForceAnswer, ...] = ()
    coming: InForceAnswer | None = None
    """The next one to come into force."""
    proposed: int = 0
    """What a status page proposes and nobody has answered."""
    asked: int = 0
    """What waits for a second person."""


class PlatformAnswer(Shape):
    """Everything that is held true of one platform."""

    platform: str
    verdict: VerdictWord
    since: Instant | None
    why: str
    vote: VerdictWord
    """This vantage's own verdict; `verdict` is what the quorum makes of all votes."""
    blind: bool
    """This vantage can't see: none of its controls answers, so nothing it saw is believed."""
    break_glass: BreakGlassAnswer
    outage: OutageAnswer | None
    """The latest outage, kept after its end until `lower_after` has passed."""
    functions: tuple[FunctionAnswer, ...]
    procedure_url: str
    acknowledged: AcknowledgedAnswer | None = None
    """Who deals with the outage, where a channel reads it back; null where nobody is known to."""
    maintenance: MaintenanceStatusAnswer = MaintenanceStatusAnswer()
    exercise: ExerciseAnswer | None = None
    """The exercise that runs; null while none does."""


class StatusAnswer(Shape):
    """What the monitor holds true now."""

    deployment: str
    vantage: str
    version: str
    at: Instant
    waiting_for: tuple[str, ...] = ()
    """What keeps the monitor from being relied on, one line each: a flag not published, a probe not run yet."""
    platforms: tuple[PlatformAnswer, ...]
    drills: DrillsStatusAnswer = DrillsStatusAnswer()
    credentials: tuple[CredentialAnswer, ...] = ()
    """Credentials of the monitor that end soon, have ended or can't be read, by when they end."""


class ActAnswer(Shape):
    """What an act on a flag led to, and what holds now."""

    platform: str
    outcome: Literal["done", "pending"]
    """Pending: another person must confirm it."""
    message: str
    """For a person: what was done, or what is to be done now."""
    id: str | None
    """Of the cause, the request or the inhibition that it is about."""
    recorded: bool
    """False: it took effect, but could not be written yet."""
    break_glass: BreakGlassAnswer


class KeysAnswer(Shape):
    """Public keys as a JWK set: for comparison, never to be trusted because they were fetched."""

    keys: tuple[dict[str, object], ...]
