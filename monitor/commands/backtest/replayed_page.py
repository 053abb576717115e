"""What settings would have found of what is on record, as one HTML file: a chart and a table."""

from collections.abc import Sequence

from markupsafe import Markup

from monitor.commands.backtest import chart, replaying
from monitor.commands.backtest.page import document, table
from monitor.commands.backtest.replaying import Replayed
from monitor.model.state import Outage
from monitor.store.recorded import Period


def page(found: Replayed) -> str:
    """Return the page."""
    rows, period = found.rows(), found.period
    said = [replaying.said(name, each, rows) for name, each in found.played.items()]
    ends = replaying.at(period.since), replaying.at(period.until)
    lines = {name: _spans(outages, period) for name, outages in found.found.items()}
    head = ("began", *found.found)
    cells = [
        (replaying.began(row), *(replaying.cell(row.get(name, ()), period) for name in found.found)) for row in rows
    ]
    body = Markup("").join(
        (
            Markup("<p>{}</p>").format(f"{found.platform}, {ends[0]} to {ends[1]}"),
            chart.timeline("Outages by who found them", lines, ends, "; ".join(said)),
            table("Outages: after how long they were found, and how long they lasted", head, cells),
            *(Markup("<p>{}</p>").format(line) for line in said),
        )
    )
    return document("What these settings would have found", body)


def _spans(outages: Sequence[Outage], period: Period) -> list[tuple[float, float]]:
    whole = period.until - period.since
    spans = ((each.opened_at, each.ended_at or period.until) for each in outages)
    return [
        (max(0.0, (begin - period.since) / whole), min(1.0, max(0.0, (end - period.since) / whole)))
        for begin, end in spans
    ]
