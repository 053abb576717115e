"""The driver: deadlines, shares of time, cancellation at every await, a record that comes and goes; in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.errors import FaultKind, NotKept, TransportFault
from platforms.journey.engine import CANCELLED_SECONDS, Engine, Left, Means, Trip
from platforms.journey.model import (
    Answer,
    Ask,
    Capture,
    Expect,
    Failed,
    Journey,
    Opening,
    OpenState,
    Planned,
    Step,
    Undo,
    Why,
)
from platforms.journey.quiet import Quiet
from platforms.journey.record import RECORD_SECONDS
from platforms.journey.rules.course import Run
from tests.support.clock import START
from tests.support.journeys import JOURNEY, ORIGIN, REQUEST, RUN, SIGN_IN, UNDO, answer, good_answers, with_step
from tests.support.virtual_time import VirtualClock, run

STEPS, CLEAN_UP = timedelta(seconds=60), timedelta(seconds=20)
Hook = Callable[[], Awaitable[None]]


class Pace:
    """Calls back at one await, counted from 1."""

    def __init__(self, at: int = 0, then: Callable[[], object] = lambda: None) -> None:
        self._left = at
        self._then = then

    async def turn(self) -> None:
        """Come to one await."""
        self._left -= 1
        if self._left == 0:
            self._then()
        await asyncio.sleep(0)


class Book:
    """A record in memory that may be slow, or fail."""

    def __init__(self) -> None:
        self.open: dict[tuple[str, str], Opening] = {}
        self.is_broken = False
        self.slow = 0.0
        self.pace = Pace()

    async def openings(self) -> Sequence[Opening]:
        """Return what is open."""
        await asyncio.sleep(self.slow)
        if self.is_broken:
            raise NotKept("the store can't be read")
        return tuple(self.open.values())

    async def keep(self, opening: Opening) -> None:
        """Write it, slowly."""
        await asyncio.sleep(self.slow)
        await self.pace.turn()
        if self.is_broken:
            raise NotKept("the store can't be written")
        if opening.state is OpenState.CLOSED:
            self.open.pop((opening.run, opening.step), None)
        else:
            self.open[opening.run, opening.step] = opening
        await self.pace.turn()


@dataclass
class Counted:
    """A budget that ends."""

    left: int = 1000
    unasked: int = 0

    def may_send(self) -> bool:
        """See `Requests`."""
        self.left -= 1
        return self.left >= 0

    def sent(self) -> None:
        """See `Requests`."""
        self.unasked += 1


@dataclass
class Platform:
    """A platform that really holds what was opened. `stuck`: steps that never answer; `slow`: seconds each takes."""

    answers: Mapping[str, Callable[[], Answer | Failed]] = field(default_factory=good_answers)
    stuck: set[str] = field(default_factory=set)
    slow: float = 0.01
    open: set[str] = field(default_factory=set)
    sent: list[str] = field(default_factory=list)
    pace: Pace = field(default_factory=Pace)

    async def send(self, planned: Planned) -> Answer:
        """See `Send`."""
        name = planned.step
        await self.pace.turn()
        self.sent.append(name)
        if name in self.stuck:
            await asyncio.get_running_loop().create_future()
        await asyncio.sleep(self.slow)
        await self.pace.turn()
        what = self.answers[name]()
        if isinstance(what, Failed):
            raise TransportFault(what.fault or FaultKind.LOST, what.detail)
        if name == "request" and what.status == 201:
            self.open.add("req-1")
        if name in ("revoke", "undo of request") and what.status == 200:
            self.open.discard("req-1")
        await self.pace.turn()
        if name == "find of request" and what.status == 200 and not self.open:
            return answer(200, requests=[])
        return what


@dataclass
class Scene:
    """An engine, its platform and its record. `shift`: what the wall clock was set forth or back by."""

    platform: Platform = field(default_factory=Platform)
    book: Book = field(default_factory=Book)
    requests: Counted = field(default_factory=Counted)
    journey: Journey = JOURNEY
    quiet: Quiet = field(default_factory=Quiet)
    shift: timedelta = timedelta(0)

    def engine(self) -> Engine:
        """Return the engine."""
        clock = VirtualClock()
        clock.shift = self.shift
        return Engine(self.journey, Means(self.book, self.requests, clock, STEPS, CLEAN_UP, self.quiet))

    async def go(self) -> Trip:
        """Go one run."""
        clock = VirtualClock()
        return await self.engine().go(Run(RUN, clock.now(), {"password": "p"}), self.platform.send, self.platform.send)

    async def settle(self, most: int | None = None) -> Sequence[Left]:
        """Close what earlier runs left."""
        return await self.engine().settle({"password": "p"}, self.platform.send, most=most)


def failing(**others: Answer | Failed) -> Platform:
    """Return a platform on which some steps fail."""
    return Platform(good_answers(**others))


def test_all_is_well_and_nothing_is_left() -> None:
    """The spans are those of the clock."""

    async def main() -> None:
        scene = Scene()
        trip = await scene.go()
        assert (trip.ending.why, trip.left, scene.book.open, scene.platform.open) == (Why.OK, [], {}, set())
        assert 0.06 <= trip.spans["total"] < 0.1
        assert scene.requests.left == 1000 - 6

    run(main())


@pytest.mark.parametrize("leap", [timedelta(days=1), timedelta(days=-1)], ids=["ahead", "back"])
def test_a_wall_clock_that_leaps_changes_nothing_about_when_nothing_is_believed(leap: timedelta) -> None:
    """Not before the server can no longer be at it, and not later; after a restart the time begins anew."""

    async def main() -> None:
        scene = Scene(failing(request=Failed(Why.FAULT, "reset", FaultKind.LOST), find__request=answer(404)))
        await scene.go()
        scene.shift = leap
        await asyncio.sleep(30)
        assert [left.ending.why for left in await scene.settle()] == [Why.NOTHING_YET]
        scene.quiet = Quiet()  # as after a restart
        assert [left.ending.why for left in await scene.settle()] == [Why.NOTHING_YET]
        await asyncio.sleep(59)
        assert [left.ending.why for left in await scene.settle()] == [Why.NOTHING_YET]
        await asyncio.sleep(1)
        assert await scene.settle() == []

    run(main())


@pytest.mark.parametrize("step", [step.id for step in JOURNEY.steps])
@pytest.mark.parametrize("how", ["fails", "hangs", "is lost"])
def test_however_a_step_goes_wrong_nothing_is_left_open(step: str, how: str) -> None:
    """Within the time for steps and for closing."""

    async def main() -> None:
        lost = Failed(Why.FAULT, "reset", FaultKind.LOST)
        wrong: dict[str, dict[str, Answer | Failed]] = {
            "fails": {step: answer(500)},
            "is lost": {step: lost},
            "hangs": {},
        }
        scene = Scene(failing(**wrong[how]))
        scene.platform.stuck = {step} if how == "hangs" else set()
        trip = await scene.go()
        assert trip.ending.why is {"fails": Why.STATUS, "hangs": Why.TIMEOUT, "is lost": Why.FAULT}[how]
        assert trip.ending.step == step
        assert scene.platform.open == set()
        assert asyncio.get_running_loop().time() <= (STEPS + CLEAN_UP).total_seconds() + 1
        if step == "request":  # nobody knows yet whether it was opened
            assert [left.ending.why for left in trip.left] == [Why.NOTHING_YET]
            await asyncio.sleep(60)
            assert await scene.settle() == []
        assert scene.book.open == {}

    run(main())


def test_a_deadline_that_is_hit_names_the_step_and_leaves_the_spans_before_it() -> None:
    """What held was measured."""

    async def main() -> None:
        trip = await Scene(Platform(stuck={"use"})).go()
        assert (trip.ending.step, trip.ending.detail) == ("use", "not done within 60 s")
        assert set(trip.spans) == {"sign_in", "request", "grant"}
        assert trip.late < 0.5

    run(main())


def test_what_can_not_be_closed_is_residue_on_record_and_closed_once_it_can_be() -> None:
    """Named, with when it is tried again; not tried before."""

    async def main() -> None:
        scene = Scene(failing(use=answer(500), undo__request=answer(403)))
        trip = await scene.go()
        assert [(left.opening.name, left.ending.why) for left in trip.left] == [(f"request of run {RUN}", Why.STATUS)]
        kept = scene.book.open[RUN, "request"]
        assert (kept.state, kept.tries, dict(kept.kept)) == (
            OpenState.OPEN,
            1,
            {"request": '"req-1"', "grant": '"grant-1"'},
        )
        scene.platform.answers = good_answers()
        scene.platform.sent.clear()
        assert [left.ending.detail for left in await scene.settle()] == ["not tried again yet"]
        assert scene.platform.sent == []
        await asyncio.sleep(61)
        assert await scene.settle() == []
        assert (scene.platform.open, scene.book.open) == (set(), {})

    run(main())


def test_closing_is_never_refused_by_the_budget() -> None:
    """It is counted all the same."""

    async def main() -> None:
        scene = Scene(requests=Counted(left=3))
        trip = await scene.go()
        assert (trip.ending.why, trip.ending.step) == (Why.BUDGET, "use")
        assert scene.platform.open == set()
        assert scene.requests.unasked == 1

    run(main())


def test_rate_limited_is_closed_as_well() -> None:
    """429 stops the way and not the closing."""

    async def main() -> None:
        scene = Scene(failing(granted=answer(429)))
        assert (await scene.go()).ending.why is Why.RATE_LIMITED
        assert (scene.platform.open, scene.book.open) == (set(), {})

    run(main())


def test_without_its_record_nothing_is_opened() -> None:
    """And what is open can't be told."""

    async def main() -> None:
        scene = Scene()
        scene.book.is_broken = True
        trip = await scene.go()
        assert (trip.ending.why, trip.ending.step) == (Why.RECORD, "request")
        assert scene.platform.sent == ["sign_in"]
        with pytest.raises(NotKept):
            await scene.settle()

    run(main())


