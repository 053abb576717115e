"""A host with the shipped readers on it: settings, pinned trust, published flag, spool, and a syslog that is read."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from glasswatch import spool
from glasswatch.clock import SystemClock
from glasswatch.flag.document import Cause, CauseKind, Claims, FlagState, audience, unix_ms
from monitor.wire.uses import ReportBody
from tests.support.flags import STANDBY_CLAIMS, jwk, signed, write_trust

READERS = Path(__file__).parents[2] / "examples" / "readers"
CLOSED, OPEN, SEALED = 4, 0, 1
_END = "the end of this syslog"


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
    """A syslog socket that is read as lines come, until it is stuck: then its queue is full and stays so."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        path.chmod(0o666)
        self._found: list[str] = []
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def lines(self) -> list[str]:
        """Return what came since the last call; a mark of our own shows that all of it was read."""
        mark = os.urandom(8).hex()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(mark.encode(), str(self.path))
        with self._changed:
            assert self._changed.wait_for(lambda: mark in self._found, 20)
            found, self._found = self._found[: self._found.index(mark)], []
        return found

    def stick(self) -> None:
        """Stop reading and fill the queue, as a syslog does that hangs."""
        self._end()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as filler:
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                for _ in range(1000):
                    filler.sendto(b"full", str(self.path))

    def close(self) -> None:
        """Let go of it."""
        self._end()
        self._socket.close()
        self.path.unlink(missing_ok=True)

    def _read(self) -> None:
        while (line := self._socket.recv(65536).decode()) != _END:
            with self._changed:
                self._found.append(line)
                self._changed.notify()

    def _end(self) -> None:
        if self._thread.is_alive():
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
                end.sendto(_END.encode(), str(self.path))
            self._thread.join(10)


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
        """Return what is in the spool for the monitor, each a body that it takes."""
        found = [path.read_bytes() for path in spool.waiting(self.directory / "spool")]
        for content in found:
            ReportBody.model_validate_json(content)
        return [json.loads(content) for content in found]
