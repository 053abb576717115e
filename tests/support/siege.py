"""A monitor under siege: its target comes and goes, its pages get lost, it is killed; an outsider watches it all.

`Truth` is what the target really did, `Witness` what the flag file showed to anybody who looked. What must hold of
both, and of the store, is checked by `tests/end_to_end/test_kill.py`.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from glasswatch.clock import SystemClock
from glasswatch.flag import reader, trust
from glasswatch.flag.document import CauseKind, Claims, FlagState
from tests.support.monitors import DEPLOYMENT, PLATFORM, Home
from tests.support.receiver import Answer, Behaviour, Close, Hang, Receiver, Reset

CLOCK = SystemClock()
BLUR = timedelta(milliseconds=400)  # an attempt that meets the switching of its target may find either
LOOK_SECONDS = 0.004
STALL_SECONDS = 0.1


@dataclass(slots=True)
class Span:
    """From `start` to `end`, which is None while it lasts."""

    start: datetime
    end: datetime | None = None

    def holds(self, at: datetime, spare: timedelta = timedelta(0)) -> bool:
        """Whether an instant lies in it, widened by `spare` on both sides (narrowed, if that is negative)."""
        return self.start - spare <= at and (self.end is None or at < self.end + spare)


class Truth:
    """A target that is good or bad as told, and when it was which.

    `fault`: what it does while it is bad. `stalls`: when this process itself stood still.
    """

    def __init__(self) -> None:
        self.is_good = True
        self.fault: Behaviour = Answer(503)
        self.target = Receiver()
        self.target.decide = self._answer
        self.bad: list[Span] = []
        self.stalls: list[Span] = []
        self.turned_bad = asyncio.Event()

    def turn(self, *, good: bool) -> None:
        """Make the target good or bad from now on."""
        if good is self.is_good:
            return
        self.is_good = good
        if good:
            self.bad[-1].end = CLOCK.now()
        else:
            self.bad.append(Span(CLOCK.now()))
            self.turned_bad.set()

    def _answer(self, _target: str, _body: bytes) -> Behaviour | None:
        return None if self.is_good else self.fault

    def was_bad(self, at: datetime, spare: timedelta = BLUR) -> bool:
        """Whether the target was bad at an instant, give or take the blur. A stall of ours counts: nobody answered."""
        return any(span.holds(at, spare) for span in (*self.bad, *self.stalls))

    def was_surely_bad(self, at: datetime) -> bool:
        """Whether the target was bad well before and well after an instant."""
        return any(span.holds(at, -BLUR) for span in self.bad)

    async def watch_ourselves(self) -> None:
        """Note when this process was held up, so that its target could not answer in time."""
        last = CLOCK.now()
        while True:
            await asyncio.sleep(0.02)
            now = CLOCK.now()
            if (now - last).total_seconds() > STALL_SECONDS:
                self.stalls.append(Span(last, now))
            last = now


@dataclass
class Controls:
    """Two controls on one server. While silent they take connections and say nothing."""

    server: Receiver = field(default_factory=Receiver)
    silent: list[Span] = field(default_factory=list)

    @property
    def is_silent(self) -> bool:
        """Whether they don't answer now."""
        return bool(self.silent) and self.silent[-1].end is None

    def turn(self, *, silent: bool) -> None:
        """Have them answer, or not."""
        if silent and not self.is_silent:
            self.silent.append(Span(CLOCK.now()))
        elif not silent and self.is_silent:
            self.silent[-1].end = CLOCK.now()
        self.server.decide = (lambda _target, _body: Close()) if silent else None

    async def come_and_go(self, chance: random.Random) -> None:
        """Fall silent now and then, without end."""
        while True:
            await asyncio.sleep(chance.uniform(0.5, 2.5))
            self.turn(silent=True)
            await asyncio.sleep(chance.uniform(0.3, 1.2))
            self.turn(silent=False)

    def settings(self, ca_file: Path, hosts: Sequence[str] = ("127.0.0.1", "localhost")) -> str:
        """Return the settings' section."""
        urls = [f"https://{host}:{self.server.port}/" for host in hosts]
        return "[" + ", ".join(f"{{url: '{url}', timeout: 3s, tls: {{ca_file: {ca_file}}}}}" for url in urls) + "]"


