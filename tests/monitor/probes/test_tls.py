"""The `tls` probe: which certificate is wrong, and why, and when they end; and nothing unverified is ever good."""

import asyncio
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from monitor.model.outcome import Attempt, Outcome, Warn
from monitor.probes.context import ProbeContext
from tests.servers import raw
from tests.servers.raw import Talk, serving
from tests.servers.starttls import answering, speaking
from tests.support.s_server import s_server
from tests.support.sockets import attempt, told
from tests.support.tls import Authority, Certificate

DAY = timedelta(days=1)
_PEM = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()


def _iso(certificate: Certificate | Authority) -> str:
    return f"{certificate.ends_at:%Y-%m-%dT%H:%M:%SZ}"


async def _outcome(context: ProbeContext, authority: Authority, shown: Certificate, **more: Any) -> Outcome:
    """Make one attempt at OpenSSL's server, asking for `localhost`."""
    async with s_server(shown) as port:
        return await _at(context, authority, port, **more)


async def _at(context: ProbeContext, authority: Authority, port: int, **more: Any) -> Outcome:
    tls = {"ca_file": str(authority.ca_file), **more.pop("tls", {})}
    return await attempt(context, "tls", port, tls=tls, **{"host": "localhost", **more})


async def test_a_handshake_that_holds(context: ProbeContext, authority: Authority) -> None:
    """Version, chain and its first end are told, and nothing else is connected to."""
    shown = authority.below(ends=40 * DAY).issue("localhost", ends=20 * DAY)
    outcome = await _outcome(context, authority, shown)
    assert told(outcome) == (
        "good",
        "ok",
        f"TLSv1.3, 3 certificates; the server's own certificate ends first, on {_iso(shown)}",
    )
    assert outcome.tls_expiry_at == shown.ends_at
    assert set(outcome.phases) == {"resolve", "connect", "tls"}
    assert outcome.warnings == ()


async def test_an_authority_that_ends_first(context: ProbeContext, authority: Authority) -> None:
    """The whole chain is looked at: what was accepted today is refused when any of it ends."""
    below = authority.below(ends=10 * DAY)
    outcome = await _outcome(context, authority, below.issue("localhost"), warn={"tls_days_left": 14})
    assert outcome.is_good
    assert outcome.detail.endswith(f"certificate 2 of the chain ends first, on {_iso(below)}")
    assert (outcome.tls_expiry_at, outcome.warnings) == (below.ends_at, (Warn.TLS_DAYS_LEFT,))


async def test_days_that_are_expected(context: ProbeContext, authority: Authority) -> None:
    """A certificate that ends too soon is bad where that is expected."""
    shown = authority.issue("localhost", ends=10 * DAY)
    outcome = await _outcome(context, authority, shown, expect={"days_left": 14}, warn={"tls_days_left": 30})
    assert told(outcome) == (
        "bad",
        "tls_failed",
        f"the server's own certificate ends first, on {_iso(shown)}: expected 14 days from now at least",
    )
    assert (outcome.tls_expiry_at, outcome.warnings) == (shown.ends_at, (Warn.TLS_DAYS_LEFT,))
    assert (await _outcome(context, authority, shown, expect={"days_left": 9})).is_good


async def _bad(context: ProbeContext, authority: Authority, shown: Certificate, **more: Any) -> str:
    outcome = await _outcome(context, authority, shown, **more)
    assert (outcome.kind, outcome.reason) == ("bad", "tls_failed")
    assert outcome.tls_expiry_at is not None
    assert outcome.detail.startswith("certificate not accepted: ")
    return outcome.detail.removeprefix("certificate not accepted: ")


