"""Puts the demo together: the simulated platform, the page receiver and the daemon, started in this order and ready.

The daemon is `monitor run` on the settings written here, as a user would run it; nothing of it is built in.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from glasswatch.clock import Clock
from glasswatch.flag.reader import Expectation
from monitor.demo.ports import Views
from monitor.demo.processes import Child, OnLine, Processes, all_stopped, python
from monitor.demo.settings import (
    DEPLOYMENT,
    PLATFORM,
    Addresses,
    Places,
    make_secrets,
    write_running,
    write_settings,
)
from monitor.demo.views import FlagFile, ReceivedPages, SimulatorControl, StatusApi, new_client

HOST = "127.0.0.1"
MONITOR = "monitor"

_READY_SECONDS = 30.0  # a busy machine takes ten times as long as an idle one
_LOOK_EVERY = 0.05


@dataclass(frozen=True, slots=True)
class Stage:
    """A demo that runs. `url` is the daemon's; `admin_url` is where the simulated platform is broken."""

    places: Places
    url: str
    admin_url: str
    views: Views
    processes: Processes


def choose_port(preferred: int) -> int:
    """Return the preferred port where it can be listened on, else one that is free now. 0: any free one."""
    for port in (preferred, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind((HOST, port))
            except OSError:
                continue
            chosen = sock.getsockname()[1]
            if isinstance(chosen, int):
                return chosen
    return 0


@asynccontextmanager
async def staged(places: Places, port: int, clock: Clock, on_page: OnLine | None = None) -> AsyncIterator[Stage]:
    """Start everything in a directory that is held; on the way out, stop everything. `on_page` gets plain words.

    Raises:
        ChildFailed: one of the programs did not start.
        LeftBehind: one of them could not be stopped.
    """
    make_secrets(places, clock)
    token = places.admin_token.read_text("utf-8").strip()
    expect = Expectation(audience=DEPLOYMENT, platform=PLATFORM)
    async with new_client() as client, all_stopped(Processes(places.logs)) as processes:
        simulator = await _start_simulator(processes, places)
        receiver = await _start_receiver(processes, places, on_page)
        write_settings(places, Addresses(simulator["url"], receiver["url"], f"{HOST}:{port}"), clock)
        status = StatusApi(client, f"http://{HOST}:{port}", PLATFORM)
        daemon = await _start_daemon(processes, places)
        await daemon.reaches(_until_ready(status), _READY_SECONDS)
        write_running(places, os.getpid(), simulator["admin_url"])
        views = Views(
            platform=SimulatorControl(client, simulator["admin_url"], token),
            status=status,
            flag=FlagFile(places.flag, places.trust, expect, clock),
            pages=ReceivedPages(client, receiver["url"], clock),
        )
        yield Stage(places, f"http://{HOST}:{port}", simulator["admin_url"], views, processes)


async def _start_simulator(processes: Processes, places: Places) -> dict[str, str]:
    argv = python("-m", "platforms.simulator", *_parent(), "--admin-token-file", str(places.admin_token))
    return await (await processes.start("platform", argv)).ready_line(_READY_SECONDS)


async def _start_receiver(processes: Processes, places: Places, on_page: OnLine | None) -> dict[str, str]:
    argv = python("-m", "monitor.demo.receiver", *_parent(), "--secret-file", str(places.webhook_secret))
    return await (await processes.start("receiver", argv, on_page)).ready_line(_READY_SECONDS)


async def _start_daemon(processes: Processes, places: Places) -> Child:
    daemon = python("-m", "monitor", "run", "--config", str(places.settings))
    return await processes.start(MONITOR, python("-m", "monitor.demo.tether", str(os.getpid()), *daemon))


def _parent() -> tuple[str, str]:
    return "--parent", str(os.getpid())


async def _until_ready(status: StatusApi) -> None:
    while not await status.is_ready():  # noqa: ASYNC110 - it is another process that gets ready
        await asyncio.sleep(_LOOK_EVERY)
