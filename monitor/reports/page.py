"""A report as one HTML file: what one sends with a claim. Readable on paper and in the dark, nothing from elsewhere."""

from collections.abc import Iterator, Sequence
from typing import Final

from markupsafe import Markup

from glasswatch import __version__, visible
from glasswatch.spans import Span
from monitor.model.past import Word
from monitor.reports import drawing, words
from monitor.reports.method import COUNTS, METHOD
from monitor.rules import past as pasts
from monitor.rules.sla import Account
from monitor.rules.slavalues import SlaReport, Standing

_LIGHT: Final = ("#0072b2", "#d55e00", "#007a5a", "#b0488a", "#7a6000", "#555555")
_DARK: Final = ("#6cb8ff", "#ff9b57", "#3fd6a4", "#f0a6cf", "#e6c74c", "#bbbbbb")
_DASHES: Final = ("none", "7 3", "2 3", "9 3 2 3", "12 4", "4 6")


def _looks(colours: Sequence[str], down: str, page: str) -> str:
    lines = "".join(f".l{nth}{{stroke:{colour};stroke-dasharray:{_DASHES[nth]}}}" for nth, colour in enumerate(colours))
    return (
        f"{lines}.down{{fill:{down}}}.said{{fill:{page}}}"
        f".unseen{{fill:none;stroke:{down};stroke-dasharray:2 2}}.kept{{fill:none;stroke:{page}}}"
    )


_STYLE: Final = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;"
    "background:#fff;overflow-wrap:break-word}"
    "table{border-collapse:collapse;margin:1rem 0;width:100%}caption{text-align:left;font-weight:600}"
    "th,td{border-bottom:1px solid #999;padding:.3rem .6rem;text-align:left;vertical-align:top}"
    "figure{margin:1.5rem 0;break-inside:avoid}figcaption{font-weight:600}svg{width:100%;height:auto}"
    "svg text{font-size:13px;fill:currentColor}.grid{stroke:#999;stroke-width:.5}"
    "polyline,.legend line{stroke-width:2.5;fill:none}section{break-after:page}tr{break-inside:avoid}"
    ".legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.3rem 1.5rem}.legend svg{width:34px}"
    ".note{border-left:4px solid;padding-left:.8rem}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#15181c}"
    + _looks(_DARK, "#ff8a80", "#6cb8ff")
    + "}@media print{body{color:#000;background:#fff;max-width:none;font-size:10pt}"
    + _looks(_LIGHT, "#b00020", "#0072b2")
    + "}"
)
_MOST_PROBES: Final = drawing.LOOKS


def page(title: str, reports: Sequence[SlaReport]) -> str:
    """Return the page."""
    body = Markup("").join(part for each in reports for part in _report(each))
    counts = {COUNTS[each.terms.not_measured]: None for each in reports}
    style = _looks(_LIGHT, "#b00020", "#0072b2") + _STYLE
    return str(
        Markup(
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width">'
            "<title>{title}</title><style>{style}</style></head>"
            "<body><main><h1>{title}</h1>{body}<h2>How this is made</h2><ul>{method}</ul>"
            "<p>Made by glasswatch {version} from what was on record.</p></main></body></html>\n"
        ).format(
            title=visible.line(title),
            style=Markup(style),  # noqa: S704 - our own, nothing from outside
            body=body,
            method=Markup("").join(Markup("<li>{}</li>").format(rule) for rule in (*METHOD, *counts)),
            version=__version__,
        )
    )


def _report(report: SlaReport) -> Iterator[Markup]:
    span = report.period.span
    yield Markup("<section><h2>{}: {}</h2><p>{} to {} (calendar {}), as seen from {}/{}.</p>").format(
        *(visible.line(each) for each in (report.subject.platform, report.period.name)),
        *(words.instant(span.start), words.instant(span.end), report.terms.timezone),
        *(report.subject.deployment, report.subject.vantage),
    )
    for note in report.notes:
        yield Markup('<p class="note">{}</p>').format(note)
    if report.standing is not Standing.AHEAD:
        yield Markup("<p><strong>Availability {}; {}.</strong></p>").format(
            words.percent(report.account.availability), words.verdict(report)
        )
        yield from _figures(report)
        yield from _charts(report)
        yield from _lists(report)
    yield Markup("</section>")


def _figures(report: SlaReport) -> Iterator[Markup]:
    found = report.account
    rows = [
        ("Up", words.seconds(found.up_seconds)),
        ("Down", words.seconds(found.down_seconds)),
        ("Not measured", words.seconds(found.unmeasured_seconds)),
        ("Agreed maintenance", words.seconds(found.excluded_seconds)),
        ("Coverage", words.percent(found.coverage, 2)),
        ("Outages", str(found.outages)),
        ("Mean time to detect", words.seconds(found.detect_seconds)),
        ("Mean time to recover", words.seconds(found.recover_seconds)),
    ]
    if report.terms.objective is not None:
        left = "not known" if report.budget_remaining is None else words.percent(report.budget_remaining, 1)
        rows += [
            ("Objective", words.percent(report.terms.objective)),
            ("Error budget", words.seconds(report.budget_seconds)),
            ("Error budget left", left),
        ]
    steps = [
        (f"Credit below {words.percent(step.below)}", words.percent(step.credit, 1)) for step in report.terms.credits
    ]
    yield table("The period in figures", ("what", "how much"), [*rows, *steps])
    accounts = [(f"function {name}", each) for name, each in report.functions.items()]
    accounts += [(f"last {name}", each) for name, each in report.rolling.items()]
    if accounts:
        head = ("of", "availability", "down", "not measured", "coverage", "outages")
        yield table("By function, and until now", head, [_account(name, each) for name, each in accounts])