async def test_an_expired_certificate(context: ProbeContext, authority: Authority) -> None:
    """Since when is said, and when it ended is told."""
    shown = authority.issue("localhost", starts=-9 * DAY, ends=-2 * DAY)
    outcome = await _outcome(context, authority, shown, warn={"tls_days_left": 14})
    assert told(outcome) == (
        "bad",
        "tls_failed",
        f"certificate not accepted: the server's own certificate has expired, on {_iso(shown)}",
    )
    assert (outcome.tls_expiry_at, outcome.warnings) == (shown.ends_at, (Warn.TLS_DAYS_LEFT,))


async def test_an_expired_authority(context: ProbeContext, authority: Authority) -> None:
    """It is the second of the chain that is wrong, not the server's own."""
    below = authority.below(ends=-DAY)
    said = await _bad(context, authority, below.issue("localhost"))
    assert said == f"certificate 2 of the chain has expired, on {_iso(below)}"


async def test_not_yet_valid(context: ProbeContext, authority: Authority) -> None:
    """From when on it is."""
    shown = authority.issue("localhost", starts=2 * DAY, ends=9 * DAY)
    said = await _bad(context, authority, shown)
    assert said == f"the server's own certificate is not valid before {shown.ends_at - 7 * DAY:%Y-%m-%dT%H:%M:%SZ}"


async def test_another_name(context: ProbeContext, authority: Authority) -> None:
    """The name that was asked for is said, the names it is for are not; also for an address."""
    shown = authority.issue("hunter2.example.com")
    assert await _bad(context, authority, shown) == "the server's own certificate is not for 'localhost'"
    said = await _bad(context, authority, shown, host="127.0.0.1")
    assert said == "the server's own certificate is not for '127.0.0.1'"
    said = await _bad(context, authority, shown, tls={"server_name": "portal.example.com"})
    assert said == "the server's own certificate is not for 'portal.example.com'"


async def test_an_unknown_authority(context: ProbeContext, authority: Authority, stranger: Authority) -> None:
    """Where its certificate wasn't sent, and where it was."""
    said = await _bad(context, authority, stranger.issue("localhost"))
    assert said == "the server's own certificate was issued by an authority that is not known here"
    said = await _bad(context, authority, stranger.below().issue("localhost"))
    assert said == "certificate 2 of the chain was issued by an authority that is not known here"


async def test_an_authority_that_was_not_sent(context: ProbeContext, authority: Authority) -> None:
    """The commonest of mistakes: the server forgets to send what lies between."""
    below = authority.below()
    below._shown = b""
    said = await _bad(context, authority, below.issue("localhost"))
    assert said == "the server's own certificate was issued by an authority that is not known here"


async def test_a_self_signed_certificate(context: ProbeContext, authority: Authority, tmp_path: Path) -> None:
    """By its own word alone."""
    lone = Authority(tmp_path, "localhost")
    shown = lone.issue("localhost")
    shutil.copy(lone.ca_file, shown.cert_file)
    key = lone._key.private_bytes(*_PEM)
    shown.key_file.write_bytes(key)
    assert await _bad(context, authority, shown) == "the server's own certificate is self-signed, and not trusted here"


async def test_several_things_at_once(context: ProbeContext, authority: Authority, stranger: Authority) -> None:
    """Everything is said, so that nobody mends one thing to meet the next."""
    shown = stranger.below().issue("portal.example.com", starts=-9 * DAY, ends=-2 * DAY)
    assert await _bad(context, authority, shown) == (
        f"the server's own certificate has expired, on {_iso(shown)}; "
        "certificate 2 of the chain was issued by an authority that is not known here"
    )
    below = authority.below(ends=-DAY)
    shown = below.issue("portal.example.com", starts=-9 * DAY, ends=-2 * DAY)
    assert await _bad(context, authority, shown) == (
        "the server's own certificate is not for 'localhost'; "
        f"the server's own certificate has expired, on {_iso(shown)}; "
        f"certificate 2 of the chain has expired, on {_iso(below)}"
    )


