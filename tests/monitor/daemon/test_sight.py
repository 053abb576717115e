"""Blindness: the controls are asked once for all, and nothing is believed until one answers again."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from glasswatch.clock import Clock
from monitor.ports import Controls as ControlsPort
from monitor.sight import SHARE_SECONDS, Sight, SightContext
from monitor.storegate import StoreGate
from tests.support.clock import ManualClock
from tests.support.memory_store import MemoryStore
from tests.support.waiting import until


class Controls:
    """Answers as a test says, when it says."""

    def __init__(self) -> None:
        self.asked: list[asyncio.Future[bool]] = []

    async def ask(self) -> bool:
        """Wait for the test's answer."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.asked.append(future)
        return await future


@pytest.fixture
def controls() -> Controls:
    """Controls under the test's control."""
    return Controls()


@pytest.fixture
def changes() -> list[bool]:
    """What the sight said of itself."""
    return []


def sight_of(
    controls: ControlsPort,
    changed: Callable[[bool], None] = lambda _: None,
    *,
    store: MemoryStore | None = None,
    clock: Clock | None = None,
    gate: StoreGate | None = None,
) -> Sight:
    """Return a sight on fakes."""
    gate = gate or StoreGate(lambda _is_open, _why: None, retry_seconds=0.001)
    context = SightContext(store or MemoryStore(), gate, clock or ManualClock(), changed)
    return Sight(controls, context, retry_seconds=0.001)


@pytest.fixture
async def sight(controls: Controls, changes: list[bool]) -> Sight:
    """A sight that nobody runs yet."""
    store = MemoryStore()
    await store.open()
    return sight_of(controls, changes.append, store=store)


async def test_many_probes_ask_one_question(sight: Sight, controls: Controls) -> None:
    """A thousand probes that fail together don't ask a thousand times."""
    questions = {sight.ask() for _ in range(1000)}
    await until(lambda: len(controls.asked) == 1)
    controls.asked[0].set_result(True)
    assert len(questions) == 1
    assert await questions.pop()


async def test_a_later_question_is_a_new_one(controls: Controls) -> None:
    """An answer from before does not speak for now."""
    clock = ManualClock()
    sight = sight_of(controls, clock=clock)
    first = sight.ask()
    clock.advance(SHARE_SECONDS)
    second = sight.ask()
    await until(lambda: len(controls.asked) == 2)
    for future in controls.asked:
        future.set_result(True)
    assert first is not second
    assert await first
    assert await second


async def test_asked_afresh_an_answer_just_given_counts_no_more(sight: Sight, controls: Controls) -> None:
    """A no is asked once more, not repeated; a question without an answer yet is joined all the same."""
    first = sight.ask()
    await until(lambda: len(controls.asked) == 1)
    assert sight.ask(afresh=True) is first
    controls.asked[0].set_result(False)
    assert not await first
    second = sight.ask(afresh=True)
    await until(lambda: len(controls.asked) == 2)
    controls.asked[1].set_result(True)
    assert await second


async def _run_while(sight: Sight, body: Callable[[], Awaitable[None]]) -> None:
    task = asyncio.create_task(sight.watch())
    try:
        await body()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_blindness_is_told_once_and_ends_with_an_answer(controls: Controls, changes: list[bool]) -> None:
    """Blind is said once; the controls are asked until one answers; the span is written with its end."""
    store, clock = MemoryStore(), ManualClock()
    await store.open()
    sight = sight_of(controls, changes.append, store=store, clock=clock)
    since = clock.now()

    async def body() -> None:
        sight.lost()
        sight.lost()
        assert sight.is_blind
        await until(lambda: len(controls.asked) == 1)
        assert store.disk.blind_spans == {since: None}
        clock.advance(10)
        controls.asked[0].set_result(False)
        await until(lambda: len(controls.asked) == 2)
        assert sight.is_blind
        controls.asked[1].set_result(True)
        await until(lambda: not sight.is_blind)
        await until(lambda: store.disk.blind_spans[since] is not None)

    await _run_while(sight, body)
    assert changes == [True, False]
    assert store.disk.blind_spans == {since: clock.now()}


