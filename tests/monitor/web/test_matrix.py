"""Every endpoint of the table, from everywhere, with every kind of token: what is answered follows from its line.

Nothing is listed here: an endpoint that is added is covered by being in the table.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from monitor.model.caller import HEARTBEAT, SCOPES
from monitor.wire.endpoints import ENDPOINTS, JSON, Endpoint
from platforms.http import AsyncClient, Response
from tests.support.clock import START
from tests.support.desk import ORDER, Counter, Order, bearer, token
from tests.support.face import World
from tests.support.watching import PLATFORM

BEAT = "backup"
EVERY = (*SCOPES, f"{HEARTBEAT}{BEAT}")
# As long as the table lacks them: one line of each kind that design 3.5 names.
KINDS = (
    ORDER,
    Endpoint(
        name="try_raise", method="POST", path="/try/{platform}", scope="flag:raise", summary="", answers={JSON: None}
    ),
    Endpoint(
        name="try_beat", method="PUT", path="/beat/{name}", scope="heartbeat:{name}", summary="", answers={JSON: None}
    ),
    Endpoint(name="try_delete", method="DELETE", path="/try", scope="maintenance", summary="", answers={JSON: None}),
)
# What a body holds besides the platform is its endpoint's own matter: here each takes the same one.
TABLE = tuple(replace(each, body=Order) if each.body else each for each in (*ENDPOINTS, *KINDS))
BODY = {"platform": PLATFORM, "reason": "a look"}
PLACES = {"this machine": (True, "127.0.0.1"), "beyond": (False, "192.0.2.7"), "through a proxy": (False, "127.0.0.1")}


def _scope(endpoint: Endpoint) -> str:
    return (endpoint.scope or "").format(name=BEAT, platform=PLATFORM)


def _tokens(endpoint: Endpoint) -> dict[str, object]:
    scope = _scope(endpoint)
    others = tuple(each for each in EVERY if each != scope)
    return {
        "right": token("gwt_right", *((scope,) if scope else ())),
        "everything else": token("gwt_others", *others),
        "expired": token("gwt_expired", *EVERY, expires_at=START - timedelta(seconds=1)),
        "a machine's": token("gwt_machine", *EVERY, person=None),
        "of another platform": token("gwt_elsewhere", *EVERY, platforms={"ledger"}),
    }


PRESENTED = {
    "none": None,
    "wrong": "gwt_wrong",
    "right": "gwt_right",
    "everything else": "gwt_others",
    "expired": "gwt_expired",
    "a machine's": "gwt_machine",
    "of another platform": "gwt_elsewhere",
}


def _expected(endpoint: Endpoint, who: str, *, is_local: bool) -> int | None:
    """Return the status by which it is refused; None: it is let in."""
    if endpoint.scope is None or (endpoint.scope == "read" and is_local):
        return None
    if who in ("none", "wrong", "expired"):
        return 401
    is_limited = who == "of another platform" and endpoint.platform_in is not None
    is_machines = who == "a machine's" and endpoint.scope.startswith("flag:")
    return 403 if who == "everything else" or is_limited or is_machines else None


@dataclass
class Tried:
    """One line of the table, served as the monitor serves it; its handler only says that it was reached."""

    counter: Counter
    client: AsyncClient

    async def ask(self, endpoint: Endpoint, presented: str | None) -> Response:
        """Ask with a body that is right wherever one is taken."""
        headers = bearer(presented) if presented else {}
        values = dict.fromkeys(re.findall(r"\{(\w+)\}", endpoint.path), "1")
        path = endpoint.at(**{**values, "platform": PLATFORM, "name": BEAT})
        body = BODY if endpoint.body else None
        return await self.client.request(endpoint.method, path, headers=headers, json=body)


@asynccontextmanager
async def _trying(endpoint: Endpoint, place: str) -> AsyncIterator[Tried]:
    is_local, peer = PLACES[place]
    world = World()
    world.site = replace(world.site, is_local=is_local)
    counter = Counter(world, (endpoint,))
    counter.give(*_tokens(endpoint).values())  # type: ignore[arg-type]  # they are tokens
    async with counter.client(peer) as client:
        yield Tried(counter, client)


@pytest.mark.parametrize("who", PRESENTED)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("endpoint", TABLE, ids=lambda endpoint: endpoint.name)
async def test_who_is_let_in_follows_from_the_table(endpoint: Endpoint, place: str, who: str) -> None:
    """The status, the one shape of a refusal, the challenge, and what is on record of it."""
    expected = _expected(endpoint, who, is_local=PLACES[place][0])
    async with _trying(endpoint, place) as tried:
        response = await tried.ask(endpoint, PRESENTED[who])
    noted = tried.counter.world.noted
    if expected is None:
        # A query that must hold something is its endpoint's own matter too.
        assert response.status_code == 200 or response.json()["error"]["code"] == "bad_query"
        assert noted == []
        return
    assert response.status_code == expected
    assert tried.counter.world.refused == ["unauthorized" if expected == 401 else "forbidden"]
    assert tried.counter.asked == []
    assert ("www-authenticate" in response.headers) is (expected == 401)
    assert len(noted) == (1 if endpoint.writes else 0)
    for _, entry in noted:
        assert entry.kind == "write_refused"
        assert entry.actor == ("nobody" if expected == 401 else "pipeline" if who == "a machine's" else "anna")
        assert entry.body["endpoint"] == endpoint.name
        assert "gwt_" not in str(entry)


@pytest.mark.parametrize("endpoint", KINDS, ids=lambda endpoint: endpoint.name)
async def test_whoever_is_let_in_reaches_the_handler(endpoint: Endpoint) -> None:
    """So that the matrix can't pass by refusing everybody for another reason."""
    async with _trying(endpoint, "beyond") as tried:
        assert (await tried.ask(endpoint, "gwt_right")).status_code == 200
    assert len(tried.counter.asked) == 1


def test_every_kind_of_scope_is_tried() -> None:
    """Open, reading, the flag's, a heartbeat's, and others; in path and body."""
    scopes = {endpoint.scope for endpoint in TABLE}
    assert None in scopes
    assert "read" in scopes
    assert any(scope and scope.startswith("flag:") for scope in scopes)
    assert {endpoint.platform_in for endpoint in TABLE} == {None, "path", "body"}
