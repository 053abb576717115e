"""Runs of drills over HTTP: opened, told of and closed by whom it may be, listed, and shown."""

from datetime import timedelta
from typing import Any

import pytest

from monitor.model.caller import Token
from monitor.model.drill import Cadence
from monitor.wire.answers import StatusAnswer
from monitor.wire.drills import DrillCalendarAnswer, HeadsAnswer, ReceiptAnswer, RunAnswer, RunsAnswer
from platforms.http import AsyncClient, Response
from tests.support.clock import START
from tests.support.desk import bearer, token
from tests.support.drill_register import RUN, DrillLife, hash_of
from tests.support.face import World, asking
from tests.support.html import Reader

DRILLS = "/api/v1/drills"
OPENING: dict[str, Any] = {
    "run": RUN,
    "scenario": "restore",
    "title": "Get in without the platform",
    "owner": "sre",
    "platform": "payments",
    "operator": "anna",
    "scenario_sha256": "5" * 64,
    "cadence": "quarterly",
    "real": True,
    "until": (START + timedelta(hours=1)).isoformat(),
    "head": {"seq": 3, "hash": hash_of(3)},
}
CLOSING: dict[str, Any] = {
    "verdict": "passed",
    "why": "all as expected",
    "spans": {"detect": 12.5, "total": 60},
    "findings": {"minor": 1},
    "head": {"seq": 9, "hash": hash_of(9)},
}
LEFT = {**CLOSING, "verdict": "clean_up_failed", "residue": ["user <drill-7>", "rule\u202efw-2"]}
MACHINE = bearer("drills-token")
ANNA = bearer("annas-token")


def tokens() -> tuple[Token, ...]:
    """Return a machine's token and a person's, one for another platform, and one that reads."""
    return (
        token("drills-token", "drill", person=None),
        token("annas-token", "drill", person="anna"),
        token("elsewhere-token", "drill", person=None, platforms=("ledger",)),
        token("reading-token", "read", person="ben"),
    )


def world(calendar: dict[str, Cadence] | None = None) -> World:
    """Return a monitor with a desk for drills; both live by one clock."""
    made = World()
    object.__setattr__(made.site, "tokens", tokens())
    made.drills = DrillLife(clock=made.clock, calendar=calendar or {})
    return made


async def opened(client: AsyncClient, **changes: object) -> Response:
    """Open a run."""
    return await client.post(DRILLS, json={**OPENING, **changes}, headers=MACHINE)


async def told(client: AsyncClient, seq: int, journal: str = "a") -> Response:
    """Tell of a head."""
    body = {"seq": seq, "hash": hash_of(seq, journal)}
    return await client.post(f"{DRILLS}/{RUN}/heads", json=body, headers=MACHINE)


async def closed(client: AsyncClient, **changes: object) -> Response:
    """Close the run."""
    return await client.post(f"{DRILLS}/{RUN}/close", json={**CLOSING, **changes}, headers=MACHINE)


