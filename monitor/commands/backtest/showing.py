"""What a comparison of rules found: as data, as a table of values, and for a person at a terminal."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import timedelta
from math import inf, isinf
from typing import Any, Final

from glasswatch.durations import render
from monitor.backtest.estimate import Rate, quantile
from monitor.backtest.study import Plan, Result

QUANTILES: Final = (("median", 0.5), ("p90", 0.9), ("p99", 0.99))
_BAR: Final = 48
_LEAST: Final = 1e-6  # a year; what is rarer than that is no longer told apart


def as_data(plan: Plan, results: Sequence[Result]) -> dict[str, Any]:
    """Return all of it as JSON values; null: such an outage was not found within two days."""
    return {
        "seed": plan.effort.seed,
        "cycles": plan.effort.cycles,
        "starts": plan.effort.starts,
        "rules": [_rule(result) for result in results],
    }


def as_csv(results: Sequence[Result]) -> str:
    """Return all of it as rows of rule, measure, of what, value, low, high."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("rule", "how", "measure", "of", "value", "low", "high"))
    for result in results:
        for row in _rows(result):
            writer.writerow((_plain(result.name), result.what, *row))
    return out.getvalue()


def as_text(plan: Plan, results: Sequence[Result]) -> str:
    """Return all of it for a person."""
    width = max(len(result.name) for result in results)
    lengths = [render(length) for length in plan.lengths]
    return "\n".join(
        (
            "What is compared",
            *(
                f"  {result.name:<{width}}  {result.attempts_an_hour:7.1f} attempts an hour  {result.what}"
                for result in results
            ),
            "",
            "Time from the beginning of an outage to the ready flag, and share of outages missed that last so long",
            *_table(
                ["", *(name for name, _ in QUANTILES), *lengths],
                [
                    [result.name, *delays(result), *(percent(result.found.missed[each]) for each in plan.lengths)]
                    for result in results
                ],
            ),
            "",
            *_bars(results, width),
            "",
            "Ready flags a year without an outage (between what, 95 times in 100)",
            *(line for world in plan.worlds for line in _world(world.name, results, width)),
            "",
            f"seed {plan.effort.seed}, {plan.effort.cycles} cycles a world, {plan.effort.starts} outages a rule",
        )
    )


def delays(result: Result) -> list[str]:
    """Return the quantiles of the time to detection."""
    return [seconds(quantile(result.found.delays, share)) for _, share in QUANTILES]


def seconds(value: float) -> str:
    """Return seconds as people read them."""
    return "never" if isinf(value) else f"{value:.1f} s"


def percent(share: float) -> str:
    """Return a share in whole per cent, but never all or nothing where it isn't."""
    whole = f"{100 * share:.0f}"
    if whole == "0" and share > 0.0:
        return "<1 %"
    return ">99 %" if whole == "100" and share < 1.0 else f"{whole} %"


def rate(found: Rate) -> str:
    """Return how often a year, and between what."""
    if found.at_most or found.high < _LEAST:
        return f"fewer than {number(max(found.high, _LEAST))}"
    return f"{number(found.value)} ({number(found.low)} to {number(found.high)})"


def number(value: float) -> str:
    """Return a number with as many digits as it is known to."""
    if value >= 100:  # noqa: PLR2004 - three digits before the point
        return f"{value:,.0f}".replace(",", "\u202f")
    text = f"{value:.2g}"
    return text if "e" not in text else f"{value:.{_places(value)}f}"


def _places(value: float) -> int:
    """Return how many places show two digits of a small number."""
    places = 2
    while value < 0.1 and places < 15:  # noqa: PLR2004 - the first digit after the point
        value, places = value * 10, places + 1
    return places


def _rule(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "how": result.what,
        "attempts_an_hour": result.attempts_an_hour,
        "detection_seconds": {
            name: None if (value := quantile(result.found.delays, share)) == inf else value for name, share in QUANTILES
        },
        "missed_ratio": {render(length): share for length, share in result.found.missed.items()},
        "false_ready_a_year": {
            world: {
                "value": None if years.rate.at_most else years.rate.value,
                "low": years.rate.low,
                "high": years.rate.high,
                "years": years.years,
                "is_tilted": years.is_tilted,
            }
            for world, years in result.years.items()
        },
    }


def _rows(result: Result) -> Iterator[tuple[object, ...]]:
    yield "attempts_an_hour", "", result.attempts_an_hour, "", ""
    for name, share in QUANTILES:
        value = quantile(result.found.delays, share)
        yield "detection_seconds", name, "" if isinf(value) else value, "", ""
    for length, missed in result.found.missed.items():
        yield "missed_ratio", render(length), missed, "", ""
    for world, years in result.years.items():
        found = years.rate
        yield "false_ready_a_year", world, "" if found.at_most else found.value, found.low, found.high


def _plain(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _world(name: str, results: Sequence[Result], width: int) -> Iterator[str]:
    yield f"  {name}"
    for result in results:
        years = result.years[name]
        how = "weighted" if years.is_tilted else f"in {number(years.years)} years"
        yield f"    {result.name:<{width}}  {rate(years.rate):<36} {how}"


def _table(head: list[str], rows: list[list[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        first, *others = (
            cell.ljust(width) if not nth else cell.rjust(width)
            for nth, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  " + "  ".join((first, *others)).rstrip()


def _bars(results: Sequence[Result], width: int) -> Iterator[str]:
    """Yield a bar for each rule, from the soonest to p99, with the median marked."""
    ends = [quantile(result.found.delays, 0.99) for result in results]
    longest = max((end for end in ends if not isinf(end)), default=0.0)
    if not longest:
        return
    for result, end in zip(results, ends, strict=True):
        found = result.found.delays
        cells = [" "] * (_BAR + 1)
        first, last = _cell(found[0], longest), _cell(end, longest)
        cells[first : last + 1] = "─" * (last + 1 - first)
        cells[_cell(quantile(found, 0.5), longest)] = "●"
        yield f"  {result.name:<{width}}  │{''.join(cells)}│"
    scale = timedelta(seconds=round(longest))
    yield f"  {'':<{width}}   0s{render(scale):>{_BAR - 1}}"


def _cell(value: float, longest: float) -> int:
    return min(_BAR, round(_BAR * min(value, longest) / longest))
