"""The endpoints that act on a flag: who may, what is handed on, what is answered."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.model.act import (
    Act,
    Acted,
    Acts,
    Answer,
    Confirm,
    EndInhibit,
    Hand,
    Inhibit,
    Inhibition,
    Lower,
    Raise,
    Renew,
    Request,
    RequestKind,
    Ruling,
)
from monitor.model.state import Cause
from monitor.model.verdict import CauseKind
from monitor.wire.answers import ActAnswer
from platforms.http import Response
from tests.support.clock import START
from tests.support.desk import bearer, token
from tests.support.face import World, asking
from tests.support.watching import PLATFORM, document, down

HOUR = timedelta(hours=1)
SCOPES = ("flag:raise", "flag:lower", "flag:inhibit", "flag:confirm")
GOOD: list[tuple[str, dict[str, object], Act]] = [
    ("raise", {"reason": "needed", "for_seconds": 3600}, Raise("needed", HOUR)),
    ("raise", {"reason": "needed", "for_seconds": 3600, "ticket": "I-1"}, Raise("needed", HOUR, "I-1")),
    (
        "raise",
        {"reason": "still", "for_seconds": 3600, "ticket": None, "renew": "manual-1"},
        Renew("manual-1", "still", HOUR),
    ),
    ("lower", {"reason": "over"}, Lower("over")),
    ("inhibit", {"reason": "false", "for_seconds": 60}, Inhibit("false", timedelta(minutes=1))),
    ("inhibit", {"end": True}, EndInhibit("")),
    ("inhibit", {"end": True, "reason": "it is real"}, EndInhibit("it is real")),
    ("confirm", {"request": "raise-1"}, Confirm("raise-1")),
]


def world(*scopes: str, person: str | None = "anna") -> World:
    """Return a world in which one token may do this."""
    found = World()
    found.site = replace(found.site, tokens=(token("secret", *(scopes or SCOPES), person=person),))
    return found


async def post(world: World, act: str, body: object, platform: str = PLATFORM, **more: Any) -> Response:
    """Send an act with the token."""
    async with asking(world.face()) as client:
        return await client.post(f"/api/v1/flag/{platform}/{act}", json=body, headers=bearer("secret"), **more)


@pytest.mark.parametrize(("path", "body", "act"), GOOD)
async def test_an_act_is_handed_on_as_it_was_meant(path: str, body: dict[str, object], act: Act) -> None:
    """With the person and token of the caller, and the client's key."""
    there = world()
    answer = await post(there, path, {**body, "key": "k-1"})
    assert answer.status_code == 200, answer.text
    assert there.acts == [(PLATFORM, act, Hand("anna", "anna-token", "k-1"))]


