"""What persons do to maintenance: agree, accept, end, confirm; every way in which it is refused, and why."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model.act import Act, Answer, Ruling
from monitor.model.event import MaintenanceTold
from monitor.model.maintenance import (
    AcceptWindow,
    AddWindow,
    Calendar,
    ConfirmWindow,
    EndWindow,
    Origin,
    Planned,
    ProposalGone,
    Range,
    Window,
    WindowAgreed,
    WindowAsked,
    WindowEnded,
    WindowRefused,
)
from monitor.model.page import PageKind
from monitor.rules.windows import FURTHEST_AHEAD, FURTHEST_BACK, MOST_WINDOWS
from tests.support.rulings import HOUR, INSTANT, MINUTE, SECOND, Platform, up

DAY = timedelta(days=1)
NIGHTS = Calendar(("tuesday",), "02:00", HOUR, "Europe/Berlin")


def only(platform: Platform) -> Window:
    """Return the only window that is held."""
    (window,) = platform.state.maintenance.windows
    return window


def refused(ruling: Ruling, *parts: str, answer: Answer = Answer.NOT_POSSIBLE) -> None:
    """See that it was refused, and why."""
    assert ruling.answer is answer
    for part in parts:
        assert part in ruling.line


# agreeing


def test_one_person_agrees_to_a_window_from_now_on() -> None:
    """It is in force at once, and on record with who and when."""
    platform = up()
    ruling = platform.act(AddWindow("vendor patches", lasts=HOUR))
    window = only(platform)
    assert (ruling.answer, ruling.subject) == (Answer.DONE, window.id)
    assert "is in force until 2026-03-01 04:00:01Z" in ruling.line
    assert (window.since, window.until) == (platform.now, platform.now + HOUR)
    assert (window.by, window.confirmed_by, window.agreed_at) == ("anna", None, platform.now)
    assert (window.origin, window.reason) == (Origin.PERSON, "vendor patches")
    assert platform.found(WindowAgreed) == [WindowAgreed(window, "anna-cli")]
    assert [each.window for each in platform.state.maintenance.in_force] == [window.id]


def test_a_window_ahead_is_not_in_force_yet() -> None:
    """It comes into force by time alone, half-open, and is over by time alone."""
    platform = up()
    start = platform.now + HOUR
    ruling = platform.act(AddWindow("later", start=start, end=start + HOUR))
    assert "will be in force from 2026-03-01 04:00:01Z to 2026-03-01 05:00:01Z" in ruling.line
    held = [(HOUR - INSTANT, 0), (INSTANT, 1), (HOUR - INSTANT, 1), (INSTANT, 0)]
    for span, count in held:
        platform.tick(span)
        assert len(platform.state.maintenance.in_force) == count


def test_no_page_tells_of_it() -> None:
    """Acts on maintenance wake nobody: they are on record, and in the list."""
    platform = up()
    name = str(platform.act(AddWindow("x", lasts=HOUR)).subject)
    platform.act(EndWindow(name, "done"))
    assert platform.pages() == []


GOOD = AddWindow("patches", lasts=HOUR)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"reason": ""}, "a reason is needed"),
        ({"reason": "two\nlines"}, "a reason is needed"),
        ({"reason": "x" * 501}, "a reason is needed"),
        ({"lasts": None}, "expected an end, or how long it lasts"),
        ({"lasts": 59 * SECOND}, "1m at least"),
        ({"lasts": timedelta(0)}, "it ends before it starts"),
        ({"lasts": 24 * HOUR + SECOND}, "24h at most, unless it is said to be long"),
        ({"lasts": 32 * DAY, "is_long": True}, "31 days at most"),
        ({"range": Range(("sing_in",))}, "a function that it names is not watched: functions are sign_in"),
        ({"range": Range((), ("portl",))}, "a probe that it names is not watched: probes are portal"),
        ({"range": Range(("sign_in",) * 65)}, "64 functions and probes at most"),
        ({"calendar": replace(NIGHTS, days=())}, "days: expected days such as"),
        ({"calendar": replace(NIGHTS, days=("tuesdy",))}, "days: expected days such as"),
        ({"calendar": replace(NIGHTS, days=("1",) * 81)}, "days: expected days such as"),
        ({"calendar": replace(NIGHTS, at="24:00")}, "at: expected a time of day"),
        ({"calendar": replace(NIGHTS, at="2:00")}, "at: expected a time of day"),
        ({"calendar": replace(NIGHTS, timezone="Europe/Berln")}, "timezone: expected a time zone"),
        ({"calendar": replace(NIGHTS, lasts=25 * HOUR)}, "24h at most, unless it is said to be long"),
    ],
)
def test_what_can_not_be_agreed_is_refused(changes: Mapping[str, object], why: str) -> None:
    """Nothing changes, and the line says why."""
    platform = up()
    before = platform.state.maintenance
    refused(platform.act(replace(GOOD, **changes)), why)  # type: ignore[arg-type]  # the table's values
    assert platform.state.maintenance == before


def test_times_that_are_refused() -> None:
    """An end before the start, too far ahead, too far back; what comes back is never for the past."""
    platform = up()
    now = platform.now
    refused(platform.act(AddWindow("x", start=now + HOUR, end=now + HOUR)), "it ends before it starts")
    refused(platform.act(AddWindow("x", start=now + HOUR, end=now)), "it ends before it starts")
    far = now + FURTHEST_AHEAD + SECOND
    refused(platform.act(AddWindow("x", start=far, lasts=HOUR)), "more than 400 days from now")
    refused(platform.act(AddWindow("x", start=far, calendar=NIGHTS)), "more than 400 days from now")
    back = now - FURTHEST_BACK - SECOND
    refused(platform.act(AddWindow("x", start=back, lasts=HOUR)), "more than 92 days ago")
    refused(platform.act(AddWindow("x", start=now - HOUR, calendar=NIGHTS)), "agreed from now on")
    refused(platform.act(AddWindow("x", start=now + HOUR, end=now + MINUTE, calendar=NIGHTS)), "ends before it starts")
    assert not platform.state.maintenance.windows


@pytest.mark.parametrize("lasts", [24 * HOUR, 25 * HOUR, 31 * DAY])
def test_a_long_one_is_taken_where_it_is_said(lasts: timedelta) -> None:
    """A day without saying, up to 31 days with it."""
    assert up().act(AddWindow("x", lasts=lasts, is_long=True)).answer is Answer.DONE
    assert (up().act(AddWindow("x", lasts=lasts)).answer is Answer.DONE) is (lasts == 24 * HOUR)


def test_there_is_an_end_to_how_many() -> None:
    """What is over counts no more."""
    platform = up()
    for number in range(MOST_WINDOWS):
        assert platform.after(SECOND).act(AddWindow(f"{number}", lasts=HOUR)).answer is Answer.DONE
    refused(platform.act(AddWindow("x", lasts=HOUR)), "64 windows are agreed already")
    platform.tick(2 * HOUR)
    assert platform.act(AddWindow("x", lasts=HOUR)).answer is Answer.DONE
    names = [window.id for window in platform.state.maintenance.windows]
    assert len(set(names)) == MOST_WINDOWS + 1


def test_two_of_one_instant_have_two_names() -> None:
    """By the millisecond, and later where that is taken."""
    platform = up()
    for reason in ("a", "b", "c"):
        platform.act(AddWindow(reason, lasts=HOUR))
    assert len({window.id for window in platform.state.maintenance.windows}) == 3


def test_the_same_act_sent_again_is_done_once() -> None:
    """Under its key; another act under it is refused."""
    platform = up()
    first = platform.act(GOOD, key="k")
    assert platform.after(MINUTE).act(GOOD, key="k") == first
    assert len(platform.state.maintenance.windows) == 1
    refused(platform.act(replace(GOOD, lasts=2 * HOUR), key="k"), "this key was given to another act")


def test_one_that_comes_back_may_begin_later_and_end() -> None:
    """Its own bounds beside its days."""
    platform = up()
    start, end = platform.now + 9 * DAY, platform.now + 20 * DAY
    ruling = platform.act(AddWindow("x", start=start, end=end, calendar=NIGHTS))
    assert "will be in force from 2026-03-17 01:00:00Z to 2026-03-17 02:00:00Z, and comes back" in ruling.line
    assert (only(platform).since, only(platform).until) == (start, end)


# the past


def test_a_start_in_the_past_needs_a_second_person() -> None:
    """Until then it has no effect; then it counts as both say, and says so."""
    platform = up()
    start = platform.now - 3 * HOUR
    ruling = platform.act(AddWindow("forgotten", start=start, lasts=HOUR))
    assert ruling.answer is Answer.PENDING
    assert f"monitor maintenance confirm {ruling.subject}" in ruling.line
    assert not platform.state.maintenance.windows
    assert len(platform.found(WindowAsked)) == 1
    refused(platform.act(ConfirmWindow(str(ruling.subject)), "Anna+oncall"), "another person must confirm it")
    platform.after(MINUTE)
    done = platform.act(ConfirmWindow(str(ruling.subject)), "ben")
    window = only(platform)
    assert (done.answer, done.subject) == (Answer.DONE, window.id)
    assert (window.since, window.until) == (start, start + HOUR)
    assert (window.by, window.confirmed_by, window.agreed_at) == ("anna", "ben", platform.now)
    assert not platform.state.maintenance.asked
    assert "agreed by anna and ben" in done.line


def test_a_start_while_somebody_typed_is_now() -> None:
    """A minute is no past: it counts from now, and needs nobody."""
    platform = up()
    platform.act(AddWindow("x", start=platform.now - MINUTE, lasts=HOUR))
    assert (only(platform).since, only(platform).until) == (platform.now, platform.now + HOUR)
    ruling = platform.act(AddWindow("y", start=platform.now - MINUTE - INSTANT, lasts=HOUR))
    assert ruling.answer is Answer.PENDING


@pytest.mark.parametrize(("span", "is_late"), [(15 * MINUTE - INSTANT, False), (15 * MINUTE, True)])
def test_it_waits_for_fifteen_minutes(span: timedelta, *, is_late: bool) -> None:
    """Half-open: at that instant it is dead."""
    platform = up()
    name = str(platform.act(AddWindow("x", start=platform.now - HOUR, lasts=HOUR)).subject)
    ruling = platform.after(span).act(ConfirmWindow(name), "ben")
    assert (ruling.answer is Answer.NO_SUCH) is is_late
    if is_late:
        platform.tick()
        (gone,) = platform.found(WindowRefused)
        assert isinstance(gone, WindowRefused)
        assert "nobody confirmed it by" in gone.why


def test_one_person_asks_for_one_at_a_time_and_all_for_four() -> None:
    """And each is told what waits."""
    platform = up()

    def ask(person: str) -> Ruling:
        return platform.act(AddWindow("x", start=platform.now - HOUR, lasts=HOUR), person)

    first = ask("anna")
    refused(ask("ANNA"), f"{first.subject} of anna waits already")
    for person in ("ben", "cleo", "dora"):
        assert ask(person).answer is Answer.PENDING
    refused(ask("eve"), "4 windows wait already")


def test_who_asked_or_anybody_takes_it_back() -> None:
    """It had no effect, and has none."""
    platform = up()
    name = str(platform.act(AddWindow("x", start=platform.now - HOUR, lasts=HOUR)).subject)
    assert platform.act(EndWindow(name, "wrong day"), "ben").answer is Answer.DONE
    refused(platform.act(ConfirmWindow(name), "cleo"), "none does", answer=Answer.NO_SUCH)
    assert len(platform.found(WindowRefused)) == 1


def test_what_waits_is_named_to_who_mistypes() -> None:
    """So that it can be confirmed."""
    platform = up()
    name = str(platform.act(AddWindow("x", start=platform.now - HOUR, lasts=HOUR)).subject)
    refused(platform.act(ConfirmWindow("other"), "ben"), f"these do: {name}", answer=Answer.NO_SUCH)


# ending


def test_who_ends_a_window_is_told_of_another_that_is_in_force() -> None:
    """Nobody believes that an outage pages again while it doesn't."""
    platform = up()
    ended, other = (str(platform.act(AddWindow("x", lasts=lasts)).subject) for lasts in (HOUR, 2 * HOUR))
    platform.after(MINUTE)
    line = platform.act(EndWindow(ended, "done early"), "ben").line
    assert line == f"{ended} is over; {other} is in force until 2026-03-01 05:00:01Z"
    assert "an outage pages again" in platform.act(EndWindow(other, "done"), "ben").line


