"""The webhook channel against a real HTTP server that behaves, misbehaves, and worse."""

import asyncio
import json
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from glasswatch.secrets import SecretReference
from monitor.channels.context import ChannelContext
from monitor.channels.webhook import Webhook, key_of, make, signature
from monitor.errors import DeliveryFailed
from monitor.model.verdict import FlagState
from monitor.rules.wording import body
from monitor.settings.paging import WebhookSettings
from tests.servers.raw import Talk, serving
from tests.support.clock import START, ManualClock
from tests.support.leaping import leap
from tests.support.pages import CONTEXT, page
from tests.support.receiver import (
    Answer,
    Behaviour,
    Close,
    Garbage,
    Hang,
    HugeBody,
    Receiver,
    Reset,
    SlowBody,
    receiving,
)
from tests.support.tls import Authority

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PATIENCE = timedelta(seconds=30)
HIDDEN = ("path-token", "query-token", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


@pytest.fixture
def secret(tmp_path: Path) -> SecretReference:
    """Return a reference to a file that holds the secret."""
    file = tmp_path / "secret"
    file.write_text(SECRET)
    file.chmod(0o600)
    return SecretReference(file=file)


def channel(url: str, secret: SecretReference | None = None, timeout: timedelta = PATIENCE) -> Webhook:
    """Return a channel to an address."""
    settings = WebhookSettings(url=url, secret=secret, timeout=timeout)
    return make("ops", settings, ChannelContext(ManualClock(), lambda _: CONTEXT))


def address(receiver: Receiver) -> str:
    """Return an address with secrets where people put them."""
    return f"{receiver.url}/path-token/hook?key=query-token"


async def failure(webhook: Webhook) -> DeliveryFailed:
    """Send a page that doesn't get through; return how it failed."""
    with pytest.raises(DeliveryFailed) as caught:
        await webhook.send(page(), 1)
    await webhook.aclose()
    return caught.value


def hides_everything(fault: DeliveryFailed, caplog: pytest.LogCaptureFixture) -> bool:
    """Whether a failure, its chain and the log hold no secret."""
    told = str(fault) + repr([record.getMessage() + repr(record.__dict__) for record in caplog.records])
    is_alone = fault.__cause__ is None and (fault.__suppress_context__ or fault.__context__ is None)
    return is_alone and not any(hidden in told for hidden in HIDDEN)


async def test_posts_the_page_signed(secret: SecretReference) -> None:
    """One POST: the body of the rules, the standard's three headers, no cookie, no compression asked for."""
    async with receiving() as receiver:
        webhook = channel(address(receiver), secret)
        assert await webhook.send(page(), 3) == "200"
        await webhook.aclose()

    (got,) = receiver.received
    assert (got.method, got.target) == ("POST", "/path-token/hook?key=query-token")
    assert got.json() == body(page(), CONTEXT)
    assert got.headers["webhook-id"] == page().id
    assert got.headers["webhook-timestamp"] == str(int(START.timestamp()))
    assert got.headers["webhook-signature"] == signature(key_of(SECRET), page().id, int(START.timestamp()), got.body)
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == receiver.url.removeprefix("http://")
    assert got.headers["accept-encoding"] == "identity"
    assert got.headers["glasswatch-attempt"] == "3"
    assert "cookie" not in got.headers


async def test_without_a_secret_nothing_is_signed() -> None:
    """Where no secret is set there is no signature, rather than a worthless one."""
    async with receiving() as receiver:
        await channel(receiver.url).send(page(), 1)

    assert "webhook-signature" not in receiver.received[0].headers


async def test_repeats_keep_the_id_and_renew_time_signature_and_what_is_true(secret: SecretReference) -> None:
    """A later try is the same message at another time, and says what is permitted then."""
    clock = ManualClock()
    now = [CONTEXT]
    async with receiving() as receiver:
        settings = WebhookSettings(url=receiver.url, secret=secret)
        webhook = make("ops", settings, ChannelContext(clock, lambda _: now[0]))
        await webhook.send(page(), 1)
        clock.advance(3600)
        now[0] = replace(CONTEXT, flag=FlagState.STANDBY)
        await webhook.send(page(), 2)
        await webhook.aclose()

    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 3600
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    assert [got.json()["break_glass"]["permitted"] for got in receiver.received] == [True, False]


@pytest.mark.parametrize(
    ("answer", "receipt"),
    [
        (Answer(202, b'{"id": "evt_7", "status": "ok"}'), "202 evt_7"),
        (Answer(204), "204"),
        (Answer(200, b'{"id": 7}'), "200"),
        (Answer(200, b"[" * 5000), "200"),
        (Answer(200, b"\xff\xfe not JSON"), "200"),
        (
            Answer(200, json.dumps({"id": "a\r\nb\u202e" + "c" * 500}).encode()),
            "200 a\\u000d\\u000ab\\u202e" + "c" * 80,
        ),
        (Answer(200, b"null"), "200"),
        (Garbage(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"), "200"),
        (Garbage(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\n"), "200"),
        (HugeBody(size=64 * 1024 * 1024), "200"),
        (SlowBody(201), "201"),
    ],
    ids=[
        "id",
        "empty",
        "id is a number",
        "nested deep",
        "not text",
        "id with control characters",
        "null",
        "body cut off",
        "body broken",
        "huge body",
        "endless body",
    ],
)
async def test_any_2xx_is_a_receipt(answer: Behaviour, receipt: str) -> None:
    """A page that was taken was taken, whatever follows the status line."""
    async with receiving(answer) as receiver:
        webhook = channel(receiver.url)
        async with asyncio.timeout(20):
            assert await webhook.send(page(), 1) == receipt
        await webhook.aclose()

    assert receiver.bytes_sent < 16 * 1024 * 1024


@pytest.mark.parametrize(
    ("behaviour", "words", "is_permanent"),
    [
        (Answer(500), "answered 500", False),
        (Answer(503), "answered 503", False),
        (Answer(429), "answered 429", False),
        (Answer(408), "answered 408", False),
        (Answer(400), "answered 400", True),
        (Answer(401), "answered 401", True),
        (Answer(404), "answered 404", True),
        (Answer(302, headers={"Location": "http://127.0.0.1:1/query-token"}), "answered 302", True),
        (Close(), "did not answer in HTTP, or broke off", False),
        (Reset(), "could not be reached: Connection reset by peer", False),
        (Garbage(), "did not answer in HTTP, or broke off", False),
        (Garbage(b"HTTP/1.1 2000 query-token\r\n\r\n"), "did not answer in HTTP, or broke off", False),
        (Garbage(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000), "did not answer in HTTP, or broke off", False),
        (SlowBody(500), "answered 500", False),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__ if value is not None else "",
)
async def test_failures_say_what_and_whether_to_go_on(
    behaviour: Behaviour,
    words: str,
    is_permanent: bool,  # noqa: FBT001 - a table
    secret: SecretReference,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each way of failing is one line with scheme, host and port; no secret in it, in its chain, or in any log."""
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, "glasswatch")
    async with receiving(behaviour) as receiver:
        fault = await failure(channel(address(receiver), secret))

    assert str(fault) == f"ops: {receiver.url} {words}"
    assert fault.is_permanent is is_permanent
    assert hides_everything(fault, caplog)


async def test_silence_ends_at_the_deadline(secret: SecretReference, caplog: pytest.LogCaptureFixture) -> None:
    """A provider that takes the page and says nothing is given up when its time is over, and tried again later."""
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, "glasswatch")
    async with receiving(Hang()) as receiver:
        failing = asyncio.create_task(failure(channel(address(receiver), secret)))
        await receiver.wait_for(1)
        leap(PATIENCE.total_seconds())
        fault = await failing

    assert str(fault) == f"ops: {receiver.url} did not answer within 30 s"
    assert not fault.is_permanent
    assert hides_everything(fault, caplog)


async def test_redirect_is_not_followed() -> None:
    """A page goes where the settings say and nowhere else."""
    async with receiving() as other, receiving(Answer(307, headers={"Location": other.url})) as receiver:
        await failure(channel(receiver.url))

        assert other.received == []


async def test_environment_proxies_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment sees no page."""
    async with receiving() as proxy, receiving() as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        webhook = channel(receiver.url)
        await webhook.send(page(), 1)
        await webhook.aclose()

        assert (len(receiver.received), len(proxy.received)) == (1, 0)


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), ("Sun, 01 Mar 2026 03:00:30 GMT", 30), ("soon", None)], ids=["s", "date", "junk"]
)
async def test_retry_after_is_handed_on(header: str, seconds: int | None) -> None:
    """The provider's wish to wait reaches the outbox, in either form."""
    async with receiving(Answer(429, headers={"Retry-After": header})) as receiver:
        fault = await failure(channel(receiver.url))

    assert fault.retry_after == (timedelta(seconds=seconds) if seconds else None)


async def test_nobody_listens() -> None:
    """A closed port is named as such."""
    async with receiving() as receiver:
        url = receiver.url
    fault = await failure(channel(url))

    assert str(fault) == f"ops: {url} could not be reached: Connection refused"


async def test_name_that_does_not_resolve() -> None:
    """A name nobody knows (RFC 2606) is named as such."""
    fault = await failure(channel("https://hooks.invalid/path-token?query-token"))

    assert str(fault) == "ops: https://hooks.invalid could not be found: its name does not resolve"


async def test_every_address_of_a_name_is_tried() -> None:
    """`localhost` may be IPv6 first: the server on IPv4 still gets the page, asked for by its name."""
    async with receiving() as receiver:
        webhook = channel(f"http://localhost:{receiver.port}/")
        await webhook.send(page(), 1)
        await webhook.aclose()

    assert receiver.received[0].headers["host"] == f"localhost:{receiver.port}"


async def test_many_tries_at_once_use_connections_of_their_own() -> None:
    """Sends don't wait for each other, nor for a connection of an earlier one."""
    async with receiving() as receiver:
        receiver.decide = lambda _, body: Hang() if b"hang" in body else None
        webhook = channel(receiver.url)
        stuck = asyncio.create_task(webhook.send(page("hang"), 1))
        await receiver.wait_for(1)
        for number in range(20):
            await webhook.send(page(f"key {number}"), 1)
        leap(PATIENCE.total_seconds())
        with pytest.raises(DeliveryFailed):
            await stuck
        await webhook.aclose()

    assert len(receiver.accepted) == 20


async def test_cancelled_send_ends_at_once() -> None:
    """Stopping doesn't wait for a provider."""
    async with receiving(Hang()) as receiver:
        webhook = channel(receiver.url)
        sending = asyncio.create_task(webhook.send(page(), 1))
        await receiver.wait_for(1)
        sending.cancel()
        async with asyncio.timeout(PATIENCE.total_seconds() / 2):
            with pytest.raises(asyncio.CancelledError):
                await sending
            await webhook.aclose()


def _gone(file: Path) -> None:
    file.unlink()


def _open_to_all(file: Path) -> None:
    file.chmod(0o644)


def _not_base64(file: Path) -> None:
    file.write_text("whsec_hunter2!")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_gone, "No such file or directory"),
        (_open_to_all, "everybody can read it; run: chmod o-rwx .*"),
        (_not_base64, "expected base64 after whsec_"),
    ],
)
async def test_secret_that_cannot_be_had(secret: SecretReference, spoil: Callable[[Path], None], words: str) -> None:
    """A page that can't be signed isn't sent; the failure may pass, names the reference and not the secret."""
    assert secret.file is not None
    spoil(secret.file)
    async with receiving() as receiver:
        fault = await failure(channel(receiver.url, secret))

        expected = f"ops: {receiver.url} not asked, the page can't be signed: secret from file {secret.file}: {words}"
        assert re.fullmatch(re.escape(expected.removesuffix(words)) + words, str(fault))
        assert not fault.is_permanent
        assert receiver.received == []


async def test_secret_is_read_once_and_anew_after_a_refusal(secret: SecretReference, tmp_path: Path) -> None:
    """A changed secret is taken up when the provider refuses the old one, without a restart."""
    assert secret.file is not None
    async with receiving(Answer(), Answer(), Answer(401), Answer()) as receiver:
        webhook = channel(receiver.url, secret)
        await webhook.send(page(), 1)
        secret.file.write_text("changed")
        await webhook.send(page(), 1)
        with pytest.raises(DeliveryFailed):
            await webhook.send(page(), 1)
        await webhook.send(page(), 2)
        await webhook.aclose()

    keys = [key_of(SECRET)] * 3 + [b"changed"]
    at = int(START.timestamp())
    expected = [signature(key, page().id, at, got.body) for key, got in zip(keys, receiver.received, strict=True)]
    assert [got.headers["webhook-signature"] for got in receiver.received] == expected


async def test_ca_file_that_cannot_be_used(tmp_path: Path) -> None:
    """A missing or wrong CA file is one line, and may be put right while the monitor runs."""
    for text, why in ((None, "No such file or directory"), ("junk", "it is not a PEM file of certificates")):
        ca_file = tmp_path / "ca.pem"
        if text:
            ca_file.write_text(text)
        settings = WebhookSettings.model_validate({"url": "https://127.0.0.1:9/x", "tls": {"ca_file": ca_file}})
        webhook = make("ops", settings, ChannelContext(ManualClock(), lambda _: CONTEXT))
        fault = await failure(webhook)

        assert str(fault) == f"ops: https://127.0.0.1:9 can't be verified: CA file {ca_file}: {why}"
        assert not fault.is_permanent


async def test_message_id_is_always_a_safe_header(secret: SecretReference) -> None:
    """An id that holds what ids never should breaks neither the header nor the signed text."""
    one = replace(page(), id="prod/ä.b\r\nx: y/firing/1")
    async with receiving() as receiver:
        webhook = channel(receiver.url, secret)
        await webhook.send(one, 1)
        await webhook.aclose()

    (got,) = receiver.received
    assert got.headers["webhook-id"] == "prod/%C3%A4%2Eb%0D%0Ax%3A%20y/firing/1"
    assert "x" not in got.headers


async def test_receiver_is_verified_by_its_name(tmp_path: Path) -> None:
    """With its own authority a receiver is trusted under the name asked for, whichever address answers for it."""
    authority = Authority(tmp_path)
    async with receiving(tls=authority.issue("localhost").context()) as receiver:
        url = f"https://localhost:{receiver.port}/path-token"
        settings = WebhookSettings.model_validate({"url": url, "tls": {"ca_file": authority.ca_file}})
        webhook = make("ops", settings, ChannelContext(ManualClock(), lambda _: CONTEXT))
        assert await webhook.send(page(), 1) == "200"
        await webhook.aclose()


async def test_receiver_that_cannot_be_verified_gets_no_page(tmp_path: Path) -> None:
    """Another authority, or another name: nothing is sent, and the reason is TLS's own."""
    authority = Authority(tmp_path)
    async with receiving(tls=authority.issue("other.example.com").context()) as receiver:
        url = f"https://localhost:{receiver.port}"
        trusting = WebhookSettings.model_validate({"url": url, "tls": {"ca_file": authority.ca_file}})
        faults = [
            str(await failure(make("ops", settings, ChannelContext(ManualClock(), lambda _: CONTEXT))))
            for settings in (WebhookSettings(url=url), trusting)
        ]

        assert receiver.received == []
    untrusted, misnamed = faults
    assert untrusted == f"ops: {url} is not trusted: unable to get local issuer certificate"
    assert misnamed.startswith(f"ops: {url} is not trusted: Hostname mismatch")


async def test_plain_http_behind_an_https_address() -> None:
    """A server without TLS is told as such, without a word of what it sent."""

    async def talking(talk: Talk) -> None:
        await talk.say(b"hunter2 \r\n" * 100)
        await talk.hang()

    async with serving(talking) as server:
        fault = await failure(channel(server.url().replace("http:", "https:")))

    assert re.fullmatch(r"ops: https://127\.0\.0\.1:\d+ failed in TLS: .*", str(fault))
    assert "hunter2" not in str(fault)
