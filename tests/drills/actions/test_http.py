"""The action `http`, against real servers on loopback."""

import asyncio
import base64
import json
import ssl
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from drills.model.found import Found
from drills.model.step import Status
from tests.servers import blocking_tls
from tests.servers.http import OK, bomb
from tests.servers.raw import serving
from tests.support.drill_actions import RUN, SECRET, TOKEN, attempt, made, outcome, step_of, tools
from tests.support.listeners import free_port
from tests.support.receiver import Answer, Behaviour, Close, Garbage, Hang, HugeBody, Reset, SlowBody, receiving
from tests.support.tls import Authority, Certificate


async def _asked(directory: Path, url: str, seconds: float = 20.0, values: Any = None, **settings: Any) -> Found:
    step = step_of("http", with_={"url": url, **settings.pop("given", {})}, **settings)
    return await outcome(made(step, tools(directory)), attempt(values, seconds))


@pytest.mark.parametrize(
    ("behaviour", "is_refused", "status"),
    [
        (Answer(200), False, Status.PASSED),
        (Answer(500), False, Status.FAILED),
        (Answer(403), False, Status.FAILED),
        (Answer(403), True, Status.PASSED),
        (Answer(401), True, Status.PASSED),
        (Answer(200), True, Status.FAILED),
        (Answer(302, headers={"location": "/sign-in"}), True, Status.NOT_MEASURED),
        (Answer(503), True, Status.NOT_MEASURED),
        (Close(), True, Status.NOT_MEASURED),
        (Reset(), True, Status.NOT_MEASURED),
        (Reset(), False, Status.NOT_MEASURED),
        (Garbage(), True, Status.NOT_MEASURED),
        (Hang(), True, Status.NOT_MEASURED),
        (Hang(), False, Status.NOT_MEASURED),
        (SlowBody(403), True, Status.NOT_MEASURED),
        (HugeBody(403), True, Status.NOT_MEASURED),
    ],
)
async def test_what_an_answer_is_worth(tmp_path: Path, behaviour: Behaviour, is_refused: bool, status: Status) -> None:  # noqa: FBT001 - two cases
    """Whoever hangs, breaks off or talks nonsense has neither let anybody in nor refused."""
    async with receiving(default=behaviour) as server:
        given = {"timeout": "300ms"} if isinstance(behaviour, Hang | SlowBody) else {}
        found = await _asked(tmp_path, server.url, refused=is_refused, given=given)
    assert found.status is status, found.detail
    assert found.can_still


@pytest.mark.parametrize("is_refused", [False, True])
async def test_who_is_not_there_has_refused_nothing(tmp_path: Path, is_refused: bool) -> None:  # noqa: FBT001 - two cases
    """A port where nobody listens, and a name that nobody has."""
    for url in (f"http://127.0.0.1:{free_port()}/", "http://no-such-host.invalid/"):
        found = await _asked(tmp_path, url, refused=is_refused, given={"timeout": "3s"})
        assert found.status is Status.NOT_MEASURED, found.detail


async def test_values_are_encoded_and_the_run_goes_along(tmp_path: Path) -> None:
    """In the address, the body and headers; the audit can find the run."""
    async with receiving() as server:
        found = await _asked(
            tmp_path,
            f"{server.url}/grants/${{grant}}?by=${{who}}",
            values={"grant": "a/../b?c#d", "who": "anna & co"},
            given={
                "method": "POST",
                "headers": {"X-Who": "it is ${who}", "X-Token": TOKEN},
                "json": {"grant": "${grant}", "n": 1},
                "auth": {"basic": {"user": "drill", "password": TOKEN}},
            },
        )
    (got,) = server.received
    assert found.status is Status.PASSED
    assert got.target == "/grants/a%2F..%2Fb%3Fc%23d?by=anna%20%26%20co"
    assert got.json() == {"grant": "a/../b?c#d", "n": 1}
    assert got.headers["x-drill-run"] == RUN.id
    assert got.headers["user-agent"].endswith(f" run/{RUN.id}")
    assert got.headers["authorization"] == f"Basic {base64.b64encode(f'drill:{SECRET}'.encode()).decode()}"
    assert (got.headers["x-who"], got.headers["x-token"]) == ("it is anna & co", SECRET)