def test_one_person_ends_a_window_and_the_time_before_stays_agreed() -> None:
    """From that instant on it is over; who ended it, and why, is on record."""
    platform = up()
    name = str(platform.act(AddWindow("x", lasts=HOUR)).subject)
    platform.after(10 * MINUTE)
    ruling = platform.act(EndWindow(name, "done early"), "ben")
    assert "an outage pages again" in ruling.line
    window = only(platform)
    assert window.ended is not None
    assert (window.ended.by, window.ended.at, window.ended.why) == ("ben", platform.now, "done early")
    assert (window.since, window.ends_at) == (platform.now - 10 * MINUTE, platform.now)
    assert not platform.state.maintenance.in_force
    assert platform.found(WindowEnded) == [WindowEnded(window, "ben-cli")]


def test_one_that_has_not_begun_will_not_be() -> None:
    """It is never in force."""
    platform = up()
    name = str(platform.act(AddWindow("x", start=platform.now + HOUR, lasts=HOUR)).subject)
    assert "will not be" in platform.act(EndWindow(name, "moved")).line
    platform.tick(90 * MINUTE)
    assert not platform.state.maintenance.in_force


def test_what_can_not_be_ended() -> None:
    """Twice, after its time, without a reason, and what isn't there."""
    platform = up()
    refused(platform.act(EndWindow("w", "x")), "none is agreed", answer=Answer.NO_SUCH)
    name = str(platform.act(AddWindow("x", lasts=HOUR)).subject)
    refused(platform.act(EndWindow("w", "x")), f"these are agreed: {name}", answer=Answer.NO_SUCH)
    refused(platform.act(EndWindow(name, " ")), "a reason is needed")
    platform.act(EndWindow(name, "done"))
    refused(platform.act(EndWindow(name, "done")), "was ended by anna at")
    other = str(platform.act(AddWindow("x", lasts=HOUR)).subject)
    platform.tick(HOUR)
    refused(platform.act(EndWindow(other, "done")), "is over: there is nothing to end")


