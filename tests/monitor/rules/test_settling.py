"""Findings that nobody acts on share a record; every other keeps its own, and their order."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from monitor.model.fact import Fact, FunctionChanged, PlatformChanged, ProbeChanged, Step
from monitor.model.state import PlatformState
from monitor.model.verdict import Phase, Verdict
from monitor.rules.settling import MOST_FACTS, joined

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
STATE = PlatformState(platform="payments")


def probe(number: int) -> Fact:
    """Return that a probe was good for the first time."""
    return ProbeChanged(f"probe-{number}", Phase.UNPROVEN, Phase.GOOD, NOW, "good for the first time")


def function(number: int) -> Fact:
    """Return that a function is up."""
    return FunctionChanged(f"function-{number}", Verdict.UNKNOWN, Verdict.UP, NOW, "all good")


def step(*facts: Fact) -> Step:
    """Return a step with these facts."""
    return Step(STATE, facts, (), NOW)


LOUD = (PlatformChanged(Verdict.UP, Verdict.DOWN, NOW, "down"),)


def test_what_only_says_how_probes_are_is_joined() -> None:
    """In order, with the later state, and what both called for."""
    later = Step(replace(STATE, blind=True), (function(2),), ("b",), None)
    found = joined(Step(STATE, (probe(1), function(1)), ("a",), NOW), later)
    assert found == Step(later.state, (probe(1), function(1), function(2)), ("a", "b"), None)


def test_what_anybody_acts_on_is_not() -> None:
    """Neither before nor after; nor a checkpoint, which has no facts; nor the answer to a person."""
    quiet = step(probe(1))
    loud = [step(probe(2), *LOUD), step(*LOUD), step()]
    for other in loud:
        assert joined(quiet, other) is None
        assert joined(other, quiet) is None


def test_a_record_is_bounded() -> None:
    """So that one transaction stays short."""
    full = step(*(probe(number) for number in range(MOST_FACTS)))
    assert joined(full, step(probe(0))) is None
    assert joined(step(*full.facts[1:]), step(probe(0))) is not None


@given(st.lists(st.sampled_from([probe(1), probe(2), function(1), *LOUD]).map(step), max_size=12))
def test_joining_loses_nothing_and_keeps_the_order(steps: list[Step]) -> None:
    """However a row of findings is joined, one after the other: the same facts, and each loud one alone."""
    records: list[Step] = []
    for each in steps:
        together = joined(records[-1], each) if records else None
        records = [*records[:-1], together] if together is not None else [*records, each]
    assert [fact for record in records for fact in record.facts] == [fact for each in steps for fact in each.facts]
    assert all(len(record.facts) == 1 for record in records if LOUD[0] in record.facts)
