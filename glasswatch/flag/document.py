"""What a flag says: its claims as values, to and from JSON, and the two rules about them that writer and reader share.

- The state follows from the causes at an instant: `ready` if an outage or manual cause counts, else `exercise` if an
  exercise counts, else `standby`. A cause counts until its `until`, half-open.
- A version is the larger of the previous one plus 1 and the Unix milliseconds: it rises even after a restored backup.
- Every claim is there with exactly its type, null only where it may be. A manual or exercise cause always has an end.
- Claims that we don't know are ignored, so that a newer monitor can add some.

Times are Unix seconds, `ver` Unix milliseconds or more. Making canonical bytes of `payload`, and signing, is the
caller's; who may say what to whom is the reader's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from glasswatch.flag.errors import Malformed
from glasswatch.flag.strict import Members

FORMAT = 1
TOLERANCE_MS = 60_000  # how far apart the clocks of a signer and of a reader may be
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FlagState(StrEnum):
    """What the break-glass flag says."""

    STANDBY = "standby"
    EXERCISE = "exercise"
    READY = "ready"


class CauseKind(StrEnum):
    """Why the flag is raised."""

    OUTAGE = "outage"
    MANUAL = "manual"
    EXERCISE = "exercise"


_STATES = frozenset(state.value for state in FlagState)
_KINDS = frozenset(kind.value for kind in CauseKind)
_VERDICTS = frozenset({"up", "degraded", "down", "unknown"})
_READY_KINDS = frozenset({CauseKind.OUTAGE, CauseKind.MANUAL})


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for the flag to be raised. `run`, `principals` and `targets` are an exercise's alone."""

    kind: CauseKind
    id: str
    since: int
    until: int | None = None
    by: str | None = None
    confirmed_by: str | None = None
    ticket: str | None = None
    run: str | None = None
    principals: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    def counts(self, at_ms: int) -> bool:
        """Whether the cause still raises the flag at an instant in Unix milliseconds."""
        return self.until is None or at_ms < self.until * 1000


@dataclass(frozen=True, slots=True)
class Vantages:
    """How many vantages are configured, can see, and agree with the verdict."""

    configured: int
    seeing: int
    agreeing: int


@dataclass(frozen=True, slots=True)
class Procedure:
    """Where the break-glass procedure stands, and the SHA-256 of its text."""

    url: str
    sha256: str


@dataclass(frozen=True, slots=True)
class LogHead:
    """Where the audit chain ended when the flag was signed: this document is a witness of it."""

    seq: int
    head: str


@dataclass(frozen=True, slots=True)
class Claims:
    """The payload of a flag (design 3.4), format 1."""

    iss: str
    sub: str
    aud: str
    iat: int
    exp: int
    ver: int
    state: FlagState
    causes: tuple[Cause, ...]
    verdict: str
    since: int
    outage: str | None
    vantages: Vantages
    procedure: Procedure
    change: int
    prev: str | None
    log: LogHead


def unix_ms(now: datetime) -> int:
    """Return an aware instant in Unix milliseconds, rounded down."""
    return (now - _EPOCH) // timedelta(milliseconds=1)


def next_version(previous: int, now: datetime) -> int:
    """Return the version of the next document; `previous` is 0 before the first."""
    return max(previous + 1, unix_ms(now))


def audience(deployment: str, state: FlagState) -> str:
    """Return the `aud` claim: it names the state, so that no gateway takes standby for ready."""
    return f"{deployment}/{state.value}"


def state_of(causes: Iterable[Cause], at_ms: int) -> FlagState:
    """Return the state that follows from the causes at an instant in Unix milliseconds."""
    kinds = {cause.kind for cause in causes if cause.counts(at_ms)}
    if kinds & _READY_KINDS:
        return FlagState.READY
    return FlagState.EXERCISE if CauseKind.EXERCISE in kinds else FlagState.STANDBY


def payload(claims: Claims) -> dict[str, object]:
    """Return the claims as JSON values, still to be made canonical."""
    return {
        "v": FORMAT,
        "iss": claims.iss,
        "sub": claims.sub,
        "aud": claims.aud,
        "iat": claims.iat,
        "exp": claims.exp,
        "ver": claims.ver,
        "state": claims.state.value,
        "causes": [_cause_payload(cause) for cause in claims.causes],
        "verdict": claims.verdict,
        "since": claims.since,
        "outage": claims.outage,
        "vantages": {
            "configured": claims.vantages.configured,
            "seeing": claims.vantages.seeing,
            "agreeing": claims.vantages.agreeing,
        },
        "procedure": {"url": claims.procedure.url, "sha256": claims.procedure.sha256},
        "change": claims.change,
        "prev": claims.prev,
        "log": {"seq": claims.log.seq, "head": claims.log.head},
    }


def parse(value: object) -> Claims:
    """Return the claims in a decoded payload of format 1.

    Raises:
        Malformed: a claim is missing or of the wrong type, or `v` is not 1.
    """
    claims = Members(value)
    if format_of(claims) != FORMAT:
        raise Malformed(f"v must be {FORMAT}")
    vantages, procedure, log = claims.members("vantages"), claims.members("procedure"), claims.members("log")
    return Claims(
        iss=claims.text("iss"),
        sub=claims.text("sub"),
        aud=claims.text("aud"),
        iat=claims.seconds("iat"),
        exp=claims.seconds("exp"),
        ver=claims.count("ver"),
        state=FlagState(claims.one_of("state", _STATES)),
        causes=tuple(_parse_cause(cause) for cause in claims.objects("causes")),
        verdict=claims.one_of("verdict", _VERDICTS),
        since=claims.seconds("since"),
        outage=claims.text_or_none("outage"),
        vantages=Vantages(vantages.count("configured"), vantages.count("seeing"), vantages.count("agreeing")),
        procedure=Procedure(procedure.text("url"), procedure.digest("sha256")),
        change=claims.count("change"),
        prev=claims.digest_or_none("prev"),
        log=LogHead(log.count("seq"), log.digest("head")),
    )


def format_of(claims: Members) -> int:
    """Return `v`, which says how the other claims are to be read."""
    return claims.count("v")


def _cause_payload(cause: Cause) -> dict[str, object]:
    members: dict[str, object] = {
        "kind": cause.kind.value,
        "id": cause.id,
        "since": cause.since,
        "until": cause.until,
        "by": cause.by,
        "confirmed_by": cause.confirmed_by,
        "ticket": cause.ticket,
    }
    if cause.kind is CauseKind.EXERCISE:
        members |= {"run": cause.run, "principals": list(cause.principals), "targets": list(cause.targets)}
    return members


def _parse_cause(cause: Members) -> Cause:
    kind = CauseKind(cause.one_of("kind", _KINDS))
    is_exercise = kind is CauseKind.EXERCISE
    return Cause(
        kind=kind,
        id=cause.text("id"),
        since=cause.seconds("since"),
        # Only an outage ends by what is seen; what a person raised must say when it ends.
        until=cause.seconds_or_none("until") if kind is CauseKind.OUTAGE else cause.seconds("until"),
        by=cause.text_or_none("by"),
        confirmed_by=cause.text_or_none("confirmed_by"),
        ticket=cause.text_or_none("ticket"),
        run=cause.text("run") if is_exercise else None,
        principals=cause.texts("principals") if is_exercise else (),
        targets=cause.texts("targets") if is_exercise else (),
    )