@pytest.mark.parametrize(
    ("path", "body", "mistake"),
    [
        ("raise", {"for_seconds": 60}, "reason: expected why, in one line of at most 500 printable characters"),
        ("raise", {"reason": "a\nb", "for_seconds": 60}, "reason: expected"),
        ("raise", {"reason": "x" * 501, "for_seconds": 60}, "reason: expected"),
        ("raise", {"reason": "  ", "for_seconds": 60}, "reason: expected"),
        ("raise", {"reason": "needed"}, "for_seconds: expected a whole number of seconds"),
        ("raise", {"reason": "needed", "for_seconds": "60"}, "for_seconds: expected"),
        ("raise", {"reason": "needed", "for_seconds": 60.5}, "for_seconds: expected"),
        ("raise", {"reason": "needed", "for_seconds": 0}, "for_seconds: expected"),
        ("raise", {"reason": "needed", "for_seconds": 604801}, "for_seconds: expected"),
        ("raise", {"reason": "needed", "for_seconds": True}, "for_seconds: expected"),
        ("raise", {"reason": "needed", "for_seconds": 60, "ticket": ""}, "ticket: expected"),
        ("raise", {"reason": "needed", "for_seconds": 60, "key": "a b"}, "key: expected a name"),
        ("raise", {"reason": "needed", "for_seconds": 60, "key": "a\n"}, "key: expected a name"),
        ("raise", {"reason": "needed", "for_seconds": 60, "by": "ben"}, "unknown member"),
        ("lower", {}, "reason: expected"),
        ("inhibit", {}, "expected reason and for_seconds, or end"),
        ("inhibit", {"reason": "false"}, "expected reason and for_seconds, or end"),
        ("inhibit", {"end": True, "for_seconds": 60}, "for_seconds: expected none with end"),
        ("inhibit", {"end": 1}, "end: expected true or false"),
        ("confirm", {}, "request: expected the id of a request that waits"),
        ("confirm", {"request": ""}, "request: expected"),
    ],
)
async def test_a_wrong_body_is_refused_with_every_mistake(path: str, body: dict[str, object], mistake: str) -> None:
    """Nothing is handed on; the refusal is audited."""
    there = world()
    answer = await post(there, path, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_body"
    assert mistake in answer.json()["error"]["message"]
    assert there.acts == []
    assert [entry.kind for _, entry in there.noted] == ["write_refused"]


@pytest.mark.parametrize(("path", "body", "_act"), GOOD)
async def test_each_act_needs_its_own_scope(path: str, body: dict[str, object], _act: Act) -> None:
    """Having all the others is not enough."""
    there = world(*(scope for scope in SCOPES if scope != f"flag:{path}"))
    assert (await post(there, path, body)).status_code == 403
    assert there.acts == []


async def test_a_machine_acts_on_no_flag() -> None:
    """Whatever its token says."""
    there = world(person=None)
    assert (await post(there, "raise", {"reason": "needed", "for_seconds": 60})).status_code == 403
    assert there.acts == []


async def test_nobody_acts_without_a_token() -> None:
    """Not on loopback either, where reading is open."""
    there = world()
    async with asking(there.face()) as client:
        answer = await client.post(f"/api/v1/flag/{PLATFORM}/lower", json={"reason": "over"})
    assert answer.status_code == 401
    assert there.acts == []


async def test_a_platform_that_is_not_watched() -> None:
    """Is said to be unknown, to who may act on it."""
    there = world()
    answer = await post(there, "lower", {"reason": "over"}, platform="other")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_platform")
    assert there.acts == []


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [(Answer.NOT_POSSIBLE, 409, "not_possible"), (Answer.NO_SUCH, 404, "no_such")],
)
async def test_what_the_rules_refuse_is_said_in_their_words(answer: Answer, status: int, code: str) -> None:
    """And audited like any refused write."""
    there = world()
    there.acted = Acted(Ruling(answer, "another person must renew it"), is_recorded=True)
    refused = await post(there, "lower", {"reason": "over"})
    assert refused.status_code == status
    assert refused.json() == {"error": {"code": code, "message": "another person must renew it"}}
    ((platform, entry),) = there.noted
    assert (platform, entry.actor, entry.body["code"]) == (PLATFORM, "anna", code)


async def test_the_answer_says_what_holds_now() -> None:
    """What was signed, what raises it, what holds it closed, what waits."""
    there = world()
    cause = Cause(CauseKind.MANUAL, "manual-1", START, START + HOUR, by="anna", reason="slow", renewed_by="ben")
    request = Request("raise-1", RequestKind.RAISE, "ben", "ben-cli", "slow", HOUR, START, START + HOUR / 4, "I-1")
    held = Inhibition("inhibit-1", "anna", "ben", "false", START, START + HOUR)
    state = replace(down(), acts=Acts(requests=(request,), inhibition=held))
    outage = replace(state.causes[0], inhibited=True)
    there.monitor.states = [replace(state, causes=(outage, cause))]
    there.monitor.documents = {PLATFORM: document()}
    there.acted = Acted(Ruling(Answer.PENDING, "another person must confirm it", "raise-1"), is_recorded=False)
    answer = ActAnswer.model_validate_json((await post(there, "raise", {"reason": "slow", "for_seconds": 60})).content)
    assert (answer.outcome, answer.id, answer.recorded) == ("pending", "raise-1", False)
    glass = answer.break_glass
    assert [(each.id, each.inhibited, each.reason, each.renewed_by) for each in glass.causes] == [
        (outage.id, True, "", None),
        ("manual-1", False, "slow", "ben"),
    ]
    (waiting,) = glass.pending
    assert (waiting.id, waiting.act, waiting.by, waiting.for_seconds) == ("raise-1", "raise", "ben", 3600)
    assert waiting.expires_at == START + HOUR / 4
    assert glass.inhibit is not None
    assert (glass.inhibit.by, glass.inhibit.confirmed_by, glass.inhibit.until) == ("anna", "ben", START + HOUR)
    assert glass.signed_ver == document().ver
    assert "token" not in str(answer)
