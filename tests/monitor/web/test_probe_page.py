"""A probe's own page, and the same as JSON: what it shows, that text stays text, and who may look."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model.explanation import Check, Exchange, Explanation, Message, TlsSeen
from monitor.model.outcome import Outcome, OutcomeKind, Reason
from monitor.model.record import OutcomeRow
from monitor.web.page import policy
from monitor.wire.probes import ProbeDetailAnswer
from tests.support.clock import START
from tests.support.face import World, asking
from tests.support.html import Reader
from tests.support.watching import PLATFORM

PAGE = f"/probes/{PLATFORM}/portal"
API = f"/api/v1/probes/{PLATFORM}/portal"
MARKUP = "</pre></style><script>alert(1)</script><img src=x onerror=alert(1)> \x1b[31m\u202e"


def failure(seconds: float = 0, detail: str = "status 503, expected 200") -> Outcome:
    """Return a bad outcome."""
    at = START + timedelta(seconds=seconds)
    return Outcome(OutcomeKind.BAD, Reason.STATUS, detail, at, 0.25, {"connect": 0.05, "processing": 0.2})


def explanation(text: str = "down for maintenance") -> Explanation:
    """Return one exchange with this text wherever a server's may stand."""
    heard = Message("HTTP/1.1 503 No", (("X-Said", text), (text, "")), text, text)
    tls = TlsSeen("TLS 1.3", "AES", f"CN={text}", text, (text,), START)
    check = Check("status", "200", text, holds=False)
    return Explanation((check,), (Exchange(text, "x:443", "192.0.2.1:443", tls, Message("GET / HTTP/1.1"), heard),))


def failing(text: str = "down for maintenance") -> World:
    """Return a world in which a probe failed, as it is on record and remembered."""
    world = World()
    world.site = replace(world.site, settings_of=lambda *_: {"url": "https://x.example/", "auth": {"env": "TOKEN"}})
    world.store.record([OutcomeRow(PLATFORM, "portal", "sign_in", failure())])
    world.recent.listener(PLATFORM, "portal").told(failure(), explanation(text))
    return world


async def test_the_page_shows_all_of_it() -> None:
    """State, how it is believed, last attempt, last failures with what was said, settings."""
    async with asking(failing().face()) as client:
        page = (await client.get(PAGE)).text
    shown = Reader(page).text
    for words in ("Runs every 15s", "3 bad in a row", "status 503, expected 200", "down for maintenance", "TLS 1.3"):
        assert words in shown
    assert "url: https://x.example/" in shown
    assert f"monitor probe portal --platform {PLATFORM} --explain" in shown
    assert 'href="../../"' in page


async def test_the_command_by_hand_takes_the_monitors_own_settings() -> None:
    """To be copied as it stands, wherever the file lies."""
    world = failing()
    world.site = replace(world.site, config=lambda: "/srv/a demo/glasswatch.yaml")
    async with asking(world.face()) as client:
        shown = Reader((await client.get(PAGE)).text).text
    assert f"monitor probe portal --platform {PLATFORM} --explain --config '/srv/a demo/glasswatch.yaml'" in shown


async def test_without_controls_none_is_promised() -> None:
    """Who reads how it is confirmed isn't told of controls that nobody asks."""
    world = failing()
    for has_controls in (True, False):
        world.site = replace(world.site, has_controls=has_controls)
        async with asking(world.face()) as client:
            shown = Reader((await client.get(PAGE)).text).text
        assert ("while a control answers" in shown) is has_controls


async def test_the_same_as_json() -> None:
    """For programs, and for the command."""
    async with asking(failing().face()) as client:
        answer = ProbeDetailAnswer.model_validate_json((await client.get(API)).content)
    assert (answer.platform, answer.state.probe, answer.policy.confirm_attempts) == (PLATFORM, "portal", 3)
    assert answer.settings["auth"] == {"env": "TOKEN"}
    assert answer.failures is not None
    (only,) = answer.failures
    assert only == answer.last
    assert only.explanation is not None
    assert only.explanation.exchanges[0].heard is not None
    assert only.explanation.exchanges[0].heard.body == "down for maintenance"
    assert only.phases == {"connect": 0.05, "processing": 0.2}


async def test_what_a_server_said_stays_text() -> None:
    """The page has the same elements whatever it is; what can't be seen is spelled out."""
    async with asking(failing(MARKUP).face()) as hostile, asking(failing("plain").face()) as plain:
        page, other = (await hostile.get(PAGE)).text, (await plain.get(PAGE)).text
    assert Reader(page).tags == Reader(other).tags
    assert "<script" not in page
    assert not set("\x1b\u202e") & set(page)


async def test_nothing_runs_or_loads() -> None:
    """The policy is the status page's: the page's own style, and nothing besides; no style on an element."""
    async with asking(failing().face()) as client:
        answer = await client.get(PAGE)
    assert answer.headers["content-security-policy"].startswith(policy())
    assert not {"script", "iframe", "img", "object", "embed", "form"} & set(Reader(answer.text).tags)
    assert " style=" not in answer.text


async def test_without_the_store_the_rest_is_shown() -> None:
    """What is believed and what is remembered don't need it."""
    world = failing()
    world.store.fail("failures")
    async with asking(world.face()) as client:
        page = (await client.get(PAGE)).text
        answer = ProbeDetailAnswer.model_validate_json((await client.get(API)).content)
    assert "They can't be read now." in Reader(page).text
    assert answer.failures is None
    assert answer.last is not None


async def test_a_probe_that_never_ran_has_a_page() -> None:
    """It says so."""
    async with asking(World().face()) as client:
        shown = Reader((await client.get(PAGE)).text).text
    assert "None since the monitor was started." in shown
    assert "None on record." in shown


@pytest.mark.parametrize(
    ("path", "code"), [("payments/nobody", "no_such"), ("nowhere/portal", "unknown_platform"), ("x/y/z", "not_found")]
)
async def test_what_is_not_there_is_not_found(path: str, code: str) -> None:
    """With the code that says which part of it."""
    async with asking(World().face()) as client:
        for start in ("/probes/", "/api/v1/probes/"):
            answer = await client.get(f"{start}{path}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, code)


@pytest.mark.parametrize("path", [PAGE, API])
async def test_beyond_loopback_nobody_reads_it_without_a_token(path: str) -> None:
    """As the status page."""
    world = failing()
    world.site = replace(world.site, is_local=False)
    async with asking(world.face()) as client:
        assert (await client.get(path)).status_code == 401


async def test_the_status_page_leads_there() -> None:
    """From each probe's name; the file leads nowhere, because nobody may answer."""
    async with asking(World().face()) as client:
        page = (await client.get("/")).text
        assert f'href="{PAGE.removeprefix("/")}"' in page
        assert (await client.get(PAGE)).status_code == 200
