"""`auth`: what is sent, where, and what a refusal of it is worth."""

import logging
from base64 import b64encode

import pytest

from monitor.model.outcome import OutcomeKind, Reason
from monitor.probes import attempt as preparing
from monitor.probes.attempt import PREPARE_SECONDS
from monitor.probes.context import ProbeContext
from monitor.probes.tokens import WITHIN_SECONDS
from tests.servers.http import OK, answer, answering, silent
from tests.servers.raw import Talk, serving
from tests.servers.tokens import TokenEndpoint, refusal
from tests.support.probing import attempt

_SECRET = "s3cr3t+/pass word"


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBE_SECRET", _SECRET)


def _oauth2(url: str, **more: object) -> dict[str, object]:
    return {"oauth2": {"token_url": url, "client_id": "pro:be", "client_secret": {"env": "PROBE_SECRET"}, **more}}


async def test_a_bearer_token_is_sent(context: ProbeContext) -> None:
    """As RFC 6750 has it."""
    heads: list[bytes] = []
    async with serving(answering(OK, keeps=heads)) as server:
        assert (await attempt(context, server.url(), auth={"bearer": {"env": "PROBE_SECRET"}})).is_good
    assert f"\r\nAuthorization: Bearer {_SECRET}\r\n".encode() in heads[0]


async def test_user_and_password_are_sent(context: ProbeContext) -> None:
    """As RFC 7617 has it, in UTF-8."""
    heads: list[bytes] = []
    auth = {"basic": {"user": "jürgen", "password": {"env": "PROBE_SECRET"}}}
    async with serving(answering(OK, keeps=heads)) as server:
        assert (await attempt(context, server.url(), auth=auth)).is_good
    assert b"\r\nAuthorization: Basic " + b64encode(f"jürgen:{_SECRET}".encode()) + b"\r\n" in heads[0]


@pytest.mark.parametrize("form", ["bearer", "basic"])
@pytest.mark.parametrize("status", [401, 403])
async def test_its_refusal_measures_nothing(context: ProbeContext, form: str, status: int) -> None:
    """It is our own credential, in whichever form."""
    reference = {"env": "PROBE_SECRET"}
    auth = {form: {"user": "probe", "password": reference} if form == "basic" else reference}
    async with serving(answering(answer(status, _SECRET.encode()))) as server:
        outcome = await attempt(context, server.url(), auth=auth)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED)
    assert "s3cr3t" not in repr(outcome)


async def test_it_goes_to_the_configured_origin_only(context: ProbeContext) -> None:
    """A redirect elsewhere takes nothing along."""
    heads: list[bytes] = []
    async with serving(answering(OK, keeps=heads)) as elsewhere:
        away = answering(answer(302, headers=[("Location", elsewhere.url())]))
        async with serving(away) as server:
            auth = {"bearer": {"env": "PROBE_SECRET"}}
            outcome = await attempt(context, server.url(), auth=auth, follow_redirects="1")
    assert outcome.is_good
    assert b"uthorization" not in heads[0]


async def test_a_token_is_fetched_and_sent(context: ProbeContext) -> None:
    """Client and secret are encoded as in a form, then as a basic credential (RFC 6749, 2.3.1)."""
    heads: list[bytes] = []
    endpoint = TokenEndpoint()
    async with serving(endpoint.script) as issuer, serving(answering(OK, keeps=heads)) as server:
        auth = _oauth2(issuer.url("/token"), scope="a b", audience="https://api.example")
        assert (await attempt(context, server.url(), auth=auth)).is_good
    assert b"\r\nAuthorization: Bearer t0k3n1\r\n" in heads[0]
    assert endpoint.forms == [{"grant_type": "client_credentials", "scope": "a b", "audience": "https://api.example"}]
    assert b"Basic " + b64encode(b"pro%3Abe:s3cr3t%2B%2Fpass+word") in endpoint.heads[0]
    assert endpoint.heads[0].startswith(b"POST /token HTTP/1.1\r\n")


