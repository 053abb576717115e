"""The store is asked to forget, batch after batch, and left alone where it can't."""

from collections import deque

from monitor.metrics.book import MetricsBook
from monitor.model.record import Pruned
from monitor.pruner import BETWEEN_SECONDS, FAILED_SECONDS, IDLE_SECONDS, Pruner
from tests.support.memory_store import MemoryStore


class _Store(MemoryStore):
    """A store with something to forget."""

    def __init__(self, *answers: Pruned) -> None:
        super().__init__()
        self.answers = deque(answers)

    async def prune(self) -> Pruned:
        """See `monitor.ports.Store`."""
        await super().prune()
        return self.answers.popleft()


async def test_it_goes_on_at_once_while_there_is_more() -> None:
    """And looks again after a while; what went is counted."""
    metrics = MetricsBook((), "0.1.0")
    pruner = Pruner(_Store(Pruned(7, 2, is_more=True), Pruned(1)), metrics)
    assert await pruner.once() == BETWEEN_SECONDS
    assert await pruner.once() == IDLE_SECONDS
    assert b"jit_monitor_outcomes_pruned_total 10.0" in metrics.render()


async def test_a_store_that_fails_is_left_alone_for_a_while() -> None:
    """Others tell of it."""
    store = _Store(Pruned(1))
    store.fail("prune", times=1)
    pruner = Pruner(store, MetricsBook((), "0.1.0"))
    assert await pruner.once() == FAILED_SECONDS
    assert await pruner.once() == IDLE_SECONDS


async def test_by_a_clock_that_is_not_trusted_nothing_is_forgotten() -> None:
    """It is asked again later, and then it is."""
    trusted = deque([False, True])
    store = _Store(Pruned(7, is_more=True))
    pruner = Pruner(store, MetricsBook((), "0.1.0"), trusted.popleft)
    assert await pruner.once() == IDLE_SECONDS
    assert len(store.answers) == 1
    assert await pruner.once() == BETWEEN_SECONDS
