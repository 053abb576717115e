"""A second principal: a refusal is bad only if it is refused too (design 3.3)."""

import asyncio
from typing import Any

import pytest

from monitor.model.outcome import OutcomeKind, Reason
from monitor.probes.context import ProbeContext
from tests.servers.http import OK, answer, answering, silent
from tests.servers.raw import Script, Talk, serving
from tests.servers.tokens import TokenEndpoint, refusal
from tests.support.probing import attempt, patiently

_AUTH = {"bearer": {"env": "FIRST_SECRET"}}
_SECOND = {"auth": {"bearer": {"env": "SECOND_SECRET"}}}


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRST_SECRET", "first-s3cr3t")
    monkeypatch.setenv("SECOND_SECRET", "second-s3cr3t")


def _to_each(first: bytes, second: bytes, heads: list[bytes] | None = None) -> Script:
    async def script(talk: Talk) -> None:
        head = await talk.head()
        if heads is not None:
            heads.append(head)
        await talk.say(second if b"second-s3cr3t" in head else first)

    return script


async def _outcome(context: ProbeContext, script: Script, **more: Any) -> tuple[OutcomeKind, Reason, str, int]:
    async with serving(script) as server:
        outcome = await patiently(context, server.url(), **{"auth": _AUTH, "second": _SECOND, **more})
        assert "s3cr3t" not in repr(outcome)
        return outcome.kind, outcome.reason, outcome.detail, server.connections


@pytest.mark.parametrize("first", [401, 403])
@pytest.mark.parametrize("second", [401, 403])
async def test_both_refused_is_bad(context: ProbeContext, first: int, second: int) -> None:
    """Two that were issued separately are not both wrong: nobody gets in."""
    kind, reason, detail, connections = await _outcome(context, _to_each(answer(first), answer(second)))
    assert (kind, reason, connections) == (OutcomeKind.BAD, Reason.STATUS, 2)
    assert detail == (
        f"both principals are refused: status {first}: our own credential was refused; "
        f"the second: status {second}: our own credential was refused"
    )


async def test_the_second_that_works_shows_that_it_is_our_credential(context: ProbeContext) -> None:
    """Not measured, and the detail helps whoever is paged."""
    kind, reason, detail, _ = await _outcome(context, _to_each(answer(401), OK))
    assert (kind, reason) == (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED)
    assert detail == "status 401: our own credential was refused; the second principal's works"


@pytest.mark.parametrize("first", [OK, answer(500), answer(429)])
async def test_it_is_tried_after_a_refusal_only(context: ProbeContext, first: bytes) -> None:
    """One request as long as the first principal is let in."""
    assert (await _outcome(context, _to_each(first, answer(401))))[3] == 1


@pytest.mark.parametrize(
    ("second", "words"),
    [(answer(500), "status 500"), (answer(429), "status 429"), (b"nonsense\r\n\r\n", "valid HTTP"), (b"", "closed")],
)
async def test_a_second_that_could_not_tell(context: ProbeContext, second: bytes, words: str) -> None:
    """Only a refusal confirms a refusal."""
    kind, reason, detail, _ = await _outcome(context, _to_each(answer(401), second))
    assert (kind, reason) == (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED)
    assert "the second principal could not tell: " in detail
    assert words in detail


async def test_a_second_that_is_late(context: ProbeContext) -> None:
    """The deadline is one for both, and running into it with the second is no timeout of the platform."""

    async def script(talk: Talk) -> None:
        if b"first" in await talk.head():
            await asyncio.sleep(0.1)
            await talk.say(answer(401))
        await talk.hang()

    async with serving(script) as server:
        outcome = await patiently(context, server.url(), auth=_AUTH, second=_SECOND, timeout="1s")
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED)
    assert outcome.detail.endswith("the second principal had no answer within 1 s")


async def test_a_first_that_is_late_is_a_timeout(context: ProbeContext) -> None:
    """Nothing was refused yet."""
    kind, reason, _, _ = await _outcome(context, silent, timeout="500ms")
    assert (kind, reason) == (OutcomeKind.BAD, Reason.TIMEOUT)


