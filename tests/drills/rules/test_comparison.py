"""Runs side by side: what changed, and whether the last is worse than the one before."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from drills.model.event import Began, Ended, Entry, Event, Interrupted
from drills.model.step import Span, Status
from drills.model.verdict import Finding, Measured, Result, Severity, StepResult, Verdict
from drills.rules.comparison import Column, Comparison, columns, compare
from tests.drills.report import sample

MAJOR = Severity.MAJOR


def column(verdict: Verdict = Verdict.PASSED, seconds: float | None = 5.0, **more: object) -> Column:
    """Return a run with one span, whose target is 10 s."""
    steps = (StepResult("enter", Status.PASSED, "", is_evidence=True),)
    result = Result(verdict, "because", 0, steps, (Measured(Span.PAGE, seconds, 10.0),), ())
    sha256 = str(more.pop("sha256", "a"))
    times = {} if seconds is None else {Span.PAGE: seconds}
    result = replace(result, **more)  # type: ignore[arg-type]  # as given
    return Column("run", sample.START, "outage", sha256, result, times)


def shown(*runs: Column) -> Comparison:
    """Return how these compare."""
    return compare(runs)


@pytest.mark.parametrize(
    ("before", "last", "is_worse"),
    [
        pytest.param(column(), column(), False, id="alike"),
        pytest.param(column(), column(Verdict.NOT_MEASURED), True, id="not measured any more"),
        pytest.param(column(Verdict.FAILED), column(Verdict.NOT_MEASURED), False, id="from failed to not measured"),
        pytest.param(column(Verdict.FAILED), column(Verdict.CLEAN_UP_FAILED), True, id="something is left behind"),
        pytest.param(column(Verdict.FAILED), column(), False, id="better"),
        pytest.param(column(Verdict.FAILED), column(Verdict.FAILED, 11.0), True, id="a target is missed"),
        pytest.param(column(Verdict.FAILED, 12.0), column(Verdict.FAILED, 11.0), False, id="it was missed before"),
        pytest.param(column(Verdict.FAILED, None), column(Verdict.FAILED, 11.0), False, id="nobody knew before"),
        pytest.param(column(Verdict.FAILED), column(Verdict.FAILED, None), False, id="nobody knows now"),
    ],
)
def test_what_is_worse(before: Column, last: Column, *, is_worse: bool) -> None:
    """A verdict, or a target that was met before; what was not measured missed no target."""
    assert bool(shown(before, last).worse) is is_worse


def test_only_the_run_before_is_compared_with() -> None:
    """An older one that was better was news when the one after it came."""
    assert shown(column(), column(Verdict.FAILED), column(Verdict.FAILED)).worse == ()


def test_a_change_needs_both_ends() -> None:
    """What was not measured is no zero."""
    assert shown(column(seconds=5.0), column(seconds=7.5)).spans[0].change == 2.5
    assert shown(column(seconds=None), column(seconds=7.5)).spans[0].change is None
    assert shown(column(spans=()), column()).spans[0].cells[0] is None


def test_the_whole_of_a_run_that_broke_off_changed_nothing() -> None:
    """It is shown, and not said to be faster than the one before."""

    def of(*events: Event, days: int) -> list[Entry]:
        return [replace(each, run=f"run-{days}", at=each.at + timedelta(days=days)) for each in sample.journal(events)]

    done = [replace(each, status=Status.PASSED) if isinstance(each, Ended) else each for each in sample.EVENTS]
    done = [each for each in done if not isinstance(each, Interrupted)]
    broke_off = of(*sample.EVENTS, days=90)
    whole = [of(*done, Began("fake"), Ended("fake", Status.SIMULATED, ""), days=days) for days in (0, 1)]
    for last, is_compared in ((whole[1], True), (broke_off, False)):
        rows = {row.span: row for row in compare(columns([whole[0], last])).spans}
        assert (rows[Span.TOTAL].change is not None, rows[Span.DETECT].change) == (is_compared, 0.0)
        assert None not in rows[Span.TOTAL].cells


def test_findings_are_new_gone_or_stayed() -> None:
    """Told apart by code and step: words may hold times."""
    before = (Finding("a", MAJOR, "took 5 s", "x"), Finding("b", MAJOR, "b", "x"))
    last = (Finding("a", MAJOR, "took 6 s", "x"), Finding("b", MAJOR, "b", "y"))
    found = shown(column(findings=before), column(findings=last)).findings
    assert (found.new, found.gone, found.stayed) == (last[1:], before[1:], last[:1])


def test_steps_that_changed() -> None:
    """Ended otherwise, came, or went."""
    steps = tuple(StepResult(name, Status.PASSED, "", is_evidence=True) for name in ("same", "other", "went"))
    now = (steps[0], replace(steps[1], status=Status.FAILED), replace(steps[0], id="came"))
    rows = {row.id: row for row in shown(column(steps=steps), column(steps=now)).steps}
    assert {name: row.is_changed for name, row in rows.items()} == {
        "same": False,
        "other": True,
        "came": True,
        "went": True,
    }
    assert rows["went"].cells == (Status.PASSED, None)


def test_another_scenario_is_told() -> None:
    """By its hash, against the run before."""
    assert shown(column(sha256="a"), column(sha256="b")).is_scenario_changed
    assert not shown(column(sha256="b"), column(sha256="a"), column(sha256="a")).is_scenario_changed


def test_one_run_is_worse_than_nothing() -> None:
    """All it has is there, and nothing of it is new."""
    found = shown(column(Verdict.FAILED, findings=(Finding("a", MAJOR, "a"),)))
    assert (found.worse, found.findings.new, len(found.findings.stayed)) == ((), (), 1)


def test_runs_are_put_in_order_and_judged_beside_those_before() -> None:
    """However they were given; a span that took much longer than before is found."""

    def later(days: int, factor: float) -> Sequence[Entry]:
        return [
            replace(
                each,
                run=f"run-{days}",
                at=each.at + timedelta(days=days, seconds=(factor - 1) * each.mono / 1000),
                mono=int(each.mono * factor),
            )
            for each in sample.journal()
        ]

    found = columns([later(90, 3.0), later(0, 1.0)])
    assert [each.run for each in found] == ["run-0", "run-90"]
    assert "slower" in {each.code for each in found[1].result.findings}
    with pytest.raises(ValueError, match="opened"):
        columns([sample.journal()[1:]])
