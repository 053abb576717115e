"""A real PostgreSQL for tests: a throw-away cluster that goes away with them.

It listens on a Unix socket (no password) and on a loopback port (password `PASSWORD`). Nothing is synced to disk,
because no test cuts the power. It is started as somebody else when the tests run as root: PostgreSQL insists.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import psycopg

from glasswatch.clock import SystemClock
from tests.support.programs import require
from tests.support.tls import Authority

PASSWORD = "correct horse battery"
USER = "glasswatch"
_STARTS = 3  # the port is chosen by us, so somebody else may take it first
_DEADLINE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running cluster. `pid` is its first process."""

    sockets: Path
    port: int
    pid: int
    _numbers: Any

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database, through the Unix socket."""
        return f"postgresql+psycopg://{USER}@/{database}?host={self.sockets}&port={self.port}"

    def tcp_url(self, database: str, password: str = PASSWORD) -> str:
        """Return the SQLAlchemy URL of a database, through the loopback port."""
        return f"postgresql+psycopg://{USER}:{password.replace(' ', '%20')}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """Return a connection that commits each statement."""
        return psycopg.connect(
            host=str(self.sockets), port=self.port, user=USER, dbname=database, autocommit=True, connect_timeout=20
        )

    def new_database(self, options: str = "") -> str:
        """Make an empty database and return its name."""
        name = f"test_{next(self._numbers)}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} {options}".encode())
        return name


@contextmanager
def cluster(**others: object) -> Iterator[Cluster]:
    """Run a cluster; skip the test, or fail where all is required, if PostgreSQL isn't installed.

    `others`: settings of the server, besides ours or in their place.
    """
    initdb = require("initdb", package="postgresql")
    server = require("postgres", package="postgresql")
    base = Path(
        tempfile.mkdtemp(prefix="glasswatch-pg-", dir="/tmp")
    )  # short: a socket's path has 107 characters at most
    try:
        person = _unprivileged(base)
        password = base / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        command = [initdb, "--pgdata", str(base / "data"), "--no-sync", "--username", USER, "--pwfile", str(password)]
        command += ["--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        subprocess.run(command, check=True, capture_output=True, timeout=_DEADLINE_SECONDS * 2, cwd=base, **person)
        process, port = _start(server, base, person, others)
        try:
            yield Cluster(base, port, process.pid, count(1))
        finally:
            _stop(process)
    finally:
        shutil.rmtree(base, ignore_errors=True)


def speak_tls(server: Cluster, authority: Authority, **settings: str) -> None:
    """Have the server speak TLS with a certificate of the authority's."""
    certificate, owner = authority.issue(), server.sockets.stat()
    for source, name, mode in ((certificate.cert_file, "tls.pem", 0o644), (certificate.key_file, "tls.key", 0o600)):
        place = Path(shutil.copy(source, server.sockets / name))
        place.chmod(mode)
        os.chown(place, owner.st_uid, owner.st_gid)
    files = {"ssl_cert_file": str(server.sockets / "tls.pem"), "ssl_key_file": str(server.sockets / "tls.key")}
    with server.connect() as connection:
        for name, value in {**files, "ssl": "on", **settings}.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
        connection.execute(b"SELECT pg_reload_conf()")
    for _ in range(1000):
        with server.connect() as connection:
            if connection.execute(b"SHOW ssl").fetchone() == ("on",):
                return
        Event().wait(0.01)
    raise AssertionError("PostgreSQL does not turn TLS on")


def _unprivileged(base: Path) -> dict[str, Any]:
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(base, entry.pw_uid, entry.pw_gid)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise RuntimeError("there is no unprivileged user to run PostgreSQL as")


def _start(
    server: str, base: Path, person: dict[str, Any], others: dict[str, object]
) -> tuple[subprocess.Popen[bytes], int]:
    for _ in range(_STARTS):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": base,
            "fsync": "off",
            "shared_buffers": "16MB",
            "max_connections": 50,
            "autovacuum": "off",
            "logging_collector": "off",
            **others,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (base / "log").open("ab") as log:
            process = subprocess.Popen(
                [*_ends_with_us(), server, "-D", str(base / "data"), *options],
                stdout=log,
                stderr=log,
                cwd=base,
                **person,
            )
        if _is_ready(process, base, port):
            return process, port
        _stop(process)
    raise RuntimeError(f"PostgreSQL did not start: {(base / 'log').read_text()[-2000:]}")


def _ends_with_us() -> list[str]:
    # Tests that are killed stop nothing any more: where it can, the system does it for them.
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "QUIT"] if setpriv else []


def _is_ready(process: subprocess.Popen[bytes], base: Path, port: int) -> bool:
    clock, pause = SystemClock(), Event()
    end = clock.monotonic() + _DEADLINE_SECONDS
    while process.poll() is None and clock.monotonic() < end:
        try:
            psycopg.connect(host=str(base), port=port, user=USER, dbname="postgres", connect_timeout=20).close()
        except psycopg.OperationalError:
            pause.wait(0.05)
        else:
            return True
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGQUIT)  # at once: there is nothing to keep
    try:
        process.wait(_DEADLINE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(_DEADLINE_SECONDS)
