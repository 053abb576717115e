"""A page as an event of PagerDuty's Events API v2.

1. The `dedup_key` is ours, so that a repeat joins the incident that is open. PagerDuty takes 255 characters of it: a
   longer one is cut and ends in its own digest, the same each time.
2. A page that is over is a `resolve`, which names the incident and nothing else: there is nothing in it to refuse.
3. What a person needs is in `custom_details`, by names that people read. Texts are cut to what PagerDuty takes; an
   event that it refuses as it is goes once more `plain`, without anything that may be left out.
4. Of the incidents under our key, the earliest acknowledgement is who has taken it on. Where there is none at all, not
   even one that somebody resolved, a page that should wake somebody was taken and lost.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from monitor.model.page import Page, PageContext, PageStatus, Severity
from monitor.model.told import Acknowledgement
from monitor.rules import severities, wording

LONGEST_KEY: Final = 255
LONGEST_SUMMARY: Final = 1024
_DIGEST: Final = 32
_LONGEST_NAME: Final = 200

Event = Mapping[str, object]


def event(page: Page, context: PageContext, routing_key: str, *, is_plain: bool = False) -> Event:
    """Return the event of a page."""
    found: dict[str, object] = {
        "routing_key": routing_key,
        "event_action": "resolve" if page.status is PageStatus.RESOLVED else "trigger",
        "dedup_key": dedup_key(page.dedup_key),
    }
    if page.status is PageStatus.RESOLVED:
        return found
    found["payload"] = _payload(page, context, is_plain=is_plain)
    if not is_plain:
        found["client"] = f"glasswatch {context.deployment}"
        if context.status_page:
            found["client_url"] = context.status_page
        links = list(_links(context))
        if links:
            found["links"] = links
    return found


def dedup_key(key: str) -> str:
    """Return a key that PagerDuty takes whole."""
    if len(key) <= LONGEST_KEY:
        return key
    digest = sha256(key.encode()).hexdigest()[:_DIGEST]
    return f"{key[: LONGEST_KEY - _DIGEST - 1]}#{digest}"


def acknowledgement(answer: object, channel: str) -> Acknowledgement | None:
    """Return who acknowledged first of what a list of incidents holds; None: nobody, or it can't be read."""
    incidents = answer.get("incidents") if isinstance(answer, dict) else None
    given = incidents if isinstance(incidents, list) else []
    found = [each for incident in given if isinstance(incident, dict) for each in _acknowledged(incident, channel)]
    return min(found, key=lambda each: each.at, default=None)


def is_lost(answer: object, page: Page) -> bool:
    """Whether a list of incidents says that nothing is known of a page. A ticket may be suppressed on purpose."""
    return isinstance(answer, dict) and answer.get("incidents") == [] and page.severity is Severity.PAGE


def _acknowledged(incident: Mapping[str, Any], channel: str) -> Iterable[Acknowledgement]:
    given = incident.get("acknowledgements")
    for each in given if isinstance(given, list) else ():
        who = each.get("acknowledger") if isinstance(each, dict) else None
        name = who.get("summary") if isinstance(who, dict) else None
        at = _instant(each.get("at")) if isinstance(each, dict) else None
        if at is not None and isinstance(name, str) and name:
            yield Acknowledgement(name[:_LONGEST_NAME], at, channel)


def _instant(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def _payload(page: Page, context: PageContext, *, is_plain: bool) -> Event:
    needed = {
        "summary": _cut(page.summary),
        "source": f"{context.deployment}/{context.vantage}",
        "severity": severities.for_pagerduty(page),
    }
    if is_plain:
        return needed
    details = dict(wording.facts(page, context))
    if context.procedure_text:
        details["What to do"] = wording.procedure(context)
    return needed | {
        "timestamp": page.decided_at.isoformat(),
        "component": page.platform or "glasswatch",
        "group": context.deployment,
        "class": page.kind.value,
        "custom_details": details,
    }


def _links(context: PageContext) -> Iterable[Event]:
    if context.procedure_url:
        yield {"href": context.procedure_url, "text": "Break-glass procedure"}
    if context.status_page:
        yield {"href": context.status_page, "text": "Status page of the monitor"}


def _cut(summary: str) -> str:
    return summary if len(summary) <= LONGEST_SUMMARY else summary[: LONGEST_SUMMARY - 1] + "…"
