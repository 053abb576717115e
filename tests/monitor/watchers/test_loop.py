"""A watcher's loop: what it finds is handed on at least once, and what it can't see is said."""

from collections.abc import Callable
from dataclasses import dataclass, field

from monitor.errors import CannotSee
from monitor.model.use import Finding
from monitor.model.watch import LogEntry, LogPart
from monitor.storegate import StoreGate
from monitor.watchers.build import blind, covered
from monitor.watchers.loop import Aim, LoopContext, WatchLoop
from tests.support.clock import START, ManualClock
from tests.support.memory_store import MemoryStore


@dataclass
class Log:
    """A log in memory; a place is how many entries were read. `fault` is raised instead while it is set."""

    entries: list[LogEntry] = field(default_factory=list)
    fault: Exception | None = None
    places: list[str | None] = field(default_factory=list)
    is_closed: bool = False

    async def read(self, place: str | None) -> LogPart:
        """See `monitor.ports.LogSource`."""
        self.places.append(place)
        if self.fault is not None:
            raise self.fault
        return LogPart(tuple(self.entries[int(place or 0) :]), str(len(self.entries)))

    async def aclose(self) -> None:
        """See `monitor.ports.LogSource`."""
        self.is_closed = True


@dataclass
class Watching:
    """A loop over a log, and what it handed on."""

    log: Log = field(default_factory=Log)
    store: MemoryStore = field(default_factory=MemoryStore)
    clock: ManualClock = field(default_factory=ManualClock)
    found: list[Finding] = field(default_factory=list)
    saw: list[bool] = field(default_factory=list)
    find: Callable[[Finding], None] | None = None

    def __post_init__(self) -> None:
        """Join the parts."""
        self.gate = StoreGate(lambda _is_writable, _reason: None)
        self.loop = self.again()

    def again(self) -> WatchLoop:
        """Return a loop as after a restart."""
        context = LoopContext(
            self.store, self.gate, self.clock, self._find, lambda _name, seeing: self.saw.append(seeing)
        )
        return WatchLoop(Aim("db-log", "payments", "db-1"), self.log, context)

    def _saw(self, _name: str, is_seeing: bool) -> None:  # noqa: FBT001 - the loop's callback
        self.saw.append(is_seeing)

    async def _find(self, finding: Finding) -> None:
        if self.find is not None:
            self.find(finding)
        self.found.append(finding)


async def test_what_is_found_is_handed_on_and_then_its_place_is_kept() -> None:
    """With what the log tells, and for the rest the settings and the time of reading."""
    watching = Watching()
    watching.log.entries = [LogEntry("log-1"), LogEntry("log-2", START, "anna", "db-9", "r-1")]
    assert await watching.loop.step() == 0.0
    first, second = watching.found
    assert (first.at, first.person, first.target, first.platform, first.watcher) == (
        *(watching.clock.now(), None, "db-1", "payments"),
        "db-log",
    )
    assert (second.at, second.person, second.target, second.attempt) == (START, "anna", "db-9", "r-1")
    assert watching.store.disk.places == {"db-log": "2"}
    assert await watching.loop.step() == 1.0
    assert len(watching.found) == 2


async def test_a_restart_goes_on_where_it_was() -> None:
    """The place comes from the store."""
    watching = Watching()
    watching.log.entries = [LogEntry("log-1")]
    await watching.loop.step()
    watching.log.entries.append(LogEntry("log-2"))
    await watching.again().step()
    assert [finding.id for finding in watching.found] == ["log-1", "log-2"]
    assert watching.log.places == [None, "1"]


async def test_while_the_store_cannot_be_written_no_place_is_kept() -> None:
    """So that after a crash what was found is found again; once it can, the place is kept."""
    watching = Watching()
    watching.log.entries = [LogEntry("log-1")]
    watching.store.fail("keep_place")
    await watching.loop.step()
    assert not watching.gate.is_open
    assert watching.store.disk.places == {}
    await watching.again().step()
    assert [finding.id for finding in watching.found] == ["log-1", "log-1"]


async def test_a_place_that_moved_without_a_find_is_kept_now_and_then() -> None:
    """A busy log costs no write a second; on stopping it is kept."""
    watching = Watching()
    await watching.loop.step()
    writes = watching.store.calls.count("keep_place")
    for _ in range(3):
        watching.clock.advance(1)
        await watching.loop.step()
    assert watching.store.calls.count("keep_place") == writes
    await watching.loop.aclose()
    assert watching.log.is_closed


async def test_what_cannot_be_read_is_said_and_tried_again() -> None:
    """Nothing is covered meanwhile; seeing again is said too."""
    watching = Watching()
    assert (blind([watching.loop]), covered([watching.loop])) == ((), frozenset())
    watching.log.fault = CannotSee("/var/log/db: No such file or directory")
    assert await watching.loop.step() == 5.0
    assert await watching.loop.step() == 5.0
    assert blind([watching.loop]) == ("db-log can't see: /var/log/db: No such file or directory",)
    assert covered([watching.loop]) == frozenset()
    watching.log.fault = None
    await watching.loop.step()
    assert (watching.saw, blind([watching.loop])) == ([False, True], ())
    assert covered([watching.loop]) == {("payments", "db-1")}


async def test_a_mistake_of_ours_ends_nothing() -> None:
    """In reading or in handing on: the watcher doesn't see, and what it did not hand on comes again."""
    watching = Watching()
    watching.log.fault = ZeroDivisionError()
    assert await watching.loop.step() == 5.0
    watching.log.fault = None
    watching.log.entries = [LogEntry("log-1")]

    def fail(_: Finding) -> None:
        raise ZeroDivisionError

    watching.find = fail
    await watching.loop.step()
    assert watching.loop.why_not == "a fault of glasswatch: ZeroDivisionError"
    watching.find = None
    await watching.loop.step()
    assert [finding.id for finding in watching.found] == ["log-1"]


async def test_a_log_that_repeats_itself_is_told_once() -> None:
    """An overlapping search gives the same entries again and again, and costs no more than its interval."""
    watching = Watching()
    watching.log.entries = [LogEntry("log-1"), LogEntry("log-1")]
    await watching.loop.step()
    assert len({finding.id for finding in watching.found}) == 1
    watching.log.entries.append(LogEntry("log-1"))
    assert await watching.loop.step() == 1.0


async def test_a_store_that_cannot_be_read_only_waits() -> None:
    """Where it was is not known, so nothing is read from a place that may be wrong."""
    watching = Watching()
    watching.store.fail("place", times=1)
    assert await watching.loop.step() == 5.0
    assert watching.log.places == []
    await watching.loop.step()
    assert watching.log.places == [None]
