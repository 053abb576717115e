"""A real monitor on a stage: a platform, controls and two page providers, all of which a scenario breaks at will.

Whatever a scenario does is noted in the recording, and when it is over the invariants are judged from that alone. What
it waits for has a deadline and no verdict: what did not come is missing in the recording, and found there.
"""

import asyncio
import os
import random
import re
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from tests.faults.invariants import wrong
from tests.faults.recorder import Recorder
from tests.faults.recording import EVERYTHING, Hindrance, Pace, Promised, Recording
from tests.support.monitors import Home, MonitorProcess, Wanted, make_home, monitor_in
from tests.support.receiver import Answer, Behaviour, Receiver
from tests.support.siege import CLOCK, Controls, Span, Truth, stopped
from tests.support.tls import Authority
from tests.support.waiting import until

SEED = int(os.environ.get("GLASSWATCH_FAULT_SEED", "1"))
PACE = Pace(
    interval=timedelta(seconds=0.2),
    timeout=timedelta(seconds=0.2),
    attempts=3,
    every=timedelta(seconds=0.5),  # longer than we, who play the platform, stand still
    lower_after=timedelta(seconds=1),
    ready_ttl=timedelta(minutes=15),
)
STARTS_WITHIN = 90.0  # where many tests share a processor a start takes ten times as long
_CHANNEL = "{{type: webhook, url: '{url}/page', timeout: 2s}}"


@dataclass(frozen=True)
class Setup:
    """What is not as usual. `authority` gives it controls; `flag`, `platforms`, `more` are lines of its settings.

    `platform_host`: the platform's name, where it is reached over HTTPS. `under`, `program`: see `MonitorProcess`.
    """

    pace: Pace = PACE
    authority: Authority | None = None
    control_hosts: Sequence[str] = ("127.0.0.1", "localhost")
    platform_host: str = ""
    flag: Mapping[str, str] = field(default_factory=dict)
    platforms: str = ""
    more: str = ""
    providers: Sequence[str] = ("ops", "spare")
    under: Sequence[str] = ()
    program: Sequence[str] = ("-m", "monitor")


@dataclass
class Stage:
    """Everything around one monitor. All `providers` are told of every page."""

    monitor: MonitorProcess
    truth: Truth
    controls: Controls
    providers: Mapping[str, Receiver]
    recorder: Recorder
    chance: random.Random

    @property
    def home(self) -> Home:
        """Where the monitor lives."""
        return self.monitor.home

    @property
    def recording(self) -> Recording:
        """What was seen so far."""
        return self.recorder.recording

    async def starts(self) -> None:
        """Have the monitor started, and watching."""
        await self.monitor.launch()
        await self.monitor.says("monitor_started", STARTS_WITHIN)
        self.recording.dead[-1].end = CLOCK.now()

    async def rises(self) -> None:
        """Have it started, and all well."""
        await self.starts()
        await self.monitor.verdict_is("up", STARTS_WITHIN)
        await self.sees(lambda: self.recorder.state_at("file") == self.recorder.state == "standby")

    async def ends(self) -> None:
        """Have it end in order."""
        self.recording.dead.append(Span(CLOCK.now()))
        assert await self.monitor.end() == 0, self.monitor.said

    async def is_killed(self) -> None:
        """Have it end at once."""
        self.recording.dead.append(Span(CLOCK.now()))
        assert await self.monitor.end(signal.SIGKILL) == -signal.SIGKILL, self.monitor.said

    async def freezes(self, seconds: float) -> None:
        """Have it stand still, and go on."""
        self.recording.frozen.append(Span(CLOCK.now()))
        self.monitor.send(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self.monitor.send(signal.SIGCONT)
        self.recording.frozen[-1].end = CLOCK.now()

    @contextmanager
    def unseeing(self) -> Iterator[None]:
        """Note that no control can be reached for the length of a block, though they would answer."""
        span = Span(CLOCK.now())
        self.controls.silent.append(span)
        try:
            yield
        finally:
            span.end = CLOCK.now()

    def breaks(self, how: Behaviour | None = None) -> None:
        """Have the platform down from now on."""
        self.truth.fault = how or Answer(503)
        self.truth.turn(good=False)

    async def outage(self, how: Behaviour | None = None, *, waits: frozenset[Promised] = EVERYTHING) -> None:
        """Have the platform down, until what is waited for came or should have come."""
        self.breaks(how)
        await self.sees(lambda: all(self._came(each) for each in waits))

    async def recovers(self) -> None:
        """Have the platform well, and wait until that is known everywhere."""
        self.truth.turn(good=True)
        await self.sees(lambda: self.recorder.state_at("file") == self.recorder.state == "standby")
        await self.sees(lambda: self.told("outage")[-1:] != ["firing"])

    def told(self, kind: str, at: str = "spare") -> list[str]:
        """Return what a provider took of a kind of page."""
        return [page["status"] for page in map(_page, self.providers[at].accepted) if page["kind"] == kind]

    async def sees(self, condition: Callable[[], object], *, grace: float = 5.0) -> bool:
        """Wait for a condition for longer than every promise allows; return whether it came."""
        pace = self.recording.pace
        longest = pace.detects + pace.lowers + pace.tells + pace.slack
        try:
            await until(condition, longest.total_seconds() + grace, every=0.02)
        except TimeoutError:
            return False
        return True

    @contextmanager
    def hindered(self, why: str, *hinders: Promised) -> Iterator[None]:
        """Note that some promises (all, if none is named) can't be kept for the length of a block."""
        span = Span(CLOCK.now())
        self.recording.hindrances.append(Hindrance(span, frozenset(hinders) or EVERYTHING, why))
        try:
            yield
        finally:
            span.end = CLOCK.now()

    async def settles(self, *lasting: str) -> None:
        """Wait until everything that was decided is told, and nothing is wrong any more; end the monitor in order.

        But for what pages of the kinds `lasting` are about.
        """
        self.recording.lasting = frozenset(lasting)
        self.truth.turn(good=True)
        self.controls.turn(silent=False)
        for provider in self.providers.values():
            provider.decide, provider.default = None, Answer()
        if not lasting:
            await self.recovers()
        await self.sees(self._is_told, grace=30)
        self.recorder.take_pages(self.providers)
        self.recording.is_told = True
        await self.ends()

    def _came(self, promise: Promised) -> bool:
        if promise is Promised.PAGE:
            return any(self.told("outage", each)[-1:] == ["firing"] for each in self.providers)
        return self.recorder.state_at("file" if promise is Promised.FILE else "api") == "ready"

    def is_heard(self) -> bool:
        """Return whether nothing fires at any provider, but for what lasts."""
        last = [page for each in self.providers.values() for page in _latest(each)]
        return all(page["status"] == "resolved" or page["kind"] in self.recording.lasting for page in last)

    def _is_told(self) -> bool:
        unsent = self.home.rows("SELECT count(*) AS n FROM deliveries WHERE state <> 'sent'")
        return unsent[0]["n"] == 0 and self.is_heard()

    def wrong(self) -> list[str]:
        """Return what is wrong about what was recorded."""
        self.recording.ended = CLOCK.now()
        self.recorder.take_pages(self.providers)
        return wrong(self.recording)


@asynccontextmanager
async def staged(root: Path, setup: Setup | None = None, seed: int = SEED) -> AsyncIterator[Stage]:
    """Set a stage; when the scenario is over, judge what was recorded of it."""
    setup = setup or Setup()
    truth, controls, providers = Truth(), Controls(), {name: Receiver() for name in setup.providers}
    servers = (truth.target, controls.server, *providers.values())
    try:
        for server in servers:
            await server.start(_secure(server, truth, controls, setup))
        home = make_home(root, _wanted(setup, truth, controls, providers))
        async with monitor_in(home, setup.under, setup.program) as monitor:
            recording = Recording(setup.pace, tuple(providers), dead=[Span(CLOCK.now())])
            recording.bad, recording.stalls, recording.unseeing = truth.bad, truth.stalls, controls.silent
            recorder = Recorder(monitor, recording)
            stage = Stage(monitor, truth, controls, providers, recorder, random.Random(seed))
            async with _recorded(stage):
                yield stage
            recorder.read_store()
            told = f"GLASSWATCH_FAULT_SEED={seed}\n"
            found = stage.wrong()
            assert not found, told + "\n".join(found) + f"\n{monitor.log}"
            assert not _faults(monitor.log), told + monitor.log
    finally:
        for server in servers:
            await server.stop()


@asynccontextmanager
async def _recorded(stage: Stage) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(stage.recorder.run()), asyncio.create_task(stage.truth.watch_ourselves())]
    try:
        yield
        for task in tasks:
            if task.done():
                task.result()
    finally:
        await stopped(tasks)


