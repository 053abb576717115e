import base64
import json
from collections.abc import AsyncIterator

import pytest

from monitor.channels.webhook import signature
from monitor.demo.errors import SignatureRefused
from monitor.demo.receiver import Inbox, Received, Receiver, plain_words
from monitor.demo.signature import check, key_of
from platforms.http import ASGITransport, AsyncClient
from tests.support.clock import START, ManualClock

KEY = b"k" * 24
SECRET = "whsec_" + base64.b64encode(KEY).decode()
NOW = int(START.timestamp())
PAGE = {
    "kind": "outage",
    "severity": "page",
    "status": "firing",
    "platform": "payments",
    "dedup_key": "demo/payments/outage/1",
    "summary": "sign_in is down",
}


def _headers(body: bytes, *, page_id: str = "page-1", at: int = NOW, key: bytes = KEY) -> dict[str, str]:
    return {
        "webhook-id": page_id,
        "webhook-timestamp": str(at),
        "webhook-signature": signature(key, page_id, at, body),
    }


class Desk:
    """A receiver with a clock that stands still, and what it printed."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.printed: list[str] = []
        self.inbox = Inbox(self.printed.append)
        app = Receiver(KEY, self.inbox, self.clock).app()
        self.client = AsyncClient(transport=ASGITransport(app), base_url="http://pager")

    async def post(self, body: bytes, headers: dict[str, str]) -> int:
        """Return the status a page was answered with."""
        return (await self.client.post("/page", content=body, headers=headers)).status_code

    async def seen(self) -> dict[str, object]:
        """Return what `/pages` says."""
        data = json.loads((await self.client.get("/pages")).content)
        assert isinstance(data, dict)
        return data


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """A receiver at which nothing arrived yet."""
    made = Desk()
    async with made.client:
        yield made


async def test_a_signed_page_is_kept_and_printed_in_plain_words(desk: Desk) -> None:
    """What our own channel signs is taken."""
    body = json.dumps(PAGE).encode()
    assert await desk.post(body, _headers(body)) == 204
    desk.clock.advance(2.5)
    assert await desk.seen() == {
        "refused": 0,
        "pages": [
            {
                "id": "page-1",
                "arrived_at": "2026-03-01T03:00:00.000Z",
                "age_seconds": 2.5,
                "deliveries": 1,
                "page": PAGE,
            }
        ],
    }
    assert desk.printed == ["03:00:00  PAGE outage firing  payments: sign_in is down"]


async def test_a_repeat_is_counted_and_not_kept_again(desk: Desk) -> None:
    """At-least-once delivery ends here: one page, however often it came."""
    body = json.dumps(PAGE).encode()
    for _ in range(3):
        assert await desk.post(body, _headers(body)) == 204
    pages = (await desk.seen())["pages"]
    assert isinstance(pages, list)
    assert [page["deliveries"] for page in pages] == [3]
    assert len(desk.printed) == 1


async def test_a_pager_that_is_out_of_order_takes_nothing_until_it_is_mended(desk: Desk) -> None:
    """Pages that were not taken are not listed."""
    body = json.dumps(PAGE).encode()
    assert (await desk.client.put("/down")).status_code == 204
    broken, listed = await desk.post(body, _headers(body)), (await desk.seen())["pages"]
    assert (await desk.client.delete("/down")).status_code == 204
    assert (broken, listed, await desk.post(body, _headers(body))) == (503, [], 204)


def _without(name: str) -> dict[str, str]:
    return {key: value for key, value in _headers(b"{}").items() if key != name}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        _without("webhook-id"),
        _without("webhook-timestamp"),
        _without("webhook-signature"),
        _headers(b"{}", key=b"another key"),
        _headers(b"{ }"),
        _headers(b"{}", at=NOW - 301),
        _headers(b"{}", at=NOW + 301),
        {**_headers(b"{}"), "webhook-id": "another"},
        {**_headers(b"{}"), "webhook-timestamp": str(NOW + 1)},
        {**_headers(b"{}"), "webhook-timestamp": "now"},
        {**_headers(b"{}"), "webhook-timestamp": "-1"},
        {**_headers(b"{}"), "webhook-signature": _headers(b"{}")["webhook-signature"].replace("v1,", "v2,")},
        {**_headers(b"{}"), "webhook-signature": _headers(b"{}")["webhook-signature"].removeprefix("v1,")},
        {**_headers(b"{}"), "webhook-signature": "v1,"},
    ],
)
async def test_a_page_whose_signature_does_not_fit_is_refused(desk: Desk, headers: dict[str, str]) -> None:
    """Nothing is kept or printed of what was not signed with our secret, for this body, now."""
    assert await desk.post(b"{}", headers) == 401
    assert await desk.seen() == {"refused": 1, "pages": []}
    assert desk.printed == []


async def test_one_fitting_signature_among_several_is_enough(desk: Desk) -> None:
    """A sender that rotates its secret signs with both."""
    headers = _headers(b"{}")
    headers["webhook-signature"] = f"v1a,other v1,AAAA {headers['webhook-signature']}"
    assert await desk.post(b"{}", headers) == 204


async def test_a_signed_body_that_is_no_json_is_refused(desk: Desk) -> None:
    """A signature does not make nonsense a page."""
    assert await desk.post(b"{", _headers(b"{")) == 422


async def test_a_huge_body_is_refused_before_it_is_read(desk: Desk) -> None:
    """The receiver's memory is bounded."""
    body = b" " * (256 * 1024 + 1)
    assert await desk.post(body, _headers(body)) == 413


def test_the_oldest_page_goes_when_there_are_too_many() -> None:
    """A demo that runs for days keeps the last thousand."""
    inbox = Inbox(lambda _: None)
    for number in range(1001):
        inbox.take(f"page-{number}", {}, START, 0.0)
    pages = inbox.as_data(0.0)["pages"]
    assert isinstance(pages, list)
    assert (len(pages), pages[0]["id"]) == (1000, "page-1")


@pytest.mark.parametrize("body", [None, [], {}, {"kind": 1, "summary": {"a": 1}}, "text"])
def test_a_body_without_words_is_printed_all_the_same(body: object) -> None:
    """Whatever came is one line."""
    assert plain_words(Received("x", body, START, 0.0)) == "03:00:00  PAGE ? ?  ?: (no words)"


def test_control_characters_do_not_reach_the_terminal() -> None:
    """A page can't repaint the screen."""
    line = plain_words(Received("x", {**PAGE, "summary": "a\x1b[2Jb\nc"}, START, 0.0))
    assert line.endswith("payments: a [2Jb c")


def test_the_platform_is_named_once() -> None:
    """Also where a summary begins with it."""
    line = plain_words(Received("x", {**PAGE, "summary": "payments: the drill restore is due"}, START, 0.0))
    assert line.endswith("firing  payments: the drill restore is due")


def test_the_check_agrees_with_the_standards_own_example() -> None:
    """The published example of Standard Webhooks is accepted, and a changed one is not."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    at = START.fromtimestamp(1614265330, START.tzinfo)
    assert check(key_of(secret), headers, body, at) == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    with pytest.raises(SignatureRefused):
        check(key_of(secret), headers, body + b" ", at)


def test_a_secret_that_is_none_is_refused_without_being_shown() -> None:
    """The message holds nothing of the secret."""
    with pytest.raises(SignatureRefused) as refused:
        key_of("whsec_not base64!")
    assert str(refused.value) == "the secret is not whsec_ and base64"
    assert refused.value.__cause__ is None
