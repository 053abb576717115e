"""A page as alerts of Alertmanager's API v2.

1. An alert is known by its labels, so they hold only what stays the same about the problem: text, times, who was told
   are annotations. They derive from the page alone: a restart does not change them.
2. `endsAt` is always set: of one that fires, so far ahead that it is sent again before (it ends by itself if the
   monitor is gone); of one that is over, when that was decided.
3. Severity is a label, because people route by it. Should a problem have been told under another severity, that alert
   ends too when the problem is over.
4. What is over is sent again until every instance would have let it lapse by itself: one that was not there when it
   was told must not go on firing.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from monitor.model.page import Page, PageContext, PageStatus, Severity
from monitor.rules import wording

Alert = Mapping[str, object]

_PREFIX: Final = "Glasswatch"


def alerts(page: Page, context: PageContext, now: datetime, ends_after: timedelta) -> Sequence[Alert]:
    """Return what Alertmanager is told of a page at an instant."""
    is_over = page.status is PageStatus.RESOLVED
    ends_at = page.decided_at if is_over else now + ends_after
    starts_at = _starts_at(page, context)
    told: dict[str, object] = {"annotations": _annotations(page, context), "endsAt": _time(ends_at)}
    if starts_at is not None and starts_at <= ends_at:
        told["startsAt"] = _time(starts_at)
    if context.status_page:
        told["generatorURL"] = context.status_page
    severities = tuple(Severity) if is_over else (page.severity,)
    return [{"labels": labels(page, context.deployment, severity), **told} for severity in severities]


def labels(page: Page, deployment: str, severity: Severity) -> Mapping[str, str]:
    """Return what an alert is known by."""
    found = {
        "alertname": _PREFIX + "".join(word.capitalize() for word in page.kind.value.split("_")),
        "deployment": deployment,
        "platform": page.platform,
        "kind": page.kind.value,
        "severity": severity.value,
        "dedup_key": page.dedup_key,
    }
    return {name: value for name, value in found.items() if value}


def is_upheld(page: Page, now: datetime, ends_after: timedelta) -> bool:
    """Whether a page that was taken is sent again."""
    return page.status is PageStatus.FIRING or now < page.decided_at + ends_after


def _starts_at(page: Page, context: PageContext) -> datetime | None:
    outage = context.outage
    if outage is not None and outage.id == page.outage:
        return outage.opened_at
    return page.decided_at if page.status is PageStatus.FIRING else None


def _annotations(page: Page, context: PageContext) -> Mapping[str, str]:
    found = {
        "summary": wording.headline(page, context),
        "description": wording.text(page, context),
        "runbook_url": context.procedure_url,
    }
    return {name: value for name, value in found.items() if value}


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
