"""What people's acts on the flag have to tell beside the flag itself (design 3.4: every one of them pages everybody).

1. What waits for a second person fires under its own id, and is resolved when it is confirmed or has died.
2. An inhibition fires under `inhibit` while it holds, again when another takes its place; it is resolved when over,
   which is told as `news`, or by the flag's own page, as well.
3. Who renews an outage cause that is held closed is told of there: the flag itself says nothing then.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from monitor.model.act import ActKind, Request
from monitor.model.fact import ActDone, Fact, InhibitionEnded, RequestDied
from monitor.model.page import PageKind
from monitor.model.state import PlatformState
from monitor.model.verdict import FlagState
from monitor.rules import act_lines
from monitor.rules.pages import Concern

INHIBIT: Final = "inhibit"
_ASKED = frozenset({ActKind.RAISE_ASKED, ActKind.INHIBIT_ASKED})


def of_acts(state: PlatformState, facts: Iterable[Fact]) -> Iterator[Concern]:
    """Yield what one may have to tell of requests and of an inhibition, after the platform was judged."""
    facts = tuple(facts)
    for fact in facts:
        match fact:
            case ActDone(request=Request() as request):
                yield _request(state, fact, request)
            case RequestDied():
                yield Concern(
                    PageKind.FLAG,
                    holds=False,
                    summary=act_lines.died(state, fact),
                    reason=fact.why,
                    detail=fact.request.id,
                )
            case _:
                pass
    yield from _inhibition(state, facts)


def _request(state: PlatformState, fact: ActDone, request: Request) -> Concern:
    is_asked = fact.kind in _ASKED
    return Concern(
        PageKind.FLAG,
        holds=is_asked,
        summary=act_lines.request_on(state, request) if is_asked else act_lines.request_off(state, fact),
        reason=request.reason,
        detail=request.id,
    )


def _inhibition(state: PlatformState, facts: tuple[Fact, ...]) -> Iterator[Concern]:
    held = state.acts.inhibition
    if held is None:
        for fact in facts:
            if isinstance(fact, InhibitionEnded):
                summary = act_lines.not_held_closed(state, fact.why)
                yield Concern(PageKind.FLAG, holds=False, summary=summary, reason=fact.why, detail=INHIBIT)
        return
    told = {ActKind.INHIBIT} | ({ActKind.RENEW} if state.flag.state is FlagState.STANDBY else set())
    news = [act_lines.done(state, fact) for fact in facts if isinstance(fact, ActDone) and fact.kind in told]
    yield Concern(
        PageKind.FLAG,
        holds=True,
        summary="; ".join(news) or act_lines.held_closed(state, held),
        reason=held.reason,
        detail=INHIBIT,
        is_news=bool(news),
        mark=f".{state.acts.count}",
    )