# what a page tells


def tells(platform: Platform, *planned: Planned, name: str = "portal") -> None:
    """Have a status page tell of maintenances."""
    platform.hear(MaintenanceTold(name, planned))


def planned(platform: Platform, ahead: timedelta = HOUR, lasts: timedelta = HOUR, name: str = "m1") -> Planned:
    """Return a maintenance as a page tells it."""
    return Planned(name, "Database upgrade", platform.now + ahead, platform.now + ahead + lasts)


def proposal(platform: Platform) -> str:
    """Return the id of the only proposal."""
    (only_one,) = platform.state.maintenance.proposals
    return only_one.id


def test_a_person_accepts_what_a_page_tells() -> None:
    """As it was told, with the vendor's name for it and the person's reason."""
    platform = up()
    wanted = planned(platform)
    tells(platform, wanted)
    assert not platform.state.maintenance.windows
    ruling = platform.act(AcceptWindow(proposal(platform), "agreed with them"))
    window = only(platform)
    assert (ruling.answer, ruling.subject) == (Answer.DONE, window.id)
    assert (window.origin, window.since, window.until) == (Origin.VENDOR, wanted.since, wanted.until)
    assert (window.name, window.reason, window.by) == ("Database upgrade", "agreed with them", "anna")
    assert not platform.state.maintenance.proposals
    tells(platform, wanted)
    assert not platform.state.maintenance.proposals


