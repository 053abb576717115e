"""What is told of an act that left the flag sealed (design 3.4: every raise, lower and inhibit pages everybody).

1. That somebody lowered it, or that nothing is held closed any more, fires under a name of its own: where the flag is
   sealed its own page can only be resolved, and many a pager shows nobody what is resolved. Where the flag is raised
   its own page fires, and says it (`pages`).
2. It fires for 15 minutes, which is longer than any channel holds a page back. It is resolved before that when the flag
   is raised, or held closed, again: then it is news no more.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from monitor.model.act import ActKind
from monitor.model.fact import ActDone, Fact, InhibitionEnded, InhibitionLost
from monitor.model.page import PageKind
from monitor.model.state import PlatformState
from monitor.model.verdict import FlagState
from monitor.rules import act_lines, summaries
from monitor.rules.pages import Concern

TOLD_FOR: Final = timedelta(minutes=15)
LOWERED: Final = "lowered"
OPENED: Final = "opened"


def settle(state: PlatformState, facts: Sequence[Fact], now: datetime) -> PlatformState:
    """Return the state, after everything else was judged, with the news that are told now."""
    told = {name: until for name, until in state.acts.news.items() if until > now}
    told |= {name: now + TOLD_FOR for name, _ in _of(state, facts)}
    if state.flag.state is not FlagState.STANDBY:
        told = {}
    elif state.acts.inhibition is not None:
        told.pop(OPENED, None)
    return state if told == state.acts.news else replace(state, acts=replace(state.acts, news=told))


def of_acts(state: PlatformState, facts: Sequence[Fact]) -> Iterator[Concern]:
    """Yield what is told because the flag is sealed after it."""
    fresh = list(_of(state, facts))
    for name in (LOWERED, OPENED):
        lines = [line for named, line in fresh if named == name]
        holds = name in state.acts.news
        yield Concern(
            PageKind.FLAG,
            holds=holds,
            summary="; ".join(lines) if holds and lines else _as_it_is(state),
            reason="; ".join(lines) or "that was told long enough, or is so no more",
            detail=name,
            is_news=bool(lines),
            mark=f".{state.acts.count}",
        )


def _of(state: PlatformState, facts: Iterable[Fact]) -> Iterator[tuple[str, str]]:
    """Yield what is news, and how it is told."""
    for fact in facts:
        match fact:
            case ActDone(kind=ActKind.LOWER):
                yield LOWERED, act_lines.done(state, fact)
            case InhibitionEnded() | InhibitionLost() if state.acts.inhibition is None:
                yield OPENED, act_lines.not_held_closed(state, fact.why)
            case _:
                pass


def _as_it_is(state: PlatformState) -> str:
    return summaries.flag_off(state) if state.flag.state is FlagState.STANDBY else summaries.flag_on(state)
