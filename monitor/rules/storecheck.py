"""Whether what is on record fits together: what must hold of any store between two transactions.

1. A platform's open outage is the one it holds, and no other is open; an outage begins, is confirmed and ends in order.
2. A cause that hasn't ended in the history is held.
3. Of a platform's documents a later change has a higher version, and none is above the ledger's; each is what its
   digest says.
4. A span ends no earlier than it begins. One blind span is open at most. Spans of signs of life may overlap where the
   clock was set back: that is told, and is no flaw.
5. An hour's count counts something, and its parts are no more than the whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.model.record import LoadedPlatform
from monitor.model.state import Outage
from monitor.model.tally import Tally
from monitor.model.verdict import CauseKind


@dataclass(frozen=True, slots=True)
class OpenCause:
    """A cause that hasn't ended in the history."""

    platform: str
    kind: CauseKind | str
    id: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A flag's document as it is kept. `is_whole`: it is what its digest says."""

    platform: str
    ver: int
    change: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open; without `until` it is open."""

    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Records:
    """What is on record of a vantage, but for outcomes."""

    platforms: Mapping[str, LoadedPlatform]
    outages: Sequence[Outage]
    open_causes: Sequence[OpenCause]
    documents: Sequence[Kept]
    alive: Sequence[Span]
    blind: Sequence[Span]


def flaws(records: Records) -> Iterator[str]:
    """Yield what can't be, one line each."""
    yield from _outages(records)
    yield from _causes(records)
    yield from _documents(records)
    yield from _spans(records)


def notes(records: Records) -> Iterator[str]:
    """Yield what is worth knowing, and no flaw."""
    overlaps = sum(
        1
        for before, after in zip(records.alive, records.alive[1:], strict=False)
        if before.until is not None and after.since < before.until
    )
    if overlaps:
        yield f"signs of life overlap {overlaps} times: the clock was set back"


def hour_flaw(tally: Tally, *, is_spread_whole: bool) -> str | None:
    """Return what is wrong with an hour's count."""
    if tally.runs < 1 or not 0 <= tally.warned <= tally.runs:
        return "counts what can't be"
    if not 0 <= tally.longest_microseconds <= tally.took_microseconds:
        return "took less in all than its longest"
    if not is_spread_whole:
        return "has a spread that can't be read"
    return None


def _outages(records: Records) -> Iterator[str]:
    for outage in records.outages:
        held = records.platforms.get(outage.platform)
        if outage.ended_at is None and (held is None or held.state.outage is None or held.state.outage.id != outage.id):
            yield f"outage {outage.id} of {outage.platform} is open, and the platform doesn't hold it"
        if outage.confirmed_at < outage.opened_at or (
            outage.ended_at is not None and outage.ended_at < outage.opened_at
        ):
            yield f"outage {outage.id} of {outage.platform} ends or is confirmed before it begins"
    known = {(outage.platform, outage.id) for outage in records.outages}
    for name, held in records.platforms.items():
        if held.state.outage is not None and (name, held.state.outage.id) not in known:
            yield f"outage {held.state.outage.id} is held by {name}, and is not in the history"


def _causes(records: Records) -> Iterator[str]:
    held = {
        (name, cause.kind, cause.id) for name, platform in records.platforms.items() for cause in platform.state.causes
    }
    for cause in records.open_causes:
        if (cause.platform, cause.kind, cause.id) not in held:
            yield f"cause {cause.id} of {cause.platform} hasn't ended in the history, and the platform doesn't hold it"


def _documents(records: Records) -> Iterator[str]:
    last: dict[str, Kept] = {}
    for kept in sorted(records.documents, key=lambda each: each.ver):
        what = f"the flag of {kept.platform} with version {kept.ver}"
        before = last.get(kept.platform)
        if not kept.is_whole:
            yield f"{what} is not what its digest says"
        if before is not None and kept.change <= before.change:
            yield f"{what} carries change {kept.change}, and an earlier version change {before.change}"
        platform = records.platforms.get(kept.platform)
        if platform is None or kept.ver > platform.ledger.ver:
            yield f"{what} is above the highest version that was ever reserved"
        last[kept.platform] = kept


def _spans(records: Records) -> Iterator[str]:
    for name, spans in (("alive", records.alive), ("blind", records.blind)):
        for span in spans:
            if span.until is not None and span.until < span.since:
                yield f"a span of {name} ends before it begins, at {span.since.isoformat()}"
    is_open = [span for span in records.blind if span.until is None]
    if len(is_open) > 1:
        yield f"{len(is_open)} blind spans are open"
