"""Charts of a comparison, as SVG that needs nothing from elsewhere: colours and dashes are the page's.

Whoever can't see them has a title, a description and, in the page, the same figures as tables. Rules differ by dash and
mark as well as by colour.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil, floor, isinf, log10
from typing import Final

from markupsafe import Markup, escape

from glasswatch.durations import render
from monitor.backtest.estimate import quantile
from monitor.backtest.study import Plan, Result
from monitor.commands.backtest import showing

SERIES: Final = 8
"""How many rules have a look of their own; further ones begin anew."""
_WIDTH: Final = 760
_LEFT: Final = 150
_RIGHT: Final = 30
_ROW: Final = 26
_THINNEST: Final = 2.5
Shares = tuple[float, float]
_MARKS: Final = ("circle", "square", "diamond", "triangle")


def delays(results: Sequence[Result]) -> Markup:
    """Return how soon outages are found: from the soonest to p99, with median and p90 marked."""
    ends = [quantile(result.found.delays, 0.99) for result in results]
    longest = max((end for end in ends if not isinf(end)), default=1.0) or 1.0
    step = _step(longest)
    top = step * ceil(longest / step)
    height = _ROW * len(results) + 50
    parts: list[Markup] = [*_scale([step * nth for nth in range(round(top / step) + 1)], top, height)]
    for nth, (result, end) in enumerate(zip(results, ends, strict=True)):
        y = 20 + _ROW * nth + _ROW // 2
        x = [_x(min(each, top), top) for each in (result.found.delays[0], end)]
        parts.append(_text(_LEFT - 10, y + 4, result.name, "end"))
        parts.append(
            Markup('<line class="s{0}" x1="{1:.1f}" x2="{2:.1f}" y1="{3}" y2="{3}"/>').format(nth % SERIES, *x, y)
        )
        for which, share in (("circle", 0.5), ("square", 0.9)):
            parts.append(_mark(which, _x(min(quantile(result.found.delays, share), top), top), y, nth))
    said = "; ".join(
        f"{result.name}: median {showing.delays(result)[0]}, p99 {showing.delays(result)[2]}" for result in results
    )
    return _svg(
        "Time to detection in seconds: ● median, ■ 90 of 100, the line from the soonest to 99 of 100",
        said,
        parts,
        height,
    )


def missed(plan: Plan, results: Sequence[Result]) -> Markup:
    """Return which share of outages of each length is missed."""
    count = len(plan.lengths)
    height = 260
    parts = [
        *(_text(_slot(nth, count), height - 22, render(length), "middle") for nth, length in enumerate(plan.lengths)),
        _text(_slot((count - 1) / 2, count), height - 4, "how long the outage lasts", "middle"),
    ]
    for share in (0.0, 0.5, 1.0):
        y = _y(share, height)
        parts.append(
            Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(_LEFT, _WIDTH - _RIGHT, y, y)
        )
        parts.append(_text(_LEFT - 10, y + 4, showing.percent(share), "end"))
    for nth, result in enumerate(results):
        points = [(_slot(at, count), _y(result.found.missed[length], height)) for at, length in enumerate(plan.lengths)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(Markup('<polyline class="s{}" points="{}"/>').format(nth % SERIES, line))
        parts += [_mark(_MARKS[nth % len(_MARKS)], x, y, nth) for x, y in points]
    said = "; ".join(
        f"{result.name}: "
        + ", ".join(f"{render(length)} {showing.percent(share)}" for length, share in result.found.missed.items())
        for result in results
    )
    return _svg("Share of outages that is missed, by how long they last", said, parts, height)


def false_ready(world: str, results: Sequence[Result]) -> Markup:
    """Return how often a year the flag turns ready without an outage, on a logarithmic scale."""
    rates = [result.years[world].rate for result in results]
    seen = [each for found in rates for each in (found.low, found.value, found.high) if each > 0]
    low, high = floor(log10(min(seen))), ceil(log10(max(seen)))
    high = max(high, low + 1)
    height = _ROW * len(results) + 50
    span = high - low
    parts = [
        *_ticks([(_x(nth, span), _power(low + nth)) for nth in range(0, span + 1, max(1, span // 6))], height),
    ]
    for nth, (result, found) in enumerate(zip(results, rates, strict=True)):
        y = 20 + _ROW * nth + _ROW // 2
        ends = [_x(log10(each) - low, span) if each > 0 else float(_LEFT) for each in (found.low, found.high)]
        parts.append(_text(_LEFT - 10, y + 4, result.name, "end"))
        parts.append(
            Markup('<line class="s{0}" x1="{1:.1f}" x2="{2:.1f}" y1="{3}" y2="{3}"/>').format(nth % SERIES, *ends, y)
        )
        at = found.high if found.at_most else found.value
        parts.append(_mark("triangle" if found.at_most else "circle", _x(log10(at) - low, span), y, nth))
    said = "; ".join(f"{result.name}: {showing.rate(found)}" for result, found in zip(results, rates, strict=True))
    return _svg(f"Ready flags a year without an outage: {world} (▲ fewer than)", said, parts, height)


def timeline(
    title: str, lines: Mapping[str, Sequence[tuple[float, float]]], ends: tuple[str, str], said: str
) -> Markup:
    """Return spans on lines of their own, each from and to a share of the whole; `ends`: what its ends are called."""
    height = _ROW * len(lines) + 50
    parts = [
        *_ticks([(_x(nth, 4), "") for nth in range(5)], height),
        _text(_LEFT, height - 8, ends[0], "start"),
        _text(_WIDTH - _RIGHT, height - 8, ends[1], "end"),
    ]
    for nth, (name, spans) in enumerate(lines.items()):
        y = 20 + _ROW * nth
        parts.append(_text(_LEFT - 10, y + _ROW // 2 + 4, name, "end"))
        for begin, end in spans:
            width = max(_x(end, 1) - _x(begin, 1), _THINNEST)
            parts.append(
                Markup('<rect class="m{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>').format(
                    nth % SERIES, _x(begin, 1), y + 4, width, _ROW - 8
                )
            )
    return _svg(title, said, parts, height)


def legend(results: Iterable[Result]) -> Markup:
    """Return which line is whose."""
    entries = (
        Markup(
            '<li><svg width="44" height="14" aria-hidden="true"><line class="s{}" x1="2" x2="42" y1="7" y2="7"/>{}'
            "</svg> {}</li>"
        ).format(nth % SERIES, _mark(_MARKS[nth % len(_MARKS)], 22, 7, nth), result.name)
        for nth, result in enumerate(results)
    )
    return Markup('<ul class="legend">{}</ul>').format(Markup("").join(entries))


def _svg(title: str, said: str, parts: Iterable[Markup], height: int) -> Markup:
    return Markup(
        "<figure><figcaption>{title}</figcaption>"
        '<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}"><desc>{said}</desc>{parts}</svg></figure>'
    ).format(title=title, said=said, width=_WIDTH, height=height, parts=Markup("").join(parts))


def _scale(values: Sequence[float], top: float, height: int) -> Iterator[Markup]:
    return _ticks([(_x(value, top), f"{value:g} s") for value in values], height)


def _ticks(places: Iterable[tuple[float, str]], height: int) -> Iterator[Markup]:
    for x, label in places:
        yield Markup('<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="14" y2="{1}"/>').format(x, height - 24)
        yield _text(x, height - 8, label, "middle")


def _text(x: float, y: float, text: str, anchor: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(x, y, anchor, escape(text))


def _mark(which: str, x: float, y: float, nth: int) -> Markup:
    look = f"m{nth % SERIES}"
    if which == "circle":
        return Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="4.5"/>').format(look, x, y)
    shapes = {
        "square": ((-4, -4), (4, -4), (4, 4), (-4, 4)),
        "diamond": ((0, -6), (6, 0), (0, 6), (-6, 0)),
        "triangle": ((0, -6), (6, 5), (-6, 5)),
    }
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in shapes[which])
    return Markup('<polygon class="{}" points="{}"/>').format(look, points)


def _x(value: float, top: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * value / top


def _y(share: float, height: int) -> float:
    return 16 + (1.0 - share) * (height - 66)


def _slot(nth: float, count: int) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (nth + 0.5) / count


def _step(longest: float) -> float:
    """Return a step of 1, 2 or 5 times a power of ten, four to ten of which make the scale."""
    power = float(10 ** floor(log10(longest)))
    return next(step * power / 10 for step in (1, 2, 5, 10, 20) if longest <= 8 * step * power / 10)


def _power(exponent: int) -> str:
    return f"{10**exponent:,}".replace(",", "\u202f") if exponent >= 0 else f"{10.0**exponent:.{-exponent}f}"
