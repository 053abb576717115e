"""`monitor backtest --replay`: what settings would have found of what is on record, beside what was found."""

import asyncio
import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from glasswatch.errors import NotMeasured, UsageFault
from glasswatch.settings.load import load
from monitor import unlock
from monitor.backtest.judge import Ours
from monitor.backtest.replay import Replay, in_order
from monitor.commands.backtest.settings import OURS, PROPOSED, Instead, platform_of, possible, whole
from monitor.errors import StoreError
from monitor.model.state import Outage
from monitor.settings.root import MonitorSettings
from monitor.store.identity import Identity
from monitor.store.reading import Reading
from monitor.store.recorded import Period, Record

_TOLD_EVERY: Final = 1000
RECORDED: Final = "on record"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be played again."""

    config: Path
    proposed: Path | None
    platform: str | None
    since: datetime | None
    until: datetime | None
    instead: Instead


@dataclass(frozen=True, slots=True)
class Played:
    """What one set of settings found. `not_due`, `unknown`: attempts on record that were left out."""

    outages: Sequence[Outage]
    readies: int
    taken: int
    not_due: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """The record of a platform, and what each set of settings makes of it."""

    platform: str
    store: str
    period: Period
    recorded: Sequence[Outage]
    played: Mapping[str, Played]

    @property
    def found(self) -> Mapping[str, Sequence[Outage]]:
        """The outages by who found them, the record first."""
        return {RECORDED: self.recorded, **{name: each.outages for name, each in self.played.items()}}

    def rows(self) -> list[Mapping[str, Sequence[Outage]]]:
        """Return the outages that overlap each other side by side, by who found them."""
        every = sorted(
            ((outage, name) for name, outages in self.found.items() for outage in outages),
            key=lambda each: each[0].opened_at,
        )
        rows: list[dict[str, list[Outage]]] = []
        ends_at = self.period.since
        for outage, name in every:
            if not rows or outage.opened_at > ends_at:
                rows.append({})
            rows[-1].setdefault(name, []).append(outage)
            ends_at = max(ends_at, outage.ended_at or self.period.until)
        return list(rows)


def replay(wanted: Wanted, told: Callable[[str, int], None]) -> Replayed:
    """Play the record.

    Raises:
        NotMeasured: the store can't be read, or has nothing of it.
    """
    settings = load(wanted.config, MonitorSettings)
    platform = platform_of(settings, wanted.platform)
    tried = {OURS: settings}
    if wanted.proposed is not None:
        tried[PROPOSED] = load(wanted.proposed, MonitorSettings)
        platform_of(tried[PROPOSED], platform)
    elif wanted.instead.is_proposal:
        tried[PROPOSED] = settings
    identity = Identity(settings.deployment, settings.vantage, uuid4().hex)
    try:
        reading = Reading(asyncio.run(unlock.store_url(settings.store)), identity)
        try:
            reading.check()
            record = Record(reading, settings.vantage, platform)
            period = _period(record, wanted, platform)
            replays = dict(_replays(tried, platform, period, wanted.instead))
            _play(record, period, list(replays.values()), told)
            recorded = record.outages(period)
        finally:
            reading.close()
    except StoreError as fault:
        raise NotMeasured(str(fault)) from None
    played = {name: _played(each) for name, each in replays.items()}
    return Replayed(platform, reading.place, period, recorded, played)


def _period(record: Record, wanted: Wanted, platform: str) -> Period:
    """Return what is asked for of what is whole."""
    kept = record.whole()
    if kept is None:
        raise NotMeasured(f"the store has no good outcome of {platform} on record: nothing to play")
    period = Period(max(kept.since, wanted.since or kept.since), min(kept.until, wanted.until or kept.until))
    if period.since >= period.until:
        raise UsageFault(f"--since and --until: {platform} is on record from {at(kept.since)} to {at(kept.until)} only")
    return period


def _replays(
    tried: Mapping[str, MonitorSettings], platform: str, period: Period, instead: Instead
) -> Iterator[tuple[str, Replay]]:
    for name, settings in tried.items():
        policy, grid = whole(settings, platform)
        if name == PROPOSED:
            policy = instead.applied(policy)
            possible(policy)
        yield name, Replay(Ours.starting(policy, grid, period.since))


def _play(record: Record, period: Period, replays: Sequence[Replay], told: Callable[[str, int], None]) -> None:
    for nth, happened in enumerate(in_order(record.outcomes(period), record.blind(period), record.alive(period))):
        for each in replays:
            each.take(happened)
        if nth % _TOLD_EVERY == 0:
            told(f"{happened.at:%Y-%m-%d}", nth)
    for each in replays:
        each.end(period.until)


def _played(replayed: Replay) -> Played:
    counts = replayed.counts
    return Played(replayed.outages, replayed.readies, counts.taken, counts.not_due, counts.unknown)


def as_data(found: Replayed) -> dict[str, Any]:
    """Return all of it as JSON values."""
    return {
        "platform": found.platform,
        "store": found.store,
        "since": found.period.since.isoformat(),
        "until": found.period.until.isoformat(),
        "recorded": [_outage(each) for each in found.recorded],
        "played": {
            name: {
                "outages": [_outage(outage) for outage in each.outages],
                "ready": each.readies,
                "attempts": each.taken,
                "attempts_not_due": each.not_due,
                "attempts_of_unknown_probes": each.unknown,
            }
            for name, each in found.played.items()
        },
    }


def as_csv(found: Replayed) -> str:
    """Return the outages as rows."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("row", "found_by", "opened_at", "confirmed_at", "ended_at", "detection_seconds"))
    for nth, row in enumerate(found.rows(), 1):
        for name, outages in row.items():
            for each in outages:
                ended = "" if each.ended_at is None else each.ended_at.isoformat()
                times = each.opened_at.isoformat(), each.confirmed_at.isoformat(), ended
                writer.writerow((nth, name, *times, each.detection_seconds))
    return out.getvalue()


