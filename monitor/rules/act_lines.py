"""What people are told of acts on the flag: answers to who acts, and the first line of pages.

1. A refusal says why, and what to do instead, down to the command.
2. A page names who did what, until when, and their reason. What waits for a second person names the command.
3. Times are UTC.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Final

from monitor.model.act import ActKind, Inhibition, Request, RequestKind, Stretch
from monitor.model.fact import ActDone, EndsSoon, RequestDied
from monitor.model.state import Cause, PlatformState
from monitor.model.verdict import CauseKind
from monitor.rules import reasons

# answers


def own_cause(platform: str, cause: Cause) -> str:
    """Say why somebody can't raise twice."""
    until = f" until {reasons.clock(cause.until)}" if cause.until else ""
    return (
        f"{cause.by} holds it up already{until}, and nobody renews by themselves: have another person do it, "
        f"monitor flag raise {platform} --renew {cause.id}"
    )


def own_request(platform: str, request: Request) -> str:
    """Say that the same person asked for it already."""
    return (
        f"{request.id} of {request.by} waits already: another person confirms it by "
        f"{reasons.clock(request.expires_at)}, monitor flag confirm {platform} {request.id}"
    )


def renewing_oneself(platform: str, cause: Cause, person: str) -> str:
    """Say why the same person can't renew."""
    return (
        f"{person} raised, confirmed or renewed {cause.id} last: another person must renew it, "
        f"monitor flag raise {platform} --renew {cause.id}"
    )


def no_such_cause(known: Iterable[str]) -> str:
    """Say which causes there are."""
    names = ", ".join(known)
    return f"no cause of that id holds; {f'these do: {names}' if names else 'none does'}"


def no_such_request(waiting: Iterable[str]) -> str:
    """Say which requests wait."""
    names = ", ".join(waiting)
    return f"no request of that id waits; {f'these do: {names}' if names else 'none does: ask again'}"


def raised(cause: Cause) -> str:
    """Say that break-glass was raised by hand."""
    return f"break-glass is ready until {_until(cause)} ({cause.id})"


def waits(platform: str, request: Request) -> str:
    """Say that another person must confirm."""
    return (
        f"another person must confirm it by {reasons.clock(request.expires_at)}: "
        f"monitor flag confirm {platform} {request.id}"
    )


def lowered(state: PlatformState, ended: Iterable[str], kept: Sequence[Cause]) -> str:
    """Say what was ended, and what nobody lowers."""
    line = f"lowered: {', '.join(ended)}"
    return f"{line}; {_stays(state.platform, kept)}" if kept else line


def nothing_to_lower(state: PlatformState, kept: Sequence[Cause]) -> str:
    """Say why there is nothing to lower."""
    return _stays(state.platform, kept) if kept else "nothing raises it: there is nothing to lower"


def _stays(platform: str, kept: Sequence[Cause]) -> str:
    names = ", ".join(cause.id for cause in kept)
    return f"outage {names} stays, which nobody lowers: two persons can hold it closed, monitor flag inhibit {platform}"


def held_long_enough(held: Stretch, longest: timedelta, open_for: timedelta) -> str:
    """Say that it may be held closed no longer, and from when on it may be again."""
    line = f"held closed since {reasons.clock(held.since)}, and {reasons.span(longest)} in all is the most"
    after = f", until {reasons.clock(held.opened_at + open_for)}" if held.opened_at else ""
    return f"{line}: it must be open for {reasons.span(open_for)} before two persons hold it closed again{after}"


# pages


def done(state: PlatformState, fact: ActDone) -> str:
    """Say what a person did."""
    return f"{state.platform}: {_LINES[fact.kind](state, fact)}{_because(fact)}"


def died(state: PlatformState, fact: RequestDied) -> str:
    """Say that a request came to nothing."""
    return f"{state.platform}: {fact.request.by} asked {_wish(fact.request)}, nobody confirmed it, and it is void"


def ends_soon(state: PlatformState, fact: EndsSoon) -> str:
    """Say that a cause ends unless it is renewed."""
    return (
        f"{state.platform}: {fact.cause.kind} {fact.cause.id} ends at {reasons.clock(fact.ends_at)}, {fact.why}; to "
        f"prolong it another person runs: monitor flag raise {state.platform} --renew {fact.cause.id}"
    )


def held_closed(state: PlatformState, held: Inhibition) -> str:
    """Say who holds it closed, and until when."""
    return (
        f"{state.platform}: what outages raise is held CLOSED by {held.by} and {held.confirmed_by} until "
        f"{reasons.clock(held.until)}"
    )


def not_held_closed(state: PlatformState, why: str) -> str:
    """Say that it is held closed no longer, why, and what follows."""
    raising = [cause for cause in state.causes if not cause.is_held_back]
    if any(cause.kind is CauseKind.OUTAGE for cause in raising):
        what = "READY again, the outage raises it"
    else:
        what = f"{'raised all the same' if raising else 'sealed'}, the platform is {state.verdict}"
    return f"{state.platform}: break-glass is held closed no longer, and {what}: {why}"


def request_on(state: PlatformState, request: Request) -> str:
    """Say what waits for a second person, and how to be that one."""
    return (
        f"{state.platform}: {request.by} asks {_wish(request)} for {reasons.span(request.span)}, a second person must "
        f"confirm by {reasons.clock(request.expires_at)}: monitor flag confirm {state.platform} {request.id}; "
        f"reason: {request.reason}"
    )


def request_off(state: PlatformState, fact: ActDone) -> str:
    """Say that a second person confirmed."""
    by = fact.request.by if fact.request is not None else fact.person
    return f"{state.platform}: {fact.person} confirmed what {by} asked for"


def _until(cause: Cause) -> str:
    return reasons.clock(cause.until) if cause.until else "it is lowered"


def _wish(request: Request) -> str:
    return "to raise break-glass" if request.kind is RequestKind.RAISE else "to hold break-glass closed"


def _who(fact: ActDone) -> str:
    return f"{fact.request.by} and {fact.person}" if fact.request is not None else fact.person


def _because(fact: ActDone) -> str:
    ticket = f" ({fact.ticket})" if fact.ticket else ""
    return f"{ticket}: {fact.reason}" if fact.reason else ticket


def _ends(fact: ActDone) -> str:
    return f" until {reasons.clock(fact.until)}" if fact.until else ""


def _lower(state: PlatformState, fact: ActDone) -> str:
    left = [cause for cause in state.causes if not cause.is_held_back]
    what = "the outage still raises it" if left else "break-glass is sealed again"
    return f"{what}, {fact.person} lowered {fact.subject}"


_LINES: Final[dict[ActKind, Callable[[PlatformState, ActDone], str]]] = {
    ActKind.RAISE: lambda _, fact: f"break-glass is READY, {_who(fact)} raised it by hand{_ends(fact)}",
    ActKind.RENEW: lambda _, fact: f"{fact.person} renewed {fact.subject}{_ends(fact)}",
    ActKind.LOWER: _lower,
    ActKind.INHIBIT: lambda _, fact: f"{_who(fact)} hold closed what outages raise{_ends(fact)}",
    ActKind.INHIBIT_END: lambda _, fact: f"{fact.person} no longer holds closed what outages raise",
    ActKind.RAISE_ASKED: lambda _, fact: f"{fact.person} asks to raise break-glass",
    ActKind.INHIBIT_ASKED: lambda _, fact: f"{fact.person} asks to hold break-glass closed",
}
