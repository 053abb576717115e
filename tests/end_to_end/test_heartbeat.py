"""A heartbeat in a real monitor: heard, silent, and known again after the monitor was killed."""

import asyncio
import hashlib
import json
import signal
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.support.monitors import MonitorProcess, Wanted, make_home, monitor_in
from tests.support.receiver import receiving
from tests.support.waiting import until

_SHA256 = hashlib.sha256(b"sync-token").hexdigest()
_TOKENS = (
    f"tokens: [{{name: sync, machine: sync, sha256: {_SHA256}, scopes: ['heartbeat:sync'], expires: 2099-01-01}}]\n"
)
_PROBE = (
    "      sync: {{type: heartbeat, function: request, every: {every}, grace: 2s, interval: 200ms,"
    " confirm: {{attempts: 2, every: 100ms}}}}\n"
)


@asynccontextmanager
async def _listening(root: Path, every: str) -> AsyncIterator[MonitorProcess]:
    """Run a monitor of one function that works, and one heartbeat."""
    async with receiving() as target:
        home = make_home(root / "home", Wanted(target.url, more=_TOKENS))
        text = home.config.read_text()
        home.config.write_text(text.replace("    probes:\n", f"    probes:\n{_PROBE.format(every=every)}"))
        home.config.chmod(0o600)
        async with monitor_in(home) as monitor:
            await monitor.start()
            yield monitor


def _beat(url: str, body: bytes | None) -> dict[str, Any]:
    headers = {"Authorization": "Bearer sync-token", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/api/v1/heartbeat/sync", body, headers, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


async def _beats(monitor: MonitorProcess, body: bytes | None = None) -> dict[str, Any]:
    return await asyncio.to_thread(_beat, monitor.url, body)


async def _probe(monitor: MonitorProcess) -> dict[str, Any]:
    functions: Any = (await monitor.status())["functions"]
    (found,) = [probe for function in functions for probe in function["probes"] if probe["probe"] == "sync"]
    assert isinstance(found, dict)
    return found


async def _says(monitor: MonitorProcess, reason: str) -> dict[str, Any]:
    """Wait until the heartbeat's last outcome has this reason."""
    found: dict[str, Any] = {}
    try:
        async with asyncio.timeout(30):
            while (found := await _probe(monitor))["last_reason"] != reason:  # noqa: ASYNC110 - another process's
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"never {reason}, but {found}\n{monitor.said}") from None
    return found


async def _audited(monitor: MonitorProcess, count: int) -> list[tuple[str, str]]:
    """Wait until so many lines of the audit are about heartbeats; return what they say has changed."""
    found: list[tuple[str, str]] = []

    def look() -> bool:
        rows = monitor.home.rows("SELECT entry FROM audit WHERE kind = 'heartbeat' ORDER BY seq")
        bodies = [json.loads(str(row["entry"]))["body"] for row in rows]
        found[:] = [(body["was"], body["now"]) for body in bodies]
        return len(found) >= count

    await until(look, 20, every=0.05)
    return found


async def test_beats_and_silence(tmp_path: Path) -> None:
    """Unknown, well, failed, well, silent: degraded and never down, however long."""
    async with _listening(tmp_path, "1s") as monitor:
        await _says(monitor, "not_listened")
        assert (await _beats(monitor))["platform"] == "payments"
        await _says(monitor, "ok")
        await monitor.verdict_is("up")
        await _beats(monitor, b'{"ok": false}')
        await _says(monitor, "answer")
        await monitor.verdict_is("degraded")
        await _beats(monitor)
        await monitor.verdict_is("up")
        await _says(monitor, "silent")
        await monitor.verdict_is("degraded")
        _, metrics = await monitor.ask("/metrics")
        assert b"\njit_heartbeat_last_timestamp_seconds{" in metrics
        await _beats(monitor)
        await monitor.verdict_is("up")
        assert await _audited(monitor, 4) == [
            ("never heard", "well"),
            ("well", "failed"),
            ("failed", "well"),
            ("silent", "well"),
        ]
        assert await monitor.end() == 0
    assert monitor.home.rows("SELECT * FROM outages") == []


async def test_a_kill_loses_no_beat_and_makes_nothing_silent(tmp_path: Path) -> None:
    """What was heard before is known after, without another beat."""
    async with _listening(tmp_path, "10m") as monitor:
        await _says(monitor, "not_listened")
        await _beats(monitor, b'{"ok": false}')
        await _beats(monitor)
        kept = "SELECT place FROM watch_cursors WHERE watcher = 'heartbeat:sync' AND place LIKE '% well'"
        await until(lambda: bool(monitor.home.rows(kept)), 20, every=0.05)
        await monitor.end(signal.SIGKILL)
        await monitor.start()
        await _says(monitor, "ok")
        await monitor.verdict_is("up")
        await monitor.end()
