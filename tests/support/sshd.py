"""A real sshd on loopback for tests: keys, a forced command, and an authority whose certificates it takes."""

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from glasswatch.clock import SystemClock
from tests.support.programs import require

_CONFIG = """
ListenAddress 127.0.0.1:{port}
ListenAddress 127.0.0.1:{strict}
HostKey {d}/host_key
HostCertificate {d}/host_key-cert.pub
PidFile none
UsePAM no
StrictModes no
LogLevel VERBOSE
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile {d}/authorized_keys
TrustedUserCAKeys {d}/ca.pub
AuthorizedPrincipalsFile {d}/principals
AcceptEnv GLASSWATCH_RUN
Banner {d}/banner
Match LocalPort {strict}
  PasswordAuthentication yes
  AuthenticationMethods publickey,password
"""


@dataclass(frozen=True, slots=True)
class Sshd:
    """A running sshd. `directory` holds the keys `plain` (let in), `forced`, `stranger`, `locked`, and the CA `ca`.

    At the port `strict` it wants a password as well.
    """

    directory: Path
    port: int
    strict: int
    user: str

    @property
    def log(self) -> str:
        """Return what it logged."""
        return (self.directory / "log").read_text()

    def public(self, name: str) -> str:
        """Return a public key, without its comment."""
        return " ".join((self.directory / f"{name}.pub").read_text().split()[:2])

    def private(self, name: str) -> str:
        """Return a private key."""
        return (self.directory / name).read_text()

    def key(self, name: str) -> str:
        """Return a private key's path."""
        return str(self.directory / name)


def keygen(*words: str) -> None:
    """Run ssh-keygen."""
    subprocess.run(["ssh-keygen", "-q", *words], check=True, capture_output=True, timeout=60)


@contextmanager
def sshd() -> Iterator[Sshd]:
    """Run an sshd that lets in whoever runs the tests."""
    program = require("sshd", package="openssh-server")
    require("ssh", package="openssh-client")
    directory = Path(tempfile.mkdtemp(prefix="glasswatch-sshd-"))
    try:
        for name in ("host_key", "host_ca", "ca", "other_ca", "plain", "forced", "stranger"):
            keygen("-t", "ed25519", "-N", "", "-f", str(directory / name))
        keygen("-t", "ed25519", "-N", "a passphrase", "-f", str(directory / "locked"))
        host = ("-I", "host", "-h", "-n", "127.0.0.1", "-V", "-5m:+1h")
        keygen("-s", str(directory / "host_ca"), *host, str(directory / "host_key.pub"))
        port, strict = _free_ports()
        found = Sshd(directory, port, strict, getpass.getuser())
        forced = 'command="echo sealed; exit 42" '
        keys = [found.public("plain"), found.public("locked"), forced + found.public("forced")]
        (directory / "authorized_keys").write_text("".join(f"{key}\n" for key in keys))
        (directory / "principals").write_text("breakglass-drill\n")
        (directory / "banner").write_text("anybody@here: Permission denied (publickey).\n")
        (directory / "sshd_config").write_text(_CONFIG.format(port=port, strict=strict, d=directory))
        with _running(program, found):
            yield found
    finally:
        shutil.rmtree(directory)


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(other.getsockname()[1])


@contextmanager
def _running(program: str, found: Sshd) -> Iterator[None]:
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with (found.directory / "log").open("wb") as log:
        process = subprocess.Popen([program, "-D", "-e", "-f", str(found.directory / "sshd_config")], stderr=log)
        try:
            _await_port(found.port, process)
            yield
        finally:
            process.terminate()
            process.wait(30)


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    clock = SystemClock()
    ends_at = clock.monotonic() + 30
    while clock.monotonic() < ends_at and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise AssertionError("sshd does not listen")
