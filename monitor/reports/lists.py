"""The tables of a report: what a page and a Markdown text show alike, each in its own way of escaping."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from glasswatch.spans import Span
from monitor.model.past import Word
from monitor.model.state import Outage
from monitor.model.verdict import Role
from monitor.reports import words
from monitor.rules.sla import Account, Unmeasured
from monitor.rules.slavalues import Claim, Excluded, SlaReport, Watch


@dataclass(frozen=True, slots=True)
class Listing:
    """A table with a caption; each row's first cell names it."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def figures(report: SlaReport) -> Iterator[Listing]:
    """Yield the figures: of the period, and by function and rolling window."""
    yield Listing("The period in figures", ("what", "how much"), [*_period(report), *_agreed(report)])
    accounts = [(f"function {name}", each) for name, each in report.functions.items()]
    accounts += [(f"last {name}", each) for name, each in report.rolling.items()]
    if accounts:
        head = ("of", "availability", "down", "not measured", "coverage", "outages")
        yield Listing("By function, and until now", head, [_account(name, each) for name, each in accounts])


def evidence(report: SlaReport) -> Iterator[Listing]:
    """Yield what the figures rest on."""
    yield _outages(report)
    yield _claims(report)
    told = [(each.probe, *_ends(part)) for each in report.claims for part in each.outages]
    yield Listing("Outages that the operator's status page told of", ("page", "from", "to", "how long"), told)
    head: Sequence[str] = ("window", "agreed by", "agreed at", "why", "of what", "when")
    yield Listing("Agreed maintenance", head, [_kept(each) for each in report.excluded])
    unseen = [_ends(each) for each in report.unmeasured]
    yield Listing("Time not measured", ("from", "to", "how long"), unseen)
    paces = [(each.probe, words.took(each.median_seconds), words.took(each.p95_seconds)) for each in report.paces]
    yield Listing("Response time of good attempts", ("probe", "median", "95 of 100 within"), paces)
    head = ("probe", "what it does", "asks", "function", "every", "believed bad after", "its word")
    yield Listing("How it was measured, as it is set now", head, [_watch(each) for each in report.watches])
    hosts = [(each,) for each in report.references]
    yield Listing("Reference hosts, of which one must answer before an outage is believed", ("host",), hosts)


def _period(report: SlaReport) -> Iterator[tuple[str, str]]:
    found = report.account
    bad = found.down_seconds + (found.unmeasured_seconds if report.terms.not_measured is Unmeasured.DOWN else 0.0)
    if found.availability is not None:
        share = f"{words.exact(found.counted_seconds - bad)} / {words.exact(found.counted_seconds)}"
        yield "Availability", f"{words.percent(found.availability)} = {share}"
    yield "Up", words.both(found.up_seconds)
    yield "Down", words.both(found.down_seconds)
    yield "Not measured", words.both(found.unmeasured_seconds)
    yield "Agreed maintenance, taken out", words.both(found.excluded_seconds)
    yield "Coverage", words.percent(found.coverage, 2)
    yield "Outages with downtime in the period", str(found.outages)
    yield "Mean time to detect", words.seconds(found.detect_seconds)
    yield "Mean time to recover", words.seconds(found.recover_seconds)


def _agreed(report: SlaReport) -> Iterator[tuple[str, str]]:
    terms = report.terms
    if terms.objective is None:
        return
    left = "not known" if report.budget_remaining is None else words.percent(report.budget_remaining, 1)
    yield "Objective", f"{words.percent(terms.objective)} of each calendar {terms.period}"
    yield "Error budget", words.both(report.budget_seconds)
    yield "Error budget left", left
    for step in terms.credits:
        yield f"Credit agreed below {words.percent(step.below)}", f"{words.percent(step.credit, 1)} of the price"
    if terms.credits and report.period.kind == terms.period:
        yield "Credit by these steps", f"{words.percent(report.credit, 1)} of the price"


def _account(name: str, each: Account) -> Sequence[str]:
    return (
        *(name, words.percent(each.availability), words.both(each.down_seconds)),
        *(words.both(each.unmeasured_seconds), words.percent(each.coverage, 2), str(each.outages)),
    )


def _outages(report: SlaReport) -> Listing:
    head: Sequence[str] = (
        "first bad attempt",
        "confirmed",
        "first good attempt",
        "counts here",
        "what was down",
        "what was found",
    )
    entries = {} if report.proof is None else report.proof.entries
    rows = [_outage(each, report.counted_seconds.get(each.id, 0.0)) for each in report.outages]
    if report.proof is not None:
        head = (*head, "entries of the audit")
        numbers = (", ".join(map(str, entries.get(each.id, ()))) or "-" for each in report.outages)
        rows = [(*row, number) for row, number in zip(rows, numbers, strict=True)]
    return Listing("Outages", head, rows)


def _outage(each: Outage, counted: float) -> tuple[str, ...]:
    again = "".join(
        f"; good meanwhile {words.instant(start)} to {words.instant(end)}" for start, end in each.interruptions
    )
    return (
        *(words.instant(each.opened_at), words.instant(each.confirmed_at), f"{words.instant(each.ended_at)}{again}"),
        *(words.both(counted), words.functions(each), each.reason),
    )


def _claims(report: SlaReport) -> Listing:
    hosts = {each.probe: each.target for each in report.watches}
    head = (
        *("page", "availability by its word", "it told of outage", "of degradation", "of maintenance"),
        *("it said nothing", "unsaid downtime"),
    )
    rows = [_claim(each, hosts.get(each.probe, "")) for each in report.claims]
    return Listing("What the operator's status page said in the same time", head, rows)


def _claim(each: Claim, host: str) -> Sequence[str]:
    return (
        f"{each.probe} ({host})" if host else each.probe,
        words.percent(each.availability),
        *(words.both(each.seconds[word]) for word in (Word.OUTAGE, Word.DEGRADED, Word.MAINTENANCE, Word.NOT_TOLD)),
        words.both(each.unsaid_down_seconds),
    )


def _kept(each: Excluded) -> Sequence[str]:
    return (
        *(each.window, each.by if each.confirmed_by is None else f"{each.by}, {each.confirmed_by}"),
        *(words.instant(each.agreed_at), each.reason),
        ", ".join(each.functions) or "the whole platform",
        "; ".join(f"{words.instant(part.start)} to {words.instant(part.end)}" for part in each.spans),
    )


_ROLES: Final = {
    Role.DECIDING: "decides",
    Role.FIRST_HAND: "decides with others",
    Role.SECOND_HAND: "is noted, and decides nothing",
}


def _watch(each: Watch) -> Sequence[str]:
    is_alone = not each.critical and each.role is not Role.SECOND_HAND
    pause = f"{each.confirm_attempts} times, {words.brief(each.confirm_every.total_seconds())} apart"
    return (
        *(each.probe, each.type, each.target or "-", each.function),
        words.brief(each.interval.total_seconds()),
        "once" if each.confirm_attempts == 1 else pause,
        "decides of its function alone" if is_alone else _ROLES[each.role],
    )


def _ends(span: Span) -> tuple[str, str, str]:
    return words.instant(span.start), words.instant(span.end), words.both(span.seconds)
