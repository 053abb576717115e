"""The PagerDuty channel against a service that checks every event by what PagerDuty publishes."""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.channels.context import ChannelContext
from monitor.channels.pagerduty import PagerDuty, make
from monitor.errors import DeliveryFailed, PageLost
from monitor.model.page import PageKind, PageStatus
from monitor.model.state import Outage
from monitor.model.told import Acknowledgement
from monitor.settings.channels import PagerDutySettings
from tests.support.clock import START, ManualClock
from tests.support.pagerduty import ROUTING_KEY, TICKET_KEY, TOKEN, pagerduty
from tests.support.pages import CONTEXT, page
from tests.support.receiver import Answer, Hang

OUTAGE = Outage("1", "payments", START - timedelta(seconds=10), START, ("sign_in",), ("portal",), "it is down")
FULL = replace(CONTEXT, outage=OUTAGE, status_page="https://status.example.com/")


def channel(settings: dict[str, object], **more: object) -> PagerDuty:
    """Return the channel that settings describe."""
    context = ChannelContext(ManualClock(), lambda _: FULL)
    return make("ops", PagerDutySettings.model_validate({**settings, **more}), context)


async def test_an_outage_triggers_with_all_that_a_person_needs(tmp_path: Path) -> None:
    """Our key, a severity that wakes, links, and the facts in the order in which people need them."""
    async with pagerduty(tmp_path) as (service, settings):
        pager = channel(dict(settings))
        assert await pager.send(page(), 1) == "202 prod/payments/outage/1"
        await pager.aclose()

    (event,) = service.events
    assert service.faults == []
    assert (event["routing_key"], event["event_action"]) == (ROUTING_KEY, "trigger")
    assert event["dedup_key"] == page().dedup_key
    assert (event["client"], event["client_url"]) == ("glasswatch prod", "https://status.example.com/")
    assert [link["text"] for link in event["links"]] == ["Break-glass procedure", "Status page of the monitor"]
    payload = event["payload"]
    assert (payload["summary"], payload["source"]) == ("sign_in is down", "prod/fra-1")
    assert (payload["severity"], payload["component"], payload["class"]) == ("critical", "payments", "outage")
    assert datetime.fromisoformat(payload["timestamp"]) == START
    details = payload["custom_details"]
    assert list(details)[:4] == ["Can't be done", "Since", "May I break the glass?", "Procedure"]
    assert details["What to do"] == CONTEXT.procedure_text


async def test_what_is_over_is_resolved_by_the_same_key(tmp_path: Path) -> None:
    """A resolve names the incident, and holds nothing that could be refused."""
    async with pagerduty(tmp_path) as (service, settings):
        pager = channel(dict(settings))
        await pager.send(page(), 1)
        await pager.send(page(status=PageStatus.RESOLVED), 1)

    assert service.incidents == {}
    assert set(service.events[1]) == {"routing_key", "event_action", "dedup_key"}


async def test_repeats_join_one_incident(tmp_path: Path) -> None:
    """However often it is tried, it is one incident."""
    async with pagerduty(tmp_path) as (service, settings):
        pager = channel(dict(settings))
        for attempt in (1, 2, 3):
            await pager.send(page(), attempt)

    assert len(service.incidents) == 1


async def test_tickets_are_quiet(tmp_path: Path) -> None:
    """A ticket has a severity that wakes nobody, and goes to the service for tickets where there is one."""
    ticket = page(kind=PageKind.DEGRADED)
    async with pagerduty(tmp_path) as (service, settings):
        await channel(dict(settings)).send(ticket, 1)
        quiet = channel(dict(settings), ticket_routing_key={"file": tmp_path / "ticket_key"})
        await quiet.send(ticket, 1)
        await quiet.send(page(), 1)
        await quiet.send(page(kind=PageKind.DEGRADED, status=PageStatus.RESOLVED), 1)

    told = [
        (each["routing_key"], each["event_action"], each.get("payload", {}).get("severity")) for each in service.events
    ]
    assert told == [
        (ROUTING_KEY, "trigger", "warning"),
        (TICKET_KEY, "trigger", "warning"),
        (ROUTING_KEY, "trigger", "critical"),
        (ROUTING_KEY, "resolve", None),
        (TICKET_KEY, "resolve", None),
    ]


