"""Puts a plan in the place of what runs, in one step of the loop: before it all is as it was, after it all is new.

1. Nothing here waits, and nothing here can fail but by a fault of ours. Such a fault ends the monitor, as any does:
   half of one file and half of another must not go on. What it decided is settled, and it starts again by the file.
2. What stays is not touched: probes keep their slots, rounds, tokens and series; pages and flags under way go on.
3. What takes the place of another part begins when that one has ended; what went is let go of behind (`farewell`).
4. What is decided by it (an outage that nobody watches any more ends) is settled like every other finding.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from monitor.heartbeats import expected_beats
from monitor.keeper import Keeper
from monitor.model.event import BlindnessChanged, Unwatched
from monitor.model.outline import Difference
from monitor.model.policy import PlatformPolicy
from monitor.parts import Assembly, Closable
from monitor.ports import FlagTarget
from monitor.reload.crew import Crew, Runs
from monitor.reload.plan import Plan
from monitor.scheduler import Bench
from monitor.settings.outline import CHANNEL, SWITCH, TARGET, WATCHER
from monitor.settle import Settler

log = logging.getLogger("glasswatch.reload")


class Helper(Runs, Closable, Protocol):
    """What runs beside the probes, and holds something."""


@dataclass(frozen=True, slots=True)
class Crews:
    """Who runs: `watching` probes and settlers, `helping` watchers and switches."""

    watching: Crew
    helping: Crew


@dataclass(slots=True)
class Left:
    """What a swap leaves to be let go of: platforms and targets, by name, and the tasks of probes that went.

    A target may have one that follows it. A journey's task may take a while: it closes what it opened.
    """

    platforms: dict[str, Settler] = field(default_factory=dict)
    targets: dict[str, FlagTarget | None] = field(default_factory=dict)
    probes: list[asyncio.Task[None]] = field(default_factory=list)


class Swap:
    """One swap; `apply` it once."""

    def __init__(self, parts: Assembly, crews: Crews, plan: Plan) -> None:
        self._parts = parts
        self._crews = crews
        self._plan = plan
        self._settings = plan.wanted.settings
        self._change = plan.wanted.change
        self._left = Left()

    def apply(self) -> Left:
        """Take the plan over."""
        parts, settings = self._parts, self._settings
        policies = parts.builder.adopt(settings, self._plan.wanted.procedures)
        for policy in policies.values():
            parts.metrics.adopt(policy)
        parts.heartbeats.adopt(expected_beats(settings), self._plan.heard)
        parts.register.adopt(settings.uses.policy(settings.deployment), settings.flag.ready_ttl)
        parts.drills.adopt(settings.drills)
        if self._plan.controls is not None:
            parts.sight.adopt(self._plan.controls)
        self._ways_out()
        self._platforms(policies)
        self._helpers()
        parts.metrics.uses_open(parts.register.open_uses())
        parts.board.distrusted[:] = self._plan.distrusted
        parts.face.reloaded()
        return self._left

    def _ways_out(self) -> None:
        """Pages and flags go by the new channels and targets; those that take another's place follow behind."""
        parts, targets = self._parts, self._change.parts[TARGET]
        for channel in parts.outbox.adopt(self._plan.channels, self._change.parts[CHANNEL].went):
            self._close(channel)
        for name in targets.came:
            parts.publisher.add(self._plan.targets[name], parts.board.documents.values())
        for name in (*targets.went, *targets.changed):
            follower = self._left.targets[name] = self._plan.targets.get(name)
            if follower is not None:
                parts.retired.append(follower)  # until the publisher has it

    def _platforms(self, policies: Mapping[str, PlatformPolicy]) -> None:
        parts = self._parts
        keepers = parts.board.keepers
        # Slots stay where they are; a longer burst is for those that come, and for what is done after it.
        bench = replace(parts.bench, grid=parts.builder.grid())
        settlers = {settler.platform: settler for settler in parts.settlers}
        for name in self._change.platforms.went:
            self._let_go(name, settlers[name])
        for name, policy in policies.items():
            if name in keepers:
                self._go_on(policy, settlers[name], bench)
            else:
                settlers[name] = self._begin(policy, bench)
        ordered = {name: keepers[name] for name in policies}
        keepers.clear()
        keepers.update(ordered)
        loops = [loop for name in policies for loop in parts.builder.workshop.running(name).values()]
        parts.settlers, parts.loops, parts.bench = tuple(settlers.values()), tuple(loops), bench
        parts.board.unrun[:] = [loop.unrun for loop in loops]
        parts.board.late[:] = [loop.late for loop in loops]

    def _let_go(self, name: str, settler: Settler) -> None:
        parts = self._parts
        self._left.probes += [self._stop(name, probe) for probe in parts.builder.workshop.running(name)]
        parts.builder.workshop.forget(name)
        keeper = parts.board.keepers.pop(name)
        keeper.hear(Unwatched())
        self._left.platforms[name] = settler

    def _go_on(self, policy: PlatformPolicy, settler: Settler, bench: Bench) -> None:
        name, change = policy.platform, self._change.probes[policy.platform]
        settler.reseal(self._parts.builder.seal(policy))
        self._parts.builder.workshop.limit(name, self._settings.platforms[name])
        before = {probe: self._stop(name, probe) for probe in (*change.went, *change.changed)}
        self._left.probes += [before[probe] for probe in change.went]
        keeper = self._parts.board.keepers[name]
        step = keeper.adopt(policy, change.built)
        if not step.facts:  # else whoever settles them tells
            self._parts.metrics.state(step.state)
        keeper.checkpoint()
        self._start(keeper, policy, bench, before)

    def _begin(self, policy: PlatformPolicy, bench: Bench) -> Settler:
        parts, name = self._parts, policy.platform
        settler, keeper, restarted = parts.builder.platform(policy, self._plan.loaded, self._plan.published.get(name))
        parts.board.keepers[name] = keeper
        self._crews.watching.start(settler)
        self._start(keeper, policy, bench, {})
        keeper.hear(restarted)
        if keeper.state.blind is not parts.sight.is_blind:
            keeper.hear(BlindnessChanged(parts.sight.is_blind))
        return settler

    def _stop(self, platform: str, probe: str) -> asyncio.Task[None]:
        return self._crews.watching.dismiss(self._parts.builder.workshop.release(platform, probe))

    def _start(
        self, keeper: Keeper, policy: PlatformPolicy, bench: Bench, before: dict[str, asyncio.Task[None]]
    ) -> None:
        probes = self._plan.probes[policy.platform]
        settings = self._settings.platforms[policy.platform]
        for name, loop in zip(
            probes, self._parts.builder.workshop.loops(keeper, policy, settings, probes, bench), strict=True
        ):
            # A journey that is cut off closes what it opened: the next one must not come between.
            self._crews.watching.start(loop, [before[name]] if name in before else ())

    def _helpers(self) -> None:
        """Watchers read on from where the ones before them were; switches beat at once."""
        parts, metrics = self._parts, self._parts.metrics
        watchers = {each.name: each for each in parts.watchers}
        switches = {each.name: each for each in parts.switches}
        self._replace(self._change.parts[WATCHER], watchers, self._plan.watchers)
        self._replace(self._change.parts[SWITCH], switches, self._plan.switches)
        parts.watchers = tuple((watchers | self._plan.watchers)[name] for name in self._settings.uses.watchers)
        parts.switches = tuple((switches | self._plan.switches)[name] for name in self._settings.dead_man)
        for name in self._change.parts[WATCHER].went:
            metrics.forget_watcher(name)
        for name in self._change.parts[SWITCH].went:
            metrics.forget_dead_man(name)
        metrics.dead_man(self._change.parts[SWITCH].came)

    def _replace(self, found: Difference, running: Mapping[str, Helper], made: Mapping[str, Helper]) -> None:
        crew = self._crews.helping
        closed = {name: self._close(running[name], (crew.dismiss(running[name]),)) for name in found.ended}
        for name, each in made.items():
            crew.start(each, [closed[name]] if name in closed else ())

    def _close(self, who: Closable, after: tuple[asyncio.Task[None], ...] = ()) -> asyncio.Task[None]:
        self._parts.retired.append(who)
        return self._crews.helping.aside(close(self._parts, who, after))


async def close(parts: Assembly, who: Closable, after: Iterable[asyncio.Task[None]] = ()) -> None:
    """Close what is no longer used once those tasks have ended; whatever becomes of it, nobody uses it any more."""
    if after:
        await asyncio.wait(tuple(after))
    try:
        await who.aclose()
    except Exception:
        log.exception("not_closed")
    parts.retired.remove(who)
