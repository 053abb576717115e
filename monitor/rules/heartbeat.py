"""What silence is worth, and what a beat is.

1. Good: the last beat came within `every` and `grace`, and said that all is well; bad, `answer`, if that it failed.
2. Bad, `silent`: we listened for longer than that without a break, and heard nothing.
3. Not measured, `not_listened`: neither. Who was away (not running, blind, asleep) can't tell silence from its own
   absence, so that the time counts anew from when it is back.
4. For "it came in time" the clock and the monotonic reading must agree; for "we listened for so long" the reading alone
   counts, which stands still while the machine sleeps. A clock that leaps makes nothing good, and nothing bad.
5. A beat that an earlier run heard is known by the clock only; one from the future was never heard.
6. On record is what changes: the first beat, one after silence, well after failed and failed after well. Not each one.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from glasswatch.durations import render
from monitor.model.beat import Beat, Listening, Rhythm
from monitor.model.outcome import OutcomeKind, Reason
from monitor.model.record import AuditEntry
from monitor.rules.expect import Judgement


class Pulse(StrEnum):
    """How a heartbeat is, as it stands in the audit."""

    WELL = "well"
    FAILED = "failed"
    SILENT = "silent"
    UNKNOWN = "unknown"  # not heard lately, and not listened to for long enough


def pulse(rhythm: Rhythm, heard: Listening, now: datetime, reading: float) -> Pulse:
    """Return how a heartbeat is at an instant, which both clocks give."""
    last = heard.last
    if last is not None and _came_in_time(rhythm, last, now, reading):
        return Pulse.WELL if last.is_well else Pulse.FAILED
    from_beat = last.reading if last is not None and last.reading is not None else heard.reading
    listened = timedelta(seconds=reading - max(from_beat, heard.reading))
    return Pulse.SILENT if listened > rhythm.longest else Pulse.UNKNOWN


def judge(rhythm: Rhythm, heard: Listening, now: datetime, reading: float) -> Judgement:
    """Return what a look at a heartbeat is worth."""
    when = f"at {_stamp(heard.last.at)}" if heard.last is not None else ""
    last = f"last heard {when}" if when else "never heard"
    match pulse(rhythm, heard, now, reading):
        case Pulse.WELL:
            return Judgement(OutcomeKind.GOOD, Reason.OK, f"heard {when}")
        case Pulse.FAILED:
            return Judgement(OutcomeKind.BAD, Reason.ANSWER, f"it said {when} that it failed")
        case Pulse.SILENT:
            allowed = f"every {render(rhythm.every)}, with {render(rhythm.grace)} of grace"
            return Judgement(OutcomeKind.BAD, Reason.SILENT, f"{last}, expected {allowed}")
        case Pulse.UNKNOWN:
            told = f"silence is known after {render(rhythm.longest)}"
            detail = f"{last}, listened for since {_stamp(heard.since)}: {told}"
            return Judgement(OutcomeKind.NOT_MEASURED, Reason.NOT_LISTENED, detail)


def audited(name: str, by: str, was: Pulse, beat: Beat, *, is_first: bool) -> AuditEntry | None:
    """Return what stands in the audit of a beat; None where it changes nothing."""
    now = Pulse.WELL if beat.is_well else Pulse.FAILED
    if was is now:
        return None
    body = {"heartbeat": name, "was": "never heard" if is_first else was.value, "now": now.value}
    return AuditEntry("heartbeat", by, body, beat.at)


def _came_in_time(rhythm: Rhythm, beat: Beat, now: datetime, reading: float) -> bool:
    by_clock = now - beat.at
    if beat.reading is None:
        return timedelta(0) <= by_clock <= rhythm.longest
    return max(by_clock, timedelta(seconds=reading - beat.reading)) <= rhythm.longest


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%SZ}"
