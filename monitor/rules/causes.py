"""Which causes raise the flag, and when they end (design 3.4).

1. While the platform is down its open outage is a cause, under the outage's id, since the outage began. An outage that
   follows another takes the cause over.
2. An outage cause ends after the verdict was `up` without break for `lower_after`, if its outage has ended.
3. `unknown` changes nothing, but an outage cause that rests on it for `unknown_max` ends, or later where a person
   renewed it. The outage stays open. Its probes that are not measured then are in doubt: one bad outcome must not
   raise the flag again, a new round must.
4. After a gap longer than `ready_ttl` an outage cause is suspended: it is not in force, never signed, until the
   platform is confirmed down again; else it disappears by 2 or 3.
5. A manual or exercise cause ends at its `until`, half-open: at that instant it is over.
6. `lower` ends manual and exercise causes only. What the platform itself causes no one lowers.
7. While two persons hold it closed every outage cause, also a new one, is held back: it is not in force, never signed.
   It goes on meanwhile, and what still holds when they hold it no longer is in force again.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from monitor.model.fact import CauseAdded, CauseEnded, Fact, ProbeChanged
from monitor.model.policy import PlatformPolicy
from monitor.model.state import Cause, PlatformState
from monitor.model.verdict import CauseKind, Phase, Verdict, View
from monitor.rules import reasons
from monitor.rules.probe import doubt, is_believed_bad, view


def in_force(causes: Iterable[Cause], now: datetime) -> tuple[Cause, ...]:
    """Return the causes that raise the flag at an instant."""
    return tuple(cause for cause in causes if not cause.is_held_back and not is_past(cause, now))


def is_past(cause: Cause, now: datetime) -> bool:
    """Whether the cause is past its own end."""
    return cause.until is not None and cause.until <= now


def lower(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Return what is left when a person lowers the flag."""
    return tuple(cause for cause in causes if cause.kind is CauseKind.OUTAGE)


def suspend(causes: Iterable[Cause], why: str) -> tuple[tuple[Cause, ...], list[Fact]]:
    """Return the causes with every outage cause suspended, and those that were in force until now as ended."""
    causes = tuple(causes)
    newly = [cause for cause in causes if cause.kind is CauseKind.OUTAGE and not cause.suspended]
    kept = tuple(replace(cause, suspended=True) if cause in newly else cause for cause in causes)
    return kept, [CauseEnded(cause, why) for cause in newly if not cause.inhibited]


def settle(state: PlatformState, policy: PlatformPolicy, now: datetime) -> tuple[PlatformState, list[Fact]]:
    """Return the state with the causes that hold now, and what changed."""
    facts: list[Fact] = []
    kept: list[Cause] = []
    holding = _holding(state)
    if rests_on_unknown(state, policy, now) and any(cause.kind is CauseKind.OUTAGE for cause in state.causes):
        state, facts = _doubted(state, policy, now)
    for cause in state.causes:
        why = _ended_why(cause, state, policy, now)
        if not why:
            kept.append(_marked(cause, state, facts))
        elif not cause.is_held_back:
            facts.append(CauseEnded(cause, why))
    if holding is not None and holding not in kept:
        kept = [cause for cause in kept if (cause.kind, cause.id) != (holding.kind, holding.id)] + [holding]
        facts += [] if holding.inhibited else [CauseAdded(holding)]
    return _with_causes(state, tuple(kept)), facts


def rests_on_unknown(state: PlatformState, policy: PlatformPolicy, now: datetime) -> bool:
    """Whether the verdict has been unknown for too long to hold the flag up."""
    ends_at = unknown_ends_at(state, policy)
    return ends_at is not None and now >= ends_at


def unknown_ends_at(state: PlatformState, policy: PlatformPolicy) -> datetime | None:
    """Return until when an outage cause may rest on the unknown verdict; None while the verdict is another."""
    if state.unknown_since is None:
        return None
    ends_at, renewal = state.unknown_since + policy.unknown_max, state.acts.renewal
    return ends_at if renewal is None else max(ends_at, renewal.until)


def may_end_quietly(cause: Cause, state: PlatformState) -> bool:
    """Whether an outage cause lacks nothing but time up: its outage has ended."""
    known = state.outage
    return known is None or known.id != cause.id or known.ended_at is not None


def _ended_why(cause: Cause, state: PlatformState, policy: PlatformPolicy, now: datetime) -> str:
    """Say why a cause ends now; empty while it holds."""
    if is_past(cause, now):
        return f"its time was over at {reasons.clock(now)}"
    if cause.kind is not CauseKind.OUTAGE:
        return ""
    if rests_on_unknown(state, policy, now):
        return f"it rested on unknown for {reasons.span(policy.unknown_max)}"
    holding = _holding(state)
    if holding is not None and cause.id != holding.id:
        return f"outage {holding.id} took it over"
    is_quiet = state.quiet_since is not None and now >= state.quiet_since + policy.lower_after
    if is_quiet and may_end_quietly(cause, state):
        return f"up without break for {reasons.span(policy.lower_after)}"
    return ""


def _holding(state: PlatformState) -> Cause | None:
    """Return the cause that the open outage is while the platform is down; None while it isn't."""
    if state.verdict is not Verdict.DOWN or state.outage is None:
        return None
    is_inhibited = state.acts.inhibition is not None
    return Cause(CauseKind.OUTAGE, state.outage.id, state.outage.opened_at, inhibited=is_inhibited)


def _marked(cause: Cause, state: PlatformState, facts: list[Fact]) -> Cause:
    """Return a cause that goes on as held back, or not, by two persons; if that is new, add it to what changed."""
    held = state.acts.inhibition
    if cause.kind is not CauseKind.OUTAGE or cause.inhibited is (held is not None):
        return cause
    marked = replace(cause, inhibited=held is not None)
    if not cause.suspended:
        why = f"held closed by {held.by} and {held.confirmed_by} until {reasons.clock(held.until)}" if held else ""
        facts.append(CauseEnded(cause, why) if held else CauseAdded(marked))
    return marked


def _with_causes(state: PlatformState, kept: tuple[Cause, ...]) -> PlatformState:
    """Return the state with these causes, and without a renewal of one that is gone."""
    renewal = state.acts.renewal
    if renewal is not None and all(cause.id != renewal.cause for cause in kept):
        return replace(state, causes=kept, acts=replace(state.acts, renewal=None))
    return replace(state, causes=kept)


def _doubted(state: PlatformState, policy: PlatformPolicy, now: datetime) -> tuple[PlatformState, list[Fact]]:
    """Return the state with the open outage's probes in doubt, as far as they are believed bad and not measured."""
    known = state.outage
    openers = () if known is None or known.ended_at is not None else known.openers
    doubted = {
        name: doubt(state.probes[name])
        for name in openers
        if is_believed_bad(state.probes[name])
        and view(state.probes[name], policy.probes[name], now, blind=state.blind) is View.UNMEASURED
    }
    why = (
        f"not measured, and the platform unknown, for {reasons.span(policy.unknown_max)}: not believed until confirmed"
    )
    facts: list[Fact] = [ProbeChanged(name, Phase.BAD, Phase.BAD, now, why) for name in doubted]
    return replace(state, probes={**state.probes, **doubted}), facts
