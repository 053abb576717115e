"""Says on a terminal where a flag stands: what raises it, what holds it closed, what waits for a second person."""

from collections.abc import Iterator
from datetime import timedelta

from glasswatch import visible
from glasswatch.durations import render
from monitor.wire.answers import BreakGlassAnswer, CauseAnswer, RequestAnswer

STATES = {"ready": "PERMITTED", "exercise": "exercise only", "standby": "sealed"}


def headline(glass: BreakGlassAnswer) -> str:
    """Return whether break-glass is permitted, and how long what was signed of it holds."""
    signed = f", signed until {glass.signed_until:%H:%M:%SZ}" if glass.signed_until else ", not signed yet"
    if glass.signed_state is not None and glass.signed_state != glass.state:
        signed = f", but what is signed says {STATES[glass.signed_state]}: it is about to change"
    return f"break-glass: {STATES[glass.state]}{signed}"


def details(platform: str, glass: BreakGlassAnswer) -> Iterator[str]:
    """Yield one line for each cause, for what holds it closed, and for each request."""
    for cause in glass.causes:
        yield visible.line(_cause(cause, glass))
    yield from (visible.line(line) for line in waiting(platform, glass))


def waiting(platform: str, glass: BreakGlassAnswer) -> Iterator[str]:
    """Yield what a person may have to do something about: held closed, or waiting for somebody else."""
    held = glass.inhibit
    if held is not None:
        yield (
            f"held CLOSED by {held.by} and {held.confirmed_by} until {held.until:%H:%M:%SZ}: {held.reason}; "
            f"to end it: monitor flag inhibit {platform} --end"
        )
    for request in glass.pending:
        yield _request(platform, request)


def _cause(cause: CauseAnswer, glass: BreakGlassAnswer) -> str:
    until = cause.until if cause.kind != "outage" else glass.unknown_until
    parts = [f"{cause.kind} {cause.id}", f"since {cause.since:%Y-%m-%d %H:%M:%SZ}"]
    parts += [f"until {until:%H:%M:%SZ}"] if until else []
    parts += [f"by {cause.by}"] if cause.by else []
    parts += [f"confirmed by {cause.confirmed_by}"] if cause.confirmed_by else []
    parts += [f"renewed by {cause.renewed_by}"] if cause.renewed_by else []
    parts += [f"ticket {cause.ticket}"] if cause.ticket else []
    parts += ["not in force until it is confirmed again"] if cause.suspended else []
    parts += ["not in force while it is held closed"] if cause.inhibited else []
    return ", ".join(parts) + (f": {cause.reason}" if cause.reason else "")


def _request(platform: str, request: RequestAnswer) -> str:
    wish = "raise it" if request.act == "raise" else "hold it closed"
    span = timedelta(seconds=max(request.for_seconds, 0))
    return (
        f"{request.by} asks to {wish} for {render(span)}: {request.reason}; another person confirms by "
        f"{request.expires_at:%H:%M:%SZ}: monitor flag confirm {platform} {request.id}"
    )
