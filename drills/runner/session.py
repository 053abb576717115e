"""One process that works on a run: what it needs is opened, the run goes to its end, all is closed again.

- Two runs on one platform are kept apart by a lock beside the runs, which goes with the process.
- Signals, `drill stop` and the run's own deadline tell the run to stop. From the first line to the last none of them
  ends the process by itself.

How a run that another process began is made ready again is `resuming`'s.
"""

import asyncio
import fcntl
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from drills import approvals, parameters
from drills.approvals import Whose
from drills.earlier import spans_before
from drills.errors import RunBusy
from drills.journal.hiding import Hiding
from drills.journal.journal import FileJournal, Making, create
from drills.journal.traces import SCENARIO
from drills.model.event import Approval, Entry, Interrupted, Opened
from drills.model.found import RunFacts, Value
from drills.planning import planned_steps
from drills.ports import Tools
from drills.rules.approval import Unapproved
from drills.rules.behind import Held
from drills.rules.verdict import judge
from drills.runner import gating, originals, requests
from drills.runner.confirmations import Answers, Dialog, Ledger
from drills.runner.drill import Drill
from drills.runner.finish import Done
from drills.runner.making import make, run_id
from drills.runner.outside import Outside
from drills.runner.run import Run
from drills.runner.screen import Lenient, Screen
from drills.runner.signals import stopping
from drills.runner.steady import let_go, spawn
from drills.runner.stop import Stop
from drills.runner.unsent import UnsentFile
from drills.runner.veil import Veil
from drills.runner.witnesses import Elsewhere, elsewhere
from drills.scenarios import Scenario
from drills.settings.root import DrillFile
from glasswatch import __version__
from glasswatch.clock import Clock
from glasswatch.errors import EvidenceUnwritable, NotMeasured, UsageFault
from glasswatch.flag import keys
from glasswatch.secrets import SecretReference, resolve

_TICK: Final = 1.0
_NEW: Final = os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_FILE: Final = 0o600
_DIRECTORY: Final = 0o700
_LOCK: Final = ".platform-{}.lock"


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a run is watched from: its screen, made of the entries there are; and the person there, if one is.

    `stop` is what tells it to end.
    """

    clock: Clock
    screen: Callable[[Sequence[Entry]], Screen]
    dialog: Dialog | None = None
    stop: Stop = field(default_factory=Stop)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be run. `given`: parameters as text."""

    scenario: Scenario
    settings: DrillFile
    operator: str
    given: Mapping[str, str]

    def approval(self, clock: Clock) -> Approval | Unapproved:
        """Return who approved the scenario as it stands, or why nobody's word counts."""
        return approvals.look(self.scenario, self._whose, clock)

    def approval_at(self, at: datetime, jws: str, clock: Clock) -> Approval | Unapproved:
        """Return who had approved the scenario, as it stands, when a run of it began; or why nobody's word counted.

        `jws` is what its first entry says was signed; the file may have been signed anew since. The trust file decides
        of either as it is now.
        """
        found = approvals.look(self.scenario, self._whose, clock, at)
        if isinstance(found, Unapproved) and jws:
            return approvals.given(jws, self.scenario, self._whose, clock, at)
        return found

    @property
    def _whose(self) -> Whose:
        return Whose(self.settings.deployment, self.settings.drill.trust, self.operator)

    def values(self, clock: Clock) -> dict[str, Value]:
        """Return its parameters. Blocks while secrets are read.

        Raises:
            UsageFault, SecretUnavailable: one can't be had.
        """

        def read(reference: SecretReference) -> Value:
            return Value(resolve(reference, clock).reveal(), is_secret=True)

        found = parameters.values(self.scenario.settings, self.given, read)
        _check_plain(found)
        return found

    def facts(self, run: str) -> RunFacts:
        """Return which run it is."""
        found = self.scenario.settings
        return RunFacts(run, found.id, found.platform, self.operator, self.settings.deployment)


