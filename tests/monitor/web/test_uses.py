"""Uses of break-glass over HTTP: reported, listed and classed, by whom it may be."""

from datetime import timedelta

import pytest

from monitor.model.caller import Token
from monitor.model.use import Happening
from monitor.wire.happenings import EVENTS
from monitor.wire.uses import UseAnswer, UseEvent, UsesAnswer
from tests.support.clock import START
from tests.support.desk import bearer, token
from tests.support.face import World, asking
from tests.support.html import Reader
from tests.support.watching import down

ATTEMPT = {
    "id": "r-1",
    "platform": "payments",
    "reader": "ssh:bastion-1",
    "at": START.isoformat(),
    "person": "anna",
    "target": "db-1",
    "decision": "allowed",
    "via": "flag",
    "state": "ready",
    "ver": 7,
}
BASTION = bearer("bastion-token")
BEN = bearer("bens-token")
ANNA = bearer("annas-token")
SAID = {"class": "real", "rotated": True, "note": "INC-7"}


def tokens() -> tuple[Token, ...]:
    """Return a machine's token and two persons', and one that is limited to another platform."""
    return (
        token("bastion-token", "use", person=None),
        token("bens-token", "use", person="ben"),
        token("annas-token", "use", person="anna"),
        token("elsewhere-token", "use", person="ben", platforms=("ledger",)),
        token("reading-token", "read", person="ben"),
    )


def world() -> World:
    """Return a monitor with tokens that was there all the time."""
    made = World()
    object.__setattr__(made.site, "tokens", tokens())
    made.store.disk.last_alive_at = START
    return made


async def test_a_report_is_taken_once() -> None:
    """201 with the use as it is judged; 200 the second time; the record says who handed it in."""
    there = world()
    async with asking(there.face()) as client:
        first = await client.post("/api/v1/uses", json=ATTEMPT, headers=BASTION)
        second = await client.post("/api/v1/uses", json=ATTEMPT, headers=BASTION)
    assert (first.status_code, second.status_code) == (201, 200)
    use = UseAnswer.model_validate_json(first.content)
    assert (use.id, use.judgement, use.critical, use.open) == ("r-1", "unexpected", True, True)
    assert (use.reader, use.via, use.ver, use.report) == ("ssh:bastion-1", "flag", 7, None)
    assert first.json() == second.json()
    assert there.store.disk.audit[0].actor == "pipeline"
    assert there.noted == []


async def test_a_report_that_cannot_be_written_is_answered_so() -> None:
    """503: the reader keeps it. The page went out; sent again, nobody is paged a second time."""
    there = world()
    there.store.fail("use")
    async with asking(there.face()) as client:
        answers = [await client.post("/api/v1/uses", json=ATTEMPT, headers=BASTION) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [503, 503]
    assert answers[0].json()["error"]["code"] == "store_unavailable"
    assert [told.is_recorded for told in there.told] == [False]


async def test_any_platform_is_taken() -> None:
    """An access that is told of is never turned away; of what isn't watched nobody knows, so it is critical."""
    there = world()
    async with asking(there.face()) as client:
        answer = await client.post("/api/v1/uses", json={**ATTEMPT, "platform": "gone"}, headers=BASTION)
    assert (answer.status_code, answer.json()["critical"]) == (201, True)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"id": "a b"}, "id"),
        ({"id": "x" * 129}, "id"),
        ({"platform": "Payments"}, "platform"),
        ({"reader": ""}, "reader"),
        ({"at": "yesterday"}, "at"),
        ({"at": 1772334000}, "at"),
        ({"at": "2026-03-01T03:00:00"}, "at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "at"),
        ({"person": "anna\u202e"}, "person"),
        ({"target": "db\n1"}, "target"),
        ({"target": "x" * 256}, "target"),
        ({"decision": "maybe"}, "decision"),
        ({"via": "luck"}, "via"),
        ({"state": "open"}, "state"),
        ({"ver": -1}, "ver"),
        ({"ver": 2**63}, "ver"),
        ({"ver": "7"}, "ver"),
        ({"code": "a b"}, "code"),
        ({"run": "\x00"}, "run"),
        ({"note": "x" * 1001}, "note"),
        ({"extra": 1}, "unknown member"),
    ],
)
async def test_a_malformed_report_is_refused_and_named(changes: dict[str, object], named: str) -> None:
    """400 with the member; nothing of it is repeated, and nothing is on record but the refusal."""
    there = world()
    async with asking(there.face()) as client:
        answer = await client.post("/api/v1/uses", json={**ATTEMPT, **changes}, headers=BASTION)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_body")
    assert answer.json()["error"]["message"].startswith(named)
    assert there.store.disk.uses == {}
    assert [entry.kind for _, entry in there.noted] == ["write_refused"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), (bearer("nobodys-token"), 401), (bearer("reading-token"), 403), (bearer("elsewhere-token"), 403)],
)
async def test_who_may_not_report_is_refused(headers: dict[str, str], status: int) -> None:
    """Also on loopback; and a token for another platform."""
    there = world()
    async with asking(there.face()) as client:
        answer = await client.post("/api/v1/uses", json=ATTEMPT, headers=headers)
    assert answer.status_code == status
    assert there.store.disk.uses == {}


