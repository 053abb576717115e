"""A drill at its ports: steps that leave marks in a small world, a journal in memory, witnesses, and faults at will.

Every call of a port passes a point. A fault can be put at the n-th point, whichever it is, so that a run can be cut
at each of them in turn.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from drills.errors import RequestRefused
from drills.model.event import Checkpoint, Ended, Entry, Event, Gated, Head, KeptOutput, Opened, Resumed
from drills.model.found import Attempt, Found, Output, RunFacts, Value
from drills.model.step import PlannedStep, Status
from drills.model.verdict import Result
from drills.ports import Closing, OpeningFacts
from drills.rules.behind import Claim, Held
from drills.rules.verdict import judge
from drills.runner.copies import may_go_on
from drills.runner.drill import Doing, Drill, Undo
from drills.runner.finish import Done
from drills.runner.outside import Outside
from drills.runner.run import Run
from drills.runner.screen import Lenient
from drills.runner.stop import Stop
from glasswatch.errors import EvidenceUnwritable, NotMeasured
from tests.support.clock import START
from tests.support.virtual_time import VirtualClock

RUN = "q-20260301t030000z-abcdef"
ORIGINAL = Claim(is_original=True)


class Points:
    """Every call of a port, counted. `fault` is done at the `at`-th, and at each from then on where `lasting`."""

    def __init__(self, at: int = 0, fault: Callable[[str], None] | None = None, *, lasting: bool = False) -> None:
        self.names: list[str] = []
        self.at = at
        self.fault = fault
        self._is_lasting = lasting
        self.snapshots: list[tuple[tuple[Entry, ...], frozenset[str]]] = []
        self.look: Callable[[], tuple[tuple[Entry, ...], frozenset[str]]] | None = None

    def pass_(self, name: str) -> None:
        """Pass a point."""
        self.names.append(name)
        if self.look is not None:
            self.snapshots.append(self.look())
        number = len(self.names)
        if self.fault is not None and (number == self.at or (self._is_lasting and self.at and number > self.at)):
            self.fault(name)


@dataclass
class World:
    """What stands, by the steps that put it there; and which undos were tried."""

    standing: set[str] = field(default_factory=set)
    acted: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)


class Marking:
    """Leaves a mark, and takes it away. `found` is what it says, `seconds` how long it takes."""

    def __init__(
        self, name: str, world: World, points: Points, found: Sequence[Found] = (), seconds: float = 1.0
    ) -> None:
        self.name = name
        self.found = list(found)
        self.attempts: list[Attempt] = []
        self.undos: list[Attempt] = []
        self.stuck = False
        self.why = f"mark {name} still stands"
        self._world = world
        self._points = points
        self._seconds = seconds

    async def act(self, attempt: Attempt) -> Found:
        """Leave the mark."""
        self.attempts.append(attempt)
        self._points.pass_(f"act {self.name}")
        self._world.acted.append(self.name)
        self._world.standing.add(self.name)
        await asyncio.sleep(self._seconds)
        self._points.pass_(f"acted {self.name}")
        return self.found.pop(0) if self.found else Found(Status.PASSED, "done")

    async def undo(self, attempt: Attempt) -> Found:
        """Take the mark away."""
        self.undos.append(attempt)
        self._world.undone.append(self.name)
        self._points.pass_(f"undo {self.name}")
        await asyncio.sleep(self._seconds)
        if self.stuck:
            return Found(Status.FAILED, self.why)
        self._world.standing.discard(self.name)
        self._points.pass_(f"undone {self.name}")
        return Found(Status.PASSED, "gone")


class MemoryJournal:
    """A journal in memory, its hashes chained."""

    def __init__(self, points: Points, clock: VirtualClock, entries: Sequence[Entry] = ()) -> None:
        self.entries = list(entries)
        self.hidden: list[Value] = []
        self.kept: list[Output] = []
        self._points = points
        self._clock = clock

    @property
    def head(self) -> Head:
        """Where it ends."""
        return self.entries[-1].head if self.entries else Head(0, "")

    async def append(self, event: Event) -> Head:
        """Write an entry."""
        self._points.pass_(f"append {type(event).__name__}")
        await asyncio.sleep(0)
        return self._wrote(event)

    async def seal(self, event: Event) -> tuple[Head, Head]:
        """Write an entry and a checkpoint: both, or neither."""
        self._points.pass_(f"append {type(event).__name__}")
        self._points.pass_("append Checkpoint")
        await asyncio.sleep(0)
        return self._wrote(event), self._wrote(Checkpoint(""))

    def _wrote(self, event: Event) -> Head:
        head = Head(self.head.seq + 1, hashlib.sha256(f"{self.head.hash}{event}".encode()).hexdigest())
        mono = int(self._clock.monotonic() * 1000)
        self.entries.append(Entry(head, RUN, self._clock.now(), mono, "", event))
        self._points.pass_(f"appended {type(event).__name__}")
        return head

    async def keep(self, output: Output) -> KeptOutput:
        """Keep an output."""
        self._points.pass_("keep")
        self.kept.append(output)
        return KeptOutput(output.name, len(output.content), "")

    def hide(self, value: Value) -> None:
        """Take note of a secret."""
        self.hidden.append(value)

    @property
    def events(self) -> list[Event]:
        """What it holds."""
        return [entry.event for entry in self.entries]


class MemoryWitness:
    """Holds heads."""

    def __init__(self, points: Points, name: str = "monitor") -> None:
        self.name = name
        self.opened: list[OpeningFacts] = []
        self.told: list[Head] = []
        self.closed: list[Closing] = []
        self.dead = False
        self.refusal: RequestRefused | None = None
        self.receipt = "signed"
        self.seconds = 0.01
        self._points = points

    async def open(self, facts: OpeningFacts, head: Head) -> str:
        """Open a run."""
        await self._reached("open")
        self.opened.append(facts)
        return "signed"

    async def tell(self, run: str, head: Head) -> str:
        """Take a head."""
        await self._reached("tell")
        self.told.append(head)
        return "signed"

    async def close(self, run: str, closing: Closing, head: Head) -> str:
        """Close a run."""
        await self._reached("close")
        self.closed.append(closing)
        return self.receipt

    async def _reached(self, what: str) -> None:
        self._points.pass_(f"{what} at {self.name}")
        await asyncio.sleep(self.seconds)
        if self.dead:
            raise NotMeasured("connection refused")
        if self.refusal is not None:
            raise self.refusal


class MemoryScreen:
    """Remembers what was shown."""

    def __init__(self, points: Points) -> None:
        self.entries: list[Entry] = []
        self.lines: list[str] = []
        self._points = points

    def wrote(self, entry: Entry) -> None:
        """Take note of an entry."""
        self._points.pass_("screen")
        self.entries.append(entry)

    def say(self, line: str) -> None:
        """Take note of a line."""
        self.lines.append(line)

    def tick(self) -> None:
        """Do nothing."""


class MemoryUnsent:
    """Remembers results that could not be told."""

    def __init__(self, points: Points) -> None:
        self._points = points
        self.kept: list[tuple[str, Closing, Head]] = []
        self.fault: OSError | None = None

    async def keep(self, witness: str, closing: Closing, head: Head) -> None:
        """Take note of one."""
        self._points.pass_(f"unsent for {witness}")
        await asyncio.sleep(0)
        if self.fault is not None:
            raise self.fault
        self.kept = [*(each for each in self.kept if each[0] != witness), (witness, closing, head)]

    async def said(self, witness: str) -> None:
        """Forget what waited for a witness."""
        self._points.pass_(f"told {witness}")
        await asyncio.sleep(0)
        self.kept = [each for each in self.kept if each[0] != witness]


def judged(entries: Sequence[Entry]) -> Result:
    """Return what a run comes to when it is closed."""
    return judge(entries, is_closing=True)


def step(id_: str, *needs: str, **more: object) -> PlannedStep:
    """Return a step of a plan."""
    return PlannedStep(id_, "mark", f"marks {id_}", needs=needs, **{"is_real": True, **more})  # type: ignore[arg-type]


class Stage:
    """A drill of a few steps, ready to run. Steps `one`, `two` and `three` leave marks, each needing the one before."""

    def __init__(
        self,
        steps: Sequence[PlannedStep] = (step("one"), step("two", "one"), step("three", "two")),
        points: Points | None = None,
        entries: Sequence[Entry] = (),
        standing: frozenset[str] = frozenset(),
    ) -> None:
        self.points = points or Points()
        self.clock = VirtualClock()
        self.world = World(set(standing))
        self.journal = MemoryJournal(self.points, self.clock, entries)
        self.witness = MemoryWitness(self.points)
        self.screen = MemoryScreen(self.points)
        self.unsent = MemoryUnsent(self.points)
        self.stop = Stop()
        self.marking = {each.id: Marking(each.id, self.world, self.points) for each in steps}
        self.steps = tuple(steps)
        self.values: Mapping[str, Value] = {"run": Value(RUN)}
        self.every: dict[str, float] = {}
        self.secrets: dict[str, frozenset[str]] = {}
        self.held: Held = Held()
        self.points.look = lambda: (tuple(self.journal.entries), frozenset(self.world.standing))

    def run(self) -> Run:
        """Return the run."""
        doings = {each.id: self._doing(each) for each in self.steps}
        opening = Opened("q", "Quarterly", "sre", "payments", "prod", "anna", "0" * 64, "0.1.0", self.steps)
        facts = RunFacts(RUN, "q", "payments", "anna", "prod")
        drill = Drill(facts, opening, doings, START + timedelta(hours=1), self.values)
        outside = Outside(
            clock=self.clock,
            journal=self.journal,
            witnesses=(self.witness,),
            screen=Lenient(self.screen),
            unsent=self.unsent,
            hide=self.journal.hide,
            clear=lambda event: event,
            judge=judged,
            read_back=self._read_back,
        )
        return Run(drill, outside, self.stop, self.journal.entries)

    async def begin(self, *gated: Gated) -> Done:
        """Run it from its first entry."""

        async def ask() -> Sequence[Gated]:
            self.points.pass_("ask")
            await asyncio.sleep(0)
            return gated

        return await self.run().begin(ask)

    async def resume(self, *, clean_up_only: bool = False, claim: Claim = ORIGINAL) -> Done:
        """Go on with it."""
        resumed = Resumed("anna", "host", clean_up_only=clean_up_only)
        resumed, go_on = await may_go_on(self._held, 10.0, self.journal.entries, claim, resumed)
        return await self.run().resume(resumed, is_behind=go_on.is_behind)

    def of(self, kind: type[Event]) -> list[Event]:
        """Return the entries of one kind."""
        return [event for event in self.journal.events if isinstance(event, kind)]

    def statuses(self) -> dict[str, str]:
        """Return how each step ended."""
        return {event.step: event.status.value for event in self.journal.events if isinstance(event, Ended)}

    async def _held(self) -> Held:
        await asyncio.sleep(0)
        if self.witness.dead:
            raise NotMeasured("connection refused")
        return self.held

    async def _read_back(self) -> Sequence[Entry]:
        self.points.pass_("read back")
        await asyncio.sleep(0)
        return self.journal.entries

    def _doing(self, planned: PlannedStep) -> Doing:
        marking = self.marking[planned.id]
        undo = Undo(planned.id, marking, within=60.0, is_own=True)
        every, secrets = self.every.get(planned.id), self.secrets.get(planned.id, frozenset())
        return Doing(planned, marking, within=30.0, every=every, undo=(undo,), secrets=secrets)


def unwritable(_name: str) -> None:
    """Fail as a full disk does."""
    raise EvidenceUnwritable("no space left on device")
