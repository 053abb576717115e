"""When a flag that is still ready will be sealed again."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from monitor.model.state import Cause
from monitor.model.verdict import CauseKind, FlagState, Verdict
from monitor.rules.sealing import Sealing, sealing
from tests.support.rulings import BOUNDED, HOUR, INSTANT, MINUTE, SECOND, Platform, down, up


def _told(platform: Platform) -> Sealing | None:
    return sealing(platform.state, platform.policy.lower_after, platform.now)


def _manual(platform: Platform) -> Cause:
    return Cause(CauseKind.MANUAL, "man-1", platform.now, until=platform.now + HOUR, by="anna")


def recovered() -> Platform:
    """Return a platform that is up again after an outage, with the flag still ready."""
    platform = down()
    platform.recover()
    for _ in range(25):
        platform.good()
    assert platform.verdict() is Verdict.UP
    return platform


def test_nobody_can_tell_before_it_is_up() -> None:
    """Neither in the outage, nor while it is unknown."""
    platform = down()
    assert _told(platform) is None
    platform = recovered()
    assert _told(platform) is not None
    platform.blind()
    assert _told(platform) is None


def test_a_sealed_flag_is_sealed() -> None:
    """Nothing is told where nothing is raised, or where a cause is held back."""
    assert _told(up()) is None
    platform = recovered()
    platform.restart(HOUR)
    assert platform.flag() is FlagState.STANDBY
    assert _told(platform) is None


def test_what_a_person_raised_ends_by_itself() -> None:
    """Its end holds whatever the platform does; the later of two ends counts."""
    platform = up()
    platform.raise_flag(_manual(platform))
    assert _told(platform) == Sealing(platform.now + HOUR, is_if_up=False)
    platform = recovered()
    quiet = platform.state.quiet_since
    assert quiet is not None
    platform.raise_flag(_manual(platform))
    assert _told(platform) == Sealing(platform.now + HOUR, is_if_up=True)
    platform.lower_flag([replace(cause) for cause in platform.state.causes if cause.kind is CauseKind.OUTAGE])
    assert _told(platform) == Sealing(quiet + 15 * MINUTE, is_if_up=True)


def test_an_exercise_keeps_nothing_open() -> None:
    """It is sealed for everybody else, whatever its own end is."""
    platform = up()
    exercise = replace(_manual(platform), kind=CauseKind.EXERCISE)
    platform.raise_flag(exercise)
    assert _told(platform) is None
    platform.raise_flag(replace(_manual(platform), until=platform.now + MINUTE))
    assert _told(platform) == Sealing(platform.now + MINUTE, is_if_up=False)


@given(st.lists(st.sampled_from(["good", "bad", "down", "wait"]), max_size=12))
@BOUNDED
def test_it_is_sealed_exactly_then(acts: list[str]) -> None:
    """Where an instant is told and the platform stays up, the flag is ready until then, and not any more."""
    platform = recovered()
    for act in acts:
        {
            "good": platform.good,
            "bad": platform.bad,
            "down": platform.confirm,
            "wait": lambda: platform.tick(20 * SECOND),
        }[act]()
    told = _told(platform)
    if told is None:
        return
    while platform.now + 20 * SECOND < told.at:
        platform.after(9 * SECOND).good()
        if platform.verdict() is not Verdict.UP:
            return  # what was bad before counts only now
        assert _told(platform) == told
    platform.now = told.at - INSTANT
    platform.tick()
    assert platform.flag() is FlagState.READY
    platform.now = told.at
    platform.tick()
    assert platform.flag() is FlagState.STANDBY
