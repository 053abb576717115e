"""Our own flag as it stands where readers look: the word of the run that signed it, recorded or not."""

from dataclasses import dataclass
from datetime import datetime

from monitor.model.state import Cause
from monitor.model.verdict import FlagState, Verdict


@dataclass(frozen=True, slots=True)
class PublishedFlag:
    """A flag of this monitor's own key, and what it says. Times have whole seconds; `sha256` is of `jws` as bytes."""

    ver: int
    change: int
    state: FlagState
    since: datetime
    causes: tuple[Cause, ...]
    verdict: Verdict
    outage: str | None
    prev: str | None
    issued_at: datetime
    expires_at: datetime
    jws: str
    sha256: str
