"""What the store has on record to account for: what the rules found comes back as they need it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from glasswatch.spans import Span, total_seconds
from monitor.model.fact import OutageOpened
from monitor.model.past import PastQuery
from monitor.model.record import Commit, OutageQuery
from monitor.model.state import Outage, PlatformState
from monitor.model.verdict import Verdict
from monitor.rules.past import downtime, history
from monitor.rules.sla import account
from tests.monitor.store.test_windows import commits
from tests.support.clock import START
from tests.support.rulings import MINUTE, SECOND, Platform
from tests.support.stores import StorePlace


def _unlucky() -> Platform:
    """Return a platform that was down once."""
    platform = Platform()
    platform.good()
    platform.after(10 * SECOND).confirm()
    platform.after(MINUTE).recover()
    return platform


async def test_an_outage_and_its_verdicts_come_back(place: StorePlace) -> None:
    """With when the monitor lived, when it could not see, and what held before the time that was asked for."""
    platform = _unlucky()
    store = place.store()
    await store.open()
    await store.commit(commits(platform))
    until = platform.now + MINUTE
    for second in range(0, int((until - START).total_seconds()) + 20, 20):
        await store.alive(START + timedelta(seconds=second))
    await store.blind_span(START + 2 * SECOND, START + 5 * SECOND)
    past = await store.past(PastQuery("payments", START, until))
    outage = past.outages[0]
    assert len(past.outages) == 1
    assert outage.ended_at is not None
    found = account(history(past), Span(START, until))
    assert found.down_seconds == (outage.ended_at - outage.opened_at).total_seconds()
    assert found.unmeasured_seconds >= 3
    assert total_seconds(downtime(past, "sign_in")) == found.down_seconds
    later = await store.past(PastQuery("payments", outage.confirmed_at + SECOND, until))
    first = next(each for each in later.changes if each.function is None)
    assert (first.now if first.at < later.since else first.was) is Verdict.DOWN
    assert (await store.past(PastQuery("other", START, until))).changes == []


async def test_a_verdict_that_outlasts_its_outage_over_a_periods_end_is_no_other_outage(place: StorePlace) -> None:
    """It ended before, and that was confirmed after: the function was up."""
    platform = _unlucky()
    store = place.store()
    await store.open()
    await store.commit(commits(platform))
    outage = (await store.outages(OutageQuery()))[0]
    assert outage.ended_at is not None
    assert outage.cleared_at is not None
    assert outage.ended_at < outage.cleared_at
    past = await store.past(PastQuery("payments", outage.ended_at, outage.cleared_at + MINUTE))
    past = replace(past, alive=[Span(past.since, past.until)])
    period = Span(past.since, past.until)
    assert downtime(past, "sign_in") == [Span(outage.opened_at, outage.ended_at)]
    assert [account(history(past, name), period).down_seconds for name in (None, "sign_in")] == [0, 0]


async def test_outages_are_found_by_time_function_and_whether_they_are_over(place: StorePlace) -> None:
    """Half-open, newest first, at most so many of those that are wanted."""
    store = place.store()
    await store.open()
    made = [
        Outage(f"o{nth}", "payments", at, at, functions, (), "", ended_at=ended, cleared_at=ended)
        for nth, (at, ended, functions) in enumerate(
            [
                (START, START + MINUTE, ("sign_in",)),
                (START + 2 * MINUTE, START + 3 * MINUTE, ("sign_in_again", "api")),
                (START + 4 * MINUTE, START + 5 * MINUTE, ("api", "sign_in")),
                (START + 6 * MINUTE, None, ("api",)),
            ]
        )
    ]
    for revision, each in enumerate(made):
        state = PlatformState("payments")
        await store.commit(Commit("payments", revision, each.opened_at, state, (OutageOpened(each),), (), None, (), ()))

    async def found(**asked: Any) -> list[str]:
        return [each.id for each in await store.outages(OutageQuery(**asked))]

    assert await found() == ["o3", "o2", "o1", "o0"]
    assert await found(until=START + 4 * MINUTE) == ["o1", "o0"]
    assert await found(since=START + 3 * MINUTE, until=START + 6 * MINUTE) == ["o2"]
    assert await found(function="sign_in") == ["o2", "o0"]
    assert await found(function="sign_in", limit=1) == ["o2"]
    assert await found(function="sign%") == []
    assert await found(is_open=True) == ["o3"]
    assert await found(is_open=True, function="sign_in") == []
