"""Puts maintenance into the shapes of the wire. No decision is made here."""

from collections.abc import Iterator
from datetime import datetime

from glasswatch.spans import Span
from monitor.model.maintenance import (
    Asked,
    Calendar,
    InForce,
    Maintenance,
    MaintenanceBegan,
    MaintenanceOver,
    Proposal,
    ProposalGone,
    Window,
    WindowAgreed,
    WindowAsked,
    WindowEnded,
    WindowFact,
    WindowProposed,
    WindowRefused,
)
from monitor.rules import maintenance, window_audit
from monitor.wire.answers import InForceAnswer, MaintenanceStatusAnswer, SpanAnswer
from monitor.wire.happenings import MaintenanceEvent, MaintenanceWord
from monitor.wire.maintenance import CalendarAnswer, EndedAnswer, WindowAnswer, WindowStateWord

_ORDER: dict[str, int] = {"asked": 0, "proposed": 1, "in_force": 2, "coming": 3, "over": 4}

_HAPPENINGS: dict[type, MaintenanceWord] = {
    WindowAgreed: "agreed",
    WindowEnded: "ended",
    WindowAsked: "asked",
    WindowRefused: "refused",
    WindowProposed: "proposed",
    ProposalGone: "proposal_gone",
    MaintenanceBegan: "began",
    MaintenanceOver: "over",
}


def status(held: Maintenance) -> MaintenanceStatusAnswer:
    """Return where a platform's maintenance stands."""
    return MaintenanceStatusAnswer(
        in_force=tuple(_in_force(each) for each in held.in_force),
        coming=_in_force(held.coming) if held.coming is not None else None,
        proposed=len(held.proposals),
        asked=len(held.asked),
    )


def listed(platform: str, held: Maintenance, now: datetime) -> Iterator[WindowAnswer]:
    """Yield all that is held of a platform's maintenance; what is over as well."""
    yield from (_asked(each) for each in held.asked)
    yield from (_proposal(each, platform) for each in held.proposals)
    yield from (window(each, now) for each in held.windows)


def rank(answer: WindowAnswer) -> tuple[int, float, str]:
    """Return what windows are put in order by: what waits for somebody first, what is over last, the latest first."""
    starts = answer.now or answer.next
    at = (starts.start if starts is not None else answer.since).timestamp()
    return _ORDER[answer.state], -at if answer.state == "over" else at, answer.id


def window(found: Window, now: datetime) -> WindowAnswer:
    """Return a window that was agreed."""
    here, then = maintenance.current(found, now), maintenance.coming(found, now)
    state: WindowStateWord = "in_force" if here is not None else "over" if found.is_over(now) else "coming"
    return _window(found, state, here, then)


def _window(
    found: Window, state: WindowStateWord, here: Span | None, then: Span | None, asked: Asked | None = None
) -> WindowAnswer:
    ended = found.ended
    return WindowAnswer(
        id=found.id,
        platform=found.platform,
        state=state,
        origin=found.origin.value,
        name=found.name,
        since=found.since,
        until=found.until,
        calendar=_calendar(found.calendar),
        functions=found.range.functions,
        probes=found.range.probes,
        reason=found.reason,
        by=found.by,
        confirmed_by=found.confirmed_by,
        agreed_at=None if asked is not None else found.agreed_at,
        ended=EndedAnswer(by=ended.by, at=ended.at, why=ended.why) if ended is not None else None,
        now=_span(here),
        next=_span(then),
        expires_at=asked.expires_at if asked is not None else None,
        probe=None,
    )


def _asked(asked: Asked) -> WindowAnswer:
    return _window(asked.window, "asked", None, None, asked)


def _proposal(proposal: Proposal, platform: str) -> WindowAnswer:
    planned = proposal.planned
    return WindowAnswer(
        id=proposal.id,
        platform=platform,
        state="proposed",
        origin="vendor",
        name=planned.name,
        since=planned.since,
        until=planned.until,
        calendar=None,
        functions=(),
        probes=(),
        reason="",
        by=None,
        confirmed_by=None,
        agreed_at=None,
        ended=None,
        now=None,
        next=None,
        expires_at=None,
        probe=proposal.probe,
    )


def _calendar(calendar: Calendar | None) -> CalendarAnswer | None:
    if calendar is None:
        return None
    return CalendarAnswer(
        days=calendar.days,
        at=calendar.at,
        lasts_seconds=calendar.lasts.total_seconds(),
        timezone=calendar.timezone,
    )


def _span(span: Span | None) -> SpanAnswer | None:
    return SpanAnswer(start=span.start, end=span.end) if span is not None else None


def _in_force(each: InForce) -> InForceAnswer:
    return InForceAnswer(id=each.window, label=each.label, since=each.since, until=each.until)


def event(platform: str, fact: WindowFact, at: datetime) -> MaintenanceEvent:
    """Return what is told of a fact about maintenance."""
    _, held = window_audit.line(fact)
    why = held.get("why", held.get("reason", ""))
    return MaintenanceEvent(
        platform=platform,
        happening=_HAPPENINGS[type(fact)],
        id=str(held["id"]),
        by=window_audit.actor(fact) or None,
        why=str(why),
        at=at,
    )
