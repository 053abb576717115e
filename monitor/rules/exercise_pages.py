"""What an exercise has paged beside the flag: the page that an outage would send (design 3.4, 3.7).

1. It fires while the cause of an exercise stands, under a key of its own, `deployment/platform/outage/exercise/ID`: it
   joins no real outage's page, and ends none. It is routed, and falls back, as a real one is.
2. It names no outage: nothing is down, and nothing is put on record. Its line says that it is an exercise, and whose.
3. It is resolved in the step in which the cause ends, whatever ends it. No maintenance makes it quiet: it is nothing
   that breaks in a window.
4. Whoever reads it late is told that it was a drill's: its key names the exercise, which is looked up by it (`named`).
"""

from collections.abc import Iterable, Iterator

from monitor.model.exercise import Exercise
from monitor.model.fact import CauseEnded, Fact
from monitor.model.page import Page, PageKind
from monitor.model.state import PlatformState
from monitor.model.verdict import CauseKind
from monitor.rules import exercise_lines
from monitor.rules.pages import EXERCISED, Concern

_WHY = "the exercise's own probes, which reach nothing, were confirmed bad"


def of_exercises(state: PlatformState, facts: Iterable[Fact]) -> Iterator[Concern]:
    """Yield what is told as an outage would be, because of an exercise, and what is over."""
    for fact in facts:
        if isinstance(fact, CauseEnded) and fact.cause.kind is CauseKind.EXERCISE:
            summary = exercise_lines.outage_off(state.platform, fact.cause, fact.why)
            detail = f"{EXERCISED}{fact.cause.id}"
            yield Concern(PageKind.OUTAGE, holds=False, summary=summary, reason=fact.why, detail=detail)
    for cause in state.causes:
        if cause.kind is CauseKind.EXERCISE and not cause.is_held_back:
            summary = exercise_lines.outage_on(state, cause)
            yield Concern(PageKind.OUTAGE, holds=True, summary=summary, reason=_WHY, detail=f"{EXERCISED}{cause.id}")


def named(page: Page, exercises: Iterable[Exercise]) -> Exercise | None:
    """Return the exercise that had a page sent in the way of an outage; None: no exercise's, or too long ago."""
    if page.kind is not PageKind.OUTAGE or page.outage is not None:
        return None
    _, _, name = page.dedup_key.partition(f"/{PageKind.OUTAGE}/{EXERCISED}")
    return next((each for each in exercises if each.id == name), None)
