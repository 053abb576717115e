"""Reloading a real monitor: its settings written anew, a signal or a request, and what it says of it."""

import asyncio
import hashlib
import json
import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.monitors import DEPLOYMENT, Home, MonitorProcess
from tests.support.waiting import until

TOKEN = "reload-me-please"
_SHA256 = hashlib.sha256(TOKEN.encode()).hexdigest()
_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Written:
    """Settings of several platforms. `probes` are by platform and name, as mappings in YAML's flow style."""

    probes: Mapping[str, Mapping[str, str]]
    channels: Mapping[str, str] = field(default_factory=dict)
    targets: Sequence[str] = ("{file: 'published/{platform}.flag.jws'}",)
    flag: str = ", lower_after: 1s"
    more: str = ""
    listen: str = "127.0.0.1:0"
    platform: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """Return the file."""
        platforms = ""
        for name, probes in self.probes.items():
            lines = "".join(f"      {probe}: {settings}\n" for probe, settings in probes.items())
            procedure = "    procedure: {url: https://wiki.example.com/break-glass, file: procedure.md}\n"
            platforms += f"  {name}:\n{procedure}{self.platform.get(name, '')}    probes:\n{lines}"
        channels = "".join(f"    {name}: {settings}\n" for name, settings in self.channels.items())
        paging = f"paging:\n  channels:\n{channels}" if channels else ""
        return (
            f"deployment: {DEPLOYMENT}\nstore: sqlite:///store/glasswatch.db\nlisten: {self.listen}\n"
            f"platforms:\n{platforms}controls: none\n"
            f"flag: {{key: {{file: flag.key}}, publish: [{', '.join(self.targets)}]{self.flag}}}\n{paging}"
            f"tokens: [{{name: ops-cli, person: anna, sha256: {_SHA256}, scopes: [reload], expires: 2099-01-01}}]\n"
            f"{self.more}"
        )


def probe(url: str, function: str = "sign_in", **settings: str) -> str:
    """Return an HTTP probe's settings."""
    more = "".join(f", {name}: {value}" for name, value in settings.items())
    return f"{{type: http, function: {function}, url: {url}, interval: 250ms, timeout: 250ms{more}}}"


def write(home: Home, written: Written) -> None:
    """Write a home's settings anew, whole."""
    fresh = home.config.with_suffix(".new")
    fresh.write_text(written.text())
    fresh.chmod(0o600)
    fresh.replace(home.config)


async def hup(monitor: MonitorProcess, what: str = "settings_reloaded") -> str:
    """Send SIGHUP; return the line that says what became of it."""
    before = len(monitor.log)
    monitor.send(signal.SIGHUP)

    def said() -> list[str]:
        return [line for line in monitor.log[before:].splitlines() if f" {what}" in line]

    try:
        await until(lambda: said() or not monitor.is_running, 30, every=0.01)
    except TimeoutError:
        raise AssertionError(f"never said {what}:\n{monitor.log[before:]}") from None
    assert said(), monitor.log[before:]
    return said()[0]


async def ask_reload(monitor: MonitorProcess, token: str | None = TOKEN) -> tuple[int, Any]:
    """Post to `/-/reload`; return status and answer."""
    host, _, port = monitor.url.removeprefix("http://").rpartition(":")
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    async with asyncio.timeout(30):
        reader, writer = await asyncio.open_connection(host, int(port))
        head = f"POST /-/reload HTTP/1.1\r\nHost: {host}:{port}\r\n{authorization}Content-Length: 0\r\n"
        writer.write(f"{head}Connection: close\r\n\r\n".encode())
        raw = await reader.read()
        writer.close()
    head, _, body = raw.decode().partition("\r\n\r\n")
    return int(head.split(" ", 2)[1]), json.loads(body)


async def samples(monitor: MonitorProcess, name: str) -> dict[str, float]:
    """Return a metric's values by its labels as they stand between braces."""
    _, body = await monitor.ask("/metrics")
    return {labels: float(value) for found, labels, value in _SAMPLE.findall(body.decode()) if found == name}


async def platforms(monitor: MonitorProcess) -> dict[str, Any]:
    """Return what `/api/v1/status` says of each platform."""
    code, body = await monitor.ask("/api/v1/status")
    assert code == 200, body
    return {each["platform"]: each for each in json.loads(body)["platforms"]}


async def verdict_of(monitor: MonitorProcess, platform: str, wanted: str) -> None:
    """Wait until a platform's verdict is this."""
    async with asyncio.timeout(30):
        while (await platforms(monitor)).get(platform, {}).get("verdict") != wanted:  # noqa: ASYNC110 - another process's
            await asyncio.sleep(0.02)
