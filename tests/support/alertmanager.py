"""A real Alertmanager on loopback, for as long as a test lasts; what it notifies of goes where the test says."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platforms.http import AsyncClient, HTTPError
from tests.support.programs import require

_START_SECONDS = 30.0


@dataclass(frozen=True)
class Alertmanager:
    """A running instance at `url`."""

    url: str

    async def alerts(self) -> list[Mapping[str, Any]]:
        """Return what fires now."""
        async with AsyncClient(timeout=20.0, trust_env=False) as client:
            found: list[Mapping[str, Any]] = (await client.get(f"{self.url}/api/v2/alerts")).json()
        return found

    async def wait_for(self, count: int, within: float = 30.0) -> list[Mapping[str, Any]]:
        """Return what fires as soon as it is so many. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while len(found := await self.alerts()) != count:  # noqa: ASYNC110 - another process sets no event
                await asyncio.sleep(0.05)
        return found


@asynccontextmanager
async def alertmanager(directory: Path, notify: str) -> AsyncIterator[Alertmanager]:
    """Run an instance in a directory that is there; it notifies `notify` + `/page` or `/ticket`."""
    program = require("prometheus-alertmanager", package="prometheus-alertmanager")
    config, log_file = directory / "alertmanager.yml", directory / "alertmanager.log"
    config.write_text(json.dumps(_config(notify)))  # JSON is YAML
    port = _free_port()
    with log_file.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            program,
            f"--config.file={config}",
            f"--storage.path={directory / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            "--log.level=warn",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        await _ready(process, port, log_file)
        yield Alertmanager(f"http://127.0.0.1:{port}")
    finally:
        await _end(process)


def _config(notify: str) -> Mapping[str, object]:
    def receiver(name: str) -> Mapping[str, object]:
        return {"name": name, "webhook_configs": [{"url": f"{notify}/{name}", "send_resolved": True}]}

    times = {"group_wait": "1ms", "group_interval": "100ms", "repeat_interval": "1h"}
    ticket: Sequence[object] = [{"receiver": "ticket", "matchers": ['severity="ticket"'], **times}]
    return {
        "route": {"receiver": "page", "group_by": ["..."], "routes": ticket, **times},
        "receivers": [receiver("page"), receiver("ticket")],
    }


def _free_port() -> int:
    """Return a port that is free now: Alertmanager can't tell which one it got for port 0."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _text(log: Path) -> str:
    return log.read_text()


async def _ready(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    async with asyncio.timeout(_START_SECONDS), AsyncClient(timeout=10.0, trust_env=False) as client:
        while True:
            if process.returncode is not None:
                raise AssertionError(_text(log))
            try:
                if (await client.get(f"http://127.0.0.1:{port}/-/ready")).status_code == 200:
                    return
            except HTTPError:
                pass  # not listening yet
            await asyncio.sleep(0.05)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(30):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
