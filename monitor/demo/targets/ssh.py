"""OpenSSH's sshd behind the shipped reader, on two doors: one opens in exercises, one is cut off from the monitor.

1. It runs as whoever runs the demo, on loopback, and lets in nobody but that user: by a certificate of the demo's own
   break-glass authority, whose key is in the state directory, and only while the reader says so.
2. Whoever gets in gets no shell: sshd says who came through which door, and ends.
3. The second door stands for a host that has heard nothing of the monitor for an hour: what it heard last says that
   break-glass is ready, and is over. It opens by an order of two persons alone.
4. Neither the system's nor the user's own settings of ssh are read or written.
"""

import os
import pwd
from pathlib import Path
from typing import Final

from glasswatch import files
from monitor.demo.targets import programs
from monitor.demo.targets.places import DRILL_PRINCIPAL, READERS, REAL_PRINCIPAL, Ports, TargetPlaces

NAME: Final = "sshd"
_NEEDED: Final = ("sshd", "ssh", "ssh-keygen")
_KEYS: Final = ("host_key", "ca", "drill_key")
_NO_SHELL: Final = ("nologin", "false")
_SEPARATION: Final = Path("/run/sshd")  # sshd started by root insists on it; it is empty
_PRIVATE: Final = 0o600

_CONFIG: Final = """\
# Written by `monitor demo`.
Port {drill_port}
Port {port}
ListenAddress 127.0.0.1
HostKey "{directory}/host_key"
PidFile none
UsePAM no
StrictModes no
LogLevel VERBOSE
AllowUsers {user}
PermitRootLogin yes
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile none
PermitTTY no
PermitUserRC no
PermitUserEnvironment no
DisableForwarding yes
AcceptEnv GLASSWATCH_RUN
TrustedUserCAKeys "{directory}/ca.pub"
AuthorizedPrincipalsCommandUser {user}
Match LocalPort {drill_port}
    AuthorizedPrincipalsCommand /bin/sh "{root}/reader" sshd/principals {drill} %i %s %t %k
    ForceCommand echo "in by break-glass, through the door of drills"
Match LocalPort {port}
    AuthorizedPrincipalsCommand /bin/sh "{root}/cut-off" sshd/principals {real} %i %s %t %k
    ForceCommand echo "in by break-glass, through the door that an order opens"
"""


def why_not() -> str:
    """Return in words why this machine can't have it; empty: it can."""
    lacking = programs.missing(*_NEEDED)
    if lacking:
        return f"{lacking} (Debian: openssh-server, openssh-client)"
    if not (READERS / "sshd" / "principals").exists():
        return "the shipped readers are not beside this program: run it from a checkout"
    try:
        me = pwd.getpwuid(os.geteuid())
    except KeyError:
        return "whoever runs this has no account on this machine, so that nobody can log in to it"
    shell = Path(me.pw_shell or "/bin/sh")
    if shell.name in _NO_SHELL or not os.access(shell, os.X_OK):
        return f"the account {me.pw_name} has no shell, so that nobody can log in to it"
    return ""


def prepare(places: TargetPlaces, ports: Ports) -> None:
    """Make keys and settings. Raises `NotUsable` or `OSError`."""
    directory = places.ssh
    directory.mkdir(mode=0o700)
    keygen = programs.find("ssh-keygen") or Path("ssh-keygen")
    for name in _KEYS:
        programs.run([keygen, "-q", "-t", "ed25519", "-N", "", "-C", f"demo-{name}", "-f", directory / name])
    if os.geteuid() == 0:
        _SEPARATION.mkdir(mode=0o755, exist_ok=True)
    user = pwd.getpwuid(os.geteuid()).pw_name
    text = _CONFIG.format(
        drill_port=ports.ssh_drill,
        port=ports.ssh,
        directory=directory,
        user=user,
        root=str(places.root).replace("%", "%%"),
        drill=DRILL_PRINCIPAL,
        real=REAL_PRINCIPAL,
    )
    files.replace(_config(places), text.encode(), _PRIVATE)
    host_key = (directory / "host_key.pub").read_text("ascii").split()[:2]
    known = "".join(f"[127.0.0.1]:{port} {' '.join(host_key)}\n" for port in (ports.ssh_drill, ports.ssh))
    files.replace(directory / "known_hosts", known.encode(), _PRIVATE)
    programs.run([programs.find("sshd") or "sshd", "-t", "-f", _config(places)])


def argv(places: TargetPlaces) -> tuple[str, ...]:
    """Return the command line that starts it, to stay in the foreground."""
    return (str(programs.find("sshd")), "-D", "-f", str(_config(places)), "-E", str(places.ssh_log))


def user() -> str:
    """Return the one account that it lets in to."""
    return pwd.getpwuid(os.geteuid()).pw_name


def _config(places: TargetPlaces) -> Path:
    return places.ssh / "sshd_config"
