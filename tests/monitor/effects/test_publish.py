"""Signed flags reach their targets: the latest one, and no target holds up another."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model.record import FlagDocument
from monitor.publish import Publisher
from tests.support.clock import START
from tests.support.publishing import MILLISECOND, QUICK, SOON, ScriptedTarget, document, publishing
from tests.support.waiting import until


async def test_every_target_shows_the_document() -> None:
    """One document reaches every target, and waiting for it says so."""
    targets = [ScriptedTarget("a"), ScriptedTarget("b")]
    async with publishing(*targets) as publisher:
        assert await publisher.publish_now(document(1), SOON) == ()

    assert [target.shown for target in targets] == [[document(1)], [document(1)]]


async def test_target_that_hangs_holds_up_no_other() -> None:
    """The others show the document at once; the one that hangs is named."""
    sick, well = ScriptedTarget("sick", hangs=True), ScriptedTarget("well")
    async with publishing(sick, well) as publisher:
        assert await publisher.publish_now(document(1), 50 * MILLISECOND) == ("sick",)

        assert well.shown == [document(1)]
        assert publisher.behind == {"sick": 1, "well": 0}


async def test_failed_target_is_tried_again_by_itself() -> None:
    """A target that fails is tried until it takes the document, and its failures are counted."""
    sick, well = ScriptedTarget("sick", failures=5), ScriptedTarget("well")
    async with publishing(sick, well) as publisher:
        assert await publisher.publish_now(document(1), SOON) == ()

        assert (sick.tries, well.tries) == (6, 1)
        assert publisher.failures == {"sick": 5, "well": 0}
        assert publisher.behind == {"sick": 0, "well": 0}


async def test_latest_document_wins() -> None:
    """What was overtaken while its target was busy is never shown."""
    target = ScriptedTarget("a", gate=asyncio.Event())
    async with publishing(target) as publisher:
        publisher.submit(document(1))
        await until(lambda: target.tries == 1)
        for ver in (2, 3, 4):
            publisher.submit(document(ver))
        assert target.gate is not None
        target.gate.set()
        assert await publisher.publish_now(document(4), SOON) == ()

    assert [shown.ver for shown in target.shown] == [1, 4]


async def test_older_version_never_follows_a_newer_one() -> None:
    """A document that comes late is left out."""
    target = ScriptedTarget("a")
    async with publishing(target) as publisher:
        await publisher.publish_now(document(5), SOON)
        assert await publisher.publish_now(document(4), SOON) == ()

    assert [shown.ver for shown in target.shown] == [5]


async def test_platforms_do_not_overtake_each_other() -> None:
    """Latest wins within a platform only."""
    target = ScriptedTarget("a", gate=asyncio.Event())
    async with publishing(target) as publisher:
        publisher.submit(document(2, "payments"))
        publisher.submit(document(1, "ledger"))
        assert target.gate is not None
        target.gate.set()
        await until(lambda: len(target.shown) == 2)

        assert {(shown.platform, shown.ver) for shown in target.shown} == {("payments", 2), ("ledger", 1)}


async def test_new_document_does_not_wait_for_the_old_ones_next_try() -> None:
    """A change goes out at once even when its target failed a moment ago."""
    target = ScriptedTarget("a", failures=1)
    hour = timedelta(hours=1)
    async with publishing(target, pace=replace(QUICK, first=hour, cap=hour)) as publisher:
        assert await publisher.publish_now(document(1), 20 * MILLISECOND) == ("a",)
        assert await publisher.publish_now(document(2), SOON) == ()


async def test_target_that_breaks_its_bounds_is_cut_off() -> None:
    """A target that hangs is tried again after the publisher's own bound."""
    target = ScriptedTarget("a", hangs=True)
    async with publishing(target, pace=replace(QUICK, longest=5 * MILLISECOND)) as publisher:
        publisher.submit(document(1))
        await until(lambda: publisher.failures["a"] >= 2)
        target.hangs = False
        await until(lambda: publisher.behind["a"] == 0)


