"""Raises the flag by hand, and lets a cause hold for longer (design 3.4).

1. A raise holds at once where `manual_persons` is 1; where it is 2 it waits until another person confirms it. It always
   has a reason and an end within `manual_max`. Who holds up a cause of their own can't raise again: that would be
   renewing it by oneself. Causes of different persons stand side by side, eight at most.
2. A cause is renewed by one person who neither raised nor confirmed it, later by another than who renewed it last,
   within `manual_max` from now. An outage cause is renewed while it rests on an unknown verdict, within `unknown_max`
   from now, by anybody, but not twice in a row by the same person. Nobody renews a drill's.
3. A renewal prolongs, or it is refused.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from glasswatch.flag.persons import is_same_person
from monitor.model.act import ActKind, Answer, Raise, Renew, Renewal, Request, RequestKind, Ruling
from monitor.model.fact import ActDone, CauseAdded, Fact
from monitor.model.state import Cause, PlatformState
from monitor.model.verdict import CauseKind
from monitor.rules import act_lines, causes, reasons
from monitor.rules.act_turn import Done, Found, Turn, ask, end_of, new_id, no, unfit

MOST_CAUSES: Final = 8  # by hand at once: the signed document has 16 KiB


def raise_by_hand(state: PlatformState, act: Raise, turn: Turn) -> Found:
    """Mark break-glass ready, or have it wait for a second person."""
    refusal = unfit(act.reason, act.span, turn.policy.manual_max, act.ticket) or raised_already(
        state, turn.hand.person, turn.now
    )
    if refusal is not None:
        return refusal
    if turn.policy.manual_persons > 1:
        return ask(state, RequestKind.RAISE, act, turn)
    cause = Cause(
        CauseKind.MANUAL,
        new_id("manual", turn.hand.person, state, turn.now),
        turn.now,
        end_of(turn.now, act.span),
        by=turn.hand.person,
        ticket=act.ticket,
        reason=act.reason,
    )
    return raised(state, cause, turn, None)


def raised_already(state: PlatformState, person: str, now: datetime) -> Ruling | None:
    """Return why this person can't raise now; None if they can."""
    manual = [cause for cause in causes.in_force(state.causes, now) if cause.kind is CauseKind.MANUAL]
    for cause in manual:
        if is_same_person(cause.by, person):
            return no(act_lines.own_cause(state.platform, cause))
    if len(manual) >= MOST_CAUSES:
        return no(f"{len(manual)} persons hold it up already, and it takes no more than one")
    return None


def raised(state: PlatformState, cause: Cause, turn: Turn, request: Request | None) -> Done:
    """Return what a raise leads to; `request`: what was confirmed by it."""
    fact = ActDone(
        ActKind.RAISE,
        turn.hand.person,
        turn.hand.token,
        cause.id,
        cause.reason,
        until=cause.until,
        ticket=cause.ticket,
        request=request,
    )
    after = replace(state, causes=(*state.causes, cause))
    return Done(after, (fact, CauseAdded(cause)), Ruling(Answer.DONE, act_lines.raised(cause), cause.id))


def renew(state: PlatformState, act: Renew, turn: Turn) -> Found:
    """Let a cause hold for longer."""
    known = {cause.id: cause for cause in state.causes if not causes.is_past(cause, turn.now)}
    cause = known.get(act.cause)
    if cause is None:
        return no(act_lines.no_such_cause(known), Answer.NO_SUCH)
    if cause.kind is CauseKind.EXERCISE:
        return no(f"{cause.id} belongs to a drill, which ends when it said; nobody renews it")
    is_manual = cause.kind is CauseKind.MANUAL
    refusal = unfit(act.reason, act.span, turn.policy.manual_max if is_manual else turn.policy.unknown_max, act.ticket)
    if refusal is not None:
        return refusal
    return _renew_manual(state, cause, act, turn) if is_manual else _renew_outage(state, cause, act, turn)


def _renew_manual(state: PlatformState, cause: Cause, act: Renew, turn: Turn) -> Found:
    until = end_of(turn.now, act.span)
    hands = (cause.renewed_by,) if cause.renewed_by else (cause.by, cause.confirmed_by)
    if any(is_same_person(hand, turn.hand.person) for hand in hands):
        return no(act_lines.renewing_oneself(state.platform, cause, turn.hand.person))
    if cause.until is not None and until <= cause.until:
        return no(f"{cause.id} holds until {reasons.clock(cause.until)} already: that would not prolong it")
    renewed = replace(cause, until=until, renewed_by=turn.hand.person)
    kept = tuple(renewed if held is cause else held for held in state.causes)
    return _renewed(replace(state, causes=kept), renewed, until, act, turn)


def _renew_outage(state: PlatformState, cause: Cause, act: Renew, turn: Turn) -> Found:
    ends_at, until = causes.unknown_ends_at(state, turn.policy), end_of(turn.now, act.span)
    if ends_at is None:
        return no(f"{cause.id} does not rest on an unknown verdict: it holds by itself, and needs no renewal")
    if cause.suspended or ends_at <= turn.now:
        return no(f"{cause.id} raises nothing any more: raise it by hand, monitor flag raise {state.platform}")
    renewal = state.acts.renewal
    if renewal is not None and is_same_person(renewal.by, turn.hand.person):
        return no(act_lines.renewing_oneself(state.platform, cause, turn.hand.person))
    if until <= ends_at:
        return no(f"{cause.id} holds until {reasons.clock(ends_at)} already: that would not prolong it")
    acts = replace(state.acts, renewal=Renewal(cause.id, turn.hand.person, until))
    return _renewed(replace(state, acts=acts), cause, until, act, turn)


def _renewed(state: PlatformState, cause: Cause, until: datetime, act: Renew, turn: Turn) -> Done:
    fact = ActDone(
        ActKind.RENEW, turn.hand.person, turn.hand.token, cause.id, act.reason, until=until, ticket=act.ticket
    )
    added: tuple[Fact, ...] = (CauseAdded(cause),) if cause.kind is CauseKind.MANUAL else ()
    # Who renews knows when it ends: no warning but those that are still to come.
    acts = replace(state.acts, warned={**state.acts.warned, cause.id: turn.now})
    line = f"{cause.id} holds until {reasons.clock(until)}"
    return Done(replace(state, acts=acts), (fact, *added), Ruling(Answer.DONE, line, cause.id))
