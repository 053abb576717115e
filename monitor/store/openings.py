"""What journeys opened and is not known closed: written before it is opened, gone once it is closed."""

import logging

from sqlalchemy import Connection, delete, select

from monitor.errors import StoreUnusable
from monitor.model.record import AuditEntry, ChainHead
from monitor.model.residue import Gone
from monitor.store import audit
from monitor.store.codec import decode, encode
from monitor.store.history import Scope
from monitor.store.identity import Identity
from monitor.store.schema import openings
from monitor.store.upserts import replacing
from platforms.journey.model import Opening, OpenState

log = logging.getLogger("glasswatch.store")


def forget(connection: Connection, identity: Identity, gone: Gone, entry: AuditEntry) -> tuple[list[str], ChainHead]:
    """Forget what a run left open, with the audit's entry; return its steps, and where the audit ends then."""
    which = [
        openings.c.vantage == identity.vantage,
        openings.c.platform == gone.platform,
        openings.c.probe == gone.probe,
        openings.c.run == gone.run,
        *([openings.c.step == gone.step] if gone.step is not None else []),
    ]
    steps = list(connection.scalars(select(openings.c.step).where(*which).order_by(openings.c.at)))
    if not steps:
        return [], audit.head(connection, identity.vantage)
    connection.execute(delete(openings).where(*which))
    return steps, audit.append(connection, identity, gone.platform, (entry,))


def keep(connection: Connection, scope: Scope, probe: str, opening: Opening) -> None:
    """Write an opening as it is now; forget it once it is closed."""
    if opening.state is OpenState.CLOSED:
        run, step = openings.c.run == opening.run, openings.c.step == opening.step
        connection.execute(delete(openings).where(openings.c.vantage == scope.vantage, run, step))
        return
    row = {
        "vantage": scope.vantage,
        "run": opening.run,
        "step": opening.step,
        "platform": scope.platform,
        "probe": probe,
        "at": opening.at,
        "record": encode(opening),
    }
    connection.execute(replacing(connection, openings), row)


def read(connection: Connection, scope: Scope, probe: str) -> list[Opening]:
    """Return what a probe has open, oldest first. One that is damaged is logged and left out."""
    asked = select(openings.c.run, openings.c.step, openings.c.record).where(
        openings.c.vantage == scope.vantage, openings.c.platform == scope.platform, openings.c.probe == probe
    )
    found = []
    for row in connection.execute(asked.order_by(openings.c.at, openings.c.run, openings.c.step)):
        try:
            found.append(decode(Opening, row.record, what=f"what run {row.run} opened in step {row.step}"))
        except StoreUnusable as fault:
            # One that is damaged must not keep the others from being closed.
            log.error("opening_unreadable", extra={"fields": {"error": str(fault)}})  # noqa: TRY400 - no traceback for damage
    return found


def every(connection: Connection, vantage: str) -> list[tuple[str, str, str, str]]:
    """Return platform, probe, run and step of everything that is open."""
    asked = select(openings.c.platform, openings.c.probe, openings.c.run, openings.c.step)
    rows = connection.execute(asked.where(openings.c.vantage == vantage).order_by(openings.c.at))
    return [(row.platform, row.probe, row.run, row.step) for row in rows]