async def test_fault_in_a_target_is_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    """A bug in one target is logged without its message, counted, and tried again."""

    class Buggy(ScriptedTarget):
        async def publish(self, document: FlagDocument) -> None:
            if not self.tries:
                self.tries += 1
                raise KeyError("hunter2")
            await super().publish(document)

    target = Buggy("a")
    async with publishing(target) as publisher:
        assert await publisher.publish_now(document(1), SOON) == ()
        assert publisher.failures == {"a": 1}

    assert "hunter2" not in repr([record.__dict__ for record in caplog.records])


async def test_stop_tries_once_more_and_is_bounded() -> None:
    """What waits for its next try gets it at the end; a target that hangs is not waited for."""
    waiting, hanging = ScriptedTarget("waiting", failures=1), ScriptedTarget("hanging", hangs=True)
    hour = timedelta(hours=1)
    publisher = Publisher([waiting, hanging], replace(QUICK, first=hour, cap=hour))
    publisher.submit(document(1))
    await until(lambda: publisher.failures["waiting"] == 1)
    async with asyncio.timeout(20):
        await publisher.stop(50 * MILLISECOND)
        await publisher.stop(50 * MILLISECOND)
        publisher.submit(document(2))

    assert waiting.shown == [document(1)]
    assert asyncio.all_tasks() == {asyncio.current_task()}


def changed(ver: int, change: int, platform: str = "payments") -> FlagDocument:
    """Return a document that carries a change."""
    return replace(document(ver, platform), change=change, issued_at=START + timedelta(seconds=ver))


async def test_a_target_is_given_only_so_many_at_once() -> None:
    """The rest waits its turn, and a change goes before renewals that came earlier."""
    target = ScriptedTarget("a")
    async with publishing(target, pace=replace(QUICK, at_once=2)) as publisher:
        for number in range(5):
            await publisher.publish_now(document(1, f"p{number}"), SOON)
        target.shown, target.tries, target.gate = [], 0, asyncio.Event()
        for number in range(5):
            publisher.submit(document(2, f"p{number}"))
        await until(lambda: target.tries == 2)
        publisher.submit(changed(3, 2, "p4"))
        await asyncio.sleep(0.01)
        assert target.tries == 2
        target.gate.set()
        await until(lambda: len(target.shown) == 5)

    first, second, *rest = [(shown.platform, shown.ver) for shown in target.shown]
    assert [first, second] == [("p0", 2), ("p1", 2)]
    assert rest == [("p4", 3), ("p2", 2), ("p3", 2)]


async def test_copies_are_those_behind_and_once_those_that_caught_up() -> None:
    """Each says what is there, what should be, since when, and why it isn't."""
    target = ScriptedTarget("a")
    async with publishing(target) as publisher:
        assert publisher.copies() == []
        await publisher.publish_now(document(1), SOON)
        (copy,) = publisher.copies()
        assert (copy.target, copy.platform, copy.shown, copy.waiting_since) == ("a", "payments", document(1), None)
        assert publisher.copies() == []

        target.failures = 1_000_000
        publisher.submit(document(2))
        publisher.submit(changed(3, 2))
        await until(lambda: publisher.failures["a"] > 0)
        for _ in range(2):
            (copy,) = publisher.copies()
            assert (copy.shown, copy.latest, copy.error) == (document(1), changed(3, 2), "not now")
            assert (copy.waiting_since, copy.differs_since) == (START, START + timedelta(seconds=3))
        publisher.submit(changed(4, 2))
        (copy,) = publisher.copies()
        assert (copy.waiting_since, copy.differs_since) == (START, START + timedelta(seconds=3))

        target.failures = 0
        await publisher.publish_now(changed(5, 2), SOON)
        (copy,) = publisher.copies()
        assert (copy.shown, copy.waiting_since, copy.differs_since, copy.error) == (changed(5, 2), None, None, "")


