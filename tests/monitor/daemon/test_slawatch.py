"""The SLA is counted again and again, read anew only when something happened, and never at the cost of probing."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from glasswatch.spans import Span
from monitor.errors import StoreUnavailable
from monitor.metrics.book import MetricsBook
from monitor.model.fact import Fact, OutageOpened, ProbeChanged
from monitor.model.figures import Figures
from monitor.model.past import Past, PastQuery, VerdictChange
from monitor.model.state import Outage, PlatformState
from monitor.model.verdict import Phase, Verdict
from monitor.rules.periods import Terms
from monitor.rules.sla_figures import SINCE
from monitor.settle import Settled
from monitor.slawatch import LEAST_SECONDS, MOST_SECONDS, SlaContext, SlaWatch
from tests.support.clock import START, ManualClock
from tests.support.watching import PLATFORM, policy

_OUTAGE = Outage("o", PLATFORM, START, START, ("sign_in",), ("portal",), "")


def _settled(fact: Fact, platform: str = PLATFORM) -> Settled:
    return Settled(PlatformState(platform), (fact,), None, (), is_recorded=True)


class _Store:
    """A store that answers with a platform that was always up, and what it is told besides."""

    def __init__(self) -> None:
        self.asked: list[PastQuery] = []
        self.outages: list[Outage] = []
        self.fails = False
        self.meanwhile: deque[Callable[[], None]] = deque()

    async def past(self, query: PastQuery) -> Past:
        """See `monitor.slawatch.PastStore`."""
        self.asked.append(query)
        outages = list(self.outages)
        while self.meanwhile:
            self.meanwhile.popleft()()
        if self.fails:
            raise StoreUnavailable("gone")
        up = VerdictChange(None, Verdict.UNKNOWN, Verdict.UP, query.since)
        return Past(query.platform, query.since, query.until, [up], outages, [Span(query.since, query.until)])


class _World:
    """A watch on one platform, and what it showed."""

    def __init__(self) -> None:
        self.store = _Store()
        self.clock = ManualClock()
        self.terms = {PLATFORM: Terms(objective=0.999)}
        self.shown: list[tuple[str, Figures]] = []
        self.costs = 0.0
        self.watch = SlaWatch(SlaContext(self.store, self._clock(), lambda: dict(self.terms), self._show))

    def _clock(self) -> ManualClock:
        world = self

        class Clock(ManualClock):
            """Counting takes `costs` seconds: it is between two readings."""

            def now(self) -> datetime:
                return world.clock.now()

            def monotonic(self) -> float:
                self.advance(world.costs)
                return super().monotonic()

        return Clock()

    def _show(self, platform: str, found: Figures) -> None:
        self.shown.append((platform, found))

    def downtime(self) -> float:
        return self.shown[-1][1].downtime_seconds["1h"]


async def test_it_is_read_once_and_stretched() -> None:
    """From a quarter ago on; as long as nothing happens, not again."""
    world = _World()
    for _ in range(5):
        assert await world.watch.once() == LEAST_SECONDS
        world.clock.advance(LEAST_SECONDS)
    assert world.store.asked == [PastQuery(PLATFORM, START - SINCE, START)]
    assert len(world.shown) == 5
    assert world.shown[-1][1].coverage["1h"] == 1


async def test_what_is_settled_is_read() -> None:
    """An outage counts from the next round on, and grows from round to round; a probe's own affairs are none."""
    world = _World()
    await world.watch.once()
    world.watch.settled(_settled(ProbeChanged("portal", Phase.GOOD, Phase.BAD, START, "")))
    world.clock.advance(15)
    await world.watch.once()
    assert len(world.store.asked) == 1
    world.store.outages.append(_OUTAGE)
    world.watch.settled(_settled(OutageOpened(_OUTAGE)))
    world.clock.advance(15)
    await world.watch.once()
    assert (len(world.store.asked), world.downtime()) == (2, 30)
    world.clock.advance(15)
    await world.watch.once()
    assert (len(world.store.asked), world.downtime()) == (2, 45)