def as_text(found: Replayed) -> str:
    """Return all of it for a person."""
    names = (RECORDED, *found.played)
    rows = found.rows()
    lines = [
        f"{found.platform} in {found.store}, {at(found.period.since)} to {at(found.period.until)}",
        "",
        f"  {'outage':<21}" + "".join(f"{name:<28}" for name in names),
        *(
            f"  {began(row):<21}" + "".join(f"{cell(row.get(name, ()), found.period):<28}" for name in names)
            for row in rows
        ),
    ]
    if not rows:
        lines.append("  none, by anybody")
    lines.append("")
    lines += [f"  {said(name, each, rows)}" for name, each in found.played.items()]
    return "\n".join(line.rstrip() for line in lines)


def said(name: str, played: Played, rows: Sequence[Mapping[str, Sequence[Outage]]]) -> str:
    """Return what settings make of the whole record, in a line."""
    more = sum(name in row and RECORDED not in row for row in rows)
    fewer = sum(name not in row and RECORDED in row for row in rows)
    left_out = f", {played.not_due} not due" * bool(played.not_due)
    left_out += f", {played.unknown} of probes that are not in them" * bool(played.unknown)
    return (
        f"{name}: flag turned ready: {played.readies}; outages not on record: {more}, on record and not found: {fewer};"
        f" attempts taken: {played.taken}{left_out}"
    )


def began(row: Mapping[str, Sequence[Outage]]) -> str:
    """Return when the first of the outages of a row began."""
    return at(min(each.opened_at for outages in row.values() for each in outages))


def cell(outages: Sequence[Outage], period: Period) -> str:
    """Return in a few words how somebody found the outages of a row."""
    if not outages:
        return "not found"
    first = outages[0]
    lasted = sum(((each.ended_at or period.until) - each.opened_at).total_seconds() for each in outages)
    several = f", {len(outages)} of them" if len(outages) > 1 else ""
    return f"after {first.detection_seconds:.1f} s, {lasted:.0f} s long{several}"


def _outage(each: Outage) -> dict[str, Any]:
    return {
        "id": each.id,
        "opened_at": each.opened_at.isoformat(),
        "confirmed_at": each.confirmed_at.isoformat(),
        "ended_at": None if each.ended_at is None else each.ended_at.isoformat(),
        "detection_seconds": each.detection_seconds,
        "functions": list(each.functions),
    }


def at(instant: datetime) -> str:
    """Return an instant as people read it."""
    return f"{instant:%Y-%m-%d %H:%M:%SZ}"