def test_a_record_that_breaks_on_the_way_still_leaves_nothing_open() -> None:
    """What this process knows it closes."""

    async def main() -> None:
        scene = Scene(Platform(slow=1.0))
        going = asyncio.create_task(scene.go())
        await asyncio.sleep(1.5)  # the request is under way
        scene.book.is_broken = True
        trip = await going
        assert trip.ending.why is Why.RECORD
        assert scene.platform.open == set()
        assert trip.left == []

    run(main())


def test_cancelled_at_any_await_nothing_is_left_open() -> None:
    """At each await in turn, from the first to the last: closed, or still on record to be looked up."""

    async def main() -> None:
        awaits = 0
        while True:
            awaits += 1
            scene = Scene()
            task = asyncio.create_task(scene.go())
            scene.platform.pace = scene.book.pace = Pace(awaits, task.cancel)
            await asyncio.wait({task})
            assert scene.platform.open == set()
            if not task.cancelled():
                break
            assert all(opening.state is OpenState.INTENDED for opening in scene.book.open.values())
            await asyncio.sleep(120)
            assert await scene.settle() == []
            assert scene.book.open == {}
        assert awaits == 1 + 3 * len(JOURNEY.steps) + 2 * 5

    run(main())


def test_cancelled_again_and_again_while_closing_it_closes_all_the_same() -> None:
    """A second Ctrl-C does not break what the first one began."""

    async def main() -> None:
        scene = Scene(Platform(stuck={"use"}, slow=1.0))
        task = asyncio.create_task(scene.go())
        await asyncio.sleep(10)
        for _ in range(5):
            task.cancel()
            await asyncio.sleep(0.1)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (scene.platform.open, scene.book.open) == (set(), {})

    run(main())


