"""How an outage is told in maintenance: quietly inside, loudly when it outlasts it or something else fails."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model.fact import OutageOpened, PageDecided
from monitor.model.maintenance import AddWindow, Calendar, EndWindow, Range, SettingsWindow
from monitor.model.page import NEVER_SUPPRESSED, Page, PageKind, PageStatus, Severity
from monitor.model.policy import ProbePolicy
from monitor.model.verdict import FlagState, Verdict
from tests.support.rulings import BOUNDED, HOUR, INSTANT, MINUTE, SECOND, Platform, policy, probe, up

FIRING, RESOLVED = PageStatus.FIRING, PageStatus.RESOLVED
TICKET, PAGE = Severity.TICKET, Severity.PAGE


def two() -> tuple[ProbePolicy, ProbePolicy]:
    """Return the probes of two functions."""
    return probe("portal", "sign_in"), probe("api", "request")


def told(platform: Platform) -> list[tuple[Severity, PageStatus]]:
    """Return how outages were told."""
    return [(page.severity, page.status) for page in outages(platform)]


def outages(platform: Platform) -> list[Page]:
    """Return the pages about outages."""
    return [page for page in platform.pages() if page.kind is PageKind.OUTAGE]


def window(platform: Platform, *functions: str, lasts: timedelta = HOUR, probes: tuple[str, ...] = ()) -> str:
    """Have a window be agreed from now on; return its id."""
    ruling = platform.act(AddWindow("patches", lasts=lasts, range=Range(functions, probes)))
    assert not ruling.is_refused, ruling.line
    return str(ruling.subject)


def until_over(platform: Platform) -> None:
    """Have probes go on being bad until the window is over, and that be noticed."""
    (held,) = platform.state.maintenance.in_force
    while platform.now < held.until - 10 * SECOND:
        platform.after(min(10 * SECOND, held.until - 10 * SECOND - platform.now)).bad()
    platform.tick(held.until - platform.now)


def test_an_outage_in_a_window_is_a_ticket() -> None:
    """Its own key, its own severity, and a line that says why."""
    platform = up()
    name = window(platform)
    platform.confirm()
    (page,) = outages(platform)
    assert (page.severity, page.status, page.outage) == (TICKET, FIRING, platform.outage().id)
    assert page.dedup_key == f"prod/payments/outage/{platform.outage().id}/maintenance"
    assert "payments is down: sign_in, since 03:00:05Z; in maintenance" in page.summary
    assert name in page.summary


def test_verdict_outage_and_flag_are_as_ever() -> None:
    """An engineer who is locked out in a window is locked out."""
    quiet, loud = up(), up()
    window(quiet)
    for platform in (quiet, loud):
        platform.confirm()
    assert quiet.verdict() is Verdict.DOWN
    assert quiet.flag() is FlagState.READY
    assert quiet.outage() == loud.outage()
    assert quiet.state.causes == loud.state.causes
    assert [page for page in quiet.pages() if page.kind is not PageKind.OUTAGE] == [
        page for page in loud.pages() if page.kind is not PageKind.OUTAGE
    ]
    assert {page.kind for page in quiet.pages() if page.severity is PAGE} == {PageKind.FLAG}


def test_an_outage_that_ends_in_the_window_wakes_nobody() -> None:
    """The ticket is resolved, and nothing else was told."""
    platform = up()
    window(platform)
    platform.confirm()
    platform.recover()
    assert told(platform) == [(TICKET, FIRING), (TICKET, RESOLVED)]


def test_an_outage_that_outlasts_the_window_pages() -> None:
    """At the instant at which the window is over; the ticket gives way to the page."""
    platform = up()
    window(platform)
    platform.confirm()
    until_over(platform)
    assert told(platform) == [(TICKET, FIRING), (PAGE, FIRING), (TICKET, RESOLVED)]
    assert "it outlasts its maintenance, which is over" in outages(platform)[1].summary
    platform.recover()
    assert told(platform)[3:] == [(PAGE, RESOLVED)]


def test_the_end_is_woken_up_for() -> None:
    """Time alone makes it a page: somebody must look then, and not before."""
    platform = up()
    window(platform, lasts=MINUTE)
    platform.confirm()
    (held,) = platform.state.maintenance.in_force
    assert platform.state.wake_at is not None
    assert platform.state.wake_at <= held.until
    platform.tick(held.until - platform.now - INSTANT)
    assert told(platform) == [(TICKET, FIRING)]
    assert platform.state.wake_at == held.until
    platform.tick(INSTANT)
    assert (PAGE, FIRING) in told(platform)


def test_ending_the_window_pages_at_once() -> None:
    """Whoever ends it wants to be told again."""
    platform = up()
    name = window(platform)
    platform.confirm()
    platform.act(EndWindow(name, "done"))
    assert told(platform) == [(TICKET, FIRING), (PAGE, FIRING), (TICKET, RESOLVED)]


def test_unknown_is_not_the_end_of_an_outage() -> None:
    """What can't be measured when the window ends has not come back: it pages."""
    platform = up()
    window(platform)
    platform.confirm()
    platform.tick(HOUR)
    assert platform.verdict() is Verdict.UNKNOWN
    assert (PAGE, FIRING) in told(platform)


