"""Makes reports from a store: reads what is on record, and has the rules put it together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from monitor.model.past import PastQuery
from monitor.rules import slareport
from monitor.rules.periods import Period, Terms
from monitor.rules.slavalues import SlaReport, Standing, Subject, Watch
from monitor.store import pace, past, proof

T = TypeVar("T")


class Read(Protocol):
    """Runs something that reads, in a transaction of its own."""

    def __call__(self, work: Callable[[Connection], T]) -> T:
        """Return what it reads."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which platform and period a report is wanted, what was agreed, and how the platform is measured."""

    platform: str
    terms: Terms
    period: Period
    watches: Sequence[Watch] = ()
    references: Sequence[str] = ()


class Maker:
    """Makes reports of one vantage's platforms. Every call may raise `StoreUnavailable` or `StoreUnusable`."""

    def __init__(self, deployment: str, vantage: str, read: Read) -> None:
        self._deployment = deployment
        self._vantage = vantage
        self._read = read

    def make(self, asked: Asked, now: datetime) -> SlaReport:
        """Return the report on a platform's period as it is known now."""
        return self._read(lambda connection: self._made(connection, asked, now))

    def _made(self, connection: Connection, asked: Asked, now: datetime) -> SlaReport:
        subject = Subject(self._deployment, self._vantage, asked.platform)
        query = PastQuery(asked.platform, slareport.since(asked.period, now), now)
        known = past.read(connection, self._vantage, query)
        found = slareport.report(subject, known, asked.terms, asked.period)
        found = replace(found, watches=asked.watches, references=asked.references)
        if found.standing is Standing.AHEAD:
            return found
        days = [day.period for day in found.days]
        return replace(
            found,
            paces=slareport.paces(pace.read(connection, self._vantage, asked.platform, days)),
            proof=proof.read(connection, self._vantage, asked.platform, slareport.proven_since(found)),
        )