async def test_what_is_settled_while_it_is_read_is_read_again() -> None:
    """The answer may have been made before."""
    world = _World()

    def opens() -> None:
        world.store.outages.append(_OUTAGE)
        world.watch.settled(_settled(OutageOpened(_OUTAGE)))

    world.store.meanwhile.append(opens)
    await world.watch.once()
    assert world.downtime() == 0
    world.clock.advance(15)
    await world.watch.once()
    assert world.downtime() == 15


async def test_after_a_pause_it_is_read_anew() -> None:
    """Nobody lived in it; and what could only be written later counts after ten minutes."""
    world = _World()
    await world.watch.once()
    world.clock.advance(timedelta(minutes=3))
    await world.watch.once()
    assert len(world.store.asked) == 2
    for _ in range(11):
        world.clock.advance(60)
        await world.watch.once()
    assert len(world.store.asked) == 3


async def test_a_clock_set_back_has_it_read_anew() -> None:
    """What was read lies ahead."""
    world = _World()
    await world.watch.once()
    world.clock.advance(-60)
    await world.watch.once()
    assert len(world.store.asked) == 2


async def test_a_store_that_fails_leaves_what_was_shown() -> None:
    """And is asked again in the next round."""
    world = _World()
    world.store.fails = True
    await world.watch.once()
    assert world.shown == []
    world.store.fails = False
    await world.watch.once()
    assert len(world.shown) == 1


async def test_a_fault_costs_one_platforms_numbers_and_nothing_else() -> None:
    """The next platform is counted, and the next round comes."""
    world = _World()
    world.terms = {"odd": Terms(timezone="UTC", period="month"), PLATFORM: Terms()}

    def breaks() -> None:
        raise ValueError("a mistake of ours")

    world.store.meanwhile.append(breaks)
    assert await world.watch.once() == LEAST_SECONDS
    assert [name for name, _ in world.shown] == [PLATFORM]
    await world.watch.once()
    assert [name for name, _ in world.shown] == [PLATFORM, "odd", PLATFORM]
    assert world.shown[1][1].coverage["1h"] == 1


async def test_what_costs_much_is_counted_less_often() -> None:
    """Half a percent of the time, and once a minute at least."""
    world = _World()
    world.costs = 0.1
    assert round(await world.watch.once(), 3) == 20
    world.costs = 1.0
    assert await world.watch.once() == MOST_SECONDS


async def test_a_platform_that_goes_is_counted_no_more() -> None:
    """Also if it goes while it is read: its series are gone by then."""
    world = _World()
    world.terms["other"] = Terms()
    await world.watch.once()
    assert [name for name, _ in world.shown] == [PLATFORM, "other"]
    world.watch.settled(_settled(OutageOpened(_OUTAGE), "other"))
    world.store.meanwhile.append(lambda: world.terms.__delitem__("other"))
    await world.watch.once()
    await world.watch.once()
    assert [name for name, _ in world.shown] == [PLATFORM, "other", PLATFORM, PLATFORM]


async def test_prometheus_reads_it() -> None:
    """Each number in its line, nothing before the first, nothing of a platform that went."""
    book = MetricsBook([policy()], "0.1.0")
    assert b"jit_sla_objective_ratio{" not in book.render()
    store, clock = _Store(), ManualClock()
    store.outages.append(_OUTAGE)
    clock.advance(36)
    await SlaWatch(SlaContext(store, clock, lambda: {PLATFORM: Terms(objective=0.99)}, book.sla)).once()
    text = book.render().decode()
    assert f'jit_sla_objective_ratio{{platform="{PLATFORM}"}} 0.99\n' in text
    assert f'jit_sla_downtime_seconds{{platform="{PLATFORM}",window="1h"}} 36.0\n' in text
    assert f'jit_sla_availability_ratio{{platform="{PLATFORM}",window="1h"}} 0.99\n' in text
    assert f'jit_sla_coverage_ratio{{platform="{PLATFORM}",window="period"}} 1.0\n' in text
    assert f'jit_sla_burn_rate{{platform="{PLATFORM}",window="5m"}} ' in text
    assert f'jit_sla_error_budget_remaining_ratio{{platform="{PLATFORM}"}} ' in text
    book.forget(PLATFORM)
    book.sla(PLATFORM, Figures(0.9, None, {}, {}, {}, {}))
    assert "jit_sla_objective_ratio{" not in book.render().decode()
