"""Draws a run as inline SVG: its steps over time, clean-up, and the spans with their targets.

What is drawn differs by pattern and by its word beside it as well as by colour; the page has the same as tables.
"""

from collections.abc import Iterator
from typing import Final

from markupsafe import Markup

from drills.model.step import Status
from drills.report import words
from drills.report.values import ReportView, StepView

WIDTH: Final = 760
_LEFT: Final = 190
_RIGHT: Final = 90
_PLOT: Final = WIDTH - _LEFT - _RIGHT
_TOP: Final = 10
_ROW: Final = 26
_THINNEST: Final = 2.0
_LONGEST_NAME: Final = 24
_TICKS: Final = 4
MOST_ROWS: Final = 60

_LOOKS: Final = {
    Status.PASSED: "passed",
    Status.SIMULATED: "simulated",
    Status.FAILED: "failed",
    Status.ERROR: "failed",
    Status.INTERRUPTED: "failed",
}

_FILLS: Final = {"passed": "#17603a", "failed": "#9b1c17", "simulated": "none", "unknown": "none"}
"""For whoever draws SVG without the page's style sheet, as who makes a PDF; elsewhere the style sheet's count."""


def timeline(view: ReportView) -> Markup:
    """Return the chart, empty where nothing was begun."""
    steps = [each for each in view.steps if each.from_seconds is not None][:MOST_ROWS]
    if not steps:
        return Markup("")
    whole = max(view.seconds, *(_end(each) for each in steps), 0.001)
    height = _TOP + _ROW * len(steps)
    parts = Markup("").join([*_grid(whole, height), *_bars(steps, whole)])
    said = "; ".join(f"{each.id} {words.status(each.status)} after {words.seconds(_end(each))}" for each in steps)
    return Markup(
        '<figure tabindex="0"><figcaption>What happened when</figcaption><svg viewBox="0 0 {width} {deep}" role="img"'
        ' aria-label="{said}">{parts}</svg></figure>'
    ).format(width=WIDTH, deep=height + 26, said=said, parts=parts)


def _end(step: StepView) -> float:
    return (step.from_seconds or 0.0) + (step.took_seconds or 0.0)


def _grid(whole: float, height: int) -> Iterator[Markup]:
    for nth in range(_TICKS + 1):
        at = whole * nth / _TICKS
        x = _x(at, whole)
        yield Markup('<line class="grid" stroke="#999" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>').format(
            x, _TOP - 4, height
        )
        yield Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(x, height + 18, words.seconds(at))


def _bars(steps: list[StepView], whole: float) -> Iterator[Markup]:
    for nth, step in enumerate(steps):
        y = _TOP + _ROW * nth
        start, end = _x(step.from_seconds or 0.0, whole), _x(_end(step), whole)
        name = step.id if len(step.id) <= _LONGEST_NAME else f"{step.id[: _LONGEST_NAME - 1]}…"
        look = _LOOKS.get(step.status, "unknown")
        yield Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(_LEFT - 8, y + 16, name)
        yield Markup(
            '<g><title>{title}</title><rect class="bar {look}" fill="{fill}" x="{x:.1f}" y="{y}"'
            ' width="{wide:.1f}" height="16"/>'
            '<text x="{after:.1f}" y="{low}">{word}</text></g>'
        ).format(
            title=f"{step.id}: {words.status(step.status)}, {words.seconds(step.took_seconds)}",
            look=look,
            fill=_FILLS[look],
            x=start,
            y=y + 4,
            wide=max(end - start, _THINNEST),
            after=max(end, start + _THINNEST) + 5,
            low=y + 16,
            word=words.status(step.status),
        )


def _x(at: float, whole: float) -> float:
    return _LEFT + _PLOT * at / whole
