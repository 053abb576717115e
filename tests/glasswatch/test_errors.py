"""Exit codes: their numbers are a contract, and the worst of several wins."""

from itertools import permutations

import pytest

from glasswatch.errors import ExitCode, worst


def test_the_numbers_are_the_contract() -> None:
    """Scripts compare with these numbers (design 3.1)."""
    assert {code.name: int(code) for code in ExitCode} == {
        "GOOD": 0,
        "FINDING": 1,
        "USAGE": 2,
        "INVALID": 3,
        "NOT_MEASURED": 4,
        "INTERRUPTED": 5,
        "RESIDUE": 6,
        "EVIDENCE_UNWRITABLE": 7,
        "BUG": 70,
    }


def test_several_at_once_end_with_the_worst() -> None:
    """70 > 6 > 7 > 5 > 3 > 1 > 4 > 0, in whatever order they came."""
    order = [ExitCode(number) for number in (70, 6, 7, 5, 3, 1, 4, 0)]
    for first, second in permutations(order, 2):
        assert worst([first, second]) is min(first, second, key=order.index)
    assert worst(reversed(order)) is ExitCode.BUG


@pytest.mark.parametrize("codes", [[], [ExitCode.GOOD]])
def test_nothing_bad_is_good(codes: list[ExitCode]) -> None:
    """No code at all means that nothing was found."""
    assert worst(codes) is ExitCode.GOOD