async def test_client_and_secret_in_the_form(context: ProbeContext) -> None:
    """For identity providers that read them nowhere else."""
    endpoint = TokenEndpoint()
    async with serving(endpoint.script) as issuer, serving(answering(OK)) as server:
        assert (await attempt(context, server.url(), auth=_oauth2(issuer.url(), auth_style="body"))).is_good
    assert endpoint.forms == [
        {"grant_type": "client_credentials", "client_id": "pro:be", "client_secret": _SECRET},
    ]
    assert b"uthorization" not in endpoint.heads[0]


@pytest.mark.parametrize(
    ("said", "reason", "words"),
    [
        (refusal("invalid_client", 401), Reason.CREDENTIALS_REFUSED, "status 401 (invalid_client): our own"),
        (refusal("invalid_grant"), Reason.CREDENTIALS_REFUSED, "status 400 (invalid_grant): our own"),
        (refusal("invalid_scope"), Reason.SECRET_UNAVAILABLE, "status 400 (invalid_scope)"),
        (refusal("leaked-by-idp"), Reason.SECRET_UNAVAILABLE, "status 400"),
        (answer(429), Reason.RATE_LIMITED, "status 429"),
        (answer(503, b"leaked-by-idp"), Reason.SECRET_UNAVAILABLE, "status 503"),
        (answer(302, headers=[("Location", "/leaked-by-idp")]), Reason.SECRET_UNAVAILABLE, "status 302"),
        (answer(200, b'{"access_token": "leaked-by-idp"}'), Reason.SECRET_UNAVAILABLE, "no token of the type Bearer"),
        (answer(200, b"x" * 70_000), Reason.SECRET_UNAVAILABLE, "the body is larger than allowed"),
        (b"leaked-by-idp\r\n\r\n", Reason.SECRET_UNAVAILABLE, "not valid HTTP"),
    ],
)
async def test_a_token_endpoint_never_makes_it_bad(
    context: ProbeContext, caplog: pytest.LogCaptureFixture, said: bytes, reason: Reason, words: str
) -> None:
    """It is not what is measured; nothing is sent to what is, and nothing of its answer is shown."""
    with caplog.at_level(logging.DEBUG):
        async with serving(TokenEndpoint(said=said).script) as issuer, serving(answering(OK)) as server:
            outcome = await attempt(context, server.url(), auth=_oauth2(issuer.url()))
            assert server.connections == 0
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, reason)
    assert words in outcome.detail
    assert outcome.detail.startswith("token from 127.0.0.1:")
    shown = repr(outcome) + "".join(str(vars(record)) for record in caplog.records)
    assert "s3cr3t" not in shown
    assert "leaked" not in shown


async def test_an_endpoint_that_is_not_there(context: ProbeContext) -> None:
    """The detail says why there is no token."""
    async with serving(silent) as gone:
        url = gone.url()
    outcome = await attempt(context, "http://127.0.0.1:9/", auth=_oauth2(url))
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.SECRET_UNAVAILABLE)
    assert "the connection was refused" in outcome.detail


async def test_an_endpoint_that_hangs_is_bounded(context: ProbeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """The attempt ends within its timeout and a second, and the target is not asked."""
    monkeypatch.setattr(preparing, "PREPARE_SECONDS", PREPARE_SECONDS)
    async with serving(TokenEndpoint(is_silent=True).script) as issuer, serving(answering(OK)) as server:
        outcome = await attempt(context, server.url(), auth=_oauth2(issuer.url()), timeout="100ms")
        assert server.connections == 0
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.SECRET_UNAVAILABLE)
    assert PREPARE_SECONDS < 1
    assert outcome.duration_seconds < WITHIN_SECONDS


async def test_the_time_for_a_token_is_not_the_attempts(context: ProbeContext) -> None:
    """A slow identity provider does not make the platform look slow."""

    async def slow(talk: Talk) -> None:
        await answering(after=2.2)(talk)
        await talk.say(answer(body=b'{"access_token": "t", "token_type": "bearer"}'))

    async with serving(slow) as issuer, serving(answering(OK)) as server:
        outcome = await attempt(context, server.url(), auth=_oauth2(issuer.url()), timeout="2s")
    assert outcome.is_good, outcome.detail
    assert outcome.duration_seconds < 2