def _faults(log: str) -> list[str]:
    """Return what the monitor logged with a traceback."""
    entries = re.split(r"^(?=\d{4}-\d\d-\d\dT)", log, flags=re.MULTILINE)
    return [entry for entry in entries if "Traceback" in entry]


def _secure(server: Receiver, truth: Truth, controls: Controls, setup: Setup) -> ssl.SSLContext | None:
    if setup.authority is None:
        return None
    if server is controls.server:
        return setup.authority.issue(*setup.control_hosts).context()
    if server is truth.target and setup.platform_host:
        return setup.authority.issue(setup.platform_host).context()
    return None


def _wanted(setup: Setup, truth: Truth, controls: Controls, providers: Mapping[str, Receiver]) -> Wanted:
    pace = setup.pace
    url, expects, asked = f"{truth.target.url}/health", "", "none"
    if setup.authority is not None:
        asked = controls.settings(setup.authority.ca_file, setup.control_hosts)
        if setup.platform_host:
            url = f"https://{setup.platform_host}:{truth.target.port}/health"
            expects = f", tls: {{ca_file: {setup.authority.ca_file}}}"
    channels = ", ".join(f"{name}: {_CHANNEL.format(url=each.url)}" for name, each in providers.items())
    return Wanted(
        url=url,
        every=_text(pace.interval),
        timeout=_text(pace.timeout),
        confirm=f"{{attempts: {pace.attempts}, every: {_text(pace.every)}}}",
        expects=expects,
        controls=asked,
        flag={"lower_after": _text(pace.lower_after), "ready_ttl": _text(pace.ready_ttl), **setup.flag},
        platforms=setup.platforms,
        more=f"paging: {{channels: {{{channels}}}}}\n{setup.more}",
    )


def _text(length: timedelta) -> str:
    return f"{round(length.total_seconds() * 1000)}ms"


def _page(received: object) -> Mapping[str, str]:
    page = received.json()  # type: ignore[attr-defined]
    assert isinstance(page, dict)
    return page


def _latest(provider: Receiver) -> Collection[Mapping[str, str]]:
    """Return the last page of each key that a provider took."""
    return {page["dedup_key"]: page for page in map(_page, provider.accepted)}.values()
