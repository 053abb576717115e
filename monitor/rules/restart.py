"""What is still believed after the monitor was away (design 3.3, 3.8).

1. Every round is dropped. The time away breaks any quiet: "up without break" starts anew. Other vantages' votes are
   forgotten until they are heard again. A blind vantage stays blind until a control answers.
2. Away for longer than `ready_ttl`, or for a time that can't be told: probes confirmed bad must be confirmed again,
   and outage causes are suspended until the platform is.
3. A probe that is confirmed bad, holds no open outage, and was not measured for longer than `ready_ttl` must be
   confirmed again too: it may have been out of the settings in between.
4. A probe whose settings changed (other fingerprint), or that is new, starts unproven. If it holds the open outage it
   must then recover to end it; so must a probe that takes the place of openers that are gone.
5. Probes and functions that are no longer watched are dropped; of a function it is put on record that nobody can tell
   any more how it is: else its last verdict would hold for ever in an account of it. An open outage that held only such
   ones is held by all critical functions from then on; it ends where there is none.
6. Where the settings change while the monitor runs nobody was away: a probe that goes on as before keeps everything,
   its round included, and what is believed grows no older. For all others the rules above hold.
7. Causes past their end, and everything else that time alone decides, follow when the state is judged again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.model.event import Reconfigured, Restarted
from monitor.model.fact import Fact, FunctionChanged, ProbeChanged
from monitor.model.policy import PlatformPolicy, ProbePolicy
from monitor.model.state import Outage, PlatformState, ProbeState
from monitor.model.verdict import Verdict
from monitor.rules import causes, outage, reasons
from monitor.rules.probe import doubt, drop_round, is_believed_bad, must_recover

NO_LONGER_WATCHED = "no longer watched"


@dataclass(frozen=True, slots=True)
class Absence:
    """How long the monitor was away, and whether that is too long to sign what was believed before."""

    is_long: bool
    why: str


def absence(event: Restarted, ready_ttl: timedelta, now: datetime) -> Absence:
    """Return how the time away counts. An end before its beginning (clock set back) can't be told: it is long."""
    if event.last_alive_at is None or event.last_alive_at > now:
        return Absence(is_long=True, why="the monitor was away, nobody knows for how long")
    gap = now - event.last_alive_at
    return Absence(is_long=gap > ready_ttl, why=f"the monitor was away for {reasons.span(gap)}")


def resume(
    state: PlatformState, policy: PlatformPolicy, event: Restarted, now: datetime
) -> tuple[PlatformState, list[Fact]]:
    """Return the state to go on with, not judged yet, and what changed."""
    away = absence(event, policy.ready_ttl, now)
    watched = {probe.function for probe in policy.probes.values()}
    functions = {name: held for name, held in state.functions.items() if name in watched}
    kept, facts = causes.suspend(state.causes, away.why) if away.is_long else (state.causes, [])
    gone = _gone(state, watched, now)
    resumed = replace(state, functions=functions, causes=kept, quiet_since=None, others={})
    resumed, ended = _with_outage(resumed, policy, now)
    before, after = _holders(state.outage), _holders(resumed.outage)
    probes = {
        name: _resumed(state.probes.get(name), probe, _Part(name in after, name in before, away.is_long), policy, now)
        for name, probe in policy.probes.items()
    }
    return replace(resumed, probes=probes), [*_changes(state.probes, probes, away, now), *gone, *ended, *facts]


def adapt(
    state: PlatformState, policy: PlatformPolicy, event: Reconfigured, now: datetime
) -> tuple[PlatformState, list[Fact]]:
    """Return the state to go on with under other settings, not judged yet, and what changed."""
    watched = {probe.function for probe in policy.probes.values()}
    functions = {name: held for name, held in state.functions.items() if name in watched}
    gone = _gone(state, watched, now)
    adapted, ended = _with_outage(replace(state, functions=functions), policy, now)
    before, after = _holders(state.outage), _holders(adapted.outage)
    probes = {}
    for name, probe in policy.probes.items():
        known = state.probes.get(name)
        part = _Part(name in after, name in before, is_long=False)
        goes_on = known is not None and known.fingerprint == probe.fingerprint and name not in event.changed
        is_new_holder = part.holds and not part.held
        probes[name] = known if known and goes_on and not is_new_holder else _resumed(known, probe, part, policy, now)
    nobody_left = Absence(is_long=False, why="the settings changed")
    return replace(adapted, probes=probes), [*_changes(state.probes, probes, nobody_left, now), *gone, *ended]


@dataclass(frozen=True, slots=True)
class _Part:
    """What a probe has to do with the open outage, now and before, and whether the absence was long."""

    holds: bool
    held: bool
    is_long: bool


def _holders(known: Outage | None) -> tuple[str, ...]:
    return known.openers if known is not None and known.ended_at is None else ()


def _gone(state: PlatformState, watched: Collection[str], now: datetime) -> list[Fact]:
    return [
        FunctionChanged(name, held.verdict, Verdict.UNKNOWN, now, NO_LONGER_WATCHED)
        for name, held in state.functions.items()
        if name not in watched and held.verdict is not Verdict.UNKNOWN
    ]


def _with_outage(state: PlatformState, policy: PlatformPolicy, now: datetime) -> tuple[PlatformState, list[Fact]]:
    known = state.outage
    if known is None:
        return state, []
    watched = outage.watched_on(known, policy)
    if known.ended_at is None and known.functions and not watched.functions:
        return outage.end(state, known, now, now, NO_LONGER_WATCHED)
    return replace(state, outage=watched), []


def _resumed(
    known: ProbeState | None, probe: ProbePolicy, part: _Part, policy: PlatformPolicy, now: datetime
) -> ProbeState:
    if known is None or known.fingerprint != probe.fingerprint:
        return ProbeState(probe.fingerprint, needs_reconfirm=part.holds)
    if part.holds and not part.held and not is_believed_bad(known):
        return must_recover(known)
    is_old = known.conclusive_at is None or now - known.conclusive_at > policy.ready_ttl
    return doubt(known) if part.is_long or (is_old and not part.holds) else drop_round(known)


def _changes(
    before: Mapping[str, ProbeState], after: Mapping[str, ProbeState], away: Absence, now: datetime
) -> list[Fact]:
    """Return the probes of which something else is believed than before."""
    facts: list[Fact] = []
    for name, now_held in after.items():
        was = before.get(name)
        if was is None or (was.phase, was.needs_reconfirm) == (now_held.phase, now_held.needs_reconfirm):
            continue
        why = "its settings changed" if was.fingerprint != now_held.fingerprint else away.why
        if was.phase is not now_held.phase and was.fingerprint == now_held.fingerprint:
            why = "it now holds the open outage, and must recover to end it"
        facts.append(ProbeChanged(name, was.phase, now_held.phase, now, why))
    return facts
