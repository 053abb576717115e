"""What the audit keeps of a use: who told what of whose access, what was made of it, and whom it woke.

A note is kept where a person said it: it is their word. What a reader adds in words stays with the use alone.
"""

from datetime import datetime

from monitor.model.page import Page
from monitor.model.record import AuditEntry
from monitor.model.use import Happening, Use
from monitor.rules.audit import ACTOR

Body = dict[str, object]


def entries(use: Use, happening: Happening, page: Page | None, by: str, now: datetime) -> tuple[AuditEntry, ...]:
    """Return the audit's lines for what became of a use; `by` is empty where time alone led to it."""
    lines = [AuditEntry(f"use_{happening}", by or ACTOR, _body(use), now)]
    if page is not None:
        told: Body = {"id": page.id, "kind": page.kind, "status": page.status, "reason": page.reason}
        lines.append(AuditEntry("page", ACTOR, {"platform": use.platform, **told}, now))
    return tuple(lines)


def _body(use: Use) -> Body:
    report, finding = use.report, use.finding
    return {
        "platform": use.platform,
        "use": use.id,
        "at": use.at.isoformat(),
        "person": use.person,
        "second": use.second,
        "login": report.login if report else None,
        "target": use.target,
        "decision": use.decision,
        "judgement": use.judgement,
        "why": use.why,
        "reader": report.reader if report else None,
        "via": report.via if report else None,
        "code": report.code if report else None,
        "run": report.run if report else None,
        "watcher": finding.watcher if finding else None,
        "class": use.classing.kind if use.classing else None,
        "class_note": use.classing.said.note if use.classing else None,
        "rotated_by": use.rotation.by if use.rotation else None,
        "rotated_note": use.rotation.note if use.rotation else None,
        "note": use.note,
        "open": use.is_open,
    }
