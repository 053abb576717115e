"""grpcio's health server, and probes of it made from settings as the monitor would make them."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from monitor.model.outcome import Attempt, Outcome
from monitor.probes.context import ProbeContext
from monitor.probes.grpc_health import make
from monitor.settings.grpc_health import GrpcHealthProbeSettings

_PROGRAM = Path(__file__).parents[1] / "servers" / "grpcio_server.py"


@contextmanager
def grpc_server(*files: Path) -> Iterator[int]:
    """Run it; yield its port. `files`: certificate and key, and the authority of clients."""
    command = [sys.executable, str(_PROGRAM), *map(str, files)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(20)


async def ask(context: ProbeContext, port: int, **settings: Any) -> Outcome:
    """Make one attempt; settings as they stand in the file. One whose deadline was noticed late is made again."""
    given = {"function": "connect", "host": "localhost", "port": str(port), "timeout": "10s", **settings}
    probe = make(GrpcHealthProbeSettings.model_validate(given), context)
    outcome = await probe.attempt(Attempt.SCHEDULED)
    while outcome.detail.startswith("this machine was busy"):
        outcome = await probe.attempt(Attempt.SCHEDULED)
    return outcome
