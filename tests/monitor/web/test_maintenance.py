"""Maintenance over HTTP: agreed, proposed, accepted, confirmed, ended and listed, by whom it may be."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest

from monitor.model.event import MaintenanceTold
from monitor.model.maintenance import AddWindow, Calendar, Planned, Range, WindowFact
from monitor.web.events import event_of
from monitor.wire.answers import StatusAnswer
from monitor.wire.happenings import MaintenanceEvent, MaintenanceWord
from monitor.wire.maintenance import MaintenanceAnswer, WindowActAnswer, WindowAnswer
from platforms.http import Response
from tests.support.agreeing import Agreeing
from tests.support.clock import START
from tests.support.desk import bearer, token
from tests.support.face import asking
from tests.support.html import Reader
from tests.support.watching import PLATFORM

HOUR = timedelta(hours=1)
PATH = "/api/v1/maintenance"
NOW: dict[str, Any] = {"platform": PLATFORM, "reason": "patches", "for_seconds": 3600}
PAST = {"platform": PLATFORM, "reason": "forgotten", "start": (START - HOUR).isoformat(), "end": START.isoformat()}
NIGHTS = {"days": ["first tuesday", "last day"], "at": "02:00", "lasts_seconds": 7200, "timezone": "Europe/Berlin"}


def world() -> Agreeing:
    """Return a monitor with tokens of persons, of a machine, of a reader, and of one limited to another platform."""
    made = Agreeing()
    tokens = (
        *(token(person, "maintenance", person=person) for person in ("anna", "ben")),
        token("machine", "maintenance", person=None),
        token("reader", "read", "flag:raise", person="cleo"),
        token("elsewhere", "maintenance", person="dora", platforms=("ledger",)),
    )
    made.site = replace(made.site, tokens=tokens)
    return made


async def post(there: Agreeing, path: str, body: object, who: str = "anna") -> Response:
    """Send an act as somebody."""
    async with asking(there.face()) as client:
        return await client.post(f"{PATH}{path}", json=body, headers=bearer(who))


async def done(there: Agreeing, path: str, body: object, who: str = "anna") -> WindowActAnswer:
    """Send an act that is taken."""
    answer = await post(there, path, body, who)
    assert answer.status_code == 200, answer.text
    return WindowActAnswer.model_validate_json(answer.content)


async def listed(there: Agreeing, **query: str) -> tuple[WindowAnswer, ...]:
    """Return what is listed."""
    async with asking(there.face()) as client:
        answer = await client.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    return MaintenanceAnswer.model_validate_json(answer.content).windows


def told(there: Agreeing, name: str = "m1", ahead: timedelta = HOUR) -> None:
    """Have a status page tell of a maintenance."""
    now = there.clock.now()
    there.hear(PLATFORM, MaintenanceTold("portal", (Planned(name, "Upgrade", now + ahead, now + ahead + HOUR),)))


async def test_a_window_is_agreed_listed_shown_and_ended() -> None:
    """From one person's act to its end, with who and when."""
    there = world()
    answer = await done(there, "", {**NOW, "key": "k-1"})
    assert (answer.outcome, answer.recorded, answer.platform) == ("done", True, PLATFORM)
    (window,) = await listed(there)
    assert answer.window == window
    assert (window.id, window.state, window.origin) == (answer.id, "in_force", "person")
    assert (window.by, window.agreed_at, window.since, window.until) == ("anna", START, START, START + HOUR)
    assert window.now is not None
    assert (window.now.start, window.now.end, window.next) == (START, START + HOUR, None)
    assert await done(there, "", {**NOW, "key": "k-1"}) == answer
    there.clock.advance(60)
    ended = (await done(there, f"/{window.id}/end", {"reason": "early"}, "ben")).window
    assert ended is not None
    assert ended.ended is not None
    assert (ended.state, ended.ended.by, ended.ended.why) == ("over", "ben", "early")
    assert await listed(there) == ()
    assert await listed(there, over="true") == (ended,)


async def test_the_status_and_the_page_show_it() -> None:
    """What is in force, what comes next, what waits."""
    there = world()
    await done(there, "", NOW)
    await done(there, "", {**NOW, "start": (START + 3 * HOUR).isoformat()})
    await done(there, "", PAST)
    told(there)
    async with asking(there.face()) as client:
        status = StatusAnswer.model_validate_json((await client.get("/api/v1/status")).content)
        page = Reader((await client.get("/")).text)
    held = status.platforms[0].maintenance
    assert [each.until for each in held.in_force] == [START + HOUR]
    assert held.coming is not None
    assert (held.coming.since, held.proposed, held.asked) == (START + 3 * HOUR, 1, 1)
    text = " ".join(page.words)
    for words in ("Maintenance", "in force", "comes next", "waits", "proposed", "monitor maintenance confirm"):
        assert words in text
    assert "portal tells: Upgrade" in text


