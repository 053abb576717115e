"""Drives a journey: sends, waits and records what the rules ask for, and closes what was opened, always.

Rules:
- The steps share one deadline, the closing another one of its own: a platform that hangs can't use up the time in
  which it is left behind clean.
- Closing runs whatever ended the way: a failure, the deadline, a fault of ours, cancellation. It is shielded from
  cancellation, for as long as it may take and `CANCELLED_SECONDS` at most from then on; what isn't closed by then is
  on record, and closed at the next start.
- Each opening has its share of the time, so that one that hangs leaves the others theirs.
- What is still on record from earlier is closed by `settle`, before anything else is opened.
- Time that our own record takes is not the platform's: it is in no deadline and no span. It has bounds of its own, on
  the way and each time things are closed (`record`).
- Requests of the way are counted and may be refused; those that close are counted and never refused.

What is decided on the way and back stands in `rules.course` and `rules.closing`; nothing is decided here.
"""

import asyncio
import logging
from collections.abc import Coroutine, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, TypeVar

from glasswatch.clock import Clock
from platforms.errors import NotKept, TransportFault
from platforms.journey.model import (
    Answer,
    Ending,
    Failed,
    Journey,
    Keep,
    Opening,
    OpenState,
    Order,
    Pause,
    Planned,
    Seen,
    Values,
    Why,
)
from platforms.journey.ports import Book, Requests, Send
from platforms.journey.quiet import Quiet
from platforms.journey.record import Record
from platforms.journey.rules.closing import Moment, close, countable, has_ended, is_due, last_first, later
from platforms.journey.rules.course import Course, Run

CANCELLED_SECONDS: Final = 4.0
BACK_SECONDS: Final = 10.0  # the longest one request of the way back may take

_T = TypeVar("_T")
log = logging.getLogger("glasswatch.journey")


@dataclass(frozen=True, slots=True)
class Means:
    """What a journey is gone with. `steps` and `clean_up`: the longest that going and closing may take.

    `quiet` is the same for all runs of a process.
    """

    book: Book
    requests: Requests
    clock: Clock
    steps: timedelta
    clean_up: timedelta
    quiet: Quiet = field(default_factory=Quiet)


@dataclass(frozen=True, slots=True)
class Left:
    """An opening that could not be closed, and why."""

    opening: Opening
    ending: Ending


@dataclass(frozen=True, slots=True)
class Trip:
    """What came of one run. `late`: seconds by which the deadline was noticed late, where it ended the way.

    `values`: of a run whose openings were left open, what it was given and captured, secrets included.
    """

    ending: Ending
    spans: Mapping[str, float]
    left: Sequence[Left] = ()
    late: float = 0.0
    values: Values = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class _Way:
    """What a way is gone with: how to send, and on the way out the record, and the deadline that it must not use up."""

    send: Send
    is_back: bool
    record: Record | None = None
    limit: asyncio.Timeout | None = None

    @property
    def own(self) -> float:
        """Seconds that our own record took."""
        return self.record.own if self.record is not None else 0.0

    async def keep(self, opening: Opening) -> Failed | None:
        """Put it on record while the deadline stands still."""
        if self.record is None:
            raise TypeError("a way back puts nothing on record")
        loop, limit = asyncio.get_running_loop(), self.limit
        until = limit.when() if limit is not None and not limit.expired() else None
        left = until - loop.time() if until is not None else None
        if limit is not None and left is not None:
            limit.reschedule(None)
        try:
            await self.record.keep(opening)
        except NotKept as fault:
            return Failed(Why.RECORD, f"what would be opened can't be put on record: {fault}")
        finally:
            if limit is not None and left is not None:
                limit.reschedule(loop.time() + left)
        return None


