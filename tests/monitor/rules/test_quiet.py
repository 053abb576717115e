"""What is passed by while quiet is what the rules make of the same outcomes one by one."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.model.event import Observed, Ticked
from monitor.model.outcome import Outcome, OutcomeKind, Reason, Warn
from monitor.model.policy import PlatformPolicy
from monitor.model.state import PlatformState
from monitor.rules.quiet import Passed, is_quiet, passed_by
from monitor.rules.reduce import advance
from tests.support.clock import START
from tests.support.rulings import BOUNDED, SECOND, policy, probe

WATCHED = policy(probe("portal"), probe("api", "request"))
GOOD, BAD = OutcomeKind.GOOD, OutcomeKind.BAD


def _told(name: str, number: int, kind: OutcomeKind = GOOD, warnings: tuple[Warn, ...] = ()) -> Observed:
    at = START + number * 15 * SECOND
    reason = Reason.OK if kind is GOOD else Reason.TIMEOUT
    return Observed(name, Outcome(kind, reason, "told", at, 0.1, warnings=warnings), at + SECOND / 10, True)


def _after(story: list[Observed], state: PlatformState | None = None, by: PlatformPolicy = WATCHED) -> PlatformState:
    held = state or PlatformState("payments")
    for event in story:
        held = advance(held, by, event, event.ended_at).state
    return held


def _both(number: int) -> list[Observed]:
    return [_told("portal", number), _told("api", number)]


@BOUNDED
@given(st.lists(st.booleans(), max_size=8), st.integers(1, 50))
def test_it_is_what_one_by_one_leads_to(failures: list[bool], count: int) -> None:
    """After any record of failures that leaves it quiet, and any number of good outcomes."""
    story = _both(0)
    for number, fails in enumerate(failures, 1):
        story += [_told("portal", number, BAD if fails else GOOD), _told("api", number)]
    first = len(failures) + 1
    quiet = _after([*story, *_both(first)])
    if not is_quiet(quiet):
        return
    one_by_one = _after([each for number in range(first + 1, first + 1 + count) for each in _both(number)], quiet)
    ended_at = START + (first + count) * 15 * SECOND + SECOND / 10
    at_once = passed_by(quiet, WATCHED, dict.fromkeys(("portal", "api"), Passed(count, ended_at, "told")), ended_at)
    assert replace(at_once, wake_at=None) == replace(one_by_one, wake_at=None)
    assert at_once.wake_at is not None
    assert is_quiet(at_once)


def test_time_changes_nothing_in_quiet() -> None:
    """A tick before the next outcome is due leaves all as it is."""
    quiet = _after([*_both(0), *_both(1)])
    ticked = advance(quiet, WATCHED, Ticked(), START + timedelta(seconds=29)).state
    assert replace(ticked, wake_at=None) == replace(quiet, wake_at=None)


def test_what_is_not_quiet() -> None:
    """A round, a warning, a record that may become unsteady, a probe never good, an outage."""
    base = [*_both(0), *_both(1)]
    confirmed = [_told("portal", number, BAD) for number in (2, 3, 4)]
    alternating = [_told("portal", number, BAD if number % 2 else GOOD) for number in range(3, 9)]
    stories = {
        "a round": [*base, _told("portal", 2, BAD)],
        "a warning": [*base, _told("portal", 2, GOOD, (Warn.DURATION,))],
        "three bad ones": [*base, *alternating],
        "never good": [_told("portal", 0)],
        "an outage": [*base, *confirmed],
        "just over": [*base, *confirmed, *(_told("portal", number) for number in (5, 6, 7))],
    }
    assert is_quiet(_after(base))
    assert [name for name, story in stories.items() if is_quiet(_after(story))] == []
