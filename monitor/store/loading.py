"""Reads everything back on start, settling first what the last run left open.

- What was under way is settled: deliveries are tried again, a blind span ends with the last sign of life (from there
  on it is a gap).
- A row whose checksum is wrong is refused rather than believed: a wrong state could raise the flag.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select, text, update

from monitor.errors import StoreUnusable
from monitor.model.record import FlagLedger, Loaded, LoadedPlatform
from monitor.model.state import PlatformState, ProbeState
from monitor.store import audit, flags, pages
from monitor.store.codec import decode
from monitor.store.columns import checksum
from monitor.store.schema import alive_spans, blind_spans, platforms, probe_states

# What is read at the start, in part or in full. The outcomes' and transitions' bulk is for `monitor store check`.
_CHECKED = (
    "meta",
    "vantages",
    "alive_spans",
    "platforms",
    "probe_states",
    "flag_ledger",
    "pages",
    "deliveries",
    "uses",
)


def check_files(connection: Connection, place: str) -> None:
    """Have SQLite look over the tables that what we believe comes from.

    Raises:
        StoreUnusable: one of them is damaged.
    """
    if connection.dialect.name != "sqlite":
        return
    for table in _CHECKED:
        if connection.scalar(text(f"PRAGMA quick_check('{table}')")) != "ok":
            raise StoreUnusable(
                f"the store {place} is damaged in {table}: restore a backup, or move it away to start with an empty "
                "store"
            )


def settle(connection: Connection, vantage: str) -> None:
    """Close what the last run left open."""
    pages.settle(connection, vantage)
    last = _last_alive(connection, vantage)
    blind = select(blind_spans.c.since).where(blind_spans.c.vantage == vantage, blind_spans.c.until.is_(None))
    for since in connection.scalars(blind).all():
        connection.execute(
            update(blind_spans)
            .where(blind_spans.c.vantage == vantage, blind_spans.c.since == since)
            .values(until=max(since, last) if last else since)
        )


def load(connection: Connection, vantage: str) -> Loaded:
    """Return what is stored for this vantage.

    Raises:
        StoreUnusable: a row is damaged, or written by a newer version.
    """
    probes = _probes(connection, vantage)
    found = {
        row.platform: _platform(row.platform, (row.revision, row.state, row.checksum), vantage)
        for row in connection.execute(select(platforms).where(platforms.c.vantage == vantage))
    }
    ledgers = flags.ledgers(connection, vantage)
    # A platform may have had a flag signed before anything else was ever found out about it.
    for name in ledgers.keys() - found.keys():
        found[name] = LoadedPlatform(PlatformState(platform=name), 0, FlagLedger())
    return Loaded(
        platforms={
            name: replace(
                loaded,
                state=replace(loaded.state, probes=probes.get(name, {})),
                ledger=ledgers.get(name, FlagLedger()),
            )
            for name, loaded in sorted(found.items())
        },
        last_alive_at=_last_alive(connection, vantage),
        chain=audit.head(connection, vantage),
    )


def _platform(name: str, stored: tuple[int, str, int], vantage: str) -> LoadedPlatform:
    revision, state, expected = stored
    what = f"platform {name}"
    _check(checksum(vantage, name, revision, state) == expected, what)
    decoded = decode(PlatformState, state, what=what)
    _check(decoded.platform == name, what)
    return LoadedPlatform(decoded, revision, FlagLedger())


def _probes(connection: Connection, vantage: str) -> dict[str, dict[str, ProbeState]]:
    found: dict[str, dict[str, ProbeState]] = {}
    for row in connection.execute(select(probe_states).where(probe_states.c.vantage == vantage)):
        what = f"probe {row.probe} of platform {row.platform}"
        _check(checksum(vantage, row.platform, row.probe, row.state) == row.checksum, what)
        found.setdefault(row.platform, {})[row.probe] = decode(ProbeState, row.state, what=what)
    return found


def _check(is_sound: bool, what: str) -> None:  # noqa: FBT001 - a condition that must hold reads best in first place
    if not is_sound:
        raise StoreUnusable(
            f"the store's record of {what} is damaged: restore a backup, or move the store away to start with an "
            "empty one"
        )


def _last_alive(connection: Connection, vantage: str) -> datetime | None:
    newest = select(alive_spans.c.until).where(alive_spans.c.vantage == vantage).order_by(alive_spans.c.id.desc())
    return connection.scalar(newest.limit(1))
