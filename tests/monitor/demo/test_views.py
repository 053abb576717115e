import json
from collections.abc import Callable
from pathlib import Path

import pytest

from glasswatch.clock import SystemClock
from glasswatch.errors import NotMeasured, UsageFault
from glasswatch.flag.reader import Expectation
from monitor.demo.ports import FlagSeen, PageSeen, VerdictSeen
from monitor.demo.settings import Places, make_secrets
from monitor.demo.views import FlagFile, ReceivedPages, SimulatorControl, StatusApi, running_in
from monitor.wire.answers import BreakGlassAnswer, PlatformAnswer, StatusAnswer
from platforms.http import AsyncClient, HTTPError, MockTransport, Request, Response
from tests.support.clock import START, ManualClock

Handler = Callable[[Request], Response]


def _client(handler: Handler) -> AsyncClient:
    return AsyncClient(transport=MockTransport(handler))


def _says(status: int, data: object) -> Handler:
    content = data if isinstance(data, bytes) else json.dumps(data).encode()
    return lambda _: Response(status, content=content)


def _dead(_: Request) -> Response:
    raise HTTPError("nobody there")


def _status(verdict: str) -> bytes:
    platform = PlatformAnswer(
        platform="payments",
        verdict=verdict,
        since=START,
        why="sign_in is down",
        vote="down",
        blind=False,
        break_glass=BreakGlassAnswer(
            state="ready", since=START, change=1, causes=(), signed_state="ready", signed_until=START
        ),
        outage=None,
        functions=(),
        procedure_url="https://wiki.example.com/break-glass",
    )
    answer = StatusAnswer(deployment="demo", vantage="main", version="0", at=START, platforms=(platform,))
    return answer.model_dump_json().encode()


NONSENSE: list[Handler] = [
    _dead,
    _says(500, {}),
    _says(200, b"<html>"),
    _says(200, []),
    _says(200, {"pages": {}}),
    _says(200, b'{"platforms": []}'),
]


@pytest.mark.parametrize("handler", NONSENSE)
async def test_whoever_is_dead_or_talks_nonsense_is_not_measured(handler: Handler) -> None:
    """No answer is never taken for one."""
    async with _client(handler) as client:
        with pytest.raises(NotMeasured):
            await StatusApi(client, "http://monitor", "payments").verdict()
        with pytest.raises(NotMeasured):
            await ReceivedPages(client, "http://pager", ManualClock()).pages()


async def test_the_verdict_is_that_of_the_platform_asked_for() -> None:
    """The status answer of the wire is read whole; another platform's verdict is none."""
    async with _client(_says(200, _status("down"))) as client:
        seen = await StatusApi(client, "http://monitor", "payments").verdict()
        assert seen == VerdictSeen("down", "sign_in is down")
        with pytest.raises(NotMeasured, match="does not watch logistics"):
            await StatusApi(client, "http://monitor", "logistics").verdict()


@pytest.mark.parametrize(("handler", "is_ready"), [(_says(200, {}), True), (_says(503, {}), False), (_dead, False)])
async def test_ready_is_a_200_and_nothing_else(handler: Handler, is_ready: bool) -> None:  # noqa: FBT001 - a table's column
    """A monitor that does not answer yet is not ready, and that is no error."""
    async with _client(handler) as client:
        assert await StatusApi(client, "http://monitor", "payments").is_ready() is is_ready


async def test_a_pages_arrival_is_placed_on_our_own_clock() -> None:
    """The receiver says how long ago; words are taken where there are any."""
    page = {"kind": "flag", "status": "firing", "dedup_key": "k", "reason": "why", "outage": {"id": 1}}
    data = {"pages": [{"age_seconds": 1.5, "page": page | {"severity": "ticket"}}, {"page": None}, None]}
    clock = ManualClock(monotonic=100.0)
    async with _client(_says(200, data)) as client:
        pages = await ReceivedPages(client, "http://pager", clock).pages()
    assert pages == [
        PageSeen("flag", "firing", "k", "why", 98.5, "ticket"),
        PageSeen("", "", "", "", 100.0),
        PageSeen("", "", "", "", 100.0),
    ]


async def test_the_admin_face_is_asked_with_the_token() -> None:
    """Break and recover are the calls that a person would make with curl."""
    asked: list[tuple[str, str, str, bytes]] = []

    def handler(request: Request) -> Response:
        asked.append((request.method, request.url.path, request.headers["authorization"], request.content))
        return Response(200, content=b"{}")

    async with _client(handler) as client:
        control = SimulatorControl(client, "http://admin", "t0ken")
        await control.break_function("sign_in")
        await control.recover()
    assert asked == [
        ("PUT", "/admin/faults/sign_in", "Bearer t0ken", b'{"kind": "fail", "status": 503}'),
        ("POST", "/admin/recover", "Bearer t0ken", b""),
    ]


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (_dead, NotMeasured),
        (_says(401, {}), NotMeasured),
        (_says(403, {}), NotMeasured),
        (_says(500, {}), NotMeasured),
        (_says(200, b"<html>"), NotMeasured),
        (_says(422, {"message": "seconds: expected more"}), UsageFault),
    ],
)
async def test_a_platform_that_did_not_take_the_order_is_an_error(handler: Handler, error: type[Exception]) -> None:
    """Only a fault that makes no sense is the caller's mistake."""
    async with _client(handler) as client:
        with pytest.raises(error):
            await SimulatorControl(client, "http://admin", "t0ken").show("sign_in", {"kind": "slow", "seconds": 0})


async def test_a_flag_that_is_absent_or_forged_is_seen_as_that(tmp_path: Path) -> None:
    """Both were measured; neither is standby."""
    places = Places(tmp_path)
    make_secrets(places, SystemClock())
    view = FlagFile(places.flag, places.trust, Expectation("demo", "payments"), SystemClock())
    assert await view.word() == FlagSeen("absent", "there is no payments.flag.jws")
    places.flag.write_text("a.b.c")
    assert (await view.word()).state == "refused"


async def test_a_flag_or_trust_file_that_cant_be_read_is_not_measured(tmp_path: Path) -> None:
    """Without the file there is nothing to judge by."""
    places = Places(tmp_path)
    view = FlagFile(places.flag, places.trust, Expectation("demo", "payments"), SystemClock())
    with pytest.raises(NotMeasured, match="the trust file can't be relied on"):
        await view.word()
    make_secrets(places, SystemClock())
    places.flag.mkdir()
    with pytest.raises(NotMeasured, match=r"payments\.flag\.jws can't be read: Is a directory"):
        await view.word()


@pytest.mark.parametrize("note", [None, "", "[]", "{}", "\x00"])
def test_a_directory_without_a_running_demo_is_said_to_be_one(tmp_path: Path, note: str | None) -> None:
    """The message says how to start one."""
    places = Places(tmp_path)
    if note is not None:
        places.running.write_text(note)
    with pytest.raises(NotMeasured, match=r"no demo runs in .*: start one with `monitor demo`"):
        running_in(places.running, places.admin_token)