async def test_one_that_comes_back_is_as_it_was_agreed() -> None:
    """Its calendar, its next span, what it is for."""
    there = world()
    body = {
        "platform": PLATFORM,
        "reason": "nights",
        "calendar": NIGHTS,
        "functions": ["sign_in"],
        "probes": ["portal"],
    }
    window = (await done(there, "", body)).window
    assert window is not None
    assert window.calendar is not None
    assert window.calendar.model_dump(mode="json") == {**NIGHTS, "lasts_seconds": 7200.0}
    assert window.next is not None
    assert window.next.start.isoformat() == "2026-03-03T01:00:00+00:00"
    assert (window.until, window.state, window.functions, window.probes) == (None, "coming", ("sign_in",), ("portal",))
    (_, act, _) = there.acts[0]
    nights = Calendar(("first tuesday", "last day"), "02:00", 2 * HOUR, "Europe/Berlin")
    assert act == AddWindow("nights", calendar=nights, range=Range(("sign_in",), ("portal",)))


async def test_a_start_in_the_past_waits_for_another_person() -> None:
    """Who asked can't confirm, and has been told so; then both are named."""
    there = world()
    asked = await done(there, "", PAST)
    assert (asked.outcome, asked.window and asked.window.state) == ("pending", "asked")
    assert asked.window is not None
    assert (asked.window.agreed_at, asked.window.expires_at) == (None, START + HOUR / 4)
    own = await post(there, f"/{asked.id}/confirm", {})
    assert (own.status_code, own.json()["error"]["code"]) == (409, "not_possible")
    assert "another person must confirm it" in own.json()["error"]["message"]
    confirmed = (await done(there, f"/{asked.id}/confirm", {}, "ben")).window
    assert confirmed is not None
    assert (confirmed.by, confirmed.confirmed_by, confirmed.state) == ("anna", "ben", "over")


async def test_confirming_needs_no_body() -> None:
    """There is nothing to say."""
    there = world()
    asked = await done(there, "", PAST)
    async with asking(there.face()) as client:
        answer = await client.post(f"{PATH}/{asked.id}/confirm", headers=bearer("ben"))
    assert answer.status_code == 200


async def test_a_proposal_is_accepted_or_declined() -> None:
    """Until then it has no effect; the same act sent again is answered as before, though the proposal is gone."""
    there = world()
    told(there)
    (proposal,) = await listed(there)
    assert (proposal.state, proposal.origin, proposal.name, proposal.probe) == (
        "proposed",
        "vendor",
        "Upgrade",
        "portal",
    )
    assert (proposal.by, proposal.agreed_at) == (None, None)
    body = {"reason": "agreed", "key": "k"}
    answer = await done(there, f"/{proposal.id}/accept", body)
    assert answer.window is not None
    assert (answer.window.origin, answer.window.state, answer.window.name) == ("vendor", "coming", "Upgrade")
    assert (await done(there, f"/{proposal.id}/accept", body)).id == answer.id
    told(there, "m2")
    other = next(each for each in await listed(there) if each.state == "proposed")
    declined = await done(there, f"/{other.id}/end", {"reason": "not ours"})
    assert declined.window is None
    assert "declined" in declined.message


async def test_what_waits_for_somebody_is_listed_first() -> None:
    """Then what is in force, what comes, what is over."""
    there = world()
    over = await done(there, "", NOW)
    await done(there, f"/{over.id}/end", {"reason": "x"})
    await done(there, "", {**NOW, "start": (START + 3 * HOUR).isoformat()})
    await done(there, "", NOW)
    await done(there, "", PAST)
    told(there)
    states = [each.state for each in await listed(there, over="true")]
    assert states == ["asked", "proposed", "in_force", "coming", "over"]
    assert len(await listed(there, limit="2")) == 2
    since = (START + 1.5 * HOUR).isoformat()
    assert [each.state for each in await listed(there, over="true", since=since)] == ["proposed", "coming"]


