"""What a flag document says: the payload to be signed, from the platform's state (design 3.4).

1. `state` and `causes` are what is in force at the instant of signing; a cause that is held back is never signed. Of a
   person's act it holds who, until when and the ticket; the reason stands in pages and audit.
2. `ver` is the larger of the highest version ever reserved plus 1 and the Unix milliseconds.
3. `exp` is `iat` plus `ready_ttl` when ready, so that an outage that also kills the monitor doesn't close the door at
   once; else plus `ttl`.
4. `prev` names the document that carried the change before. One that only renews names the same as the document it
   renews: one `change` never has two `prev`.
5. `aud` names the state, so that a gateway which checks only signature, audience and expiry can't take standby for
   ready.
6. All times are Unix seconds, rounded down: an end never lies later than it was allowed.
7. `outage` is the open outage. `since` is when the state of the flag changed last. Vantages agree that see, and vote
   what the verdict is.
8. A document is due when there is none, when its change isn't the flag's, once a minute, and when the last one comes
   from the future (the clock was set back). Each platform's is renewed at a second of the minute of its own, so that
   many of them are not all signed, written and shown at once.

It builds plain values. Making them canonical and signing them is the caller's; `glasswatch.flag` reads them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from glasswatch.instants import EPOCH, unix_ms, unix_seconds
from monitor.model.record import ChainHead, FlagDocument, FlagLedger
from monitor.model.state import Cause, FlagHead, PlatformState
from monitor.model.verdict import CauseKind, FlagState
from monitor.rules import quorum
from monitor.rules.causes import in_force
from monitor.rules.flag import state_of

FORMAT = 1
RENEW_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """What every document of one platform says alike: from the settings.

    `procedure_sha256`: lower-case hex digest of the procedure's text.
    """

    deployment: str
    vantage: str
    procedure_url: str
    procedure_sha256: str
    ttl: timedelta
    ready_ttl: timedelta
    configured_vantages: int


@dataclass(frozen=True, slots=True)
class Past:
    """What a document says of what came before it."""

    ledger: FlagLedger
    chain: ChainHead


def payload(state: PlatformState, terms: Terms, past: Past, now: datetime, *, is_change: bool) -> dict[str, object]:
    """Return the claims as JSON values. `is_change`: it is the first to carry the flag's present change."""
    issued_at = unix_seconds(now)
    flag = state_of(state.causes, now)
    ttl = terms.ready_ttl if flag is FlagState.READY else terms.ttl
    votes = quorum.tally((state.vote, *state.others.values()), terms.configured_vantages)
    is_down = state.outage is not None and state.outage.ended_at is None
    return {
        "v": FORMAT,
        "iss": f"{terms.deployment}/{terms.vantage}",
        "sub": state.platform,
        "aud": f"{terms.deployment}/{flag}",
        "iat": issued_at,
        "exp": issued_at + int(ttl.total_seconds()),
        "ver": next_version(past.ledger.ver, now),
        "state": flag.value,
        "causes": [_cause(cause) for cause in in_force(state.causes, now)],
        "verdict": state.verdict.value,
        "since": unix_seconds(state.flag.since or now),
        "outage": state.outage.id if is_down and state.outage is not None else None,
        "vantages": {
            "configured": terms.configured_vantages,
            "seeing": votes.seeing,
            "agreeing": votes.agreeing,
        },
        "procedure": {"url": terms.procedure_url, "sha256": terms.procedure_sha256},
        "change": state.flag.change,
        "prev": past.ledger.change_sha256 if is_change else past.ledger.prev_sha256,
        "log": {"seq": past.chain.seq, "head": past.chain.head},
    }


def next_version(previous: int, now: datetime) -> int:
    """Return the version of the next document; `previous` is the highest ever reserved, 0 for none."""
    return max(previous + 1, unix_ms(now))


def is_due(platform: str, latest: FlagDocument | None, head: FlagHead, now: datetime) -> bool:
    """Whether a document of the platform must be signed now."""
    if latest is None or latest.change != head.change:
        return True
    return not latest.issued_at <= now < renewal_after(platform, latest.issued_at)


def renewal_after(platform: str, issued_at: datetime) -> datetime:
    """Return when the platform's renewal comes next: each platform has its own second of the minute."""
    share = int.from_bytes(sha256(platform.encode()).digest()[:4], "big")
    second = timedelta(seconds=int(RENEW_EVERY.total_seconds()) * share // 2**32)  # whole ones, as `iat` is
    return issued_at + RENEW_EVERY - (issued_at - EPOCH - second) % RENEW_EVERY


def ledger_after(ledger: FlagLedger, document: FlagDocument) -> FlagLedger:
    """Return what signing the next document needs to know once this one is reserved."""
    ver = max(ledger.ver, document.ver)
    if not document.is_change:
        return FlagLedger(ver, ledger.change_sha256, ledger.prev_sha256)
    return FlagLedger(ver, document.sha256, document.prev)


def _cause(cause: Cause) -> dict[str, object]:
    members: dict[str, object] = {
        "kind": cause.kind.value,
        "id": cause.id,
        "since": unix_seconds(cause.since),
        "until": None if cause.until is None else unix_seconds(cause.until),
        "by": cause.by,
        "confirmed_by": cause.confirmed_by,
        "ticket": cause.ticket,
    }
    if cause.kind is CauseKind.EXERCISE:
        members |= {"run": cause.run, "principals": list(cause.principals), "targets": list(cause.targets)}
    return members
