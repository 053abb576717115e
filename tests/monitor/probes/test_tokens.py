"""Tokens: kept, renewed in time, shared, dropped, and never shown."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from glasswatch.errors import SecretUnavailable
from glasswatch.settings.auth import OAuth2Settings
from monitor.model.outcome import Attempt, Reason
from monitor.probes.context import ProbeContext
from monitor.probes.secrets import KeptSecrets
from monitor.probes.tokens import KeptTokens, Wanted
from monitor.probes.way import Way
from platforms.transport.reach import Network
from tests.servers.http import OK, answer, answering
from tests.servers.raw import RawServer, Talk, serving
from tests.servers.tokens import TokenEndpoint, refusal
from tests.support.clock import ManualClock
from tests.support.probing import http_probe
from tests.support.waiting import until


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBE_SECRET", "s3cr3t")


@pytest.fixture
def endpoint() -> TokenEndpoint:
    """What the issuer does."""
    return TokenEndpoint(expires_in=100)


@pytest.fixture
async def issuer(endpoint: TokenEndpoint) -> AsyncIterator[RawServer]:
    """A running token endpoint."""
    async with serving(endpoint.script) as server:
        yield server


@pytest.fixture
def clock() -> ManualClock:
    """A clock that only the test moves."""
    return ManualClock()


@pytest.fixture
def tokens(network: Network, clock: ManualClock) -> KeptTokens:
    """Nothing kept yet."""
    return KeptTokens(replace(network, clock=clock), KeptSecrets(clock))


def _wanted(issuer: RawServer) -> Wanted:
    made = {"token_url": issuer.url(), "client_id": "probe", "client_secret": {"env": "PROBE_SECRET"}}
    return Wanted(OAuth2Settings.model_validate(made), Way())


async def test_a_token_is_fetched_once_for_all(tokens: KeptTokens, issuer: RawServer, endpoint: TokenEndpoint) -> None:
    """Who asks meanwhile waits for the same request; settings are compared by value."""
    found = await asyncio.gather(*(tokens.get(_wanted(issuer)) for _ in range(20)))
    assert {*found, await tokens.get(_wanted(issuer))} == {"t0k3n1"}
    assert len(endpoint.forms) == 1


async def test_it_is_renewed_in_the_background(
    tokens: KeptTokens, issuer: RawServer, endpoint: TokenEndpoint, clock: ManualClock
) -> None:
    """In the last quarter of its life nobody waits: the old one serves until the new one is there."""
    await tokens.get(_wanted(issuer))
    clock.advance(74)
    assert await tokens.get(_wanted(issuer)) == "t0k3n1"
    assert len(endpoint.forms) == 1
    clock.advance(1)
    assert await tokens.get(_wanted(issuer)) == "t0k3n1"
    await until(lambda: len(endpoint.forms) == 2)
    async with asyncio.timeout(20):
        while await tokens.get(_wanted(issuer)) != "t0k3n2":  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.01)


async def test_a_renewal_that_fails_leaves_the_old_one(
    tokens: KeptTokens, issuer: RawServer, endpoint: TokenEndpoint, clock: ManualClock
) -> None:
    """It serves until shortly before its end; then there is none."""
    await tokens.get(_wanted(issuer))
    endpoint.said = answer(503)
    clock.advance(80)
    assert await tokens.get(_wanted(issuer)) == "t0k3n1"
    await until(lambda: len(endpoint.forms) == 2)
    clock.advance(9)
    assert await tokens.get(_wanted(issuer)) == "t0k3n1"
    clock.advance(1)
    with pytest.raises(SecretUnavailable):
        await tokens.get(_wanted(issuer))


async def test_a_refused_token_is_fetched_anew(tokens: KeptTokens, issuer: RawServer, endpoint: TokenEndpoint) -> None:
    """What is kept of it is dropped."""
    await tokens.get(_wanted(issuer))
    tokens.refused(_wanted(issuer))
    assert await tokens.get(_wanted(issuer)) == "t0k3n2"
    assert len(endpoint.forms) == 2


async def test_a_failure_is_not_kept(tokens: KeptTokens, issuer: RawServer, endpoint: TokenEndpoint) -> None:
    """The next who asks tries again."""
    endpoint.said = refusal("invalid_client", 401)
    with pytest.raises(SecretUnavailable, match="our own credential was refused"):
        await tokens.get(_wanted(issuer))
    endpoint.said = None
    assert await tokens.get(_wanted(issuer)) == "t0k3n2"


async def test_a_request_outlives_who_began_it(tokens: KeptTokens, issuer: RawServer, endpoint: TokenEndpoint) -> None:
    """So a slow endpoint costs one attempt, and not every one."""
    endpoint.gate = asyncio.Event()
    impatient = asyncio.create_task(tokens.get(_wanted(issuer)))
    await until(lambda: len(endpoint.forms) == 1)
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    endpoint.gate.set()
    assert await tokens.get(_wanted(issuer)) == "t0k3n1"
    assert len(endpoint.forms) == 1


async def test_the_platforms_refusal_drops_it(context: ProbeContext, issuer: RawServer) -> None:
    """A token that was revoked is replaced at the next attempt."""

    async def second_only(talk: Talk) -> None:
        await talk.say(OK if b"t0k3n2" in await talk.head() else answer(401))

    auth = {
        "oauth2": {"token_url": issuer.url(), "client_id": "probe", "client_secret": {"env": "PROBE_SECRET"}},
    }
    async with serving(second_only) as server:
        probe = http_probe(context, server.url(), auth=auth)
        first, second = [await probe.attempt(Attempt.SCHEDULED) for _ in range(2)]
    assert first.reason is Reason.CREDENTIALS_REFUSED
    assert second.is_good


async def test_probes_of_a_platform_share_it(context: ProbeContext, issuer: RawServer, endpoint: TokenEndpoint) -> None:
    """Ten probes with one client are one client to the identity provider."""
    auth = {
        "oauth2": {"token_url": issuer.url(), "client_id": "probe", "client_secret": {"env": "PROBE_SECRET"}},
    }
    async with serving(answering(OK)) as server:
        probes = [http_probe(context, server.url(f"/{number}"), auth=auth) for number in range(10)]
        outcomes = await asyncio.gather(*(probe.attempt(Attempt.SCHEDULED) for probe in probes))
    assert all(outcome.is_good for outcome in outcomes)
    assert len(endpoint.forms) == 1


async def test_what_is_wanted_does_not_show_secrets(issuer: RawServer) -> None:
    """It may stand in a message."""
    assert str(_wanted(issuer)) == f"token from 127.0.0.1:{issuer.port}"
