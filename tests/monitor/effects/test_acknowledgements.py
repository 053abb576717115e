"""Who acknowledged is asked for while something fires, told once, and asked for anew after a restart."""

import pytest

from monitor.acknowledgements import AT_A_TIME, Acknowledgements, Hearing, askers_of, telling
from monitor.errors import DeliveryFailed, PageLost
from monitor.model.page import Page
from monitor.model.record import AuditEntry
from monitor.model.told import Acknowledgement, Reach
from monitor.reached import ReachBook
from tests.support.channels import ScriptedChannel
from tests.support.clock import START, ManualClock
from tests.support.pages import page

ANNA = Acknowledgement("Anna", START, "pager")


NOBODY = Hearing(lambda _page, _found: None, lambda _page, _channel: None)


class AskedChannel(ScriptedChannel):
    """A provider that can be asked. `answers` holds, by dedup key, who acknowledged, or how asking fails."""

    def __init__(self, *, can_ask: bool = True) -> None:
        super().__init__()
        self.can_ask = can_ask
        self.answers: dict[str, Acknowledgement | Exception] = {}
        self.asked: list[Page] = []

    async def acknowledgement(self, page: Page) -> Acknowledgement | None:
        """Answer as set."""
        self.asked.append(page)
        found = self.answers.get(page.dedup_key)
        if isinstance(found, Exception):
            raise found
        return found


class World:
    """A book, a channel, and who is told."""

    def __init__(self, *pages: Page) -> None:
        self.clock = ManualClock()
        self.book = ReachBook(self.clock)
        self.channel = AskedChannel()
        self.noted: list[tuple[AuditEntry, str | None]] = []
        self.renewed = 0
        for one in pages:
            self.book.put(one, "pager")
            self.book.took(one, "pager")
            self.book.reached(one, "pager", Reach.TOLD)
        self.lost: list[Page] = []
        heard = telling(self.book, self._note, self._renew, self.clock)
        hearing = Hearing(heard, lambda page, _: self.lost.append(page))
        self.asker = Acknowledgements("pager", self.channel, self.book, hearing)

    def _note(self, entry: AuditEntry, platform: str | None) -> None:
        self.noted.append((entry, platform))

    def _renew(self) -> None:
        self.renewed += 1


async def test_it_is_told_once() -> None:
    """To the book, the audit and whoever shows it; then that page is not asked for any more."""
    one, other = page("a"), page("b", number=1)
    world = World(one, other)
    world.channel.answers["a"] = ANNA
    await world.asker.ask()
    await world.asker.ask()
    assert world.book.acknowledgement("a") == ANNA
    assert [each.dedup_key for each in world.channel.asked] == ["b", "a", "b"]
    ((entry, platform),) = world.noted
    assert (entry.kind, entry.actor, platform) == ("page_acknowledged", "channel/pager", "payments")
    assert entry.body == {"dedup_key": "a", "by": "Anna", "at": START.isoformat()}
    assert world.renewed == 1


async def test_what_fires_in_masses_is_asked_for_a_part_at_a_time_newest_first() -> None:
    """A provider allows so many requests; what is newest matters most."""
    world = World(*(page(f"k{number}", number=number) for number in range(AT_A_TIME + 30)))
    await world.asker.ask()
    assert len(world.channel.asked) == AT_A_TIME
    assert world.channel.asked[0].dedup_key == f"k{AT_A_TIME + 29}"


@pytest.mark.parametrize("fault", [DeliveryFailed("answered 429"), TypeError("s3cret")])
async def test_that_it_cannot_be_found_out_is_said_once(fault: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """It ends the round, and changes nothing else; no message of a fault of ours is shown."""
    world = World(page("a"))
    world.channel.answers["a"] = fault
    with caplog.at_level("INFO", "glasswatch.outbox"):
        await world.asker.ask()
        await world.asker.ask()
        del world.channel.answers["a"]
        await world.asker.ask()
    assert caplog.messages == ["acknowledgements_not_read", "acknowledgements_read"]
    assert "s3cret" not in caplog.text
    assert world.noted == []


async def test_what_is_lost_is_sent_again_ever_less_often(caplog: pytest.LogCaptureFixture) -> None:
    """Not at the first look, when it may not be there yet; and others are asked for all the same."""
    one, other = page("a"), page("b", number=-1)
    world = World(one, other)
    world.channel.answers |= {"a": PageLost("nothing"), "b": ANNA}
    found = []
    for _ in range(16):
        await world.asker.ask()
        found.append(len(world.lost))
    assert found == [0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 4]
    assert set(world.lost) == {one}
    assert world.book.acknowledgement("b") == ANNA
    assert caplog.messages.count("page_lost") == 4
    del world.channel.answers["a"]
    await world.asker.ask()
    world.channel.answers["a"] = PageLost("nothing")
    await world.asker.ask()
    assert len(world.lost) == 4


def test_only_channels_that_can_be_asked_are() -> None:
    """Neither one without a token, nor one whose provider knows nothing of it."""
    channels = {"a": AskedChannel(), "b": AskedChannel(can_ask=False), "c": ScriptedChannel()}
    found = askers_of(channels, ReachBook(ManualClock()), NOBODY)
    assert [asker._name for asker in found] == ["a"]
