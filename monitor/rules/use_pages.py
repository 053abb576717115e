"""What a page about a use of break-glass says (design 3.7). Such a page is never suppressed.

1. Every use that was allowed pages at once, under a key of its own, and once more only if it turns out critical, if
   it opens again, and every `remind_every` while it is open. It is resolved when the use is closed.
2. Critical comes first in the line, and stands in the page as `critical`.
3. Somebody locked out pages under a key of their reader: while one such is open, further refusals there join it.
"""

from datetime import UTC, datetime, timedelta

from glasswatch.instants import unix_ms
from monitor.model.page import SEVERITY, Page, PageKind, PageStatus
from monitor.model.use import Decision, Judgement, Use, Via
from monitor.rules import reasons


def firing(use: Use, deployment: str, now: datetime, reason: str = "") -> Page:
    """Return the page that tells of a use."""
    words = (_summary(use, now), f"{reason or use.why}; {_what_next(use)}")
    return _page(use, deployment, PageStatus.FIRING, words, now)


def reminder(use: Use, deployment: str, now: datetime) -> Page:
    """Return the page that says that a use is still open."""
    waits = reasons.span(now - use.received_at)
    return firing(use, deployment, now, reason=f"still open after {waits}, and it {_lacks(use)}: {use.why}")


def resolved(use: Use, deployment: str, now: datetime) -> Page:
    """Return the page that says that a use is closed."""
    as_ = f"classed {use.classing.kind} by {use.classing.said.by}" if use.classing else "not classed"
    rotated = f", the credential was rotated as {use.rotation.by} says" if use.rotation else ""
    words = (f"{use.platform}: closed: {_what(use)}: {as_}{rotated}", f"{as_}{rotated}")
    return _page(use, deployment, PageStatus.RESOLVED, words, now)


def key_of(use: Use, deployment: str) -> str:
    """Return the name under which pages about one use join."""
    name = use.id
    if use.judgement is Judgement.LOCKED_OUT and use.report is not None:
        name = f"locked_out/{use.report.reader}"
    return f"{deployment}/{use.platform}/{PageKind.USE}/{name}"


def _page(use: Use, deployment: str, status: PageStatus, words: tuple[str, str], now: datetime) -> Page:
    key = key_of(use, deployment)
    return Page(
        id=f"{key}/{status}/{unix_ms(now)}",
        kind=PageKind.USE,
        severity=SEVERITY[PageKind.USE],
        status=status,
        platform=use.platform,
        dedup_key=key,
        summary=words[0],
        reason=words[1],
        decided_at=now,
        critical=use.is_critical,
    )


def _summary(use: Use, now: datetime) -> str:
    first = "CRITICAL " if use.is_critical else ""
    return f"{first}{use.platform}: {_what(use)} at {_when(use.at, now)}: {use.why}"


def _what(use: Use) -> str:
    who = use.person or "somebody (the name is not known)"
    if use.second is not None:
        who = f"{who} and {use.second}"
    if use.decision is Decision.REFUSED:
        return f"{who} was refused at {use.target}"
    by = ""
    if use.report is None:
        by = ", seen in a log"
    elif use.report.via is not Via.FLAG:
        by = f", by {use.report.via}"
    return f"break-glass was used by {who} on {use.target}{by}"


def _when(at: datetime, now: datetime) -> str:
    is_far = abs(now - at) >= timedelta(hours=12)
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}" if is_far else reasons.clock(at)


def _lacks(use: Use) -> str:
    lacks = [] if use.classing else ["is not classed"]
    if use.rotation is None and use.decision is Decision.ALLOWED:
        lacks.append("nobody said that the credential was rotated")
    return " and ".join(lacks)


def _what_next(use: Use) -> str:
    if use.decision is Decision.REFUSED:
        return f"find out why, then: monitor uses class {use.id} --as real"
    return f"another person classes it once its credential was rotated: monitor uses class {use.id} --as real --rotated"