def test_one_under_way_counts_from_now() -> None:
    """Nobody accepts for the past."""
    platform = up()
    tells(platform, planned(platform, -HOUR, 2 * HOUR))
    platform.act(AcceptWindow(proposal(platform), "ok"))
    assert only(platform).since == platform.now


def test_only_a_part_is_accepted() -> None:
    """For a function; a long one only if it is said."""
    platform = up()
    tells(platform, planned(platform, HOUR, 30 * HOUR))
    name = proposal(platform)
    refused(platform.act(AcceptWindow(name, "ok", Range(("sing_in",)))), "is not watched")
    refused(platform.act(AcceptWindow(name, "ok", Range(("sign_in",)))), "unless it is said to be long")
    refused(platform.act(AcceptWindow(name, "")), "a reason is needed")
    platform.act(AcceptWindow(name, "ok", Range(("sign_in",)), is_long=True))
    assert only(platform).range == Range(("sign_in",))


def test_other_times_are_another_proposal_and_take_the_place() -> None:
    """What was accepted holds until somebody accepts the new one."""
    platform = up()
    first = planned(platform)
    tells(platform, first)
    platform.act(AcceptWindow(proposal(platform), "ok"))
    moved = replace(first, since=first.since + DAY, until=first.until + DAY)
    tells(platform, moved)
    assert only(platform).since == first.since
    platform.act(AcceptWindow(proposal(platform), "moved"), "ben")
    old, new = platform.state.maintenance.windows
    assert old.ended is not None
    assert old.ended.by == "ben"
    assert new.id in str(old.ended.why) or "took its place" in old.ended.why
    assert (new.since, new.ended) == (moved.since, None)
    platform.tick(HOUR + MINUTE)
    assert not platform.state.maintenance.in_force


