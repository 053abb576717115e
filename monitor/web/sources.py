"""Where the web face reads from."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from glasswatch.clock import Clock
from monitor.drilling.ports import Drills, NoDrills
from monitor.errors import StoreUnavailable
from monitor.exercises.port import Exercising
from monitor.model.act import Act, Acted, Hand
from monitor.model.credential import Concern
from monitor.model.past import Past, PastQuery
from monitor.model.record import AuditEntry
from monitor.model.reloaded import Reloaded
from monitor.model.residue import Gone
from monitor.ports import Attempts, Beats, StatusReader, Store, Uses

Note = Callable[[AuditEntry, str | None], None]
ReadPast = Callable[[PastQuery], Awaitable[Past]]
SayGone = Callable[[Gone], Awaitable[Sequence[str]]]
DoAct = Callable[[str, Act, Hand], Awaitable[Acted]]


DoReload = Callable[[str], Awaitable[Reloaded]]


async def _no_past(query: PastQuery) -> Past:
    raise StoreUnavailable(f"no store holds anything of {query.platform}")


async def _nothing_gone(_gone: Gone) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Sources:
    """The running monitor as the web face may see it.

    `metrics` returns the exposition in pieces. `note` has an entry of the audit written, of a platform or of none; it
    never waits and never raises. `act` has a person act on a platform's flag, and answers when that was settled.
    `refused` counts a refusal by its code. `attempts` is what is remembered of probes' attempts.
    `reload` has the settings taken over, for whoever asks; None where there is no file to read them from. `gone`
    forgets what a journey left open, and returns which steps' it was. `past` reads what is on record of a platform;
    `drills` keeps the runs of drills and their calendar; `exercises` begins and ends exercises;
    `credentials` returns those of the monitor to look after.
    """

    reader: StatusReader
    store: Store
    metrics: Callable[[], Iterable[bytes]]
    clock: Clock
    note: Note
    act: DoAct
    uses: Uses
    beats: Beats
    attempts: Attempts
    refused: Callable[[str], None] = lambda _code: None
    reload: DoReload | None = None
    gone: SayGone = _nothing_gone
    past: ReadPast = _no_past
    drills: Drills = field(default_factory=NoDrills)
    exercises: Exercising | None = None
    credentials: Callable[[], Sequence[Concern]] = tuple
