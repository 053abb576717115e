"""A report as text on a terminal."""

from collections.abc import Iterator, Sequence

from glasswatch import visible
from monitor.model.past import Word
from monitor.reports import words
from monitor.reports.method import rules_of
from monitor.rules.sla import Account
from monitor.rules.slavalues import BurnRate, Claim, Excluded, SlaReport, Standing

_MOST_OUTAGES = 50


def lines(report: SlaReport) -> Iterator[str]:
    """Yield a report line by line, each safe to look at."""
    for line in _lines(report):
        yield visible.line(line)


def method(reports: Sequence[SlaReport]) -> Iterator[str]:
    """Yield how it was made."""
    yield "How this is made"
    for rule in rules_of(reports):
        yield f"  - {rule}"


def _lines(report: SlaReport) -> Iterator[str]:
    yield f"{report.subject.platform}  {report.period.name}  {words.percent(report.account.availability)}"
    yield from (f"  {line}" for line in words.heading(report))
    yield from (f"  note: {note}" for note in report.notes)
    if report.standing is Standing.AHEAD:
        return
    yield f"  {words.verdict(report)}"
    yield from _account(report.account)
    if report.budget_seconds is not None:
        left = "not known" if report.budget_remaining is None else words.percent(report.budget_remaining, 1)
        yield f"  error budget {words.seconds(report.budget_seconds)}, left {left}"
    yield from (f"  function {name}: {_short(account)}" for name, account in report.functions.items())
    yield from (f"  last {name}: {_short(account)}" for name, account in report.rolling.items())
    yield from (f"  burn rate {_burn(burn)}" for burn in report.burns)
    yield from _outages(report)
    yield from (line for each in report.excluded for line in _kept(each))
    yield from _claims(report.claims)
    yield from _paces(report)
    if report.proof is not None:
        yield f"  {words.record(report)}"


def _kept(each: Excluded) -> Iterator[str]:
    by = f"{each.by} and {each.confirmed_by}" if each.confirmed_by else each.by
    what = f" of {', '.join(each.functions)}" if each.functions else ""
    agreed = f"agreed by {by} at {words.instant(each.agreed_at)}"
    yield f"  maintenance{what} {each.window}, {agreed}: {each.reason}"
    for part in each.spans:
        yield f"    {words.instant(part.start)} to {words.instant(part.end)}"


def _paces(report: SlaReport) -> Iterator[str]:
    for each in report.paces:
        yield f"  {each.probe} took {words.took(each.median_seconds)} (median), {words.took(each.p95_seconds)} (p95)"


def _account(found: Account) -> Iterator[str]:
    yield (
        f"  up {words.seconds(found.up_seconds)}, down {words.seconds(found.down_seconds)}, "
        f"not measured {words.seconds(found.unmeasured_seconds)}, "
        f"maintenance {words.seconds(found.excluded_seconds)}; coverage {words.percent(found.coverage, 2)}"
    )
    yield (
        f"  outages {found.outages}; mean time to detect {words.seconds(found.detect_seconds)}, "
        f"to recover {words.seconds(found.recover_seconds)}"
    )


def _short(found: Account) -> str:
    return (
        f"{words.percent(found.availability)}, down {words.seconds(found.down_seconds)}, "
        f"coverage {words.percent(found.coverage, 2)}"
    )


def _burn(each: BurnRate) -> str:
    rates = [
        f"{words.seconds(window.total_seconds())}: {'not known' if rate is None else f'{rate:.1f}'}"
        for window, rate in ((each.burn.short, each.short), (each.burn.long, each.long))
    ]
    return f"{', '.join(rates)} (told of at {each.burn.factor:g}{', FIRING' if each.is_firing else ''})"


def _outages(report: SlaReport) -> Iterator[str]:
    for each in report.outages[:_MOST_OUTAGES]:
        counted = words.both(report.counted_seconds.get(each.id, 0.0))
        yield (
            f"  outage {words.instant(each.opened_at)} to {words.instant(each.ended_at)}"
            f" (of which {counted} count here), {words.functions(each)}: {each.reason}"
        )
    if len(report.outages) > _MOST_OUTAGES:
        yield f"  and {len(report.outages) - _MOST_OUTAGES} outages more (monitor outages)"


def _claims(claims: Sequence[Claim]) -> Iterator[str]:
    if not claims:
        yield "  no status page of its operator was read: there is no word of theirs on record"
    for each in claims:
        yield (
            f"  the page read by {each.probe} told of {words.seconds(each.seconds[Word.OUTAGE])} of outage, "
            f"an availability of {words.percent(each.availability)} of what it told; "
            f"it said nothing for {words.seconds(each.seconds[Word.NOT_TOLD])}"
        )
        if each.unsaid_down_seconds:
            yield f"    for {words.seconds(each.unsaid_down_seconds)} of our downtime it told of no outage"
