"""Which page at a pager is this run's, and when it came."""

from dataclasses import replace
from datetime import timedelta

import pytest

from drills.model.step import Status
from drills.rules.page import Seen, Sought, instant, judge, texts
from tests.support.clock import START

RUN = "outage-1"
NEW = START + timedelta(seconds=10)
NOW = START + timedelta(minutes=1)
SOUGHT = Sought(["drill"], START, "since the outage began")
NAMED = Sought([RUN], START, "it mentions ${run}", is_named=True)


def _seen(text: str = f"drill {RUN}", began: object = NEW, came: object = NEW, *, is_held: bool = False) -> Seen:
    return Seen({"summary": text}, began, came, is_held)  # type: ignore[arg-type]  # None or a time


def test_the_first_page_of_this_run_counts() -> None:
    """It came when the pager says."""
    later = _seen(came=NEW + timedelta(seconds=5))
    assert judge([later, _seen()], SOUGHT, NOW).at == NEW
    assert judge([later, _seen()], SOUGHT, NOW).status is Status.PASSED


@pytest.mark.parametrize(
    "seen",
    [
        _seen("an outage"),
        _seen(began=START - timedelta(seconds=3)),
        _seen(began=None),
        _seen(is_held=True),
    ],
)
def test_a_page_that_is_another_runs_older_or_held_back_does_not(seen: Seen) -> None:
    """Failed, and not passed by somebody else's page."""
    assert judge([seen], SOUGHT, NOW).status is Status.FAILED
    assert judge([], SOUGHT, NOW).status is Status.FAILED


def test_a_page_that_names_the_run_is_its_own_whatever_clocks_say() -> None:
    """But when it came is not believed where that was before the outage."""
    early = START - timedelta(minutes=1)
    for seen in (_seen(began=early, came=early), _seen(began=None, came=None)):
        found = judge([seen, _seen("drill outage-2")], NAMED, NOW)
        assert (found.status, found.at) == (Status.PASSED, None)
    assert judge([_seen("drill outage-2")], NAMED, NOW).status is Status.FAILED
    assert judge([_seen()], Sought([RUN], None, "", is_named=True), NOW).at == NEW


def test_clocks_may_be_a_little_apart() -> None:
    """A pager's clock that is a second behind makes no page an old one."""
    assert judge([_seen(began=START - timedelta(seconds=1))], SOUGHT, NOW).status is Status.PASSED


@pytest.mark.parametrize(
    ("waits", "status"),
    [
        ([5.0], Status.PASSED),
        ([4.999], Status.FAILED),
        ([7.0, 1.0], Status.FAILED),
        ([None], Status.NOT_MEASURED),
        ([7.0, None], Status.NOT_MEASURED),
    ],
)
def test_one_that_must_have_waited_did(waits: list[float | None], status: Status) -> None:
    """As what falls back does; where the pager does not say how long, nobody knows."""
    seen = [replace(_seen(), decided=None if wait is None else NEW - timedelta(seconds=wait)) for wait in waits]
    found = judge(seen, replace(NAMED, after=timedelta(seconds=5)), NOW)
    assert found.status is status
    assert judge(seen, NAMED, NOW).status is Status.PASSED
    held = [replace(each, is_held=True) for each in seen]
    assert judge(held, replace(NAMED, after=timedelta(seconds=5)), NOW).status is Status.FAILED


def test_a_time_ahead_of_ours_is_not_taken() -> None:
    """The page is there, and nobody knows since when."""
    found = judge([_seen(came=NOW + timedelta(seconds=1))], SOUGHT, NOW)
    assert (found.status, found.at) == (Status.PASSED, None)


def test_nothing_to_know_it_by_is_not_measured() -> None:
    """Any page could be anybody's."""
    assert judge([_seen()], Sought([], None, ""), NOW).status is Status.NOT_MEASURED
    assert judge([_seen()], Sought(["drill"], None, ""), NOW).status is Status.NOT_MEASURED
    assert judge([_seen()], Sought([], START, ""), NOW).status is Status.PASSED


def test_texts_are_found_however_deep_and_keys_are_none() -> None:
    """Values alone."""
    assert texts({"a": ["b", {"c": "d", "e": 1}], "f": None}) == ("b", "d")


@pytest.mark.parametrize("value", ["yesterday", "2026-03-01T03:00:00", 7, None])
def test_what_is_no_instant_is_none(value: object) -> None:
    """A time without an offset is somebody's local one."""
    assert instant(value) is None
    assert instant("2026-03-01T03:00:00Z") == START
