"""Killed again and again while its target comes and goes, the monitor never says anything false and loses nothing.

27 SIGKILLs of the real daemon, at instants drawn from a seed that a failure names: while it starts, while it watches,
while a page is under way, as the flag changes, as an outage begins. Set GLASSWATCH_KILL_SEED to draw the same again.
"""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from glasswatch.flag.document import FlagState
from tests.support.aftermath import Rows, wrong_audit, wrong_flags, wrong_pages
from tests.support.monitors import DEPLOYMENT, Home, MonitorProcess, Wanted, make_home, monitor_in
from tests.support.receiver import Receiver
from tests.support.siege import BLUR, Controls, Siege, Truth, besieged, moment, stopped
from tests.support.tls import Authority, authority
from tests.support.waiting import until

__all__ = ["authority"]

KILLS = 9
CALM_WITHIN = 60.0


@dataclass
class Scene:
    """A siege, its monitor and its controls."""

    siege: Siege
    monitor: MonitorProcess
    controls: Controls

    async def strike(self) -> str:
        """Start the monitor, kill it at some instant, return which."""
        chance = self.siege.chance
        await self.monitor.launch()
        instants = [self.while_starting, self.while_watching, self.as_a_page_goes, self.as_the_flag_changes]
        instant = chance.choice([*instants, self.as_an_outage_begins])
        await instant()
        self.siege.is_watched.clear()
        os.kill(self.monitor.pid, signal.SIGKILL)
        assert await self.monitor.ended() == -signal.SIGKILL, self.monitor.said
        await asyncio.sleep(chance.uniform(0, 0.2))
        return instant.__name__

    async def while_starting(self) -> None:
        """Wait for no more than a start takes."""
        await asyncio.sleep(self.siege.chance.uniform(0.2, 1.0))

    async def while_watching(self) -> None:
        """Wait until it watches, and a while."""
        await self._watches()
        await asyncio.sleep(self.siege.chance.uniform(0, 1.5))

    async def as_a_page_goes(self) -> None:
        """Wait until a page arrives, and for as long as its answer may take."""
        await self._watches()
        known = len(self.siege.pages.received)
        await _at_most(3.0, lambda: len(self.siege.pages.received) > known)
        await asyncio.sleep(self.siege.chance.choice([0, 0.01, 0.05]))

    async def as_the_flag_changes(self) -> None:
        """Wait until the flag on the disk changes."""
        await self._watches()
        self.siege.witness.changed.clear()
        await _at_most(3.0, self.siege.witness.changed.is_set)

    async def as_an_outage_begins(self) -> None:
        """Wait until the target breaks, and for about as long as it takes to find it down."""
        await self._watches()
        self.siege.truth.turned_bad.clear()
        await _at_most(3.0, self.siege.truth.turned_bad.is_set)
        await asyncio.sleep(self.siege.chance.uniform(0.2, 0.6))

    async def _watches(self) -> None:
        await self.monitor.says("monitor_started", 60)
        self.siege.is_watched.set()

    async def survive(self) -> None:
        """Let it find one outage in peace, then see all well again, everything told, and end by itself."""
        await self.monitor.start()
        self.controls.turn(silent=False)
        self.siege.truth.turn(good=False)
        await self.monitor.verdict_is("down")
        await until(lambda: self.siege.witness.state is FlagState.READY, 20, every=0.01)
        self.siege.calm()
        await self.monitor.verdict_is("up", CALM_WITHIN)
        home, said = self.siege.home, "SELECT count(*) AS n FROM deliveries WHERE state <> 'sent'"
        await until(lambda: self.siege.witness.state is FlagState.STANDBY, CALM_WITHIN, every=0.05)
        await until(lambda: home.rows(said)[0]["n"] == 0, CALM_WITHIN, every=0.1)
        assert await self.monitor.end() == 0, self.monitor.said


