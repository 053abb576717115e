"""What a page says: the body that the webhook sends, and the same as facts and plain text for everybody else.

1. A person at 3 a.m. reads, in this order: what can't be done, since when, may I break the glass, the procedure, who
   has taken it on and who else was told. What only explains comes after that.
2. Whether the glass may be broken is told as of sending, from the flag: `ready` permits, `standby` and `exercise`
   don't, an unknown flag is never turned into either. While two persons hold it closed, they are named.
3. What could not be recorded says so. A page about no platform (our own store) speaks of nobody's flag.
4. Maintenance that is in force when the page is sent is named, whatever the page is about; so is an exercise that
   raises the flag then: whose drill it is, until when, and who alone may break the glass. What an exercise had sent in
   the way of an outage names it also when it is over: a machine that takes such pages must not take it for one.
5. Times are UTC with a Z. Members are always present; what there is nothing to say about is null.
6. The procedure's text is cut at 8,000 characters and then says where the whole stands.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from monitor.model.exercise import Exercise
from monitor.model.page import Page, PageContext, PageStatus, Severity
from monitor.model.state import Outage
from monitor.model.told import Acknowledgement, Reach, Told
from monitor.model.verdict import FlagState
from monitor.rules import exercise_lines, reasons

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
        "procedure": {"url": context.procedure_url, "text": procedure(context)},
        "maintenance": [{"window": each.label, "until": _time(each.until)} for each in context.maintenance],
        "exercise": _exercise(context.own_exercise or context.exercise),
        "deployment": context.deployment,
        "vantage": context.vantage,
        "told": [_told(each) for each in context.told],
        "acknowledged": _acknowledged(context.acknowledged),
        "status_page": context.status_page or None,
        "decided_at": _time(page.decided_at),
        "unrecorded": page.unrecorded,
        "critical": page.critical,
    }


def text(page: Page, context: PageContext) -> str:
    """Return the page as plain text: what it is about, then one fact a line, the procedure last."""
    known = facts(page, context).items()
    lines = [headline(page, context), *(f"{name}{'' if name.endswith('?') else ':'} {said}" for name, said in known)]
    to_do = procedure(context)
    if to_do:
        lines += ["", to_do]
    return "\n".join(lines)


def headline(page: Page, context: PageContext) -> str:
    """Return the one line that stands alone: how urgent it is, whose it is, and what happened."""
    urgency = "RESOLVED" if page.status is PageStatus.RESOLVED else _URGENCY[page.severity]
    gist = page.summary.removeprefix(f"{page.platform}: ")  # said once: it stands in what goes before
    return f"{urgency} {context.deployment}/{page.platform}".rstrip("/") + f": {gist}"


def facts(page: Page, context: PageContext) -> Mapping[str, str]:
    """Return what there is to know, under names that people read, in the order in which they need it."""
    found: dict[str, str] = {}
    outage = context.outage
    if outage is not None and outage.id == page.outage:
        found |= _over(outage) if page.status is PageStatus.RESOLVED else _ongoing(outage)
    found |= {_GLASS: _advice(page, context)} if page.platform else {}
    drill = _drill(context)
    if drill:
        found["Exercise"] = drill
    if context.maintenance:
        windows = (f"{each.label}, until {_clock(each.until)}" for each in context.maintenance)
        found["Maintenance in force"] = "; ".join(windows)
    if context.procedure_url:
        found["Procedure"] = context.procedure_url
    if context.acknowledged is not None:
        by = context.acknowledged
        found["Acknowledged"] = f"by {by.by} at {reasons.clock(by.at)}, through {by.channel}"
    if context.told:
        found["Who is told"] = ", ".join(map(_reach, context.told))
    found["Why"] = page.reason
    found.setdefault(_GLASS, _advice(page, context))  # of a page about no platform it is not what is asked first
    if page.critical:
        found["Critical"] = "this use of break-glass should not have been"
    if page.unrecorded:
        found["Not recorded"] = "the store could not be written when this was decided"
    if context.status_page:
        found["Status page"] = context.status_page
    found["Decided"] = f"{_clock(page.decided_at)}, seen from {context.vantage}, key {page.dedup_key}"
    return found


def _advice(page: Page, context: PageContext) -> str:
    if not page.platform:
        return "This page is about no platform; each platform's own flag says."
    held = context.inhibition
    if held is not None and context.flag is FlagState.STANDBY:
        until = reasons.clock(held.until)
        return f"No: {held.by} and {held.confirmed_by} hold it closed until {until}, whatever is down."
    if context.exercise is not None:
        return f"No: this is an exercise, and {exercise_lines.only_for(context.exercise)}."
    return _ADVICE[context.flag]


_GLASS = "May I break the glass?"
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


def _drill(context: PageContext) -> str:
    if context.exercise is not None:
        return f"this is a drill, no outage: {exercise_lines.only_for(context.exercise)}"
    own = context.own_exercise
    return f"this was a drill, no outage: {own.wish.run}, which is over" if own is not None else ""


def _exercise(held: Exercise | None) -> Body | None:
    if held is None:
        return None
    return {
        "id": held.id,
        "run": held.wish.run,
        "by": held.by,
        "principals": list(held.wish.principals),
        "targets": list(held.wish.targets),
        "until": _time(held.until),
    }


def _told(told: Told) -> Body:
    at = _time(told.at) if told.at is not None else None
    return {"channel": told.channel, "reach": told.reach.value, "at": at, "is_fallback": told.is_fallback}


def _acknowledged(by: Acknowledgement | None) -> Body | None:
    return None if by is None else {"by": by.by, "at": _time(by.at), "channel": by.channel}


def _ongoing(outage: Outage) -> dict[str, str]:
    return {"Can't be done": _lost(outage), "Since": _clock(outage.opened_at)}


def _over(outage: Outage) -> dict[str, str]:
    until = _clock(outage.ended_at) if outage.ended_at else "now"
    return {"Could not be done": f"{_lost(outage)}, from {_clock(outage.opened_at)} to {until}"}


def _lost(outage: Outage) -> str:
    return ", ".join(outage.functions) or "what other vantages see"


def _reach(told: Told) -> str:
    at = f" {reasons.clock(told.at)}" if told.at is not None and told.reach is Reach.TOLD else ""
    fallback = ", as a fallback" if told.is_fallback else ""
    return f"{told.channel} ({told.reach}{at}{fallback})"


def procedure(context: PageContext) -> str:
    """Return the procedure itself, cut where it is too long."""
    whole = context.procedure_text.strip()
    if len(whole) <= LONGEST_PROCEDURE:
        return whole
    return f"{whole[:LONGEST_PROCEDURE]}\n[cut; the whole text: {context.procedure_url}]"


def _clock(at: datetime) -> str:
    """Return an instant as people read it."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
