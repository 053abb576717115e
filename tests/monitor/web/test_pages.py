"""The page from a running monitor: how often it is made, and what the store is asked for it."""

from collections.abc import Sequence
from dataclasses import replace

from monitor.model.record import OutageQuery
from monitor.model.state import Outage
from monitor.web.outages import LastOutages
from monitor.web.pages import Pages
from tests.support.clock import ManualClock
from tests.support.face import World
from tests.support.memory_store import MemoryStore
from tests.support.watching import PLATFORM, down, outage

MANY = tuple(f"platform-{number}" for number in range(100))


async def test_a_change_while_the_page_is_made_is_on_the_next() -> None:
    """Who looks after it never sees what was begun before, however new."""
    world = World()
    pages: Pages

    class Changing(LastOutages):
        async def read(self) -> dict[str, Sequence[Outage] | None]:
            if world.monitor.states != [down()]:
                pages.forget()  # it changes after the page's making began
            return {}

    pages = Pages(world.site, world.sources(), Changing(world.store, lambda: (), world.clock))
    assert b"UP" in await pages.served()
    world.monitor.states = [down()]
    assert b"DOWN" in await pages.served()


async def test_the_page_is_made_once_a_second_while_nothing_changes() -> None:
    """However many look; a change is on the very next one, and so is what a second brought."""
    world = World()
    pages = Pages(world.site, world.sources(), LastOutages(world.store, lambda: (PLATFORM,), world.clock))
    first = await pages.served()
    assert await pages.served() is first
    pages.forget()
    second = await pages.served()
    assert second is not first
    world.clock.advance(1)
    assert await pages.served() is not second


async def test_the_store_is_asked_again_for_the_platform_that_changed_alone() -> None:
    """A hundred platforms are not asked for because of one."""
    store, clock = MemoryStore(), ManualClock()
    await store.open()
    last = LastOutages(store, lambda: MANY, clock)
    store.calls.clear()
    assert await last.read() == dict.fromkeys(MANY, ())
    await last.read()
    assert store.calls == ["outages"]
    last.forget(MANY[7])
    await last.read()
    assert store.calls == ["outages"] * 2
    clock.advance(9)
    await last.read()
    assert store.calls == ["outages"] * 2
    clock.advance(1)
    await last.read()
    assert store.calls == ["outages"] * 3


async def test_one_answer_that_can_not_tell_all_is_made_up_for() -> None:
    """Of one platform so much is on record that the others' outages are not among the newest."""
    asked: list[str | None] = []
    many = tuple(replace(outage(), id=f"id-{number}", platform=MANY[0]) for number in range(300))
    one = (replace(outage(), id="old", platform=MANY[1]),)

    class Filled(MemoryStore):
        async def outages(self, query: OutageQuery) -> Sequence[Outage]:
            asked.append(query.platform)
            found = [each for each in (*many, *one) if query.platform in (None, each.platform)]
            return found[: query.limit]

    last = LastOutages(Filled(), lambda: MANY[:10], ManualClock())
    found = await last.read()
    assert found == {**dict.fromkeys(MANY[:10], ()), MANY[0]: many[:5], MANY[1]: one}
    assert asked == [None, *MANY[1:10]]


async def test_what_changes_while_the_store_is_asked_is_asked_again() -> None:
    """What it said before the change is not remembered after it."""
    answers: list[tuple[Outage, ...]] = [(), (outage(),)]

    class Changing(MemoryStore):
        async def outages(self, query: OutageQuery) -> Sequence[Outage]:
            if len(answers) == 2:
                last.forget(PLATFORM)
            return answers.pop(0)

    last = LastOutages(Changing(), lambda: (PLATFORM,), ManualClock())
    assert await last.read() == {PLATFORM: ()}
    assert await last.read() == {PLATFORM: (outage(),)}


async def test_a_store_that_does_not_answer_is_left_alone_for_a_while() -> None:
    """Unreadable is said, remembered for 5 s, and asked again then."""
    store, clock = MemoryStore(), ManualClock()
    await store.open()
    store.fail("outages")
    last = LastOutages(store, lambda: (PLATFORM, "identity"), clock)
    assert await last.read() == {PLATFORM: None, "identity": None}
    store.heal()
    assert await last.read() == {PLATFORM: None, "identity": None}
    clock.advance(5)
    assert await last.read() == {PLATFORM: (), "identity": ()}


async def test_a_store_that_is_slow_is_asked_for_the_rest_the_next_time() -> None:
    """What it said already stands; what it had no time for is not called unreadable for long."""
    store, clock = MemoryStore(), ManualClock()
    await store.open()
    last = LastOutages(store, lambda: MANY[:4], clock)
    store.hold("outages", skip=2)
    assert await last.read() == dict(zip(MANY, ((), (), None, None), strict=False))
    store.heal()
    assert await last.read() == dict.fromkeys(MANY[:4], ())


async def test_outages_that_changed_are_never_shown_as_they_were() -> None:
    """Where the store had no time for them they can't be read; nobody else's are touched."""
    store, clock = MemoryStore(), ManualClock()
    await store.open()
    last = LastOutages(store, lambda: MANY[:3], clock)
    await last.read()
    for changed in MANY[1:3]:
        last.forget(changed)
    store.hold("outages", skip=1)
    assert await last.read() == dict(zip(MANY, ((), (), None), strict=False))
    store.heal()
    assert await last.read() == dict.fromkeys(MANY[:3], ())
