"""A report as one HTML file: what one sends with a claim. Readable on paper and in the dark, nothing from elsewhere."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from markupsafe import Markup

from glasswatch import __version__, visible
from glasswatch.spans import Span
from monitor.reports import drawing, lists, words
from monitor.reports.lists import Listing
from monitor.reports.method import rules_of
from monitor.rules import past as pasts
from monitor.rules.slavalues import Pace, SlaReport, Standing

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
            method=Markup("").join(Markup("<li>{}</li>").format(rule) for rule in rules_of(reports)),
            version=__version__,
        )
    )


def _report(report: SlaReport) -> Iterator[Markup]:
    yield Markup("<section><h2>{}: {}</h2>").format(visible.line(report.subject.platform), report.period.name)
    for line in words.heading(report):
        yield Markup("<p>{}</p>").format(visible.line(line))
    for note in report.notes:
        yield Markup('<p class="note">{}</p>').format(note)
    if report.standing is not Standing.AHEAD:
        yield Markup("<p><strong>{}</strong></p>").format(words.standing(report))
        yield from _listed(lists.figures(report))
        yield from _charts(report)
        yield from _listed(lists.evidence(report))
        if report.proof is not None:
            yield Markup("<p>{}</p>").format(words.record(report))
    yield Markup("</section>")


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
    yield from _curves(report.paces, days)


def _curves(paces: Sequence[Pace], days: Sequence[str]) -> Iterator[Markup]:
    drawn = paces[:_MOST_PROBES]
    if drawn:
        lines = {each.probe: [None if day is None else day[0] for day in each.daily] for each in drawn}
        said = "; ".join(f"{each.probe}: median {words.took(each.median_seconds)}" for each in drawn)
        yield drawing.curves("Response time by day, median of good attempts", said, days, lines)
        yield drawing.legend((f"l{nth}", each.probe) for nth, each in enumerate(drawn))
    if len(paces) > len(drawn):
        told = f"Drawn are the first {len(drawn)} of {len(paces)} probes; the list of response times has all of them."
        yield Markup("<p>{}</p>").format(told)


def _listed(listings: Iterable[Listing]) -> Iterator[Markup]:
    for each in listings:
        yield table(each.caption, each.head, each.rows)


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
