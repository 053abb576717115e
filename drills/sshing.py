"""Logs in with the system's OpenSSH client, which asks nobody and believes nobody it was not told of.

Rules:
- None of the user's settings, agent, passwords, forwarding or shared connections; the host's key must be known.
- What ssh needs besides its key lies in a private directory that goes when the login is over: hosts' keys and the
  certificate, none of them secret, and ssh's own log.
- The command is quoted for a POSIX shell, word by word: a value is one word and never more.
- The run's id goes along as the variable GLASSWATCH_RUN (sshd: `AcceptEnv GLASSWATCH_RUN`). A certificate that is made
  for the run has a serial that derives from it, and by the settings a key id with it: both stand in sshd's log.
"""

import hashlib
import shlex
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drills import tethered
from glasswatch.errors import NotMeasured

RUN_VARIABLE: Final = "GLASSWATCH_RUN"
_LARGEST_FILE: Final = 1024 * 1024
_LARGEST_LOG: Final = 256 * 1024
_LEEWAY_MINUTES: Final = 1
_SERIAL_BITS: Final = 63
_ALWAYS: Final = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "GlobalKnownHostsFile=none",
    "UpdateHostKeys=no",
    "CheckHostIP=no",
    "VerifyHostKeyDNS=no",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "AddKeysToAgent=no",
    "PreferredAuthentications=publickey",
    "PasswordAuthentication=no",
    "KbdInteractiveAuthentication=no",
    "HostbasedAuthentication=no",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "ProxyCommand=none",
    "ControlMaster=no",
    "ControlPath=none",
    "EscapeChar=none",
    "RequestTTY=no",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
    "LogLevel=DEBUG1",
)


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in where. `known_hosts`: the file's content. `certificate`: the file's content, None without one."""

    ssh: str
    host: str
    port: int
    user: str
    key: Path
    known_hosts: str
    certificate: str | None
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mint:
    """What a certificate is made of. `serial` derives from the run, so that sshd's log tells it from any other."""

    keygen: str
    ca: Path
    key: Path
    key_id: str
    principals: tuple[str, ...]
    serial: int
    minutes: int


def serial_of(run: str) -> int:
    """Return the serial of a run's certificates: sshd writes it into its log."""
    return int.from_bytes(hashlib.sha256(run.encode()).digest()[:8], "big") >> (64 - _SERIAL_BITS)


def text_of(path: Path, what: str) -> str:
    """Return what a file holds.

    Raises:
        NotMeasured: it can't be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST_FILE).decode("utf-8", "replace")
    except OSError as error:
        raise NotMeasured(f"{what} {path} can't be read: {error.strerror}") from None


def pinned(host: str, port: int, keys: Sequence[str], *, are_authorities: bool) -> str:
    """Return known hosts that know one host by its keys, or by those of authorities."""
    name = host if port == 22 else f"[{host}]:{port}"  # noqa: PLR2004 - what ssh leaves out
    mark = "@cert-authority " if are_authorities else ""
    return "".join(f"{mark}{name} {key}\n" for key in keys)


async def minted(mint: Mint, left: Callable[[], float]) -> str:
    """Make a certificate and return it; no file of it is left. `left`: how many seconds there are still.

    Raises:
        NotMeasured: it can't be made.
        TimeoutError: it was not made in time.
    """
    public = await _keygen((mint.keygen, "-y", "-P", "", "-f", str(mint.key)), f"of the key {mint.key}", left())
    with _private() as place:
        (place / "key.pub").write_bytes(public)
        valid = f"-{_LEEWAY_MINUTES}m:+{mint.minutes}m"
        words = ("-q", "-s", str(mint.ca), "-P", "", "-I", mint.key_id, "-n", ",".join(mint.principals))
        more = ("-z", str(mint.serial), "-V", valid, "-O", "clear", str(place / "key.pub"))
        await _keygen((mint.keygen, *words, *more), f"by the authority {mint.ca}", left())
        return text_of(place / "key-cert.pub", "the certificate")


async def _keygen(argv: Sequence[str], what: str, seconds: float) -> bytes:
    ended = await tethered.run(argv, b"", {}, seconds)
    if ended.status != 0:
        raise NotMeasured(f"no certificate was made: ssh-keygen makes nothing {what} (status {ended.status})")
    return ended.stdout


async def login(given: Login, run: str, seconds: float) -> tuple[tethered.Ended, str]:
    """Log in; return how ssh ended, and its log.

    Raises:
        TimeoutError: it did not end in time, and was killed.
        NotMeasured: it can't be run.
    """
    with _private() as place:
        (place / "known_hosts").write_text(given.known_hosts)
        if given.certificate is not None:
            (place / "certificate.pub").write_text(given.certificate)
        log = place / "ssh.log"
        ended = await tethered.run(_argv(given, place, run, seconds), b"", _environment(run), seconds)
        return ended, text_of(log, "ssh's log")[:_LARGEST_LOG] if log.exists() else ""


def _environment(run: str) -> Mapping[str, str]:
    return {RUN_VARIABLE: run, "LC_ALL": "C"}


def _argv(given: Login, place: Path, run: str, seconds: float) -> tuple[str, ...]:
    options = [
        *_ALWAYS,
        f'UserKnownHostsFile="{place}/known_hosts"',
        f"ConnectTimeout={max(1, int(seconds))}",
        f"SetEnv={RUN_VARIABLE}={run}",
    ]
    if given.certificate is not None:
        options.append(f'CertificateFile="{place}/certificate.pub"')
    words = [given.ssh, "-F", "none", "-T", "-a", "-x", "-E", str(place / "ssh.log")]
    for option in options:
        words += ["-o", option]
    key = str(given.key).replace("%", "%%")
    words += ["-i", key, "-p", str(given.port), "-l", given.user, "--", given.host]
    return (*words, shlex.join(given.command)) if given.command else tuple(words)


@contextmanager
def _private() -> Iterator[Path]:
    """Make a directory of our own, and take it away."""
    with tempfile.TemporaryDirectory(prefix="glasswatch-drill-") as place:
        yield Path(place)
