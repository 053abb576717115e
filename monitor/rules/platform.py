"""What this vantage holds true of a platform, from its functions (design 3.3): its vote.

1. A vantage that is blind doesn't know.
2. A critical function down: down.
3. Else a critical function unknown, or nothing measured at all: unknown.
4. Else any function worse than up (one that isn't critical may be down or unknown): degraded.
5. Else up.
"""

from collections.abc import Mapping
from typing import NamedTuple

from monitor.model.state import FunctionState
from monitor.model.verdict import Verdict
from monitor.rules import reasons


class Vote(NamedTuple):
    """A verdict and why in one line."""

    verdict: Verdict
    why: str


def vote(functions: Mapping[str, FunctionState], *, blind: bool) -> Vote:
    """Return this vantage's verdict on the platform."""
    if blind:
        return Vote(Verdict.UNKNOWN, reasons.BLIND)
    critical = [function for function in functions.values() if function.critical]
    for verdict in (Verdict.DOWN, Verdict.UNKNOWN):
        if found := [function for function in critical if function.verdict is verdict]:
            return Vote(verdict, _why(found))
    worse = [function for function in functions.values() if function.verdict is not Verdict.UP]
    if all(function.verdict is Verdict.UNKNOWN for function in functions.values()):
        return Vote(Verdict.UNKNOWN, _why(worse) or "nothing was measured yet")
    if worse:
        return Vote(Verdict.DEGRADED, _why(worse))
    return Vote(Verdict.UP, "every function is up")


def _why(functions: list[FunctionState]) -> str:
    return reasons.several([function.why for function in functions], "; ")
