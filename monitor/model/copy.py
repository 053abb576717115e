"""A copy of a platform's flag: what stands at one target, as far as we know."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.model.record import FlagDocument


class Lag(StrEnum):
    """How far a copy is behind the flag, from good to bad."""

    NONE = "none"
    BEHIND = "behind"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Copy:
    """One platform's flag at one target.

    `shown` is what this run of the monitor put there; None: nothing yet, and what an earlier run left is not known.
    `waiting_since` is when the first document after it was signed, None if `latest` is there. `differs_since` is when
    the flag began to say otherwise than the copy; None while it says the same. `error`: why the last try failed.
    """

    target: str
    platform: str
    latest: FlagDocument
    shown: FlagDocument | None
    waiting_since: datetime | None
    differs_since: datetime | None
    error: str = ""
