"""A changed copy of a value."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.state import PlatformState, ProbeState
from monitor.model.verdict import Phase, Verdict
from monitor.rules.change import changed
from tests.support.clock import START
from tests.support.rulings import BOUNDED, down

PROBE_CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "phase": st.sampled_from(Phase),
        "round_bad": st.integers(0, 9),
        "last_at": st.just(START),
        "last_detail": st.text(),
    },
)


@BOUNDED
@given(changes=PROBE_CHANGES)
def test_the_same_as_replace(changes: dict[str, object]) -> None:
    """It gives what `dataclasses.replace` gives, and leaves the value as it was."""
    held = down().probe()
    before = replace(held)
    assert changed(held, **changes) == replace(held, **changes)  # type: ignore[arg-type]  # any fields
    assert held == before


def test_every_field_can_be_changed() -> None:
    """No field is left out, of either value."""
    held, state = ProbeState("f0"), down().state
    marks = {field.name: object() for field in fields(held)}
    assert {name: getattr(changed(held, **marks), name) for name in marks} == marks
    marks = {field.name: object() for field in fields(state)}
    assert {name: getattr(changed(state, **marks), name) for name in marks} == marks


def test_a_platform() -> None:
    """It works for platforms as for probes, and what it returns is frozen."""
    state = PlatformState("payments")
    copy = changed(state, verdict=Verdict.UP)
    assert copy == replace(state, verdict=Verdict.UP)
    with pytest.raises(AttributeError):
        copy.verdict = Verdict.DOWN  # type: ignore[misc]  # that is the point


def test_no_such_field() -> None:
    """A field that doesn't exist is a bug, and shows."""
    with pytest.raises(KeyError):
        changed(ProbeState("f0"), fase=Phase.GOOD)
