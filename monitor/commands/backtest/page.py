"""A comparison as one HTML file: charts and tables, readable on paper and in the dark, nothing from elsewhere."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from glasswatch import __version__
from glasswatch.durations import render
from monitor.backtest.study import Plan, Result
from monitor.commands.backtest import chart, showing

_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#5d3a9b", "#555555")
_IN_THE_DARK: Final = ("#6cb8ff", "#ff9b57", "#3fd6a4", "#f0a6cf", "#e6c74c", "#9bd8ff", "#bda2ff", "#bbbbbb")
_DASHES: Final = ("none", "7 3", "2 3", "9 3 2 3", "none", "7 3", "2 3", "9 3 2 3")


def _looks(colours: Sequence[str]) -> str:
    return "".join(
        f".s{nth}{{stroke:{colour};stroke-dasharray:{_DASHES[nth]}}}.m{nth}{{fill:{colour}}}"
        for nth, colour in enumerate(colours)
    )


_STYLE: Final = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;"
    "background:#fff}"
    "table{border-collapse:collapse;margin:1rem 0;width:100%}caption{text-align:left;font-weight:600}"
    "th,td{border-bottom:1px solid #999;padding:.3rem .6rem;text-align:right;white-space:nowrap}"
    "th:first-child{text-align:left}"
    "figure{margin:1.5rem 0;break-inside:avoid}figcaption{font-weight:600}svg{width:100%;height:auto}"
    "svg text{font-size:13px;fill:currentColor}.grid{stroke:#999;stroke-width:.5}"
    "svg line,svg polyline{stroke-width:2.5;fill:none}"
    ".legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.3rem 1.5rem}.legend svg{width:44px}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#15181c}"
    + _looks(_IN_THE_DARK)
    + "}@media print{body{color:#000;background:#fff;max-width:none;font-size:11pt}"
    + _looks(_COLOURS)
    + "}"
)


def page(plan: Plan, results: Sequence[Result]) -> str:
    """Return the page."""
    body = Markup("").join(
        (
            Markup(
                "<p>Our rules, run through simulated time; rivals make as many attempts an hour. Seed {}, {} cycles in "
                "each world, {} outages for each rule. The method is in docs/guide/tuning.md.</p>"
            ).format(plan.effort.seed, plan.effort.cycles, plan.effort.starts),
            chart.legend(results),
            chart.delays(results),
            _delays(results),
            chart.missed(plan, results),
            _missed(plan, results),
            *(
                part
                for world in plan.worlds
                for part in (chart.false_ready(world.name, results), _false_ready(world.name, results))
            ),
        )
    )
    return document("What these settings would find, and how soon", body)


def document(title: str, body: Markup) -> str:
    """Return a whole page."""
    return str(
        Markup(
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width">'
            "<title>glasswatch: {title}</title><style>{style}</style></head>"
            "<body><main><h1>{title}</h1>{body}<p>glasswatch {version}</p></main></body></html>\n"
        ).format(title=title, style=Markup(_looks(_COLOURS) + _STYLE), body=body, version=__version__)  # noqa: S704 - our own, nothing from outside
    )


def _delays(results: Sequence[Result]) -> Markup:
    head = ("rule", "how", "attempts an hour", *(name for name, _ in showing.QUANTILES))
    rows = [(result.name, result.what, f"{result.attempts_an_hour:.1f}", *showing.delays(result)) for result in results]
    return table("Time from the beginning of an outage to the ready flag", head, rows)


def _missed(plan: Plan, results: Sequence[Result]) -> Markup:
    head = ("rule", *(render(length) for length in plan.lengths))
    rows = [
        (result.name, *(showing.percent(result.found.missed[length]) for length in plan.lengths)) for result in results
    ]
    return table("Share of outages missed that last so long", head, rows)


def _false_ready(world: str, results: Sequence[Result]) -> Markup:
    head = ("rule", "a year (between what, 95 times in 100)", "years played")
    rows = [
        (result.name, showing.rate(found.rate), f"{showing.number(found.years)}{', weighted' * found.is_tilted}")
        for result in results
        for found in (result.years[world],)
    ]
    return table(f"Ready flags a year without an outage: {world}", head, rows)


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """Return a table with a caption; each row's first cell names it."""
    heads = Markup("").join(Markup('<th scope="col">{}</th>').format(each) for each in head)
    lines = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            row[0], Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row[1:])
        )
        for row in rows
    )
    return Markup("<table><caption>{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(
        caption, heads, lines
    )
