"""Exercises over HTTP: begun, found, ended and listed, by whom it may be; what is refused, and shown."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any, cast

import pytest

from monitor.board import Board
from monitor.exercises.desk import ExerciseDesk
from monitor.keeper import Keeper
from monitor.model.event import Event, ExerciseDetected
from monitor.model.fact import Step
from monitor.model.state import PlatformState
from monitor.ports import Store
from monitor.web.sources import Sources
from monitor.wire.answers import StatusAnswer
from monitor.wire.exercises import ExerciseAnswer, ExercisesAnswer
from platforms.http import Response
from tests.support.agreeing import Agreeing
from tests.support.clock import START
from tests.support.desk import bearer, token
from tests.support.face import asking
from tests.support.html import Reader
from tests.support.watching import PLATFORM, FakeMonitor, policy, site, up

PATH = "/api/v1/exercises"
LEDGER = "ledger"
BODY: dict[str, Any] = {
    "id": "ex-1",
    "run": "quarterly-1",
    "platform": PLATFORM,
    "principals": ["drill-anna", "drill-ben", "drill-anna"],
    "targets": ["db-1"],
    "for_seconds": 900,
    "ticket": "OPS-7",
}


@dataclass
class Held:
    """`Keeper` of one platform of a world."""

    world: "Exercised"
    name: str

    @property
    def state(self) -> PlatformState:
        """See `Keeper`."""
        return next(state for state in self.world.monitor.states if state.platform == self.name)

    def hear(self, event: Event) -> Step:
        """See `Keeper`."""
        return self.world.hear(self.name, event)


@dataclass
class Exercised(Agreeing):
    """A monitor of two platforms that takes exercises. `missing`: what it waits for before it is ready."""

    missing: list[str] = field(default_factory=list)

    def sources(self, store: Store | None = None) -> Sources:
        """Return what the face reads from, with a desk of exercises."""
        board = Board("prod", "fra-1", {})
        for state in self.monitor.states:
            board.keepers[state.platform] = cast("Keeper", Held(self, state.platform))
        board.unrun.extend(partial(str, each) for each in self.missing)
        board.documents.update(cast("Any", dict.fromkeys(board.keepers, _Signed())))
        return replace(super().sources(store), exercises=ExerciseDesk(board, self.act))


class _Signed:
    """A flag that readers believe."""

    issued_at = expires_at = START
    ver = 0


def world(**more: Any) -> Exercised:
    """Return it, with tokens of a machine, a person, a reader, and of somebody limited to another platform."""
    states = [replace(up(), wake_at=None), replace(up(platform=LEDGER), wake_at=None)]
    made = Exercised(monitor=FakeMonitor(states), site=site(policy(), policy(LEDGER)), **more)
    tokens = (
        token("machine", "exercise", person=None),
        token("anna", "exercise"),
        token("reader", "read", "drill", person="cleo"),
        token("elsewhere", "exercise", person="dora", platforms=(LEDGER,)),
    )
    made.site = replace(made.site, tokens=tokens)
    return made


async def post(there: Exercised, body: object = None, path: str = "", who: str = "machine") -> Response:
    """Send something as somebody."""
    async with asking(there.face()) as client:
        return await client.post(f"{PATH}{path}", json=body, headers=bearer(who))


async def begun(there: Exercised, **changes: object) -> ExerciseAnswer:
    """Begin one that is taken."""
    answer = await post(there, {**BODY, **changes})
    assert answer.status_code == 201, answer.text
    return ExerciseAnswer.model_validate_json(answer.content)


async def listed(there: Exercised, **query: str) -> tuple[ExerciseAnswer, ...]:
    """Return what is listed."""
    async with asking(there.face()) as client:
        answer = await client.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    return ExercisesAnswer.model_validate_json(answer.content).exercises


async def test_one_begins_is_found_and_ends() -> None:
    """By a machine, which a drill may be; the same again begins nothing."""
    there = world()
    first = await begun(there)
    assert first.model_dump(include={"id", "run", "platform", "state", "by", "ended", "why", "detected"}) == {
        "id": "ex-1",
        "run": "quarterly-1",
        "platform": PLATFORM,
        "state": "running",
        "by": "pipeline",
        "ended": None,
        "why": "",
        "detected": None,
    }
    assert (first.principals, first.targets) == (("drill-anna", "drill-ben"), ("db-1",))
    assert (first.began, first.until) == (START, START + timedelta(minutes=15))
    again = await post(there, BODY)
    assert (again.status_code, ExerciseAnswer.model_validate_json(again.content)) == (200, first)
    there.hear(PLATFORM, ExerciseDetected("ex-1", 12.5))
    (found,) = await listed(there)
    assert (found.state, found.detected, found.detection_seconds) == ("detected", START, 12.5)
    async with asking(there.face()) as client:
        assert (await client.get(f"{PATH}/ex-1")).json() == found.model_dump(mode="json")
    ended = await post(there, {"reason": "done"}, "/ex-1/end", "anna")
    assert ended.status_code == 200
    assert (ended.json()["state"], ended.json()["why"]) == ("ended", "ended by anna: done")
    for body in (None, {"reason": "again"}):
        answer = await post(there, body, "/ex-1/end")
        assert (answer.status_code, answer.json()) == (200, ended.json())
    assert (await post(there, BODY)).status_code == 200
    assert there.noted == []


async def test_they_are_listed_newest_first_by_platform_and_run() -> None:
    """Of all platforms; an unknown one is a mistake."""
    there = world()
    await begun(there)
    there.clock.advance(1)
    await begun(there, id="ex-2", run="quarterly-2", platform=LEDGER)
    assert [each.id for each in await listed(there)] == ["ex-2", "ex-1"]
    assert [each.id for each in await listed(there, platform=PLATFORM)] == ["ex-1"]
    assert [each.id for each in await listed(there, run="quarterly-2")] == ["ex-2"]
    async with asking(there.face()) as client:
        assert (await client.get(PATH, params={"platform": "nowhere"})).status_code == 404
        assert (await client.get(f"{PATH}/ex-3")).json()["error"]["code"] == "no_such"


async def test_the_status_and_the_page_show_it_plainly() -> None:
    """From its beginning on, detected or not."""
    there = world()
    await begun(there)
    async with asking(there.face()) as client:
        status = StatusAnswer.model_validate_json((await client.get("/api/v1/status")).content)
        text = " ".join(Reader((await client.get("/")).text).words)
    shown = {each.platform: each.exercise for each in status.platforms}
    assert shown[PLATFORM] == (await listed(there))[0]
    assert shown[LEDGER] is None
    assert "Exercise, no outage: pipeline drills run quarterly-1, and its own probes reach nothing" in text
    assert "only drill-anna, drill-ben may break the glass in it" in text
    assert f"monitor flag lower {PLATFORM}" in text


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"id": "Ex 1"}, "id: expected 1 to 63 of a-z 0-9 -"),
        ({"run": ""}, "run: expected 1 to 63 of a-z 0-9 -"),
        ({"principals": []}, "principals: expected 1 to 10 names"),
        ({"principals": ["x"] * 11}, "principals: expected 1 to 10 names"),
        ({"targets": ["x"] * 51}, "targets: expected what break-glass may be used on"),
        ({"for_seconds": 9}, "for_seconds: expected how long at most"),
        ({"for_seconds": 7201}, "for_seconds: expected how long at most"),
        ({"probes_see": "nothing"}, "probes_see: expected hang"),
        ({"by": "anna"}, "unknown member"),
    ],
)
async def test_a_wrong_body_is_refused_and_audited(changes: dict[str, object], mistake: str) -> None:
    """With the mistake named, and nothing begun."""
    there = world()
    answer = await post(there, {**BODY, **changes})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_body")
    assert mistake in answer.json()["error"]["message"]
    assert await listed(there) == ()
    assert [entry.kind for _, entry in there.noted] == ["write_refused"]


async def test_what_is_not_possible_says_why_and_is_audited() -> None:
    """409: by the rules, by what runs elsewhere, by an id that is taken, by a monitor that is not ready."""
    there = world()
    await begun(there)
    cases: list[tuple[dict[str, object], str]] = [
        ({"for_seconds": 60}, "another exercise's"),
        ({"platform": LEDGER}, "another exercise's, of payments"),
        ({"id": "ex-2"}, "exercise ex-1 runs on payments already"),
    ]
    for changes, why in cases:
        answer = await post(there, {**BODY, **changes})
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_possible")
        assert why in answer.json()["error"]["message"]
    assert [(platform, entry.kind) for platform, entry in there.noted] == [
        (PLATFORM, "write_refused"),
        (LEDGER, "write_refused"),
        (PLATFORM, "write_refused"),
    ]
    waiting = world(missing=["payments/portal"])
    answer = await post(waiting, BODY)
    assert answer.status_code == 409
    assert "the monitor is not ready: payments/portal has not run yet" in answer.json()["error"]["message"]
    assert (await post(there, {**BODY, "platform": "nowhere", "id": "ex-3"})).status_code == 404
    assert (await post(there, {}, "/ex-9/end")).json()["error"]["code"] == "no_such"


@pytest.mark.parametrize("who", ["reader", "elsewhere", "nobody"])
async def test_who_may_not(who: str) -> None:
    """Somebody without the scope, somebody for another platform, nobody known: neither begin nor end."""
    there = world()
    await begun(there)
    for path, body in (("", {**BODY, "id": "ex-2"}), ("/ex-1/end", {})):
        answer = await post(there, body, path, who)
        assert answer.status_code == (401 if who == "nobody" else 403), (path, answer.text)
    assert [each.state for each in await listed(there)] == ["running"]
    assert [entry.kind for _, entry in there.noted] == ["write_refused"] * 2
    if who == "elsewhere":
        assert (await post(there, {**BODY, "id": "ex-2", "platform": LEDGER}, who=who)).status_code == 201


async def test_a_face_without_exercises_refuses() -> None:
    """Nothing is begun where nobody could run its probes."""
    there = Agreeing()
    there.site = replace(there.site, tokens=(token("machine", "exercise", person=None),))
    async with asking(there.face()) as client:
        assert (await client.get(PATH)).json() == {"exercises": []}
        answer = await client.post(PATH, json=BODY, headers=bearer("machine"))
    assert answer.json()["error"]["code"] == "not_possible"
