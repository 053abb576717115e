"""The targets put up: what this machine can have is made and started, what it can't is left out by name."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

from glasswatch import files
from monitor.demo.errors import ChildFailed
from monitor.demo.processes import Child, Processes, python
from monitor.demo.targets import postgres, programs, readers, ssh
from monitor.demo.targets.places import LeftOut, Ports, TargetName, TargetPlaces

_READY_SECONDS: Final = 60.0  # a busy machine takes ten times as long as an idle one
_LOOK_EVERY: Final = 0.05
_PRIVATE: Final = 0o600
_PRETEND: Final = "probe-pretend"  # of the simulated platform, whose secrets stand in its own code
_TARGETS: Final[dict[TargetName, ModuleType]] = {TargetName.SSH: ssh, TargetName.SQL: postgres}


@dataclass(frozen=True, slots=True)
class Standing:
    """What was put up, and what was left out."""

    places: TargetPlaces
    ports: Ports
    names: frozenset[TargetName] = frozenset()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class Guarded:
    """What the readers of the targets go by: the published flag, and whose it is."""

    flag: Path
    platform: str
    audience: str


async def prepared(places: TargetPlaces, ports: Ports, guarded: Guarded) -> Standing:
    """Make what the targets need. What can't be had is left out; raises `OSError` for the directory alone."""
    places.root.mkdir(mode=0o700)
    files.replace(places.root / "platform.password", f"{_PRETEND}\n".encode(), _PRIVATE)
    readers.write(places, guarded.flag, guarded.platform, guarded.audience)
    made = [asyncio.to_thread(_prepare, name, places, ports) for name in _TARGETS]
    left_out = tuple(each for each in await asyncio.gather(*made) if each is not None)
    gone = {each.name for each in left_out}
    return Standing(places, ports, frozenset(_TARGETS) - gone, left_out)


async def start(standing: Standing, processes: Processes) -> None:
    """Start what was made, and wait until it can be reached. Raises `ChildFailed`."""
    places = standing.places
    started: list[tuple[Child, Callable[[], bool]]] = []
    if TargetName.SSH in standing.names:
        child = await processes.start(ssh.NAME, _tethered(ssh.argv(places)))
        started.append((child, lambda: places.ssh_log.exists() and b"Server listening" in places.ssh_log.read_bytes()))
    if TargetName.SQL in standing.names:
        child = await processes.start(postgres.NAME, _tethered(postgres.argv(places), postgres.owner()))
        started.append((child, lambda: postgres.is_ready(places)))
    for child, is_ready in started:
        await child.reaches(_until(is_ready), _READY_SECONDS)
    if TargetName.SQL in standing.names:
        await _aged(places)


async def _aged(places: TargetPlaces) -> None:
    try:
        await asyncio.to_thread(postgres.age, places)
    except programs.NotUsable as error:
        raise ChildFailed(postgres.NAME, f"the password of its account can't be rotated: {error}") from error


def _prepare(name: TargetName, places: TargetPlaces, ports: Ports) -> LeftOut | None:
    target = _TARGETS[name]
    why = target.why_not()
    if why:
        return LeftOut(name, why)
    try:
        target.prepare(places, ports)
    except programs.NotUsable as error:
        return LeftOut(name, str(error))
    except OSError as error:
        return LeftOut(name, f"{error.filename}: {error.strerror}")
    return None


def _tethered(argv: tuple[str, ...], owner: tuple[int, int] | None = None) -> tuple[str, ...]:
    who = ("--as", f"{owner[0]}:{owner[1]}") if owner is not None else ()
    return python("-m", "monitor.demo.tether", str(os.getpid()), *who, *argv)


async def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - it is another process that gets ready
        await asyncio.sleep(_LOOK_EVERY)