def test_a_person_declines_what_a_page_tells() -> None:
    """It is not proposed again, as long as it is the same."""
    platform = up()
    wanted = planned(platform)
    tells(platform, wanted)
    name = proposal(platform)
    assert platform.act(EndWindow(name, "not ours")).answer is Answer.DONE
    tells(platform, wanted)
    assert not platform.state.maintenance.proposals
    refused(platform.act(AcceptWindow(name, "ok")), "nothing is", answer=Answer.NO_SUCH)
    (gone,) = platform.found(ProposalGone)
    assert isinstance(gone, ProposalGone)
    assert (gone.why, gone.by) == ("declined: not ours", "anna")
    tells(platform, replace(wanted, until=wanted.until + HOUR))
    assert len(platform.state.maintenance.proposals) == 1


def test_what_is_proposed_is_named_to_who_mistypes() -> None:
    """So that it can be accepted."""
    platform = up()
    tells(platform, planned(platform))
    refused(platform.act(AcceptWindow("other", "ok")), f"these are: {proposal(platform)}", answer=Answer.NO_SUCH)


def test_it_is_over_before_it_is_accepted() -> None:
    """At its end, half-open, though nobody has noticed yet."""
    platform = up()
    tells(platform, planned(platform, -HOUR, HOUR + MINUTE))
    name = proposal(platform)
    refused(platform.after(MINUTE).act(AcceptWindow(name, "ok")), "nothing is", answer=Answer.NO_SUCH)


ACTS: list[Act] = [AddWindow("x", lasts=HOUR), EndWindow("w", "x"), ConfirmWindow("w"), AcceptWindow("p", "x")]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: type(act).__name__)
def test_no_act_touches_the_flag(act: Act) -> None:
    """Neither its state nor its count of changes, and nobody is paged."""
    platform = up()
    before = platform.state
    platform.act(act)
    assert (platform.state.flag, platform.state.causes, platform.state.verdict) == (
        before.flag,
        before.causes,
        before.verdict,
    )
    assert [page for page in platform.pages() if page.kind is PageKind.FLAG] == []
