"""Charts of a report as inline SVG: nothing from elsewhere, readable on paper and in the dark, and without seeing.

Each has a title and a description that says what it shows; the page has the same figures as tables. What is drawn
differs by pattern or dash as well as by colour, which the page's style gives by class.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from markupsafe import Markup

from glasswatch import visible
from glasswatch.spans import Span
from monitor.reports import words

WIDTH: Final = 760
_LEFT: Final = 150
_RIGHT: Final = 20
_PLOT: Final = WIDTH - _LEFT - _RIGHT
_TOP: Final = 14
_DEEP: Final = 180
_ROW: Final = 28
_THINNEST: Final = 1.5
LOOKS: Final = 6

Points = Sequence[float | None]


def bars(title: str, said: str, days: Sequence[tuple[str, float, float]]) -> Markup:
    """Return a bar a day, of what was down with what was not measured upon it, both in minutes."""
    top = _round(max((down + unseen for _, down, unseen in days), default=0.0))
    parts = _axis([(share * top, f"{share * top:g} min") for share in (0, 0.5, 1)], top)
    width = _PLOT / max(len(days), 1)
    for nth, (day, down, unseen) in enumerate(days):
        x = _LEFT + nth * width
        low = _y(down, top)
        parts += [_bar("down", (x, low), width * 0.85, _y(0, top) - low, f"{day}: down {down:.1f} min")] if down else []
        high = _y(down + unseen, top)
        label = f"{day}: not measured {unseen:.1f} min"
        parts += [_bar("unseen", (x, high), width * 0.85, low - high, label)] if unseen else []
    return _svg(title, said, [*parts, *_ends([day for day, _, _ in days], _TOP + _DEEP)], _TOP + _DEEP + 26)


def timeline(title: str, said: str, rows: Mapping[str, tuple[str, Sequence[Span]]], whole: Span) -> Markup:
    """Return spans on rows of their own; each row has a look and its spans."""
    parts: list[Markup] = []
    height = _TOP + _ROW * len(rows)
    for nth, (name, (look, spans)) in enumerate(rows.items()):
        y = _TOP + _ROW * nth
        parts += [
            _text(_LEFT - 10, y + 18, name, "end"),
            _line(y + _ROW - 2),
            *(
                _bar(look, (_x(s.start, whole), y + 4), _x(s.end, whole) - _x(s.start, whole), 18, _told(s))
                for s in spans
            ),
        ]
    ends = [f"{at:%Y-%m-%d %H:%MZ}" for at in (whole.start, whole.end)]
    return _svg(title, said, [*parts, *_ends(ends, height)], height + 26)


def curves(title: str, said: str, days: Sequence[str], lines: Mapping[str, Points]) -> Markup:
    """Return a line for each name, in seconds; days without a value are left open."""
    top = _round(max((y for points in lines.values() for y in points if y is not None), default=0.0))
    parts = _axis([(share * top, words.took(share * top)) for share in (0, 0.5, 1)], top)
    step = _PLOT / max(len(days), 1)
    for nth, points in enumerate(lines.values()):
        for run in _runs(points):
            at = [f"{_LEFT + (place + 0.5) * step:.1f},{_y(value, top):.1f}" for place, value in run]
            at += [f"{_LEFT + (run[0][0] + 0.9) * step:.1f},{_y(run[0][1], top):.1f}"] if len(run) == 1 else []
            parts.append(Markup('<polyline class="l{}" points="{}"/>').format(nth % LOOKS, " ".join(at)))
    return _svg(title, said, [*parts, *_ends(days, _TOP + _DEEP)], _TOP + _DEEP + 26)


def legend(looks: Iterable[tuple[str, str]]) -> Markup:
    """Return what looks how: a class and its meaning."""
    entries = (
        Markup('<li><svg width="34" height="14" aria-hidden="true"><{} class="{}" {}/></svg> {}</li>').format(
            *_sample(look), visible.line(meaning)
        )
        for look, meaning in looks
    )
    return Markup('<ul class="legend">{}</ul>').format(Markup("").join(entries))


def _sample(look: str) -> tuple[str, str, Markup]:
    if look.startswith("l"):
        return "line", look, Markup('x1="1" x2="33" y1="7" y2="7"')
    return "rect", look, Markup('x="1" y="1" width="32" height="12"')


def _runs(points: Points) -> list[list[tuple[int, float]]]:
    runs: list[list[tuple[int, float]]] = []
    for nth, value in enumerate(points):
        if value is None:
            continue
        if runs and runs[-1][-1][0] == nth - 1:
            runs[-1].append((nth, value))
        else:
            runs.append([(nth, value)])
    return runs


def _svg(title: str, said: str, parts: Iterable[Markup], height: int) -> Markup:
    return Markup(
        "<figure><figcaption>{title}</figcaption>"
        '<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}"><title>{title}</title><desc>{said}</desc>'
        "{parts}</svg></figure>"
    ).format(
        title=visible.line(title),
        said=visible.line(said),
        width=WIDTH,
        height=height,
        parts=Markup("").join(parts),
    )


def _axis(ticks: Iterable[tuple[float, str]], top: float) -> list[Markup]:
    parts: list[Markup] = []
    for value, label in ticks:
        parts += [_line(_y(value, top)), _text(_LEFT - 10, _y(value, top) + 4, label, "end")]
    return parts


def _ends(labels: Sequence[str], height: int) -> list[Markup]:
    if not labels:
        return []
    return [
        _text(_LEFT, height + 18, labels[0], "start"),
        _text(WIDTH - _RIGHT, height + 18, labels[-1], "end"),
    ]


def _line(y: float) -> Markup:
    return Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(_LEFT, WIDTH - _RIGHT, y, y)


def _text(x: float, y: float, text: str, anchor: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(x, y, anchor, visible.line(text))


def _bar(look: str, corner: tuple[float, float], width: float, height: float, told: str) -> Markup:
    return Markup(
        '<g><title>{}</title><rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/></g>'
    ).format(told, look, *corner, max(width, _THINNEST), max(height, _THINNEST))


def _told(span: Span) -> str:
    return f"{words.instant(span.start)} to {words.instant(span.end)}"


def _x(at: datetime, whole: Span) -> float:
    return _LEFT + _PLOT * (at - whole.start).total_seconds() / (whole.seconds or 1.0)


def _y(value: float, top: float) -> float:
    return _TOP + _DEEP * (1.0 - value / top)


def _round(value: float) -> float:
    """Return the next of 1, 2, 5 times a power of ten."""
    step = 1e-3
    while value > step * 5:
        step *= 10
    return next((each * step for each in (1, 2, 5) if value <= each * step), 1.0) if value > 0 else 1.0