def _account(name: str, each: Account) -> Sequence[str]:
    return (
        *(name, words.percent(each.availability), words.seconds(each.down_seconds)),
        *(words.seconds(each.unmeasured_seconds), words.percent(each.coverage, 2), str(each.outages)),
    )


def _charts(report: SlaReport) -> Iterator[Markup]:
    zone, whole = report.terms.zone, report.period.span
    days = [f"{each.period.start.astimezone(zone):%Y-%m-%d}" for each in report.days]
    minutes = [
        (day, each.down_seconds / 60, each.unmeasured_seconds / 60) for day, each in zip(days, report.days, strict=True)
    ]
    said = (
        f"down {words.seconds(report.account.down_seconds)} in all, on {sum(down > 0 for _, down, _ in minutes)} days"
    )
    yield drawing.bars("Downtime by day", said, minutes)
    yield drawing.legend((("down", "down"), ("unseen", "not measured")))
    rows: dict[str, tuple[str, Sequence[Span]]] = {
        "we found down": ("down", _inside(pasts.spans_of(report.outages, report.read_at), whole)),
        "not measured": ("unseen", report.unmeasured),
    }
    rows |= {f"{each.probe} told of": ("said", each.outages) for each in report.claims[:3]}
    kept = [part for each in report.excluded for part in each.spans if not each.functions]
    rows["maintenance"] = ("kept", kept)
    told = "; ".join(f"{name}: {len(spans)} times" for name, (_, spans) in rows.items())
    yield drawing.timeline("Outages, and what the operator's page told of", told, rows, whole)
    paces = report.paces[:_MOST_PROBES]
    if paces:
        lines = {each.probe: [None if day is None else day[0] for day in each.daily] for each in paces}
        said = "; ".join(f"{each.probe}: median {words.took(each.median_seconds)}" for each in paces)
        yield drawing.curves("Response time by day, median of good attempts", said, days, lines)
        yield drawing.legend((f"l{nth}", each.probe) for nth, each in enumerate(paces))


def _lists(report: SlaReport) -> Iterator[Markup]:
    if report.paces:
        rows = [(each.probe, words.took(each.median_seconds), words.took(each.p95_seconds)) for each in report.paces]
        yield table("Response time of good attempts", ("probe", "median", "95 of 100 within"), rows)
    outages = [
        (
            *(words.instant(each.opened_at), words.instant(each.ended_at)),
            words.seconds(sum(span.seconds for span in pasts.spans_of([each], report.read_at))),
            *(words.functions(each), each.reason),
        )
        for each in report.outages
    ]
    yield table("Outages", ("first bad attempt", "first good one", "down", "what", "what was found"), outages)
    claims = [
        (
            *(each.probe, words.percent(each.availability), words.seconds(each.seconds[Word.OUTAGE])),
            *(words.seconds(each.unsaid_down_seconds), words.seconds(each.seconds[Word.NOT_TOLD])),
        )
        for each in report.claims
    ]
    head = ("page", "availability it told", "outage it told of", "our downtime it denied", "not told")
    yield table("What the operator's status page said in the same time", head, claims)
    kept = [
        (
            *(each.window, each.by if each.confirmed_by is None else f"{each.by}, {each.confirmed_by}", each.reason),
            ", ".join(each.functions) or "the whole platform",
            "; ".join(f"{words.instant(part.start)} to {words.instant(part.end)}" for part in each.spans),
        )
        for each in report.excluded
    ]
    yield table("Agreed maintenance, taken out", ("window", "agreed by", "why", "of what", "when"), kept)
    unseen = [
        (words.instant(each.start), words.instant(each.end), words.seconds(each.seconds)) for each in report.unmeasured
    ]
    yield table("Time not measured", ("from", "to", "how long"), unseen)


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """Return a table with a caption; each row's first cell names it."""
    if not rows:
        return Markup("<p>{}: none.</p>").format(caption)
    heads = Markup("").join(Markup('<th scope="col">{}</th>').format(each) for each in head)
    lines = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            visible.line(row[0]), Markup("").join(Markup("<td>{}</td>").format(visible.line(cell)) for cell in row[1:])
        )
        for row in rows
    )
    return Markup("<table><caption>{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(
        caption, heads, lines
    )


def _inside(spans: Sequence[Span], whole: Span) -> list[Span]:
    return [part for span in spans if (part := span.intersect(whole)) is not None]
