"""How a command reaches a running monitor: which token goes where, and what becomes of a refusal."""

import asyncio
import json
from pathlib import Path

import pytest

from glasswatch.errors import ExitCode, GlasswatchError, NotMeasured, SecretUnavailable, UsageFault
from glasswatch.secrets import Secret
from monitor.commands.client import Given, Reach, ask, reach
from monitor.errors import RequestRefused
from monitor.wire.endpoints import BY_NAME
from monitor.wire.queries import OutagesQuery
from monitor.wire.refusals import REFUSALS
from tests.servers.http import answer, answering
from tests.servers.raw import serving
from tests.support.desk import ORDER, Order

TOKEN = "gwt_" + "a" * 43
NOWHERE = Path("/nowhere/glasswatch.yaml")


def _file(directory: Path, content: str, mode: int = 0o600) -> Path:
    path = directory / "token"
    path.write_text(content)
    path.chmod(mode)
    return path


def _given(url: str = "https://monitor.example.com", token_file: Path | None = None) -> Given:
    return Given(NOWHERE, url, token_file)


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing comes from the environment that the tests run in."""
    monkeypatch.delenv("GLASSWATCH_TOKEN", raising=False)


def test_the_file_wins_over_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said on the command line is meant for this call."""
    monkeypatch.setenv("GLASSWATCH_TOKEN", "gwt_environment")
    from_environment = reach(_given()).token
    from_file = reach(_given(token_file=_file(tmp_path, f"{TOKEN}\n"))).token
    assert from_environment is not None
    assert from_file is not None
    assert (from_environment.reveal(), from_file.reveal()) == ("gwt_environment", TOKEN)


@pytest.mark.parametrize("value", ["", None])
def test_without_a_token_none_is_sent(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    """An empty variable is none."""
    if value is not None:
        monkeypatch.setenv("GLASSWATCH_TOKEN", value)
    assert reach(_given()).token is None


@pytest.mark.parametrize("content", ["two words", f"{TOKEN}\n{TOKEN}", "Bearer x", "é"])
def test_what_is_no_token_is_not_sent(tmp_path: Path, content: str) -> None:
    """And not repeated."""
    with pytest.raises(UsageFault, match="expected a token, alone on one line") as caught:
        reach(_given(token_file=_file(tmp_path, content)))
    assert content not in str(caught.value)


def test_a_token_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    """As any other secret is."""
    with pytest.raises(SecretUnavailable, match="everybody can read it"):
        reach(_given(token_file=_file(tmp_path, TOKEN, 0o644)))


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("https://monitor.example.com", True),
        ("http://127.0.0.1:9780", True),
        ("http://[::1]:9780", True),
        ("http://localhost:9780", True),
        ("http://monitor.example.com", False),
        ("http://10.0.0.7:9780", False),
        ("http://127.0.0.1.example.com", False),
    ],
)
def test_a_token_never_leaves_this_machine_in_the_clear(
    monkeypatch: pytest.MonkeyPatch, url: str, *, is_safe: bool
) -> None:
    """Whoever is in between could use it."""
    assert reach(_given(url)).token is None
    monkeypatch.setenv("GLASSWATCH_TOKEN", TOKEN)
    if is_safe:
        assert reach(_given(url)).token is not None
        return
    with pytest.raises(UsageFault, match="expected https"):
        reach(_given(url))


async def test_a_request_is_what_the_table_says() -> None:
    """Method, path, query, token and body."""
    heads: list[bytes] = []
    async with serving(answering(answer(200, b"{}"), keeps=heads)) as server:
        place = Reach(server.url(""), Secret(TOKEN))
        assert await ask(place, ORDER, body=Order(reason="a look", platform="payments")) == b"{}"
        assert await ask(Reach(server.url("")), BY_NAME["outages"], query=OutagesQuery(limit=3)) == b"{}"
        assert await ask(Reach(server.url("")), BY_NAME["flag"], platform="a/b") == b"{}"
    posted, queried, escaped = (head.decode().lower() for head in heads)
    assert posted.startswith("post /order http/1.1\r\n")
    assert f"authorization: bearer {TOKEN}".lower() in posted
    assert "content-type: application/json\r\n" in posted
    assert queried.startswith("get /api/v1/outages?limit=3 http/1.1\r\n")
    assert "authorization" not in queried
    assert escaped.startswith("get /api/v1/flag/a%2fb ")


ENDS = {
    409: ExitCode.FINDING,
    400: ExitCode.USAGE,
    404: ExitCode.USAGE,
    413: ExitCode.USAGE,
    415: ExitCode.USAGE,
}


@pytest.mark.parametrize("code", REFUSALS)
async def test_a_refusal_keeps_its_code_and_ends_the_command_with_the_right_one(code: str) -> None:
    """What can't be done is a finding, what was asked wrongly wrong usage; the rest could not be found out."""
    status = REFUSALS[code].status
    content = json.dumps({"error": {"code": code, "message": "no:\x1b[2J\nwhy"}}).encode()
    async with serving(answering(answer(status, content))) as server:
        with pytest.raises(RequestRefused) as caught:
            await ask(Reach(server.url("")), BY_NAME["status"])
    assert caught.value.code == code
    assert caught.value.exit_code is ENDS.get(status, ExitCode.NOT_MEASURED)
    assert str(caught.value) == "no:\\u001b[2J\\u000awhy"


@pytest.mark.parametrize("status", [401, 404, 409, 500])
async def test_whoever_else_refuses_is_no_monitor(status: int) -> None:
    """A status without our words is no finding."""
    async with serving(answering(answer(status, b"<html>no</html>"))) as server:
        with pytest.raises(NotMeasured, match=f"status {status}"):
            await ask(Reach(server.url("")), BY_NAME["status"])


def test_authorities_that_are_none_are_wrong_usage(tmp_path: Path) -> None:
    """Neither a missing file nor another one is taken for trust."""
    for file in (tmp_path / "missing.pem", _file(tmp_path, "not a certificate")):
        with pytest.raises(GlasswatchError, match="--ca-file: expected a PEM file") as caught:
            asyncio.run(ask(Reach("https://127.0.0.1:1", ca_file=file), BY_NAME["status"]))
        assert caught.value.exit_code is ExitCode.USAGE
