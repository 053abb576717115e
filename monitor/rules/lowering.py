"""Lowers the flag, and holds closed what outages raise (design 3.4).

1. `lower` takes one person, and ends manual and exercise causes only; an exercise that raised nothing yet as well.
2. To hold outages closed always takes two persons, for an hour at most. One person ends it. A second inhibition takes
   the first one's place, and ends with the hour of the first: `stretch` says what counts as one. Where too little of
   that hour is left, it is neither asked for nor confirmed.
"""

from dataclasses import replace

from monitor.model.act import ActKind, Answer, EndInhibit, Inhibit, Inhibition, Lower, Request, RequestKind, Ruling
from monitor.model.fact import ActDone, CauseEnded, Fact, InhibitionEnded
from monitor.model.state import PlatformState
from monitor.rules import act_lines, causes, exercise, reasons, stretch
from monitor.rules.act_turn import LEAST_SPAN, LONGEST_REASON, Done, Found, Turn, ask, end_of, is_line, no, unfit


def lower(state: PlatformState, act: Lower, turn: Turn) -> Found:
    """End what people and drills raised."""
    if not is_line(act.reason, LONGEST_REASON):
        return no(f"a reason is needed: one line of at most {LONGEST_REASON} printable characters")
    kept = causes.lower(state.causes)
    ended = [cause for cause in state.causes if cause not in kept]
    after, over = exercise.lowered(replace(state, causes=kept), turn)
    if not over and all(causes.is_past(cause, turn.now) for cause in ended):
        return no(act_lines.nothing_to_lower(state, kept))
    names = tuple(dict.fromkeys((*(cause.id for cause in ended), *(each.exercise.id for each in over))))
    subject = ", ".join(names)
    fact = ActDone(ActKind.LOWER, turn.hand.person, turn.hand.token, subject, act.reason)
    facts = [CauseEnded(cause, f"lowered by {turn.hand.person}") for cause in ended]
    ruling = Ruling(Answer.DONE, act_lines.lowered(state, names, kept), subject)
    return Done(after, (fact, *over, *facts), ruling)


def inhibit(state: PlatformState, act: Inhibit, turn: Turn) -> Found:
    """Have the wish to hold outages closed wait for a second person."""
    refusal = unfit(act.reason, act.span, stretch.INHIBIT_MAX) or _held_long_enough(state, turn)
    return refusal or ask(state, RequestKind.INHIBIT, act, turn)


def inhibited(state: PlatformState, request: Request, turn: Turn) -> Found:
    """Return what a confirmed inhibition leads to."""
    refusal = _held_long_enough(state, turn)
    if refusal is not None:
        return refusal
    held = state.acts.inhibition
    until = min(end_of(turn.now, request.span), stretch.ends_at(state.acts, turn.now))
    by, confirmed_by = request.by, turn.hand.person
    inhibition = Inhibition(request.id, by, confirmed_by, request.reason, turn.now, until)
    fact = ActDone(
        ActKind.INHIBIT, confirmed_by, turn.hand.token, request.id, request.reason, until=until, request=request
    )
    over: tuple[Fact, ...] = () if held is None else (InhibitionEnded(held, f"{request.id} took its place"),)
    closed = stretch.closed(state.acts, turn.now)
    after = replace(state, acts=replace(state.acts, inhibition=inhibition, stretch=closed))
    ruling = Ruling(Answer.DONE, f"what outages raise is held closed until {reasons.clock(until)}", request.id)
    return Done(after, (*over, fact), ruling)


def _held_long_enough(state: PlatformState, turn: Turn) -> Ruling | None:
    """Return why it may be held closed no longer; None if it may."""
    going_on = stretch.going_on(state.acts, turn.now)
    if going_on is None or stretch.ends_at(state.acts, turn.now) - turn.now >= LEAST_SPAN:
        return None
    return no(act_lines.held_long_enough(going_on, stretch.INHIBIT_MAX, stretch.OPEN_FOR))


def end_inhibit(state: PlatformState, act: EndInhibit, turn: Turn) -> Found:
    """Hold outages closed no longer."""
    if act.reason and not is_line(act.reason, LONGEST_REASON):
        return no(f"a reason is one line of at most {LONGEST_REASON} printable characters")
    held = state.acts.inhibition
    if held is None:
        return no("nothing holds it closed: there is nothing to end")
    person = turn.hand.person
    fact = ActDone(ActKind.INHIBIT_END, person, turn.hand.token, held.id, act.reason)
    after = replace(state, acts=stretch.opened(state.acts, turn.now))
    ruling = Ruling(Answer.DONE, "what outages raise is held closed no longer", held.id)
    why = f"ended by {person}{f': {act.reason}' if act.reason else ''}"
    return Done(after, (fact, InhibitionEnded(held, why)), ruling)
