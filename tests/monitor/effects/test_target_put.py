"""The flag put to a real server: what arrives, what counts as taken, and every way in which a server can misbehave."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from glasswatch.errors import SecretUnavailable
from glasswatch.secrets import Secret, SecretReference
from monitor.errors import PublishFailed
from monitor.settings.publish import PutTargetSettings
from monitor.targets.context import TargetContext
from monitor.targets.put import PutTarget, make
from tests.servers.raw import Talk, serving
from tests.support.clock import ManualClock
from tests.support.leaping import leap
from tests.support.publishing import QUICK, SOON, document, publishing
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
from tests.support.tls import Authority, Certificate, authority, certificate, stranger
from tests.support.waiting import until

__all__ = ["authority", "certificate", "stranger"]

PLANTED = "hunter2-planted"
TOKEN = SecretReference(env="FLAGS_TOKEN")
KEY = SecretReference(env="FLAGS_KEY")


class FakeSecrets:
    """A `SecretSource` of made-up secrets that remembers what was refused."""

    def __init__(self, **kept: str) -> None:
        self.kept = {"FLAGS_TOKEN": f"{PLANTED}-token", "FLAGS_KEY": f"{PLANTED}-key", **kept}
        self.refusals: list[SecretReference] = []

    async def get(self, reference: SecretReference) -> Secret:
        """Return the secret."""
        value = self.kept.get(str(reference.env))
        if value is None:
            raise SecretUnavailable(f"secret from {reference}: it is not set")
        return Secret(value)

    def refused(self, reference: SecretReference) -> None:
        """Remember."""
        self.refusals.append(reference)


def target(url: str, secrets: FakeSecrets | None = None, **settings: Any) -> PutTarget:
    """Return a target as it is made from settings."""
    timeout = settings.pop("timeout", "30s")
    read = PutTargetSettings.model_validate({"put": url, "timeout": timeout, **settings})
    return make(read, TargetContext(ManualClock(), secrets or FakeSecrets()))


async def put(url: str, secrets: FakeSecrets | None = None, **settings: Any) -> None:
    """Put one document and let go."""
    made = target(url, secrets, **settings)
    try:
        await made.publish(document(7))
    finally:
        await made.aclose()


async def complaint(url: str, secrets: FakeSecrets | None = None, **settings: Any) -> str:
    """Return what is said of a document that can't be put."""
    with pytest.raises(PublishFailed) as caught:
        await put(url, secrets, **settings)
    assert PLANTED not in f"{caught.value} {caught.value!r} {caught.value.__cause__}"
    return str(caught.value)


async def test_the_document_arrives_as_it_is() -> None:
    """`PUT` of exactly its bytes, with its media type and version, to the platform's own address."""
    async with receiving(default=Answer(201)) as receiver:
        await put(f"{receiver.url}/flags/{{platform}}.jws?of={{platform}}")
    (got,) = receiver.received
    assert (got.method, got.target) == ("PUT", "/flags/payments.jws?of=payments")
    assert got.body == document(7).jws.encode()
    assert got.headers["content-type"] == "application/jose"
    assert got.headers["glasswatch-flag-ver"] == "7"
    assert got.headers["content-length"] == str(len(got.body))
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert "authorization" not in got.headers


async def test_a_token_and_headers_are_sent() -> None:
    """The token as a bearer's; other secrets, and text, where the settings put them."""
    headers = {"X-Api-Key": {"env": "FLAGS_KEY"}, "X-Amz-Acl": "public-read"}
    async with receiving() as receiver:
        await put(receiver.url, token={"env": "FLAGS_TOKEN"}, headers=headers)
    (got,) = receiver.received
    assert got.headers["authorization"] == f"Bearer {PLANTED}-token"
    assert (got.headers["x-api-key"], got.headers["x-amz-acl"]) == (f"{PLANTED}-key", "public-read")


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_success(status: int) -> None:
    """Whatever the server says besides."""
    async with receiving(default=Answer(status)) as receiver:
        await put(receiver.url)


