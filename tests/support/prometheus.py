"""A real Prometheus on loopback, scraping what a test serves, for as long as the test lasts.

It looks for targets every 5 s, so the first scrape takes as long: ask one server for all that a test file needs.
"""

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
class Prometheus:
    """A running server. `address` is host and port."""

    address: tuple[str, int]

    async def query(self, expression: str) -> list[tuple[Mapping[str, str], float]]:
        """Return labels and value of each series that an expression gives now. A wrong expression is an error."""
        answer = await self._get("query", query=expression)
        return [(each["metric"], float(each["value"][1])) for each in answer["result"]]

    async def wait_for(self, expression: str, within: float = 30.0) -> list[tuple[Mapping[str, str], float]]:
        """Return what an expression gives as soon as it gives anything. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while not (found := await self.query(expression)):  # noqa: ASYNC110 - another process sets no event
                await asyncio.sleep(0.05)
        return found

    async def targets(self) -> list[Mapping[str, Any]]:
        """Return every active target as Prometheus shows it, with its last error."""
        answer = await self._get("targets")
        found: list[Mapping[str, Any]] = answer["activeTargets"]
        return found

    async def _get(self, what: str, **parameters: str) -> Any:
        host, port = self.address
        async with AsyncClient(timeout=20.0, trust_env=False) as client:
            response = await client.get(f"http://{host}:{port}/api/v1/{what}", params=parameters)
        answer = response.json()
        assert answer["status"] == "success", answer
        return answer["data"]


@asynccontextmanager
async def prometheus(
    directory: Path, targets: Sequence[tuple[str, int]], rules: Sequence[Path] = (), interval: str = "200ms"
) -> AsyncIterator[Prometheus]:
    """Run Prometheus in an empty directory; it scrapes `/metrics` of the targets, and judges the rules."""
    program = require("prometheus", package="prometheus")
    config = directory / "prometheus.yml"
    config.write_text(json.dumps(_config(targets, rules, interval)))  # JSON is YAML
    port = free_port()
    command = (
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--storage.tsdb.retention.time=1h",
        "--log.level=warn",
    )
    async with ready(port, directory / "prometheus.log", *command):
        yield Prometheus(("127.0.0.1", port))


def _config(targets: Sequence[tuple[str, int]], rules: Sequence[Path], interval: str) -> Mapping[str, object]:
    return {
        "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
        "rule_files": [str(path) for path in rules],
        "scrape_configs": [
            {"job_name": "glasswatch", "static_configs": [{"targets": [f"{host}:{port}" for host, port in targets]}]}
        ],
    }
