import json
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model.act import ActKind, Request, RequestKind
from monitor.model.fact import (
    ActDone,
    CauseAdded,
    Fact,
    FlagChanged,
    FunctionChanged,
    OutageEnded,
    OutageOpened,
    OutageReopened,
    OutageWidened,
    PageDecided,
    PageWithheld,
    PlatformChanged,
    ProbeChanged,
)
from monitor.model.page import PageKind
from monitor.model.state import Cause, FlagHead
from monitor.model.verdict import CauseKind, FlagState, Phase, Verdict
from monitor.web.events import HELD, QUEUE_SIZE, Hub, Listener
from monitor.wire.happenings import EVENTS
from tests.support.clock import START
from tests.support.pages import page
from tests.support.watching import PLATFORM, outage

QUARTER = timedelta(minutes=15)

REQUEST = Request("raise-1", RequestKind.RAISE, "anna", "anna-cli", "slow", 2 * QUARTER, START, START + QUARTER, "I-1")
RAISED = ActDone(ActKind.RAISE, "ben", "ben-cli", "manual-1", "slow", START, "I-1", REQUEST)
ENDED = ActDone(ActKind.INHIBIT_END, "cleo", "cleo-cli", "inhibit-1", "")
CHANGED = PlatformChanged(Verdict.UP, Verdict.DOWN, START, "sign_in is down")


def _frames(listener: Listener) -> list[tuple[str, str, dict[str, object]]]:
    """Take what is queued: id, event and data of each."""
    taken = []
    while not listener.queue.empty():
        frame = listener.queue.get_nowait()
        assert frame is not None
        lines = frame.decode().split("\n")
        assert lines[3:] == ["", ""]
        fields = dict(line.split(": ", 1) for line in lines[:3])
        taken.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return taken


def _joined(hub: Hub, last_seen: str | None = None) -> Listener:
    listener = hub.join(last_seen)
    assert listener is not None
    return listener


@pytest.mark.parametrize(
    ("fact", "event", "members"),
    [
        (CHANGED, "verdict", {"function": None, "was": "up", "now": "down", "why": "sign_in is down"}),
        (
            FunctionChanged("sign_in", Verdict.UP, Verdict.UNKNOWN, START, "stale"),
            "verdict",
            {"function": "sign_in", "now": "unknown"},
        ),
        (
            FlagChanged(FlagHead(), FlagHead(FlagState.READY, START, 1), "an outage"),
            "flag",
            {"was": "standby", "now": "ready", "change": 1, "at": "2026-03-01T03:00:00Z"},
        ),
        (RAISED, "act", {"act": "raise", "person": "ben", "asked_by": "anna", "id": "manual-1", "ticket": "I-1"}),
        (ENDED, "act", {"act": "inhibit_end", "person": "cleo", "asked_by": None, "until": None}),
        (OutageOpened(outage()), "outage", {"happening": "opened"}),
        (OutageWidened(outage()), "outage", {"happening": "widened"}),
        (OutageReopened(outage()), "outage", {"happening": "reopened"}),
        (OutageEnded(replace(outage(), ended_at=START)), "outage", {"happening": "ended"}),
        (PageDecided(page()), "page", {"kind": "outage", "status": "firing", "dedup_key": "prod/payments/outage/1"}),
    ],
    ids=["platform", "function", "flag", "raised", "inhibit ended", "opened", "widened", "reopened", "ended", "page"],
)
def test_what_changes_is_told(fact: Fact, event: str, members: dict[str, object]) -> None:
    """Verdicts, flags, acts, outages and pages, each in its own shape."""
    hub = Hub("m")
    listener = _joined(hub)
    hub.tell(PLATFORM, [fact], START)
    ((_, name, data),) = _frames(listener)
    assert name == event
    assert members.items() <= data.items()
    assert EVENTS[name].model_validate(data).model_dump(mode="json") == data