def test_an_outage_that_began_before_the_window_pages() -> None:
    """Its first bad attempt was before the window."""
    platform = up()
    platform.bad()
    window(platform)
    platform.confirm()
    assert told(platform) == [(PAGE, FIRING)]


def test_a_window_agreed_in_an_outage_takes_nothing_back() -> None:
    """What was paged stays paged, and is resolved as such."""
    platform = up()
    platform.confirm()
    window(platform)
    platform.bad()
    platform.recover()
    assert told(platform) == [(PAGE, FIRING), (PAGE, RESOLVED)]


def test_another_function_than_the_windows_pages() -> None:
    """The window is for one of them."""
    platform = up(*two())
    window(platform, "sign_in")
    platform.confirm("api")
    assert told(platform) == [(PAGE, FIRING)]


def test_an_outage_that_widens_beyond_the_window_pages() -> None:
    """Quiet while only the window's function is down."""
    platform = up(*two())
    window(platform, "sign_in")
    platform.confirm("portal")
    assert told(platform) == [(TICKET, FIRING)]
    platform.confirm("api")
    assert told(platform) == [(TICKET, FIRING), (PAGE, FIRING), (TICKET, RESOLVED)]
    assert "request is not in maintenance" in outages(platform)[1].summary


def test_two_windows_for_two_functions() -> None:
    """Together they are for both; when one ends, only what it was for has outlasted it."""
    platform = up(*two())
    window(platform, "sign_in", lasts=2 * HOUR)
    window(platform, "request", lasts=HOUR)
    platform.confirm()
    assert told(platform) == [(TICKET, FIRING)]
    platform.recover("api")
    for _ in range(400):
        platform.after(8 * SECOND).bad("portal")
        platform.good("api")
    assert len(platform.state.maintenance.in_force) == 1
    assert told(platform) == [(TICKET, FIRING)], "what is back has outlasted nothing"


def test_windows_that_touch_are_one_time() -> None:
    """The one begins at the instant at which the other ends."""
    platform = up()
    first = platform.now
    platform.act(AddWindow("first", lasts=HOUR))
    platform.act(AddWindow("second", start=first + HOUR, lasts=HOUR), "ben")
    platform.confirm()
    for _ in range(370):
        platform.after(10 * SECOND).bad()
    assert platform.now > first + HOUR
    assert told(platform) == [(TICKET, FIRING)]


def test_a_window_for_probes() -> None:
    """A function is in maintenance while all of its bad deciding probes are."""
    both = probe("portal", "sign_in"), probe("page", "sign_in")
    platform = up(*both)
    window(platform, probes=("portal",))
    platform.confirm()
    assert told(platform) == [(PAGE, FIRING)]
    platform = up(*both)
    window(platform, probes=("portal", "page"))
    platform.confirm()
    assert told(platform) == [(TICKET, FIRING)]


def test_back_again_after_the_window_pages() -> None:
    """The same outage goes on, for the first time outside it."""
    platform = up()
    window(platform, lasts=5 * MINUTE)
    platform.confirm()
    platform.recover()
    platform.tick(5 * MINUTE)
    platform.good()
    platform.confirm()
    assert len(platform.found(OutageOpened)) == 1
    assert told(platform) == [(TICKET, FIRING), (TICKET, RESOLVED), (PAGE, FIRING)]


def test_only_others_see_it() -> None:
    """Nobody knows which function: only a window for the whole platform is for it."""
    for functions, severity in (((), TICKET), (("sign_in",), PAGE)):
        platform = up(vantages=3)
        window(platform, *functions)
        platform.after(SECOND).vote(b=Verdict.DOWN, c=Verdict.DOWN)
        assert told(platform) == [(severity, FIRING)]


def test_what_is_only_asked_for_or_proposed_keeps_nothing_quiet() -> None:
    """It has no effect."""
    platform = up()
    platform.act(AddWindow("late", start=platform.now - HOUR, lasts=2 * HOUR))
    assert platform.state.maintenance.asked
    platform.confirm()
    assert told(platform) == [(PAGE, FIRING)]