async def begin(wanted: Wanted, seat: Seat) -> tuple[str, Done]:
    """Run a scenario from its first step to its last; return the run's name, and what it came to.

    Raises:
        UsageFault, SecretUnavailable: a parameter can't be had.
        RunBusy: another drill is under way on the platform.
        EvidenceUnwritable: nothing can be kept.
    """
    clock, settings, stop = seat.clock, wanted.settings.drill, seat.stop
    with stopping(stop):
        values = await asyncio.to_thread(wanted.values, clock)
        with alone_on(settings.directory, wanted.scenario.settings.platform):
            run = run_id(wanted.scenario.settings.id, clock.now())
            made = making(wanted.settings, clock)
            journal = await create(settings.directory, run, made)
            originals.mark(journal.directory, made.boot)
            try:
                return run, await _begun(wanted, seat, Open(journal, run, stop), values)
            finally:
                await journal.close()


@dataclass(frozen=True, slots=True)
class Open:
    """A run whose journal is open, and locked."""

    journal: FileJournal
    run: str
    stop: Stop


async def _begun(wanted: Wanted, seat: Seat, open_: Open, values: Mapping[str, Value]) -> Done:
    approval = wanted.approval(seat.clock)
    _keep_scenario(open_.journal.directory, wanted.scenario.content)
    async with Desk(wanted, seat, open_, ()).open() as desk:
        drill = make(
            wanted.scenario,
            _opening(wanted, approval, values),
            wanted.facts(open_.run),
            values,
            desk.tools,
        )
        asking = gating.Asking(
            open_.run,
            wanted.scenario,
            wanted.settings,
            approval,
            desk.elsewhere.monitor,
            bool(desk.elsewhere.witnesses),
            seat.clock,
        )
        return await desk.run(drill).begin(lambda: gating.ask(asking))


class Desk:
    """What stands around one run: its screen, its answers, who is told; and what tells it to stop."""

    def __init__(self, wanted: Wanted, seat: Seat, open_: Open, entries: Sequence[Entry]) -> None:
        self._wanted = wanted
        self._clock = seat.clock
        self._open = open_
        self.run_name = open_.run
        self.stop = open_.stop
        self.entries = entries
        settings = wanted.settings.drill
        self.ready_seconds = settings.ready_within.total_seconds()
        self.screen = Lenient(seat.screen(entries))
        self._veil = Veil(open_.journal.hide, seat.clock)
        self._ledger = Ledger()
        self.elsewhere: Elsewhere = elsewhere(settings, self._veil.read, seat.clock, open_.run)
        directory = open_.journal.directory
        answers = Answers(directory, self._ledger, self.screen.say, seat.dialog)
        self.tools = Tools(seat.clock, settings, directory, answers, self._veil.read)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Desk"]:
        """Look for requests, and show that time passes, within the block."""
        tasks = (spawn(self._look()), spawn(self._tick()))
        try:
            yield self
        finally:
            await let_go(*tasks)

    def run(self, drill: Drill) -> Run:
        """Return the run of a drill that was made ready."""
        left = (drill.until - self._clock.now()).total_seconds()
        asyncio.get_running_loop().call_later(max(left, 0.0), self._open.stop.tell_of, "deadline")
        run = Run(drill, self._outside(drill), self._open.stop, self.entries)
        self._ledger.write, self._ledger.keep = run.record.write, run.record.keep
        return run

    def _outside(self, drill: Drill) -> Outside:
        journal = self._open.journal
        opened_at = self.entries[0].at if self.entries else self._clock.now()
        root, facts = self._wanted.settings.drill.directory, drill.facts
        before = spans_before(root, facts.id, facts.scenario, opened_at)  # now: later the disk may hang

        async def read_back() -> Sequence[Entry]:
            return (await journal.read()).entries

        return Outside(
            clock=self._clock,
            journal=journal,
            witnesses=self.elsewhere.witnesses,
            screen=self.screen,
            unsent=UnsentFile(journal.directory, self.run_name),
            hide=self._veil.hide,
            clear=self._veil.event,
            judge=lambda entries: judge(entries, before, is_closing=True),
            read_back=read_back,
            ready_seconds=self.ready_seconds,
        )

    async def held(self) -> Held:
        """Return what the monitor holds of the run.

        Raises:
            NotMeasured, RequestRefused: it does not say.
        """
        monitor = self.elsewhere.monitor
        if monitor is None:
            raise NotMeasured("no monitor is set (drill.monitor)")
        return await monitor.held(self.run_name)

    async def _look(self) -> None:
        look = requests.Looking()
        while not self._open.stop.by:
            login = await look.at(lambda: requests.stop_asked(self._open.journal.directory))
            if login is not None:
                self._open.stop.tell("stop", f"asked by {login}")
            await asyncio.sleep(requests.EVERY)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            self.screen.tick()


