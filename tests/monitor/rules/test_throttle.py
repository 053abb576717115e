"""Failures and writes are bounded in a sliding minute, in bounded memory, and never lock anybody out for long."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.rules.throttle import (
    FAILURES_OF_ALL,
    FAILURES_OF_ONE,
    WINDOW_SECONDS,
    WRITES,
    Counted,
    failed,
    source_of,
    wrote,
)

_STEPS = st.lists(
    st.tuples(st.floats(0, 30), st.sampled_from([f"10.0.0.{number}" for number in range(20)])), max_size=400
)


def test_one_address_may_fail_so_often() -> None:
    """Then it is told how long to stay away; another address is not."""
    counted = Counted()
    for number in range(FAILURES_OF_ONE):
        judged = failed(counted, "10.0.0.1", float(number))
        assert judged.wait_seconds == 0
        counted = judged.counted
    assert failed(counted, "10.0.0.1", 10.0).wait_seconds == 50
    assert failed(counted, "10.0.0.2", 10.0).wait_seconds == 0
    assert failed(counted, "10.0.0.1", 60.0).wait_seconds == 0


def test_all_together_may_fail_so_often() -> None:
    """However many addresses they come from."""
    counted = Counted()
    for number in range(FAILURES_OF_ALL):
        judged = failed(counted, f"10.1.{number}.1", 0.0)
        assert judged.wait_seconds == 0
        counted = judged.counted
    assert failed(counted, "10.2.0.1", 30.0).wait_seconds == 30


def test_one_network_of_ipv6_is_one_address() -> None:
    """Whoever has one of its addresses has them all."""
    assert source_of("2001:db8:0:1::1") == source_of("2001:db8:0:1:ffff::2") != source_of("2001:db8:0:2::1")
    assert source_of("::ffff:10.0.0.1") == source_of("10.0.0.1") != source_of("10.0.0.2")
    assert source_of("not an address") == ""


@given(_STEPS)
def test_what_is_remembered_is_bounded_and_right(steps: list[tuple[float, str]]) -> None:
    """In no minute are more failures let through than the limits say, and none is throttled below them."""
    counted, now, passed = Counted(), 0.0, list[tuple[float, str]]()
    for pause, address in steps:
        now += pause
        recent = [entry for entry in passed if now - entry[0] < WINDOW_SECONDS]
        own = [entry for entry in recent if entry[1] == address]
        judged = failed(counted, address, now)
        counted = judged.counted
        is_over = len(own) >= FAILURES_OF_ONE or len(recent) >= FAILURES_OF_ALL
        assert (judged.wait_seconds > 0) is is_over
        if not is_over:
            passed.append((now, address))
        assert len(counted.entries) <= FAILURES_OF_ALL


@given(_STEPS)
def test_whoever_waits_as_told_is_served(steps: list[tuple[float, str]]) -> None:
    """Trying on does not hold a limit shut."""
    counted, now = Counted(), 0.0
    for pause, address in steps:
        now += pause
        judged = failed(counted, address, now)
        counted = judged.counted
        if judged.wait_seconds:
            assert 0 < judged.wait_seconds <= WINDOW_SECONDS
            assert failed(counted, address, now + judged.wait_seconds).wait_seconds == 0


def test_a_token_may_write_so_often() -> None:
    """Sixty times a minute, and again as soon as the first of them is a minute ago."""
    counted = Counted()
    for number in range(WRITES):
        judged = wrote(counted, number / 10)
        assert judged.wait_seconds == 0
        counted = judged.counted
    assert wrote(counted, 6.0).wait_seconds == 54
    assert wrote(counted, 60.0).wait_seconds == 0


@pytest.mark.parametrize("now", [1.0, 1e6])
def test_a_flood_of_addresses_takes_no_memory(now: float) -> None:
    """Ten thousand addresses leave as much behind as a hundred."""
    counted = Counted()
    for number in count():
        if number == 10_000:
            break
        counted = failed(counted, f"10.{number >> 16}.{(number >> 8) & 255}.{number & 255}", now).counted
    assert len(counted.entries) == FAILURES_OF_ALL