def test_a_monitor_that_was_off_as_the_window_ended_pages_on_its_start() -> None:
    """The outage is still on record, and outlasted it."""
    platform = up()
    window(platform)
    platform.confirm()
    platform.restart(away=2 * HOUR)
    assert told(platform) == [(TICKET, FIRING), (PAGE, FIRING), (TICKET, RESOLVED)]


def test_a_restart_in_the_window_tells_nothing_again() -> None:
    """It was told, and is still quiet."""
    platform = up()
    window(platform)
    platform.confirm()
    platform.restart(away=MINUTE)
    platform.confirm()
    assert told(platform) == [(TICKET, FIRING)]


def test_a_window_of_a_calendar_is_one_each_time() -> None:
    """An outage that goes on into the next night has outlasted the first."""
    platform = up()
    night = Calendar(("daily",), "03:00", HOUR, "UTC")
    platform.act(AddWindow("nights", calendar=night))
    platform.confirm()
    assert told(platform) == [(TICKET, FIRING)]
    until_over(platform)
    assert told(platform)[1:] == [(PAGE, FIRING), (TICKET, RESOLVED)]


@pytest.mark.parametrize("kind", sorted(NEVER_SUPPRESSED))
def test_what_is_never_suppressed_is_never_a_ticket(kind: PageKind) -> None:
    """Whatever happens in a window (design 3.7)."""
    platform = up()
    window(platform)
    platform.confirm()
    platform.recover()
    platform.tick(HOUR)
    assert {page.severity for page in platform.pages() if page.kind is kind} <= {PAGE}


# properties

STEPS = st.lists(
    st.sampled_from(["bad", "good", "none", "confirm", "recover", "window", "end", "hour", "restart"]), max_size=25
)


def _played(steps: list[str], *, quiet: bool) -> Platform:
    platform = up(*two())
    for number, step in enumerate(steps):
        match step:
            case "window" if quiet:
                platform.act(AddWindow("w", lasts=20 * MINUTE, range=Range(("sign_in",) if number % 2 else ())))
            case "end" if quiet and platform.state.maintenance.in_force:
                platform.act(EndWindow(platform.state.maintenance.in_force[0].window, "done"))
            case "hour":
                platform.tick(30 * MINUTE)
            case "restart":
                platform.restart(MINUTE)
            case "confirm" | "recover" | "bad" | "good":
                names = ("portal",) if number % 3 else ("portal", "api")
                getattr(platform, step)(*names)
            case "none":
                platform.not_measured("portal")
            case _:
                pass
    return platform


@given(STEPS)
@settings(parent=BOUNDED, max_examples=150)
def test_windows_change_nothing_but_how_outages_are_told(steps: list[str]) -> None:
    """With and without windows, the same verdicts, outages, causes, flags and other pages."""
    quiet, loud = _played(steps, quiet=True), _played(steps, quiet=False)
    assert (quiet.state.outage, quiet.state.causes, quiet.state.flag) == (
        loud.state.outage,
        loud.state.causes,
        loud.state.flag,
    )
    assert quiet.functions() == loud.functions()
    assert [page for page in quiet.pages() if page.kind is not PageKind.OUTAGE] == [
        page for page in loud.pages() if page.kind is not PageKind.OUTAGE
    ]


@given(STEPS)
@settings(parent=BOUNDED, max_examples=150)
def test_an_open_outage_is_always_told_and_paged_outside_of_windows(steps: list[str]) -> None:
    """No outage is missed: one of both fires, and it is the page where no window is in force."""
    platform = _played(steps, quiet=True)
    platform.tick()
    known = platform.state.outage
    is_open = known is not None and known.ended_at is None
    keys = [key for key, kind in platform.state.firing.items() if kind == PageKind.OUTAGE]
    assert len(keys) == (1 if is_open else 0)
    if is_open and not platform.state.maintenance.in_force:
        assert not keys[0].endswith("/maintenance")
    loud = [page for page in outages(platform) if page.severity is PAGE]
    fires = [page.status for page in loud]
    assert all(status is not fires[index - 1] for index, status in enumerate(fires) if index), "each fires, then ends"


def test_the_pages_of_one_instant_have_names_of_their_own() -> None:
    """The page and the ticket that gives way to it are two."""
    platform = up()
    window(platform)
    platform.confirm()
    until_over(platform)
    names = [fact.page.id for fact in platform.found(PageDecided) if isinstance(fact, PageDecided)]
    assert len(names) == len(set(names))


def test_windows_of_the_settings_are_as_good() -> None:
    """They need nobody."""
    night = Calendar(("daily",), "03:00", HOUR, "UTC")
    platform = Platform(replace(policy(), maintenance=(SettingsWindow("nights", "patches", night),)))
    platform.good()
    platform.confirm()
    assert told(platform) == [(TICKET, FIRING)]
    assert "in maintenance (nights until 04:00:00Z)" in outages(platform)[0].summary
