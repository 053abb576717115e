"""What time, restarts, the settings and status pages make of maintenance."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model.event import ClockSetBack, MaintenanceTold
from monitor.model.maintenance import (
    AddWindow,
    Calendar,
    EndWindow,
    MaintenanceBegan,
    MaintenanceOver,
    Planned,
    ProposalGone,
    Range,
    SettingsWindow,
    WindowAgreed,
    WindowEnded,
    WindowProposed,
    WindowRefused,
)
from monitor.rules.window_standing import KEPT, MOST_PROPOSED, SETTINGS
from tests.support.clock import START
from tests.support.rulings import HOUR, INSTANT, MINUTE, SECOND, Platform, policy, up

DAY = timedelta(days=1)
NIGHTS = SettingsWindow("nights", "patches", Calendar(("daily",), "04:00", HOUR, "UTC"))
MOVE = SettingsWindow("move", "the vendor moves", start=START + HOUR, end=START + 2 * HOUR)


def watched(*windows: SettingsWindow) -> Platform:
    """Return a platform whose settings have these windows."""
    return Platform(replace(policy(), maintenance=windows))


def with_settings(platform: Platform, *windows: SettingsWindow) -> None:
    """Have the monitor come back with other settings."""
    platform.restart(SECOND, replace(platform.policy, maintenance=windows))


# time


def test_began_and_over_are_found_at_their_instants() -> None:
    """Once each, also for what comes back; the next is known ahead."""
    platform = watched(NIGHTS)
    coming = platform.state.maintenance.coming
    assert coming is not None
    assert (coming.label, coming.since, coming.until) == ("nights", START + HOUR, START + 2 * HOUR)
    for _ in range(3):
        assert platform.state.wake_at is not None
        platform.tick(platform.state.maintenance.coming.since - platform.now)  # type: ignore[union-attr]  # it comes back
        platform.tick(HOUR - INSTANT)
        assert len(platform.state.maintenance.in_force) == 1
        platform.tick(INSTANT)
        assert not platform.state.maintenance.in_force
    assert len(platform.found(MaintenanceBegan)) == len(platform.found(MaintenanceOver)) == 3


def test_a_monitor_that_was_off_catches_up() -> None:
    """What was in force is over when it comes back, as of its own end."""
    platform = watched(MOVE)
    platform.tick(HOUR)
    platform.restart(away=DAY)
    (over,) = platform.found(MaintenanceOver)
    assert isinstance(over, MaintenanceOver)
    assert (over.at, over.why) == (MOVE.end, "its time is over")


def test_one_that_came_and_went_meanwhile_is_on_record_all_the_same() -> None:
    """Nobody saw it in force; that it was agreed stands."""
    platform = watched(MOVE)
    platform.restart(away=3 * HOUR)
    (agreed,) = platform.found(WindowAgreed)
    assert isinstance(agreed, WindowAgreed)
    assert (agreed.window.since, agreed.window.until) == (MOVE.start, MOVE.end)
    assert platform.found(MaintenanceBegan) == []


def test_what_is_over_is_let_go_of_after_a_day() -> None:
    """A clock that was ahead must not lose one."""
    platform = up()
    platform.act(AddWindow("x", lasts=HOUR))
    platform.tick(HOUR + KEPT - INSTANT)
    assert len(platform.state.maintenance.windows) == 1
    platform.hear(ClockSetBack(KEPT))
    platform.now -= KEPT
    platform.tick(-HOUR / 2)
    assert len(platform.state.maintenance.in_force) == 1
    platform.tick(HOUR + KEPT)
    assert not platform.state.maintenance.windows


# the settings


def test_windows_of_the_settings_are_agreed_when_first_seen() -> None:
    """Once, whatever restarts come."""
    platform = watched(NIGHTS, MOVE)
    windows = platform.state.maintenance.windows
    assert [(window.name, window.by, window.agreed_at) for window in windows] == [
        ("nights", SETTINGS, START),
        ("move", SETTINGS, START),
    ]
    assert windows[0].since == START
    platform.restart()
    platform.restart(away=None)
    assert platform.state.maintenance.windows == windows
    assert len(platform.found(WindowAgreed)) == 2


@pytest.mark.parametrize("how", ["seen", "away"])
def test_one_that_was_first_seen_by_a_clock_ahead_is_in_force_at_its_time(how: str) -> None:
    """A machine that starts with next year's clock has its nights all the same, and what was over then is to come."""
    platform = Platform(replace(policy(), maintenance=(NIGHTS, MOVE)), now=START + 365 * DAY)
    platform.tick(HOUR)
    platform.now = START
    if how == "seen":
        platform.hear(ClockSetBack(365 * DAY + HOUR))
    else:
        platform.restart(away=None)
    assert [window.agreed_at for window in platform.state.maintenance.windows] == [START, START]
    platform.tick(HOUR)
    assert [each.label for each in platform.state.maintenance.in_force] == ["nights", "move"]