async def test_uses_are_listed_by_what_one_asks() -> None:
    """Newest received first; by platform, open, since and limit."""
    there = world()
    async with asking(there.face()) as client:
        for number in (1, 2, 3):
            refused = {"decision": "refused", "code": "standby"} if number == 3 else {}
            await client.post("/api/v1/uses", json={**ATTEMPT, "id": f"r-{number}", **refused}, headers=BASTION)
            there.clock.advance(10)

        async def listed(**query: object) -> list[str]:
            answer = await client.get("/api/v1/uses", params={name: str(value) for name, value in query.items()})
            return [use.id for use in UsesAnswer.model_validate_json(answer.content).uses]

        assert await listed() == ["r-3", "r-2", "r-1"]
        assert await listed(open="true") == ["r-2", "r-1"]
        assert await listed(open="false") == ["r-3"]
        assert await listed(limit=1) == ["r-3"]
        assert await listed(platform="ledger") == []
        assert await listed(since=(START + timedelta(seconds=10)).isoformat()) == ["r-3", "r-2"]
        wrong = await client.get("/api/v1/uses", params={"open": "perhaps"})
    assert wrong.json()["error"]["code"] == "bad_query"


async def test_another_person_closes_it() -> None:
    """Classed and rotated at once; said again it is taken; the record holds who and why."""
    there = world()
    async with asking(there.face()) as client:
        await client.post("/api/v1/uses", json=ATTEMPT, headers=BASTION)
        closed = await client.post("/api/v1/uses/r-1/class", json=SAID, headers=BEN)
        again = await client.post("/api/v1/uses/r-1/class", json=SAID, headers=BEN)
    use = UseAnswer.model_validate_json(closed.content)
    assert (closed.status_code, use.open) == (200, False)
    assert use.classing is not None
    assert (use.classing.kind, use.classing.by, use.classing.note) == ("real", "ben", "INC-7")
    assert use.rotation is not None
    assert again.json() == closed.json()
    assert there.told[-1].step.happening is Happening.CLOSED


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        (ANNA, SAID, 409, "not_possible"),
        (BASTION, SAID, 403, "forbidden"),
        (bearer("elsewhere-token"), SAID, 403, "forbidden"),
        ({}, SAID, 401, "unauthorized"),
        (BEN, {}, 400, "bad_body"),
        (BEN, {"rotated": False}, 400, "bad_body"),
        (BEN, {"class": "fun"}, 400, "bad_body"),
        (BEN, {"kind": "real"}, 400, "bad_body"),
    ],
)
async def test_what_may_not_be_said_is_refused(
    headers: dict[str, str], body: dict[str, object], status: int, code: str
) -> None:
    """By the very person, by a machine, for another platform, or saying nothing: it stays open, and is audited."""
    there = world()
    async with asking(there.face()) as client:
        await client.post("/api/v1/uses", json=ATTEMPT, headers=BASTION)
        answer = await client.post("/api/v1/uses/r-1/class", json=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert there.store.disk.uses["r-1"].is_open
    assert there.noted[-1][1].body["code"] == code


async def test_whoever_reports_a_use_does_not_class_it() -> None:
    """Ben reports an access as Anna's: neither of them closes it. A reader's token is no person's."""
    there = world()
    object.__setattr__(there.site, "tokens", (*tokens(), token("carls-token", "use", person="carl")))
    async with asking(there.face()) as client:
        await client.post("/api/v1/uses", json=ATTEMPT, headers=BEN)
        own = [await client.post("/api/v1/uses/r-1/class", json=SAID, headers=each) for each in (BEN, ANNA)]
        another = await client.post("/api/v1/uses/r-1/class", json=SAID, headers=bearer("carls-token"))
    assert [answer.json()["error"]["code"] for answer in own] == ["not_possible"] * 2
    assert (another.status_code, another.json()["open"]) == (200, False)


async def test_neither_of_two_persons_classes_what_they_did_together() -> None:
    """Nor the one from whose account it was; both are told in the answer and on the page."""
    there = world()
    override = {**ATTEMPT, "person": "carl", "second": "ben", "login": "anna", "via": "override", "state": None}
    async with asking(there.face()) as client:
        told = await client.post("/api/v1/uses", json=override, headers=BASTION)
        own = [await client.post("/api/v1/uses/r-1/class", json=SAID, headers=each) for each in (BEN, ANNA)]
        page = (await client.get("/")).text
    use = UseAnswer.model_validate_json(told.content)
    assert (use.person, use.second, use.login) == ("carl", "ben", "anna")
    assert [answer.status_code for answer in own] == [409, 409]
    assert "carl and ben got in to db-1" in page


async def test_of_a_use_that_is_not_there_nothing_is_said() -> None:
    """404; and while the store can't be read, 503."""
    there = world()
    async with asking(there.face()) as client:
        missing = await client.post("/api/v1/uses/r-9/class", json=SAID, headers=BEN)
        there.store.fail("uses")
        unread = await client.post("/api/v1/uses/r-9/class", json=SAID, headers=BEN)
        unlisted = await client.get("/api/v1/uses")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "no_such")
    assert (unread.status_code, unlisted.status_code) == (503, 503)


