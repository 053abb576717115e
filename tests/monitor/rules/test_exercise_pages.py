"""The page that an outage would send, of an exercise: told apart from a real one, and over with the exercise."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model.act import Lower, Raise
from monitor.model.event import Reconfigured, Unwatched
from monitor.model.fact import OutageOpened
from monitor.model.maintenance import AddWindow
from monitor.model.page import Page, PageKind, PageStatus, Route, Severity
from monitor.rules import exercise_pages
from monitor.rules.fallback import Fallback, fallbacks
from monitor.rules.routes import route
from monitor.rules.wording import body, text
from tests.support.exercising import RUN, begin, end, exercised, latest
from tests.support.paged import withheld
from tests.support.pages import CONTEXT
from tests.support.rulings import HOUR, MINUTE, SECOND, Platform, up

KEY = "prod/payments/outage/exercise/ex-1"


def own(platform: Platform) -> list[Page]:
    """Return the pages of kind outage that name none."""
    return [page for page in platform.pages() if page.kind is PageKind.OUTAGE and page.outage is None]


def test_its_detection_pages_as_an_outage_would_and_says_that_there_is_none() -> None:
    """Once, plainly, with the run that a drill looks for; nothing else of an outage is found."""
    platform = exercised()
    platform.good()
    (page,) = own(platform)
    assert (page.status, page.severity, page.dedup_key, page.outage) == (PageStatus.FIRING, Severity.PAGE, KEY, None)
    until = f"{latest(platform).until:%H:%M:%SZ}"
    assert page.summary == (
        "payments: EXERCISE, not an outage, the platform is up; this is how one would be paged; only drill-anna, "
        f"drill-ben may break the glass until {until}, for drill {RUN} of drill-runner"
    )
    assert page.reason == "the exercise's own probes, which reach nothing, were confirmed bad"
    assert platform.state.outage is None
    assert not platform.found(OutageOpened)
    assert withheld(platform) == []


def test_before_it_is_detected_it_pages_nobody_and_its_end_neither() -> None:
    """As with the flag."""
    platform = up()
    begin(platform)
    end(platform)
    assert platform.pages() == []


def test_it_goes_the_way_of_an_outage() -> None:
    """By the routes, and to what they fall back on, where the flag goes to everybody."""
    (page,) = own(exercised())
    routes = (Route(("pager",), frozenset({PageKind.OUTAGE}), ("phone",), 5 * SECOND), Route(("chat",)))
    assert route(page, routes, ("pager", "phone", "chat")).channels == ("pager", "chat")
    assert fallbacks(page, routes, ("pager", "phone", "chat")) == (Fallback(("pager",), ("phone",), 5 * SECOND),)
    without = (replace(routes[0], fallback=()),)
    assert route(page, without, ("pager", "phone")).channels == ("pager",)
    assert fallbacks(page, without, ("pager", "phone")) == ()


def test_maintenance_makes_it_no_quieter() -> None:
    """Nothing breaks in a window: it is tried who is woken."""
    platform = up()
    assert not platform.act(AddWindow("patches", lasts=HOUR)).is_refused
    exercised(platform)
    assert [(page.dedup_key, page.severity) for page in own(platform)] == [(KEY, Severity.PAGE)]


ENDS: dict[str, tuple[Callable[[Platform], object], str]] = {
    "somebody": (end, "ended by drill-runner"),
    "time": (lambda each: each.tick(HOUR), "its time was over"),
    "lower": (lambda each: each.act(Lower("over")), "lowered"),
    "raise": (lambda each: each.act(Raise("needed", HOUR)), "anna raised the flag, and that is real"),
    "outage": (Platform.confirm, "a real outage began (payments-"),
    "unknown": (lambda each: each.tick(MINUTE), "nobody can tell any more"),
    "blind": (Platform.blind, "this vantage is blind"),
    "restart": (Platform.restart, "the monitor was not watching for a while"),
    "probes": (lambda each: each.hear(Reconfigured(frozenset({"portal"}))), "the probes of payments changed"),
    "gone": (lambda each: each.hear(Unwatched()), "payments is no longer watched"),
}


@pytest.mark.parametrize("how", ENDS)
def test_it_is_over_with_the_exercise(how: str) -> None:
    """However that ends: in the same step, with the reason; a real outage is paged beside it, under its own key."""
    act, why = ENDS[how]
    platform = exercised(span=timedelta(minutes=30))
    act(platform)
    first, last = own(platform)
    assert (last.status, last.dedup_key) == (PageStatus.RESOLVED, first.dedup_key)
    assert last.summary.startswith(f"payments: the exercise of run {RUN} is over, it was no outage: ")
    assert why in last.summary
    assert why in last.reason
    assert KEY not in platform.state.firing
    real = [page for page in platform.pages() if page.kind is PageKind.OUTAGE and page.outage is not None]
    assert [(page.status, page.dedup_key == KEY) for page in real] == [(PageStatus.FIRING, False)] * (how == "outage")


def test_one_that_is_read_late_still_names_its_exercise() -> None:
    """A machine must not take it for an outage, though the flag says nothing of an exercise any more."""
    platform = exercised()
    (page,) = own(platform)
    end(platform)
    found = exercise_pages.named(page, platform.state.exercises)
    assert found == latest(platform)
    context = replace(CONTEXT, own_exercise=found)
    assert body(page, context)["exercise"] == body(page, replace(CONTEXT, exercise=found))["exercise"]
    assert f"Exercise: this was a drill, no outage: {RUN}, which is over" in text(page, context)
    assert "May I break the glass? Yes: break-glass is ready." in text(page, context)  # as of sending: something real
    assert exercise_pages.named(page, ()) is None
    flag = next(page for page in platform.pages() if page.kind is PageKind.FLAG)
    assert exercise_pages.named(flag, platform.state.exercises) is None
    assert exercise_pages.named(replace(page, outage="ex-1"), platform.state.exercises) is None
