"""Gates: whether a run may begin."""

import pytest

from drills.model.event import Gated
from drills.model.step import Status
from drills.rules import gates
from drills.rules.gates import Answer


def test_a_window_says_when_it_is_open() -> None:
    """None set is any time."""
    assert gates.window("", is_open=False).holds
    assert gates.window("monday from 09:00", is_open=True) == Answer(holds=True, detail="monday from 09:00")
    assert gates.window("monday from 09:00", is_open=False).detail == "not now: expected monday from 09:00"


@pytest.mark.parametrize(
    ("verdict", "state", "is_suspect", "holds"),
    [
        ("up", "standby", False, True),
        ("up", "standby", True, False),
        ("degraded", "standby", False, False),
        ("down", "standby", False, False),
        ("unknown", "standby", False, None),
        ("up", "ready", False, False),
        ("up", "exercise", False, False),
    ],
)
def test_a_platform_must_be_up_and_nobody_busy_on_it(
    verdict: str,
    state: str,
    *,
    is_suspect: bool,
    holds: bool | None,
) -> None:
    """What the monitor can't tell is not measured."""
    assert gates.platform(verdict, state, is_suspect=is_suspect).holds is holds


def test_evidence_needs_a_directory_that_takes_it_and_has_room() -> None:
    """A quota that nobody can tell is no reason to refuse."""
    assert gates.room(None).holds
    assert gates.room(gates.LEAST_ROOM).holds
    assert gates.room(gates.LEAST_ROOM - 1).holds is False
    assert gates.room(None, mode=0o40700).holds
    for mode in (0o40777, 0o40770, 0o41777):
        assert gates.room(None, mode=mode).detail == f"others can write there (mode {mode & 0o777:o}): expected 700"
    assert gates.room(2**40, "it is read-only") == Answer(holds=False, detail="it is read-only")


def test_an_open_run_on_the_platform_is_named_with_what_to_do() -> None:
    """Whoever left it open finishes it first."""
    assert gates.alone(()).holds
    assert "drill resume q-1" in gates.alone(("q-1",)).detail


def test_gates_are_told_in_order_and_what_does_not_hold_keeps_the_run_from_beginning() -> None:
    """Unless the settings let it go, which is said."""
    answers = {
        "witness": Answer(holds=None, detail="no answer"),
        "no_open_incident": Answer(holds=False, detail="down"),
        "evidence": Answer(holds=True, detail="fine"),
    }
    gated = gates.judge(answers, ())
    assert gated == (
        Gated("evidence", Status.PASSED, "fine"),
        Gated("no_open_incident", Status.FAILED, "down"),
        Gated("witness", Status.NOT_MEASURED, "no answer"),
    )
    assert gates.shut(gated) == gated[1:]
    waived = gates.judge(answers, {"witness", "no_open_incident"})
    assert [gate.status for gate in waived] == [Status.PASSED, Status.WAIVED, Status.WAIVED]
    assert waived[1].detail == "let go by the settings or the scenario: down"
    assert gates.shut(waived) == ()


@pytest.mark.parametrize("name", sorted(gates.NEVER_WAIVED))
def test_what_a_run_could_not_be_believed_without_is_never_let_go(name: str) -> None:
    """Whatever the settings say."""
    gated = gates.judge({name: Answer(holds=False, detail="no")}, set(gates.GATES))
    assert gated[0].status is Status.FAILED
