"""What one probe costs, beside blackbox_exporter in the same run: probes made for each second of processor time.

Ours is the daemon whole: verdict, store and metrics included. The peer is blackbox_exporter alone, without Prometheus,
which has to ask it, store what it says and judge it. Both make a new connection each time, verify the chain, and look
into the body; rounds of the one and of the other follow each other, so that a machine that grows slower slows both.
"""

import asyncio
import json
import re
import statistics
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from benchmarks import ours, peers
from benchmarks.processes import cpu_seconds, fetched, program, ready, started
from benchmarks.stage import Stage
from benchmarks.target import Target
from glasswatch.clock import SystemClock

# Every 3 s, so many that a core has most of its time to give, as the peer has, which is asked without a pause.
PROBES = {"TLS": 2400, "in clear": 7500}
ROUNDS = 5
ROUND_SECONDS = 10.0
WARM_UP_SECONDS = 12.0
FIRST_SECONDS = 30.0  # what is new to the store is put on record, probe by probe
_ASKING = 4  # at once
_CLOCK = SystemClock()
_RUNS = re.compile(rb"^jit_probe_runs_total\{[^}]*\} (\S+)$", re.MULTILINE)
_BAD = re.compile(rb"^jit_probe_(?:bad|not_measured)_total\{[^}]*\} (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Rate:
    """Probes for each second of processor time: the median of the rounds, and the lowest and highest."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle round's."""
        return statistics.median(self.rounds)

    def __str__(self) -> str:
        cost = 1e6 / self.median
        low, high = min(self.rounds), max(self.rounds)
        return f"{self.median:.0f} a CPU second ({low:.0f} to {high:.0f}), {cost:.0f} µs each"


@dataclass(frozen=True, slots=True)
class Beside:
    """Our rate, and the peer's where it is installed."""

    ours: Rate
    peer: Rate | None

    def __str__(self) -> str:
        if self.peer is None:
            return f"ours {self.ours}; blackbox_exporter is not installed"
        ratio = self.ours.median / self.peer.median
        return f"ours {self.ours}; blackbox_exporter {self.peer}; ours over theirs {ratio:.2f}"


async def measure(folder: Path, target: Target) -> AsyncIterator[tuple[str, Beside]]:
    """Yield the rates by kind of connection."""
    stage = Stage()
    await stage.open()
    try:
        for kind in PROBES:
            yield kind, await _beside(Case(folder / kind.replace(" ", "-"), target, kind, stage))
    finally:
        await stage.close()


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of connection to measure."""

    folder: Path
    target: Target
    kind: str
    stage: Stage

    @property
    def url(self) -> str:
        """Where the probes go."""
        return self.target.secure if self.kind == "TLS" else self.target.clear


async def _beside(case: Case) -> Beside:
    """Measure by turns, each side alone: a daemon that waits in the background would cost the other its caches."""
    mine: list[float] = []
    theirs: list[float] = []
    content = ours.settings(case.stage, {f"p{number}": _probe(case, number) for number in range(PROBES[case.kind])})
    async with ours.running(case.folder / "ours", content):
        await asyncio.sleep(FIRST_SECONDS)
    for _ in range(ROUNDS):
        async with ours.running(case.folder / "ours", content) as pid:
            mine.append(await _our_round(pid))
        async with _blackbox(case) as peer:
            if peer is not None:
                theirs.append(await _their_round(peer, case))
    return Beside(Rate(tuple(mine)), Rate(tuple(theirs)) if theirs else None)


def _probe(case: Case, number: int) -> dict[str, object]:
    probe: dict[str, object] = {
        "type": "http",
        "function": f"function-{number % 5}",
        "url": case.url,
        "interval": "3s",
        "timeout": "3s",
        "expect": {"json": {"status": "ok"}},
    }
    return probe | ({"tls": {"ca_file": str(case.target.ca_file)}} if case.kind == "TLS" else {})


async def _our_round(pid: int) -> float:
    await asyncio.sleep(WARM_UP_SECONDS)
    before, spent = await _counted(), cpu_seconds(pid)
    await asyncio.sleep(ROUND_SECONDS)
    # The processor's time first: what the scrape itself takes is counted against us only once, as it is for them.
    spent = cpu_seconds(pid) - spent
    after = await _counted()
    if after["bad"] > before["bad"]:
        raise RuntimeError("a probe was not good: the round measured something else")
    return (after["runs"] - before["runs"]) / spent


async def _counted() -> Mapping[str, float]:
    text = await fetched(f"http://127.0.0.1:{ours.LISTEN}/metrics")
    return {"runs": sum(map(float, _RUNS.findall(text))), "bad": sum(map(float, _BAD.findall(text)))}


@asynccontextmanager
async def _blackbox(case: Case) -> AsyncIterator[int | None]:
    path = program(peers.PROGRAMS[0])
    if path is None:
        yield None
        return
    http: dict[str, object] = {
        "preferred_ip_protocol": "ip4",
        "fail_if_body_not_matches_regexp": ['"status": ?"ok"'],
        "tls_config": {"ca_file": str(case.target.ca_file)},
    }
    modules = {"modules": {"http": {"prober": "http", "timeout": "2s", "http": http}}}
    (case.folder / "blackbox.yml").write_text(json.dumps(modules))
    argv = [
        path,
        f"--config.file={case.folder}/blackbox.yml",
        f"--web.listen-address=127.0.0.1:{peers.BLACKBOX}",
    ]
    async with started(argv, case.folder / "blackbox.log") as process:
        await ready(f"http://127.0.0.1:{peers.BLACKBOX}/-/healthy")
        yield process.pid


async def _their_round(pid: int, case: Case) -> float:
    path = f"/probe?{urlencode({'module': 'http', 'target': case.url})}"
    await _asked(path, WARM_UP_SECONDS / 4)
    spent = cpu_seconds(pid)
    made = await _asked(path, ROUND_SECONDS)
    return made / (cpu_seconds(pid) - spent)


async def _asked(path: str, seconds: float) -> int:
    until = _CLOCK.monotonic() + seconds
    return sum(await asyncio.gather(*(_asking(path, until) for _ in range(_ASKING))))


async def _asking(path: str, until: float) -> int:
    """Ask for one probe after the other on one connection, as Prometheus does; return how many were good."""
    reader, writer = await asyncio.open_connection("127.0.0.1", peers.BLACKBOX)
    made = 0
    try:
        while _CLOCK.monotonic() < until:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            body = await reader.readexactly(int(length.group(1))) if length else await _chunked(reader)
            if b"\nprobe_success 1\n" not in body:
                raise RuntimeError("blackbox_exporter found the target bad: the round measured something else")
            made += 1
    finally:
        writer.close()
    return made


async def _chunked(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return body
