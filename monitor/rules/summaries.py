"""The one line that a page says first: plain words that somebody just woken understands.

1. It names the platform, what can't be done, and since when; then what to make of it.
2. It stands alone: a phone may show nothing else.
3. Times are UTC. What isn't known isn't said.
"""

from datetime import timedelta

from monitor.model.outcome import Outcome
from monitor.model.policy import ProbePolicy
from monitor.model.state import Outage, PlatformState
from monitor.model.verdict import CauseKind, FlagState
from monitor.rules import exercise_lines, reasons
from monitor.rules.quorum import Tally


def outage_on(known: Outage) -> str:
    """Say that the platform is down."""
    again = " again" if known.interruptions else ""
    lost = reasons.several(known.functions) if known.functions else "seen by other vantages"
    return f"{known.platform} is down{again}: {lost}, since {reasons.clock(known.opened_at)}"


def outage_off(known: Outage, why: str) -> str:
    """Say that the outage is over, and by what."""
    lost = reasons.several(known.functions) if known.functions else "the platform"
    until = known.ended_at or known.opened_at
    took = f"{reasons.span(until - known.opened_at)}, from {reasons.clock(known.opened_at)} to {reasons.clock(until)}"
    return f"{known.platform}: the outage is over, {lost} was down for {took}: {why}"


def flag_on(state: PlatformState) -> str:
    """Say that break-glass is raised, and by what."""
    by = reasons.several([f"{cause.kind} {cause.id}" for cause in state.causes if not cause.is_held_back])
    if state.flag.state is FlagState.EXERCISE:
        return exercise_lines.on(state)
    return f"{state.platform}: break-glass is READY, the platform is {state.verdict} ({by})"


def flag_off(state: PlatformState) -> str:
    """Say that break-glass is lowered."""
    held = state.acts.inhibition
    if held is not None:
        who = f"{held.by} and {held.confirmed_by}"
        return f"{state.platform}: break-glass is sealed, held closed by {who} until {reasons.clock(held.until)}"
    if any(cause.suspended and cause.kind is CauseKind.OUTAGE for cause in state.causes):
        return f"{state.platform}: break-glass is sealed until the outage is confirmed again: the monitor was away"
    return f"{state.platform}: break-glass is sealed again, the platform is {state.verdict}"


def unknown_on(platform: str, after: timedelta) -> str:
    """Say that nobody can tell."""
    return f"{platform}: can't tell whether it works, for {reasons.span(after)} now: decide by hand"


def unknown_off(state: PlatformState) -> str:
    """Say that one can tell again."""
    return f"{state.platform} can be judged again: it is {state.verdict}"


def minority_on(platform: str, tally: Tally) -> str:
    """Say that some see it down."""
    return f"{platform}: {tally.down} of {tally.configured} vantages see it down, too few to call it an outage"


def minority_off(state: PlatformState) -> str:
    """Say that no longer only some see it down."""
    return f"{state.platform}: the vantages no longer differ, it is {state.verdict}"


def degraded_on(state: PlatformState) -> str:
    """Say that it works, but not well."""
    return f"{state.platform} is degraded: {state.why}"


def degraded_off(state: PlatformState) -> str:
    """Say that it is no longer degraded."""
    return f"{state.platform} is no longer degraded, it is {state.verdict}"


def refused_on(platform: str, probe: ProbePolicy) -> str:
    """Say that our own credential is refused."""
    return (
        f"{platform}: our own credential is refused at probe {probe.name}, {probe.function} can't be measured with it"
    )


def refused_off(platform: str, probe: ProbePolicy) -> str:
    """Say that our own credential is taken again."""
    return f"{platform}: probe {probe.name} measures again, its credential is no longer refused"


def expiry_on(platform: str, probe: ProbePolicy, outcome: Outcome) -> str:
    """Say that a certificate ends soon."""
    ends = f" on {outcome.tls_expiry_at:%Y-%m-%d}" if outcome.tls_expiry_at else " soon"
    return f"{platform}: the certificate at probe {probe.name} ends{ends}, renew it"


def expiry_off(platform: str, probe: ProbePolicy) -> str:
    """Say that the certificate is good for longer."""
    return f"{platform}: the certificate at probe {probe.name} no longer ends soon"


def unwatched(platform: str, key: str) -> str:
    """Say that something told is not watched any more under its name."""
    return f"{platform}: {key} is no longer watched"


def judged_anew(platform: str, kind: str) -> str:
    """Say that what may have been told before holds no longer, whatever is found now."""
    return f"{platform}: what was told before ({kind}) is over, it is judged anew"
