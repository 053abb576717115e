"""Reads what is on record of a platform to account for it: kept for ever, and little however much was probed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from glasswatch.spans import Span
from monitor.model.fact import PlatformLeft
from monitor.model.maintenance import WindowQuery
from monitor.model.past import Past, PastQuery, VerdictChange
from monitor.model.record import OutageQuery
from monitor.model.verdict import Verdict
from monitor.rules.restart import NO_LONGER_WATCHED
from monitor.rules.tally import HOUR, hour_at, hour_of
from monitor.store import said, windows
from monitor.store.codec import decode
from monitor.store.history import read_outages
from monitor.store.schema import alive_spans, blind_spans, outages, outcome_hours, outcomes, series, transitions

_MOST: Final = 1_000_000
_KINDS: Final = ("platform_changed", "function_changed")


def read(connection: Connection, vantage: str, query: PastQuery) -> Past:
    """Return what is on record of a platform.

    Raises:
        StoreUnusable: a record is damaged or from a newer version.
    """
    # Also what was over by `since` and not known to be: a verdict that stayed down until then is no other outage.
    asked = OutageQuery(query.platform, query.since, _MOST, until=query.until)
    newest_first = read_outages(connection, vantage, asked, over_at=outages.c.cleared_at)
    return Past(
        platform=query.platform,
        since=query.since,
        until=query.until,
        changes=sorted(_changes(connection, vantage, query), key=lambda each: each.at),
        outages=newest_first[::-1],
        alive=_alive(connection, vantage, query),
        blind=_blind(connection, vantage, query),
        unwatched=list(_unwatched(connection, vantage, query)),
        windows=windows.read(connection, vantage, WindowQuery(query.platform, query.since, _MOST)),
        said=list(said.read(connection, vantage, query)),
    )


def first_at(connection: Connection, vantage: str, platform: str) -> datetime | None:
    """Return since when a platform is on record; None: it isn't."""
    ours = transitions.c.vantage == vantage, transitions.c.platform == platform, transitions.c.kind == _KINDS[0]
    return connection.scalar(select(transitions.c.at).where(*ours).order_by(transitions.c.at).limit(1))


def _changes(connection: Connection, vantage: str, query: PastQuery) -> Iterator[VerdictChange]:
    """Give the changes of verdicts in the time that is asked for, and of each the one before: what held, since when."""
    columns = transitions.c
    for kind in _KINDS:
        ours = columns.vantage == vantage, columns.platform == query.platform, columns.kind == kind
        asked = select(columns.subject, columns.was, columns.now, columns.at).where(*ours)
        within = columns.at >= query.since, columns.at < query.until
        for subject, was, now, at in connection.execute(asked.where(*within).order_by(columns.at, columns.id)):
            yield VerdictChange(subject or None, Verdict(was), Verdict(now), at)
        before = (
            select(columns.subject, func.max(columns.at))
            .where(*ours, columns.at < query.since)
            .group_by(columns.subject)
        )
        for subject, last in connection.execute(before).all():
            held = asked.add_columns(columns.why).where(columns.subject == subject, columns.at == last)
            _, was, now, at, why = connection.execute(held.order_by(columns.id.desc()).limit(1)).one()
            if why != NO_LONGER_WATCHED:  # else it is none of the platform's functions since
                yield VerdictChange(subject or None, Verdict(was), Verdict(now), at)


def _alive(connection: Connection, vantage: str, query: PastQuery) -> list[Span]:
    columns = alive_spans.c
    asked = select(columns.since, columns.until).where(
        columns.vantage == vantage, columns.since < query.until, columns.until > query.since
    )
    return [Span(since, until) for since, until in connection.execute(asked.order_by(columns.since))]


def _blind(connection: Connection, vantage: str, query: PastQuery) -> list[Span]:
    columns = blind_spans.c
    asked = select(columns.since, columns.until).where(
        columns.vantage == vantage,
        columns.since < query.until,
        columns.until.is_(None) | (columns.until > query.since),
    )
    found = connection.execute(asked.order_by(columns.since))
    return [Span(since, max(since, query.until if until is None else until)) for since, until in found]


def _unwatched(connection: Connection, vantage: str, query: PastQuery) -> Iterator[Span]:
    """Give when the platform was out of the settings: from when it left until something was found out about it."""
    columns = transitions.c
    ours = columns.vantage == vantage, columns.platform == query.platform
    left = select(columns.at, columns.body).where(*ours, columns.kind == "platform_left", columns.at < query.until)
    for at, body in connection.execute(left.order_by(columns.at)).all():
        since = decode(PlatformLeft, body, what=f"when {query.platform} left the settings").since
        back = _back_at(connection, vantage, query.platform, at) or query.until
        if min(since, at) < back:
            yield Span(min(since, at), back)


def _back_at(connection: Connection, vantage: str, platform: str, left_at: datetime) -> datetime | None:
    columns = transitions.c
    changed = select(func.min(columns.at)).where(
        columns.vantage == vantage, columns.platform == platform, columns.kind.in_(_KINDS), columns.at > left_at
    )
    ours = list(connection.scalars(select(series.c.id).filter_by(vantage=vantage, platform=platform)))
    tried = select(func.min(outcomes.c.started_at)).where(outcomes.c.series.in_(ours), outcomes.c.started_at > left_at)
    counted = select(func.min(outcome_hours.c.hour)).where(
        outcome_hours.c.series.in_(ours), outcome_hours.c.hour > hour_of(left_at)
    )
    hour = connection.scalar(counted)
    found = [connection.scalar(changed), connection.scalar(tried), None if hour is None else hour_at(hour) + HOUR]
    return min((at for at in found if at is not None), default=None)
