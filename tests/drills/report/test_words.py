"""What a reader must not miss is said in sentences."""

from dataclasses import replace
from datetime import date

import pytest

from drills.model.event import CleaningUp, Closed, Event, Gated, Resumed
from drills.model.step import Status
from drills.model.verdict import Finding, Severity
from drills.report.controls import shipped
from drills.report.view import view
from drills.report.words import ended, put_right, shown_by, supported_by, told
from drills.rules.controls import Cited
from drills.rules.verdict import judge
from tests.drills.report import sample

OPENED, WINDOW, RECEIPT, *REST = sample.EVENTS
RESUMED = Resumed("eve", "other", clean_up_only=True)


def said(*events: Event) -> str:
    """Return what is said of a run of these entries."""
    entries = sample.journal((OPENED, *events))
    return " ".join(told(view(entries, judge(entries), shipped())))


@pytest.mark.parametrize(
    ("events", "words"),
    [
        pytest.param((RECEIPT,), f"drill resume {sample.RUN} --clean-up-only", id="never closed"),
        pytest.param((RECEIPT, *REST), "taken away by hand", id="something is left behind"),
        pytest.param((RECEIPT, *REST), "stopped before its end", id="interrupted"),
        pytest.param((RESUMED, Closed("aborted", "", 5)), "resumed never passes", id="resumed"),
        pytest.param((Gated("window", Status.WAIVED, ""),), "before a drill: window", id="waived"),
        pytest.param((CleaningUp("done"), Closed("not_measured", "", 4)), "neither a pass nor a fail", id="unknown"),
        pytest.param(tuple(REST), "whoever could write here", id="nobody else was told"),
    ],
)
def test_each_state_has_its_sentence(events: tuple[Event, ...], words: str) -> None:
    """For who reads it at three in the morning."""
    assert words in said(*events)


def test_a_run_that_is_over_is_not_to_be_resumed() -> None:
    """It would do nothing; what is left is taken away by hand."""
    assert "drill resume" not in said(RECEIPT, *REST)


def test_when_it_ended() -> None:
    """One that nobody closed has no end."""
    whole, cut = (sample.journal(events) for events in (sample.EVENTS, sample.EVENTS[:9]))
    assert ended(view(whole, sample.RESULT, shipped())) == "2026-03-01 03:00:22Z, after 22.5 s"
    assert ended(view(cut, sample.RESULT, shipped())) == "never closed; the last entry came after 12.0 s"


def test_what_shows_nothing_says_so() -> None:
    """No dash stands for a word."""
    a, b = Cited("a", (3, 4)), Cited("b", (7,))
    assert (shown_by((), ()), shown_by((a, b), ("c",)), shown_by((), ("c",))) == (
        "nothing",
        "a (entries 3, 4), b (entry 7); not by c",
        "not by c",
    )
    assert (supported_by((), ()), supported_by((a,), ("D1",)), supported_by((), ("D1", "D2"))) == (
        "nothing",
        "a (entries 3, 4); D1 not shown in full",
        "D1, D2 not shown in full",
    )


def test_who_puts_it_right_is_said() -> None:
    """Where no day was set that is said, and where nobody has to nothing is."""
    found = Finding("residue", Severity.CRITICAL, "", owner="ann", due=date(2026, 3, 8))
    assert put_right(found) == "ann, by 2026-03-08"
    assert put_right(replace(found, due=None)) == "ann, no day was set"
    assert put_right(replace(found, owner="", due=None)) == "-"
