"""Reports and outages as CSV, for spreadsheets: no cell is ever read as a formula.

A cell that begins as a formula would is given an apostrophe in front, as spreadsheets do it; what can't be seen, or
turns the reading order round, is spelled out. An outage lasted from its first bad attempt to its first good one; it was
down for as long, without the time within which it was good.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Final

from glasswatch import visible
from glasswatch.spans import total_seconds
from monitor.model.state import Outage
from monitor.rules.past import spans_of
from monitor.rules.sla import Account
from monitor.rules.slavalues import SlaReport

_FORMULA: Final = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "|",
    "%",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)  # full-width ones too
_HEAD: Final = (
    *("platform", "function", "period", "start", "end", "availability", "coverage", "objective", "breached"),
    *("up_seconds", "down_seconds", "not_measured_seconds", "maintenance_seconds", "outages"),
    *("detect_seconds", "recover_seconds", "credit"),
)
_OUTAGES: Final = (
    *("platform", "id", "opened_at", "confirmed_at", "ended_at", "cleared_at"),
    *("lasted_seconds", "detection_seconds", "functions", "reason", "down_seconds"),
)


def report(reports: Iterable[SlaReport]) -> str:
    """Return accounts, a line each: of a platform, of each of its functions, of each rolling window."""
    return _written(_HEAD, (row for each in reports for row in _rows(each)))


def outages(found: Iterable[Outage]) -> str:
    """Return outages, a line each."""
    return _written(_OUTAGES, (_outage(each) for each in found))


def cell(value: object) -> str:
    """Return a cell that a spreadsheet shows as it is."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    text = visible.line(str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text


def _rows(report: SlaReport) -> Iterator[Sequence[object]]:
    terms = report.terms
    yield _row(report, "", report.period.name, report.account, (terms.objective, report.breached, report.credit))
    for name, account in report.functions.items():
        yield _row(report, name, report.period.name, account, (None, None, None))
    for name, account in report.rolling.items():
        yield _row(report, "", name, account, (None, None, None))


def _row(
    report: SlaReport, function: str, period: str, found: Account, agreed: tuple[object, object, object]
) -> Sequence[object]:
    objective, breached, credit = agreed
    return (
        *(report.subject.platform, function, period, found.period.start.isoformat(), found.period.end.isoformat()),
        *(found.availability, found.coverage, objective, breached),
        *(found.up_seconds, found.down_seconds, found.unmeasured_seconds, found.excluded_seconds, found.outages),
        *(found.detect_seconds, found.recover_seconds, credit),
    )


def _outage(each: Outage) -> Sequence[object]:
    times = (each.opened_at, each.confirmed_at, each.ended_at, each.cleared_at)
    return (
        *(each.platform, each.id, *(None if at is None else at.isoformat() for at in times)),
        None if each.ended_at is None else (each.ended_at - each.opened_at).total_seconds(),
        *(each.detection_seconds, " ".join(each.functions), each.reason),
        None if each.ended_at is None else total_seconds(spans_of([each], each.ended_at)),
    )


def _written(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()