async def test_a_second_whose_secret_is_missing(context: ProbeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is missed only when it is needed, and then it can't tell."""
    monkeypatch.delenv("SECOND_SECRET")
    assert (await _outcome(context, answering(OK)))[0] is OutcomeKind.GOOD
    kind, reason, detail, connections = await _outcome(context, answering(answer(401)))
    assert (kind, reason, connections) == (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED, 1)
    assert "environment variable SECOND_SECRET: it is not set" in detail


async def test_the_second_is_sent_nothing_of_the_firsts(context: ProbeContext) -> None:
    """Its headers take the place of the probe's; what is no secret stays."""
    heads: list[bytes] = []
    settings = {
        "headers": {"X-Key": {"env": "FIRST_SECRET"}, "X-Open": "1", "X-Tenant": "a"},
        "second": {**_SECOND, "headers": {"x-key": {"env": "SECOND_SECRET"}, "x-tenant": "b"}},
    }
    await _outcome(context, _to_each(answer(401), OK, heads), **settings)
    assert heads[0].count(b"first-s3cr3t") == 2
    assert b"first" not in heads[1]
    assert heads[1].count(b"second-s3cr3t") == 2
    assert b"X-Open: 1\r\n" in heads[1]
    assert heads[1].lower().count(b"x-tenant: b\r\n") == 1
    assert b"X-Tenant: a" not in heads[1]


async def test_its_secrets_go_to_the_configured_origin_only(context: ProbeContext) -> None:
    """As the first one's. A refusal elsewhere is then not of ours: it can't tell."""
    heads: list[bytes] = []
    async with serving(answering(answer(401), keeps=heads)) as elsewhere:
        away = answer(302, headers=[("Location", elsewhere.url())])
        kind, _, detail, _ = await _outcome(context, _to_each(answer(401), away), follow_redirects="1")
    assert kind is OutcomeKind.NOT_MEASURED
    assert "could not tell: status 401" in detail
    assert b"s3cr3t" not in heads[0]


def _client(url: str, name: str) -> dict[str, object]:
    return {"oauth2": {"token_url": url, "client_id": name, "client_secret": {"env": f"{name.upper()}_SECRET"}}}


@pytest.mark.parametrize("second_is_refused", [False, True], ids=["good", "refused"])
async def test_a_client_that_the_token_endpoint_refuses(context: ProbeContext, *, second_is_refused: bool) -> None:
    """A refusal there is one of our own credential: the second is tried. Two of them are no word of the platform's."""
    said = refusal("invalid_client", 401) if second_is_refused else None
    async with (
        serving(TokenEndpoint(said=refusal("invalid_client", 401)).script) as first,
        serving(TokenEndpoint(said=said).script) as second,
        serving(answering(OK)) as server,
    ):
        auth, other = _client(first.url(), "first"), _client(second.url(), "second")
        outcome = await attempt(context, server.url(), auth=auth, second={"auth": other})
        assert server.connections == (0 if second_is_refused else 1)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED)
    if second_is_refused:
        assert outcome.detail.count("(invalid_client)") == 2
    else:
        assert outcome.detail.endswith("the second principal's works")


@pytest.mark.parametrize("refused", ["first", "second"])
async def test_one_refused_by_the_endpoint_and_one_by_the_platform(context: ProbeContext, refused: str) -> None:
    """The platform has refused one of them: not bad."""
    said = {name: refusal("invalid_client", 401) if name == refused else None for name in ("first", "second")}
    async with (
        serving(TokenEndpoint(said=said["first"]).script) as first,
        serving(TokenEndpoint(said=said["second"]).script) as second,
        serving(answering(answer(401))) as server,
    ):
        auth, other = _client(first.url(), "first"), _client(second.url(), "second")
        outcome = await attempt(context, server.url(), auth=auth, second={"auth": other})
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED)
    assert outcome.detail.endswith("the platform was not asked by both")


@pytest.mark.parametrize(
    ("secret", "second"),
    [("first-s3cr3t", _SECOND), ("Bearer first-s3cr3t", {"headers": {"Authorization": {"env": "SECOND_SECRET"}}})],
    ids=["bearer", "header"],
)
async def test_one_secret_by_two_names(
    context: ProbeContext, monkeypatch: pytest.MonkeyPatch, secret: str, second: dict[str, object]
) -> None:
    """Who holds the first's secret was not issued separately: nothing is asked again, and it is not bad."""
    monkeypatch.setenv("SECOND_SECRET", secret)
    kind, reason, detail, connections = await _outcome(context, answering(answer(401)), second=second)
    assert (kind, reason, connections) == (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED, 1)
    assert detail.endswith("the second principal holds the same secret: it was not issued separately")


async def test_one_client_secret_by_two_names(context: ProbeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is shown to a token endpoint only."""
    monkeypatch.setenv("SECOND_SECRET", "first-s3cr3t")
    async with serving(TokenEndpoint().script) as endpoint, serving(answering(answer(401))) as server:
        auth, other = _client(endpoint.url(), "first"), _client(endpoint.url(), "second")
        outcome = await attempt(context, server.url(), auth=auth, second={"auth": other})
        assert server.connections == 1
    assert outcome.kind is OutcomeKind.NOT_MEASURED
    assert outcome.detail.endswith("it was not issued separately")
