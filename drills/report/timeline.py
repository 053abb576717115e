"""Draws a run over time: a table with a lane for each step and each undo, in which a bar shows when it was done.

- Every step has its lane, also one that was never begun: nothing is left out, however many there are. The rows go over
  to the next page or screen, and the axis is said again where a page begins.
- What is drawn stands beside the bar in words: how it ended, how long it took, and for who listens when that was.
- The axis ends with the last step or undo: how long it took to have the close told elsewhere is no part of the drill.
- Places are shares of the width, so that a chart fits a phone and paper alike; no text is drawn but the axis.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from drills.model.step import Status
from drills.report import words
from drills.report.values import ReportView

_THINNEST: Final = 0.6  # hundredths of the width
_MOST_TICKS: Final = 5
_TICKS: Final = (
    *(size * scale for scale in (0.001, 0.01, 0.1, 1.0) for size in (1, 2, 5)),
    *(10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0),
    *(3600.0 * hours for hours in (1, 2, 6, 12, 24, 48, 168)),
)
"""Distances of ticks in seconds that people can count by."""

_BAD: Final = frozenset({Status.FAILED, Status.ERROR, Status.INTERRUPTED})
_LOOKS: Final = {Status.PASSED: "passed", **dict.fromkeys(_BAD, "failed")}
FILLS: Final = {"passed": "#17603a", "failed": "#9b1c17", "unknown": "#ffffff"}
"""For whoever draws SVG without the page's style sheet, as who makes a PDF; elsewhere the style sheet's count."""


@dataclass(frozen=True, slots=True)
class _Lane:
    """One row. Times since the opening; None where it was not begun, or has no end."""

    name: Markup
    status: Status
    start: float | None
    took: float | None

    @property
    def end(self) -> float:
        return (self.start or 0.0) + (self.took or 0.0)


def timeline(view: ReportView, *, is_linked: bool = False) -> Markup:
    """Return the chart, empty where nothing was begun. `is_linked`: its steps lead to `#step-1` and so on."""
    lanes = tuple(_lanes(view, is_linked=is_linked))
    if all(lane.start is None for lane in lanes):
        return Markup("")
    whole = max(lane.end for lane in lanes) or view.seconds or 0.001
    ticks = _ticks(whole)
    rows = Markup("").join(_row(lane, whole, ticks) for lane in lanes)
    return Markup(
        '<div class="wide" role="group" tabindex="0" aria-label="Timeline"><table class="lanes"><thead><tr>'
        '<th scope="col">Step</th><th scope="col"><span class="heard">When, since the opening: </span>{axis}</th>'
        '<th scope="col" class="n">took</th><th scope="col">ended</th></tr></thead><tbody>{rows}</tbody></table></div>'
    ).format(axis=_axis(whole, ticks), rows=rows)


def _lanes(view: ReportView, *, is_linked: bool) -> Iterator[_Lane]:
    for nth, step in enumerate(view.steps, 1):
        name = Markup("<code>{}</code>").format(step.id)
        name = Markup('<a href="#step-{}">{}</a>').format(nth, name) if is_linked else name
        name = Markup('<span class="nth">{}</span> {}').format(nth, name)
        yield _Lane(name, step.status, step.from_seconds, step.took_seconds)
    for undo in view.undos:
        name = Markup("clean-up of <code>{}</code>").format(undo.step)
        yield _Lane(name, undo.status, undo.from_seconds, undo.took_seconds)


def _row(lane: _Lane, whole: float, ticks: tuple[float, ...]) -> Markup:
    word = Markup('<span class="mark {}">{}</span>').format(lane.status, words.status(lane.status))
    return Markup(
        '<tr><th scope="row">{name}</th><td class="lane">{drawn}</td><td class="n">{took}</td><td>{word}</td></tr>'
    ).format(name=lane.name, drawn=_drawn(lane, whole, ticks), took=words.seconds(lane.took), word=word)


def _drawn(lane: _Lane, whole: float, ticks: tuple[float, ...]) -> Markup:
    parts = [Markup('<rect class="track" fill="#f1efe9" x="0" y="3" width="100%" height="10"/>')]
    parts += [
        Markup('<rect class="grid" fill="#bbb8ae" x="{:.2f}%" y="0" width="1" height="16"/>').format(_share(at, whole))
        for at in ticks[1:]
    ]
    if lane.start is not None:
        wide = max(_share(lane.took or 0.0, whole), _THINNEST)
        look = _LOOKS.get(lane.status, "unknown")
        parts.append(
            Markup(
                '<rect class="bar {look}" fill="{fill}" stroke="#1d2126" stroke-width="1"{dash} x="{at:.2f}%" y="3"'
                ' width="{wide:.2f}%" height="10"/>'
            ).format(
                look=look,
                fill=FILLS[look],
                dash=Markup(' stroke-dasharray="3 2"') if look == "unknown" else "",
                at=min(_share(lane.start, whole), 100.0 - wide),
                wide=wide,
            )
        )
    return Markup('<svg role="img" width="100%" height="16"><title>{said}</title>{parts}</svg>').format(
        said=_said(lane), parts=Markup("").join(parts)
    )


def _said(lane: _Lane) -> str:
    if lane.start is None:
        return "never begun"
    begun = f"begun {words.seconds(lane.start)} after the opening"
    return f"{begun}, no end" if lane.took is None else f"{begun}, over at {words.seconds(lane.end)}"


def _axis(whole: float, ticks: tuple[float, ...]) -> Markup:
    said = Markup("").join(
        Markup('<text{} fill="#333" font-size="11" x="{:.2f}%" y="11" text-anchor="{}">{}</text>').format(
            Markup(' class="between"') if nth % 2 else "", _share(at, whole), _anchor(at, whole), _tick(at)
        )
        for nth, at in enumerate(ticks)
    )
    return Markup('<svg role="img" width="100%" height="14"><title>0 to {}</title>{}</svg>').format(
        words.seconds(whole), said
    )


def _ticks(whole: float) -> tuple[float, ...]:
    apart = next((each for each in _TICKS if whole <= each * _MOST_TICKS), whole / _MOST_TICKS)
    return tuple(apart * nth for nth in range(_MOST_TICKS + 1) if apart * nth <= whole)


def _anchor(at: float, whole: float) -> str:
    share = _share(at, whole)
    return "start" if share < 3 else "end" if share > 94 else "middle"  # noqa: PLR2004 - room for half a word


def _tick(at: float) -> str:
    return "0" if at == 0 else f"{at:g} s" if 1 <= at < 60 else words.seconds(at)  # noqa: PLR2004 - a minute


def _share(at: float, whole: float) -> float:
    return 100.0 * at / whole