async def test_a_form_is_encoded_as_forms_are(tmp_path: Path) -> None:
    """And says so."""
    async with receiving() as server:
        await _asked(tmp_path, server.url, values={"a": "1&b=2"}, given={"method": "PUT", "form": {"x": "${a}"}})
    (got,) = server.received
    assert (got.body, got.headers["content-type"]) == (b"x=1%26b%3D2", "application/x-www-form-urlencoded")


async def test_values_are_captured_from_body_and_headers(tmp_path: Path) -> None:
    """As text, and a secret is one from then on."""
    answer = Answer(body=b'{"id": 7, "token": "planted"}', headers={"Location": "/grants/7"})
    capture = {"id": {"json": "id"}, "where": {"header": "location"}, "token": {"json": "token", "secret": True}}
    async with receiving(default=answer) as server:
        found = await _asked(tmp_path, server.url, capture=capture, expect={"json": {"id": 7}})
    assert {name: value.text for name, value in found.captured.items()} == {
        "id": "7",
        "where": "/grants/7",
        "token": "planted",
    }
    assert "planted" not in repr(found)


@pytest.mark.parametrize("place", [{"json": "gone"}, {"json": "list"}, {"header": "x-gone"}])
async def test_what_can_not_be_captured_fails(tmp_path: Path, place: dict[str, str]) -> None:
    """Later steps would have nothing to work with."""
    async with receiving(default=Answer(body=b'{"list": []}')) as server:
        found = await _asked(tmp_path, server.url, capture={"a": place})
    assert (found.status, dict(found.captured)) == (Status.FAILED, {})


async def test_an_expected_value_may_be_the_runs(tmp_path: Path) -> None:
    """Judged by its value, shown by its name."""
    async with receiving(default=Answer(body=json.dumps({"run": RUN.id}).encode())) as server:
        assert (await _asked(tmp_path, server.url, expect={"json": {"run": "${run}"}})).status is Status.PASSED
        found = await _asked(tmp_path, server.url, values={"other": "planted"}, expect={"json": {"run": "${other}"}})
    assert found.status is Status.FAILED
    assert "${other}" in found.detail
    assert "planted" not in found.detail


async def test_redirects_are_answers_and_no_proxy_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whom the environment names is nobody's business."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    async with receiving(default=Answer(302, headers={"Location": "/elsewhere"})) as server:
        found = await _asked(tmp_path, server.url, expect={"status": [302]}, capture={"to": {"header": "Location"}})
    assert (found.status, found.captured["to"].text, len(server.received)) == (Status.PASSED, "/elsewhere", 1)


async def test_what_unpacks_to_too_much_is_not_measured(tmp_path: Path) -> None:
    """Bounds hold after decoding, too."""
    packed = bomb(8 * 1024 * 1024)

    async def script(talk: Any) -> None:
        await talk.head()
        await talk.say(packed)

    async with serving(script) as server:
        assert (await _asked(tmp_path, server.url())).status is Status.NOT_MEASURED


