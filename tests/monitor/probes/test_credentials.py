"""Our own credentials: where they go, what their refusal means, and that nobody sees them."""

from pathlib import Path

import pytest

from glasswatch.secrets import SecretReference
from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason
from monitor.probes.context import ProbeContext
from tests.servers.http import OK, answer, answering
from tests.servers.raw import Talk, serving
from tests.support.probing import attempt, http_probe

_SECRET = "Bearer s3cr3t-t0k3n"
_HEADERS = {"X-Portal-Key": {"env": "PORTAL_TOKEN"}, "X-Open": "1"}


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_TOKEN", _SECRET)


def _seen(outcome: Outcome) -> bool:
    return "s3cr3t" in repr(outcome)


async def test_a_credential_is_sent(context: ProbeContext) -> None:
    """The header holds what the reference leads to."""
    heads: list[bytes] = []
    async with serving(answering(OK, keeps=heads)) as server:
        outcome = await attempt(context, server.url(), headers=_HEADERS)
    assert outcome.is_good
    assert b"X-Portal-Key: Bearer s3cr3t-t0k3n\r\n" in heads[0]
    assert not _seen(outcome)


@pytest.mark.parametrize("status", [401, 403])
async def test_its_refusal_measures_nothing(context: ProbeContext, status: int) -> None:
    """A credential that is refused says nothing about the platform."""
    async with serving(answering(answer(status, _SECRET.encode()))) as server:
        outcome = await attempt(context, server.url(), headers=_HEADERS)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED)
    assert not _seen(outcome)


async def test_a_refusal_that_is_listed_is_expected(context: ProbeContext) -> None:
    """Where 401 is expected it is good."""
    async with serving(answering(answer(401))) as server:
        outcome = await attempt(context, server.url(), headers=_HEADERS, expect={"status": [401]})
    assert outcome.is_good


async def test_a_refusal_without_a_credential_is_bad(context: ProbeContext) -> None:
    """Where we sent none, 401 is a status like any other."""
    async with serving(answering(answer(401))) as server:
        outcome = await attempt(context, server.url())
    assert (outcome.kind, outcome.reason) == (OutcomeKind.BAD, Reason.STATUS)


async def test_a_refusal_elsewhere_is_bad(context: ProbeContext) -> None:
    """After a redirect to another origin, which saw no credential, 401 is not about ours."""
    heads: list[bytes] = []
    async with serving(answering(answer(401), keeps=heads)) as elsewhere:
        home = answering(answer(302, headers=[("Location", elsewhere.url())]))
        async with serving(home) as server:
            outcome = await attempt(context, server.url(), headers=_HEADERS, follow_redirects="1")
    assert (outcome.kind, outcome.reason) == (OutcomeKind.BAD, Reason.STATUS)
    assert b"s3cr3t" not in heads[0]
    assert b"X-Open: 1" in heads[0]


async def test_too_many_requests(context: ProbeContext) -> None:
    """429 is not measured."""
    async with serving(answering(answer(429, headers=[("Retry-After", "7")]))) as server:
        outcome = await attempt(context, server.url(), headers=_HEADERS)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.RATE_LIMITED)


async def test_an_unset_secret(context: ProbeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent, and the detail names the reference."""
    monkeypatch.delenv("PORTAL_TOKEN")
    async with serving(answering(OK)) as server:
        outcome = await attempt(context, server.url(), headers=_HEADERS)
        assert server.connections == 0
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.SECRET_UNAVAILABLE)
    assert "PORTAL_TOKEN" in outcome.detail


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "tökén", " a", "a\t"])
async def test_a_secret_that_no_header_can_carry(
    context: ProbeContext, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """A secret can't smuggle a header; it is not repeated either."""
    monkeypatch.setenv("PORTAL_TOKEN", value)
    async with serving(answering(OK)) as server:
        outcome = await attempt(context, server.url(), headers=_HEADERS)
        assert server.connections == 0
    assert outcome.reason is Reason.SECRET_UNAVAILABLE
    assert outcome.detail == "secret from environment variable PORTAL_TOKEN: it is not text that a header can carry"


async def test_a_refused_credential_is_read_anew(context: ProbeContext, tmp_path: Path) -> None:
    """After a refusal the next attempt runs the command again, and works with what it prints then."""
    program, count = tmp_path / "program", tmp_path / "runs"
    program.write_text(f"#!/bin/sh\necho run >> {count}\necho token$(wc -l < {count} | tr -d ' ')\n")
    program.chmod(0o700)
    reference = SecretReference(command=(str(program),))

    async def second_only(talk: Talk) -> None:
        head = await talk.head()
        await talk.say(OK if b"token2" in head else answer(401))

    async with serving(second_only) as server:
        probe = http_probe(context, server.url(), headers={"X-Key": reference})
        first, second, third = [await probe.attempt(Attempt.SCHEDULED) for _ in range(3)]
    assert first.reason is Reason.CREDENTIALS_REFUSED
    assert second.is_good
    assert third.is_good
    assert count.read_text().count("run") == 2
