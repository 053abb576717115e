"""What of maintenance goes into the audit chain: who agreed to what, and when it was in force.

An entry holds names, times and reasons of ours; nothing that a status page calls its maintenance.
"""

from monitor.model.maintenance import (
    MaintenanceBegan,
    MaintenanceOver,
    Origin,
    ProposalGone,
    Window,
    WindowAgreed,
    WindowAsked,
    WindowEnded,
    WindowFact,
    WindowProposed,
    WindowRefused,
)

Body = dict[str, object]


def actor(fact: WindowFact) -> str:
    """Return who did it; empty: the monitor, of itself."""
    match fact:
        case WindowAgreed(window=window):
            return "" if window.origin is Origin.SETTINGS else window.confirmed_by or window.by
        case WindowEnded(window=window):
            return window.ended.by if window.ended is not None and fact.token else ""
        case WindowAsked(asked=asked):
            return asked.window.by
        case WindowRefused(by=by) | ProposalGone(by=by):
            return by
        case _:
            return ""


def line(fact: WindowFact) -> tuple[str, Body]:  # noqa: PLR0911 - one way out a kind of fact
    """Return the kind of an entry, and what it holds."""
    match fact:
        case WindowAgreed():
            return "maintenance_agreed", {**_window(fact.window), "token": fact.token or None}
        case WindowEnded(window=window):
            why = window.ended.why if window.ended is not None else ""
            return "maintenance_ended", {"id": window.id, "why": why, "token": fact.token or None}
        case WindowAsked(asked=asked):
            body = {**_window(asked.window), "token": asked.token, "until_confirmed": asked.expires_at.isoformat()}
            return "maintenance_asked", body
        case WindowRefused(asked=asked):
            return "maintenance_request_died", {"id": asked.window.id, "asked_by": asked.window.by, "why": fact.why}
        case WindowProposed(proposal=proposal):
            planned = proposal.planned
            times: Body = {"since": planned.since.isoformat(), "until": planned.until.isoformat()}
            return "maintenance_proposed", {"id": proposal.id, "probe": proposal.probe, **times}
        case ProposalGone(proposal=proposal):
            return "maintenance_proposal_gone", {"id": proposal.id, "why": fact.why, "token": fact.token or None}
        case MaintenanceBegan(in_force=held):
            return "maintenance_began", {"id": held.window, "until": held.until.isoformat()}
        case MaintenanceOver(in_force=held):
            return "maintenance_over", {"id": held.window, "at": fact.at.isoformat(), "why": fact.why}


def _window(window: Window) -> Body:
    calendar = window.calendar
    return {
        "id": window.id,
        "origin": window.origin,
        "since": window.since.isoformat(),
        "until": window.until.isoformat() if window.until else None,
        "days": list(calendar.days) if calendar else None,
        "at": calendar.at if calendar else None,
        "lasts_seconds": calendar.lasts.total_seconds() if calendar else None,
        "timezone": calendar.timezone if calendar else None,
        "functions": list(window.range.functions),
        "probes": list(window.range.probes),
        "reason": window.reason,
        "asked_by": window.by,
        "confirmed_by": window.confirmed_by,
    }