async def test_what_names_were_said_to_be_is_forgotten(controls: Controls) -> None:
    """While it is blind after each question, and once more before anything is believed again."""
    story: list[str] = []
    clock = ManualClock()
    gate = StoreGate(lambda _is_open, _why: None, retry_seconds=0.001)
    store = MemoryStore()
    await store.open()
    context = SightContext(
        store, gate, clock, lambda is_blind: story.append(f"blind {is_blind}"), lambda: story.append("forgot")
    )
    sight = Sight(controls, context, retry_seconds=0.001)

    async def body() -> None:
        sight.lost()
        await until(lambda: len(controls.asked) == 1)
        clock.advance(10)
        controls.asked[0].set_result(False)
        await until(lambda: len(controls.asked) == 2)
        assert story == ["blind True", "forgot"]
        controls.asked[1].set_result(True)
        await until(lambda: not sight.is_blind)
        assert story == ["blind True", "forgot", "forgot", "blind False"]

    await _run_while(sight, body)


async def test_a_store_that_fails_does_not_keep_us_blind(controls: Controls, changes: list[bool]) -> None:
    """Sight returns even when its span can't be written."""
    store = MemoryStore()
    await store.open()
    store.fail("blind_span")
    sight = sight_of(controls, changes.append, store=store)

    async def body() -> None:
        sight.lost()
        await until(lambda: len(controls.asked) == 1)
        controls.asked[0].set_result(True)
        await until(lambda: changes == [True, False])

    await _run_while(sight, body)


async def test_a_span_that_could_not_be_written_is_written_once_that_works_again(
    controls: Controls, changes: list[bool]
) -> None:
    """No blind span is lost to a full disk: it is kept until the gate has it written, end and all."""
    store, clock = MemoryStore(), ManualClock()
    await store.open()
    gate = StoreGate(lambda _is_open, _why: None, retry_seconds=0.001)
    sight = sight_of(controls, changes.append, store=store, clock=clock, gate=gate)
    store.fail("blind_span")
    since = clock.now()

    async def body() -> None:
        sight.lost()
        await until(lambda: len(controls.asked) == 1)
        assert not gate.is_open
        clock.advance(30)
        controls.asked[0].set_result(True)
        await until(lambda: changes == [True, False])
        assert store.disk.blind_spans == {}
        store.heal("blind_span")
        await until(lambda: gate.is_open)
        assert store.disk.blind_spans == {since: clock.now()}

    watching = asyncio.create_task(gate.watch())
    try:
        await _run_while(sight, body)
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def test_a_span_never_ends_before_it_began(controls: Controls) -> None:
    """A clock that is set back while this vantage is blind makes an empty span, not a negative one."""
    store, clock = MemoryStore(), ManualClock()
    await store.open()
    sight = sight_of(controls, store=store, clock=clock)
    since = clock.now()

    async def body() -> None:
        sight.lost()
        await until(lambda: len(controls.asked) == 1)
        clock.advance(-3600)
        controls.asked[0].set_result(True)
        await until(lambda: store.disk.blind_spans == {since: since})

    await _run_while(sight, body)


async def test_losing_sight_again_at_once_is_a_span_of_its_own(controls: Controls, changes: list[bool]) -> None:
    """Blindness that comes back while the end of the last one is being written is not lost."""
    store, clock = MemoryStore(), ManualClock()
    await store.open()
    sight = sight_of(controls, changes.append, store=store, clock=clock)

    async def body() -> None:
        sight.lost()
        await until(lambda: len(controls.asked) == 1)
        hold = store.hold("blind_span")
        clock.advance(10)
        controls.asked[0].set_result(True)
        await hold.reached.wait()
        clock.advance(10)
        sight.lost()
        store.heal("blind_span")
        await until(lambda: len(controls.asked) == 2)
        assert sight.is_blind
        assert sorted(store.disk.blind_spans.values(), key=str) != [None, None]
        assert len(store.disk.blind_spans) == 2
        controls.asked[1].set_result(True)
        await until(lambda: not sight.is_blind and None not in store.disk.blind_spans.values())

    await _run_while(sight, body)
    assert changes == [True, False, True, False]


async def test_a_bug_in_the_controls_proves_nothing() -> None:
    """What breaks while it asks counts as no answer: it must not prove that we can see, nor end the monitor."""

    class Broken:
        async def ask(self) -> bool:
            raise RuntimeError("a bug")

    assert not await sight_of(Broken()).ask()
