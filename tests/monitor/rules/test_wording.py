"""What pages say."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from monitor.model.act import Inhibition
from monitor.model.exercise import Exercise, Wish
from monitor.model.maintenance import InForce
from monitor.model.page import PageKind, PageStatus
from monitor.model.state import Outage
from monitor.model.told import Acknowledgement, Reach, Told
from monitor.model.verdict import FlagState
from monitor.rules.wording import LONGEST_PROCEDURE, body, text
from tests.support.pages import CONTEXT, page

OUTAGE = Outage(
    id="1",
    platform="payments",
    opened_at=datetime(2026, 3, 1, 2, 59, 48, 250_000, tzinfo=UTC),
    confirmed_at=datetime(2026, 3, 1, 3, 0, tzinfo=UTC),
    functions=("sign_in", "approve"),
    openers=("portal",),
    reason="portal is bad",
)


def test_body_has_every_member() -> None:
    """The webhook's body is exactly this."""
    assert body(page(), replace(CONTEXT, outage=OUTAGE)) == {
        "kind": "outage",
        "severity": "page",
        "status": "firing",
        "platform": "payments",
        "dedup_key": "prod/payments/outage/1",
        "summary": "sign_in is down",
        "reason": "portal was bad 3 times and a control answered",
        "outage": {
            "id": "1",
            "opened_at": "2026-03-01T02:59:48.250Z",
            "confirmed_at": "2026-03-01T03:00:00.000Z",
            "ended_at": None,
            "functions": ["sign_in", "approve"],
        },
        "break_glass": {
            "state": "ready",
            "permitted": True,
            "advice": "Yes: break-glass is ready. Follow the procedure.",
        },
        "procedure": {
            "url": "https://wiki.example.com/break-glass",
            "text": "1. Call a second person.\n2. Open the safe.",
        },
        "maintenance": [],
        "exercise": None,
        "deployment": "prod",
        "vantage": "fra-1",
        "told": [],
        "acknowledged": None,
        "status_page": None,
        "decided_at": "2026-03-01T03:00:00.000Z",
        "unrecorded": False,
        "critical": False,
    }


@pytest.mark.parametrize(
    ("flag", "advice"),
    [
        (FlagState.STANDBY, "No: anna and ben hold it closed until 04:00:00Z, whatever is down."),
        (FlagState.READY, "Yes: break-glass is ready. Follow the procedure."),
        (FlagState.EXERCISE, "No: an exercise is under way, and only its principals may use break-glass."),
        (None, "Not known: the flag could not be read. Check the published flag, or decide by hand."),
    ],
)
def test_who_holds_it_closed_is_named_where_it_is_closed(flag: FlagState | None, advice: str) -> None:
    """What a person raised beside it stays permitted, and an unknown flag stays unknown."""
    at = datetime(2026, 3, 1, 3, tzinfo=UTC)
    held = Inhibition("i", "anna", "ben", "false alarm", at, at + timedelta(hours=1))
    context = replace(CONTEXT, flag=flag, inhibition=held)
    assert f"May I break the glass? {advice}" in text(page(), context).splitlines()


@pytest.mark.parametrize("kind", PageKind)
@pytest.mark.parametrize("status", PageStatus)
def test_members_are_the_same_for_every_page(kind: PageKind, status: PageStatus) -> None:
    """Every page has the same members and is JSON."""
    found = body(page(kind=kind, status=status), CONTEXT)

    assert set(found) == set(body(page(), CONTEXT))
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    ("flag", "advice"),
    [
        (FlagState.READY, "Yes: "),
        (FlagState.STANDBY, "No: "),
        (FlagState.EXERCISE, "No: "),
        (None, "Not known: "),
    ],
)
def test_says_whether_the_glass_may_be_broken(flag: FlagState | None, advice: str) -> None:
    """Only a ready flag permits; a flag that isn't known is neither yes nor no."""
    found = body(page(), replace(CONTEXT, flag=flag))["break_glass"]

    assert isinstance(found, dict)
    assert found["permitted"] is {"Yes: ": True, "No: ": False, "Not known: ": None}[advice]
    assert found["state"] == (flag.value if flag else None)
    assert found["advice"].startswith(advice)
    assert f"May I break the glass? {advice}" in text(page(), replace(CONTEXT, flag=flag))