async def test_what_is_over_comes_from_the_record() -> None:
    """Long after memory has let go of it; without the store the rest is there all the same."""
    there = world()
    made = await done(there, "", NOW)
    there.clock.advance(3 * 86400)
    there.hear(PLATFORM)
    assert there.monitor.states[0].maintenance.windows == ()
    assert [each.id for each in await listed(there, over="true", platform=PLATFORM)] == [made.id]
    there.store.fail("windows")
    async with asking(there.face()) as client:
        answers = [await client.get(PATH, params={"over": word}) for word in ("true", "false")]
    assert [answer.status_code for answer in answers] == [503, 200]


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"reason": ""}, "reason: expected why"),
        ({"reason": "a\nb"}, "reason: expected why"),
        ({"start": "tomorrow"}, "start: expected a time"),
        ({"start": 1772334000}, "start: expected a time"),
        ({"end": "2026-03-01T05:00:00", "for_seconds": None}, "end: expected a time"),
        ({"for_seconds": None}, "expected either end or for_seconds"),
        ({"end": "2026-03-01T05:00:00Z"}, "expected either end or for_seconds"),
        ({"for_seconds": 0}, "for_seconds: expected how long it lasts"),
        ({"for_seconds": "3600"}, "for_seconds: expected how long it lasts"),
        ({"for_seconds": 2678401}, "for_seconds: expected how long it lasts"),
        ({"calendar": NIGHTS}, "for_seconds: expected none with calendar"),
        ({"for_seconds": None, "calendar": {**NIGHTS, "days": []}}, "calendar: expected days, at"),
        ({"for_seconds": None, "calendar": {**NIGHTS, "at": 2}}, "calendar: expected days, at"),
        ({"for_seconds": None, "calendar": {**NIGHTS, "more": 2}}, "calendar: expected days, at"),
        ({"functions": ["Sign in"]}, "functions: expected a list of names of functions"),
        ({"functions": ["a", "a"]}, "functions: expected a list of names of functions"),
        ({"functions": ["a"] * 65}, "functions: expected a list of names of functions"),
        ({"probes": "portal"}, "probes: expected a list of names of probes"),
        ({"long": "yes"}, "long: expected true"),
        ({"key": "a b"}, "key: expected a name"),
        ({"by": "ben"}, "unknown member"),
    ],
)
async def test_a_wrong_body_is_refused(changes: dict[str, object], mistake: str) -> None:
    """With every mistake named, and nothing done."""
    there = world()
    answer = await post(there, "", {**NOW, **changes})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_body")
    assert mistake in answer.json()["error"]["message"]
    assert there.acts == []
    assert [entry.kind for _, entry in there.noted] == ["write_refused"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"functions": ["sing_in"]}, "a function that it names is not watched: functions are"),
        ({"for_seconds": 90000}, "unless it is said to be long"),
        ({"for_seconds": None, "calendar": {**NIGHTS, "timezone": "Europe/Berln"}}, "timezone: expected a time zone"),
        ({"for_seconds": None, "calendar": {**NIGHTS, "days": ["someday"]}}, "days: expected days such as"),
        (
            {"start": "2026-03-01T05:00:00Z", "end": "2026-03-01T04:00:00Z", "for_seconds": None},
            "ends before it starts",
        ),
    ],
)
async def test_what_can_not_be_agreed_says_why(changes: dict[str, object], why: str) -> None:
    """409, and the refusal is audited."""
    there = world()
    answer = await post(there, "", {**NOW, **changes})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_possible")
    assert why in answer.json()["error"]["message"]
    assert there.monitor.states[0].maintenance.windows == ()
    assert [entry.kind for _, entry in there.noted] == ["write_refused"]


@pytest.mark.parametrize("who", ["machine", "reader", "elsewhere", "nobody"])
async def test_who_may_not(who: str) -> None:
    """A machine, a person without the scope, one limited to another platform, and nobody known."""
    there = world()
    made = await done(there, "", NOW)
    told(there)
    proposal = next(each for each in await listed(there) if each.state == "proposed")
    count = len(there.acts)
    ways = [("", NOW), (f"/{made.id}/end", {"reason": "x"}), (f"/{proposal.id}/accept", {"reason": "x"})]
    ways += [(f"/{made.id}/confirm", {})]
    for path, body in ways:
        answer = await post(there, path, body, who)
        assert answer.status_code == (401 if who == "nobody" else 403), (path, answer.text)
    assert len(there.acts) == count


async def test_what_is_not_there() -> None:
    """An id of nothing, of a platform that isn't watched, and another platform's name."""
    there = world()
    for path in (f"/{PLATFORM}-mw-1/end", "/nothing/end", "/ledger-mw-1/end"):
        answer = await post(there, path, {"reason": "x"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such")
    answer = await post(there, "", {**NOW, "platform": "ledger"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_platform")
    async with asking(there.face()) as client:
        listing = await client.get(PATH, params={"platform": "ledger"})
    assert listing.json()["error"]["code"] == "unknown_platform"


async def test_a_vendors_words_are_shown_as_text() -> None:
    """What a page calls its maintenance is anybody's."""
    there = world()
    there.hear(
        PLATFORM,
        MaintenanceTold("portal", (Planned("m", "<script>alert(1)</script>\u202e", START + HOUR, START + 2 * HOUR),)),
    )
    async with asking(there.face()) as client:
        text = (await client.get("/")).text
    assert "<script>alert" not in text
    assert "\u202e" not in text


async def test_everything_that_becomes_of_windows_is_told_on_the_stream() -> None:
    """One event for each fact, with who did it; nothing that a status page calls its maintenance."""
    there = world()
    made = await done(there, "", NOW)
    await done(there, f"/{made.id}/end", {"reason": "early"}, "ben")
    await done(there, "", PAST)
    told(there)
    told(there, "m2")
    there.clock.advance(3600)
    there.hear(PLATFORM)
    facts = [fact for fact in there.facts if isinstance(fact, WindowFact)]
    assert {type(fact) for fact in facts} == set(get_args(WindowFact))
    events = [event_of(PLATFORM, fact, START) for fact in facts]
    assert all(isinstance(event, MaintenanceEvent) for event in events)
    shown = [event.model_dump() for event in events if event is not None]
    assert {event["happening"] for event in shown} == set(get_args(MaintenanceWord))
    assert [(each["by"], each["why"]) for each in shown if each["happening"] == "agreed"] == [("anna", "patches")]
    assert [(each["by"], each["why"]) for each in shown if each["happening"] == "ended"] == [("ben", "early")]
    assert "Upgrade" not in str(shown)