async def test_a_run_is_opened_told_of_and_closed() -> None:
    """201 and 200, each with a receipt; the same again is 200 with the same receipt; all of it can be read."""
    there = world()
    async with asking(there.face()) as client:
        first, again = await opened(client), await opened(client)
        one = RunAnswer.model_validate_json((await client.get(f"{DRILLS}/{RUN}")).content)
        head, alive = await told(client, 4), await told(client, 4)
        ending, known = await closed(client), await closed(client)
        heads = HeadsAnswer.model_validate_json((await client.get(f"{DRILLS}/{RUN}/heads")).content)
        (run,) = RunsAnswer.model_validate_json((await client.get(DRILLS)).content).runs
    assert [each.status_code for each in (first, again, head, alive, ending, known)] == [201, 200, 200, 200, 200, 200]
    assert (first.json(), head.json(), ending.json()) == (again.json(), alive.json(), known.json())
    assert [each.receipt for each in heads.heads] == [
        ReceiptAnswer.model_validate_json(each.content).receipt for each in (first, head, ending)
    ]
    assert (one.standing, one.verdict, one.closed, one.operator) == ("open", "", None, "anna")
    assert (one.quiet_seconds, run.quiet_seconds) == (0.0, None)
    assert (run.standing, run.verdict, run.why, run.spans) == ("closed", "passed", "all as expected", CLOSING["spans"])
    assert (run.findings, run.residue, run.head.seq, run.real) == ({"minor": 1}, (), 9, True)
    assert there.noted == []
    assert there.drills is not None
    assert {entry.actor for entry in there.drills.disk.audit} == {"pipeline"}


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("", {**OPENING, "operator": "ben"}, 409, "not_possible"),
        ("", {**OPENING, "run": "second"}, 409, "not_possible"),
        ("", {**OPENING, "run": "second", "platform": "gone"}, 404, "unknown_platform"),
        ("", {**OPENING, "run": "calendar", "platform": "payments"}, 409, "not_possible"),
        ("", {**OPENING, "run": "x", "until": (START + timedelta(days=2)).isoformat()}, 409, "not_possible"),
        (f"/{RUN}/heads", {"seq": 2, "hash": hash_of(2)}, 409, "not_possible"),
        (f"/{RUN}/heads", {"seq": 3, "hash": hash_of(3, "b")}, 409, "not_possible"),
        (f"/{RUN}/close", {**CLOSING, "residue": ["user drill-7"]}, 409, "not_possible"),
        ("/nobodys/heads", {"seq": 4, "hash": hash_of(4)}, 404, "no_such"),
        ("/nobodys/close", CLOSING, 404, "no_such"),
    ],
)
async def test_what_can_not_be_is_refused_and_audited(path: str, body: object, status: int, code: str) -> None:
    """With why; the run stays as it was."""
    there = world()
    async with asking(there.face()) as client:
        await opened(client)
        answer = await client.post(f"{DRILLS}{path}", json=body, headers=MACHINE)
        (run,) = RunsAnswer.model_validate_json((await client.get(DRILLS)).content).runs
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert (run.standing, run.head.seq) == ("open", 3)
    assert [(entry.kind, entry.body["code"]) for _, entry in there.noted] == [("write_refused", code)]


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("", {**OPENING, "run": "Run"}, "run"),
        ("", {**OPENING, "run": "x" * 64}, "run"),
        ("", {**OPENING, "scenario": ""}, "scenario"),
        ("", {**OPENING, "scenario_sha256": "5" * 63}, "scenario_sha256"),
        ("", {**OPENING, "until": "soon"}, "until"),
        ("", {**OPENING, "real": "yes"}, "real"),
        ("", {**OPENING, "head": {"seq": 0, "hash": hash_of(1)}}, "head"),
        ("", {**OPENING, "more": 1}, "unknown member"),
        (f"/{RUN}/heads", {"seq": "4", "hash": hash_of(4)}, "seq"),
        (f"/{RUN}/heads", {"seq": 4, "hash": "A" * 64}, "hash"),
        (f"/{RUN}/close", {**CLOSING, "verdict": "planned"}, "verdict"),
        (f"/{RUN}/close", {**CLOSING, "spans": {"detect": -1}}, "spans"),
        (f"/{RUN}/close", {**CLOSING, "spans": {"nap": 1}}, "spans"),
        (f"/{RUN}/close", {**CLOSING, "findings": {"minor": -1}}, "findings"),
        (f"/{RUN}/close", {**CLOSING, "residue": [""]}, "residue"),
        (f"/{RUN}/close", {**CLOSING, "residue": ["x"] * 101}, "residue"),
    ],
)
async def test_a_malformed_body_is_refused_and_named(path: str, body: object, named: str) -> None:
    """400 with the member; nothing of it is on record but the refusal."""
    there = world()
    async with asking(there.face()) as client:
        answer = await client.post(f"{DRILLS}{path}", json=body, headers=MACHINE)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_body")
    assert answer.json()["error"]["message"].startswith(named)
    assert [entry.kind for _, entry in there.noted] == ["write_refused"]


@pytest.mark.parametrize("path", ["", f"/{RUN}/heads", f"/{RUN}/close"])
@pytest.mark.parametrize(
    ("headers", "status"), [({}, 401), (bearer("reading-token"), 403), (bearer("elsewhere-token"), 403)]
)
async def test_who_may_not_tell_is_refused(path: str, headers: dict[str, str], status: int) -> None:
    """Also on loopback; and a token for another platform, which the run's own name hides."""
    there = world()
    bodies = {"": OPENING, f"/{RUN}/heads": {"seq": 4, "hash": hash_of(4)}, f"/{RUN}/close": CLOSING}
    async with asking(there.face()) as client:
        await opened(client)
        answer = await client.post(f"{DRILLS}{path}", json=bodies[path], headers=headers)
        run = RunAnswer.model_validate_json((await client.get(f"{DRILLS}/{RUN}")).content)
    assert answer.status_code == status
    assert (run.standing, run.head.seq) == ("open", 3)


async def test_a_person_opens_runs_in_their_own_name() -> None:
    """In whatever spelling: else the second person who approved it could be the first one."""
    there = world()
    async with asking(there.face()) as client:
        other = await client.post(DRILLS, json={**OPENING, "operator": "ben"}, headers=ANNA)
        own = await client.post(DRILLS, json={**OPENING, "operator": "Anna"}, headers=ANNA)
    assert (other.status_code, other.json()["error"]["code"], own.status_code) == (403, "forbidden", 201)