async def test_long_texts_are_cut_to_what_is_taken(tmp_path: Path) -> None:
    """A page of any size is taken the first time; a long key stays one key, and another one stays another."""
    key = "prod/" + "x" * 400
    long = replace(page(key), summary="s" * 5000, reason="r" * 5000)
    async with pagerduty(tmp_path) as (service, settings):
        pager = channel(dict(settings))
        await pager.send(long, 1)
        await pager.send(replace(long, dedup_key=key + "y"), 1)
        await pager.send(replace(long, status=PageStatus.RESOLVED), 1)

    assert service.faults == []
    assert len(service.events[0]["payload"]["summary"]) == 1024
    assert len(service.incidents) == 1


async def test_a_page_that_is_refused_as_it_is_goes_once_more_without_details(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing in a page's details keeps anybody from being woken."""
    async with pagerduty(tmp_path) as (service, settings):
        service.refused_member = "links"
        assert await channel(dict(settings)).send(page(), 1) == "202 prod/payments/outage/1"

    (event,) = service.events
    assert set(event["payload"]) == {"summary", "source", "severity"}
    assert "page_sent_plain" in caplog.messages


@pytest.mark.parametrize(
    ("answer", "is_permanent", "wait"),
    [
        (Answer(429), False, 30),
        (Answer(429, headers={"retry-after": "7"}), False, 7),
        (Answer(500), False, None),
        (Answer(503, headers={"retry-after": "60"}), False, 60),
        (Answer(403), True, None),
        (Answer(301, headers={"location": "https://elsewhere.example.com/"}), True, None),
    ],
)
async def test_refusals_are_told_apart_by_its_rules(
    tmp_path: Path, answer: Answer, *, is_permanent: bool, wait: int | None
) -> None:
    """A 429 waits 30 s where it doesn't say how long; 5xx are tried again; others are refused for good."""
    async with pagerduty(tmp_path) as (service, settings):
        service.receiver.script.append(answer)
        with pytest.raises(DeliveryFailed) as caught:
            await channel(dict(settings)).send(page(), 1)

    fault = caught.value
    assert fault.is_permanent is is_permanent
    assert fault.retry_after == (timedelta(seconds=wait) if wait else None)


async def test_400_twice_is_refused_for_good(tmp_path: Path) -> None:
    """What is refused without its details as well can't be helped by trying again."""
    async with pagerduty(tmp_path) as (service, settings):
        service.receiver.script.extend([Answer(400), Answer(400)])
        with pytest.raises(DeliveryFailed) as caught:
            await channel(dict(settings)).send(page(), 1)

    assert caught.value.is_permanent


async def test_no_secret_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the integration key nor the token stands in a failure or in the log."""
    caplog.set_level(logging.DEBUG)
    async with pagerduty(tmp_path) as (service, settings):
        service.receiver.script.extend([Answer(500), Answer(403)])
        pager = channel(dict(settings), token={"file": tmp_path / "token"})
        with pytest.raises(DeliveryFailed) as sent:
            await pager.send(page(), 1)
        with pytest.raises(DeliveryFailed) as asked:
            await pager.acknowledgement(page())

    told = str(sent.value) + str(asked.value) + caplog.text
    assert ROUTING_KEY not in told
    assert TOKEN not in told


async def test_a_missing_key_is_not_refused_by_anybody(tmp_path: Path) -> None:
    """A secret that can't be read now may be there later: the page is tried again."""
    async with pagerduty(tmp_path) as (service, settings):
        (tmp_path / "routing_key").unlink()
        with pytest.raises(DeliveryFailed, match=r"not asked: secret from .*routing_key") as caught:
            await channel(dict(settings)).send(page(), 1)

    assert not caught.value.is_permanent
    assert service.receiver.received == []


async def test_hanging_ends_by_its_deadline(tmp_path: Path) -> None:
    """A service that takes the request and never answers holds a try for no longer than its timeout."""
    async with pagerduty(tmp_path) as (service, settings):
        service.receiver.script.append(Hang())
        with pytest.raises(DeliveryFailed, match=r"did not answer within 0\.5 s"):
            await channel(dict(settings), timeout="500ms").send(page(), 1)


async def test_who_acknowledged_is_read_back(tmp_path: Path) -> None:
    """By our key, from what is open, with the token; nobody before somebody does."""
    async with pagerduty(tmp_path) as (service, settings):
        pager = channel(dict(settings), token={"file": tmp_path / "token"})
        await pager.send(page(), 1)
        assert await pager.acknowledgement(page()) is None
        service.acknowledge(page().dedup_key, "Anna\u202e Schmidt", "2026-03-01T03:00:20Z")
        found = await pager.acknowledgement(page())

    at = datetime(2026, 3, 1, 3, 0, 20, tzinfo=UTC)
    assert found == Acknowledgement("Anna\\u202e Schmidt", at, "ops")
    asked = service.receiver.received[-1]
    assert asked.headers["authorization"] == f"Token token={TOKEN}"
    assert asked.headers["accept"] == "application/vnd.pagerduty+json;version=2"


@pytest.mark.parametrize(
    "body", [b"", b"null", b'{"incidents": 7}', b'{"incidents": [{"acknowledgements": [{"at": "x"}]}]}', b"[" * 9000]
)
async def test_nonsense_acknowledges_nothing(tmp_path: Path, body: bytes) -> None:
    """What can't be read is nobody's word."""
    async with pagerduty(tmp_path) as (service, settings):
        service.receiver.script.append(Answer(200, body))
        assert await channel(dict(settings), token={"file": tmp_path / "token"}).acknowledgement(page()) is None


async def test_what_it_took_and_knows_nothing_of_is_lost(tmp_path: Path) -> None:
    """A page that should wake somebody; a ticket may be suppressed on purpose, and what was resolved is known."""
    async with pagerduty(tmp_path) as (service, settings):
        pager = channel(dict(settings), token={"file": tmp_path / "token"})
        service.is_losing = True
        await pager.send(page(), 1)
        with pytest.raises(PageLost, match="knows no incident of prod/payments/outage/1"):
            await pager.acknowledgement(page())
        assert await pager.acknowledgement(page(kind=PageKind.DEGRADED)) is None
        service.is_losing = False
        await pager.send(page(), 2)
        assert await pager.acknowledgement(page()) is None
        service.incidents[page().dedup_key]["status"] = "resolved"
        assert await pager.acknowledgement(page()) is None


async def test_without_a_token_nobody_is_asked(tmp_path: Path) -> None:
    """Acknowledgements are read back only where the settings allow it."""
    async with pagerduty(tmp_path) as (service, settings):
        pager = channel(dict(settings))
        assert not pager.can_ask
        assert await pager.acknowledgement(page()) is None

    assert service.receiver.received == []


def test_regions_have_their_own_addresses() -> None:
    """The settings' region chooses both; an address of one's own goes before, and must be https."""
    key = {"env": "KEY"}
    europe = PagerDutySettings.model_validate({"routing_key": key, "region": "eu"})
    assert (europe.events, europe.api) == ("https://events.eu.pagerduty.com", "https://api.eu.pagerduty.com")
    usual = PagerDutySettings.model_validate({"routing_key": key})
    assert (usual.events, usual.api) == ("https://events.pagerduty.com", "https://api.pagerduty.com")
    with pytest.raises(ValueError, match="https"):
        PagerDutySettings.model_validate({"routing_key": key, "url": "http://127.0.0.1:1/"})