async def test_open_uses_stand_on_the_page_and_in_the_status() -> None:
    """On top, counted, loud if critical; on the page that is a file too; closed ones are gone."""
    there = world()
    there.monitor.states = [down()]
    face = there.face()
    async with asking(face) as client:
        assert "use of break-glass" not in (await client.get("/")).text
        await client.post("/api/v1/uses", json={**ATTEMPT, "target": "<b>db"}, headers=BASTION)
        there.clock.advance(2)
        page = (await client.get("/")).text
        (platform,) = (await client.get("/api/v1/status")).json()["platforms"]
        await client.post("/api/v1/uses/r-1/class", json=SAID, headers=BEN)
        there.clock.advance(2)
        after = (await client.get("/")).text
    assert "1 open use of break-glass, 1 CRITICAL" in page
    assert "payments: anna got in to &lt;b&gt;db (r-1)" in page
    assert "<title>1 CRITICAL USE, DOWN" in page
    assert page.index("1 open use of break-glass") < page.index("Access can&#39;t be had")
    assert Reader(page) is not None
    assert (platform["break_glass"]["open_uses"], platform["break_glass"]["critical_uses"]) == (1, 1)
    assert "use of break-glass" not in after


async def test_what_becomes_of_a_use_is_told_to_who_listens() -> None:
    """One event each, in the shape of the wire."""
    there = world()
    face = there.face()
    listener = face.hub.join(None)
    assert listener is not None
    async with asking(face) as client:
        await client.post("/api/v1/uses", json=ATTEMPT, headers=BASTION)
    (told,) = there.told
    face.used(told.step.use, told.step.happening)
    frame = listener.queue.get_nowait()
    assert frame is not None
    assert b"event: use\n" in frame
    data = frame.split(b"data: ")[1].split(b"\n")[0]
    event = EVENTS["use"].model_validate_json(data)
    assert isinstance(event, UseEvent)
    assert (event.happening, event.use.id) == ("reported", "r-1")
