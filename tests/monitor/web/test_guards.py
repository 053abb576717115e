import base64
import hashlib
import re
from dataclasses import replace

import pytest
from starlette.types import Message, Receive, Scope, Send

from monitor.web.guards import PIECE_BYTES, FaultCatcher, InPieces
from monitor.wire.endpoints import ENDPOINTS, Endpoint
from tests.support.face import World, asking
from tests.support.watching import PLATFORM, site


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:9780",
        "LOCALHOST:8080",
        "localhost.",
        "127.0.0.1",
        "127.0.0.1:9780",
        "127.3.2.1:1",
        "[::1]",
        "[::1]:9780",
        "glasswatch.internal:9780",
    ],
)
async def test_names_of_this_monitor_pass(host: str) -> None:
    """Loopback names, and the host that it was told to listen on, at any port."""
    world = World(site=replace(site(), hosts=("glasswatch.internal",)))
    async with asking(world.face()) as client:
        assert (await client.get("/-/healthy", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:9780",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example.",
        "",
        "[::1",
        "10.0.0.1",
        "[fe80::1]",
        "localhost:evil",
        "localhost@evil.example",
        "localhost, evil.example",
        "2130706433",
        "0.0.0.0",
    ],
)
@pytest.mark.parametrize("path", ["/", "/metrics", "/nowhere"])
async def test_other_names_are_refused_everywhere(host: str, path: str) -> None:
    """A page on the internet that had its own name lead here (DNS rebinding) reads nothing."""
    async with asking(World().face()) as client:
        response = await client.get(path, headers={"host": host})
    assert (response.status_code, response.json()["error"]["code"]) == (421, "wrong_host")


async def test_a_write_under_another_name_is_on_record() -> None:
    """Once a minute at most, since any page on the internet can send one; reading is not."""
    world = World()
    face = world.face()
    async with asking(face) as client:
        for _ in range(3):
            assert (await client.post("/api/v1/status", headers={"host": "evil.example"})).status_code == 421
        await client.get("/api/v1/status", headers={"host": "evil.example"})
    face.close()
    ((_, entry),) = world.noted
    assert (entry.kind, entry.actor, entry.body["code"], entry.body["count"]) == (
        "writes_refused",
        "nobody",
        "wrong_host",
        3,
    )


async def test_two_hosts_are_one_too_many() -> None:
    """Which of them was meant can't be told."""
    async with asking(World().face()) as client:
        headers = [("host", "localhost"), ("host", "evil.example")]
        assert (await client.get("/", headers=headers)).status_code == 421


@pytest.mark.parametrize("endpoint", [each for each in ENDPOINTS if each.name != "events"], ids=lambda each: each.name)
async def test_every_answer_is_guarded(endpoint: Endpoint) -> None:
    """Nothing may run, load, frame or keep what we say; no other origin may read it."""
    async with asking(World().face()) as client:
        good = await client.get(
            endpoint.at(platform=PLATFORM, probe="portal", id="r-1", name="backup", run="r-1"),
            headers={"origin": "https://evil.example"},
        )
        refused = await client.post(
            endpoint.at(platform=PLATFORM, probe="portal", id="r-1", name="backup", run="r-1"),
            headers={"origin": "https://evil.example"},
        )
    for answer in (good, refused):
        assert answer.headers["content-security-policy"].startswith("default-src 'none';")
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_the_policy_allows_exactly_the_pages_own_style() -> None:
    """The style in the page has the hash that the policy names, and the page brings no script."""
    async with asking(World().face()) as client:
        page = await client.get("/")
    (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert " style=" not in page.text
    assert not re.search(r"\son\w+=", page.text)


async def test_a_fault_in_the_middle_of_an_answer_is_left_to_the_server() -> None:
    """Nothing can be added to half an answer: the fault goes on, so that the connection is cut."""
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    async def broken(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await FaultCatcher(broken)({"type": "http"}, receive, send)
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("size", "pieces"),
    [(0, [0]), (1, [1]), (PIECE_BYTES, [PIECE_BYTES]), (2 * PIECE_BYTES + 1, [PIECE_BYTES, PIECE_BYTES, 1])],
)
@pytest.mark.parametrize("more", [False, True])
async def test_a_large_body_goes_out_in_pieces(size: int, pieces: list[int], *, more: bool) -> None:
    """None is larger than a piece, nothing is lost, and what follows still follows."""
    body = bytes(number % 251 for number in range(size))

    async def answers(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body, "more_body": more})

    sent: list[Message] = []

    async def take(message: Message) -> None:
        sent.append(message)

    async def ask() -> Message:
        return {"type": "http.disconnect"}

    await InPieces(answers)({"type": "http"}, ask, take)
    start, *bodies = sent
    assert start["type"] == "http.response.start"
    assert [len(each["body"]) for each in bodies] == pieces
    assert b"".join(each["body"] for each in bodies) == body
    assert [each.get("more_body", False) for each in bodies] == [True] * (len(pieces) - 1) + [more]
