import pytest

from platforms.simulator.errors import FaultInvalid
from platforms.simulator.faults import ALL, FUNCTIONS, HEALTH, TARGETS, Fault, FaultBoard, FaultKind, parse


@pytest.mark.parametrize("kind", FaultKind)
def test_every_kind_needs_no_more_than_its_name(kind: FaultKind) -> None:
    """A fault is set by naming it; what it shows then is written in one place."""
    fault = parse(ALL, {"kind": kind.value})
    assert parse(ALL, fault.as_data()) == fault


@pytest.mark.parametrize(
    ("target", "data", "message"),
    [
        ("sign_out", {"kind": "fail"}, f"function: expected one of {', '.join(TARGETS)}"),
        ("sign_in", [], 'expected an object such as {"kind": "fail", "status": 503}'),
        ("sign_in", "fail", 'expected an object such as {"kind": "fail", "status": 503}'),
        ("sign_in", {}, f"kind: expected one of {', '.join(FaultKind)}"),
        ("sign_in", {"kind": ["fail"]}, f"kind: expected one of {', '.join(FaultKind)}"),
        ("sign_in", {"kind": "stop"}, "kind: stop closes the one listening socket, so it can be set on all only"),
        ("sign_in", {"kind": "hang", "seconds": 1}, "hang takes no other member, and nothing else"),
        ("sign_in", {"kind": "fail", "code": 500}, "fail takes status, and nothing else"),
        ("sign_in", {"kind": "fail", "status": 200}, "status: expected a whole number from 400 to 599"),
        ("sign_in", {"kind": "fail", "status": 503.5}, "status: expected a whole number from 400 to 599"),
        ("sign_in", {"kind": "fail", "status": True}, "status: expected a whole number from 400 to 599"),
        ("sign_in", {"kind": "fail", "status": "503"}, "status: expected a whole number from 400 to 599"),
        ("sign_in", {"kind": "slow", "seconds": 0}, "seconds: expected a number from 0.01 to 3600"),
        ("sign_in", {"kind": "slow", "seconds": float("nan")}, "seconds: expected a number from 0.01 to 3600"),
        ("sign_in", {"kind": "denied", "status": 404}, "status: expected 401 or 403"),
        ("sign_in", {"kind": "flapping", "bad": 4, "of": 3}, "bad: expected at most `of`"),
        ("sign_in", {"kind": "flapping", "bad": 0}, "bad: expected a whole number from 1 to 1000"),
    ],
)
def test_what_is_no_fault_is_refused_with_what_was_expected(target: str, data: object, message: str) -> None:
    """One line says which member is wrong."""
    with pytest.raises(FaultInvalid) as refused:
        parse(target, data)
    assert str(refused.value) == message


def test_a_functions_own_fault_comes_before_the_one_on_all() -> None:
    """What is set closer to the function wins; without it the wider one shows."""
    board = FaultBoard()
    board.show(ALL, Fault(FaultKind.HANG))
    board.show("sign_in", Fault(FaultKind.FAIL))
    assert board.due("sign_in") == Fault(FaultKind.FAIL)
    assert board.due("request") == Fault(FaultKind.HANG)
    board.clear("sign_in")
    assert board.due("sign_in") == Fault(FaultKind.HANG)


def test_a_fault_on_health_reaches_health_addresses_alone() -> None:
    """A vendor's health address can be broken while what it speaks of works."""
    board = FaultBoard()
    board.show(HEALTH, Fault(FaultKind.FAIL))
    assert board.due("sign_in", is_health=True) == Fault(FaultKind.FAIL)
    assert board.due("sign_in") is None


def test_flapping_is_bad_so_many_times_of_so_many() -> None:
    """The first n of every m calls are bad, and setting it again starts anew."""
    board = FaultBoard()
    fault = parse("sign_in", {"kind": "flapping", "bad": 2, "of": 3})
    board.show("sign_in", fault)
    assert [board.due("sign_in") is not None for _ in range(7)] == [True, True, False, True, True, False, True]
    board.show("sign_in", fault)
    assert board.due("sign_in") is not None


def test_clearing_takes_away_one_or_all() -> None:
    """What was not set can be cleared too: mending is never refused."""
    board = FaultBoard()
    for function in FUNCTIONS:
        board.show(function, Fault(FaultKind.WRONG))
    board.clear("sign_in")
    board.clear("sign_in")
    assert sorted(board.as_data()) == sorted(set(FUNCTIONS) - {"sign_in"})
    board.clear()
    assert board.as_data() == {}


def test_only_stop_on_all_stops_the_listener() -> None:
    """The listener follows one fault and no other."""
    board = FaultBoard()
    board.show(ALL, Fault(FaultKind.FAIL))
    assert not board.is_stopped
    board.show(ALL, Fault(FaultKind.STOP))
    assert board.is_stopped