def test_one_that_was_taken_out_while_the_clock_was_ahead_is_over() -> None:
    """It must not stay in force until the clock gets there once more."""
    platform = watched(NIGHTS)
    platform.tick(365 * DAY)
    with_settings(platform)
    platform.now = START + HOUR
    platform.hear(ClockSetBack(365 * DAY))
    assert platform.state.maintenance.in_force == ()


def test_none_is_for_the_past() -> None:
    """One that has begun counts from when it was seen; one that is over is nobody's."""
    begun = replace(MOVE, start=START - HOUR)
    platform = watched(begun, replace(MOVE, name="gone", start=START - 2 * HOUR, end=START))
    (window,) = platform.state.maintenance.windows
    assert (window.name, window.since, window.until) == ("move", START, MOVE.end)
    platform.restart()
    assert platform.state.maintenance.windows == (window,)


@pytest.mark.parametrize(
    "changed",
    [
        replace(NIGHTS, name="other"),
        replace(NIGHTS, reason="other"),
        replace(NIGHTS, range=Range(("sign_in",))),
        replace(NIGHTS, end=START + 30 * DAY),
        replace(NIGHTS, calendar=Calendar(("daily",), "04:00", HOUR, "Europe/Berlin")),
    ],
)
def test_one_that_changed_is_ended_and_another_agreed(changed: SettingsWindow) -> None:
    """The record of the old one stays as it was, with its end."""
    platform = watched(NIGHTS)
    with_settings(platform, changed)
    old, new = platform.state.maintenance.windows
    assert old.ended is not None
    assert (old.ended.by, old.ended.at) == (SETTINGS, platform.now)
    assert (new.name, new.agreed_at, new.ended) == (changed.name, platform.now, None)
    assert len(platform.found(WindowEnded)) == 1


def test_one_that_was_taken_out_and_put_back_is_another() -> None:
    """In between it was not agreed."""
    platform = watched(NIGHTS)
    with_settings(platform)
    with_settings(platform, NIGHTS)
    old, new = platform.state.maintenance.windows
    assert old.ended is not None
    assert new.ended is None
    assert new.since == platform.now


def test_one_that_a_person_ended_stays_so_until_it_is_changed() -> None:
    """Days later too; taken out, it is let go of."""
    platform = watched(NIGHTS)
    platform.good()
    (window,) = platform.state.maintenance.windows
    line = platform.act(EndWindow(window.id, "done")).line
    assert "nights still stands in the settings" in line
    platform.tick(3 * DAY)
    platform.restart()
    assert [each.id for each in platform.state.maintenance.windows] == [window.id]
    assert platform.state.maintenance.coming is None
    with_settings(platform)
    assert not platform.state.maintenance.windows
    with_settings(platform, NIGHTS)
    assert platform.state.maintenance.coming is not None


def test_windows_of_persons_outlive_other_settings() -> None:
    """They stand in no settings."""
    platform = watched(NIGHTS)
    platform.act(AddWindow("x", lasts=HOUR))
    with_settings(platform)
    assert [window.ended is None for window in platform.state.maintenance.windows] == [False, True]


# what waits


@pytest.mark.parametrize("away", [None, SECOND])
def test_what_waits_is_dead_after_a_time_that_nobody_knows(away: timedelta | None) -> None:
    """After a short time away it goes on waiting."""
    platform = up()
    platform.act(AddWindow("x", start=platform.now - HOUR, lasts=HOUR))
    platform.restart(away)
    assert len(platform.state.maintenance.asked) == (0 if away is None else 1)
    assert len(platform.found(WindowRefused)) == (1 if away is None else 0)


