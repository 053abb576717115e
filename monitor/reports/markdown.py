"""A report as Markdown, for tickets and wikis: the same tables as the page, without its charts.

Whatever was not written by us is text and nothing else: markup is spelled as entities, what Markdown gives a meaning is
escaped, an address becomes no link. What can't be seen, or turns the reading order round, is spelled out; a line feed
in a name ends no row.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from glasswatch import __version__, visible
from monitor.model.state import Outage
from monitor.reports import lists, words
from monitor.reports.lists import Listing
from monitor.reports.method import rules_of
from monitor.rules.slavalues import SlaReport, Standing

_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}
_SPECIAL: Final = re.compile(r"[&<>|]|[\\`*_\[\]~$@#]|(?<=[A-Za-z]):(?=/)|(?i:(?<=www)\.)")


def document(title: str, reports: Sequence[SlaReport]) -> str:
    """Return the whole text."""
    rules = [f"- {escaped(rule)}" for rule in rules_of(reports)]
    made = f"Made by glasswatch {escaped(__version__)} from what was on record."
    parts = [f"# {escaped(title)}", *(part for each in reports for part in _report(each))]
    return "\n\n".join([*parts, "## How this is made", "\n".join(rules), made]) + "\n"


def outages(found: Iterable[Outage]) -> str:
    """Return outages as a table."""
    rows = [
        (
            *(each.platform, words.instant(each.opened_at), words.instant(each.ended_at)),
            *(words.both(each.detection_seconds), words.functions(each), each.reason),
        )
        for each in found
    ]
    head = ("platform", "first bad attempt", "first good attempt", "found after", "what was down", "what was found")
    return f"{table(Listing('Outages', head, rows))}\n"


def table(listing: Listing) -> str:
    """Return a table under its caption."""
    if not listing.rows:
        return f"**{escaped(listing.caption)}**: none."
    lines = [_row(listing.head), _joined(["---"] * len(listing.head)), *(_row(row) for row in listing.rows)]
    return "\n".join([f"**{escaped(listing.caption)}**", "", *lines])


def escaped(text: str) -> str:
    """Return text from anywhere as Markdown that shows just that."""
    return _SPECIAL.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), visible.line(text))


def _report(report: SlaReport) -> Iterator[str]:
    yield f"## {escaped(report.subject.platform)}: {escaped(report.period.name)}"
    yield from (escaped(line) for line in words.heading(report))
    yield from (f"> {escaped(note)}" for note in report.notes)
    if report.standing is Standing.AHEAD:
        return
    yield f"**{escaped(words.standing(report))}**"
    yield from (table(each) for each in lists.figures(report))
    yield from (table(each) for each in lists.evidence(report))
    if report.proof is not None:
        yield escaped(words.record(report))


def _row(cells: Iterable[str]) -> str:
    return _joined(escaped(cell) for cell in cells)


def _joined(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
