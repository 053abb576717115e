"""Our daemon with settings made for a measurement."""

import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.processes import ready, started
from benchmarks.stage import Stage

LISTEN = 39780


PROBES_A_PLATFORM = 100  # on five functions


def settings(stage: Stage, probes: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """Return the settings of a monitor that makes these probes and pages to the stage: so many to a platform."""
    names = list(probes)
    parts = [names[first : first + PROBES_A_PLATFORM] for first in range(0, len(names), PROBES_A_PLATFORM)]
    platforms = {
        f"bench-{number}": {
            "kind": "generic",
            "procedure": {"url": "https://wiki.example.com/break-glass", "file": "procedure.md"},
            "probes": {name: dict(probes[name]) for name in part},
        }
        for number, part in enumerate(parts)
    }
    return {
        "deployment": "bench",
        "store": "sqlite:///bench.db",
        "listen": f"127.0.0.1:{LISTEN}",
        "controls": "none",
        "platforms": platforms,
        "flag": {"key": {"file": "flag.key"}},
        "paging": {"channels": {"bench": channel(stage)}},
    }


def channel(stage: Stage) -> dict[str, object]:
    """Return the channel that pages to the stage."""
    return {"type": "webhook", "url": f"http://127.0.0.1:{stage.port}/ours"}


def probe(stage: Stage, function: str, interval: str) -> dict[str, object]:
    """Return one http probe of the stage, confirmed three times a second apart."""
    return {
        "type": "http",
        "function": function,
        "url": f"http://127.0.0.1:{stage.port}/",
        "interval": interval,
        "timeout": "2s",
        "confirm": {"attempts": 3, "every": "1s"},
    }


@asynccontextmanager
async def running(folder: Path, content: Mapping[str, object]) -> AsyncIterator[int]:
    """Run the daemon until the block ends, on what is in the folder from before; give its process id."""
    path = await prepared(folder, content)
    argv = [sys.executable, "-m", "monitor", "run", "--config", str(path)]
    async with started(argv, folder / "monitor.log") as process:
        await ready(f"http://127.0.0.1:{LISTEN}/-/ready", 300)
        yield process.pid


async def prepared(folder: Path, content: Mapping[str, object]) -> Path:
    """Put what a monitor needs into the folder, beside what is there from before; return the settings' file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "procedure.md").write_text("Open the sealed credential.\n")
    path = folder / "glasswatch.yaml"
    path.write_text(json.dumps(content))
    if not (folder / "flag.key").exists():
        keygen = [sys.executable, "-m", "monitor", "flag", "keygen", str(folder), "--issuer", "bench/main"]
        async with started(keygen, folder / "keygen.log") as made:
            if await made.wait() != 0:
                raise RuntimeError(f"no key was made: {(folder / 'keygen.log').read_text()}")
    return path
