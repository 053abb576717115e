"""Who is let in, and what is on record of whoever is not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model.caller import Caller
from monitor.model.record import AuditEntry
from monitor.wire.endpoints import ENDPOINTS, JSON, Endpoint
from tests.support.clock import START
from tests.support.desk import ORDER, Counter, bearer, token
from tests.support.face import World, asking
from tests.support.watching import PLATFORM

SECRET = "gwt_of_anna"
BODY = {"reason": "a look", "platform": PLATFORM}
RAISE = Endpoint(
    name="raise", method="POST", path="/flag/{platform}/raise", scope="flag:raise", summary="", answers={JSON: None}
)
BEAT = Endpoint(
    name="beat", method="POST", path="/heartbeat/{name}", scope="heartbeat:{name}", summary="", answers={JSON: None}
)
LOOK = Endpoint(name="look", method="GET", path="/look", scope="read", summary="", answers={JSON: None})


def _counter(*endpoints: Endpoint, is_local: bool = True) -> Counter:
    world = World()
    world.site = replace(world.site, is_local=is_local)
    return Counter(world, endpoints or (ORDER,))


async def _status(counter: Counter, path: str, presented: str | None = SECRET, peer: str = "127.0.0.1") -> int:
    headers = bearer(presented) if presented else {}
    async with counter.client(peer) as client:
        if path == "/look":
            return (await client.get(path, headers=headers)).status_code
        body = BODY if path == "/order" else None
        return (await client.post(path, json=body, headers=headers)).status_code


async def test_the_handler_learns_who_asks() -> None:
    """Name, token, scopes and limits are those of the settings."""
    counter = _counter()
    counter.give(token(SECRET, "drill"))
    assert await _status(counter, "/order") == 200
    assert counter.asked[0].caller == Caller("anna-token", "anna", None, frozenset({"drill"}), None)
    assert counter.world.noted == []


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "10.0.0.7"])
async def test_writing_needs_a_token_everywhere(peer: str) -> None:
    """On this machine as well."""
    counter = _counter()
    counter.give(token(SECRET, "drill"))
    assert await _status(counter, "/order", None, peer) == 401
    assert await _status(counter, "/order", "gwt_wrong", peer) == 401
    assert counter.asked == []


@pytest.mark.parametrize(
    ("is_local", "peer", "status"),
    [
        (True, "127.0.0.1", 200),
        (True, "::1", 200),
        (True, "10.0.0.7", 401),
        (False, "127.0.0.1", 401),
        (False, "10.0.0.7", 401),
    ],
)
async def test_reading_is_open_to_this_machine_where_we_listen_for_it_alone(
    *, is_local: bool, peer: str, status: int
) -> None:
    """By the connection's own address; where others can come in, nobody is believed to be from here."""
    counter = _counter(LOOK, is_local=is_local)
    assert await _status(counter, "/look", None, peer) == status


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host", "Via"])
async def test_what_was_forwarded_is_not_of_this_machine(header: str) -> None:
    """A proxy here that nobody declared does not open reading to all whom it serves."""
    counter = _counter(LOOK)
    async with counter.client("127.0.0.1") as client:
        assert (await client.get("/look", headers={header: "198.51.100.7"})).status_code == 401
        assert (await client.get("/look")).status_code == 200


async def test_a_reader_from_beyond_needs_read() -> None:
    """Another scope does not do."""
    counter = _counter(LOOK, is_local=False)
    counter.give(token("gwt_reader", "read", person=None), token(SECRET, "drill"))
    assert await _status(counter, "/look", "gwt_reader") == 200
    assert await _status(counter, "/look", SECRET) == 403


async def test_an_expired_token_is_answered_as_an_unknown_one() -> None:
    """Byte for byte, so that nobody learns which it was."""
    counter = _counter()
    counter.give(token(SECRET, "drill", expires_at=START - timedelta(seconds=1)))
    async with counter.client() as client:
        expired = await client.post("/order", json=BODY, headers=bearer(SECRET))
        unknown = await client.post("/order", json=BODY, headers=bearer("gwt_unknown"))
    assert expired.status_code == unknown.status_code == 401
    assert expired.content == unknown.content
    assert expired.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "headers",
    [
        [("authorization", "")],
        [("authorization", SECRET)],
        [("authorization", f"Basic {SECRET}")],
        [("authorization", f"Bearer  {SECRET} x")],
        [("authorization", f"Bearer {SECRET}, Bearer {SECRET}")],
        [("authorization", f"Bearer {SECRET}"), ("authorization", f"Bearer {SECRET}")],
        [("authorization", "Bearer")],
        [("proxy-authorization", f"Bearer {SECRET}")],
        [("cookie", f"token={SECRET}")],
        [("x-api-key", SECRET)],
    ],
)
async def test_a_token_is_presented_in_one_way_only(headers: list[tuple[str, str]]) -> None:
    """Exactly one header, of exactly one form."""
    counter = _counter()
    counter.give(token(SECRET, "drill"))
    async with counter.client() as client:
        response = await client.post("/order", json=BODY, headers=headers)
        in_query = await client.post(f"/order?token={SECRET}&access_token={SECRET}", json=BODY)
    assert (response.status_code, in_query.status_code) == (401, 401)
    assert SECRET not in response.text


