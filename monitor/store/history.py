"""Writes what the rules found: every fact as a transition, and the histories of outages, causes and windows."""

import re
from collections.abc import Callable
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, bindparam, insert, select, update

from monitor.model.exercise import ExerciseBegan, ExerciseFound, ExerciseOver
from monitor.model.fact import (
    ActDone,
    CauseAdded,
    CauseEnded,
    EndsSoon,
    Fact,
    FlagChanged,
    FlagTakenUp,
    FunctionChanged,
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
    ProbeChanged,
    RequestDied,
)
from monitor.model.record import Commit, OutageQuery
from monitor.model.state import Outage
from monitor.store import windows
from monitor.store.codec import decode, encode
from monitor.store.schema import causes, outages, transitions
from monitor.store.upserts import replacing

_OutageFact = OutageOpened | OutageWidened | OutageEnded | OutageReopened
_OUTAGE_FACTS = (OutageOpened, OutageWidened, OutageEnded, OutageReopened)
_END_CAUSE = (
    update(causes)
    .where(causes.c.vantage == bindparam("for_vantage"), causes.c.platform == bindparam("for_platform"))
    .where(causes.c.kind == bindparam("for_kind"), causes.c.cause == bindparam("for_cause"))
    .where(causes.c.ended_at.is_(None))
)
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


class Scope(NamedTuple):
    """Whose history it is: every row starts with these."""

    vantage: str
    platform: str

    def row(self, **columns: object) -> dict[str, object]:
        """Return a row of this platform."""
        return {"vantage": self.vantage, "platform": self.platform, **columns}


def write(connection: Connection, scope: Scope, commit: Commit) -> None:
    """Write the commit's facts, outages, causes and windows."""
    if commit.facts:
        revision = commit.expected_revision + 1
        connection.execute(
            insert(transitions),
            [
                scope.row(revision=revision, **{**_NOTHING, "at": commit.at, **_transition(fact)})
                for fact in commit.facts
            ],
        )
    _write_outages(connection, scope, commit)
    _write_causes(connection, scope, commit)
    windows.write(connection, scope.vantage, scope.platform, commit.facts)


_NOTHING: dict[str, object] = {"was": None, "now": None, "why": None, "body": None}


def _transition(fact: Fact) -> dict[str, object]:
    columns = {"kind": _CAPITAL.sub("_", type(fact).__name__).lower(), **_COLUMNS[type(fact)](fact)}
    if not isinstance(fact, PageDecided):  # its page has a table of its own
        columns["body"] = encode(fact)
    return columns


def _changed(subject: str, fact: ProbeChanged | FunctionChanged | PlatformChanged) -> dict[str, object]:
    return {"subject": subject, "at": fact.at, "was": fact.was, "now": fact.now, "why": fact.why}


def _of_outage(fact: _OutageFact) -> dict[str, object]:
    return {"subject": fact.outage.id, "why": fact.outage.reason}


def _of_flag(fact: FlagChanged) -> dict[str, object]:
    return {"subject": str(fact.now.change), "was": fact.was.state, "now": fact.now.state, "why": fact.why}