@pytest.mark.parametrize("status", [300, 400, 401, 403, 404, 409, 412, 429, 500, 503])
async def test_any_other_status_is_a_failure(status: int) -> None:
    """It names the server and the status, not the path."""
    async with receiving(default=Answer(status, body=PLANTED.encode())) as receiver:
        said = await complaint(f"{receiver.url}/{PLANTED}?{PLANTED}", token={"env": "FLAGS_TOKEN"})
    assert said == f"{receiver.url} answered {status}"


async def test_a_redirect_is_not_followed() -> None:
    """Our credential goes nowhere but where the settings say."""
    async with receiving() as other:
        to = {"location": f"{other.url}/elsewhere"}
        async with receiving(default=Answer(307, headers=to)) as receiver:
            said = await complaint(receiver.url, token={"env": "FLAGS_TOKEN"})
        assert said == f"{receiver.url} answered 307"
        assert other.received == []


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (Reset(), "could not be reached: Connection reset by peer"),
        (Close(), "did not answer in HTTP, or broke off"),
        (Garbage(), "did not answer in HTTP, or broke off"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
async def test_a_server_that_misbehaves_is_a_failure(behaviour: Behaviour, said: str) -> None:
    """Each in words of ours."""
    async with receiving(default=behaviour) as receiver:
        assert await complaint(f"{receiver.url}/{PLANTED}") == f"{receiver.url} {said}"


@pytest.mark.parametrize("behaviour", [Hang(), Answer(delay=60)], ids=["never", "late"])
async def test_a_server_that_keeps_silent_is_a_failure(behaviour: Behaviour) -> None:
    """When its time is over."""
    async with receiving(default=behaviour) as receiver:
        complaining = asyncio.create_task(complaint(f"{receiver.url}/{PLANTED}"))
        await receiver.wait_for(1)
        leap(30)
        assert await complaining == f"{receiver.url} did not answer within 30 s"


@pytest.mark.parametrize("behaviour", [HugeBody(), SlowBody(), HugeBody(status=500), SlowBody(status=500)], ids=repr)
async def test_an_endless_answer_is_bounded(behaviour: HugeBody | SlowBody) -> None:
    """The status decides; what follows is read for a bounded time and size, and thrown away."""
    async with receiving(default=behaviour) as receiver, asyncio.timeout(20):
        if behaviour.status == 200:
            await put(receiver.url)
        else:
            assert await complaint(receiver.url) == f"{receiver.url} answered 500"
        assert receiver.bytes_sent < 16 * 1024 * 1024


async def test_nobody_listens() -> None:
    """The system's own reason."""
    async with receiving() as receiver:
        url = receiver.url
    assert await complaint(url) == f"{url} could not be reached: Connection refused"


async def test_a_secret_that_can_not_be_had_sends_nothing() -> None:
    """Nor one that no header can carry."""
    async with receiving() as receiver:
        said = await complaint(receiver.url, FakeSecrets(), token={"env": "MISSING"})
        assert said == "secret from environment variable MISSING: it is not set"
        said = await complaint(receiver.url, FakeSecrets(FLAGS_TOKEN=f"{PLANTED}\nx"), token={"env": "FLAGS_TOKEN"})
        assert said == "secret from environment variable FLAGS_TOKEN: it is not text that a header can carry"
        assert receiver.received == []


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_credential_is_read_anew(status: int) -> None:
    """All that were sent; after any other failure none."""
    secrets = FakeSecrets()
    async with receiving(Answer(status), Answer(500)) as receiver:
        for _ in range(2):
            await complaint(receiver.url, secrets, token={"env": "FLAGS_TOKEN"}, headers={"X": {"env": "FLAGS_KEY"}})
    assert secrets.refusals == [KEY, TOKEN]


async def test_tls_is_verified_by_the_authority_of_the_settings(certificate: Certificate, authority: Authority) -> None:
    """With it the flag is out."""
    async with receiving(tls=certificate.context()) as receiver:
        await put(receiver.url, tls={"ca_file": str(authority.ca_file)})
        assert len(receiver.received) == 1


async def test_a_stranger_gets_neither_flag_nor_token(certificate: Certificate, stranger: Authority) -> None:
    """Another authority's certificate, or one that the system does not know, is not trusted."""
    async with receiving(tls=certificate.context()) as receiver:
        for tls in ({"ca_file": str(stranger.ca_file)}, {}):
            said = await complaint(receiver.url, token={"env": "FLAGS_TOKEN"}, tls=tls)
            assert said.startswith(f"{receiver.url} is not trusted: ")
        assert receiver.received == []
    gc.collect()


async def test_a_missing_authority_is_told_and_tried_again(
    certificate: Certificate, authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is no reason not to start: the file may come."""
    late = tmp_path / "ca.pem"
    async with receiving(tls=certificate.context()) as receiver:
        made = target(receiver.url, tls={"ca_file": str(late)})
        assert [record.getMessage() for record in caplog.records] == ["target_not_ready"]
        with pytest.raises(PublishFailed, match=f"CA file {late}: No such file or directory$"):
            await made.publish(document(1))
        late.write_bytes(authority.ca_file.read_bytes())
        await made.publish(document(1))
        await made.aclose()


@asynccontextmanager
async def overlapping() -> AsyncIterator[tuple[str, list[str]]]:
    """Serve, and note when each connection begins and ends; the first is never answered."""
    seen: list[str] = []

    async def script(talk: Talk) -> None:
        number = sum(entry.startswith("begin") for entry in seen)
        seen.append(f"begin {number}")
        try:
            await talk.head()
            if number == 0:
                await talk.hang()
            else:
                await talk.say(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
                await talk.hang()
        finally:
            seen.append(f"end {number}")

    async with serving(script) as server:
        yield server.url("/x"), seen


async def test_the_next_document_is_sent_when_the_last_connection_is_closed() -> None:
    """A request that was given up is over on our side before the next one begins."""
    async with overlapping() as (url, seen):
        made = target(url)
        async with publishing(made) as publisher:
            publisher.submit(document(1))
            await until(lambda: seen == ["begin 0"])
            leap(30)
            assert await publisher.publish_now(document(2), SOON) == ()
            await until(lambda: len(seen) == 4)
        assert seen == ["begin 0", "end 0", "begin 1", "end 1"]


def versions(receiver: Receiver) -> list[int]:
    """Return the versions that were put, in order."""
    return [int(got.headers["glasswatch-flag-ver"]) for got in receiver.received]


async def test_versions_only_rise() -> None:
    """Whatever fails in between, no older version follows a newer one, and the last is there in the end."""
    script: list[Behaviour] = [Answer(500), Reset(), Answer(201), Close(), Answer(503), Garbage()]
    async with receiving(*script, default=Answer(201)) as receiver:
        async with publishing(target(receiver.url, timeout="20s"), pace=replace(QUICK, at_once=1)) as publisher:
            for ver in range(1, 30):
                publisher.submit(document(ver))
                await asyncio.sleep(0.002)
            assert await publisher.publish_now(document(30), SOON) == ()
        seen = versions(receiver)
        assert seen == sorted(seen)
        assert (receiver.received[-1].is_accepted, seen[-1]) == (True, 30)


async def test_a_platform_that_hangs_holds_up_no_other() -> None:
    """One address never answers; the others' flags arrive."""

    def decide(path: str, _body: bytes) -> Behaviour | None:
        return Hang() if path == "/payments" else None

    async with receiving() as receiver:
        receiver.decide = decide
        async with publishing(target(f"{receiver.url}/{{platform}}")) as publisher:
            publisher.submit(document(1, "payments"))
            for number in range(40):
                assert await publisher.publish_now(document(1, f"p{number}"), SOON / 2) == ()
            assert publisher.behind == {target(f"{receiver.url}/{{platform}}").name: 1}


async def test_no_descriptor_is_left_open() -> None:
    """Whatever happened on the way."""
    async with receiving(Answer(201), Reset(), Hang(), Garbage(), default=Answer(201)) as receiver:
        for number in range(5):
            putting = asyncio.create_task(put(receiver.url))
            await receiver.wait_for(number + 1)
            if isinstance(receiver.received[-1].behaviour, Hang):
                leap(30)
            with suppress(PublishFailed):
                await putting
        gc.collect()  # what was left open would complain now, and that is an error
        assert [got.method for got in receiver.received] == ["PUT"] * 5
