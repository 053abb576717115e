"""What a run is worth: every way it can end, with and without something left."""

from datetime import timedelta

import pytest

from monitor.model.outcome import OutcomeKind, Reason, Warn
from monitor.probes.journey_end import judged, names
from platforms.errors import FaultKind
from platforms.journey.engine import Left, Trip
from platforms.journey.model import Ending, Opening, OpenState, Why
from tests.support.clock import START

OPEN = Left(Opening("r1", "request", START, OpenState.OPEN), Ending(Why.STATUS, "undo of request", "status 503"))
OLD = Left(Opening("r0", "request", START - timedelta(hours=1)), Ending(Why.LOST_SIGHT))
NOT_THERE = Left(Opening("r2", "request", START), Ending(Why.NOTHING_YET))
TIMEOUT = timedelta(seconds=30)
GOOD, BAD, NOT_MEASURED = OutcomeKind.GOOD, OutcomeKind.BAD, OutcomeKind.NOT_MEASURED
WORTH = {
    Why.OK: (GOOD, Reason.OK),
    Why.STATUS: (BAD, Reason.STATUS),
    Why.JSON: (BAD, Reason.JSON),
    Why.NEVER: (BAD, Reason.TIMEOUT),
    Why.TIMEOUT: (BAD, Reason.TIMEOUT),
    Why.NOT_REFUSED: (BAD, Reason.NOT_REFUSED),
    Why.FAULT: (NOT_MEASURED, Reason.OWN_FAULT),
    Why.DENIED: (NOT_MEASURED, Reason.DENIED),
    Why.CREDENTIALS: (NOT_MEASURED, Reason.CREDENTIALS_REFUSED),
    Why.RATE_LIMITED: (NOT_MEASURED, Reason.RATE_LIMITED),
    Why.BUDGET: (OutcomeKind.SKIPPED, Reason.BUDGET),
    Why.RECORD: (NOT_MEASURED, Reason.OWN_FAULT),
    Why.LOST_SIGHT: (NOT_MEASURED, Reason.RESIDUE),
    Why.NOTHING_YET: (NOT_MEASURED, Reason.RESIDUE),
    Why.ENDED: (NOT_MEASURED, Reason.RESIDUE),
}
FAULTS = {
    FaultKind.OWN: (NOT_MEASURED, Reason.OWN_FAULT),
    FaultKind.RESOLVE: (BAD, Reason.RESOLVE_FAILED),
    FaultKind.REFUSED: (BAD, Reason.CONNECT_REFUSED),
    FaultKind.UNREACHABLE: (BAD, Reason.CONNECT_FAILED),
    FaultKind.TLS: (BAD, Reason.TLS_FAILED),
    FaultKind.LOST: (BAD, Reason.CONNECTION_LOST),
    FaultKind.CREDENTIAL: (NOT_MEASURED, Reason.CREDENTIALS_REFUSED),
    FaultKind.PROTOCOL: (BAD, Reason.PROTOCOL),
    FaultKind.TOO_LARGE: (BAD, Reason.TOO_LARGE),
    FaultKind.REDIRECT: (BAD, Reason.REDIRECT),
    FaultKind.ANSWER: (BAD, Reason.ANSWER),
}


@pytest.mark.parametrize("why", Why)
def test_every_ending_has_its_worth(why: Why) -> None:
    """Kind and reason, from the closed list."""
    judgement = judged(Trip(Ending(why, "use", "why"), {}), (), TIMEOUT)
    assert (judgement.kind, judgement.reason) == WORTH[why]
    assert (judgement.detail, judgement.warnings) == ("step use: why", ())


@pytest.mark.parametrize("fault", FaultKind)
def test_every_fault_of_an_exchange_has_its_worth(fault: FaultKind) -> None:
    """As any other probe's."""
    judgement = judged(Trip(Ending(Why.FAULT, "use", "x", fault), {}), (), TIMEOUT)
    assert (judgement.kind, judgement.reason) == FAULTS[fault]


@pytest.mark.parametrize("why", Why)
@pytest.mark.parametrize("left", [OPEN, OLD, NOT_THERE], ids=["open", "out of sight", "not there yet"])
def test_nothing_that_leaves_something_open_is_good(why: Why, left: Left) -> None:
    """Whatever else it is; and what it was bad for it stays bad for."""
    judgement = judged(Trip(Ending(why, "use", "x"), {}, (left,)), (), TIMEOUT)
    expected = (NOT_MEASURED, Reason.RESIDUE) if why is Why.OK else WORTH[why]
    assert (judgement.kind, judgement.reason) == expected
    assert (judgement.warnings == (Warn.RESIDUE,)) is (left is not NOT_THERE)


def test_what_is_left_of_earlier_marks_a_good_outcome() -> None:
    """It stays good: this run gave back what it took."""
    judgement = judged(Trip(Ending(Why.OK), {}), (OLD,), TIMEOUT)
    assert (judgement.kind, judgement.warnings) == (GOOD, (Warn.RESIDUE,))
    assert judgement.detail == "every step held; left open: possibly request of run r0"


def test_a_deadline_that_was_noticed_late_is_our_own_fault() -> None:
    """And what is left is named all the same."""
    judgement = judged(Trip(Ending(Why.TIMEOUT, "use", "x"), {}, (OPEN,), late=1.5), (), TIMEOUT)
    assert (judgement.kind, judgement.reason) == (NOT_MEASURED, Reason.OWN_FAULT)
    assert judgement.detail.endswith("1.5 s late; left open: request of run r1")
    soon = Trip(Ending(Why.TIMEOUT, "use", "x"), {}, late=0.3)
    assert judged(soon, (), timedelta(seconds=1)).reason is Reason.OWN_FAULT
    assert judged(soon, (), TIMEOUT).reason is Reason.TIMEOUT


def test_many_things_left_are_told_in_one_line() -> None:
    """Five by name, the rest by number; all by name beside it."""
    trip = Trip(Ending(Why.OK), {}, (OPEN,) * 7)
    assert judged(trip, (OLD,), TIMEOUT).detail.endswith("request of run r1 and 3 more")
    assert len(list(names(trip, (OLD,)))) == 8


def test_a_deadline_that_passes_while_our_own_is_waited_for() -> None:
    """Not measured: it says nothing about the platform. Only of a deadline: what was found before stands."""
    ours = "this machine's DNS servers"
    judgement = judged(Trip(Ending(Why.TIMEOUT, "use", "not done within 5 s"), {}), (), TIMEOUT, ours)
    assert (judgement.kind, judgement.reason) == (NOT_MEASURED, Reason.OWN_FAULT)
    assert judgement.detail == f"step use: not done within 5 s, waiting for {ours}"
    assert judged(Trip(Ending(Why.STATUS, "use", "status 503"), {}), (), TIMEOUT, ours).kind is BAD


def test_what_was_never_closed_and_has_ended_marks_one_outcome() -> None:
    """It is named, and is no residue any more."""
    judgement = judged(Trip(Ending(Why.OK), {}), (Left(OPEN.opening, Ending(Why.ENDED)),), TIMEOUT)
    assert (judgement.kind, judgement.warnings) == (GOOD, (Warn.NEVER_CLOSED,))
    assert judgement.detail == "every step held; never closed, ended by itself: request of run r1"
    assert list(names(Trip(Ending(Why.OK), {}), (Left(OPEN.opening, Ending(Why.ENDED)),))) == []
