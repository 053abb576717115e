"""How the platform's values look in its answers: JSON values only, times in UTC to the millisecond."""

from datetime import datetime

from platforms.simulator.model import Grant, Request


def stamp(moment: datetime) -> str:
    """Return RFC 3339 with a Z."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def said_request(request: Request) -> dict[str, object]:
    """Return a request as its answer shows it."""
    return {
        "id": request.id,
        "state": request.state.value,
        "by": request.by,
        "entitlement": request.entitlement,
        "reason": request.reason,
        "seconds": request.length.total_seconds(),
        "created_at": stamp(request.created_at),
        "decided_by": request.decided_by,
        "decided_at": None if request.decided_at is None else stamp(request.decided_at),
        "grant": request.grant,
    }


def said_grant(grant: Grant, now: datetime) -> dict[str, object]:
    """Return a grant as its answer shows it."""
    return {
        "id": grant.id,
        "request": grant.request,
        "to": grant.to,
        "entitlement": grant.entitlement,
        "start_at": stamp(grant.start_at),
        "end_at": stamp(grant.end_at),
        "revoked_at": None if grant.revoked_at is None else stamp(grant.revoked_at),
        "revoked_by": grant.revoked_by,
        "is_live": grant.is_live(now),
    }
