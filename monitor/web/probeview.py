"""Decides how one probe is shown.

1. A blind vantage, a probe never measured, one not measured lately, one that must be confirmed again: all unknown.
2. Confirmed bad is bad; a bad outcome that is not confirmed yet is a warning, with how far its confirmation is.
3. Good only if believed good, measured lately, its last outcome good and without warnings.
"""

from collections.abc import Iterator
from datetime import datetime

from glasswatch import visible
from monitor.model.outcome import Reason
from monitor.model.policy import ProbePolicy
from monitor.model.state import ProbeState
from monitor.model.verdict import Phase
from monitor.web import phrases
from monitor.web.pageview import Mark, ProbeView, Tone
from monitor.web.seen import Seen


def probe_view(policy: ProbePolicy, held: ProbeState | None, seen: Seen, *, is_blind: bool) -> ProbeView:
    """Return the probe as shown; `held` None: nothing is known of it yet."""
    probe = held if held is not None else ProbeState(fingerprint="")
    return ProbeView(
        name=visible.line(policy.name),
        mark=_mark(policy, probe, seen.now, is_blind=is_blind),
        detail=visible.line(probe.last_detail),
        measured=seen.maybe(probe.last_at),
        notes=tuple(_notes(policy, probe)),
    )


def is_overdue(policy: ProbePolicy, probe: ProbeState, now: datetime) -> bool:
    """Whether what the probe found last is too long ago to be believed."""
    return probe.last_at is not None and now - probe.last_at > 3 * policy.interval + policy.timeout


def _mark(policy: ProbePolicy, probe: ProbeState, now: datetime, *, is_blind: bool) -> Mark:
    if probe.last_reason is None or probe.last_at is None:
        return Mark(Tone.UNKNOWN, "not measured yet")
    word = phrases.reason(probe.last_reason)
    if is_blind:
        return Mark(Tone.UNKNOWN, f"not believed: {word}")
    if probe.needs_reconfirm:
        return Mark(Tone.UNKNOWN, "must be confirmed again")
    if is_overdue(policy, probe, now):
        return Mark(Tone.UNKNOWN, "not measured lately")
    if probe.last_reason in phrases.NOT_MEASURED or probe.last_reason in phrases.SKIPPED:
        return Mark(Tone.UNKNOWN, word)
    return Mark(_tone(probe), word)


def _tone(probe: ProbeState) -> Tone:
    if probe.phase is Phase.UNPROVEN:
        return Tone.UNKNOWN
    if probe.phase is Phase.BAD:
        return Tone.WARN if probe.last_reason is Reason.OK else Tone.BAD  # it comes back
    is_doubtful = probe.round_bad > 0 or probe.last_reason is not Reason.OK or probe.warnings
    return Tone.WARN if is_doubtful else Tone.GOOD


def _notes(policy: ProbePolicy, probe: ProbeState) -> Iterator[str]:
    if not policy.critical:
        yield "not critical"
    if phrases.PHASE_NOTES[probe.phase] and probe.last_reason is not None:
        yield phrases.PHASE_NOTES[probe.phase]
    if probe.round_bad:
        yield f"bad {probe.round_bad} of {policy.confirm_attempts}: being confirmed"
    if probe.phase is Phase.BAD and probe.good_run:
        yield f"good {probe.good_run} of {policy.recover}: coming back"
    if probe.warnings:
        yield "warning: " + ", ".join(warning.value.replace("_", " ") for warning in probe.warnings)