@dataclass
class Witness:
    """Looks at the flag file without pause. `wrong` collects what must never be seen."""

    home: Home
    claims: list[Claims] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _last: bytes = b""
    _prevs: dict[int, str | None] = field(default_factory=dict)

    async def watch(self) -> None:
        """Look until cancelled."""
        trusted = trust.load(self.home.trust, CLOCK)
        while True:
            self.look(trusted)
            await asyncio.sleep(LOOK_SECONDS)

    def look(self, trusted: trust.Trust) -> None:
        """Look once."""
        try:
            data = self.home.flag.read_bytes()
        except FileNotFoundError:
            if self.claims:
                self.wrong.append(f"{CLOCK.now()}: the flag file is gone")
            return
        if data == self._last:
            return
        self._last = data
        judged = reader.judge(data, trusted, reader.Expectation(DEPLOYMENT, PLATFORM), CLOCK.now())
        if judged.claims is None:
            self.wrong.append(f"refused, {judged.refusal}: {judged.reason}: {data!r}")
            return
        if self.claims:
            self._compare(self.claims[-1], judged.claims)
        self._prevs.setdefault(judged.claims.change, judged.claims.prev)
        if self._prevs[judged.claims.change] != judged.claims.prev:
            self.wrong.append(f"change {judged.claims.change} has two documents before it")
        is_change = not self.claims or self.claims[-1].change != judged.claims.change
        self.claims.append(judged.claims)
        if is_change:
            self.changed.set()

    @property
    def state(self) -> FlagState | None:
        """What the flag said last."""
        return self.claims[-1].state if self.claims else None

    def ready_for(self) -> set[str]:
        """Return the outages that the flag was ever ready for."""
        return {
            cause.id
            for claims in self.claims
            if claims.state is FlagState.READY
            for cause in claims.causes
            if cause.kind is CauseKind.OUTAGE
        }

    def _compare(self, before: Claims, after: Claims) -> None:
        for name, was, now in (
            ("ver", before.ver + 1, after.ver),
            ("change", before.change, after.change),
            ("log.seq", before.log.seq, after.log.seq),
        ):
            if now < was:
                self.wrong.append(f"{name} went back, from at least {was} to {now}")


@dataclass
class Siege:
    """Everything around the monitor."""

    home: Home
    truth: Truth
    witness: Witness
    pages: Receiver
    chance: random.Random
    is_watched: asyncio.Event = field(default_factory=asyncio.Event)

    def pages_get_lost(self) -> None:
        """Let some pages be taken late, refused for now, or lost."""
        self.pages.decide = lambda _target, _body: self._fate()

    def calm(self) -> None:
        """Let everything be well from now on."""
        self.pages.decide = None
        self.truth.turn(good=True)

    async def weather(self) -> None:
        """Break and mend the target, without end, while somebody watches it."""
        while True:
            await asyncio.sleep(self.chance.uniform(0.3, 1.2))
            await self.is_watched.wait()
            self.truth.turn(good=not self.truth.is_good)

    def _fate(self) -> Behaviour | None:
        fates: list[tuple[float, Behaviour]] = [
            (0.04, Answer(503)),
            (0.04, Reset()),
            (0.04, Close()),
            (0.03, Hang()),
            (0.25, Answer(delay=self.chance.uniform(0.02, 0.3))),
        ]
        at = self.chance.random()
        for share, behaviour in fates:
            if at < share:
                return behaviour
            at -= share
        return None


@asynccontextmanager
async def witnessing(home: Home) -> AsyncIterator[Witness]:
    """Watch the flag for the length of a block."""
    witness = Witness(home)
    watching = asyncio.create_task(witness.watch())
    try:
        yield witness
    finally:
        await stopped([watching])


@asynccontextmanager
async def besieged(home: Home, truth: Truth, pages: Receiver, seed: int) -> AsyncIterator[Siege]:
    """Watch flag and ourselves for the length of a block."""
    siege = Siege(home, truth, Witness(home), pages, random.Random(seed))
    tasks = [asyncio.create_task(siege.witness.watch()), asyncio.create_task(truth.watch_ourselves())]
    try:
        yield siege
        for task in tasks:
            if task.done():
                task.result()
    finally:
        await stopped(tasks)


async def stopped(tasks: Iterable["asyncio.Task[None]"]) -> None:
    """Cancel tasks and wait for their end."""
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def moment(microseconds: object) -> datetime:
    """Return the instant that the store keeps as microseconds since the epoch."""
    assert isinstance(microseconds, int), microseconds
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)


def leftovers(directory: Path) -> list[str]:
    """Return the names of half-written files."""
    return sorted(path.name for path in directory.iterdir() if path.name.startswith(".new-"))