async def test_an_old_version(context: ProbeContext, authority: Authority) -> None:
    """What the server speaks is said where that is what is wrong."""
    shown = authority.issue("localhost")
    async with s_server(shown, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0") as port:
        outcome = await _at(context, authority, port)
        assert outcome.reason == "tls_failed"
        assert outcome.detail.endswith("; it speaks TLSv1.1")
        assert outcome.tls_expiry_at == shown.ends_at
    async with s_server(shown, "-tls1_2") as port:
        outcome = await _at(context, authority, port, tls={"min_version": "1.3"})
        assert outcome.detail.endswith("; it speaks TLSv1.2")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("kind", ["tls", "tcp"])
async def test_a_client_certificate_is_asked_for(
    context: ProbeContext, authority: Authority, stranger: Authority, version: str, kind: str
) -> None:
    """Without one it is bad, and said; one that is refused is not measured; one that is taken is good."""
    ours, wrong = authority.issue("probe"), stranger.issue("probe")
    asks = ("-CAfile", str(authority.ca_file), "-Verify", "1", "-verify_return_error", version)
    async with s_server(authority.issue("localhost"), *asks) as port:

        async def tried(client: Certificate | None) -> Outcome:
            tls = {"ca_file": str(authority.ca_file)}
            if client is not None:
                client.key_file.chmod(0o600)
                tls |= {"certificate": str(client.cert_file), "key": str(client.key_file)}
            return await attempt(context, kind, port, host="localhost", tls=tls)

        bare = await tried(None)
        assert (bare.kind, bare.reason) == ("bad", "tls_failed")
        assert "certificate" in bare.detail
        assert (await tried(wrong)).reason == "credentials_refused"
        assert (await tried(ours)).is_good


async def test_a_refused_certificate_and_one_asked_for(
    context: ProbeContext, authority: Authority, stranger: Authority
) -> None:
    """What the second look sees besides is said too."""
    asks = ("-CAfile", str(authority.ca_file), "-Verify", "1", "-verify_return_error")
    async with s_server(stranger.issue("localhost"), *asks) as port:
        outcome = await _at(context, authority, port)
    assert outcome.detail.endswith("is not known here; it asks for a client certificate")


async def test_the_second_look_sends_no_word_and_can_make_nothing_good(
    context: ProbeContext, authority: Authority, stranger: Authority
) -> None:
    """A server that shows a good certificate to the second comer only is as bad as before."""
    contexts = [stranger.issue("localhost").context(), authority.issue("localhost").context()]
    heard: list[bytes] = []

    async def script(talk: Talk) -> None:
        await talk.writer.start_tls(contexts.pop(0))
        heard.append(await talk.reader.read(1))

    async with serving(script) as server:
        outcome = await _at(context, authority, server.port)
        assert server.connections == 2
    assert (outcome.kind, outcome.reason) == ("bad", "tls_failed")
    assert outcome.detail.startswith("certificate not accepted: unable to get local issuer certificate")
    assert not any(heard)


async def test_a_second_look_that_hangs_changes_nothing(
    context: ProbeContext, authority: Authority, stranger: Authority
) -> None:
    """The attempt is worth what it was, and still ends in time."""
    first = True

    async def script(talk: Talk) -> None:
        nonlocal first
        if first:
            first = False
            await talk.writer.start_tls(stranger.issue("localhost").context())
        await talk.hang()

    async with serving(script) as server:
        outcome = await _at(context, authority, server.port, timeout="3s")
    assert (outcome.kind, outcome.reason) == ("bad", "tls_failed")
    assert outcome.detail.startswith("certificate not accepted: unable to get local issuer certificate")


async def test_a_second_look_that_is_refused_changes_nothing(
    context: ProbeContext, authority: Authority, stranger: Authority
) -> None:
    """So does one that is reset."""
    first = True

    async def script(talk: Talk) -> None:
        nonlocal first
        if not first:
            talk.reset()
            return
        first = False
        await talk.writer.start_tls(stranger.issue("localhost").context())

    async with serving(script) as server:
        outcome = await _at(context, authority, server.port)
    assert outcome.detail.startswith("certificate not accepted: unable to get local issuer certificate")


class _Spent:
    """`RequestBudget` of which nothing is left."""

    def take(self, why: Attempt) -> bool:
        """See `RequestBudget`."""
        return False

    def count(self) -> None:
        """See `RequestBudget`."""


async def test_a_second_look_is_a_request(context: ProbeContext, authority: Authority, stranger: Authority) -> None:
    """Where the platform may be asked no more, it isn't taken."""
    spare = replace(context, requests=_Spent())
    async with serving(raw.Talk.hang, stranger.issue("localhost").context()) as server:
        outcome = await _at(spare, authority, server.port)
    assert outcome.detail.startswith("certificate not accepted: unable to get local issuer certificate")
    assert outcome.tls_expiry_at is None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"220 hello\r\n", ("tls_failed", "the server did not answer in TLS")),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", ("tls_failed", "the server did not answer in TLS")),
        (b"\x15\x03\x01\x00\x02\x02\x28", ("tls_failed", "the server refused the handshake: no common cipher")),
        (b"", ("timeout", "no answer within 2 s, waiting for the TLS handshake")),
    ],
)
async def test_no_tls_at_all(context: ProbeContext, said: bytes, words: tuple[str, str]) -> None:
    """Another protocol, an alert, silence."""

    async def script(talk: Talk) -> None:
        await talk.say(said)
        await talk.hang()

    async with serving(script) as server:
        outcome = await attempt(context, "tls", server.port, timeout="2s" if not said else "10s")
    assert (outcome.reason, outcome.detail[: len(words[1])]) == words


