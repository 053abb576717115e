"""The chart: every step in a lane of its own, none clipped, and all that is drawn is said."""

import re
from dataclasses import replace

import pytest

from drills.model.step import Status
from drills.report.controls import shipped
from drills.report.timeline import timeline
from drills.report.view import view
from tests.drills.report import sample
from tests.support.html import Reader

VIEW = view(sample.journal(), sample.RESULT, shipped())
STEP = VIEW.steps[1]


def bars(chart: str) -> list[tuple[float, float]]:
    """Return where each bar begins and how wide it is, in hundredths of the width."""
    found = re.findall(r'<rect class="bar [^>]* x="([\d.]+)%" y="\d+" width="([\d.]+)%"', chart)
    return [(float(x), float(wide)) for x, wide in found]


def test_every_step_has_its_lane_however_many_there_are() -> None:
    """Those that never began too, and clean-up after them."""
    steps = tuple(replace(STEP, id=f"{'long-' * 11}{nth}", from_seconds=float(nth)) for nth in range(300))
    chart = timeline(replace(VIEW, steps=(*steps, VIEW.steps[3])))
    lanes = re.findall(r"<tr>(.*?)</tr>", chart.partition("<tbody>")[2])
    assert len(lanes) == 302
    assert all(f"{'long-' * 11}{nth}</code>" in lane for nth, lane in enumerate(lanes[:300]))
    assert "never begun" in lanes[300]
    assert bars(lanes[300]) == []
    assert "clean-up of <code>begin</code>" in lanes[301]
    assert all(0 <= x <= x + wide <= 100 for x, wide in bars(chart))


def test_what_is_drawn_is_said() -> None:
    """How it ended and how long it took stand in the row, and when it was is the drawing's title."""
    chart = timeline(replace(VIEW, steps=(replace(STEP, from_seconds=2.0, took_seconds=3.0),)))
    row = chart.partition("<tbody>")[2].partition("</tr>")[0]
    assert "<title>begun 2.0 s after the opening, over at 5.0 s</title>" in row
    assert '<td class="n">3.0 s</td><td><span class="mark passed">passed</span></td>' in row
    assert "no end" in timeline(replace(VIEW, steps=(replace(STEP, took_seconds=None),)))


@pytest.mark.parametrize("status", Status)
def test_only_what_passed_is_drawn_as_passed(status: Status) -> None:
    """Each with its word."""
    chart = timeline(replace(VIEW, steps=(replace(STEP, status=status),), undos=()))
    assert ('class="bar passed"' in chart) is (status is Status.PASSED)
    assert f'<span class="mark {status}">' in chart


@pytest.mark.parametrize(
    ("whole", "said"),
    [
        (0.004, ["0", "1 ms", "2 ms", "3 ms", "4 ms"]),
        (16.7, ["0", "5 s", "10 s", "15 s"]),
        (60.0, ["0", "15 s", "30 s", "45 s", "1 m"]),
        (7000.0, ["0", "30 m", "1 h", "1 h 30 m"]),
        (4e6, ["0", "222 h 13 m 20 s", "444 h 26 m 40 s", "666 h 40 m", "888 h 53 m 20 s", "1111 h 6 m 40 s"]),
    ],
)
def test_the_axis_is_one_that_people_count_by(whole: float, said: list[str]) -> None:
    """However short or long the run was."""
    only = replace(STEP, from_seconds=0.0, took_seconds=whole)
    chart = timeline(replace(VIEW, seconds=whole, steps=(only,), undos=()))
    assert re.findall(r"<text[^>]*>([^<]*)</text>", chart) == said


@pytest.mark.parametrize(("took", "end"), [(16.0, "16.0 s"), (None, "2.0 s"), (0.0, "2.0 s")])
def test_the_axis_ends_with_what_was_done(took: float | None, end: str) -> None:
    """Not with the close, which a busy monitor may have held up; nor before what has no end began."""
    last = replace(STEP, from_seconds=0.0 if took else 2.0, took_seconds=took)
    chart = timeline(replace(VIEW, seconds=90.0, steps=(last,), undos=()))
    assert f"<title>0 to {end}</title>" in chart


def test_steps_lead_to_where_they_are_shown() -> None:
    """By number, so that no id of theirs gets into a link; and hostile ids stay text."""
    hostile = replace(STEP, id='"><script>')
    chart = timeline(replace(VIEW, steps=(STEP, hostile)), is_linked=True)
    assert re.findall(r'href="([^"]*)"', chart) == ["#step-1", "#step-2"]
    assert "script" not in Reader(chart).tags
    assert "href" not in timeline(VIEW)


def test_nothing_is_drawn_of_nothing() -> None:
    """A run that ended at its gates has no chart."""
    assert timeline(replace(VIEW, steps=(VIEW.steps[3],), undos=())) == ""
