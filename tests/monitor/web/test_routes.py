import json
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.web.app import routes
from monitor.web.asked import Handler
from monitor.wire.answers import FlagAnswer, KeysAnswer, OutagesAnswer, StatusAnswer
from monitor.wire.endpoints import ENDPOINTS, JSON, Endpoint
from tests.support.clock import START
from tests.support.desk import desk
from tests.support.drill_register import RUN, DrillLife, begun
from tests.support.face import World, asking
from tests.support.watching import KEY, PLATFORM, down, outage

WITHOUT_END = {"events"}
OF_NOTHING = {"exercise"}  # which has to have begun


async def _nothing(*_: object) -> None:
    return None


def _handlers() -> dict[str, Handler]:
    return {endpoint.name: _nothing for endpoint in ENDPOINTS}  # type: ignore[misc]  # never called


def test_an_endpoint_without_a_handler_does_not_start() -> None:
    """A line of the table that nobody serves is a mistake at the start."""
    with pytest.raises(ValueError, match="metrics"):
        routes(ENDPOINTS, {name: each for name, each in _handlers().items() if name != "metrics"}, desk(World()))


def test_a_handler_without_an_endpoint_does_not_start() -> None:
    """A handler that no line leads to is a mistake at the start."""
    with pytest.raises(ValueError, match="secret_door"):
        routes(ENDPOINTS, {**_handlers(), "secret_door": _handlers()["page"]}, desk(World()))


@pytest.mark.parametrize("scope", [None, "everything", "flag:*", ""])
def test_an_endpoint_that_nobody_guards_does_not_start(scope: str | None) -> None:
    """What writes needs a scope, and a scope is one that a token can hold."""
    open_door = Endpoint(name="door", method="POST", path="/door", scope=scope, summary="", answers={JSON: None})
    with pytest.raises(ValueError, match="door"):
        routes((*ENDPOINTS, open_door), {**_handlers(), "door": _handlers()["page"]}, desk(World()))


@pytest.mark.parametrize(
    "endpoint",
    [each for each in ENDPOINTS if each.name not in WITHOUT_END | OF_NOTHING and not each.writes],
    ids=lambda endpoint: endpoint.name,
)
async def test_each_endpoint_answers_as_the_table_says(endpoint: Endpoint) -> None:
    """GET gives the first media type of the table; HEAD the same without a body."""
    world, life = World(), DrillLife()
    world.drills = life
    life.disk.drill_runs[RUN] = begun()
    async with asking(world.face()) as client:
        path = endpoint.at(platform=PLATFORM, probe="portal", run=RUN)
        got = await client.get(path)
        headed = await client.head(path)
    assert got.status_code == headed.status_code == 200
    assert got.headers["content-type"].split(";")[0] == next(iter(endpoint.answers))
    assert headed.headers["content-type"] == got.headers["content-type"]
    assert got.content
    assert not headed.content


async def test_status_says_everything_that_is_held() -> None:
    """Verdict, why, flag, outage, functions and probes of each platform."""
    world = World()
    world.monitor.states = [down()]
    async with asking(world.face()) as client:
        answer = StatusAnswer.model_validate_json((await client.get("/api/v1/status")).content)
    (platform,) = answer.platforms
    assert (platform.verdict, platform.break_glass.state, platform.break_glass.signed_state) == (
        "down",
        "ready",
        "standby",
    )
    assert platform.outage is not None
    assert platform.outage.detection_seconds == 11.0
    assert [cause.kind for cause in platform.break_glass.causes] == ["outage"]
    sign_in = next(function for function in platform.functions if function.function == "sign_in")
    assert [(probe.probe, probe.phase, probe.last_reason) for probe in sign_in.probes] == [
        ("portal", "bad", "status"),
        ("identity", "bad", "status"),
    ]


