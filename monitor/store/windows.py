"""Maintenance windows: every one that was ever agreed, in the transaction of the act that agreed to it or ended it."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, select

from monitor.model.fact import Fact
from monitor.model.maintenance import (
    MaintenanceBegan,
    MaintenanceOver,
    ProposalGone,
    Window,
    WindowAgreed,
    WindowAsked,
    WindowEnded,
    WindowProposed,
    WindowQuery,
    WindowRefused,
)
from monitor.store.codec import decode, encode
from monitor.store.schema import windows
from monitor.store.upserts import replacing

# What a transition's row says of each fact beside the whole of it.
COLUMNS: dict[type, Callable[[Any], dict[str, object]]] = {
    WindowAgreed: lambda fact: {"subject": fact.window.id, "why": fact.window.reason},
    WindowEnded: lambda fact: {"subject": fact.window.id, "why": fact.window.ended.why},
    WindowAsked: lambda fact: {"subject": fact.asked.window.id, "why": fact.asked.window.reason},
    WindowRefused: lambda fact: {"subject": fact.asked.window.id, "why": fact.why},
    WindowProposed: lambda fact: {"subject": fact.proposal.id},
    ProposalGone: lambda fact: {"subject": fact.proposal.id, "why": fact.why},
    MaintenanceBegan: lambda fact: {"subject": fact.in_force.window},
    MaintenanceOver: lambda fact: {"subject": fact.in_force.window, "why": fact.why},
}


def write(connection: Connection, vantage: str, platform: str, facts: Iterable[Fact]) -> None:
    """Write what was agreed or ended: the latest word on each window."""
    latest = {fact.window.id: fact.window for fact in facts if isinstance(fact, WindowAgreed | WindowEnded)}
    if latest:
        rows = [{"vantage": vantage, "platform": platform, **_row(window)} for window in latest.values()]
        connection.execute(replacing(connection, windows), rows)


def read(connection: Connection, vantage: str, query: WindowQuery) -> list[Window]:
    """Return windows, latest agreed first; not those that were over at `query.since`.

    Raises:
        StoreUnusable: a record is damaged or from a newer version.
    """
    statement = select(windows.c.window, windows.c.record).where(windows.c.vantage == vantage)
    if query.platform is not None:
        statement = statement.where(windows.c.platform == query.platform)
    if query.since is not None:
        statement = statement.where(windows.c.until.is_(None) | (windows.c.until > query.since))
    latest = statement.order_by(windows.c.agreed_at.desc(), windows.c.window.desc()).limit(max(query.limit, 0))
    return [decode(Window, row.record, what=f"window {row.window}") for row in connection.execute(latest)]


def _row(window: Window) -> dict[str, object]:
    return {
        "window": window.id,
        "agreed_at": window.agreed_at,
        "since": window.since,
        "until": window.ends_at,
        "record": encode(window),
    }