@pytest.mark.parametrize("when", [10.0, 61.0])
def test_cancelled_it_gives_up_closing_after_a_few_seconds_and_leaves_the_record(when: float) -> None:
    """Whether on the way or while closing already: a stop must not wait for a platform that hangs."""

    async def main() -> None:
        scene = Scene(Platform(stuck={"use", "undo of request"}))
        task = asyncio.create_task(scene.go())
        await asyncio.sleep(when)
        began = asyncio.get_running_loop().time()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.get_running_loop().time() - began <= CANCELLED_SECONDS + 0.1
        assert list(scene.book.open) == [(RUN, "request")]

    run(main())


def test_a_fault_of_ours_on_the_way_is_raised_after_closing() -> None:
    """Even a bug leaves nothing open."""

    async def main() -> None:
        scene = Scene()

        async def send(planned: Planned) -> Answer:
            if planned.step == "use":
                raise RuntimeError("a bug")
            return await scene.platform.send(planned)

        clock = VirtualClock()
        with pytest.raises(RuntimeError, match="a bug"):
            await scene.engine().go(Run(RUN, clock.now(), {"password": "p"}), send, scene.platform.send)
        assert (scene.platform.open, scene.book.open) == (set(), {})

    run(main())


def _many(count: int) -> Journey:
    """Return a journey that opens so many things and then fails."""
    steps = [SIGN_IN]
    for number in range(count):
        undo = Undo(Ask("DELETE", f"/things/{number}/${{thing{number}}}"))
        capture = (Capture(f"thing{number}", json=("id",), keep=True),)
        steps.append(Step(f"open{number}", Ask("POST", "/things"), Expect((201,)), capture, undo=undo))
    return Journey(ORIGIN, (*steps, Step("fail", Ask())))


