"""Figures and times as people read them, the same in text, tables and pages."""

from collections.abc import Iterator
from datetime import datetime
from math import floor

from monitor.model.state import Outage
from monitor.rules.slavalues import SlaReport

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_FINE = 3


def percent(share: float | None, digits: int = 4) -> str:
    """Return a share in percent, cut off and never rounded up to what was not reached."""
    if share is None:
        return "not known"
    scale = 10.0**digits
    return f"{floor(share * 100 * scale + 1e-6) / scale:.{digits}f} %"


def seconds(length: float | None) -> str:
    """Return a length of time, to the second."""
    if length is None:
        return "-"
    if length < 1 and length > 0:
        return f"{1000 * length:.0f} ms"
    left = round(abs(length))
    parts = []
    for name, size in (("d", _DAY), ("h", _HOUR), ("m", _MINUTE), ("s", 1)):
        count, left = divmod(left, size)
        parts += [f"{count} {name}"] if count else []
    sign = "-" if length < 0 and parts else ""
    return sign + (" ".join(parts[:_FINE]) or "0 s")


def exact(length: float) -> str:
    """Return a length of time in seconds alone, so that it can be added up."""
    whole = round(length, 1)
    return f"{whole:,.0f} s" if whole == int(whole) else f"{whole:,.1f} s"


def both(length: float | None) -> str:
    """Return a length of time as people read it, and in seconds where that says more."""
    if length is None:
        return "-"
    return exact(length) if abs(length) < _MINUTE else f"{seconds(length)} ({exact(length)})"


def brief(length: float) -> str:
    """Return a length of time that somebody set."""
    return f"{1000 * length:g} ms" if length < 1 else seconds(length)


def instant(at: datetime | None) -> str:
    """Return an instant, in UTC, to the second."""
    return "still open" if at is None else f"{at:%Y-%m-%d %H:%M:%SZ}"


def took(length: float) -> str:
    """Return how long an attempt took."""
    return f"{1000 * length:.0f} ms" if length < 1 else f"{length:.2f} s"


def verdict(report: SlaReport) -> str:
    """Return how the objective stands, in one line."""
    objective, found = report.terms.objective, report.account.availability
    if objective is None:
        return "no objective is set"
    if report.breached is None or found is None:
        return f"whether the objective of {percent(objective)} was met can't be told: nothing counts"
    so_far = "" if report.standing.value == "over" else " so far"
    if not report.breached:
        return f"the objective of {percent(objective)} was met{so_far}"
    credit = f"; by the agreed steps {percent(report.credit, 1)} is credited" if report.credit else ""
    return f"the objective of {percent(objective)} was MISSED{so_far}{credit}"


def heading(report: SlaReport) -> Iterator[str]:
    """Yield of what time it is, who measured from where, and as of when."""
    span, terms, subject = report.period.span, report.terms, report.subject
    yield (
        f"From {instant(span.start)} to {instant(span.end)}, {both(span.seconds)}: the calendar {report.period.kind} "
        f"{report.period.name} of {terms.timezone}."
    )
    yield (
        f"Measured by the deployment {subject.deployment} from {subject.vantage}. As on record at "
        f"{instant(report.read_at)}."
    )


def record(report: SlaReport) -> str:
    """Return how the record can be held to what it was, in one line; empty where that isn't known."""
    if report.proof is None:
        return ""
    return f"The audit ended with entry {report.proof.seq} then: {report.proof.seq}:{report.proof.head}"


def standing(report: SlaReport) -> str:
    """Return the availability and how the objective stands."""
    return f"Availability {percent(report.account.availability)}; {verdict(report)}."


def functions(outage: Outage) -> str:
    """Return what was down."""
    return ", ".join(outage.functions) or "by other vantages' word"
