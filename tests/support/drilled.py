"""Runs of drills that are over, as the monitor knows them."""

from monitor.model.drill import DrillRun, JournalHead, RunClosing, RunOpening, RunVerdict
from tests.support.clock import START

HEAD = JournalHead(1, "a" * 64)


def ran(verdict: RunVerdict = RunVerdict.PASSED, scenario: str = "restore", *, is_real: bool = True) -> DrillRun:
    """Return a run that is over."""
    opening = RunOpening("r1", scenario, "", "", "payments", "anna", "a" * 64, "", is_real, START, HEAD)
    return DrillRun(
        opening, START, "pipeline", START, HEAD, (RunClosing(verdict, "", {}, {}, (), HEAD),), closed_at=START
    )
