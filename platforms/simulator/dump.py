"""Everything the simulated platform holds and was asked, for a program and for a person. Without any secret."""

from collections.abc import Iterator
from datetime import datetime

from platforms.simulator.faults import FaultBoard
from platforms.simulator.model import Recorded
from platforms.simulator.said import said_grant, said_request, stamp
from platforms.simulator.world import World


def as_data(world: World, board: FaultBoard, now: datetime) -> dict[str, object]:
    """Return JSON values only, oldest first; session tokens are left out."""
    return {
        "at": stamp(now),
        "faults": board.as_data(),
        "sessions": [{"identity": each.identity, "ends_at": stamp(each.ends_at)} for each in world.sessions.values()],
        "requests": [said_request(request) for request in world.requests.values()],
        "grants": [said_grant(grant, now) for grant in world.grants.values()],
        "uses": [{"id": use.id, "grant": use.grant, "by": use.by, "at": stamp(use.at)} for use in world.uses],
        "recorded": [_said_recorded(each) for each in world.recorded],
    }


def as_text(world: World, board: FaultBoard, now: datetime) -> str:
    """Return the same as lines for a person."""
    return "\n".join(_lines(world, board, now)) + "\n"


def _lines(world: World, board: FaultBoard, now: datetime) -> Iterator[str]:
    yield f"The simulated platform at {stamp(now)}"
    yield "Faults:"
    yield from (f"  {target}: {fault}" for target, fault in board.as_data().items())
    yield "Sessions:"
    yield from (f"  {each.identity} until {stamp(each.ends_at)}" for each in world.sessions.values())
    yield "Requests:"
    yield from (
        f"  {each.id} {each.state}: {each.by} wants {each.entitlement} ({each.reason})"
        for each in world.requests.values()
    )
    yield "Grants:"
    yield from (
        f"  {each.id} {'live' if each.is_live(now) else 'ended'}: {each.to} has {each.entitlement}"
        f" until {stamp(each.revoked_at or each.end_at)}"
        for each in world.grants.values()
    )
    yield "Uses:"
    yield from (f"  {stamp(each.at)} {each.by} used {each.grant}" for each in world.uses)
    yield "Asked:"
    yield from (f"  {_recorded_line(each)}" for each in world.recorded)


def _recorded_line(each: Recorded) -> str:
    answer = "no answer" if each.status is None else str(each.status)
    fault = "" if each.fault is None else f" (fault: {each.fault})"
    by = "" if each.by is None else f" by {each.by}"
    return f"{stamp(each.at)} {each.method} {each.path}{by}: {answer}{fault}"


def _said_recorded(each: Recorded) -> dict[str, object]:
    return {
        "at": stamp(each.at),
        "function": each.function,
        "method": each.method,
        "path": each.path,
        "status": each.status,
        "fault": each.fault,
        "by": each.by,
    }