async def test_after_starttls(context: ProbeContext, authority: Authority, stranger: Authority) -> None:
    """The words in clear come first, for both looks."""
    async with serving(speaking("smtp", authority.issue("localhost").context())) as server:
        outcome = await _at(context, authority, server.port, starttls="smtp")
    assert outcome.is_good
    shown = stranger.issue("localhost", starts=-9 * DAY, ends=-2 * DAY)
    async with serving(speaking("smtp", shown.context())) as server:
        outcome = await _at(context, authority, server.port, starttls="smtp")
        assert server.connections == 2
    assert f"the server's own certificate has expired, on {_iso(shown)}" in outcome.detail
    async with serving(answering("smtp", 2, b"454 no\r\n")) as server:
        outcome = await _at(context, authority, server.port, starttls="smtp")
        assert server.connections == 1
    assert outcome.reason == "answer"


async def test_the_systems_authorities(context: ProbeContext, stranger: Authority) -> None:
    """Without a file of one's own the second look asks the same authorities as the first."""
    async with s_server(stranger.issue("localhost")) as port:
        outcome = await attempt(context, "tls", port, host="localhost")
    assert told(outcome) == (
        "bad",
        "tls_failed",
        "certificate not accepted: the server's own certificate was issued by an authority that is not known here",
    )


async def test_authorities_that_cannot_be_read(context: ProbeContext, tmp_path: Path) -> None:
    """Our own fault, and nothing is connected to."""
    async with serving(raw.Talk.hang) as server:
        outcome = await attempt(context, "tls", server.port, tls={"ca_file": str(tmp_path / "missing.pem")})
        assert server.connections == 0
    assert (outcome.kind, outcome.reason) == ("not_measured", "own_fault")


async def test_a_server_that_never_ends_its_handshake(context: ProbeContext, authority: Authority) -> None:
    """Endless bytes end at the bound."""

    async def script(talk: Talk) -> None:
        record = b"\x16\x03\x03\x40\x00" + b"\x0b\xff\xff\xff" + bytes(0x4000 - 4)
        while True:
            await talk.say(record)
            await asyncio.sleep(0)

    async with serving(script) as server:
        outcome = await _at(context, authority, server.port)
    assert outcome.is_bad
    assert outcome.reason in ("tls_failed", "too_large", "connection_lost")
