"""Persons with tokens, who run our commands against a real monitor."""

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from platforms.http import AsyncClient, Response
from tests.support.monitors import PLATFORM, ROOT, Home, MonitorProcess

SCOPES = ("flag:raise", "flag:lower", "flag:inhibit", "flag:confirm")


def tokens(*persons: str, scopes: Iterable[str] = SCOPES) -> str:
    """Return the line of settings that gives each of these persons a token."""
    rows = (
        f"{{name: {person}-cli, person: {person}, sha256: {hashlib.sha256(presented(person).encode()).hexdigest()}, "
        f"scopes: [{', '.join(scopes)}], expires: 2099-12-31}}"
        for person in persons
    )
    return f"tokens: [{', '.join(rows)}]\n"


def presented(person: str) -> str:
    """Return what a person's token is."""
    return f"token-of-{person}-which-is-long-enough"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, object]:
        """Return what it printed with `--json`."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a token file."""

    name: str
    monitor: MonitorProcess

    @property
    def token_file(self) -> Path:
        """Where the token is kept."""
        return self.monitor.home.root / f"{self.name}.token"

    async def runs(self, *arguments: str) -> Ran:
        """Run `monitor flag …` as this person."""
        self.token_file.write_text(presented(self.name))
        self.token_file.chmod(0o600)
        reaching = ("--url", self.monitor.url, "--token-file", str(self.token_file))
        return await run("flag", *arguments, *reaching)

    async def posts(self, act: str, body: object) -> Response:
        """Send an act over HTTP."""
        async with AsyncClient(trust_env=False, timeout=20, verify=False) as client:
            return await client.post(
                f"{self.monitor.url}/api/v1/flag/{PLATFORM}/{act}",
                json=body,
                headers={"authorization": f"Bearer {presented(self.name)}"},
            )


async def run(*arguments: str) -> Ran:
    """Run `monitor …` in a process of its own, its input no terminal."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "monitor", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    return Ran(process.returncode or 0, out.decode(), err.decode())


async def verify(home: Home, deployment: str) -> Ran:
    """Have a reader that knows nothing of the monitor judge the published flag."""
    arguments = ("--trust", str(home.trust), "--audience", deployment, "--platform", PLATFORM)
    return await run("flag", "verify", str(home.flag), *arguments)
