"""Where everything of the demo's targets lives, what the targets are, and how one is left out."""

import hashlib
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import monitor

READERS: Final = Path(monitor.__file__).resolve().parent.parent / "examples" / "readers"
DRILL_PRINCIPAL: Final = "breakglass-drill"
REAL_PRINCIPAL: Final = "breakglass"
_SYSTEM: Final = Path("/run")  # where nobody but root can put anything, and everybody may pass


class TargetName(StrEnum):
    """A target that the drill breaks the glass on; ids of its steps begin with it."""

    SSH = "ssh"
    SQL = "sql"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A target that this machine can't have, and why, in words."""

    name: TargetName
    why: str


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the targets listen, all on loopback. `ssh_drill` opens in exercises, `ssh` by orders of two persons."""

    ssh_drill: int
    ssh: int
    sql: int


@dataclass(frozen=True, slots=True)
class TargetPlaces:
    """Where everything of the targets lives, in the demo's state directory."""

    state: Path

    @property
    def root(self) -> Path:
        """The directory of them all."""
        return self.state / "targets"

    @property
    def opener(self) -> Path:
        """What opens sealed secrets."""
        return self.root / "open"

    @property
    def sealed(self) -> Path:
        """The sealed credential of the database."""
        return self.root / "payments-db"

    @property
    def ssh(self) -> Path:
        """Everything of sshd."""
        return self.root / "ssh"

    @property
    def ssh_log(self) -> Path:
        """What sshd says of who came."""
        return self.ssh / "sshd.log"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's cluster, or a link to it."""
        return self.root / "postgres"

    @property
    def rotate(self) -> Path:
        """What rotates the password of the drill's account."""
        return self.root / "rotate"

    @property
    def last_password(self) -> Path:
        """The password that the drill's account had before the first rotation."""
        return self.root / "last-quarter.password"

    @property
    def system_postgres(self) -> Path | None:
        """Where the cluster is in place of that: PostgreSQL never runs as root, and nobody else may come in here."""
        if os.geteuid() != 0:
            return None
        return _SYSTEM / f"glasswatch-demo-{hashlib.sha256(str(self.state).encode()).hexdigest()[:12]}"
