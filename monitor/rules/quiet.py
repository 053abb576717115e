"""When nothing but good outcomes would change nothing but times, so that whoever replays years may pass them by.

1. A probe is quiet while it is good, no bad outcome is being confirmed or waits to be counted, and fewer of its last
   outcomes were bad than could ever make it unsteady: one more good scheduled outcome then only moves the record on.
2. A platform is quiet while it is up with all its probes quiet, and nothing is left of an outage, a cause, a page or an
   act: no time that passes changes anything but what it wakes up for.
3. `passed_by` is what `reduce.advance` makes of the same good outcomes one by one, but for `wake_at`, which may be any
   lower bound. That holds while no probe went unmeasured for so long that it turned stale; the caller sees to that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.model.act import Acts
from monitor.model.outcome import Reason
from monitor.model.policy import PlatformPolicy
from monitor.model.state import PlatformState, ProbeState
from monitor.model.verdict import Phase, Verdict
from monitor.rules import deadlines
from monitor.rules.probe import HISTORY, UNSTEADY_BAD, round_is_on

_ALL = (1 << HISTORY) - 1
_NO_ACTS = Acts()


@dataclass(frozen=True, slots=True)
class Passed:
    """Good scheduled outcomes of one probe that follow one another: how many, when the last ended, what it told."""

    count: int
    ended_at: datetime
    detail: str


def is_quiet(state: PlatformState) -> bool:
    """Whether good outcomes in time change nothing but times."""
    return (
        state.verdict is Verdict.UP
        and not state.blind
        and state.outage is None
        and not state.causes
        and not state.firing
        and state.acts == _NO_ACTS
        and all(_probe_is_quiet(probe) for probe in state.probes.values())
    )


def passed_by(
    state: PlatformState, policy: PlatformPolicy, passed: Mapping[str, Passed], now: datetime
) -> PlatformState:
    """Return a quiet state after these good outcomes, by probe, all of which ended by now."""
    moved = {name: _moved(state.probes[name], each) for name, each in passed.items()}
    after = replace(state, probes={**state.probes, **moved})
    return replace(after, wake_at=deadlines.wake_at(after, policy, policy.probes.values(), now))


def _probe_is_quiet(probe: ProbeState) -> bool:
    return (
        probe.phase is Phase.GOOD
        and not round_is_on(probe)
        and probe.suspect_since is None
        and not probe.pending_bad
        and not probe.warnings
        and probe.recent.bit_count() < UNSTEADY_BAD
    )


def _moved(probe: ProbeState, passed: Passed) -> ProbeState:
    return replace(
        probe,
        recent=(probe.recent << min(passed.count, HISTORY)) & _ALL,
        recent_count=min(probe.recent_count + passed.count, HISTORY),
        conclusive_at=passed.ended_at,
        last_at=passed.ended_at,
        last_reason=Reason.OK,
        last_detail=passed.detail,
    )