async def test_outages_are_found_by_platform_and_number() -> None:
    """The query reaches the store."""
    world = World()
    for number in range(3):
        found = outage(id=f"o{number}", platform="payments" if number else "other")
        world.store.disk.outages[found.id] = found
    async with asking(world.face()) as client:
        of_one = await client.get("/api/v1/outages", params={"platform": "payments", "limit": 1})
        of_all = await client.get("/api/v1/outages")
    assert len(OutagesAnswer.model_validate_json(of_one.content).outages) == 1
    assert {each.id for each in OutagesAnswer.model_validate_json(of_all.content).outages} == {"o0", "o1", "o2"}


async def test_outages_are_found_by_time_function_and_whether_they_are_over() -> None:
    """As `monitor outages` does; what can't be read is refused."""
    world = World()
    made = [outage(id="o0", ended_at=START), outage(id="o1", functions=("request",)), outage(id="o2")]
    for nth, each in enumerate(made):
        found = replace(each, opened_at=START + timedelta(minutes=nth))
        world.store.disk.outages[found.id] = found

    async def ids(**query: str) -> set[str]:
        answer = await client.get("/api/v1/outages", params=query)
        return {each.id for each in OutagesAnswer.model_validate_json(answer.content).outages}

    async with asking(world.face()) as client:
        assert await ids(open="true") == {"o1", "o2"}
        assert await ids(open="false") == {"o0", "o1", "o2"}
        assert await ids(function="request") == {"o1"}
        assert await ids(until=(START + timedelta(minutes=1)).isoformat()) == {"o0"}
        for wrong in ({"open": "perhaps"}, {"until": "soon"}, {"function": ""}):
            assert (await client.get("/api/v1/outages", params=wrong)).status_code == 400


async def test_the_flag_comes_as_json_or_as_the_jws_itself() -> None:
    """`Accept: application/jose` gives the exact bytes that were signed."""
    world = World()
    async with asking(world.face()) as client:
        plain = await client.get(f"/api/v1/flag/{PLATFORM}")
        jose = await client.get(f"/api/v1/flag/{PLATFORM}", headers={"accept": "application/jose"})
    answer = FlagAnswer.model_validate_json(plain.content)
    assert answer.jws.encode() == jose.content == world.monitor.documents[PLATFORM].jws.encode()
    assert jose.headers["content-type"] == "application/jose"
    assert plain.headers["vary"] == jose.headers["vary"] == "accept"
    assert (answer.state, answer.is_expired) == ("standby", False)


async def test_an_expired_flag_is_called_expired() -> None:
    """It is still given out, since its reader judges, but nobody need compare times."""
    world = World()
    world.clock.advance(301)
    async with asking(world.face()) as client:
        answer = FlagAnswer.model_validate_json((await client.get(f"/api/v1/flag/{PLATFORM}")).content)
    assert answer.is_expired


async def test_keys_are_published_for_comparison() -> None:
    """The JWK set holds the public keys it was given."""
    async with asking(World().face()) as client:
        answer = KeysAnswer.model_validate_json((await client.get("/.well-known/jwks.json")).content)
    assert answer.keys == (KEY,)


async def test_ready_only_once_everything_was_taken_up() -> None:
    """Until then it says what is missing; it is healthy all the while."""
    world = World()
    world.monitor.missing = ["the store is not open", "1 of 4 probes has not run yet"]
    async with asking(world.face()) as client:
        early = await client.get("/-/ready")
        healthy = await client.get("/-/healthy")
        world.monitor.missing = []
        late = await client.get("/-/ready")
    assert (early.status_code, healthy.status_code, late.status_code) == (503, 200, 200)
    assert early.json()["error"] == {
        "code": "not_ready",
        "message": "not ready: the store is not open; 1 of 4 probes has not run yet",
    }


async def test_metrics_are_passed_on_as_they_are() -> None:
    """The exposition keeps its bytes and gets its content type."""
    world = World()
    async with asking(world.face()) as client:
        got = await client.get("/metrics")
    assert got.content == world.exposition
    assert got.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_the_interface_describes_itself() -> None:
    """The OpenAPI document is served with the application's version."""
    async with asking(World().face()) as client:
        described = json.loads((await client.get("/api/v1/openapi.json")).content)
    assert described["info"]["version"] == "0.1.0"
