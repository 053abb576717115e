"""What is held true of a function, from what its probes say (design 3.3).

1. The *deciding set* is the function's deciding probes (access, journey) if it has any, else its critical first-hand
   probes, else all its first-hand probes. Second-hand probes (heartbeat, status page) never decide alone.
2. Down: the whole deciding set is confirmed bad.
3. Unknown: else, if none of the deciding set is good.
4. Degraded: else, if a critical or a second-hand probe is confirmed bad, one that is not warned at its last good
   outcome, or a first-hand one is unsteady.
5. Up: else.
6. A function that has second-hand probes only is never down: bad if one says so is degraded, good is up.
7. A probe that isn't measured neither puts a function down nor makes it up: what was held against it before (rule 4)
   stays until it is measured otherwise, so that silence never reads as recovery.
8. A function is critical if one of its probes is.
9. When a critical probe is confirmed bad while a deciding probe of its function isn't, that one runs at once, unless
   it is being confirmed anyway. A broken health URL alone must not open production.

The reason names the probes that made it so, and only what can't change before the verdict is judged again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.model.outcome import Warn
from monitor.model.policy import PlatformPolicy, ProbePolicy
from monitor.model.state import PlatformState, ProbeState
from monitor.model.verdict import Phase, Role, Verdict, View
from monitor.rules import reasons
from monitor.rules.probe import STALE_INTERVALS, round_is_on, standing_warnings, unsteady_bad, view

_WARNED = {
    Warn.DURATION: "is slow",
    Warn.TLS_DAYS_LEFT: "has a certificate that ends soon",
    Warn.RESIDUE: "left something open",
    Warn.NEVER_CLOSED: "never closed something that has ended by itself",
    Warn.TOLD: "is told that something is wrong",
    Warn.MAINTENANCE: "is told of maintenance",
}


@dataclass(frozen=True, slots=True)
class Member:
    """One probe of a function, with what it says now."""

    policy: ProbePolicy
    state: ProbeState
    view: View


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, why in one line, and whether the platform's verdict hangs on it."""

    verdict: Verdict
    why: str
    critical: bool


def deciding_set(probes: Sequence[ProbePolicy]) -> tuple[ProbePolicy, ...]:
    """Return the probes of one function that decide whether it is down; empty if it has second-hand ones only."""
    deciding = tuple(probe for probe in probes if probe.role is Role.DECIDING)
    first_hand = tuple(probe for probe in probes if probe.role is Role.FIRST_HAND)
    return deciding or tuple(probe for probe in first_hand if probe.critical) or first_hand


def probes_of(policy: PlatformPolicy, function: str) -> tuple[ProbePolicy, ...]:
    """Return the probes of one function."""
    return tuple(probe for probe in policy.probes.values() if probe.function == function)


def judge(name: str, members: Sequence[Member], *, blind: bool) -> Judgement:
    """Return what is held true of a function that has at least one probe."""
    critical = any(member.policy.critical for member in members)
    if blind:
        return Judgement(Verdict.UNKNOWN, f"{name} is unknown: {reasons.BLIND}", critical)
    policies = [member.policy for member in members]
    names = {probe.name for probe in deciding_set(policies)} or {probe.name for probe in policies}
    deciding = [member for member in members if member.policy.name in names]
    may_be_down = any(member.policy.role is not Role.SECOND_HAND for member in deciding)
    if may_be_down and all(member.view is View.BAD for member in deciding):
        return Judgement(Verdict.DOWN, f"{name} is down: {_each(map(_how_bad, deciding))}", critical)
    if all(member.view is View.UNMEASURED for member in deciding) or (
        may_be_down and not any(member.view is View.GOOD for member in deciding)
    ):
        unmeasured = (_how_unmeasured(member) for member in deciding if member.view is View.UNMEASURED)
        return Judgement(Verdict.UNKNOWN, f"{name} is unknown: {_each(unmeasured)}", critical)
    worse = [line for member in members for line in _worse(member)]
    if worse:
        return Judgement(Verdict.DEGRADED, f"{name} is degraded: {_each(worse)}", critical)
    return Judgement(Verdict.UP, f"{name} is up", critical)


def called(state: PlatformState, policy: PlatformPolicy, probe: ProbePolicy, now: datetime) -> tuple[str, ...]:
    """Return the deciding probes that must run at once, because `probe` was just confirmed bad."""
    if not probe.critical or probe.role is Role.DECIDING:
        return ()
    return tuple(
        other.name
        for other in probes_of(policy, probe.function)
        if other.role is Role.DECIDING and _is_worth_calling(state.probes[other.name], other, now)
    )


def _is_worth_calling(state: ProbeState, policy: ProbePolicy, now: datetime) -> bool:
    return not round_is_on(state) and view(state, policy, now, blind=False) is not View.BAD


def _worse(member: Member) -> Iterable[str]:
    """Yield what makes the function worse than up; a bad probe is said once."""
    is_second_hand = member.policy.role is Role.SECOND_HAND
    if member.state.phase is Phase.BAD and (member.policy.critical or is_second_hand):
        yield _how_bad(member) if member.view is View.BAD else _how_unmeasured(member)
        return
    for warning in standing_warnings(member.state):
        yield f"probe {member.policy.name} {_WARNED[warning]}"
    if unsteady_bad(member.state) and not is_second_hand:
        yield f"probe {member.policy.name} was bad too often lately"


def _how_bad(member: Member) -> str:
    policy, state = member.policy, member.state
    since = f" since {reasons.clock(state.bad_since)}" if state.bad_since else ""
    return f"probe {policy.name} failed {reasons.times(policy.confirm_attempts)}{since} ({state.bad_detail})"


def _how_unmeasured(member: Member) -> str:
    name = member.policy.name
    match member.state.phase:
        case Phase.UNPROVEN:
            return f"probe {name} was not good yet"
        case Phase.BAD:
            return f"probe {name} was bad, and is not confirmed bad or good again"
        case _:
            return f"probe {name} was not measured for {STALE_INTERVALS} intervals"


def _each(lines: Iterable[str]) -> str:
    return reasons.several(tuple(lines), "; ")
