"""Which report of a reader and which finding of a watcher tell of the same access.

1. The same id: of the use, of the report, or of the reader's own id as the log holds it.
2. Else the same platform and target, allowed, and within `match_within` of each other; persons must not differ, but
   either may be unknown.
3. Each report goes with one finding at most, the nearest in time: a second access in the log that no reader reported
   is not hidden by the first.
4. A report with a known id that says something else, or judged another state of the flag, or that it happened more than
   `SAME_ATTEMPT` apart, is another attempt, kept beside the first under an id of its own: nobody can hide an access
   behind the id of a refusal, nor behind that of an earlier access or of a drill.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from glasswatch.flag.persons import is_same_person
from monitor.model.use import Decision, Finding, Report, Use, UseQuery

# A gateway keeps one id for a quarter of an hour for what it decides alike; one told again by hand tells a later time.
SAME_ATTEMPT = timedelta(minutes=20)
_SHOWN = 8


def twin_id(report: Report) -> str:
    """Return the id under which a report is kept whose own id was used for another attempt."""
    told = "\0".join(str(part) for part in (*_told(report), report.at.isoformat()))
    return f"{report.id}~{hashlib.sha256(told.encode('utf-8', 'surrogatepass')).hexdigest()[:_SHOWN]}"


def known_as(report: Report, known: Iterable[Use]) -> Use | None:
    """Return the use that is already known by this very report; None if there is none."""
    return next((use for use in known if use.report is not None and _is_the_same(use.report, report)), None)


def is_id_taken(report: Report, known: Iterable[Use]) -> bool:
    """Whether another attempt was reported under the report's id."""
    return any(use.report is not None and use.report.id == report.id for use in known)


def around(item: Report | Finding, within: timedelta) -> UseQuery:
    """Return what to ask the store for to find the other side of an access."""
    return UseQuery(
        platform=item.platform,
        target=item.target,
        since_at=_shifted(item.at, -within),
        until_at=_shifted(item.at, within),
    )


def finding_for(report: Report, near: Iterable[Use], within: timedelta) -> Use | None:
    """Return the use that was found in a log and that this report tells of."""
    if report.decision is not Decision.ALLOWED:
        return None
    unreported = [use for use in near if use.finding is not None and use.report is None]
    named = [use for use in unreported if use.finding is not None and use.finding.attempt == report.id]
    return _nearest(report, named or [use for use in unreported if _fits(report, use, within)])


def report_for(finding: Finding, near: Iterable[Use], within: timedelta) -> Use | None:
    """Return the use that was reported and that this finding tells of."""
    unfound = [use for use in near if use.finding is None and use.report is not None and _is_allowed(use)]
    named = [use for use in unfound if use.report is not None and use.report.id == finding.attempt]
    return _nearest(finding, named or [use for use in unfound if _fits(finding, use, within)])


def _fits(item: Report | Finding, use: Use, within: timedelta) -> bool:
    if (item.platform, item.target) != (use.platform, use.target) or abs(item.at - use.at) > within:
        return False
    return item.person is None or use.person is None or is_same_person(item.person, use.person)


def _nearest(item: Report | Finding, uses: Iterable[Use]) -> Use | None:
    return min(uses, key=lambda use: (abs(use.at - item.at), use.id), default=None)


def _is_allowed(use: Use) -> bool:
    return use.decision is Decision.ALLOWED


def _is_the_same(one: Report, other: Report) -> bool:
    return _told(one) == _told(other) and abs(one.at - other.at) <= SAME_ATTEMPT


def _told(report: Report) -> tuple[object, ...]:
    """Return what makes a report this one, but for its time. What a reader adds does not."""
    return (
        report.id,
        report.platform,
        report.reader,
        report.person,
        report.second,
        report.login,
        report.target,
        report.decision.value,
        report.via.value,
        None if report.state is None else report.state.value,
    )


def _shifted(at: datetime, by: timedelta) -> datetime:
    """Return the time moved, no further than times go."""
    try:
        return at + by
    except OverflowError:
        return at