def test_page_that_is_not_about_an_outage_names_none() -> None:
    """A page about something else doesn't borrow the outage that happens to be open."""
    one = page(kind=PageKind.UNKNOWN)

    assert body(one, replace(CONTEXT, outage=OUTAGE))["outage"] is None
    assert "sign_in, approve" not in text(one, replace(CONTEXT, outage=OUTAGE))


def test_outage_no_longer_at_hand_keeps_its_id() -> None:
    """A page that arrives late, when a later outage is held, still names its own and tells nothing of the other."""
    found = body(page(), replace(CONTEXT, outage=replace(OUTAGE, id="2")))["outage"]

    assert found == {"id": "1", "opened_at": None, "confirmed_at": None, "ended_at": None, "functions": []}


def test_text_of_a_firing_page() -> None:
    """A person reads what, since when, whether, and how, in this order."""
    assert text(page(), replace(CONTEXT, outage=OUTAGE)).splitlines() == [
        "PAGE prod/payments: sign_in is down",
        "Can't be done: sign_in, approve",
        "Since: 2026-03-01 02:59:48Z",
        "May I break the glass? Yes: break-glass is ready. Follow the procedure.",
        "Procedure: https://wiki.example.com/break-glass",
        "Why: portal was bad 3 times and a control answered",
        "Decided: 2026-03-01 03:00:00Z, seen from fra-1, key prod/payments/outage/1",
        "",
        "1. Call a second person.",
        "2. Open the safe.",
    ]


def test_the_platform_is_named_once() -> None:
    """Where a summary begins with it, the line that stands alone does not say it again."""
    first, *_ = text(replace(page(), summary="payments: the drill restore is due"), CONTEXT).splitlines()
    assert first == "PAGE prod/payments: the drill restore is due"


def test_text_of_a_resolved_page() -> None:
    """A resolved page says from when to when."""
    ended = replace(OUTAGE, ended_at=OUTAGE.opened_at + timedelta(minutes=5))
    lines = text(page(status=PageStatus.RESOLVED), replace(CONTEXT, outage=ended)).splitlines()

    assert lines[0] == "RESOLVED prod/payments: sign_in is down"
    assert lines[1] == "Could not be done: sign_in, approve, from 2026-03-01 02:59:48Z to 2026-03-01 03:04:48Z"


def test_ticket_says_that_it_is_one() -> None:
    """What can wait doesn't look like what can't."""
    assert text(page(kind=PageKind.DEGRADED), CONTEXT).startswith("TICKET prod/payments: ")


def test_unrecorded_page_says_so() -> None:
    """What could not be written down says so in both forms."""
    one = replace(page(), unrecorded=True)

    assert body(one, CONTEXT)["unrecorded"] is True
    assert "Not recorded: " in text(one, CONTEXT)


def test_long_procedure_is_cut_and_says_where_the_rest_is() -> None:
    """A procedure of any length leaves the page small enough to be taken."""
    long = replace(CONTEXT, procedure_text="x" * 100_000)
    procedure = body(page(), long)["procedure"]

    assert isinstance(procedure, dict)
    assert (
        procedure["text"] == "x" * LONGEST_PROCEDURE + "\n[cut; the whole text: https://wiki.example.com/break-glass]"
    )
    assert len(json.dumps(body(page(), long))) < 20_000


def test_times_are_utc_whatever_zone_they_came_in() -> None:
    """A time in another zone is told in UTC."""
    elsewhere = timezone(timedelta(hours=9))
    one = replace(page(), decided_at=datetime(2026, 3, 1, 12, 0, tzinfo=elsewhere))

    assert body(one, CONTEXT)["decided_at"] == "2026-03-01T03:00:00.000Z"


