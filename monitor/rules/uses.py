"""A use of break-glass from its first word on: no access through break-glass goes unlogged.

1. Every attempt is one use, whoever tells of it and in whatever order; told again, nothing changes. A reader's report
   and a watcher's finding of one access are joined.
2. Every use that was allowed pages at once and is open until people closed it (`use_saying`).
3. Whose access it was may be known only later: what turns out to have been said by themselves is void, and the use
   is open again.
4. What was once found critical stays critical, whatever is told later; people class it.
5. A finding that no reader reported within `grace` is a way past the reader: critical. A report that no watcher found
   where one looks is noted, no more: logs are late.
6. A refusal while break-glass was ready is open until somebody classed it; others at that reader join the open one.
7. An open use pages again every `remind_every`.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from monitor.model.page import Page
from monitor.model.use import (
    Circumstances,
    Decision,
    Finding,
    Happening,
    Judgement,
    Report,
    Use,
    UsePolicy,
    UseStep,
)
from monitor.rules import reasons, use_pages
from monitor.rules.use_audit import entries
from monitor.rules.use_judgement import SKEW, Judged, judge, judge_joined
from monitor.rules.use_matching import finding_for, is_id_taken, known_as, report_for, twin_id
from monitor.rules.use_saying import without_own

_LATE = 2 * SKEW


def reported(report: Report, by: str, around: Circumstances, policy: UsePolicy) -> UseStep | None:
    """Take in what a reader reported, as `by` handed it in; None: it was known."""
    if known_as(report, around.known) is not None:
        return None
    is_taken = is_id_taken(report, around.known)
    found = None if is_taken else finding_for(report, around.known, policy.match_within)
    if found is not None:
        return _joined(_with_report(found, report, around), found, by, policy, around.now)
    judged = judge(report, around.held, around.now)
    if is_taken and report.decision is Decision.ALLOWED:
        judged = Judged(Judgement.UNEXPECTED, "its id was used before, for another attempt")
    use = Use(
        id=twin_id(report) if is_taken else report.id,
        platform=report.platform,
        at=report.at,
        received_at=around.now,
        decision=report.decision,
        person=report.person,
        target=report.target,
        judgement=judged.judgement,
        why=_and_late(judged.why, report.at, around.now),
        needs_closing=_needs_closing(report, judged.judgement, around.known),
        report=report,
    )
    page = use_pages.firing(use, policy.deployment, around.now) if use.needs_closing else None
    return _step(use, Happening.REPORTED, page, by, around.now)


def found(finding: Finding, around: Circumstances, policy: UsePolicy) -> UseStep | None:
    """Take in what a watcher found; None: it was known."""
    now = around.now
    if any(use.finding is not None and use.finding.id == finding.id for use in around.known):
        return None
    known = report_for(finding, around.known, policy.match_within)
    if known is not None:
        after = replace(known, finding=finding, person=known.person or finding.person, note="")
        judged = judge_joined(after, Judged(known.judgement, known.why))
        after = replace(after, judgement=judged.judgement, why=judged.why)
        return _joined(after, known, finding.watcher, policy, now)
    use = Use(
        id=finding.id,
        platform=finding.platform,
        at=finding.at,
        received_at=now,
        decision=Decision.ALLOWED,
        person=finding.person,
        target=finding.target,
        judgement=Judgement.UNREPORTED,
        why=_and_late(f"found in a log by {finding.watcher}, and no reader has reported it yet", finding.at, now),
        needs_closing=True,
        finding=finding,
    )
    return _step(use, Happening.FOUND, use_pages.firing(use, policy.deployment, now), finding.watcher, now)


def due(use: Use, covered: Collection[tuple[str, str]], policy: UsePolicy, now: datetime) -> UseStep | None:
    """Return what time alone leads to for an open use; None: nothing yet.

    `covered` are the platforms and targets whose log a watcher sees now.
    """
    is_grace_over = now >= use.received_at + policy.grace
    if use.judgement is Judgement.UNREPORTED and is_grace_over:
        watcher = use.finding.watcher if use.finding is not None else "a watcher"
        why = f"found in a log by {watcher}, and no reader reported it within {reasons.span(policy.grace)}"
        critical = replace(use, judgement=Judgement.UNEXPECTED, why=f"{why}: somebody got in past the reader")
        page = use_pages.firing(critical, policy.deployment, now)
        return _step(critical, Happening.UNREPORTED, page, "", now)
    if is_grace_over and _is_missed(use, covered):
        noted = replace(use, note=f"reported, but not found in the log within {reasons.span(policy.grace)}")
        return _step(noted, Happening.NOTED, None, "", now)
    if use.is_open and now >= (use.paged_at or use.received_at) + policy.remind_every:
        return _step(use, Happening.REMINDED, use_pages.reminder(use, policy.deployment, now), "", now)
    return None


def _with_report(use: Use, report: Report, around: Circumstances) -> Use:
    """Return a use that was found in a log, with its report."""
    person = report.person or use.person
    judged = judge(replace(report, person=person), around.held, around.now)
    if use.is_critical:
        waited = reasons.span(around.now - use.received_at)
        judged = Judged(use.judgement, f"{use.why}; reported after {waited}: {judged.why}")
    judged = judge_joined(replace(use, report=report), judged)
    return replace(use, report=report, person=person, judgement=judged.judgement, why=judged.why)


def _joined(after: Use, before: Use, by: str, policy: UsePolicy, now: datetime) -> UseStep:
    """Return the step that joins the two sides of an access: it pages if it got worse by it, or is open again."""
    after = without_own(after)
    is_news = (after.is_critical and not before.is_critical) or (after.is_open and not before.is_open)
    page = use_pages.firing(after, policy.deployment, now) if is_news else None
    return _step(after, Happening.JOINED, page, by, now)


def _needs_closing(report: Report, judgement: Judgement, known: Iterable[Use]) -> bool:
    if judgement is not Judgement.LOCKED_OUT:
        return report.decision is Decision.ALLOWED
    return not any(
        use.is_open
        and use.judgement is Judgement.LOCKED_OUT
        and use.report is not None
        and (use.platform, use.report.reader) == (report.platform, report.reader)
        for use in known
    )


def _is_missed(use: Use, covered: Collection[tuple[str, str]]) -> bool:
    is_alone = use.report is not None and use.finding is None and use.decision is Decision.ALLOWED
    return is_alone and not use.note and (use.platform, use.target) in covered


def _and_late(why: str, at: datetime, now: datetime) -> str:
    return f"{why}; told {reasons.span(now - at)} later" if now - at > _LATE else why


def _step(use: Use, happening: Happening, page: Page | None, by: str, now: datetime) -> UseStep:
    if page is not None:
        use = replace(use, paged_at=now)
    return UseStep(use, happening, page, entries(use, happening, page, by, now))
