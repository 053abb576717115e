"""What the monitor makes of an attempt, against what it held itself at that time (design 3.4).

1. Allowed by an order: expected, as the reader says. The monitor knows no orders, and the reason says so. Only a
   reader is believed in this: a person who reports by hand could cover their own way past it.
2. Allowed by the loud way past a reader, or by nobody knows what: unexpected.
3. Allowed by the flag: expected while it was ready; exercise while an exercise was in force and the person is among
   its principals; else unexpected. So is what a reader allowed although it judged standby itself.
   A cause that is held back, by a gap or by two persons, raises nothing.
4. Clocks differ: what was held within `SKEW` of the time told counts. A time further ahead than that, or one at which
   the monitor held nothing, is unexpected: what nobody can vouch for is never taken as expected.
5. Refused: on record, and nobody is woken, unless the flag was ready at that very time: then somebody is locked out.
   Nobody is who asked for a drill then, or showed a certificate that is not for this door: another one is open to them.
6. What was found in a log and not reported is unreported until its reader's time is up; then somebody got in past the
   reader.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from glasswatch.flag.document import TOLERANCE_MS
from glasswatch.flag.persons import is_same_person
from monitor.model.state import Cause
from monitor.model.use import CauseSpan, Decision, Held, Judgement, Report, Use, Via
from monitor.model.verdict import CauseKind, FlagState
from monitor.rules import reasons

SKEW = timedelta(milliseconds=TOLERANCE_MS)  # how far apart clocks may be: as in the flag's own rules

_NOT_THIS_DOOR = frozenset({"emergency", "certificate"})  # a reader's codes

_PAST_THE_READER = {
    Via.OVERRIDE: "the loud way past the reader was taken",
    Via.UNKNOWN: "nobody can say what let them in",
}


class Judged(NamedTuple):
    """A judgement, and why."""

    judgement: Judgement
    why: str


def judge(report: Report, held: Held, now: datetime) -> Judged:
    """Judge an attempt that a reader reported."""
    if report.decision is Decision.REFUSED:
        return _judge_refused(report, held, now)
    if report.via is Via.ORDER and report.is_by_hand:
        return Judged(Judgement.UNEXPECTED, "by an order, as a person says by hand: no reader vouches for it")
    if report.via is Via.ORDER:
        return Judged(Judgement.EXPECTED, "by an order, as the reader says: the monitor does not know orders")
    if report.via in _PAST_THE_READER:
        return Judged(Judgement.UNEXPECTED, _PAST_THE_READER[report.via])
    if report.state is FlagState.STANDBY:
        return Judged(Judgement.UNEXPECTED, "the reader let them in although it judged standby itself")
    return _judge_by_flag(report, held, now)


def judge_joined(use: Use, judged: Judged) -> Judged:
    """Judge an access that both its reader and a log tell of: where they name different persons nobody is covered."""
    named = [each.person for each in (use.report, use.finding) if each is not None and each.person is not None]
    if len(named) < len((use.report, use.finding)) or is_same_person(*named):
        return judged
    differ = f"the reader named {named[0]}, the log {named[1]}"
    return Judged(Judgement.UNEXPECTED, f"{judged.why}; {differ}")


def state_held(held: Held, since: datetime, until: datetime) -> tuple[FlagState, tuple[Cause, ...]]:
    """Return the most that the flag was raised to at any instant from `since` to `until`, and by which causes."""
    causes = tuple(each.cause for each in held.spans if _touches(each, since, until))
    raising = tuple(cause for cause in causes if cause.kind is not CauseKind.EXERCISE)
    if raising:
        return FlagState.READY, raising
    return (FlagState.EXERCISE, causes) if causes else (FlagState.STANDBY, ())


def _judge_refused(report: Report, held: Held, now: datetime) -> Judged:
    at = report.at
    if report.code in _NOT_THIS_DOOR:
        return Judged(Judgement.REFUSED, _with_code("refused, by a door that was not theirs", report))
    if at <= now + SKEW and held.is_known and state_held(held, at, at)[0] is FlagState.READY:
        return Judged(Judgement.LOCKED_OUT, _with_code("refused although break-glass was ready", report))
    return Judged(Judgement.REFUSED, _with_code("refused", report))


def _judge_by_flag(report: Report, held: Held, now: datetime) -> Judged:
    if report.at > now + SKEW:
        return Judged(Judgement.UNEXPECTED, "the time told lies in the future: what held then nobody knows")
    if not held.is_known:
        return Judged(Judgement.UNEXPECTED, "the monitor held nothing of it at that time: what held then nobody knows")
    state, causes = state_held(held, report.at - SKEW, report.at + SKEW)
    if state is FlagState.READY:
        by = reasons.several([f"{cause.kind} {cause.id}" for cause in causes])
        return Judged(Judgement.EXPECTED, f"break-glass was ready ({by})")
    if state is FlagState.STANDBY:
        return Judged(Judgement.UNEXPECTED, "break-glass was on standby")
    principals = {name for cause in causes for name in cause.principals}
    if report.person is not None and any(is_same_person(report.person, name) for name in principals):
        return Judged(Judgement.EXERCISE, f"in an exercise ({reasons.several([cause.id for cause in causes])})")
    return Judged(Judgement.UNEXPECTED, "an exercise was in force, and they are not among its principals")


def _touches(span: CauseSpan, since: datetime, until: datetime) -> bool:
    """Whether a cause was in force at any instant from `since` to `until`. Its span is half-open."""
    ends = [end for end in (span.until, span.cause.until) if end is not None]
    return not span.cause.is_held_back and span.since <= until and all(end > max(since, span.since) for end in ends)


def _with_code(text: str, report: Report) -> str:
    return f"{text} ({report.code})" if report.code else text
