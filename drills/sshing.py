"""Logs in with the system's OpenSSH client, which asks nobody and believes nobody it was not told of.

Rules:
- None of the user's settings, agent, passwords, forwarding or shared connections; the host's key must be known.
- What ssh needs besides its key is lent to it, and lies on no disk: hosts' keys and the certificate, none of them
  secret, and ssh's own log. A certificate that is made is written to memory too, through a link in a private directory:
  what is killed leaves a directory with a link that leads nowhere, and nothing that opens a door.
- The command is quoted for a POSIX shell, word by word: a value is one word and never more.
- The run's id goes along as the variable GLASSWATCH_RUN (sshd: `AcceptEnv GLASSWATCH_RUN`). A certificate that is made
  for the run has a serial that derives from it, and by the settings a key id with it: both stand in sshd's log.
"""

import hashlib
import shlex
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drills import tethered
from drills.lent import Lent, lent
from glasswatch.errors import NotMeasured

RUN_VARIABLE: Final = "GLASSWATCH_RUN"
_LARGEST_CERTIFICATE: Final = 64 * 1024
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


@dataclass(frozen=True, slots=True)
class _Files:
    """What ssh reads, and the log that it writes."""

    known_hosts: Lent
    log: Lent
    certificate: Lent | None


def serial_of(run: str) -> int:
    """Return the serial of a run's certificates: sshd writes it into its log."""
    return int.from_bytes(hashlib.sha256(run.encode()).digest()[:8], "big") >> (64 - _SERIAL_BITS)


def pinned(host: str, port: int, keys: Sequence[str], *, are_authorities: bool) -> str:
    """Return known hosts that know one host by its keys, or by those of authorities."""
    name = host if port == 22 else f"[{host}]:{port}"  # noqa: PLR2004 - what ssh leaves out
    mark = "@cert-authority " if are_authorities else ""
    return "".join(f"{mark}{name} {key}\n" for key in keys)


async def minted(mint: Mint, left: Callable[[], float]) -> str:
    """Make a certificate and return it; no file of it ever is. `left`: how many seconds there are still.

    Raises:
        NotMeasured: it can't be made.
        TimeoutError: it was not made in time.
    """
    public = await _keygen((mint.keygen, "-y", "-P", "", "-f", str(mint.key)), f"of the key {mint.key}", left())
    with tempfile.TemporaryDirectory(prefix="glasswatch-drill-") as private, lent("certificate") as made:
        place = Path(private)
        (place / "key.pub").write_bytes(public)
        (place / "key-cert.pub").symlink_to(made.path)
        valid = f"-{_LEEWAY_MINUTES}m:+{mint.minutes}m"
        words = ("-q", "-s", str(mint.ca), "-P", "", "-I", mint.key_id, "-n", ",".join(mint.principals))
        more = ("-z", str(mint.serial), "-V", valid, "-O", "clear", str(place / "key.pub"))
        await _keygen((mint.keygen, *words, *more), f"by the authority {mint.ca}", left())
        certificate = made.read(_LARGEST_CERTIFICATE).decode("utf-8", "replace")
    if not certificate:
        raise NotMeasured(f"no certificate was made: ssh-keygen wrote none by the authority {mint.ca}")
    return certificate


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
    with ExitStack() as stack:
        hosts = stack.enter_context(lent("known_hosts", given.known_hosts.encode()))
        log = stack.enter_context(lent("ssh.log"))
        certificate = None
        if given.certificate is not None:
            certificate = stack.enter_context(lent("certificate", given.certificate.encode()))
        argv = _argv(given, _Files(hosts, log, certificate), run, seconds)
        ended = await tethered.run(argv, b"", _environment(run), seconds)
        return ended, log.read(_LARGEST_LOG).decode("utf-8", "replace")


def _environment(run: str) -> Mapping[str, str]:
    return {RUN_VARIABLE: run, "LC_ALL": "C"}


def _argv(given: Login, files: _Files, run: str, seconds: float) -> tuple[str, ...]:
    options = [
        *_ALWAYS,
        f'UserKnownHostsFile="{files.known_hosts.path}"',
        f"ConnectTimeout={max(1, int(seconds))}",
        f"SetEnv={RUN_VARIABLE}={run}",
    ]
    if files.certificate is not None:
        options.append(f'CertificateFile="{files.certificate.path}"')
    words = [given.ssh, "-F", "none", "-T", "-a", "-x", "-E", str(files.log.path)]
    for option in options:
        words += ["-o", option]
    key = str(given.key).replace("%", "%%")
    words += ["-i", key, "-p", str(given.port), "-l", given.user, "--", given.host]
    return (*words, shlex.join(given.command)) if given.command else tuple(words)