@given(count=st.integers(1, 6), stuck=st.sets(st.integers(0, 5)), wrong=st.sets(st.integers(0, 5)))
def test_openings_are_closed_last_in_first_out_and_none_holds_up_the_others(
    count: int, stuck: set[int], wrong: set[int]
) -> None:
    """Those that hang or refuse stay on record; every other one is closed, within the time there is."""

    async def main() -> None:
        tried: list[int] = []
        left: set[int] = set()

        async def send(planned: Planned) -> Answer:
            name = planned.step
            if name.startswith("undo of open"):
                number = int(name.removeprefix("undo of open"))
                if number not in tried:
                    tried.append(number)
                if number in stuck:
                    await asyncio.get_running_loop().create_future()
                if number in wrong:
                    return answer(403)
                left.discard(number)
                return answer(200)
            if name.startswith("open"):
                left.add(int(name.removeprefix("open")))
                return answer(201, id=name)
            return answer(201, session="s") if name == "sign_in" else answer(500)

        scene = Scene(journey=_many(count))
        run_ = Run(RUN, VirtualClock().now(), {"password": "p"})
        trip = await scene.engine().go(run_, send, send)
        unclosable = {number for number in range(count) if number in stuck | wrong}
        assert tried == sorted(range(count), reverse=True)
        assert left == unclosable
        assert {int(step.removeprefix("open")) for _, step in scene.book.open} == unclosable
        assert {int(each.opening.step.removeprefix("open")) for each in trip.left} == unclosable
        assert asyncio.get_running_loop().time() <= CLEAN_UP.total_seconds() + 1

    run(main())


def test_where_much_is_open_what_is_not_due_is_tried_as_well() -> None:
    """Where nothing more may be opened, nothing is put off."""

    async def main() -> None:
        scene = Scene()
        now = VirtualClock().now()
        scene.platform.open.add("req-1")
        kept = {"request": '"req-1"'}
        scene.book.open[RUN, "request"] = Opening(
            RUN, "request", now, OpenState.OPEN, kept, tries=9, again_at=now + timedelta(hours=1)
        )
        assert len(await scene.settle()) == len(await scene.settle(most=2)) == 1
        assert await scene.settle(most=1) == []
        assert scene.platform.open == set()

    run(main())


