"""The Alertmanager channel: what every instance is told, against servers that behave and misbehave."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.channels.alertmanager import Alertmanager, make
from monitor.channels.context import ChannelContext
from monitor.errors import DeliveryFailed
from monitor.model.page import Page, PageKind, PageStatus
from monitor.settings.channels import AlertmanagerSettings
from tests.support.clock import START, ManualClock
from tests.support.pages import CONTEXT, page
from tests.support.receiver import Answer, Close, Hang, receiving
from tests.support.tls import Authority

RESOLVED = page(status=PageStatus.RESOLVED, at=START + timedelta(minutes=3))


def channel(*urls: str, clock: ManualClock | None = None, **more: object) -> Alertmanager:
    """Return a channel to these instances."""
    settings = AlertmanagerSettings.model_validate({"urls": urls, **more})
    return make("am", settings, ChannelContext(clock or ManualClock(), lambda _: CONTEXT))


def at(alert: Mapping[str, Any], name: str) -> datetime:
    """Return one of an alert's instants."""
    return datetime.fromisoformat(alert[name])


async def test_a_page_is_an_alert_with_stable_labels() -> None:
    """Labels hold what stays the same; what people read are annotations; it ends by itself in five minutes."""
    async with receiving() as receiver:
        assert await channel(receiver.url).send(page(), 1) == "1 of 1 took it"

    (got,) = receiver.received
    assert (got.method, got.target) == ("POST", "/api/v2/alerts")
    (alert,) = got.json()
    assert alert["labels"] == {
        "alertname": "GlasswatchOutage",
        "deployment": "prod",
        "platform": "payments",
        "kind": "outage",
        "severity": "page",
        "dedup_key": "prod/payments/outage/1",
    }
    assert alert["annotations"]["summary"] == "PAGE prod/payments: sign_in is down"
    assert "May I break the glass? Yes" in alert["annotations"]["description"]
    assert alert["annotations"]["runbook_url"] == CONTEXT.procedure_url
    assert (at(alert, "startsAt"), at(alert, "endsAt")) == (START, START + timedelta(minutes=5))


async def test_labels_never_change_with_the_text() -> None:
    """Whatever a page says, and whenever it is sent, it stays the same alert."""
    other = replace(page(number=7), summary="x", reason="y", unrecorded=True, critical=True)
    async with receiving() as receiver:
        clock = ManualClock()
        alertmanager = channel(receiver.url, clock=clock)
        await alertmanager.send(page(), 1)
        clock.advance(3600)
        await alertmanager.send(other, 2)

    first, second = (got.json()[0] for got in receiver.received)
    assert first["labels"] == second["labels"]
    assert first["annotations"] != second["annotations"]


async def test_what_is_over_ends_when_that_was_decided_under_any_severity() -> None:
    """The end is set, to the same instant however late it is sent, for whatever severity it fired under."""
    clock = ManualClock(RESOLVED.decided_at + timedelta(hours=1))
    async with receiving() as receiver:
        await channel(receiver.url, clock=clock).send(RESOLVED, 1)

    alerts = receiver.received[0].json()
    assert [alert["labels"]["severity"] for alert in alerts] == ["page", "ticket"]
    assert {at(alert, "endsAt") for alert in alerts} == {RESOLVED.decided_at}


async def test_every_instance_is_told_and_one_is_enough() -> None:
    """A page counts as taken where one instance took it; the receipt names who didn't."""
    async with receiving() as well, receiving(default=Answer(500)) as sick:
        receipt = await channel(well.url, sick.url).send(page(), 1)

    assert receipt == f"1 of 2 took it; am: {sick.url} answered 500"
    assert len(well.received) == len(sick.received) == 1


async def test_one_that_hangs_does_not_hold_up_the_other() -> None:
    """They are told side by side."""
    async with receiving(default=Hang()) as stuck, receiving() as well:
        receipt = await channel(stuck.url, well.url, timeout="500ms").send(page(), 1)

    assert receipt == f"1 of 2 took it; am: {stuck.url} did not answer within 0.5 s"


