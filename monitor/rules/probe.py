"""What is believed of one probe, outcome by outcome (design 3.3).

1. A bad outcome is not believed at once: it begins a *round*. All `confirm_attempts` bad and a control answered: the
   probe is confirmed bad, since the start of the round's first attempt. No control answered: the round is dropped,
   nothing of it is believed. A good outcome ends the round; one not measured, or skipped, ends it undecided.
2. Whether a control answered must come with the outcome that completes the round. Where it is missing nobody asked,
   or the answers prove nothing of the time of the attempt: that outcome neither confirms nor drops, the round goes on,
   and the next bad one may complete it.
3. `recover` good outcomes in a row end it. A bad one breaks the row, one not measured doesn't; a span in which this
   vantage saw nothing (blind, or not running for long) does.
4. Until it was good once a probe is unproven, and nothing bad is believed of it. The first good outcome proves it.
5. A probe that holds an open outage and whose settings changed (`needs_reconfirm` while unproven) may not be confirmed
   bad before it was good once either, but takes `recover` good outcomes to be good.
6. A probe that was confirmed bad before a long gap (`needs_reconfirm`) isn't believed until a new round confirms it,
   or `recover` good outcomes end it.
7. While this vantage is blind outcomes change nothing but `last_*`.
8. It is stale when nothing conclusive was measured for 3 intervals and its timeout. Only good outcomes, and bad ones
   while confirmed bad, are conclusive. A first bad outcome that came in time extends that once, by the longest that a
   round may take, and however the round goes: "bad, bad, not measured" again and again goes stale, and no outcome that
   was not measured changes by itself what the probe says.
9. It is unsteady when at least 3 and 10 % of its last 20 measured scheduled outcomes were bad. Confirmations and calls
   don't count. Bad ones count from the next conclusive outcome on: of a round that no control answered none ever does.
10. Outcomes count in the order they arrive. A clock set back never makes one unbelieved, and keeps none fresh: what
    was measured at an instant that has not come yet counts as measured now.

What a function makes of it is `function`'s; when the next attempt is due `schedule`'s.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from monitor.model.event import Observed
from monitor.model.outcome import Attempt, Outcome, Warn
from monitor.model.policy import ProbePolicy
from monitor.model.state import ProbeState
from monitor.model.verdict import Phase, View
from monitor.rules.change import changed

STALE_INTERVALS = 3
HISTORY = 20
UNSTEADY_BAD = 3
UNSTEADY_RATIO = 0.1

_INSTANT = timedelta(microseconds=1)  # the least by which two times differ
_ALL = (1 << HISTORY) - 1
_ROUND_ENDED: dict[str, Any] = {"round_bad": 0, "round_since": None}
_NO_ROUND: dict[str, Any] = {**_ROUND_ENDED, "suspect_since": None, "pending_bad": 0}
_NO_RUN: dict[str, Any] = {"good_run": 0, "good_since": None}


def observe(state: ProbeState, policy: ProbePolicy, event: Observed, *, blind: bool) -> ProbeState:
    """Return what is believed after one more attempt."""
    outcome = event.outcome
    changes: dict[str, Any] = {
        "last_reason": outcome.reason,
        "last_detail": outcome.detail,
        "last_at": event.ended_at,
    }
    if not blind:
        if outcome.is_good:
            changes |= _good(state, policy, event)
        elif outcome.is_bad:
            changes |= _bad(state, policy, event)
        else:
            changes |= _ROUND_ENDED
    return changed(state, **changes)


def round_is_on(state: ProbeState) -> bool:
    """Whether a bad outcome is being confirmed."""
    return state.round_bad > 0


def completes_round(state: ProbeState, policy: ProbePolicy) -> bool:
    """Whether one more bad outcome would complete a round, so that it must carry the controls' answer."""
    return _may_be_confirmed(state) and state.round_bad + 1 >= policy.confirm_attempts


def is_believed_bad(state: ProbeState) -> bool:
    """Whether it is confirmed bad, and was not only before a gap."""
    return state.phase is Phase.BAD and not state.needs_reconfirm


def measured_until(state: ProbeState, policy: ProbePolicy) -> datetime | None:
    """Return the last instant at which it counts as measured; None: nothing conclusive was ever measured."""
    if state.conclusive_at is None:
        return None
    until = state.conclusive_at + STALE_INTERVALS * policy.interval + policy.timeout
    if state.suspect_since is None or state.suspect_since > until:
        return until
    longest = policy.confirm_attempts * (policy.timeout + policy.confirm_every)
    return max(until, state.suspect_since + longest + STALE_INTERVALS * policy.interval)


def is_stale(state: ProbeState, policy: ProbePolicy, now: datetime) -> bool:
    """Whether what was last measured is too old to say anything about now."""
    until = measured_until(state, policy)
    return until is None or now > until


def stale_at(state: ProbeState, policy: ProbePolicy, now: datetime, *, blind: bool) -> datetime | None:
    """Return the first instant at which a probe no longer counts as measured; None if it doesn't now."""
    if blind or state.phase is Phase.UNPROVEN or state.needs_reconfirm:
        return None
    until = measured_until(state, policy)
    return None if until is None or now > until else until + _INSTANT