async def test_the_flag_needs_a_person() -> None:
    """A machine's token is refused whatever its scopes say."""
    counter = _counter(RAISE)
    counter.give(token(SECRET, "flag:raise"), token("gwt_machine", "flag:raise", person=None))
    assert await _status(counter, f"/flag/{PLATFORM}/raise") == 200
    assert await _status(counter, f"/flag/{PLATFORM}/raise", "gwt_machine") == 403


async def test_platforms_limit_path_and_body() -> None:
    """Another platform is refused wherever it stands, and so is what concerns all of them."""
    counter = _counter(RAISE, ORDER)
    counter.give(token(SECRET, "flag:raise", "drill", platforms={PLATFORM}))
    async with counter.client() as client:
        sent = {
            "its own": await client.post(f"/flag/{PLATFORM}/raise", headers=bearer(SECRET)),
            "another": await client.post("/flag/ledger/raise", headers=bearer(SECRET)),
            "its own in the body": await client.post("/order", json=BODY, headers=bearer(SECRET)),
            "another in the body": await client.post(
                "/order", json={**BODY, "platform": "ledger"}, headers=bearer(SECRET)
            ),
            "all": await client.post("/order", json={"reason": "a look"}, headers=bearer(SECRET)),
        }
    assert {what: response.status_code for what, response in sent.items()} == {
        "its own": 200,
        "another": 403,
        "its own in the body": 200,
        "another in the body": 403,
        "all": 403,
    }


async def test_a_heartbeat_has_a_scope_of_its_own() -> None:
    """Its name is part of it."""
    counter = _counter(BEAT)
    counter.give(token(SECRET, "heartbeat:backup", person=None))
    assert await _status(counter, "/heartbeat/backup") == 200
    assert await _status(counter, "/heartbeat/other") == 403


async def test_every_refused_write_is_audited() -> None:
    """Who, from where, what, with which code and on which platform: never the token or the body."""
    counter = _counter(RAISE, ORDER)
    counter.give(token(SECRET, "drill"))
    await _status(counter, f"/flag/{PLATFORM}/raise", None, "10.0.0.7")
    await _status(counter, "/flag/%3Cscript%3E/raise")
    async with counter.client() as client:
        await client.post("/order", json={"hunter2": "hunter2"}, headers=bearer(SECRET))

    def body(endpoint: str, code: str, client_address: str, name: str | None) -> dict[str, object]:
        return {"endpoint": endpoint, "code": code, "client": client_address, "token": name}

    assert counter.world.noted == [
        (
            PLATFORM,
            AuditEntry("write_refused", "nobody", body("raise", "unauthorized", "10.0.0.7", None), START),
        ),
        (None, AuditEntry("write_refused", "anna", body("raise", "forbidden", "127.0.0.1", "anna-token"), START)),
        (None, AuditEntry("write_refused", "anna", body("order", "bad_body", "127.0.0.1", "anna-token"), START)),
    ]


async def test_a_platform_in_the_body_is_on_record() -> None:
    """If it is one that is watched: other words of the client's own are not."""
    counter = _counter(ORDER)
    counter.give(token(SECRET, "drill", platforms={"ledger"}))
    async with counter.client() as client:
        await client.post("/order", json=BODY, headers=bearer(SECRET))
        await client.post("/order", json={**BODY, "platform": "hunter2"}, headers=bearer(SECRET))
    assert [platform for platform, _ in counter.world.noted] == [PLATFORM, None]


async def test_a_write_that_ends_in_a_fault_of_ours_is_audited() -> None:
    """As failed, by whom: nobody knows what became of it. A fault while reading is only counted."""
    counter = _counter(RAISE, LOOK)
    counter.give(token(SECRET, "flag:raise"))
    counter.fault = ZeroDivisionError()
    path = f"/flag/{PLATFORM}/raise"
    assert await _status(counter, path) == 500
    assert await _status(counter, "/look") == 500
    body = {"endpoint": "raise", "code": "own_fault", "client": "127.0.0.1", "token": "anna-token"}
    assert counter.world.noted == [(PLATFORM, AuditEntry("write_failed", "anna", body, START))]
    assert counter.world.refused == ["own_fault", "own_fault"]


async def test_refused_reading_is_not_audited() -> None:
    """It changes nothing, and anybody could fill the audit with it."""
    counter = _counter(LOOK, is_local=False)
    await _status(counter, "/look", None)
    assert counter.world.noted == []


@pytest.mark.parametrize("endpoint", [each for each in ENDPOINTS if each.scope is None], ids=lambda each: each.name)
async def test_a_stale_token_keeps_nobody_from_what_is_open(endpoint: Endpoint) -> None:
    """Where no token is needed none is looked at."""
    world = World()
    world.site = replace(world.site, is_local=False)
    async with asking(world.face()) as client:
        response = await client.get(endpoint.at(platform=PLATFORM), headers=bearer("gwt_stale"))
    assert response.status_code == 200
