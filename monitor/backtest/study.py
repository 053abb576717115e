"""Compares rules in simulated worlds: ours, a proposal, and failures in a row at the same cost.

Same cost: the rivals' intervals are longer by so much that they make as many attempts an hour as ours did, with its
confirmations, in the first of the worlds. All are judged by the same dice (common random numbers).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

from glasswatch.durations import render
from monitor.backtest.course import Course, Pace
from monitor.backtest.dice import Chance
from monitor.backtest.in_a_row import InARow, as_often
from monitor.backtest.judge import Ours
from monitor.backtest.trials import Found, Start, Trial, Years, detection, false_ready
from monitor.backtest.world import OneOutage, Stretch, World
from monitor.model.policy import PlatformPolicy
from monitor.rules.schedule import Grid

BEGINS_AT = datetime(2026, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Rules:
    """Settings of ours that are compared, by a name, with the grid their monitor has.

    Without controls a vantage never takes itself for blind.
    """

    name: str
    policy: PlatformPolicy
    grid: Grid
    has_controls: bool = True


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is played: cycles in each world, outages for each rule; and what chance begins with."""

    cycles: int = 2000
    starts: int = 1000
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What is compared, and in what."""

    rules: Sequence[Rules]
    times_in_a_row: Sequence[int]
    worlds: Sequence[World]
    outage: Stretch
    lengths: Sequence[timedelta]
    pace: Pace = field(default_factory=Pace)
    effort: Effort = field(default_factory=Effort)


@dataclass(frozen=True, slots=True)
class Result:
    """What one rule does. `what`: how it decides, in a few words; `years` by the world's name."""

    name: str
    what: str
    attempts_an_hour: float
    found: Found
    years: Mapping[str, Years]


Told = Callable[[str, int], None]


def study(plan: Plan, told: Told) -> list[Result]:
    """Return what each rule does. `told`: called with what is done now and how much of it is done.

    The first of `plan.rules` sets the cost at which failures in a row are tried.
    """
    results = []
    for rules in plan.rules:
        fitting = plan if rules.has_controls else replace(plan, worlds=[_answered(world) for world in plan.worlds])
        results.append(_result(rules.name, what_of(rules.policy), _start_of(rules, plan.pace), fitting, told))
    first = plan.rules[0]
    bare = sum(_HOUR / probe.interval for probe in first.policy.probes.values())
    rival = as_often(first.policy, bare / results[0].attempts_an_hour)
    for times in plan.times_in_a_row:
        start = Start(InARow(rival, first.grid, times), BEGINS_AT, plan.pace)
        name = "1 failure" if times == 1 else f"{times} in a row"
        results.append(_result(name, _intervals(rival), start, plan, told))
    return results


def what_of(policy: PlatformPolicy) -> str:
    """Say in a few words how settings of ours decide."""
    probes = policy.probes.values()
    one = next(iter(probes))
    confirm = f"confirmed by {one.confirm_attempts}, {render(one.confirm_every)} apart, recover {one.recover}"
    is_alike = len({(each.confirm_attempts, each.confirm_every, each.recover) for each in probes}) == 1
    return f"{_intervals(policy)}, {confirm}" if is_alike else _intervals(policy)


def settled(judge: Ours, pace: Pace, at: datetime) -> Start:
    """Return a judge with every probe good for the first time."""
    course = Course(judge, OneOutage(datetime.max.replace(tzinfo=UTC), None, Stretch()), Chance(Random(0)), pace, at)
    while not course.is_quiet:
        course.play()
    return Start(judge, course.now, pace)


def _answered(world: World) -> World:
    """Return a world in which controls always answer."""
    rough = None if world.rough is None else replace(world.rough, control_lost=0.0)
    return replace(world, calm=replace(world.calm, control_lost=0.0), rough=rough)


def _start_of(rules: Rules, pace: Pace) -> Start:
    return settled(Ours.starting(rules.policy, rules.grid, BEGINS_AT), pace, BEGINS_AT)


def _result(name: str, what: str, start: Start, plan: Plan, told: Told) -> Result:
    effort = plan.effort
    years: dict[str, Years] = {}
    for world in plan.worlds:
        seed = f"{effort.seed} {world.name}"
        years[world.name] = false_ready(start, world, effort.cycles, seed, _counting(f"{name}: {world.name}", told))
    trial = Trial(f"{effort.seed}", _counting(f"{name}: outages", told))
    found = detection(start, plan.outage, plan.lengths, effort.starts, trial)
    return Result(name, what, years[plan.worlds[0].name].attempts_an_hour, found, years)


def _counting(what: str, told: Told) -> Callable[[], None]:
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        told(what, done)

    return tick


def _intervals(policy: PlatformPolicy) -> str:
    found = sorted({probe.interval for probe in policy.probes.values()})
    return "every " + ", ".join(f"{each.total_seconds():.5g} s" for each in found)
