"""What becomes of a person's act on the flag: a new state with facts, or a refusal that says why (design 3.4).

1. What waits is confirmed by its id, by another person than the one who asked, exactly as it was asked for; how long it
   holds counts from then. It must still be possible then.
2. The same act sent again under the same key is answered as before and not done again; a key names one act of a person.
3. A refusal changes nothing but what time alone has changed already.

What may be raised and renewed is `raising`'s, lowered and held closed `lowering`'s, agreed as maintenance `windows`';
what time does to what is left standing is `standing`'s, whether a token may do it at all `authority`'s.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from glasswatch.flag.persons import is_same_person
from monitor.model.act import (
    Answer,
    Confirm,
    EndInhibit,
    Hand,
    Inhibit,
    Lower,
    Raise,
    Remembered,
    Renew,
    RequestKind,
    Ruling,
)
from monitor.model.event import PersonActed
from monitor.model.fact import Fact
from monitor.model.policy import PlatformPolicy
from monitor.model.state import Cause, PlatformState
from monitor.model.verdict import CauseKind
from monitor.rules import act_lines, exercise, lowering, raising, reasons, standing, window_standing, windows
from monitor.rules.act_turn import Done, Found, Turn, end_of, new_id, no

REMEMBERED: Final = 16


def take(
    state: PlatformState, policy: PlatformPolicy, event: PersonActed, now: datetime
) -> tuple[PlatformState, list[Fact], Ruling]:
    """Return the state after the act, not judged yet, what it changed, and the answer to who acted."""
    digest = hashlib.sha256(repr(event.act).encode()).hexdigest()
    answered = _answered(state, event.hand, digest)
    if answered is not None:
        return state, [], answered
    state, facts = standing.settle(state, now)
    state, over = window_standing.settle(state, now)
    facts += over
    found = _ACTS[type(event.act)](state, event.act, Turn(policy, event.hand, now))
    if isinstance(found, Ruling):
        return state, facts, found
    after = _remember(found, event.hand, digest)
    return after, [*facts, *found.facts], found.ruling


def _answered(state: PlatformState, hand: Hand, digest: str) -> Ruling | None:
    for done in state.acts.done if hand.key else ():
        if done.key == hand.key and is_same_person(done.person, hand.person):
            if done.digest != digest:
                return no("this key was given to another act: give each act a key of its own")
            return Ruling(done.answer, done.line, done.subject)
    return None


def _remember(found: Done, hand: Hand, digest: str) -> PlatformState:
    acts, ruling = found.state.acts, found.ruling
    latest = Remembered(hand.key, hand.person, digest, ruling.answer, ruling.line, ruling.subject)
    done = (*acts.done, latest)[-REMEMBERED:]
    return replace(found.state, acts=replace(acts, done=done, count=acts.count + 1))


def _confirm(state: PlatformState, act: Confirm, turn: Turn) -> Found:
    waiting = {request.id: request for request in state.acts.requests}
    request = waiting.pop(act.request, None)
    if request is None:
        return no(act_lines.no_such_request(waiting), Answer.NO_SUCH)
    if is_same_person(request.by, turn.hand.person):
        return no(f"{request.by} asked for {request.id}: another person must confirm it")
    left = replace(state, acts=replace(state.acts, requests=tuple(waiting.values())))
    if request.kind is RequestKind.INHIBIT:
        return lowering.inhibited(left, request, turn)
    if request.span > turn.policy.manual_max:
        return no(f"a raise holds for {reasons.span(turn.policy.manual_max)} at most now: ask again for less")
    refusal = raising.raised_already(state, request.by, turn.now)
    if refusal is not None:
        return refusal
    cause = Cause(
        CauseKind.MANUAL,
        new_id("manual", request.by, state, turn.now),
        turn.now,
        end_of(turn.now, request.span),
        by=request.by,
        confirmed_by=turn.hand.person,
        ticket=request.ticket,
        reason=request.reason,
    )
    return raising.raised(left, cause, turn, request)


_ACTS: Final[dict[type, Callable[[PlatformState, Any, Turn], Found]]] = {
    Raise: raising.raise_by_hand,
    Renew: raising.renew,
    Lower: lowering.lower,
    Inhibit: lowering.inhibit,
    EndInhibit: lowering.end_inhibit,
    Confirm: _confirm,
    **windows.ACTS,
    **exercise.ACTS,
}