def test_a_clock_set_back_takes_what_waits_with_it() -> None:
    """It waits no longer for it."""
    platform = up()
    platform.act(AddWindow("x", start=platform.now - HOUR, lasts=HOUR))
    platform.after(10 * MINUTE)
    platform.now -= HOUR
    platform.hear(ClockSetBack(HOUR))
    platform.tick(5 * MINUTE - INSTANT)
    assert len(platform.state.maintenance.asked) == 1
    platform.tick(INSTANT)
    assert not platform.state.maintenance.asked


def test_what_waits_from_the_future_is_dead() -> None:
    """The clock was set back while nobody noticed how far."""
    platform = up()
    platform.act(AddWindow("x", start=platform.now - HOUR, lasts=HOUR))
    platform.tick(-MINUTE)
    assert not platform.state.maintenance.asked


# what pages tell


def told(name: str, ahead: timedelta = HOUR) -> Planned:
    """Return a maintenance as a page tells it."""
    return Planned(name, f"upgrade {name}", START + ahead, START + ahead + HOUR)


def test_what_a_page_tells_is_proposed_once() -> None:
    """The same again is no news, and its name decides nothing."""
    platform = up()
    platform.hear(MaintenanceTold("portal", (told("a"), told("b"))))
    step = platform.hear(MaintenanceTold("portal", (told("b"), replace(told("a"), name="other"))))
    assert step.facts == ()
    assert len(platform.found(WindowProposed)) == 2
    assert [each.planned.id for each in platform.state.maintenance.proposals] == ["a", "b"]
    assert all(each.id.startswith("payments-told.portal.") for each in platform.state.maintenance.proposals)


def test_it_is_gone_when_it_is_told_no_more() -> None:
    """Or when its time is over; what other pages tell stays."""
    platform = up()
    platform.hear(MaintenanceTold("portal", (told("a"), told("b"))))
    platform.hear(MaintenanceTold("page", (told("a"),)))
    platform.hear(MaintenanceTold("portal", (told("b"),)))
    assert [(each.probe, each.planned.id) for each in platform.state.maintenance.proposals] == [
        ("portal", "b"),
        ("page", "a"),
    ]
    platform.tick(2 * HOUR)
    assert not platform.state.maintenance.proposals
    assert len(platform.found(ProposalGone)) == 3


def test_a_page_that_is_no_longer_watched_proposes_nothing() -> None:
    """Its proposals go with it."""
    platform = up()
    platform.hear(MaintenanceTold("gone", (told("a"),)))
    platform.restart()
    assert not platform.state.maintenance.proposals


def test_what_is_over_or_too_much_is_not_proposed() -> None:
    """A page may tell anything."""
    platform = up()
    platform.hear(MaintenanceTold("portal", (told("old", -2 * HOUR), *(told(f"{n}") for n in range(100)))))
    assert len(platform.state.maintenance.proposals) == MOST_PROPOSED - 1


def test_what_was_declined_is_forgotten_when_it_is_told_no_more() -> None:
    """What is told again after that is proposed again; what another page's was declined is not touched."""
    platform = up()
    for page in ("portal", "portal-two"):
        platform.hear(MaintenanceTold(page, (told("a"),)))
    for each in platform.state.maintenance.proposals:
        platform.act(EndWindow(each.id, "no"))
    platform.hear(MaintenanceTold("portal", ()))
    assert len(platform.state.maintenance.answered) == 1
    platform.hear(MaintenanceTold("portal", (told("a"),)))
    assert [each.probe for each in platform.state.maintenance.proposals] == ["portal"]


def test_nothing_of_it_wakes_anybody() -> None:
    """Proposals, begun, over: no page."""
    platform = watched(NIGHTS)
    platform.hear(MaintenanceTold("portal", (told("a"),)))
    platform.good()
    platform.tick(90 * MINUTE)
    platform.good()
    assert [page.kind for page in platform.pages() if "maintenance" in page.dedup_key] == []
