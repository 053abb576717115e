"""What all vantages together hold true of a platform."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.verdict import Verdict
from monitor.rules.quorum import tally
from tests.support.rulings import BOUNDED

LETTERS = {"u": Verdict.UP, "g": Verdict.DEGRADED, "d": Verdict.DOWN, "?": Verdict.UNKNOWN}
VOTES = st.lists(st.sampled_from(list(Verdict)), max_size=7)


@pytest.mark.parametrize(
    ("votes", "configured", "expected"),
    [
        ("u", 1, (Verdict.UP, 1, 1, False)),
        ("g", 1, (Verdict.DEGRADED, 1, 1, False)),
        ("d", 1, (Verdict.DOWN, 1, 1, False)),
        ("?", 1, (Verdict.UNKNOWN, 0, 0, False)),
        ("uuu", 3, (Verdict.UP, 3, 3, False)),
        ("uug", 3, (Verdict.DEGRADED, 3, 1, False)),
        ("uud", 3, (Verdict.DEGRADED, 3, 0, True)),
        ("udd", 3, (Verdict.DOWN, 3, 2, False)),
        ("ddd", 3, (Verdict.DOWN, 3, 3, False)),
        ("?dd", 3, (Verdict.DOWN, 2, 2, False)),
        ("?ud", 3, (Verdict.DEGRADED, 2, 0, True)),
        ("?gd", 3, (Verdict.DEGRADED, 2, 1, True)),
        ("?uu", 3, (Verdict.UP, 2, 2, False)),
        ("??u", 3, (Verdict.UNKNOWN, 1, 0, False)),
        ("??d", 3, (Verdict.UNKNOWN, 1, 0, False)),
        ("???", 3, (Verdict.UNKNOWN, 0, 0, False)),
        ("d", 3, (Verdict.UNKNOWN, 1, 0, False)),
        ("dd", 3, (Verdict.DOWN, 2, 2, False)),
        ("uu", 3, (Verdict.UP, 2, 2, False)),
        ("ud", 2, (Verdict.DEGRADED, 2, 0, True)),
        ("dd", 2, (Verdict.DOWN, 2, 2, False)),
        ("d?", 2, (Verdict.UNKNOWN, 1, 0, False)),
        ("ddu?", 4, (Verdict.DEGRADED, 3, 0, True)),
        ("dd??", 4, (Verdict.UNKNOWN, 2, 0, False)),
        ("ddd?", 4, (Verdict.DOWN, 3, 3, False)),
    ],
)
def test_votes(votes: str, configured: int, expected: tuple[Verdict, int, int, bool]) -> None:
    """Down needs more than half of the configured ones, anything else more than half that see."""
    found = tally((LETTERS[vote] for vote in votes), configured)
    assert (found.verdict, found.seeing, found.agreeing, found.is_minority) == expected


@BOUNDED
@given(VOTES, st.integers(1, 7))
def test_order_is_nothing(votes: list[Verdict], configured: int) -> None:
    """Votes count alike in every order of arrival."""
    assert tally(votes, configured) == tally(reversed(votes), configured)


@BOUNDED
@given(VOTES, st.integers(1, 7))
def test_down_never_by_half(votes: list[Verdict], configured: int) -> None:
    """It is down exactly if more than half of the configured vantages say so; silence says nothing."""
    found = tally(votes, configured)
    assert (found.verdict is Verdict.DOWN) is (votes.count(Verdict.DOWN) > configured / 2)
    assert tally([*votes, Verdict.UNKNOWN], configured) == found


@BOUNDED
@given(VOTES, st.integers(1, 7))
def test_counts(votes: list[Verdict], configured: int) -> None:
    """Nobody agrees that doesn't see, and nobody agrees with unknown."""
    found = tally(votes, configured)
    assert found.agreeing <= found.seeing <= len(votes)
    assert not (found.verdict is Verdict.UNKNOWN and found.agreeing)


def test_why() -> None:
    """Several vantages say how their votes fell; a single one has nothing to add."""
    assert tally([Verdict.DOWN, Verdict.UP], 3).why == "1 of 3 vantages see it down, 2 can see"
    assert not tally([Verdict.DOWN], 1).why
