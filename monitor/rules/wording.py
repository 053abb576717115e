"""What a page says: the body that the webhook sends, and the same as plain text.

1. A person at 3 a.m. reads, in this order: what can't be done, since when, may I break the glass, the procedure.
2. Whether the glass may be broken is told as of sending, from the flag: `ready` permits, `standby` and `exercise`
   don't, an unknown flag is never turned into either. While two persons hold it closed, they are named.
3. What could not be recorded says so. A page about no platform (our own store) speaks of nobody's flag.
4. Maintenance that is in force when the page is sent is named, whatever the page is about.
5. Times are UTC with a Z. Members are always present; what there is nothing to say about is null.
6. The procedure's text is cut at 8,000 characters and then says where the whole stands.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from monitor.model.page import Page, PageContext, PageStatus, Severity
from monitor.model.state import Outage
from monitor.model.verdict import FlagState
from monitor.rules import reasons

LONGEST_PROCEDURE = 8000  # Standard Webhooks advises bodies under 20 kB

Body = Mapping[str, object]

_PERMITTED = {FlagState.READY: True, FlagState.STANDBY: False, FlagState.EXERCISE: False, None: None}
_ADVICE = {
    FlagState.READY: "Yes: break-glass is ready. Follow the procedure.",
    FlagState.STANDBY: "No: break-glass is sealed.",
    FlagState.EXERCISE: "No: an exercise is under way, and only its principals may use break-glass.",
    None: "Not known: the flag could not be read. Check the published flag, or decide by hand.",
}


def body(page: Page, context: PageContext) -> Body:
    """Return the webhook's body: JSON values only, described in docs/reference/channels.md."""
    return {
        "kind": page.kind.value,
        "severity": page.severity.value,
        "status": page.status.value,
        "platform": page.platform,
        "dedup_key": page.dedup_key,
        "summary": page.summary,
        "reason": page.reason,
        "outage": _outage(page, context.outage),
        "break_glass": {
            "state": context.flag.value if context.flag else None,
            "permitted": _PERMITTED[context.flag],
            "advice": _advice(page, context),
        },
        "procedure": {"url": context.procedure_url, "text": _procedure(context)},
        "maintenance": [{"window": each.label, "until": _time(each.until)} for each in context.maintenance],
        "deployment": context.deployment,
        "vantage": context.vantage,
        "decided_at": _time(page.decided_at),
        "unrecorded": page.unrecorded,
        "critical": page.critical,
    }


def text(page: Page, context: PageContext) -> str:
    """Return the page as plain text, one fact a line, the procedure last."""
    is_over = page.status is PageStatus.RESOLVED
    about = f"{context.deployment}/{page.platform}".rstrip("/")
    lines = [f"{'RESOLVED' if is_over else _URGENCY[page.severity]} {about}: {page.summary}", f"Why: {page.reason}"]
    outage = context.outage
    if outage is not None and outage.id == page.outage:
        lines += _over(outage) if is_over else _ongoing(outage)
    lines.append(f"May I break the glass? {_advice(page, context)}")
    lines += [f"Maintenance {each.label} is in force until {_time(each.until)}" for each in context.maintenance]
    lines.append(f"Decided {_time(page.decided_at)}, seen from {context.vantage}, key {page.dedup_key}")
    if page.unrecorded:
        lines.append("Not recorded: the store could not be written when this was decided.")
    if context.procedure_url:
        lines.append(f"Procedure: {context.procedure_url}")
    procedure = _procedure(context)
    if procedure:
        lines += ["", procedure]
    return "\n".join(lines)


def _advice(page: Page, context: PageContext) -> str:
    if not page.platform:
        return "This page is about no platform; each platform's own flag says."
    held = context.inhibition
    if held is not None and context.flag is FlagState.STANDBY:
        until = reasons.clock(held.until)
        return f"No: {held.by} and {held.confirmed_by} hold it closed until {until}, whatever is down."
    return _ADVICE[context.flag]


_URGENCY = {Severity.PAGE: "PAGE", Severity.TICKET: "TICKET"}


def _outage(page: Page, outage: Outage | None) -> Body | None:
    if page.outage is None:
        return None
    if outage is None or outage.id != page.outage:
        # The outage itself is no longer at hand; its id still joins what belongs together.
        return {"id": page.outage, "opened_at": None, "confirmed_at": None, "ended_at": None, "functions": []}
    return {
        "id": outage.id,
        "opened_at": _time(outage.opened_at),
        "confirmed_at": _time(outage.confirmed_at),
        "ended_at": _time(outage.ended_at) if outage.ended_at else None,
        "functions": list(outage.functions),
    }


def _ongoing(outage: Outage) -> list[str]:
    return [f"Can't be done: {', '.join(outage.functions)}", f"Since: {_time(outage.opened_at)}"]


def _over(outage: Outage) -> list[str]:
    until = _time(outage.ended_at) if outage.ended_at else "now"
    return [f"Could not be done: {', '.join(outage.functions)} from {_time(outage.opened_at)} to {until}"]


def _procedure(context: PageContext) -> str:
    whole = context.procedure_text.strip()
    if len(whole) <= LONGEST_PROCEDURE:
        return whole
    return f"{whole[:LONGEST_PROCEDURE]}\n[cut; the whole text: {context.procedure_url}]"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
