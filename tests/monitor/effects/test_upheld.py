"""What a channel took is told again, what is newer always last; and a restart goes on with it."""

import pytest

from monitor.model.page import PageStatus
from monitor.model.record import DeliveryState
from tests.support.lapsing import LapsingChannel
from tests.support.pages import page, routed
from tests.support.paging import living
from tests.support.waiting import until


async def test_what_fires_is_told_again_until_it_is_over() -> None:
    """All of it at once; what is over is not among it any more."""
    channel = LapsingChannel()
    one, two = page("a"), page("b")
    async with living({"ops": channel}) as life:
        await life.decide(routed(one), routed(two))
        await until(lambda: (one.id, two.id) in channel.rounds)
        await life.decide(routed(page("a", PageStatus.RESOLVED)))
        await until(lambda: channel.rounds[-1] == (two.id,))
        count = len(channel.rounds)
        await until(lambda: len(channel.rounds) > count + 3)

    assert channel.rounds[-1] == (two.id,)
    assert [one for one, _ in channel.tried][-1].status is PageStatus.RESOLVED


async def test_it_does_not_count_as_a_delivery() -> None:
    """Told once, however often it is told again: nothing is pending, nothing is written."""
    channel = LapsingChannel()
    async with living({"ops": channel}) as life:
        await life.decide(routed(page()))
        await until(lambda: len(channel.rounds) > 3)
        assert life.outbox.pending == 0
        assert len(life.observer.delivered) == 1


async def test_a_restart_goes_on_telling() -> None:
    """What was taken before a kill is told again after it, and was not sent anew."""
    channel = LapsingChannel()
    one = page()
    async with living({"ops": channel}) as life:
        await life.decide(routed(one))
        await until(lambda: life.state(one) is DeliveryState.SENT)
    channel.rounds.clear()
    async with living({"ops": channel}, life.disk):
        await until(lambda: len(channel.rounds) > 2)

    assert set(channel.rounds) == {(one.id,)}
    assert channel.taken == [one]


async def test_a_newer_page_breaks_off_a_round_that_says_the_older() -> None:
    """What is over is sent at once, although a round that says the contrary hangs; and no round says it after that."""
    channel = LapsingChannel(stuck=True)
    one, other = page("a"), page("b")
    async with living({"ops": channel}) as life:
        await life.decide(routed(one), routed(other))
        await until(lambda: (one.id, other.id) in channel.rounds)
        channel.stuck = False
        resolved = page("a", PageStatus.RESOLVED)
        await life.decide(routed(resolved))
        await until(lambda: resolved in channel.taken)
        channel.rounds.clear()
        await until(lambda: len(channel.rounds) > 2)

    assert set(channel.rounds) == {(other.id,)}


async def test_a_round_that_is_nearly_done_is_let_end_first() -> None:
    """What says the older is over before what says the newer begins: the order in which a provider hears it is ours."""
    channel = LapsingChannel(takes=0.2)
    one, over = page("a"), page("a", PageStatus.RESOLVED)
    async with living({"ops": channel}) as life:
        await life.decide(routed(one))
        await until(lambda: channel.rounds)
        await life.decide(routed(over))
        await until(lambda: over in channel.taken)

    assert channel.order[-2:] == ["round", "page"]


async def test_failing_rounds_go_on(caplog: pytest.LogCaptureFixture) -> None:
    """A round that fails is logged once, and the next one comes all the same."""
    channel = LapsingChannel(fails=True)
    async with living({"ops": channel}) as life:
        await life.decide(routed(page()))
        await until(lambda: len(channel.rounds) > 3)
        channel.fails = False
        with caplog.at_level("INFO", "glasswatch.outbox"):
            channel.fails = False
            await until(lambda: "pages_upheld" in caplog.messages)

    assert caplog.messages.count("pages_not_upheld") == 1
