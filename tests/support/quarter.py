"""A quarter of simulated history with known outages, written into a store as the monitor leaves it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.model.fact import Fact, FunctionChanged, OutageEnded, OutageOpened, PlatformChanged
from monitor.model.maintenance import Origin, Window, WindowAgreed
from monitor.model.outcome import Outcome, OutcomeKind, Reason
from monitor.model.past import Word
from monitor.model.record import Commit, OutcomeRow
from monitor.model.state import Outage, PlatformState
from monitor.model.verdict import Verdict
from monitor.store.schema import alive_spans
from monitor.store.store import SqlStore
from tests.support.stores import StorePlace

BEGIN = datetime(2026, 7, 1, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OFF = (BEGIN + 20 * DAY, BEGIN + 20 * DAY + 6 * HOUR)
"""When the monitor was off."""
UNTIL = BEGIN + 93 * DAY
FALLS = (
    (BEGIN + 3 * DAY + 9 * HOUR, timedelta(minutes=40)),
    (BEGIN + 30 * DAY + 23 * HOUR + 30 * MINUTE, HOUR),  # over July's end
    (BEGIN + 50 * DAY + 2 * HOUR, 2 * HOUR),  # its first hour in maintenance
)
KEPT = (BEGIN + 50 * DAY + HOUR, BEGIN + 50 * DAY + 3 * HOUR)
"""An agreed maintenance."""

TOOK = ((BEGIN + 40 * DAY, 0.2), (BEGIN + 41 * DAY, 0.4))
"""Good attempts, and how long they took."""


async def write(place: StorePlace, platform: str = "payments", detail: str = "status 503") -> None:
    """Write it."""
    store = place.store()
    await store.open()
    for revision, (at, facts) in enumerate(_story(platform, detail)):
        await store.commit(Commit(platform, revision, at, PlatformState(platform), facts, (), None, (), ()))
    _hear(store, platform)
    await store.close()
    with place.connection() as connection:
        for since, until in ((BEGIN, OFF[0]), (OFF[1], UNTIL)):
            row = {"vantage": place.vantage, "run": "r", "since": since, "until": until}
            connection.execute(alive_spans.insert(), row)
        connection.commit()


def _story(platform: str, detail: str) -> list[tuple[datetime, tuple[Fact, ...]]]:
    agreed = KEPT[0] - DAY
    window = Window("patches", platform, Origin.PERSON, *KEPT, "anna", agreed, "the vendor patches")
    found: list[tuple[datetime, tuple[Fact, ...]]] = [
        (BEGIN, _turned(Verdict.UNKNOWN, Verdict.UP, BEGIN)),
        (agreed, (WindowAgreed(window),)),
    ]
    for at, lasted in FALLS:
        confirmed, cleared = at + 10 * SECOND, at + lasted + 30 * SECOND
        name = f"{platform}-{at:%m%d}"
        outage = Outage(name, platform, at, confirmed, ("sign_in",), ("portal",), detail)
        over = replace(outage, ended_at=at + lasted, cleared_at=cleared)
        found += [
            (confirmed, (*_turned(Verdict.UP, Verdict.DOWN, confirmed), OutageOpened(outage))),
            (cleared, (*_turned(Verdict.DOWN, Verdict.UP, cleared), OutageEnded(over))),
        ]
    return sorted(found, key=lambda each: each[0])


def _turned(was: Verdict, now: Verdict, at: datetime) -> tuple[Fact, ...]:
    return FunctionChanged("sign_in", was, now, at, ""), PlatformChanged(was, now, at, "")


def _hear(store: SqlStore, platform: str) -> None:
    """What the vendor's page said: of the first outage ten minutes of it, of the others nothing."""
    said = ((BEGIN, Word.WELL), (FALLS[0][0] + 30 * MINUTE, Word.OUTAGE), (FALLS[0][0] + 40 * MINUTE, Word.WELL))
    for at, word in said:
        outcome = Outcome(OutcomeKind.GOOD, Reason.OK, "", at, 0.2)
        store.record([OutcomeRow(platform, "vendor", "status", outcome, word=word)])
    for at, seconds in TOOK:
        outcome = Outcome(OutcomeKind.GOOD, Reason.OK, "", at, seconds)
        store.record([OutcomeRow(platform, "portal", "sign_in", outcome)])