@pytest.mark.parametrize(("statuses", "is_permanent"), [((500, 400), False), ((400, 400), True), ((503, 429), False)])
async def test_nobody_took_it(statuses: tuple[int, int], *, is_permanent: bool) -> None:
    """It is refused for good only where every instance says so."""
    async with receiving(default=Answer(statuses[0])) as one, receiving(default=Answer(statuses[1])) as two:
        with pytest.raises(DeliveryFailed, match=rf"answered {statuses[0]}; .* answered {statuses[1]}") as caught:
            await channel(one.url, two.url).send(page(), 1)

    assert caught.value.is_permanent is is_permanent


async def test_upholding_tells_all_at_once_and_moves_the_end() -> None:
    """One request an instance for everything that fires, each with a later end and the same start."""
    clock = ManualClock()
    pages = [page(f"prod/payments/outage/{number}") for number in range(3)]
    async with receiving() as receiver:
        alertmanager = channel(receiver.url, clock=clock)
        clock.advance(60)
        await alertmanager.uphold(pages)

    (got,) = receiver.received
    assert [alert["labels"]["dedup_key"] for alert in got.json()] == [one.dedup_key for one in pages]
    assert {at(alert, "endsAt") for alert in got.json()} == {START + timedelta(minutes=6)}
    assert {at(alert, "startsAt") for alert in got.json()} == {START}


async def test_upholding_says_who_was_not_reached() -> None:
    """The others were told all the same."""
    async with receiving() as well, receiving(default=Close()) as gone:
        with pytest.raises(DeliveryFailed, match=gone.url):
            await channel(gone.url, well.url).uphold([page()])

    assert len(well.received) == 1


def test_what_is_upheld() -> None:
    """What fires, without end; what is over, until every instance would have let it lapse."""
    clock = ManualClock(RESOLVED.decided_at)
    alertmanager = channel("http://127.0.0.1:1", clock=clock)

    def upheld(one: Page) -> bool:
        return alertmanager.is_upheld(one)

    assert (upheld(page()), upheld(RESOLVED)) == (True, True)
    clock.advance(timedelta(minutes=5))
    assert (upheld(page()), upheld(RESOLVED)) == (True, False)


async def test_tickets_are_told_apart_by_a_label() -> None:
    """People route by it."""
    async with receiving() as receiver:
        await channel(receiver.url).send(page(kind=PageKind.TLS_EXPIRY), 1)

    labels = receiver.received[0].json()[0]["labels"]
    assert (labels["alertname"], labels["severity"]) == ("GlasswatchTlsExpiry", "ticket")


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        ({"bearer": {"env": "AM_SECRET"}}, "Bearer s3cret"),
        ({"basic": {"user": "anna", "password": {"env": "AM_SECRET"}}}, "Basic YW5uYTpzM2NyZXQ="),
    ],
)
async def test_credentials_are_sent_and_never_told(
    auth: dict[str, object], header: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the header alone; a refusal names neither."""
    monkeypatch.setenv("AM_SECRET", "s3cret")
    async with receiving(default=Answer(401)) as receiver:
        with pytest.raises(DeliveryFailed) as caught:
            await channel(f"{receiver.url}/team-secret", auth=auth).send(page(), 1)

    assert receiver.received[0].headers["authorization"] == header
    assert receiver.received[0].target == "/team-secret/api/v2/alerts"
    assert str(caught.value) == f"am: {receiver.url} answered 401"


async def test_an_own_authority_is_trusted(tmp_path: Path) -> None:
    """TLS with a CA of one's own."""
    authority = Authority(tmp_path)
    async with receiving(tls=authority.issue("localhost").context()) as receiver:
        url = f"https://localhost:{receiver.port}"
        await channel(url, tls={"ca_file": authority.ca_file}).send(page(), 1)
        with pytest.raises(DeliveryFailed, match="is not trusted"):
            await channel(url).send(page(), 1)


@pytest.mark.parametrize(
    "given",
    [
        {"urls": []},
        {"urls": ["http://alertmanager.example.com:9093"]},
        {"urls": ["http://127.0.0.1:1", "http://127.0.0.1:1/"]},
        {"urls": ["http://127.0.0.1:1"], "resend_every": "2m"},
        {"urls": ["http://127.0.0.1:1"], "auth": {}},
    ],
    ids=["none", "plain beyond loopback", "twice", "lapses before it is sent again", "no credential"],
)
def test_settings_that_cannot_be_meant_are_refused(given: dict[str, object]) -> None:
    """Each with a sentence of its own."""
    with pytest.raises(ValueError, match="expected"):
        AlertmanagerSettings.model_validate(given)