class Engine:
    """Goes one journey, one run at a time."""

    def __init__(self, journey: Journey, means: Means) -> None:
        self._journey = journey
        self._means = means
        self._clock = means.clock

    async def settle(self, values: Values, back: Send, *, most: int | None = None) -> Sequence[Left]:
        """Close what earlier runs left open and is due (everything, where it is `most` or more); return what is left.

        Of what is left, what ended by itself and was never closed is named this once.

        Raises:
            NotKept: what is open can't be read.
        """
        now, record = self._clock.now(), Record(self._means.book)
        openings = last_first(await record.openings())
        self._means.quiet.only(openings)
        everything = most is not None and countable(openings, self._journey) >= most
        due = [opening for opening in openings if everything or is_due(opening, now)]
        waiting = [opening for opening in openings if opening not in due]
        left = [Left(each, Ending(Why.OK, each.step, "not tried again yet")) for each in waiting]
        return [*left, *await self._back(due, values, back, record)]

    async def go(self, run: Run, send: Send, back: Send) -> Trip:
        """Go all steps with `send`, then close with `back` what they left open. Raises nothing but cancellation."""
        course = Course(self._journey, run)
        try:
            ending, late = await self._gone(course, send)
        except BaseException as error:
            try:
                await _shielded(self._clean_up(course, back), is_cancelled=isinstance(error, asyncio.CancelledError))
            except Exception:  # a fault of ours while closing must not hide what ended the way
                log.exception("journey_fault")
            raise
        left = await _shielded(self._clean_up(course, back))
        return Trip(ending, self._spans(course, ending), left, late)

    async def open(self, run: Run, send: Send) -> Trip:
        """Go all steps with `send`, and leave open what they opened, on record: whoever calls has it closed (`settle`).

        Whatever ends the way, the record is brought up to date; it must be one that keeps at once.
        """
        course = Course(self._journey, run)
        try:
            ending, late = await self._gone(course, send)
        finally:
            record = Record(self._means.book)
            unsent = [] if course.unsent is None else [replace(course.unsent, state=OpenState.CLOSED)]
            for opening in (*unsent, *course.openings):
                await self._keep(opening, record)
        return Trip(ending, self._spans(course, ending), late=late, values=dict(course.values))

    async def _gone(self, course: Course, send: Send) -> tuple[Ending, float]:
        """Go all steps; return how that ended, and how late the deadline was noticed."""
        loop = asyncio.get_running_loop()
        limit = asyncio.timeout(self._means.steps.total_seconds())
        try:
            async with limit:
                way = _Way(send, is_back=False, record=Record(self._means.book), limit=limit)
                return await self._drive(course.go(self._clock.monotonic()), way), 0.0
        except TimeoutError:
            late = loop.time() - (limit.when() or loop.time())
            within = self._means.steps.total_seconds()
            return Ending(Why.TIMEOUT, course.step, f"not done within {within:g} s"), late

    def _spans(self, course: Course, ending: Ending) -> Mapping[str, float]:
        step = self._journey.step(course.step)
        unfinished = step.span if step is not None and ending.why is not Why.OK else None
        return {span: seconds for span, seconds in course.spans.items() if span != unfinished}

    async def _clean_up(self, course: Course, back: Send) -> Sequence[Left]:
        record = Record(self._means.book)
        if course.unsent is not None:
            await self._keep(replace(course.unsent, state=OpenState.CLOSED), record)
        for opening in course.openings:
            if opening.state is OpenState.CLOSED:  # whoever was cut short while writing so
                await self._keep(opening, record)
        now = self._clock.now()
        openings = [replace(opening, quiet_at=now) for opening in last_first(course.openings)]
        try:
            return await self._back(openings, course.values, back, record)
        except asyncio.CancelledError:
            fields = {"run": course.run.id, "steps": [opening.step for opening in openings]}
            log.warning("journey_cut_short", extra={"fields": fields})
            raise

    async def _back(self, openings: Sequence[Opening], values: Values, back: Send, record: Record) -> Sequence[Left]:
        loop = asyncio.get_running_loop()
        until = loop.time() - record.own + self._means.clean_up.total_seconds()
        left = []
        for place, opening in enumerate(openings):
            share = (until + record.own - loop.time()) / (len(openings) - place)
            ending = await self._close(opening, values, back, share)
            if ending.why is Why.OK:
                await self._keep(replace(opening, state=OpenState.CLOSED), record)
            elif ending.why is Why.NOTHING_YET:
                await self._keep(opening, record)
                left.append(Left(opening, ending))
            else:
                left.append(await self._left(opening, ending, record))
        return left

    async def _left(self, opening: Opening, ending: Ending, record: Record) -> Left:
        """Put on record that it could not be closed, and when it is tried again; forget what has ended by itself."""
        now = self._clock.now()
        fields = {"run": opening.run, "step": opening.step, "why": ending.why.value, "detail": ending.detail}
        fields |= {f"kept_{name}": text for name, text in opening.kept.items()}  # what a person finds it by
        if has_ended(self._journey, opening, now):
            log.warning("journey_never_closed", extra={"fields": fields})
            await self._keep(replace(opening, state=OpenState.CLOSED), record)
            return Left(opening, Ending(Why.ENDED, ending.step, ending.detail))
        kept = later(opening, now)
        log.warning("journey_left_open", extra={"fields": fields})
        await self._keep(kept, record)
        return Left(kept, ending)

    async def _close(self, opening: Opening, values: Values, back: Send, seconds: float) -> Ending:
        quiet_seconds = self._means.quiet.seconds(opening, self._clock.monotonic())
        closing = close(self._journey, opening, Moment(quiet_seconds, values))
        try:
            async with asyncio.timeout(seconds):
                return await self._drive(closing, _Way(back, is_back=True))
        except TimeoutError:
            return Ending(Why.TIMEOUT, opening.step, "not closed in time")

    async def _keep(self, opening: Opening, record: Record) -> None:
        """Write how far closing got; a record that is behind has it closed once more, which does no harm."""
        try:
            await record.keep(opening)
        except NotKept as fault:
            log.warning("journey_record_behind", extra={"fields": {"run": opening.run, "error": str(fault)}})

    async def _drive(self, way: Generator[Order, Seen, Ending], along: _Way) -> Ending:
        try:
            order = next(way)
            while True:
                what = await self._do(order, along)
                order = way.send(Seen(self._clock.monotonic() - along.own, what))
        except StopIteration as end:
            ending: Ending = end.value
            return ending
        finally:
            way.close()

    async def _do(self, order: Order, along: _Way) -> Answer | Failed | None:
        match order:
            case Pause():
                await asyncio.sleep(order.seconds)
                return None
            case Keep():
                return await along.keep(order.opening)
            case Planned():
                return await (self._sent_back(order, along.send) if along.is_back else self._sent(order, along.send))

    async def _sent(self, planned: Planned, send: Send) -> Answer | Failed:
        if not self._means.requests.may_send():
            return Failed(Why.BUDGET, "max_requests_per_minute was spent")
        try:
            return await send(planned)
        except TransportFault as fault:
            return Failed(Why.FAULT, str(fault), fault.kind)

    async def _sent_back(self, planned: Planned, send: Send) -> Answer | Failed:
        self._means.requests.sent()
        try:
            async with asyncio.timeout(BACK_SECONDS):
                return await send(planned)
        except TransportFault as fault:
            return Failed(Why.FAULT, str(fault), fault.kind)
        except TimeoutError:
            return Failed(Why.TIMEOUT, f"no answer within {BACK_SECONDS:g} s")


async def _shielded(work: Coroutine[Any, Any, _T], *, is_cancelled: bool = False) -> _T:
    """Do the work whoever cancels it; from then on it has `CANCELLED_SECONDS`."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    cancelled: asyncio.CancelledError | None = None
    end = loop.call_later(CANCELLED_SECONDS, task.cancel) if is_cancelled else None
    try:
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError as error:
                cancelled = error
                end = end or loop.call_later(CANCELLED_SECONDS, task.cancel)
    finally:
        if end is not None:
            end.cancel()
    if cancelled is not None:
        raise cancelled
    return task.result()
