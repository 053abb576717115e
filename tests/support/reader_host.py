"""A host with the shipped readers on it: settings, pinned trust, published flag, spool, and a syslog that is read."""

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from glasswatch.clock import SystemClock
from glasswatch.flag.document import Cause, CauseKind, Claims, FlagState, audience, unix_ms
from tests.support.flags import STANDBY_CLAIMS, jwk, signed, write_trust

READERS = Path(__file__).parents[2] / "examples" / "readers"
CLOSED, OPEN, SEALED = 4, 0, 1


def claims_now(state: FlagState, *, principals: tuple[str, ...] = (), age: timedelta = timedelta(seconds=5)) -> Claims:
    """Return the claims of a flag issued a moment ago; an exercise names its principals."""
    issued = SystemClock().now() - age
    at = int(issued.timestamp())
    causes: tuple[Cause, ...] = ()
    if state is FlagState.READY:
        causes = (Cause(CauseKind.OUTAGE, "out-1", at - 120),)
    if state is FlagState.EXERCISE:
        causes = (Cause(CauseKind.EXERCISE, "exe-1", at - 60, at + 3600, by="ben", run="run-1", principals=principals),)
    return replace(
        STANDBY_CLAIMS,
        aud=audience("prod", state),
        iat=at,
        exp=at + 300,
        ver=unix_ms(issued),
        state=state,
        causes=causes,
        verdict="down" if state is FlagState.READY else "up",
        since=at - 120,
        outage="out-1" if state is FlagState.READY else None,
    )


class Syslog:
    """A syslog socket whose lines can be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        path.chmod(0o666)

    def lines(self) -> list[str]:
        """Return what came since the last call."""
        found = []
        while True:
            try:
                found.append(self._socket.recv(65536).decode())
            except BlockingIOError:
                return found

    def close(self) -> None:
        """Let go of it."""
        self._socket.close()
        self.path.unlink(missing_ok=True)


@dataclass
class Host:
    """The readers in a directory of their own, as they would be installed."""

    directory: Path
    syslog: Syslog
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Install everything; nothing is published yet."""
        shutil.copytree(READERS, self.directory / "readers")
        (self.directory / "spool").mkdir(mode=0o700)
        program = self.directory / "monitor"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m monitor "$@"\n')
        program.chmod(0o755)
        self.settings = {
            "READER": "test:host",
            "PLATFORM": "payments",
            "AUDIENCE": "prod",
            "TRUST": str(write_trust(self.directory / "trust.json", jwk())),
            "FLOOR": str(self.directory / "floor.json"),
            "FLAGS": str(self.directory / "flag.jws"),
            "SPOOL": str(self.directory / "spool"),
            "SYSLOG": str(self.syslog.path),
            "MONITOR": str(program),
            "PATIENCE": "20",
        }
        self.configure()

    def configure(self, **changes: str) -> None:
        """Write the readers' settings, with these changed."""
        self.settings |= changes
        lines = [f"{name}='{value}'\n" for name, value in self.settings.items()]
        (self.directory / "reader.conf").write_text("".join(lines))

    @property
    def environment(self) -> dict[str, str]:
        """What a reader is started with."""
        place = Path(__file__).parents[2]
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(place),
            "GLASSWATCH_READER_CONF": str(self.directory / "reader.conf"),
        }

    def publish(self, document: Claims | bytes) -> None:
        """Have a flag on this host."""
        raw = document if isinstance(document, bytes) else signed(document)
        (self.directory / "flag.jws").write_bytes(raw)

    def run(self, reader: str, *words: str, **more: str) -> subprocess.CompletedProcess[bytes]:
        """Run one of the readers to its end."""
        return subprocess.run(
            [str(self.directory / "readers" / reader), *words],
            env=self.environment | more,
            capture_output=True,
            timeout=60,
            check=False,
        )

    def ask(self, *more: str, person: str = "anna", target: str = "db-1") -> subprocess.CompletedProcess[bytes]:
        """Ask as every reader does."""
        return self.run("ask", "--person", person, "--target", target, *more)

    def reports(self) -> list[dict[str, object]]:
        """Return what is in the spool for the monitor."""
        return [json.loads(path.read_text()) for path in sorted((self.directory / "spool").glob("*.json"))]
