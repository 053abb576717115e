"""A real Alertmanager on loopback, for as long as a test lasts; what it notifies of goes where the test says."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platforms.http import AsyncClient
from tests.support.listeners import free_port, ready
from tests.support.programs import require


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
    port = free_port()
    command = (
        program,
        f"--config.file={config}",
        f"--storage.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=warn",
    )
    async with ready(port, log_file, *command):
        yield Alertmanager(f"http://127.0.0.1:{port}")


def _config(notify: str) -> Mapping[str, object]:
    def receiver(name: str) -> Mapping[str, object]:
        return {"name": name, "webhook_configs": [{"url": f"{notify}/{name}", "send_resolved": True}]}

    times = {"group_wait": "1ms", "group_interval": "100ms", "repeat_interval": "1h"}
    ticket: Sequence[object] = [{"receiver": "ticket", "matchers": ['severity="ticket"'], **times}]
    return {
        "route": {"receiver": "page", "group_by": ["..."], "routes": ticket, **times},
        "receivers": [receiver("page"), receiver("ticket")],
    }
