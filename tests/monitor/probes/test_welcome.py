"""Servers that break off without a word about the client certificate: the same for every probe that shows one."""

import ssl
from typing import Any

import pytest

from monitor.model.outcome import Outcome
from monitor.probes.context import ProbeContext
from platforms.transport import conversation
from tests.servers import raw
from tests.servers.raw import Script, Talk, serving
from tests.support import probing, sockets
from tests.support.sockets import told
from tests.support.tls import Authority, Certificate

BROKE_OFF = "the server broke off right after TLS, as some refuse a client certificate"
VERSIONS = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What breaks off is waited for as long as it takes."""
    monkeypatch.setattr(conversation, "QUIET_SECONDS", 3600.0)


async def _tried(context: ProbeContext, kind: str, port: int, tls: dict[str, str], **more: Any) -> Outcome:
    if kind == "http":
        return await probing.attempt(
            context, f"https://127.0.0.1:{port}/", timeout="40s", interval="60s", tls=tls, **more
        )
    steps = {"steps": [{"expect": "^hello"}]} if kind == "steps" else {}
    return await sockets.attempt(
        context, "tcp" if steps else kind, port, timeout="40s", interval="60s", tls=tls, **steps
    )


def _asking(authority: Authority, version: ssl.TLSVersion) -> ssl.SSLContext:
    """Return what makes a server that asks for a certificate; asyncio's send no alert about a wrong one."""
    asking = authority.issue().context()
    asking.verify_mode = ssl.CERT_REQUIRED
    asking.load_verify_locations(authority.ca_file)
    asking.minimum_version = asking.maximum_version = version
    return asking


def _shown(certificate: Certificate) -> dict[str, str]:
    certificate.key_file.chmod(0o600)
    return {"certificate": str(certificate.cert_file), "key": str(certificate.key_file)}


@VERSIONS
@pytest.mark.parametrize("kind", ["http", "tls", "tcp", "steps"])
async def test_a_certificate_refused_without_an_alert(
    context: ProbeContext,
    authority: Authority,
    stranger: Authority,
    version: ssl.TLSVersion,
    kind: str,
) -> None:
    """It may be ours that is wrong: not measured. Where none is shown, it is the server that broke off."""
    tls = {"ca_file": str(authority.ca_file)}
    async with serving(raw.Talk.hang, _asking(authority, version)) as server:
        refused = await _tried(context, kind, server.port, tls | _shown(stranger.issue("probe")))
        bare = await _tried(context, kind, server.port, tls)
    assert told(refused) == ("not_measured", "credentials_refused", BROKE_OFF)
    assert (bare.kind, bare.reason) == ("bad", "connection_lost")


@VERSIONS
async def test_two_certificates_refused_without_an_alert(
    context: ProbeContext, authority: Authority, stranger: Authority, version: ssl.TLSVersion
) -> None:
    """A second one that was issued separately says that nobody gets in."""
    tls = {"ca_file": str(authority.ca_file), **_shown(stranger.issue("probe"))}
    second = {"tls": _shown(stranger.issue("other"))}
    async with serving(raw.Talk.hang, _asking(authority, version)) as server:
        outcome = await _tried(context, "http", server.port, tls, second=second)
    assert (outcome.kind, outcome.reason) == ("bad", "status")


async def _leaving(talk: Talk) -> None:
    talk.writer.close()


async def _resetting(talk: Talk) -> None:
    talk.reset()


@pytest.mark.parametrize("script", [_leaving, _resetting], ids=["closes", "resets"])
@pytest.mark.parametrize("kind", ["http", "tls", "tcp"])
async def test_a_server_that_leaves_after_the_handshake(
    context: ProbeContext, authority: Authority, certificate: Certificate, kind: str, script: Script
) -> None:
    """Nobody is served by it: bad. The certificates it showed are told where they are measured."""
    tls = {"ca_file": str(authority.ca_file)}
    async with serving(script, certificate.context()) as server:
        bare = await _tried(context, kind, server.port, tls)
        with_ours = await _tried(context, kind, server.port, tls | _shown(authority.issue("probe")))
    assert (bare.kind, bare.reason) == ("bad", "connection_lost")
    assert told(with_ours) == ("not_measured", "credentials_refused", BROKE_OFF)
    if kind != "http":
        assert bare.detail.endswith("right after the TLS handshake")
        assert bare.tls_expiry_at == certificate.ends_at


async def test_a_word_inside_tls_is_a_welcome(
    context: ProbeContext, authority: Authority, certificate: Certificate
) -> None:
    """Who was let in and is left then is not refused: bad."""

    async def greeting(talk: Talk) -> None:
        await talk.say(b"220 ")
        talk.writer.close()

    tls = {"ca_file": str(authority.ca_file), **_shown(authority.issue("probe"))}
    async with serving(greeting, certificate.context()) as server:
        outcome = await _tried(context, "steps", server.port, tls)
        silent = await _tried(context, "tcp", server.port, tls)
    assert (outcome.kind, outcome.reason) == ("bad", "answer")
    assert silent.is_good