ENDS = with_step(replace(REQUEST, undo=replace(UNDO, ends_after=timedelta(minutes=15))))


@pytest.mark.parametrize(("journey", "whys"), [(JOURNEY, [Why.STATUS]), (ENDS, [Why.ENDED])])
def test_what_was_never_closed_is_forgotten_only_where_it_is_said_to_end_by_itself(
    journey: Journey, whys: list[Why], caplog: pytest.LogCaptureFixture
) -> None:
    """It is asked for to the end, named once more, and logged."""

    async def main() -> None:
        scene = Scene(failing(undo__request=answer(403)), journey=journey)
        old = Opening(RUN, "request", START - timedelta(days=2), OpenState.OPEN, {"request": '"req-1"'}, tries=9)
        scene.book.open[RUN, "request"] = old
        assert [left.ending.why for left in await scene.settle()] == whys
        assert scene.platform.sent == ["sign_in", "undo of request"]
        assert bool(scene.book.open) is (whys != [Why.ENDED])
        assert ("journey_never_closed" in caplog.text) is (whys == [Why.ENDED])

    run(main())


@pytest.mark.parametrize(("slow", "why"), [(1.0, Why.OK), (2.0, Why.RECORD), (10_000.0, Why.RECORD)])
def test_a_record_that_is_slow_is_not_the_platforms_slowness(slow: float, why: Why) -> None:
    """Its time is in no deadline and no span; too much of it, and what would be opened can't be put on record."""

    async def main() -> None:
        scene = Scene()
        scene.book.slow = slow
        clock = VirtualClock()
        quick = Engine(JOURNEY, Means(scene.book, scene.requests, clock, timedelta(seconds=1), CLEAN_UP))
        trip = await quick.go(Run(RUN, clock.now(), {"password": "p"}), scene.platform.send, scene.platform.send)
        assert trip.ending.why is why
        assert all(seconds < 0.5 for seconds in trip.spans.values())
        assert scene.platform.open == set()
        assert asyncio.get_running_loop().time() <= 2 * RECORD_SECONDS + 2

    run(main())


def test_a_record_that_is_slow_gives_the_platform_no_more_time() -> None:
    """What it had left when the record was asked it has left afterwards."""

    async def main() -> None:
        scene = Scene(Platform(stuck={"use"}))
        scene.book.slow = 1.0
        trip = await scene.go()
        assert (trip.ending.why, trip.ending.step, trip.left) == (Why.TIMEOUT, "use", [])
        passed = asyncio.get_running_loop().time()
        assert STEPS.total_seconds() + 3 <= passed <= STEPS.total_seconds() + 5

    run(main())


def test_an_attempt_ends_within_its_bounds_whatever_hangs() -> None:
    """Much to close before, a way that hangs, and something to close after it; and a record that is slow."""

    async def main() -> None:
        scene = Scene(Platform(stuck={"use", "undo of request", "undo of old"}))
        old = Step("old", Ask("POST", "/old"), undo=Undo(Ask("DELETE", "/old")))
        scene.journey = replace(JOURNEY, steps=(*JOURNEY.steps, old))
        scene.book.slow = 0.9
        for number in range(5):
            later = START + timedelta(hours=1 if number % 2 else 0)
            scene.book.open[f"run-{number}", "old"] = Opening(
                f"run-{number}", "old", START, OpenState.OPEN, again_at=later
            )
        assert len(await scene.settle(most=3)) == 5
        await scene.go()
        bound = STEPS + 2 * CLEAN_UP + 3 * timedelta(seconds=RECORD_SECONDS)
        assert STEPS + CLEAN_UP < timedelta(seconds=asyncio.get_running_loop().time()) <= bound

    run(main())