def view(state: ProbeState, policy: ProbePolicy, now: datetime, *, blind: bool) -> View:
    """Return what the probe says at an instant."""
    if stale_at(state, policy, now, blind=blind) is None:
        return View.UNMEASURED
    return View.BAD if state.phase is Phase.BAD else View.GOOD


def unsteady_bad(state: ProbeState) -> int:
    """Return how many of the last 20 scheduled outcomes were bad, where that is too many; else 0."""
    bad = state.recent.bit_count()
    return bad if bad >= UNSTEADY_BAD and bad >= UNSTEADY_RATIO * state.recent_count else 0


def standing_warnings(state: ProbeState) -> tuple[Warn, ...]:
    """Return the warnings of the last good outcome, while the probe is good."""
    return state.warnings if state.phase is Phase.GOOD else ()


def set_back(state: ProbeState, now: datetime) -> ProbeState:
    """Return what is believed after the clock was set back to `now`."""
    if state.conclusive_at is None or state.conclusive_at <= now:
        return state
    return replace(state, conclusive_at=now)


def lose_sight(state: ProbeState) -> ProbeState:
    """Return what is left when this vantage turns blind: a round, and a row of good outcomes, are broken off."""
    changes = _NO_ROUND if state.phase is Phase.GOOD else _NO_ROUND | _NO_RUN
    return replace(state, **changes)


def drop_round(state: ProbeState) -> ProbeState:
    """Return what is left when a round can't go on."""
    return replace(state, **_NO_ROUND)


def doubt(state: ProbeState) -> ProbeState:
    """Return a confirmed bad probe as one that must be confirmed again; any other without its round."""
    if state.phase is not Phase.BAD:
        return drop_round(state)
    return replace(state, needs_reconfirm=True, **_NO_ROUND, **_NO_RUN)


def must_recover(state: ProbeState) -> ProbeState:
    """Return the probe as one that `recover` good outcomes must make good, though it isn't believed bad."""
    phase = state.phase if state.phase is Phase.UNPROVEN else Phase.BAD
    return replace(state, phase=phase, needs_reconfirm=True, **_NO_ROUND, **_NO_RUN)


def _may_be_confirmed(state: ProbeState) -> bool:
    return state.phase is Phase.GOOD or (state.phase is Phase.BAD and state.needs_reconfirm)


def _good(state: ProbeState, policy: ProbePolicy, event: Observed) -> dict[str, Any]:
    outcome = event.outcome
    changes = {**_NO_ROUND, "conclusive_at": event.ended_at, "warnings": outcome.warnings, **_remember(state, outcome)}
    if state.phase is Phase.GOOD:
        return changes
    run = state.good_run + 1
    since = state.good_since if state.good_run else outcome.started_at
    is_first_ever = state.phase is Phase.UNPROVEN and not state.needs_reconfirm
    if not is_first_ever and run < policy.recover:
        return changes | {"phase": Phase.BAD, "good_run": run, "good_since": since}
    return changes | {
        "phase": Phase.GOOD,
        "good_run": 0,
        "good_since": since,
        "bad_since": None,
        "confirmed_at": None,
        "bad_detail": "",
        "needs_reconfirm": False,
    }


def _bad(state: ProbeState, policy: ProbePolicy, event: Observed) -> dict[str, Any]:
    if state.phase is Phase.UNPROVEN:
        return {}
    changes: dict[str, Any] = {} if state.phase is Phase.GOOD else dict(_NO_RUN)
    if is_believed_bad(state):
        return changes | {"conclusive_at": event.ended_at} | _remember(state, event.outcome)
    return changes | _confirm(state, policy, event)


def _confirm(state: ProbeState, policy: ProbePolicy, event: Observed) -> dict[str, Any]:
    since = state.round_since if round_is_on(state) else event.outcome.started_at
    pending = min(state.pending_bad + (event.outcome.attempt is Attempt.SCHEDULED), HISTORY)
    suspect = {"pending_bad": pending, "suspect_since": state.suspect_since or since}
    if not completes_round(state, policy):
        return {**suspect, "round_bad": state.round_bad + 1, "round_since": since}
    if event.control_answered is None:
        return {**suspect, "round_bad": max(state.round_bad, 1), "round_since": since}
    if not event.control_answered:
        return _NO_ROUND
    return {
        **_NO_ROUND,
        **_NO_RUN,
        **_remember(state, event.outcome),
        "phase": Phase.BAD,
        "bad_since": since,
        "confirmed_at": event.ended_at,
        "bad_detail": event.outcome.detail,
        "conclusive_at": event.ended_at,
        "needs_reconfirm": False,
    }


def _remember(state: ProbeState, outcome: Outcome) -> dict[str, Any]:
    """Return the record with what was pending, and with this outcome if it was a scheduled one."""
    is_scheduled = outcome.attempt is Attempt.SCHEDULED
    recent = (state.recent << state.pending_bad) | ((1 << state.pending_bad) - 1)
    if is_scheduled:
        recent = recent << 1 | outcome.is_bad
    count = state.recent_count + state.pending_bad + is_scheduled
    return {"recent": recent & _ALL, "recent_count": min(count, HISTORY)}
