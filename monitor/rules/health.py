"""What an answer of a gRPC health service is worth: good, bad or not measured, with the reason.

Rules, in this order; the first that speaks decides:
1. UNAUTHENTICATED or PERMISSION_DENIED in answer to our own credential says that the credential is wrong: not measured.
   Where none was sent it is a status like any other.
2. RESOURCE_EXHAUSTED, or 429 over HTTP: not measured, rate limited. It is the status by which gRPC says what HTTP says
   by 429. A server may also mean that it is full, and nobody can tell from here; if it lasts, the function becomes
   unknown, which pages, and production is not opened because we ask too often.
3. Any other status but OK is bad: status. So are NOT_FOUND, a service that the server does not know, and UNIMPLEMENTED,
   a server without a health service.
4. OK, and the service says SERVING: good. Whatever else it says is bad: answer.

A detail names statuses; of what the server wrote it repeats nothing. Who wants to know why is told each rule that is
looked at, with what was found.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monitor.model.explanation import Check
from monitor.model.outcome import OutcomeKind, Reason
from monitor.rules.expect import Judgement
from monitor.rules.explaining import decided
from monitor.rules.marks import Limits, marks

_OK: Final = "OK"
_REFUSED: Final = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED"})
_EXHAUSTED: Final = "RESOURCE_EXHAUSTED"
_TOO_MANY: Final = 429
_SERVING: Final = "SERVING"
_MEANING: Final = {
    "NOT_FOUND": ": the server does not know the service",
    "UNIMPLEMENTED": ": the server has no health service",
}


@dataclass(frozen=True, slots=True)
class HealthAnswer:
    """What came. `status` is gRPC's by name; `serving` what the service says, by name, where the status is OK.

    `http_status`: that of HTTP where it stands for gRPC's. `saw_credential`: a credential of ours was sent.
    """

    status: str
    serving: str | None
    duration_seconds: float
    http_status: int | None = None
    tls_expiry_at: datetime | None = None
    saw_credential: bool = False


def told_of(answer: HealthAnswer, judgement: Judgement) -> Iterator[Check]:
    """Yield the rules that were looked at when an answer was judged so."""
    said = _said(answer)
    if judgement.reason is Reason.CREDENTIALS_REFUSED:
        yield decided(Reason.CREDENTIALS_REFUSED, said)
    elif judgement.reason is Reason.RATE_LIMITED:
        yield decided(Reason.RATE_LIMITED, said)
    else:
        yield Check("status", f"gRPC status {_OK}", said, answer.status == _OK, is_ours=True)
    if answer.serving is not None:
        yield Check("health state", _SERVING, answer.serving, answer.serving == _SERVING, is_ours=True)


def judge_health(limits: Limits, answer: HealthAnswer, now: datetime) -> Judgement:
    """Return what the answer is worth."""
    said = _said(answer)
    if answer.status in _REFUSED and answer.saw_credential:
        detail = f"{said}: our own credential was refused"
        return Judgement(OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED, detail)
    if answer.status == _EXHAUSTED or answer.http_status == _TOO_MANY:
        return Judgement(OutcomeKind.NOT_MEASURED, Reason.RATE_LIMITED, f"{said}: too many requests")
    warnings = marks(limits, answer.duration_seconds, answer.tls_expiry_at, now)
    if answer.status != _OK:
        meaning = _MEANING.get(answer.status, "") if answer.http_status is None else ""
        return Judgement(OutcomeKind.BAD, Reason.STATUS, f"{said}{meaning}", warnings)
    if answer.serving != _SERVING:
        return Judgement(OutcomeKind.BAD, Reason.ANSWER, f"the service says {answer.serving}", warnings)
    return Judgement(OutcomeKind.GOOD, Reason.OK, "the service says SERVING", warnings)


def _said(answer: HealthAnswer) -> str:
    if answer.http_status is not None:
        return f"HTTP status {answer.http_status}, {answer.status} to gRPC"
    return f"gRPC status {answer.status}"