async def test_what_is_not_on_record_is_answered_so() -> None:
    """503 for what can't be written, and for what can't be read."""
    there = world()
    assert there.drills is not None
    async with asking(there.face()) as client:
        there.drills.store.fail("drill_run")
        unwritten = await opened(client)
        there.drills.store.fail("drill_runs")
        unread = [await client.get(f"{DRILLS}{path}") for path in ("", "/calendar", f"/{RUN}", f"/{RUN}/heads")]
    assert {answer.status_code for answer in (unwritten, *unread)} == {503}
    assert {answer.json()["error"]["code"] for answer in (unwritten, *unread)} == {"store_unavailable"}


async def test_runs_are_listed_by_what_one_asks() -> None:
    """Newest first; by scenario, platform, since and limit. One past its end is said to have failed."""
    there = world()
    async with asking(there.face()) as client:
        await opened(client)
        there.clock.advance(3600)
        later = {"run": "second", "scenario": "rotate", "until": (START + timedelta(hours=2)).isoformat()}
        assert (await opened(client, **later)).status_code == 201

        async def listed(**query: object) -> list[tuple[str, str, str]]:
            answer = await client.get(DRILLS, params={name: str(value) for name, value in query.items()})
            runs = RunsAnswer.model_validate_json(answer.content).runs
            return [(run.run, run.standing, run.verdict) for run in runs]

        second, first = ("second", "open", ""), (RUN, "overdue", "failed")
        assert await listed() == [second, first]
        assert await listed(scenario="restore") == [first]
        assert await listed(platform="ledger") == []
        assert await listed(since=(START + timedelta(minutes=1)).isoformat()) == [second]
        assert await listed(limit=1) == [second]
        assert (await client.get(DRILLS, params={"limit": "0"})).status_code == 400


async def test_what_has_to_be_looked_after_stands_on_the_page_and_in_the_status() -> None:
    """A run that is open quietly, what it left behind loudly and by name; and what is due."""
    there = world({"restore": Cadence.QUARTERLY, "rotate": Cadence.YEARLY})
    face = there.face()
    assert there.drills is not None

    async def status(client: AsyncClient) -> StatusAnswer:
        return StatusAnswer.model_validate_json((await client.get("/api/v1/status")).content)

    async with asking(face) as client:
        assert "Drills to look after" not in (await client.get("/")).text
        await there.drills.desk.look()
        await opened(client)
        there.clock.advance(2)
        page, open_ = (await client.get("/")).text, await status(client)
        await closed(client, **LEFT)
        there.clock.advance(2)
        left, after = (await client.get("/")).text, await status(client)
        answer = DrillCalendarAnswer.model_validate_json((await client.get(f"{DRILLS}/calendar")).content)
    assert f"payments: restore ({RUN}) by anna" in page
    assert "running" in page
    assert "It never passed here." in page
    assert [(run.run, run.standing) for run in open_.drills.runs] == [(RUN, "open")]
    assert [(each.scenario, each.state) for each in open_.drills.scenarios] == [("restore", "due"), ("rotate", "due")]
    assert "Left behind: user &lt;drill-7&gt;; rule\\u202efw-2" in left
    assert f"drill resume {RUN} --clean-up-only" in left
    assert Reader(left) is not None
    assert [(run.standing, run.verdict, len(run.residue)) for run in after.drills.runs] == [
        ("closed", "clean_up_failed", 2)
    ]
    assert [(each.scenario, each.due, each.overdue - each.due) for each in answer.scenarios] == [
        ("restore", START, timedelta(days=91)),
        ("rotate", START, timedelta(days=91)),
    ]


async def test_the_last_runs_of_each_scenario_stand_on_the_page() -> None:
    """What they came to and measured, newest first, a year of quarters; a run that is open is none of them."""
    there = world({"restore": Cadence.QUARTERLY})
    assert there.drills is not None
    async with asking(there.face()) as client:
        for number in range(6):
            run = f"restore-{number}"
            assert (await opened(client, run=run)).status_code == 201
            spans = {"total": 75.0, "detect": number + 0.25}
            ending = {**CLOSING, "verdict": "failed" if number == 5 else "passed", "spans": spans}
            assert (await client.post(f"{DRILLS}/{run}/close", json=ending, headers=MACHINE)).status_code == 200
            there.clock.advance(60)
        await opened(client, run="restore-9", real=False)
        await there.drills.desk.look()
        there.clock.advance(2)
        page = (await client.get("/")).text
    shown = page.partition("Last drills")[2]
    assert [number for number in range(10) if f"restore-{number}" in shown] == [2, 3, 4, 5]
    assert shown.index("restore-5") < shown.index("restore-2")
    assert shown.index("failed") < shown.index("passed")
    assert "detected 5.2 s, in all 1 min 15 s" in shown
    assert Reader(page) is not None
