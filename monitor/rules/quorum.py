"""What all vantages together hold true of a platform (design 3.3).

1. Down needs more than half of the *configured* vantages: one that is silent counts against it.
2. Else unknown, unless more than half of the configured ones see (vote anything but unknown).
3. Else a minority that sees it down makes it degraded, and pages.
4. Else one that sees it degraded makes it degraded.
5. Else up.

A vantage agrees if it sees and votes what the verdict is.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Tally:
    """The verdict of all, and how many stand behind it. `is_minority`: too few see it down to say so."""

    verdict: Verdict
    configured: int
    seeing: int
    agreeing: int
    down: int
    is_minority: bool

    @property
    def why(self) -> str:
        """Say in one line how the votes fell; empty where only one vantage votes."""
        if self.configured == 1:
            return ""
        return f"{self.down} of {self.configured} vantages see it down, {self.seeing} can see"


def tally(votes: Iterable[Verdict], configured: int) -> Tally:
    """Return what the votes that are there, own one included, amount to."""
    cast = list(votes)
    seeing = sum(vote is not Verdict.UNKNOWN for vote in cast)
    down = cast.count(Verdict.DOWN)
    verdict = _verdict(cast, configured, seeing, down)
    agreeing = 0 if verdict is Verdict.UNKNOWN else cast.count(verdict)
    is_minority = verdict is Verdict.DEGRADED and down > 0
    return Tally(verdict, configured, seeing, agreeing, down, is_minority)


def _verdict(cast: list[Verdict], configured: int, seeing: int, down: int) -> Verdict:
    if 2 * down > configured:
        return Verdict.DOWN
    if 2 * seeing <= configured:
        return Verdict.UNKNOWN
    if down or Verdict.DEGRADED in cast:
        return Verdict.DEGRADED
    return Verdict.UP