def test_what_stays_inside_is_not_told() -> None:
    """Probes, causes and pages withheld are for the store."""
    hub = Hub("m")
    listener = _joined(hub)
    inside: list[Fact] = [
        ProbeChanged("portal", Phase.GOOD, Phase.BAD, START, "why"),
        CauseAdded(Cause(CauseKind.OUTAGE, "1", START)),
        PageWithheld(PageKind.OUTAGE, "told already"),
    ]
    hub.tell(PLATFORM, inside, START)
    assert _frames(listener) == []


def test_every_listener_is_told_under_rising_ids() -> None:
    """Ids rise by one and are the same for all; who joins later hears only what comes."""
    hub = Hub("m")
    early = _joined(hub)
    hub.tell(PLATFORM, [CHANGED, CHANGED], START)
    late = _joined(hub)
    hub.tell(PLATFORM, [CHANGED], START)
    assert [frame[0] for frame in _frames(early)] == ["m-1", "m-2", "m-3"]
    assert [frame[0] for frame in _frames(late)] == ["m-3"]


def test_who_comes_back_is_told_what_it_missed() -> None:
    """With the last id it saw, exactly the events since; none twice."""
    hub = Hub("m")
    hub.tell(PLATFORM, [CHANGED] * 5, START)
    assert [frame[0] for frame in _frames(_joined(hub, "m-3"))] == ["m-4", "m-5"]
    assert _frames(_joined(hub, "m-5")) == []
    assert len(_frames(_joined(hub, "m-0"))) == 5


@pytest.mark.parametrize(
    "last_seen", ["m-0", "m-9999", "before-3", "m-", "m--1", "m-x", "m-²", "m-" + "9" * 5000, "nonsense", "-"]
)
def test_who_was_away_too_long_is_told_to_read_anew(last_seen: str) -> None:
    """An id that is no longer held, of another run, or no id at all: `reset`, at the present id."""
    hub = Hub("m")
    hub.tell(PLATFORM, [CHANGED] * (HELD + 1), START)
    ((number, event, data),) = _frames(_joined(hub, last_seen))
    assert (number, event) == (f"m-{HELD + 1}", "reset")
    assert "/api/v1/status" in str(data["reason"])


def test_a_slow_listener_is_dropped_and_no_other() -> None:
    """A queue that is full ends its stream; the others miss nothing, and the hub does not wait."""
    hub = Hub("m")
    slow, quick = _joined(hub), _joined(hub)
    taken = 0
    for _ in range(QUEUE_SIZE + 1):
        hub.tell(PLATFORM, [CHANGED], START)
        taken += len(_frames(quick))
    assert slow.dropped
    assert not quick.dropped
    assert taken == QUEUE_SIZE + 1
    assert hub.listeners == 1


def test_who_missed_everything_held_has_room_for_more() -> None:
    """Catching up does not by itself drop a listener."""
    hub = Hub("m")
    hub.tell(PLATFORM, [CHANGED] * (HELD + 5), START)
    listener = _joined(hub, "m-5")
    hub.tell(PLATFORM, [CHANGED] * HELD, START + timedelta(seconds=1))
    assert not listener.dropped
    assert len(_frames(listener)) == 2 * HELD


def test_there_is_room_for_so_many_and_no_more() -> None:
    """One listener too many is refused; one that leaves makes room."""
    hub = Hub("m", max_listeners=2)
    first = _joined(hub)
    _joined(hub)
    assert hub.join(None) is None
    hub.leave(first)
    hub.leave(first)
    assert hub.join(None) is not None


def test_closing_ends_every_stream() -> None:
    """Each listener gets its end, even with a full queue, and nobody joins any more."""
    hub = Hub("m")
    full, empty = _joined(hub), _joined(hub)
    hub.tell(PLATFORM, [CHANGED] * QUEUE_SIZE, START)
    while not empty.queue.empty():
        empty.queue.get_nowait()
    hub.close()
    hub.close()
    assert full.dropped
    assert empty.queue.get_nowait() is None
    assert hub.join(None) is None
