"""What every act on the flag is judged by, and what all of them share.

1. A reason is one line of at most 500 printable characters, a ticket one of 64.
2. What a person asks for holds for 5 s to whatever is the longest; its end is in whole seconds, as readers of the
   signed flag see it.
3. Ids name kind, time and person, to the millisecond; one that is taken moves on by one.
4. One person has one request of a kind waiting, and a platform four in all.
5. One person is one however their name is written: `glasswatch.flag.persons` says who is the same.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from glasswatch.flag.persons import is_same_person
from monitor.model.act import ActKind, Answer, Hand, Inhibit, Raise, Request, RequestKind, Ruling
from monitor.model.fact import ActDone, Fact
from monitor.model.policy import PlatformPolicy
from monitor.model.state import PlatformState
from monitor.rules import act_lines, reasons, standing

LEAST_SPAN: Final = timedelta(seconds=5)
LONGEST_REASON: Final = 500
LONGEST_TICKET: Final = 64
MOST_REQUESTS: Final = 4


@dataclass(frozen=True, slots=True)
class Turn:
    """What an act is judged by."""

    policy: PlatformPolicy
    hand: Hand
    now: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """What an act leads to."""

    state: PlatformState
    facts: tuple[Fact, ...]
    ruling: Ruling


Found = Done | Ruling


def no(line: str, answer: Answer = Answer.NOT_POSSIBLE) -> Ruling:
    """Return a refusal, with the line that says why."""
    return Ruling(answer, line)


def unfit(reason: str, span: timedelta, longest: timedelta, ticket: str | None = None) -> Ruling | None:
    """Return why these can't be taken; None if they can."""
    if not is_line(reason, LONGEST_REASON):
        return no(f"a reason is needed: one line of at most {LONGEST_REASON} printable characters")
    if ticket is not None and not is_line(ticket, LONGEST_TICKET):
        return no(f"a ticket is one line of at most {LONGEST_TICKET} printable characters")
    if not LEAST_SPAN <= span <= longest:
        return no(f"it must hold for {reasons.span(LEAST_SPAN)} to {reasons.span(longest)}, not longer")
    return None


def is_line(text: str, longest: int) -> bool:
    """Whether it is one line that can be shown, with something in it."""
    return bool(text.strip()) and text.isprintable() and len(text) <= longest


def end_of(now: datetime, span: timedelta) -> datetime:
    """Return when it ends, in whole seconds: readers of the signed flag see no others."""
    return (now + span).replace(microsecond=0)


def new_id(kind: str, person: str, state: PlatformState, now: datetime) -> str:
    """Return a name that nothing else has: by the millisecond, and later where that is taken."""
    taken = {done.subject for done in state.acts.done}
    while True:
        found = f"{kind}-{now.astimezone(UTC):%Y%m%dT%H%M%S}{now.microsecond // 1000:03}Z-{person}"
        if found not in taken:
            return found
        now += timedelta(milliseconds=1)


def ask(state: PlatformState, kind: RequestKind, act: Raise | Inhibit, turn: Turn) -> Found:
    """Have what a person asked for wait for another one."""
    waiting, person = state.acts.requests, turn.hand.person
    for request in waiting:
        if request.kind is kind and is_same_person(request.by, person):
            return no(act_lines.own_request(state.platform, request))
    if len(waiting) >= MOST_REQUESTS:
        return no(f"{len(waiting)} requests wait already: have one confirmed, or wait until one has died")
    request = Request(
        id=new_id(kind.value, person, state, turn.now),
        kind=kind,
        by=person,
        token=turn.hand.token,
        reason=act.reason,
        span=act.span,
        asked_at=turn.now,
        expires_at=turn.now + standing.CONFIRM_WITHIN,
        ticket=act.ticket if isinstance(act, Raise) else None,
    )
    fact = ActDone(
        ActKind.RAISE_ASKED if kind is RequestKind.RAISE else ActKind.INHIBIT_ASKED,
        person,
        turn.hand.token,
        request.id,
        request.reason,
        until=request.expires_at,
        ticket=request.ticket,
        request=request,
    )
    after = replace(state, acts=replace(state.acts, requests=(*waiting, request)))
    return Done(after, (fact,), Ruling(Answer.PENDING, act_lines.waits(state.platform, request), request.id))
