"""What the audit keeps of a run of a drill: who told what of it, and whom it woke. Every head is in it."""

from datetime import datetime

from monitor.model.drill import DrillRun, JournalHead, RunHappening
from monitor.model.page import Page
from monitor.model.record import AuditEntry
from monitor.rules.audit import ACTOR

Body = dict[str, object]
_ENDED = frozenset({RunHappening.CLOSED, RunHappening.CLEANED})


def entries(
    run: DrillRun, happening: RunHappening, page: Page | None, by: str, now: datetime
) -> tuple[AuditEntry, ...]:
    """Return the audit's lines for what became of a run; `by` is empty where time alone led to it."""
    if happening is RunHappening.ALIVE:
        return ()  # nothing changed
    lines = [AuditEntry(f"drill_{happening}", by or ACTOR, _body(run, happening, now), now)]
    if page is not None:
        told: Body = {"id": page.id, "kind": page.kind, "status": page.status, "reason": page.reason}
        lines.append(AuditEntry("page", ACTOR, {"platform": run.opening.platform, **told}, now))
    return tuple(lines)


def equivocated(run: DrillRun, head: JournalHead, known_hash: str, by: str, now: datetime) -> AuditEntry:
    """Return the line that says that one entry of a journal was told of with two hashes."""
    body: Body = {**_run(run), "seq": head.seq, "hash": head.hash, "known_hash": known_hash}
    return AuditEntry("drill_equivocation", by, body, now)


def _body(run: DrillRun, happening: RunHappening, now: datetime) -> Body:
    body: Body = {**_run(run), "seq": run.head.seq, "hash": run.head.hash}
    opening = run.opening
    if happening is RunHappening.OPENED:
        body |= {
            "operator": opening.operator,
            "scenario_sha256": opening.scenario_sha256,
            "real": opening.is_real,
            "until": opening.until.isoformat(),
        }
    if happening in _ENDED:
        last = run.closings[-1]
        body |= {
            "verdict": run.verdict,
            "told_verdict": last.verdict,
            "why": last.why,
            "residue": list(last.residue),
            "late": now >= opening.until,
            "by_hand": last.by_hand,
        }
    return body


def _run(run: DrillRun) -> Body:
    return {"platform": run.opening.platform, "run": run.id, "scenario": run.opening.scenario}
