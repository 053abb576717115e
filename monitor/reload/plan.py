"""Everything that a swap needs, built beforehand: whatever can fail, or takes long, is done here.

Nothing that runs is touched. What was built for nothing is let go of.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor import takeup
from monitor.channels.build import channel_of
from monitor.controls import make as make_controls
from monitor.deadman import DeadManSwitch
from monitor.errors import ReloadRefused
from monitor.heartbeats import expected_beats
from monitor.model.beat import Beat
from monitor.model.outline import SettingsChange
from monitor.model.published import PublishedFlag
from monitor.model.record import ChainHead, Loaded
from monitor.parts import Assembly, Closable
from monitor.ports import Channel, Controls, FlagTarget, Probe
from monitor.procedure import Procedure
from monitor.settings.outline import CHANNEL, SWITCH, TARGET, WATCHER
from monitor.settings.root import MonitorSettings
from monitor.targets.build import target_of
from monitor.watchers.loop import WatchLoop

_NOTHING_LOADED = Loaded({}, None, ChainHead(0, ""))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the file says now, and how that differs from what is in force."""

    settings: MonitorSettings
    procedures: Mapping[str, Procedure]
    change: SettingsChange


@dataclass(slots=True)
class Plan:
    """What is built for a change. `probes` are by platform and name, all else by name."""

    wanted: Wanted
    loaded: Loaded = _NOTHING_LOADED
    published: Mapping[str, PublishedFlag | None] = field(default_factory=dict)
    heard: Mapping[str, Beat] = field(default_factory=dict)
    distrusted: list[str] = field(default_factory=list)
    controls: Controls | None = None
    probes: dict[str, dict[str, Probe]] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    targets: dict[str, FlagTarget] = field(default_factory=dict)
    watchers: dict[str, WatchLoop] = field(default_factory=dict)
    switches: dict[str, DeadManSwitch] = field(default_factory=dict)

    async def aclose(self) -> None:
        """Let go of what was built, where it is not used."""
        made: tuple[Mapping[str, Closable], ...] = (self.channels, self.targets, self.switches, self.watchers)
        await asyncio.gather(*(each.aclose() for some in made for each in some.values()), return_exceptions=True)


class Planner:
    """Builds plans for the running parts. `leaving` are platforms that are not let go of yet."""

    def __init__(self, parts: Assembly, leaving: Mapping[str, object]) -> None:
        self._parts = parts
        self._builder = parts.builder
        self._leaving = leaving

    async def plan(self, wanted: Wanted) -> Plan:
        """Build a plan; if that fails, let go of what was built.

        Raises:
            GlasswatchError: something can't be had now.
        """
        plan = Plan(wanted)
        try:
            await self._look(plan)
            await self._build(plan)
        except BaseException:
            await plan.aclose()
            raise
        return plan

    async def _look(self, plan: Plan) -> None:
        """Read what those that come left in an earlier run, or earlier in this one."""
        settings, came = plan.wanted.settings, plan.wanted.change.platforms.came
        held_up = [name for name in came if name in self._leaving]
        if held_up:
            raise ReloadRefused("not_possible", f"{', '.join(held_up)}: the store has to take its last state first")
        key = self._builder.key
        if came:
            plan.loaded = await self._parts.store.load()
            new = settings.model_copy(update={"platforms": {name: settings.platforms[name] for name in came}})
            plan.published = await takeup.published_flags(new, key, self._parts.clock)
        beats = self._parts.heartbeats
        fresh = [name for name, each in expected_beats(settings).items() if beats.is_new(name, each)]
        plan.heard = await beats.on_record(fresh)
        plan.distrusted = await takeup.distrusted(settings, key, self._parts.clock)

    async def _build(self, plan: Plan) -> None:
        settings, change, builder = plan.wanted.settings, plan.wanted.change, self._builder
        if "controls" in change.free:
            plan.controls = make_controls(settings.controls, builder.network)
        for name, platform in settings.platforms.items():
            probes = change.probes[name].built if name in change.probes else platform.probes.keys()
            plan.probes[name] = {}
            for probe in platform.probes:
                if probe in probes:
                    plan.probes[name][probe] = builder.workshop.probe(name, platform, probe)
                    await asyncio.sleep(0)  # one may take 20 ms, for its authorities: others have their turn
        for name in _built(change, CHANNEL, settings.paging.channels):
            plan.channels[name] = channel_of(name, settings.paging.channels[name], builder.channel_context)
            await asyncio.sleep(0)
        targets = {target.label: target for target in settings.flag.publish}
        for name in _built(change, TARGET, targets):
            plan.targets[name] = target_of(targets[name], builder.target_context)
            await asyncio.sleep(0)
        watchers = {name: settings.uses.watchers[name] for name in _built(change, WATCHER, settings.uses.watchers)}
        plan.watchers = {loop.aim.watcher: loop for loop in builder.watchers(watchers)}
        for name in _built(change, SWITCH, settings.dead_man):
            plan.switches[name] = builder.switch(name, settings.dead_man[name])
            await asyncio.sleep(0)


def _built(change: SettingsChange, sort: str, named: Mapping[str, object]) -> list[str]:
    return [name for name in named if name in change.parts[sort].built]
