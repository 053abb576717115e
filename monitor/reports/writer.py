"""Writes a report when a period is over, by itself: as a page, and as JSON for programs.

Looked at now and then; whether one is due is for the rules to say. What was missed while the monitor was off is due at
the next look. A report that is there is left alone, so what was sent with a claim stays what it was. The page comes
last: while it isn't there, the report is due.
"""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from glasswatch import files
from glasswatch.clock import Clock
from glasswatch.spans import Span
from monitor.errors import StoreError
from monitor.model.past import Past, PastQuery
from monitor.reports import page, shaping
from monitor.rules import slareport
from monitor.rules.periods import Period, Terms, due
from monitor.rules.slavalues import Proof, SlaReport, Subject, Watch
from monitor.settings.root import MonitorSettings
from monitor.settings.sla import terms
from monitor.settings.watched import references, watches

FIRST_SECONDS: Final = 90.0  # a start has other things to do
LOOK_SECONDS: Final = 300.0
_NAME: Final = re.compile(r"(?P<platform>.+)-(?P<period>[0-9]{4}-(?:[0-9]{2}|Q[1-4]))\.html")

log = logging.getLogger("glasswatch.reports")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose reports go where, and how the platform is measured."""

    terms: Terms
    directory: Path
    watches: Sequence[Watch] = ()
    references: Sequence[str] = ()


class Record(Protocol):
    """What reports are made from. Every method may raise `StoreUnavailable`."""

    async def past(self, query: PastQuery) -> Past:
        """Return what is on record of a platform."""
        ...

    async def watched_since(self, platform: str) -> datetime | None:
        """Return since when a platform is on record."""
        ...

    async def paces(self, platform: str, days: Sequence[Span]) -> Mapping[str, Sequence[Counter[float]]]:
        """Return how long a platform's probes took on each of these days."""
        ...

    async def proof(self, platform: str, since: datetime) -> Proof:
        """Return where the audit ends, and what of it tells of the platform's outages."""
        ...


def wanted_of(settings: MonitorSettings) -> dict[str, Wanted]:
    """Return what settings want, by platform."""
    return {
        name: Wanted(terms(platform.sla), platform.sla.reports.directory, watches(platform), references(settings))
        for name, platform in settings.platforms.items()
        if platform.sla is not None and platform.sla.reports is not None
    }


class ReportWriter:
    """Runs until cancelled. `wanted` returns, by platform, what the settings in force want."""

    def __init__(
        self, deployment: str, vantage: str, record: Record, wanted: Callable[[], Mapping[str, Wanted]], clock: Clock
    ) -> None:
        self._deployment = deployment
        self._vantage = vantage
        self._record = record
        self._wanted = wanted
        self._clock = clock

    async def run(self) -> None:
        """Look again and again."""
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Write what is due. What fails is logged, and due again."""
        for platform, wanted in self._wanted().items():
            try:
                await self._look(platform, wanted)
            except (StoreError, OSError) as fault:
                fields = {"platform": platform, "error": str(fault)}
                log.error("sla_report_not_written", extra={"fields": fields})  # noqa: TRY400 - the line says it all
            except Exception:
                # Who accounts must not end who watches: a fault of ours here costs a report, and nothing else.
                log.exception("sla_report_fault", extra={"fields": {"platform": platform}})

    async def _look(self, platform: str, wanted: Wanted) -> None:
        written = await asyncio.to_thread(_written, platform, wanted.directory)
        since = await self._record.watched_since(platform)
        for period in due(self._clock.now(), wanted.terms, since, written):
            report = await self._made(platform, wanted, period)
            await asyncio.to_thread(self._write, report, wanted.directory)
            log.info("sla_report_written", extra={"fields": {"platform": platform, "period": period.name}})

    async def _made(self, platform: str, wanted: Wanted, period: Period) -> SlaReport:
        now = self._clock.now()
        past = await self._record.past(PastQuery(platform, slareport.since(period, now), now))
        subject = Subject(self._deployment, self._vantage, platform)
        found = await asyncio.to_thread(slareport.report, subject, past, wanted.terms, period)
        paces = await self._record.paces(platform, [day.period for day in found.days])
        proof = await self._record.proof(platform, slareport.proven_since(found))
        return replace(
            found,
            watches=wanted.watches,
            references=wanted.references,
            paces=slareport.paces(paces),
            proof=proof,
        )

    def _write(self, report: SlaReport, directory: Path) -> None:
        name = f"{report.subject.platform}-{report.period.name}"
        answer = shaping.answer(self._deployment, self._vantage, [report])
        files.replace(directory / f"{name}.json", answer.model_dump_json(indent=2).encode())
        title = f"Availability of {report.subject.platform}, {report.period.name}"
        files.replace(directory / f"{name}.html", page.page(title, [report]).encode())


def _written(platform: str, directory: Path) -> set[str]:
    """Return the periods whose report is there.

    Raises:
        OSError: the directory can't be read.
    """
    found = (_NAME.fullmatch(each.name) for each in directory.iterdir())
    return {match["period"] for match in found if match is not None and match["platform"] == platform}