async def test_tls_is_verified_and_the_client_certificate_shown(
    tmp_path: Path, authority: Authority, certificate: Certificate, stranger: Authority
) -> None:
    """A stranger's server is not measured; one that asks for another certificate, or for one, has refused."""
    wanting = certificate.context()
    wanting.verify_mode = ssl.CERT_REQUIRED
    wanting.load_verify_locations(cafile=authority.ca_file)
    trust: dict[str, Any] = {"ca_file": authority.ca_file}
    good, bad = (
        {**trust, "certificate": each.cert_file, "key": str(each.key_file)}
        for each in (authority.issue_to("drill"), stranger.issue_to("drill"))
    )
    untrusted = {"ca_file": stranger.ca_file}
    async with blocking_tls.serving(wanting, OK) as url:
        found = [
            (await _asked(tmp_path, url, refused=is_refused, given={"tls": tls})).status
            for tls in (good, bad, trust, untrusted)
            for is_refused in (False, True)
        ]
    let_in, refused, unknown = [Status.PASSED, Status.FAILED], [Status.FAILED, Status.PASSED], [Status.NOT_MEASURED] * 2
    assert found == [*let_in, *refused, *refused, *unknown]


async def test_who_breaks_off_without_saying_why_has_not_refused(
    tmp_path: Path, authority: Authority, certificate: Certificate
) -> None:
    """It may be broken: some servers send no alert."""
    wanting = certificate.context()
    wanting.verify_mode = ssl.CERT_REQUIRED
    wanting.load_verify_locations(cafile=authority.ca_file)
    async with receiving(tls=wanting) as server:  # asyncio's
        found = await _asked(tmp_path, server.url, refused=True, given={"tls": {"ca_file": authority.ca_file}})
    assert found.status is Status.NOT_MEASURED


async def test_cancelled_it_lets_go_of_the_connection(tmp_path: Path) -> None:
    """The server sees it go."""
    gone = asyncio.Event()

    async def script(talk: Any) -> None:
        await talk.head()
        there.set()
        await talk.hang()
        gone.set()

    there = asyncio.Event()
    async with serving(script) as server:
        task = asyncio.ensure_future(_asked(tmp_path, server.url()))
        async with asyncio.timeout(20):
            await there.wait()
            task.cancel()
            await gone.wait()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_undoing_says_what_can_be_said(tmp_path: Path) -> None:
    """A request that changes nothing leaves nothing; what another one changed, nobody here knows."""
    for method, status in (("GET", Status.PASSED), ("POST", Status.NOT_MEASURED)):
        step = step_of("http", with_={"url": "http://127.0.0.1:1/", "method": method})
        assert (await made(step, tools(tmp_path)).undo(attempt())).status is status


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"with": {"url": "http://${host}/"}}, ("with", "url")),
        ({"with": {"url": "${scheme}://a/"}}, ("with", "url")),
        ({"with": {"url": "https://a/?${key}=1"}}, ("with", "url")),
        ({"with": {"url": "http://a.example/", "auth": {"bearer": TOKEN}}}, ("with", "url")),
        ({"with": {"url": "http://a.example/", "headers": {"X": TOKEN}}}, ("with", "url")),
        (
            {"with": {"url": "https://a/", "headers": {"Authorization": "Bearer x"}}},
            ("with", "headers", "Authorization"),
        ),
        ({"with": {"url": "https://a/", "headers": {"X-Drill-Run": "x"}}}, ("with", "headers", "X-Drill-Run", "[key]")),
        ({"with": {"url": "https://a/", "json": {}, "form": {}}}, ("with", "form")),
        ({"with": {"url": "http://a/", "tls": {"ca_file": "/x"}}}, ("with", "tls")),
        ({"with": {"url": "https://a/"}, "expect": {"json": {"a": "${A}"}}}, ("expect", "json", "a")),
        ({"with": {"url": "https://a/"}, "capture": {"a": {"json": "a", "header": "b"}}}, ("capture", "a")),
        ({"with": {"url": "https://a/"}, "refused": True, "capture": {"a": {"json": "a"}}}, ("capture",)),
    ],
)
def test_wrong_settings_are_told_by_their_place(settings: dict[str, Any], place: tuple[str | int, ...]) -> None:
    """Hosts are literal, credentials are neither written down nor sent in clear."""
    with pytest.raises(ValidationError) as caught:
        step_of("http", **settings)
    assert place in [each["loc"] for each in caught.value.errors()]