async def test_what_is_not_published_is_named() -> None:
    """From the first instant until it is there once; after that only when a try failed."""
    sick, well = ScriptedTarget("sick", hangs=True), ScriptedTarget("well")
    async with publishing(sick, well) as publisher:
        await publisher.publish_now(document(1), 20 * MILLISECOND)
        assert publisher.unpublished() == ["the flag of payments is not published to sick"]
        assert publisher.unpublished_to("payments") == ["sick"]
        assert publisher.unpublished_to("ledger") == []


async def test_a_document_under_way_is_no_news() -> None:
    """Only a target that never showed one, or that failed, is named."""
    target = ScriptedTarget("a")
    async with publishing(target) as publisher:
        await publisher.publish_now(document(1), SOON)
        target.gate = asyncio.Event()
        publisher.submit(document(2))
        await until(lambda: target.tries == 2)
        assert (publisher.behind, publisher.unpublished()) == ({"a": 1}, [])
        target.gate.set()


async def test_whoever_counts_is_told() -> None:
    """Every try and how it went, and how many are behind whenever that changes."""
    told: list[tuple[object, ...]] = []

    class Counting:
        def publish_tried(self, document: FlagDocument, target: str, *, is_out: bool) -> None:
            told.append((target, document.ver, is_out))

        def publish_behind(self, target: str, count: int) -> None:
            told.append((target, count))

    publisher = Publisher([ScriptedTarget("a", failures=1)], QUICK, Counting())
    await publisher.publish_now(document(1), SOON)
    await publisher.stop()
    assert told == [("a", 1), ("a", 1, False), ("a", 1, True), ("a", 0)]


async def test_targets_are_let_go_of_once() -> None:
    """However often the publisher is stopped."""
    target = ScriptedTarget("a")
    async with publishing(target) as publisher:
        await publisher.publish_now(document(1), SOON)
        await publisher.stop()
    assert target.closed == 1


async def test_a_target_that_comes_gets_the_latest_documents() -> None:
    """And everything after; the others go on."""
    one, two = ScriptedTarget("one"), ScriptedTarget("two")
    async with publishing(one) as publisher:
        await publisher.publish_now(document(1), SOON)
        publisher.add(two, [document(1)])
        assert await publisher.publish_now(document(2), SOON) == ()
        await until(lambda: two.shown[-1:] == [document(2)])
        assert publisher.behind == {"one": 0, "two": 0}


async def test_nothing_is_under_way_to_a_target_that_was_removed() -> None:
    """So that another of its name may begin; who is gone is behind no more."""
    gone, stays = ScriptedTarget("gone", hangs=True), ScriptedTarget("stays")
    async with publishing(gone, stays) as publisher:
        publisher.submit(document(1))
        await until(lambda: bool(gone.tries))
        assert publisher.unpublished() == ["the flag of payments is not published to gone"]
        await publisher.remove("gone")
        assert gone.closed == 1
        assert publisher.behind == {"stays": 0}
        assert publisher.unpublished() == []
        assert await publisher.publish_now(document(2), SOON) == ()
        assert gone.tries == 1
        again = ScriptedTarget("gone")
        publisher.add(again, [document(2)])
        await until(lambda: again.shown == [document(2)])


async def test_a_platform_that_left_is_published_no_more() -> None:
    """Targets that were behind with it are not; the other platforms' flags go on."""
    target = ScriptedTarget("a", failures=10**6)
    async with publishing(target) as publisher:
        publisher.submit(document(1))
        publisher.submit(document(1, "ledger"))
        await until(lambda: publisher.failures["a"] > 3)
        assert publisher.behind == {"a": 2}
        await publisher.forget("ledger")
        assert publisher.behind == {"a": 1}
        assert {copy.platform for copy in publisher.copies()} == {"payments"}
        target.failures = 0
        await until(lambda: publisher.behind == {"a": 0})
        assert [shown.platform for shown in target.shown] == ["payments"]