@pytest.mark.timeout(300)  # 20 s; but each start alone takes several where many tests share a processor
@pytest.mark.parametrize("part", [1, 2, 3])
async def test_nothing_false_and_nothing_lost_however_often_it_is_killed(
    tmp_path: Path, authority: Authority, part: int
) -> None:
    """Flag, pages, outages, blind spans, outcomes and audit: after nine kills all of it is still right."""
    seed = int(os.environ.get("GLASSWATCH_KILL_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
    kills: list[str] = []
    has_controls = part == 2  # elsewhere nothing depends on anybody but the target
    async with _scene(tmp_path / f"home{part}", seed, authority if has_controls else None) as scene:
        await scene.monitor.start()
        await scene.monitor.verdict_is("up")
        await scene.monitor.end(signal.SIGKILL)
        scene.siege.pages_get_lost()
        storms = [asyncio.create_task(scene.siege.weather())]
        if has_controls:
            storms.append(asyncio.create_task(scene.controls.come_and_go(scene.siege.chance)))
        try:
            while len(kills) < KILLS:
                kills.append(await scene.strike())
        finally:
            await stopped(storms)
        await scene.survive()
        wrong = [*scene.siege.witness.wrong, *await _wrong_in_store(scene)]
        told = f"GLASSWATCH_KILL_SEED={seed}, kills {kills}\n"
        assert not wrong, told + "\n".join(wrong) + f"\n{scene.monitor.log}"
        assert "Traceback" not in scene.monitor.log, told + scene.monitor.log


@asynccontextmanager
async def _scene(root: Path, seed: int, authority: Authority | None) -> AsyncIterator[Scene]:
    truth, pages, controls = Truth(), Receiver(), Controls()
    try:
        await truth.target.start()
        await pages.start()
        asked = "none"
        if authority is not None:
            await controls.server.start(authority.issue().context())
            asked = controls.settings(authority.ca_file)
        wanted = Wanted(
            url=f"{truth.target.url}/health",
            every="200ms",
            confirm="{attempts: 3, every: 100ms}",
            receiver=pages.url,
            controls=asked,
        )
        home = make_home(root, wanted)
        async with besieged(home, truth, pages, seed) as siege, monitor_in(home) as monitor:
            yield Scene(siege, monitor, controls)
    finally:
        for server in (truth.target, pages, controls.server):
            await server.stop()


async def _at_most(seconds: float, condition: Callable[[], object]) -> None:
    try:
        await until(condition, seconds)
    except TimeoutError:
        return


async def _wrong_in_store(scene: Scene) -> list[str]:
    """Return everything in the store that contradicts what was seen from outside."""
    home = scene.siege.home
    if any(page.json()["unrecorded"] for page in scene.siege.pages.received):
        # This machine's disk took seconds for a write: what went out unrecorded before a kill is rightly not there.
        return await wrong_audit(home)
    outages = home.rows("SELECT * FROM outages ORDER BY opened_at")
    return [
        *_wrong_pages(scene.siege, home.rows("SELECT * FROM pages ORDER BY id"), outages),
        *_wrong_outages(scene, outages),
        *wrong_flags(scene.siege.witness, home, KILLS),
        *_wrong_outcomes(scene.siege.truth, home),
        *_wrong_verdicts(home.rows("SELECT * FROM transitions WHERE kind = 'platform_changed' ORDER BY id")),
        *_wrong_spans(home, has_controls=bool(scene.controls.silent)),
        *await wrong_audit(home),
    ]


def _wrong_pages(siege: Siege, pages: Rows, outages: Rows) -> list[str]:
    wrong = wrong_pages(siege.pages, pages)
    for outage in outages:
        key = f"{DEPLOYMENT}/payments/outage/{outage['outage']}"
        if not any(page["dedup_key"] == key and page["status"] == "firing" for page in pages):
            wrong.append(f"outage {outage['outage']} was never paged")
    return wrong


def _wrong_outages(scene: Scene, outages: Rows) -> list[str]:
    truth, wrong = scene.siege.truth, []
    known = {str(outage["outage"]) for outage in outages}
    wrong += [f"ready for {outage}, which is not on record" for outage in scene.siege.witness.ready_for() - known]
    for outage in outages:
        name, opened, confirmed = outage["outage"], moment(outage["opened_at"]), moment(outage["confirmed_at"])
        if not truth.was_bad(opened):
            wrong.append(f"outage {name} began at {opened}, but the target was good then")
        if any(span.holds(opened, -BLUR) and span.holds(confirmed, -BLUR) for span in scene.controls.silent):
            wrong.append(f"outage {name} was confirmed while no control answered")
        if outage["ended_at"] is None:
            wrong.append(f"outage {name} never ended")
        elif moment(outage["ended_at"]) < opened or truth.was_surely_bad(moment(outage["ended_at"])):
            wrong.append(f"outage {name} ended at {moment(outage['ended_at'])}, when the target was bad")
    for before, after in pairwise(outages):
        if before["ended_at"] is not None and moment(before["ended_at"]) > moment(after["opened_at"]):
            wrong.append(f"outages {before['outage']} and {after['outage']} overlap")
    return wrong if outages else [*wrong, "no outage is on record"]


def _wrong_outcomes(truth: Truth, home: Home) -> list[str]:
    wrong = []
    rows = home.rows("SELECT kind, reason, started_at, duration_seconds FROM outcomes ORDER BY started_at")
    for row in rows:
        started = moment(row["started_at"])
        if row["kind"] == "good" and truth.was_surely_bad(started):
            wrong.append(f"good at {started}, when the target was bad")
        if row["kind"] == "bad" and not truth.was_bad(started) and not truth.was_bad(_end_of(row)):
            wrong.append(f"bad ({row['reason']}) at {started}, when the target was good")
    return wrong if rows else ["no outcome is on record"]


def _end_of(row: Mapping[str, object]) -> datetime:
    return moment(row["started_at"]) + timedelta(seconds=float(str(row["duration_seconds"])))


def _wrong_verdicts(changes: Rows) -> list[str]:
    return [
        f"the verdict became {before['now']}, and then changed from {after['was']}"
        for before, after in pairwise(changes)
        if before["now"] != after["was"]
    ]


def _wrong_spans(home: Home, *, has_controls: bool) -> list[str]:
    spans = home.rows("SELECT * FROM blind_spans")
    wrong = [f"blind since {moment(span['since'])} without end" for span in spans if span["until"] is None]
    if spans and not has_controls:
        wrong.append("blind without controls")
    lives = home.rows("SELECT * FROM alive_spans ORDER BY id")
    return [*wrong, *("a sign of life ends before it begins" for life in lives if life["until"] < life["since"])]  # type: ignore[operator]  # numbers
