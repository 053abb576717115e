"""What goes into the audit chain, and in which words.

1. Everything that opens, holds or closes break-glass is audited: outages, causes, changes of the flag. What a person
   did carries the person's name and that of the token; what was asked for and died, or ended by time, is the monitor's.
2. Every decision to tell somebody is audited, and every decision not to, with its reason.
3. Verdicts of platforms are audited; those of single probes and functions are not: they stand in the transitions.
4. Maintenance is audited as `window_audit` has it, exercises as `exercise_lines` has it.
5. An entry holds names, times and our own words; nothing that a server sent.
"""

from collections.abc import Iterable
from datetime import datetime

from monitor.model.act import ActKind
from monitor.model.exercise import ExerciseFact
from monitor.model.fact import (
    ActDone,
    CauseAdded,
    CauseEnded,
    Fact,
    FlagChanged,
    FlagTakenUp,
    InhibitionEnded,
    InhibitionLost,
    OutageEnded,
    OutageOpened,
    OutageReopened,
    OutageWidened,
    PageDecided,
    PageWithheld,
    PlatformChanged,
    PlatformLeft,
    RequestDied,
)
from monitor.model.maintenance import WindowFact
from monitor.model.record import AuditEntry, FlagDocument
from monitor.model.state import Outage
from monitor.rules import exercise_lines, window_audit

ACTOR = "monitor"  # what the monitor decides by itself; a person's act carries the person's name

Body = dict[str, object]
_CONFIRMED = frozenset({ActKind.RAISE, ActKind.INHIBIT})
_OUTAGES = {
    OutageOpened: "outage_opened",
    OutageWidened: "outage_widened",
    OutageEnded: "outage_ended",
    OutageReopened: "outage_reopened",
}


def entries(
    platform: str, facts: Iterable[Fact], document: FlagDocument | None, at: datetime
) -> tuple[AuditEntry, ...]:
    """Return the audit's lines for what one event led to, in the order it happened."""
    lines = ((_actor(fact), _line_of(fact)) for fact in facts)
    audited = [AuditEntry(line[0], actor, {"platform": platform, **line[1]}, at) for actor, line in lines if line]
    if document is not None:
        body = {"platform": platform, "ver": document.ver, "change": document.change, "sha256": document.sha256}
        audited.append(AuditEntry("flag_signed", ACTOR, body, at))
    return tuple(audited)


def _actor(fact: Fact) -> str:
    match fact:
        case ActDone():
            return fact.person
        case CauseAdded():
            cause = fact.cause
            return cause.renewed_by or cause.confirmed_by or cause.by or ACTOR
        case _ if isinstance(fact, WindowFact):
            return window_audit.actor(fact) or ACTOR
        case _ if isinstance(fact, ExerciseFact):
            return exercise_lines.actor(fact) or ACTOR
        case _:
            return ACTOR


def _line_of(fact: Fact) -> tuple[str, Body] | None:
    if isinstance(fact, ExerciseFact):
        return exercise_lines.line(fact)
    return window_audit.line(fact) if isinstance(fact, WindowFact) else _line(fact)


def _line(fact: Fact) -> tuple[str, Body] | None:  # noqa: PLR0911 - one way out a kind of fact
    match fact:
        case OutageOpened() | OutageWidened() | OutageEnded() | OutageReopened():
            return _OUTAGES[type(fact)], _outage(fact.outage)
        case PlatformChanged() | PlatformLeft():
            return _platform_line(fact)
        case CauseAdded():
            return "cause_added", {"kind": fact.cause.kind, "id": fact.cause.id}
        case CauseEnded():
            return "cause_ended", {"kind": fact.cause.kind, "id": fact.cause.id, "why": fact.why}
        case ActDone() | RequestDied() | InhibitionEnded() | InhibitionLost():
            return _act_line(fact)
        case FlagChanged():
            return "flag", {"was": fact.was.state, "now": fact.now.state, "change": fact.now.change, "why": fact.why}
        case FlagTakenUp():
            found = fact.published
            return "flag_taken_up", {"ver": found.ver, "change": found.change, "sha256": found.sha256}
        case PageDecided():
            page = fact.page
            return "page", {"id": page.id, "kind": page.kind, "status": page.status, "reason": page.reason}
        case PageWithheld():
            return "no_page", {"kind": fact.kind, "reason": fact.reason}
        case _:
            return None


def _platform_line(fact: PlatformChanged | PlatformLeft) -> tuple[str, Body]:
    if isinstance(fact, PlatformLeft):
        return "platform_unwatched", {"since": fact.since.isoformat()}
    return "verdict", {"was": fact.was, "now": fact.now, "why": fact.why}


def _act_line(fact: ActDone | RequestDied | InhibitionEnded | InhibitionLost) -> tuple[str, Body]:
    match fact:
        case ActDone():
            return f"flag_{fact.kind}", _act(fact)
        case RequestDied():
            return "flag_request_died", {"id": fact.request.id, "asked_by": fact.request.by, "why": fact.why}
        case InhibitionEnded():
            return "flag_inhibition_ended", {"id": fact.inhibition.id, "why": fact.why}
        case InhibitionLost():
            return "flag_inhibition_lost", {"why": fact.why}


def _act(fact: ActDone) -> Body:
    body: Body = {
        "id": fact.subject,
        "token": fact.token,
        "reason": fact.reason,
        "ticket": fact.ticket,
        "until": fact.until.isoformat() if fact.until else None,
    }
    if fact.request is not None and fact.kind in _CONFIRMED:
        body |= {"asked_by": fact.request.by, "asked_token": fact.request.token, "confirmed_by": fact.person}
    return body


def _outage(outage: Outage) -> Body:
    return {
        "outage": outage.id,
        "opened_at": outage.opened_at.isoformat(),
        "confirmed_at": outage.confirmed_at.isoformat(),
        "ended_at": outage.ended_at.isoformat() if outage.ended_at else None,
        "functions": list(outage.functions),
        "openers": list(outage.openers),
        "reason": outage.reason,
    }
