"""Heartbeats over HTTP: who may beat, with what, and what is said to it."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from monitor.model.caller import Token
from monitor.wire.beats import BeatAnswer
from tests.support.clock import START
from tests.support.desk import bearer, token
from tests.support.face import World, asking, serving

PATH = "/api/v1/heartbeat/backup"
BACKUP = bearer("backup-token")


def tokens() -> tuple[Token, ...]:
    """Return the program's token, one of another heartbeat, and one that is limited to another platform."""
    return (
        token("backup-token", "heartbeat:backup", person=None),
        token("other-token", "heartbeat:other", "read", "use", person=None),
        token("elsewhere-token", "heartbeat:backup", person=None, platforms=("ledger",)),
        token("here-token", "heartbeat:backup", person="anna", platforms=("payments",)),
    )


def world() -> World:
    """Return a monitor that listens for `backup` of payments."""
    made = World()
    object.__setattr__(made.site, "tokens", tokens())
    return made


@pytest.mark.parametrize(
    ("sent", "is_well"),
    [
        pytest.param({}, True, id="nothing"),
        pytest.param({"json": {}}, True, id="no member"),
        pytest.param({"json": {"ok": True}}, True, id="well"),
        pytest.param({"json": {"ok": False}}, False, id="failed"),
        pytest.param(
            {"content": b"", "headers": {"content-type": "application/x-www-form-urlencoded"}}, True, id="curl -d ''"
        ),
    ],
)
async def test_a_beat_is_heard(sent: dict[str, object], is_well: bool) -> None:  # noqa: FBT001 - a case
    """With or without a body; the answer says until when silence is allowed."""
    there = world()
    headers = {**BACKUP, **(sent.pop("headers", None) or {})}  # type: ignore[dict-item]  # headers, where there are any
    async with asking(there.face()) as client:
        answer = await client.post(PATH, headers=headers, **sent)  # type: ignore[arg-type]  # what a case sends
    assert answer.status_code == 200
    expected = {"heartbeat": "backup", "platform": "payments", "ok": is_well, "silent_at": "2026-03-01T03:06:00Z"}
    assert answer.json() == expected
    assert BeatAnswer.model_validate_json(answer.content).ok is is_well
    last = there.heartbeats.listening("backup").last
    assert last is not None
    assert (last.at, last.is_well) == (START, is_well)
    assert there.beats == [("payments", "backup", START)]
    assert [(entry.kind, entry.actor) for _, entry in there.noted] == [("heartbeat", "pipeline")]


@pytest.mark.parametrize(
    ("presented", "path", "status", "code"),
    [
        ("", PATH, 401, "unauthorized"),
        ("wrong", PATH, 401, "unauthorized"),
        ("other-token", PATH, 403, "forbidden"),
        ("elsewhere-token", PATH, 403, "forbidden"),
        ("backup-token", "/api/v1/heartbeat/Backup", 403, "forbidden"),
        ("other-token", "/api/v1/heartbeat/other", 404, "no_such"),
        ("here-token", PATH, 200, None),
    ],
)
async def test_who_may_beat(presented: str, path: str, status: int, code: str | None) -> None:
    """Each refused beat is audited, and none is heard."""
    there = world()
    async with asking(there.face()) as client:
        answer = await client.post(path, headers=bearer(presented) if presented else {})
    assert answer.status_code == status
    assert answer.json().get("error", {}).get("code") == code
    assert len(there.beats) == (status == 200)
    refusals = [entry.body["code"] for _, entry in there.noted if entry.kind == "write_refused"]
    assert refusals == ([code] if code else [])


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b'{"ok": "false"}', 400, "ok: expected false where it failed"),
        (b'{"ok": false, "ok": true}', 400, "the body is not JSON: it holds a key twice"),
        (b'{"okay": false}', 400, "unknown member: expected only ok"),
        (b"false", 400, "expected a JSON object, not nested deeply"),
    ],
)
async def test_a_beat_that_cannot_be_read_is_not_heard(body: bytes, status: int, message: str) -> None:
    """What may have said that it failed is never taken for well."""
    there = world()
    async with asking(there.face()) as client:
        answer = await client.post(PATH, headers={**BACKUP, "content-type": "application/json"}, content=body)
    assert (answer.status_code, answer.json()["error"]["message"]) == (status, message)
    assert there.beats == []


async def test_a_body_of_another_kind_is_not_heard() -> None:
    """A form, or a body in chunks, is not read as no body at all."""
    there = world()

    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"ok": false}'

    async with asking(there.face()) as client:
        form = await client.post(PATH, headers=BACKUP, data={"ok": "false"})
        chunked = await client.post(PATH, headers={**BACKUP, "content-type": "application/json"}, content=chunks())
    assert (form.status_code, chunked.status_code) == (415, 400)
    assert there.beats == []


async def test_a_beat_is_heard_while_the_store_cannot_be_written() -> None:
    """Nobody who beats waits for our disk."""
    there = world()
    there.store.fail("keep_place")
    async with asking(there.face()) as client:
        assert (await client.post(PATH, headers=BACKUP)).status_code == 200
    assert len(there.beats) == 1


async def test_a_beat_over_a_real_socket() -> None:
    """As curl -X POST sends it: no body, and no Content-Length at all."""
    there = world()
    async with serving(there.face()) as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        head = (
            f"POST {PATH} HTTP/1.1",
            f"Host: {host}:{port}",
            "Authorization: Bearer backup-token",
            "Connection: close",
        )
        writer.write("\r\n".join([*head, "", ""]).encode())
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert json.loads(answer.rpartition(b"\r\n\r\n")[2])["heartbeat"] == "backup"


async def test_only_posts() -> None:
    """There is nothing to read here."""
    async with asking(world().face()) as client:
        answer = await client.get(PATH, headers=BACKUP)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
