"""Who asks, and what the settings' tokens let them ask for.

The words of a scope are a closed list; there is no wildcard. `heartbeat:NAME` is one scope for each name.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

SCOPES: Final = (
    "flag:raise",
    "flag:lower",
    "flag:confirm",
    "flag:inhibit",
    "exercise",
    "maintenance",
    "drill",
    "use",
    "reload",
    "read",
)
"""Every scope but the heartbeats', each of which has a name of its own."""

HEARTBEAT: Final = "heartbeat:"
PERSONS_ONLY: Final = "flag:"
"""What begins with it is done by persons, never by a machine."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as one of the settings' tokens says. Exactly one of `person` and `machine` is set.

    `token` is the token's name; `platforms` None: all of them.
    """

    token: str
    person: str | None
    machine: str | None
    scopes: frozenset[str]
    platforms: frozenset[str] | None

    @property
    def name(self) -> str:
        """Return the person's or machine's name."""
        return self.person or self.machine or ""


@dataclass(frozen=True, slots=True)
class Token:
    """A token as the settings hold it: whom it stands for, until when, and the SHA-256 of what is presented."""

    caller: Caller
    sha256: bytes
    expires_at: datetime
