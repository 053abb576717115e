"""What the store has on record to account for: what the rules found comes back as they need it."""

from datetime import timedelta

from glasswatch.spans import Span, total_seconds
from monitor.model.past import PastQuery
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
