"""The simulated platform as a process: two listening sockets, one ready line, one way to end.

The ready line is the first line on standard output, one JSON object: `event` (`ready`), `pid`, `url` (the platform),
`admin_url`, and `admin_token` where none was given. It ends on SIGTERM and SIGINT, and when its parent ends.
"""

import asyncio
import json
import os
import secrets
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from glasswatch.clock import Clock
from platforms.simulator.admin import Admin, Levers
from platforms.simulator.app import Platform
from platforms.simulator.faults import FaultBoard
from platforms.simulator.interference import Interference
from platforms.simulator.listener import Listener, loopback
from platforms.simulator.model import demo_rules
from platforms.simulator.vendor import VendorWord
from platforms.simulator.world import World


@dataclass(frozen=True, slots=True)
class Options:
    """Where to listen (`HOST:PORT`, loopback only; port 0: any), and the file that holds the admin token."""

    listen: str = "127.0.0.1:0"
    admin_listen: str = "127.0.0.1:0"
    admin_token_file: Path | None = None


class Simulator:
    """The simulated platform, whole. `start` and `stop` may be called once each."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self._options = options
        token_file = options.admin_token_file
        self.token = secrets.token_urlsafe(24) if token_file is None else token_file.read_text("utf-8").strip()
        self.world = World(demo_rules(), lambda: secrets.token_urlsafe(16))
        self.board = FaultBoard()
        word = VendorWord()
        faulty = Interference(Platform(self.world, word, clock).app(), self.board, self.world, clock)
        self.platform = Listener(faulty, *loopback(options.listen))
        levers = Levers(self.world, self.board, word, self._settle)
        self.admin = Listener(Admin(levers, self.token, clock).app(), *loopback(options.admin_listen))

    async def start(self) -> None:
        """Listen on both sockets. Raises `ListenerUnavailable`; nothing listens then."""
        await self.platform.open()
        try:
            await self.admin.open()
        except BaseException:
            await self.platform.close()
            raise

    async def stop(self) -> None:
        """Reset every connection and let go of both ports. Takes 4 s at most."""
        await self.platform.close()
        await self.admin.close()

    def ready_line(self) -> str:
        """Return the line a program waits for; the token only where it was made up here."""
        line = {"event": "ready", "pid": os.getpid(), "url": self.platform.url, "admin_url": self.admin.url}
        if self._options.admin_token_file is None:
            line["admin_token"] = self.token
        return json.dumps(line)

    async def _settle(self) -> None:
        if self.board.is_stopped:
            await self.platform.close(keep_port=True)
        else:
            await self.platform.open()


async def run_until_told(simulator: Simulator, say: Callable[[str], None]) -> None:
    """Start, say the ready line, and stop once SIGTERM or SIGINT arrives."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await simulator.start()
    try:
        say(simulator.ready_line())
        await told.wait()
    finally:
        await simulator.stop()
