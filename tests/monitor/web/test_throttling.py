"""Guessing is slow and locks nobody out, and the audit is not flooded."""

from collections import Counter as Counted
from dataclasses import replace
from ipaddress import ip_network

import pytest

from monitor.model.record import AuditEntry
from monitor.rules.throttle import FAILURES_OF_ALL, FAILURES_OF_ONE, REPORTS, WRITES
from monitor.web.app import Desk
from monitor.web.tally import SOURCES
from monitor.wire.endpoints import JSON, Endpoint
from platforms.http import Response
from tests.support.clock import START
from tests.support.desk import ORDER, Counter, bearer, token
from tests.support.face import World

SECRET = "gwt_of_anna"
BODY = {"reason": "a look"}
LOOK = Endpoint(name="look", method="GET", path="/look", scope="read", summary="", answers={JSON: None})


@pytest.fixture
def counter() -> Counter:
    """A monitor reached through a proxy."""
    world = World()
    world.site = replace(world.site, is_local=False, proxies=(ip_network("10.0.0.0/24"),))
    counter = Counter(world, (ORDER, LOOK))
    counter.give(token(SECRET, "drill", "read"))
    return counter


class Clients:
    """Asks one application many times, as whoever a test wants."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self.desk = Desk(counter.world.site, counter.world.sources())

    async def write(self, presented: str = "gwt_wrong", address: str = "192.0.2.1", path: str = "/order") -> Response:
        """Ask for a write, through the proxy."""
        headers = {**bearer(presented), "x-forwarded-for": address}
        async with self._counter.client("10.0.0.1", self.desk) as client:
            return await client.post(path, json=BODY, headers=headers)

    async def read(self, headers: dict[str, str]) -> Response:
        """Ask for something to read."""
        async with self._counter.client("10.0.0.1", self.desk) as client:
            return await client.get("/look", headers=headers)


async def test_wrong_tokens_are_throttled_for_each_address(counter: Counter) -> None:
    """Ten a minute are refused, more are told when to come again; another address is not held up."""
    clients = Clients(counter)
    statuses = [(await clients.write()).status_code for _ in range(FAILURES_OF_ONE + 1)]
    assert statuses == [401] * FAILURES_OF_ONE + [429]
    answer = await clients.write()
    assert answer.headers["retry-after"] == "60"
    assert answer.json()["error"]["code"] == "throttled"
    assert (await clients.write(address="192.0.2.2")).status_code == 401
    counter.world.clock.advance(60)
    assert (await clients.write()).status_code == 401


async def test_a_valid_token_gets_through_whatever_others_do(counter: Counter) -> None:
    """From the very address that is throttled, while everything is."""
    clients = Clients(counter)
    for number in range(FAILURES_OF_ALL + 50):
        await clients.write(address=f"198.51.100.{number % 200}")
    assert (await clients.write(address="203.0.113.1")).status_code == 429
    assert (await clients.write(SECRET, address="198.51.100.1")).status_code == 200


async def test_guessing_while_reading_counts_too(counter: Counter) -> None:
    """But coming without a token does not: nothing was tried."""
    clients = Clients(counter)
    wrong = [(await clients.read(bearer("gwt_wrong"))).status_code for _ in range(FAILURES_OF_ONE + 1)]
    none = [(await clients.read({})).status_code for _ in range(FAILURES_OF_ONE + 1)]
    assert wrong == [401] * FAILURES_OF_ONE + [429]
    assert none == [401] * (FAILURES_OF_ONE + 1)


async def test_a_token_writes_sixty_times_a_minute(counter: Counter) -> None:
    """Whatever becomes of each; another token is not held up, and reading is not counted."""
    other = "gwt_of_ben"
    counter.give(token(SECRET, "drill", "read"), token(other, "drill", person="ben"))
    clients = Clients(counter)
    statuses = [(await clients.write(SECRET)).status_code for _ in range(WRITES + 1)]
    assert statuses == [200] * WRITES + [429]
    assert (await clients.write(other)).status_code == 200
    assert (await clients.read(bearer(SECRET))).status_code == 200
    counter.world.clock.advance(60)
    assert (await clients.write(SECRET)).status_code == 200


async def test_a_token_reports_uses_beside_its_other_writes(counter: Counter) -> None:
    """A reader tells 200 at once after an outage of ours, and its token can still do all else; both are bounded."""
    report = replace(ORDER, name="report", path="/report", allowance="reports")
    clients = Clients(Counter(counter.world, (ORDER, report)))

    async def told(number: int) -> set[int]:
        return {(await clients.write(SECRET, path="/report")).status_code for _ in range(number)}

    assert await told(200) == {200}
    assert [(await clients.write(SECRET)).status_code for _ in range(WRITES + 1)] == [200] * WRITES + [429]
    assert await told(REPORTS - 200) == {200}
    assert await told(1) == {429}
    counter.world.clock.advance(60)
    assert await told(1) == {200}


async def test_a_flood_is_two_entries(counter: Counter) -> None:
    """The first of an address stands at once; the others are summed up, and so is what is throttled of a token."""
    clients = Clients(counter)
    for number in range(FAILURES_OF_ONE + 500):
        await clients.write(address="192.0.2.1" if number < 509 else "192.0.2.1:4711")
    for _ in range(WRITES + 3):
        await clients.write(SECRET)
    assert [entry.kind for _, entry in counter.world.noted] == ["write_refused"]
    counter.world.clock.advance(30)
    clients.desk.close()
    clients.desk.close()

    def summed(actor: str, code: str, count: int) -> tuple[None, AuditEntry]:
        body = {"code": code, "count": count, "since": START.isoformat(), "last_client": "192.0.2.1"}
        return None, AuditEntry("writes_refused", actor, body, counter.world.clock.now())

    assert counter.world.noted[1:] == [
        summed("nobody", "unauthorized", FAILURES_OF_ONE - 1),
        summed("nobody", "throttled", 500),
        summed("anna", "throttled", 3),
    ]


async def test_many_addresses_fill_no_audit(counter: Counter) -> None:
    """A hundred addresses without a token leave a handful of entries, and every refusal is counted in one of them."""
    clients = Clients(counter)
    for number in range(FAILURES_OF_ALL):
        assert (await clients.write(address=f"198.51.100.{number}")).status_code == 401
    clients.desk.close()
    by_kind = Counted(entry.kind for _, entry in counter.world.noted)
    assert by_kind == {"write_refused": SOURCES, "writes_refused": 1}
    (_, summed) = counter.world.noted[-1]
    assert (summed.body["count"], summed.body["last_client"]) == (FAILURES_OF_ALL - SOURCES, "198.51.100.99")


async def test_who_has_a_token_is_audited_one_by_one(counter: Counter) -> None:
    """However many strangers knock meanwhile."""
    clients = Clients(counter)
    counter.give(token(SECRET, "read"))
    clients = Clients(counter)
    for number in range(FAILURES_OF_ALL):
        await clients.write(address=f"198.51.100.{number}")
    for _ in range(20):
        assert (await clients.write(SECRET)).status_code == 403
    of_anna = [entry.kind for _, entry in counter.world.noted if entry.actor == "anna"]
    assert of_anna == ["write_refused"] * 20


async def test_the_address_on_record_is_the_clients(counter: Counter) -> None:
    """Not the proxy's, and nothing that the client wrote in front of it."""
    await Clients(counter).write(address="127.0.0.1, 192.0.2.7, 10.0.0.9")
    (_, entry) = counter.world.noted[0]
    assert entry.body["client"] == "192.0.2.7"
