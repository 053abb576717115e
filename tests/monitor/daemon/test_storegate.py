"""The gate: closes at the first failure, says so once, and opens only when everything kept was really written."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from monitor.errors import StoreUnavailable
from monitor.storegate import RETRY_SECONDS, StoreGate
from tests.support.siege import stopped
from tests.support.virtual_time import run

FAULT = StoreUnavailable("the disk is full")


class Owner:
    """Keeps things, and writes them when asked, if it can."""

    def __init__(self, *kept: str) -> None:
        self.kept = list(kept)
        self.written: list[str] = []
        self.fault: Exception | None = None
        self.asked = 0

    async def drain(self) -> None:
        """Write what is kept."""
        self.asked += 1
        await asyncio.sleep(0)
        if self.fault is not None:
            raise self.fault
        self.written += self.kept
        self.kept.clear()

    def is_drained(self) -> bool:
        """Whether nothing is kept."""
        return not self.kept


@asynccontextmanager
async def _watched(*owners: Owner) -> AsyncIterator[tuple[StoreGate, list[tuple[bool, str]]]]:
    said: list[tuple[bool, str]] = []
    gate = StoreGate(lambda is_open, why: said.append((is_open, why)))
    for owner in owners:
        gate.register(owner.drain, owner.is_drained)
    watching = asyncio.create_task(gate.watch())
    try:
        yield gate, said
    finally:
        await stopped([watching])


def test_it_says_once_that_it_closed_and_once_that_it_opened() -> None:
    """Many failures are one closing; the reason is the first one's."""

    async def main() -> None:
        owner = Owner("a", "b")
        async with _watched(owner) as (gate, said):
            gate.failed(FAULT)
            gate.failed(StoreUnavailable("another"))
            assert not gate.is_open
            assert said == [(False, "the disk is full")]
            await asyncio.sleep(RETRY_SECONDS + 0.1)
            assert gate.is_open
            assert said[1:] == [(True, "")]
            assert owner.written == ["a", "b"]

    run(main())


@pytest.mark.parametrize("fault", [FAULT, ZeroDivisionError()], ids=["store", "bug"])
def test_it_stays_closed_while_one_owner_cannot_write(fault: Exception) -> None:
    """It asks again once a second, without end, whatever goes wrong; and says nothing meanwhile."""

    async def main() -> None:
        first, second = Owner("a"), Owner("b")
        second.fault = fault
        async with _watched(first, second) as (gate, said):
            gate.failed(FAULT)
            await asyncio.sleep(10.5)
            assert second.asked == 10
            assert len(said) == 1
            second.fault = None
            await asyncio.sleep(1)
            assert gate.is_open
            assert (first.written, second.written) == (["a"], ["b"])

    run(main())


def test_what_comes_while_it_writes_is_written_before_it_opens() -> None:
    """An owner that kept something new while another was writing is asked again at once."""

    async def main() -> None:
        first, second = Owner("a"), Owner("b")
        during: list[Callable[[], None]] = [lambda: first.kept.append("late")]
        plain = second.drain

        async def drain() -> None:
            if during:
                during.pop()()
            await plain()

        async with _watched(first) as (gate, said):
            gate.register(drain, second.is_drained)
            gate.failed(FAULT)
            await asyncio.sleep(RETRY_SECONDS + 0.1)
            assert gate.is_open
            assert first.written == ["a", "late"]
            assert len(said) == 2

    run(main())


def test_it_closes_again() -> None:
    """A second failure is told anew."""

    async def main() -> None:
        async with _watched(Owner()) as (gate, said):
            for _ in range(2):
                gate.failed(FAULT)
                await asyncio.sleep(RETRY_SECONDS + 0.1)
            assert [is_open for is_open, _ in said] == [False, True, False, True]

    run(main())


async def test_who_goes_first_goes_first_whenever_it_came() -> None:
    """What others keep may refer to it; who has left is asked no more."""
    order: list[str] = []

    def drain(name: str) -> Callable[[], Awaitable[None]]:
        async def noted() -> None:
            order.append(name)

        return noted

    gate = StoreGate(lambda _is_open, _why: None)
    left = drain("left")
    gate.register(drain("first"), is_first=True)
    gate.register(left, is_first=True)
    gate.register(drain("last"))
    gate.unregister(left)
    gate.unregister(left)
    gate.register(drain("second"), is_first=True)
    await gate._drain()
    assert order == ["first", "second", "last"]
