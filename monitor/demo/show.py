"""One demo from its first line to its last: hold the directory, set the stage, tell the story or follow the pages.

The state directory is removed at the end unless it was asked for, or something went wrong: then its logs are wanted.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from glasswatch.clock import SystemClock
from glasswatch.errors import ExitCode
from monitor import stopping
from monitor.demo.drilling import DrillPlaces, drill, keep_proof
from monitor.demo.errors import ChildFailed
from monitor.demo.evidence import how_to_check, program
from monitor.demo.screen import opening_lines, target_lines, told_line, verdict_lines
from monitor.demo.settings import Places, clear, held, left_by
from monitor.demo.stage import MONITOR, Stage, choose_ports, staged
from monitor.demo.stalls import Stalls, through
from monitor.demo.story import Pace, Story
from monitor.demo.targets import postgres
from monitor.demo.targets.places import TargetPlaces
from monitor.demo.told import Told
from monitor.errors import Interrupted
from platforms.http import HTTPError

BROKEN_FUNCTION = "sign_in"


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for. `directory` is absolute."""

    directory: Path
    port: int
    is_story: bool
    is_kept: bool


async def show(wish: Wish) -> ExitCode:
    """Run one demo and return how it ended.

    Raises:
        DirectoryInUse: the directory can't be ours.
        ChildFailed: a program did not start, or ended on its own while there was no story to judge it by.
        LeftBehind: a program could not be stopped.
    """
    places = Places(wish.directory)
    with held(places, click.echo, SystemClock()):
        is_wanted = True
        try:
            code = await (_tell(places, wish) if wish.is_story else _follow(places, wish))
            is_wanted = code is not ExitCode.GOOD
        except (asyncio.CancelledError, BrokenPipeError):
            is_wanted = False
            raise
        finally:
            if wish.is_kept or is_wanted:
                postgres.leave(TargetPlaces(places.root), places.logs)
                click.echo(f"State and logs are left in {places.root}", err=True)
            else:
                clear(places)
                _say_what_stays(places, wish)
    return code


def _say_what_stays(places: Places, wish: Wish) -> None:
    left = left_by(places)
    if left.runs and not wish.is_story:  # which says so itself
        for line in (f"Evidence and reports stay in {left.evidence}", *how_to_check(left)):
            click.echo(line, err=True)


async def interruptible(work: Coroutine[Any, Any, ExitCode]) -> ExitCode:
    """Do the work; told to stop, let it clean up, and return `INTERRUPTED`."""
    try:
        return await stopping.interruptible(work)
    except Interrupted:
        click.echo("interrupted: everything was stopped and cleaned up", err=True)
        return ExitCode.INTERRUPTED


async def _tell(places: Places, wish: Wish) -> ExitCode:
    clock = SystemClock()
    click.echo("The story, on real network traffic: a simulated JIT platform, a page receiver and the monitor.")
    async with staged(places, choose_ports(wish.port), clock) as stage:
        click.echo(f"Status page while it lasts: {stage.url}/")
        for line in target_lines(stage):
            click.echo(line)
        click.echo("")
        story = Story(stage.views, Pace(), clock, asyncio.sleep)
        try:
            result = await stage.processes.while_all_live(story.play(BROKEN_FUNCTION, _show))
            click.echo("")
            for line in verdict_lines(result):
                click.echo(line)
            if result.exit_code is not ExitCode.GOOD:
                return result.exit_code
            return await stage.processes.while_all_live(_drill(places, stage))
        except ChildFailed as failed:
            click.echo(f"{failed}", err=True)
            # Without its instruments nothing was measured; but a monitor that dies in an outage is what we look for.
            return ExitCode.FINDING if failed.program == MONITOR else ExitCode.NOT_MEASURED


async def _drill(places: Places, stage: Stage) -> ExitCode:
    click.echo("\nNow the quarterly drill, against the monitor that runs: the same, on purpose, and proved.")
    click.echo("The glass is broken for real, on what was named above.\n")
    stalls = Stalls(SystemClock(), asyncio.sleep)
    code = await through(lambda: drill(places.settings, places.logs, click.echo), stage.views, stalls, click.echo)
    if code is ExitCode.GOOD:
        drills = DrillPlaces(places.root)
        click.echo(f"\nEvidence and reports stay in {drills.evidence}")
        with suppress(HTTPError, OSError):  # without it the run can't be checked, and passed all the same
            kept = await keep_proof(drills, stage.url, places.trust)
            if kept is not None:
                run, heads, trust = kept
                click.echo(f"Check them: {program()} verify {run} --heads {heads} --trust {trust}")
    return code


async def _follow(places: Places, wish: Wish) -> ExitCode:
    lines: asyncio.Queue[str] = asyncio.Queue()
    async with staged(places, choose_ports(wish.port), SystemClock(), lines.put_nowait) as stage:
        for line in opening_lines(stage, wish.port):
            click.echo(line)
        return await stage.processes.while_all_live(_print(lines))


async def _print(lines: asyncio.Queue[str]) -> ExitCode:
    while True:
        click.echo(f"  {await lines.get()}")


def _show(told: Told) -> None:
    click.echo(told_line(told))
