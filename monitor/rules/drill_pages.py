"""What a page about a run of a drill says (design 3.7): `drill_residue`, never suppressed, one key for each run.

1. It says which run of which scenario, who began it, and how to clean up: `drill resume RUN --clean-up-only`, which
   works from a copy of the run's directory too; `drill close RUN` where there is none any more, or a person closed it.
2. Of what was left behind it names the first ten; the run's own record has all.
"""

from datetime import datetime
from typing import Final

from glasswatch.instants import unix_ms
from monitor.model.drill import DrillRun
from monitor.model.page import SEVERITY, Page, PageKind, PageStatus
from monitor.rules import reasons

_NAMED: Final = 10


def silent(run: DrillRun, deployment: str, now: datetime) -> Page:
    """Return the page that says that an open run isn't heard of any more."""
    summary = f"{_whose(run)} is open, and nobody hears of it any more"
    reason = f"heard of last at {_clock(run.heard_at)}, to be closed by {_clock(run.opening.until)}"
    return _firing(run, deployment, (summary, f"{reason}; something may be left behind: {_what_next(run)}"), now)


def overdue(run: DrillRun, deployment: str, now: datetime) -> Page:
    """Return the page that says that a run should have been closed, and counts as failed."""
    summary = f"{_whose(run)} was not closed by its end: it counts as failed"
    reason = f"it had to be closed by {_clock(run.opening.until)}, and was heard of last at {_clock(run.heard_at)}"
    return _firing(run, deployment, (summary, f"{reason}; something may be left behind: {_what_next(run)}"), now)


def left_behind(run: DrillRun, deployment: str, now: datetime) -> Page:
    """Return the page that names what a run left behind."""
    named, more = run.residue[:_NAMED], len(run.residue) - _NAMED
    names = "; ".join(named) + (f"; and {more} more" if more > 0 else "")
    summary = f"{_whose(run)} left something behind: {reasons.several(run.residue, '; ')}"
    reason = f"closed as {run.verdict}; left behind: {names}; take it away: {_what_next(run)}"
    return _firing(run, deployment, (summary, reason), now)


def heard_again(run: DrillRun, deployment: str, now: datetime) -> Page:
    """Return the page that says that a run is heard of again."""
    words = (f"{_whose(run)} is heard of again", f"its journal is at entry {run.head.seq}")
    return _page(run, deployment, PageStatus.RESOLVED, words, now)


def nothing_left(run: DrillRun, deployment: str, now: datetime) -> Page:
    """Return the page that says that a run is closed, and nothing is left behind."""
    words = (f"{_whose(run)} is closed, and left nothing behind", f"its verdict is {run.verdict}")
    return _page(run, deployment, PageStatus.RESOLVED, words, now)


def _whose(run: DrillRun) -> str:
    opening = run.opening
    return f"{opening.platform}: the drill {opening.scenario} ({run.id}) of {opening.operator}"


def _what_next(run: DrillRun) -> str:
    what = f"drill resume {run.id} --clean-up-only, where its directory is, or with a copy of it"
    if run.closings and run.closings[-1].by_hand:  # nobody else's word is taken of it any more
        return f"{what}; in any case drill close {run.id} --nothing-left, once it is gone"
    return f"{what}; drill close {run.id}, if its journal is lost"


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%SZ}"


def _firing(run: DrillRun, deployment: str, words: tuple[str, str], now: datetime) -> Page:
    return _page(run, deployment, PageStatus.FIRING, words, now)


def _page(run: DrillRun, deployment: str, status: PageStatus, words: tuple[str, str], now: datetime) -> Page:
    key = f"{deployment}/{run.opening.platform}/{PageKind.DRILL_RESIDUE}/{run.id}"
    return Page(
        id=f"{key}/{status}/{unix_ms(now)}",
        kind=PageKind.DRILL_RESIDUE,
        severity=SEVERITY[PageKind.DRILL_RESIDUE],
        status=status,
        platform=run.opening.platform,
        dedup_key=key,
        summary=words[0],
        reason=words[1],
        decided_at=now,
    )
