"""The run in four figures, and none of them better than what it tells of."""

from dataclasses import replace

import pytest

from drills.model.step import Span, Status
from drills.model.verdict import Measured, Severity
from drills.report.controls import shipped
from drills.report.meter import meter
from drills.report.summary import summary
from drills.report.values import ReportView, SpanView
from drills.report.view import view
from tests.drills.report import sample

VIEW = view(sample.journal(), sample.RESULT, shipped())
NOTE = replace(VIEW.findings[0], severity=Severity.NOTE)
DONE = replace(VIEW.undos[0], status=Status.PASSED)


def spans(*measured: Measured) -> tuple[SpanView, ...]:
    """Return these without earlier runs."""
    return tuple(SpanView(each, ()) for each in measured)


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        pytest.param(
            VIEW,
            (
                "1 of 2 met, 1 not measured",
                "2 passed, 1 failed, 1 skipped",
                "1 critical",
                "0 of 1 taken back, 1 LEFT BEHIND",
            ),
            id="a bad one",
        ),
        pytest.param(
            replace(
                VIEW,
                spans=spans(Measured(Span.DETECT, 61.0, 60.0), Measured(Span.FLAG, 1.0, 60.0)),
                steps=VIEW.steps[:2],
                findings=(NOTE, NOTE),
                undos=(DONE,),
                residue=(),
            ),
            ("1 of 2 met, 1 MISSED", "2 passed", "2 notes", "1 of 1 taken back"),
            id="a target missed",
        ),
        pytest.param(
            replace(VIEW, spans=spans(Measured(Span.TOTAL, 1.0, None)), steps=(), findings=(NOTE,), undos=()),
            ("none was set", "none", "1 note", "1 LEFT BEHIND"),
            id="left behind and never taken back",
        ),
        pytest.param(
            replace(VIEW, spans=(), steps=(), findings=(), undos=(), residue=()),
            ("none was set", "none", "none", "nothing to take back"),
            id="nothing",
        ),
    ],
)
def test_the_summary(shown: ReportView, said: tuple[str, ...]) -> None:
    """Targets, steps, findings, clean-up."""
    assert tuple(text for _, text in summary(shown)) == said


def test_a_meter_says_the_share_of_the_target() -> None:
    """It is bad where the target was missed, and none is drawn where there is no figure or no target."""
    assert "<title>25 % of its target</title>" in meter(Measured(Span.DETECT, 15.0, 60.0))
    assert 'class="bar passed"' in meter(Measured(Span.DETECT, 60.0, 60.0))
    assert 'class="bar failed"' in meter(Measured(Span.DETECT, 60.1, 60.0))
    assert meter(Measured(Span.DETECT, None, 60.0)) == meter(Measured(Span.DETECT, 1.0, None)) == ""
    assert meter(Measured(Span.DETECT, 1.0, 0.0)) == ""
