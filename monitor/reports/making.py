"""Makes reports from a store: reads what is on record, and has the rules put it together."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from monitor.model.past import PastQuery
from monitor.rules import slareport
from monitor.rules.periods import Period, Terms
from monitor.rules.slavalues import SlaReport, Standing, Subject
from monitor.store import pace, past

T = TypeVar("T")


class Read(Protocol):
    """Runs something that reads, in a transaction of its own."""

    def __call__(self, work: Callable[[Connection], T]) -> T:
        """Return what it reads."""
        ...


class Maker:
    """Makes reports of one vantage's platforms. Every call may raise `StoreUnavailable` or `StoreUnusable`."""

    def __init__(self, deployment: str, vantage: str, read: Read) -> None:
        self._deployment = deployment
        self._vantage = vantage
        self._read = read

    def make(self, platform: str, terms: Terms, period: Period, now: datetime) -> SlaReport:
        """Return the report on a platform's period as it is known now."""
        return self._read(lambda connection: made(connection, self._subject(platform), (terms, period), now))

    def _subject(self, platform: str) -> Subject:
        return Subject(self._deployment, self._vantage, platform)


def made(connection: Connection, subject: Subject, agreed: tuple[Terms, Period], now: datetime) -> SlaReport:
    """Return a report, read in one transaction."""
    terms, period = agreed
    query = PastQuery(subject.platform, slareport.since(period, now), now)
    found = slareport.report(subject, past.read(connection, subject.vantage, query), terms, period)
    if found.standing is Standing.AHEAD:
        return found
    days = [day.period for day in found.days]
    return replace(found, paces=slareport.paces(pace.read(connection, subject.vantage, subject.platform, days)))
