"""Lowers the flag, and holds closed what outages raise (design 3.4).

1. `lower` takes one person, and ends manual and exercise causes only.
2. To hold outages closed always takes two persons, for an hour at most. One person ends it. A second inhibition takes
   the first one's place.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from monitor.model.act import ActKind, Answer, EndInhibit, Inhibit, Inhibition, Lower, Request, RequestKind, Ruling
from monitor.model.fact import ActDone, CauseEnded, Fact, InhibitionEnded
from monitor.model.state import PlatformState
from monitor.rules import act_lines, causes, reasons
from monitor.rules.act_turn import LONGEST_REASON, Done, Found, Turn, ask, end_of, is_line, no, unfit

INHIBIT_MAX: Final = timedelta(hours=1)


def lower(state: PlatformState, act: Lower, turn: Turn) -> Found:
    """End what people and drills raised."""
    if not is_line(act.reason, LONGEST_REASON):
        return no(f"a reason is needed: one line of at most {LONGEST_REASON} printable characters")
    kept = causes.lower(state.causes)
    ended = [cause for cause in state.causes if cause not in kept]
    if all(causes.is_past(cause, turn.now) for cause in ended):
        return no(act_lines.nothing_to_lower(state, kept))
    subject = ", ".join(cause.id for cause in ended)
    fact = ActDone(ActKind.LOWER, turn.hand.person, turn.hand.token, subject, act.reason)
    facts = [CauseEnded(cause, f"lowered by {turn.hand.person}") for cause in ended]
    ruling = Ruling(Answer.DONE, act_lines.lowered(state, ended, kept), subject)
    return Done(replace(state, causes=kept), (fact, *facts), ruling)


def inhibit(state: PlatformState, act: Inhibit, turn: Turn) -> Found:
    """Have the wish to hold outages closed wait for a second person."""
    return unfit(act.reason, act.span, INHIBIT_MAX) or ask(state, RequestKind.INHIBIT, act, turn)


def inhibited(state: PlatformState, request: Request, turn: Turn) -> Done:
    """Return what a confirmed inhibition leads to."""
    held = state.acts.inhibition
    until = end_of(turn.now, request.span)
    by, confirmed_by = request.by, turn.hand.person
    inhibition = Inhibition(request.id, by, confirmed_by, request.reason, turn.now, until)
    fact = ActDone(
        ActKind.INHIBIT, confirmed_by, turn.hand.token, request.id, request.reason, until=until, request=request
    )
    over: tuple[Fact, ...] = () if held is None else (InhibitionEnded(held, f"{request.id} took its place"),)
    after = replace(state, acts=replace(state.acts, inhibition=inhibition))
    ruling = Ruling(Answer.DONE, f"what outages raise is held closed until {reasons.clock(until)}", request.id)
    return Done(after, (*over, fact), ruling)


def end_inhibit(state: PlatformState, act: EndInhibit, turn: Turn) -> Found:
    """Hold outages closed no longer."""
    if act.reason and not is_line(act.reason, LONGEST_REASON):
        return no(f"a reason is one line of at most {LONGEST_REASON} printable characters")
    held = state.acts.inhibition
    if held is None:
        return no("nothing holds it closed: there is nothing to end")
    person = turn.hand.person
    fact = ActDone(ActKind.INHIBIT_END, person, turn.hand.token, held.id, act.reason)
    after = replace(state, acts=replace(state.acts, inhibition=None))
    ruling = Ruling(Answer.DONE, "what outages raise is held closed no longer", held.id)
    return Done(after, (fact, InhibitionEnded(held, f"ended by {person}")), ruling)