def making(settings: DrillFile, clock: Clock) -> Making:
    """Return what journals are made with.

    Raises:
        KeyFault: the key that signs checkpoints can't be used.
    """
    key = settings.drill.key
    return Making(clock, keys.load(key, clock) if key else None)


@contextmanager
def alone_on(root: Path, platform: str) -> Iterator[None]:
    """Be the only process that drills on a platform from here, within the block.

    Raises:
        RunBusy: another is.
        EvidenceUnwritable: the evidence directory can't be written.
    """
    try:
        root.mkdir(mode=_DIRECTORY, parents=True, exist_ok=True)
        descriptor = os.open(root / _LOCK.format(platform), os.O_RDWR | _NEW, _FILE)
    except OSError as fault:
        raise EvidenceUnwritable(f"{root}: evidence can't be written: {fault.strerror or fault}") from None
    try:
        _lock(descriptor, platform)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, platform: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RunBusy(f"another drill is under way on {platform}: wait for it, or tell it to `drill stop`") from None


def host() -> str:
    """Return what this machine is called."""
    return socket.gethostname()


def _check_plain(values: Mapping[str, Value]) -> None:
    """Refuse a parameter that could not stand in the journal as it is: a run that is resumed would have another."""
    hiding = Hiding(value.text for value in values.values() if value.is_secret)
    for name, value in values.items():
        if not value.is_secret and hiding.event(Interrupted("stop", value.text)) != Interrupted("stop", value.text):
            raise UsageFault(f"--set {name}: it holds, or looks like, a secret: have the scenario read it as one")


def _opening(wanted: Wanted, approval: Approval | Unapproved, values: Mapping[str, Value]) -> Opened:
    found = wanted.scenario.settings
    approved = approval if isinstance(approval, Approval) else Approval(None, why=approval.why)
    return Opened(
        scenario=found.id,
        title=found.title,
        owner=found.owner,
        platform=found.platform,
        deployment=wanted.settings.deployment,
        operator=wanted.operator,
        scenario_sha256=wanted.scenario.sha256,
        version=__version__,
        steps=planned_steps(found),
        targets={span.value: length.total_seconds() for span, length in found.targets.items()},
        parameters={name: value.text for name, value in values.items() if not value.is_secret},
        approval=approved if found.is_real else Approval(None, why="no step of it is real"),
        cadence=found.cadence.value,
        host=host(),
        findings_due={name: length.total_seconds() for name, length in wanted.settings.drill.findings_due},
    )


def _keep_scenario(directory: Path, content: bytes) -> None:
    """Put the scenario beside the journal, for people to read. It is never run from there."""
    try:
        descriptor = os.open(directory / SCENARIO, os.O_WRONLY | os.O_EXCL | _NEW, _FILE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except OSError as fault:
        raise EvidenceUnwritable(f"{directory}: evidence can't be written: {fault.strerror or fault}") from None