_COLUMNS: dict[type, Callable[[Any], dict[str, object]]] = {
    ProbeChanged: lambda fact: _changed(fact.probe, fact),
    FunctionChanged: lambda fact: _changed(fact.function, fact),
    PlatformChanged: lambda fact: _changed("", fact),
    OutageOpened: _of_outage,
    OutageWidened: _of_outage,
    OutageEnded: _of_outage,
    OutageReopened: _of_outage,
    CauseAdded: lambda fact: {"subject": fact.cause.id},
    CauseEnded: lambda fact: {"subject": fact.cause.id, "why": fact.why},
    ActDone: lambda fact: {"subject": fact.subject, "now": fact.kind, "why": fact.reason},
    RequestDied: lambda fact: {"subject": fact.request.id, "why": fact.why},
    InhibitionEnded: lambda fact: {"subject": fact.inhibition.id, "why": fact.why},
    InhibitionLost: lambda fact: {"subject": "", "why": fact.why},
    EndsSoon: lambda fact: {"subject": fact.cause.id, "why": fact.why},
    FlagChanged: _of_flag,
    FlagTakenUp: lambda fact: {"subject": str(fact.published.change), "now": fact.published.state},
    PageDecided: lambda fact: {"subject": fact.page.id, "now": fact.page.status, "why": fact.page.reason},
    PageWithheld: lambda fact: {"subject": fact.kind, "why": fact.reason},
    PlatformLeft: lambda _fact: {"subject": "", "why": "no longer in the settings"},
    ExerciseBegan: lambda fact: {"subject": fact.exercise.id},
    ExerciseFound: lambda fact: {"subject": fact.exercise.id},
    ExerciseOver: lambda fact: {"subject": fact.exercise.id, "why": fact.exercise.why},
    **windows.COLUMNS,
}


def _write_outages(connection: Connection, scope: Scope, commit: Commit) -> None:
    latest = {fact.outage.id: fact.outage for fact in commit.facts if isinstance(fact, _OUTAGE_FACTS)}
    if commit.after.outage is not None:
        latest[commit.after.outage.id] = commit.after.outage
    if latest:
        connection.execute(replacing(connection, outages), [_outage(scope, outage) for outage in latest.values()])


def _outage(scope: Scope, outage: Outage) -> dict[str, object]:
    return scope.row(
        outage=outage.id,
        opened_at=outage.opened_at,
        confirmed_at=outage.confirmed_at,
        ended_at=outage.ended_at,
        cleared_at=outage.cleared_at,
        record=encode(outage),
    )


def _write_causes(connection: Connection, scope: Scope, commit: Commit) -> None:
    for fact in commit.facts:
        if isinstance(fact, CauseAdded):
            _end_cause(connection, scope, fact, commit, "replaced")
            row = scope.row(kind=fact.cause.kind, cause=fact.cause.id, added_at=commit.at, record=encode(fact.cause))
            connection.execute(insert(causes), row)
        elif isinstance(fact, CauseEnded):
            _end_cause(connection, scope, fact, commit, fact.why)


def _end_cause(connection: Connection, scope: Scope, fact: CauseAdded | CauseEnded, commit: Commit, why: str) -> None:
    which = {"for_vantage": scope.vantage, "for_platform": scope.platform}
    which |= {"for_kind": fact.cause.kind.value, "for_cause": fact.cause.id}
    connection.execute(_END_CAUSE, {**which, "ended_at": commit.at, "ended_why": why})


def read_outages(
    connection: Connection, vantage: str, query: OutageQuery, over_at: Column[Any] = outages.c.ended_at
) -> list[Outage]:
    """Return the vantage's outages that are asked for, newest first; `over_at` says when each was over.

    Raises:
        StoreUnusable: a record is damaged or from a newer version.
    """
    columns = outages.c
    asked = [columns.vantage == vantage]
    if query.platform is not None:
        asked.append(columns.platform == query.platform)
    if query.since is not None:
        asked.append(over_at.is_(None) | (over_at > query.since))
    if query.until is not None:
        asked.append(columns.opened_at < query.until)
    if query.is_open:
        asked.append(columns.ended_at.is_(None))
    if query.function is not None:  # a first look, so that not every record is read; the record itself says
        asked.append(columns.record.contains(f'"{query.function}"', autoescape=True))
    newest = select(columns.outage, columns.record).where(*asked)
    rows = connection.execute(newest.order_by(columns.opened_at.desc(), columns.outage.desc()))
    found = (decode(Outage, row.record, what=f"outage {row.outage}") for row in rows)
    wanted = (each for each in found if query.function is None or query.function in each.functions)
    return list(islice(wanted, max(query.limit, 0)))
