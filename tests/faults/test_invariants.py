"""The invariants hold of a recording in which all is well, and each of them is able to fail."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.faults.invariants import INVARIANTS, Invariant, wrong
from tests.faults.recording import EVERYTHING, Arrival, Decided, Document, Hindrance, Look, Measured, Pace, Recording
from tests.support.clock import START
from tests.support.siege import Span

PACE = Pace(
    interval=timedelta(seconds=5),
    timeout=timedelta(seconds=1),
    attempts=3,
    every=timedelta(seconds=2),
    lower_after=timedelta(seconds=30),
    ready_ttl=timedelta(minutes=15),
    slack=timedelta(seconds=2),
)
FIRING, RESOLVED = "prod/payments/outage/1", "prod/payments/outage/1/over"
KEY = "prod/payments/outage"


def at(seconds: float) -> datetime:
    """Return so many seconds after the beginning."""
    return START + timedelta(seconds=seconds)


def span(start: float, end: float | None) -> Span:
    """Return a span of seconds after the beginning."""
    return Span(at(start), None if end is None else at(end))


def document(seconds: float, ver: int, state: str | None, change: int, source: str = "file") -> Document:
    """Return a flag that was seen then."""
    return Document(
        at=at(seconds),
        source=source,
        sha256=f"{ver}",
        state=state,
        refusal=None if state else "expired: it has ended",
        expires=at(seconds + 900),
        ver=ver,
        change=change,
        prev=f"before {change}",
        log_seq=ver,
        outage_since=at(101) if state == "ready" else None,
    )


def arrival(seconds: float, page: str, status: str, receiver: str = "ops") -> Arrival:
    """Return a page that was taken then."""
    return Arrival(at(seconds), receiver, page, KEY, "outage", status)


def look(seconds: float, verdict: str, measured: float) -> Look:
    """Return what the status said then."""
    return Look(at(seconds), verdict, blind=False, measured_at=at(measured))


def recording() -> Recording:
    """Return one in which all is well: down from 100 s to 200 s, found in time, and sealed in time."""
    return Recording(
        pace=PACE,
        receivers=("ops",),
        bad=[span(100, 200)],
        documents=[
            document(1, 1, "standby", 0),
            document(110, 2, "ready", 1),
            document(170, 3, "ready", 1),
            document(260, 4, "standby", 2),
        ],
        looks=[look(50, "up", 47), look(120, "down", 119)],
        arrivals=[arrival(111, FIRING, "firing"), arrival(206, RESOLVED, "resolved")],
        decided=[Decided(FIRING, KEY, "firing"), Decided(RESOLVED, KEY, "resolved")],
        alive=[span(0, 300)],
        measured=[Measured(at(50), "good"), Measured(at(105), "bad"), Measured(at(210), "good")],
        ended=at(300),
        is_told=True,
    )


Change = Callable[[Recording], object]


def other(number: int, **changes: object) -> Change:
    """Return what changes a document."""

    def change(taken: Recording) -> None:
        taken.documents[number] = replace(taken.documents[number], **changes)  # type: ignore[arg-type]  # its members

    return change


def put(name: str, value: object) -> Change:
    """Return what sets a member."""
    return lambda taken: setattr(taken, name, value)


def add(name: str, *values: object) -> Change:
    """Return what adds to a member."""
    return lambda taken: getattr(taken, name).extend(values)


def drop(name: str, number: int) -> Change:
    """Return what takes one out of a member."""
    return lambda taken: getattr(taken, name).pop(number)


UNTIL_200 = Hindrance(span(90, 200), EVERYTHING, "a fault")
BROKEN: dict[str, tuple[str, list[Change]]] = {
    "ready of a platform that was well": ("no_false_ready", [put("bad", [])]),
    "ready before it could be confirmed": ("no_false_ready", [other(1, at=at(102))]),
    "ready for an outage that nobody had": ("no_false_ready", [other(1, outage_since=at(50))]),
    "ready without a word of an outage": ("no_false_ready", [other(1, outage_since=None)]),
    "ready while no control answered": ("no_false_ready", [put("unseeing", [span(95, 150)])]),
    "ready for too long": ("no_false_ready", [other(3, at=at(345)), put("ended", at(400))]),
    "never sealed": ("no_false_ready", [drop("documents", 3), put("ended", at(1200))]),
    "ready too late": ("no_missed_outage", [other(1, at=at(130))]),
    "never ready": ("no_missed_outage", [other(1, state="standby"), other(2, state="standby")]),
    "refused while it is down": ("no_missed_outage", [other(2, state=None), put("is_clock_true", False)]),
    "sealed while it is down": ("no_missed_outage", [other(2, state="standby")]),
    "ended while it is down": ("no_missed_outage", [other(1, expires=at(150))]),
    "the file says nothing": ("no_missed_outage", [other(number, source="api") for number in range(4)]),
    "nobody is paged": ("no_missed_outage", [drop("arrivals", 0)]),
    "paged too late": ("no_missed_outage", [put("arrivals", [arrival(140, FIRING, "firing")])]),
    "the page was lost": (
        "no_missed_outage",
        [put("arrivals", [replace(arrival(111, FIRING, "firing"), is_lost=True)])],
    ),
    "resolved while it is down": ("no_missed_outage", [put("arrivals", [arrival(112, RESOLVED, "resolved")])]),
    "a page that never came": ("no_lost_page", [add("decided", Decided("x", "y", "firing"))]),
    "a page that came to one only": ("no_lost_page", [put("receivers", ("ops", "spare"))]),
    "a page that was not taken": (
        "no_lost_page",
        [put("arrivals", [replace(arrival(206, RESOLVED, "resolved"), is_accepted=False)])],
    ),
    "a page that reached nobody": (
        "no_lost_page",
        [put("arrivals", [replace(arrival(111, FIRING, "firing"), is_lost=True), arrival(206, RESOLVED, "resolved")])],
    ),
    "pages in another order": (
        "no_lost_page",
        [put("arrivals", [arrival(205, RESOLVED, "resolved"), arrival(206, FIRING, "firing")])],
    ),
    "never resolved": ("no_lost_page", [drop("arrivals", 1), drop("decided", 1)]),
    "a page that comes again": ("bounded_duplicates", [add("arrivals", arrival(112, FIRING, "firing"))]),
    "an outage told of again": ("bounded_duplicates", [add("arrivals", arrival(112, "another", "firing"))]),
    "a version that goes back": ("no_version_going_back", [other(2, ver=1, sha256="1", change=1)]),
    "a version of two documents": ("no_version_going_back", [other(2, ver=2)]),
    "a change that goes back": ("no_version_going_back", [other(3, change=0, prev="before 0")]),
    "a change after two": ("no_version_going_back", [other(2, prev="another")]),
    "an audit that goes back": ("no_version_going_back", [other(3, log_seq=1)]),
    "a document that is refused": ("no_version_going_back", [other(3, state=None, refusal="signature: it is broken")]),
    "up without a measurement": ("no_gap_counted_as_up", [add("looks", look(90, "up", 50))]),
    "up and never measured": ("no_gap_counted_as_up", [add("looks", replace(look(90, "up", 0), measured_at=None))]),
    "alive while it was dead": ("no_gap_counted_as_up", [put("dead", [span(20, 30)])]),
    "good while it was bad": ("no_gap_counted_as_up", [add("measured", Measured(at(150), "good"))]),
    "good while nobody watched": (
        "no_gap_counted_as_up",
        [put("dead", [span(20, 30)]), put("alive", []), put("measured", [Measured(at(25), "good")])],
    ),
}
FORGIVEN: dict[str, list[Change]] = {
    "a hindrance that was known": [put("hindrances", [UNTIL_200]), put("arrivals", []), put("decided", [])],
    "late because nobody watched": [put("dead", [span(90, 200)]), put("alive", []), other(1, at=at(201))],
    "a repeat after a kill": [
        put("dead", [span(112, 113)]),
        put("alive", []),
        lambda taken: taken.arrivals.insert(1, arrival(114, FIRING, "firing")),
    ],
    "a restored audit": [put("is_restored", True), other(3, log_seq=1)],
    "what still fires": [put("lasting", frozenset({"outage"})), drop("arrivals", 1), drop("decided", 1)],
    "an end that was not waited for": [put("is_told", False), add("decided", Decided("x", "y", "firing"))],
    "old news just after an absence": [put("frozen", [span(60, 89)]), add("looks", look(90, "up", 50))],
    "what the platform did while we stood still": [put("stalls", [span(100, 200)]), put("bad", [])],
}


def test_all_is_well() -> None:
    """Nothing is found where nothing is wrong."""
    assert wrong(recording()) == []


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_is_found(case: str) -> None:
    """By the invariant that is about it."""
    name, changes = BROKEN[case]
    taken = recording()
    for change in changes:
        change(taken)
    assert name in {line.partition(":")[0] for line in wrong(taken)}


@pytest.mark.parametrize("case", FORGIVEN)
def test_what_could_not_be_otherwise_is_forgiven(case: str) -> None:
    """A scenario says beforehand what it makes impossible."""
    taken = recording()
    for change in FORGIVEN[case]:
        change(taken)
    assert wrong(taken) == []


@pytest.mark.parametrize("invariant", INVARIANTS)
def test_every_invariant_can_fail(invariant: Invariant) -> None:
    """Each is broken by a case above."""
    assert invariant.__name__ in {name for name, _ in BROKEN.values()}
