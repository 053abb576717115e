"""Puts the demo together: the simulated platform, two pagers, the daemon, and what the glass is broken on.

The daemon is `monitor run` on the settings written here, as a user would run it; nothing of it is built in.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum

from glasswatch.clock import Clock
from glasswatch.flag import keys
from glasswatch.flag.reader import Expectation
from monitor.demo import scenarios
from monitor.demo.drilling import DrillPlaces
from monitor.demo.ports import Views
from monitor.demo.processes import Child, OnLine, Processes, all_stopped, python
from monitor.demo.settings import (
    DEPLOYMENT,
    PLATFORM,
    VANTAGE,
    Addresses,
    Places,
    make_secrets,
    write_running,
    write_settings,
)
from monitor.demo.targets import forging, standing
from monitor.demo.targets.places import Ports, TargetPlaces
from monitor.demo.targets.standing import Guarded, Standing
from monitor.demo.views import FlagFile, ReceivedPages, SimulatorControl, StatusApi, new_client

HOST = "127.0.0.1"
MONITOR = "monitor"

_READY_SECONDS = 30.0  # a busy machine takes ten times as long as an idle one
_LOOK_EVERY = 0.05


class Port(IntEnum):
    """Where everything listens where nothing else does, and as shipped scenarios say it."""

    MONITOR = 9780
    RECEIVER = 9781
    SECOND = 9782
    SSH_DRILL = 9783
    SSH = 9784
    SQL = 9785
    PLATFORM = 9790
    ADMIN = 9791


@dataclass(frozen=True, slots=True)
class Stage:
    """A demo that runs. `url` is the daemon's; `admin_url` is where the simulated platform is broken."""

    places: Places
    url: str
    admin_url: str
    views: Views
    processes: Processes
    targets: Standing


def choose_ports(asked: int) -> dict[Port, int]:
    """Return where everything listens: the monitor on the port asked for, the others as far from it as they always are.

    What can't be listened on gives way to one that is free now; so does all, if 0 is asked for.
    """
    with ExitStack() as stack:  # all are held until all are chosen: none is chosen twice
        return {port: _choose(stack, asked + port - Port.MONITOR if asked else 0) for port in Port}


def _choose(stack: ExitStack, preferred: int) -> int:
    for port in (preferred, 0):
        sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((HOST, port))
        except (OSError, OverflowError):
            continue
        chosen = sock.getsockname()[1]
        if isinstance(chosen, int):
            return chosen
    return 0


@asynccontextmanager
async def staged(
    places: Places, ports: Mapping[Port, int], clock: Clock, on_page: OnLine | None = None
) -> AsyncIterator[Stage]:
    """Start everything in a directory that is held; on the way out, stop everything. `on_page` gets plain words.

    Raises:
        ChildFailed: one of the programs did not start.
        LeftBehind: one of them could not be stopped.
    """
    make_secrets(places, clock)
    token = places.admin_token.read_text("utf-8").strip()
    expect = Expectation(audience=DEPLOYMENT, platform=PLATFORM)
    url = f"http://{HOST}:{ports[Port.MONITOR]}"
    async with (
        new_client() as client,
        all_stopped(Processes(places.logs)) as processes,
        _being_made(places, ports, clock) as targets,
    ):
        simulator = await _start_simulator(processes, places, ports)
        receiver = await _start_receiver(processes, places, ("receiver", ports[Port.RECEIVER]), on_page)
        second = await _start_receiver(processes, places, ("second", ports[Port.SECOND]))
        listen = f"{HOST}:{ports[Port.MONITOR]}"
        write_settings(places, Addresses(simulator["url"], receiver["url"], second["url"], listen), clock)
        status = StatusApi(client, url, PLATFORM)
        daemon = await _start_daemon(processes, places)
        await daemon.reaches(_until_ready(status), _READY_SECONDS)
        await standing.start(await targets, processes)
        write_running(places, os.getpid(), simulator["admin_url"])
        views = Views(
            platform=SimulatorControl(client, simulator["admin_url"], token),
            status=status,
            flag=FlagFile(places.flag, places.trust, expect, clock),
            pages=ReceivedPages(client, receiver["url"], clock),
        )
        yield Stage(places, url, simulator["admin_url"], views, processes, await targets)


@asynccontextmanager
async def _being_made(
    places: Places, ports: Mapping[Port, int], clock: Clock
) -> AsyncIterator["asyncio.Task[Standing]"]:
    """Make what the glass is broken on, beside everything else."""
    making = asyncio.create_task(_targets(places, ports, clock), name="targets")
    try:
        yield making
    finally:
        await asyncio.wait((making,))  # it writes where everything is about to be removed


async def _targets(places: Places, ports: Mapping[Port, int], clock: Clock) -> Standing:
    """Make what the glass is broken on, and write the scenarios for it."""
    chosen = Ports(ports[Port.SSH_DRILL], ports[Port.SSH], ports[Port.SQL])
    guarded = Guarded(places.flag, PLATFORM, DEPLOYMENT)
    made = await standing.prepared(TargetPlaces(places.root), chosen, guarded)
    whose = forging.Whose(DEPLOYMENT, VANTAGE, PLATFORM)
    forging.write(made.places.root, keys.load(places.key, clock), whose, clock)
    fitting = scenarios.Fitting(places.root, {int(port): own for port, own in ports.items()}, made.names)
    scenarios.write(DrillPlaces(places.root).scenarios, fitting)
    return made


async def _start_simulator(processes: Processes, places: Places, ports: Mapping[Port, int]) -> dict[str, str]:
    where = ("--listen", f"{HOST}:{ports[Port.PLATFORM]}", "--admin-listen", f"{HOST}:{ports[Port.ADMIN]}")
    admin = ("--admin-token-file", str(places.admin_token))
    argv = python("-m", "platforms.simulator", *_parent(), *where, *admin)
    return await (await processes.start("platform", argv)).ready_line(_READY_SECONDS)


async def _start_receiver(
    processes: Processes, places: Places, named: tuple[str, int], on_page: OnLine | None = None
) -> dict[str, str]:
    name, port = named
    where = ("--listen", f"{HOST}:{port}", "--secret-file", str(places.webhook_secret))
    argv = python("-m", "monitor.demo.receiver", *_parent(), *where)
    return await (await processes.start(name, argv, on_page)).ready_line(_READY_SECONDS)


async def _start_daemon(processes: Processes, places: Places) -> Child:
    daemon = python("-m", "monitor", "run", "--config", str(places.settings))
    return await processes.start(MONITOR, python("-m", "monitor.demo.tether", str(os.getpid()), *daemon))


def _parent() -> tuple[str, str]:
    return "--parent", str(os.getpid())


async def _until_ready(status: StatusApi) -> None:
    while not await status.is_ready():  # noqa: ASYNC110 - it is another process that gets ready
        await asyncio.sleep(_LOOK_EVERY)
