"""Tickets about credentials: once, also over restarts; on record before they go out; and at a monitor that runs."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from glasswatch.clock import SystemClock
from glasswatch.settings.load import load
from monitor.assembly import assemble
from monitor.credentials.tickets import PLACE, CredentialTickets, TicketContext
from monitor.errors import StoreUnavailable
from monitor.model.credential import Ending, EndSource, Held
from monitor.model.record import Delivery, RoutedPage
from monitor.parts import Assembly
from monitor.rules.drillcalendar import Here
from monitor.settings.root import MonitorSettings
from monitor.wire.answers import StatusAnswer
from tests.support.clock import START, ManualClock
from tests.support.face import asking
from tests.support.html import Reader
from tests.support.monitors import Home, Wanted, make_home
from tests.support.receiver import receiving
from tests.support.waiting import until

DAY = timedelta(days=1)
HELD = Held("flag.key", Ending(START + DAY, EndSource.TOKEN), is_readable=True)
RENEWED = replace(HELD, ending=Ending(START + 90 * DAY, EndSource.TOKEN))


@dataclass
class World:
    """A store, and what was told through one channel. `tickets` anew is a restart."""

    kept: dict[str, str] = field(default_factory=dict)
    recorded: list[Delivery] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    is_broken: bool = False
    is_trusted: bool = True

    async def place(self, watcher: str) -> str | None:
        """Return what was kept."""
        self._work()
        return self.kept.get(watcher)

    async def keep_place(self, watcher: str, at: str) -> None:
        """Keep it."""
        self._work()
        self.order.append("kept")
        self.kept[watcher] = at

    async def delivery(self, delivery: Delivery) -> None:
        """Record it."""
        self._work()
        self.order.append("recorded")
        self.recorded.append(delivery)

    def tickets(self) -> CredentialTickets:
        """Return what has people told."""
        here = Here("prod", "main")
        context = TicketContext(
            here, self, ManualClock(), lambda page: RoutedPage(page, ("ops",)), self._submit, lambda: self.is_trusted
        )
        return CredentialTickets(context)

    def _work(self) -> None:
        if self.is_broken:
            raise StoreUnavailable("broken")

    def _submit(self, routed: RoutedPage) -> None:
        self.order.append("told")
        self.told.append(routed.page.status)


async def test_it_is_told_once_and_is_over_after_a_restart_too() -> None:
    """On record with its delivery, then kept, then told; killed in between, it is never lost."""
    world = World()
    tickets = world.tickets()
    await tickets.look([HELD])
    await tickets.look([HELD])
    await world.tickets().look([HELD])
    assert (world.told, world.order) == (["firing"], ["recorded", "kept", "told"])
    assert [(each.page.kind, each.channel) for each in world.recorded] == [("credential_expiry", "ops")]
    await world.tickets().look([])
    await world.tickets().look([])
    assert world.told == ["firing", "resolved"]


async def test_while_the_store_is_gone_people_are_told_all_the_same() -> None:
    """Once; what fires is kept when it can be. What fires already isn't known before it was read."""
    world = World(is_broken=True)
    tickets = world.tickets()
    await tickets.look([HELD])
    assert world.told == []
    world.is_broken = False
    await tickets.look([])
    world.is_broken = True
    await tickets.look([HELD])
    await tickets.look([HELD])
    assert world.told == ["firing"]
    assert not world.kept
    world.is_broken = False
    await tickets.look([HELD])
    assert world.told == ["firing"]
    await world.tickets().look([RENEWED])
    assert world.told == ["firing", "resolved"]


async def test_by_a_clock_that_is_wrong_nothing_is_due_and_nothing_over() -> None:
    """It is told when the clock is believed."""
    world = World(is_trusted=False)
    await world.tickets().look([HELD])
    assert world.told == []
    world.is_trusted = True
    await world.tickets().look([HELD])
    world.is_trusted = False
    await world.tickets().look([RENEWED])
    assert world.told == ["firing"]


async def test_what_was_kept_and_is_damaged_is_begun_anew(caplog: pytest.LogCaptureFixture) -> None:
    """What fires still is told once more."""
    world = World({PLACE: "{"})
    await world.tickets().look([HELD])
    assert world.told == ["firing"]
    assert "credential_tickets_unreadable" in caplog.text


def _token(days: int) -> str:
    return jwt.encode({"exp": SystemClock().now() + days * DAY}, "k" * 32, algorithm="HS256")


async def _begun(home: Home) -> Assembly:
    parts = await assemble(load(home.config, MonitorSettings), SystemClock())
    await parts.outbox.start()
    await parts._credentials().look()
    return parts


async def test_a_monitor_tells_of_its_credentials_and_shows_them(tmp_path: Path) -> None:
    """A ticket through its channel, a line on the page and in the status, never the secret; over once it is renewed."""
    async with receiving() as server:
        wanted = Wanted(server.url, receiver=server.url, expects=", auth: {bearer: {file: token}}")
        home = make_home(tmp_path / "home", wanted)
        token = home.root / "token"
        token.touch(mode=0o600)
        token.write_text(_token(3))
        parts = await _begun(home)
        async with asking(parts.face) as client:
            page = (await client.get("/")).text
            status = StatusAnswer.model_validate_json((await client.get("/api/v1/status")).content)
        await until(lambda: len(server.received) == 1)
        await parts.close()
        place = "platforms.payments.probes.probe_sign_in.auth.bearer"
        assert [(each.credential, each.source, each.ended) for each in status.credentials] == [(place, "token", False)]
        assert "Credentials to look after" in page
        assert place in page
        token.unlink()
        parts = await _begun(home)
        async with asking(parts.face) as client:
            assert f"{place} " in Reader((await client.get("/")).text).text
            gone = StatusAnswer.model_validate_json((await client.get("/api/v1/status")).content).credentials
        await parts.close()
        assert [(each.ends, each.readable) for each in gone] == [(status.credentials[0].ends, False)]
        token.touch(mode=0o600)
        token.write_text(_token(90))
        parts = await _begun(home)
        async with asking(parts.face) as client:
            assert "Credentials to look after" not in (await client.get("/")).text
        await until(lambda: len(server.received) == 2)
        await parts.close()
        told = [each.body.decode() for each in server.received]
    assert [f"credential_expiry@main/{place}" in each and "eyJ" not in each for each in told] == [True, True]
    assert ["resolved" in each for each in told] == [False, True]