def test_page_about_no_platform_speaks_of_no_flag() -> None:
    """A page about our own store names no platform, and neither permits nor forbids."""
    one = replace(page("prod/store", kind=PageKind.STORE), platform="")
    bare = replace(CONTEXT, flag=None, procedure_url="", procedure_text="")
    found = body(one, bare)["break_glass"]

    assert isinstance(found, dict)
    assert found["permitted"] is None
    assert text(one, bare).splitlines() == [
        "PAGE prod: sign_in is down",
        "Why: portal was bad 3 times and a control answered",
        "May I break the glass? This page is about no platform; each platform's own flag says.",
        "Decided: 2026-03-01 03:00:00Z, seen from fra-1, key prod/store",
    ]


def test_who_else_is_told_and_who_deals_with_it_is_said() -> None:
    """Whom it reached, whom it didn't, and who has taken it on; in both forms, and before what only explains."""
    at = datetime(2026, 3, 1, 3, 0, 2, tzinfo=UTC)
    told = (
        Told("pager", Reach.NOT_REACHED, at),
        Told("chat", Reach.TOLD, at),
        Told("sms", Reach.BEING_TOLD, is_fallback=True),
    )
    context = replace(CONTEXT, told=told, acknowledged=Acknowledgement("Anna", at, "pager"), status_page="https://s/")
    lines = text(page(), context).splitlines()
    found = body(page(), context)

    assert lines[3:6] == [
        "Acknowledged: by Anna at 03:00:02Z, through pager",
        "Who is told: pager (not reached yet), chat (told 03:00:02Z), sms (being told, as a fallback)",
        "Why: portal was bad 3 times and a control answered",
    ]
    assert "Status page: https://s/" in lines
    assert found["told"] == [
        {"channel": "pager", "reach": "not reached yet", "at": "2026-03-01T03:00:02.000Z", "is_fallback": False},
        {"channel": "chat", "reach": "told", "at": "2026-03-01T03:00:02.000Z", "is_fallback": False},
        {"channel": "sms", "reach": "being told", "at": None, "is_fallback": True},
    ]
    assert found["acknowledged"] == {"by": "Anna", "at": "2026-03-01T03:00:02.000Z", "channel": "pager"}
    assert found["status_page"] == "https://s/"


def test_critical_page_says_so() -> None:
    """A use of break-glass that should not have been: a receiver can tell it without reading the line."""
    assert body(replace(page(), critical=True), CONTEXT)["critical"] is True


def test_maintenance_in_force_is_named_on_every_page() -> None:
    """Whoever is woken knows at once."""
    at = datetime(2026, 3, 1, 3, tzinfo=UTC)
    context = replace(CONTEXT, maintenance=(InForce("w", "nights", at, at + timedelta(hours=1)),))
    assert body(page(), context)["maintenance"] == [{"window": "nights", "until": "2026-03-01T04:00:00.000Z"}]
    for kind in PageKind:
        lines = text(page(kind=kind), context).splitlines()
        assert "Maintenance in force: nights, until 2026-03-01 04:00:00Z" in lines


def test_an_exercise_is_told_plainly_with_everybody_whom_it_is_for() -> None:
    """That it is no outage, until when, for which drill, and that nobody else may break the glass."""
    began = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
    wish = Wish("ex-1", "quarterly-1", ("a", "b", "c", "d"), ("db-1",), timedelta(minutes=30))
    held = Exercise(wish, "drill-runner", "drills", began, began + timedelta(minutes=30), began)
    context = replace(CONTEXT, flag=FlagState.EXERCISE, exercise=held)
    said = text(page(kind=PageKind.FLAG), context)
    assert "May I break the glass? No: this is an exercise, and only a, b, c, d may, until 03:30:00Z" in said
    assert "Exercise: this is a drill, no outage: only a, b, c, d may, until 03:30:00Z, for drill quarterly-1" in said
    sent = body(page(kind=PageKind.FLAG), context)
    assert sent["exercise"] == {
        "id": "ex-1",
        "run": "quarterly-1",
        "by": "drill-runner",
        "principals": ["a", "b", "c", "d"],
        "targets": ["db-1"],
        "until": "2026-03-01T03:30:00.000Z",
    }
    assert json.loads(json.dumps(sent)) == sent
