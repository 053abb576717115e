"""The way back: closes one opening. A generator, as `course` is.

Rules:
1. Nothing is closed because time went by. What the settings say ends by itself (`ends_after`) is tried as ever; once
   it is past its end and can't be closed still, it is given up. Wall clocks leap: the pauses between the tries, without
   the longest of them, must have taken as long as well.
2. Of an opening whose request may have been sent unanswered, `find` says whether anything is there. "Nothing" is
   believed only once the server can no longer be at it (`certain_after` the request ended here, or after a restart
   `certain_after` the first look at it: no wall clock is believed in this). Where there is no
   `find` and closing needs what was never seen, sight of it is lost: it is named.
3. Values that are missing (a session, after a crash) are captured anew; see `needs`.
4. An answer that `expect` asks for means closed, and so does a status that says it is gone (404, 410, what the
   settings list). Anything else does not.
5. What may pass (no answer, 429, 5xx) is tried again after 1, 2 and 4 s, as long as there is time.
6. An opening that was disproved (used after it was said to be closed) is closed only when that use is refused.
7. Openings are closed last in, first out; one that can't be closed keeps none of the others open.
8. What could not be closed is tried again later: after 1 min, 2, 4, … 1 h. What is not there yet is looked up again
   as soon as may be.
"""

import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from platforms.errors import FaultKind, TransportFault
from platforms.journey.model import (
    RUN,
    Answer,
    Ask,
    Ending,
    Expect,
    Failed,
    Find,
    Journey,
    Opening,
    OpenState,
    Order,
    Pause,
    Scalar,
    Seen,
    Step,
    Undo,
    Values,
    Why,
)
from platforms.journey.rules.fill import Unknown, filled
from platforms.journey.rules.judge import Unusable, captured, is_accepted, judge
from platforms.journey.rules.names import names_in
from platforms.journey.rules.needs import way_to

PAUSES: Final = (1.0, 2.0, 4.0)
FIRST_AGAIN: Final = timedelta(minutes=1)
LONGEST_AGAIN: Final = timedelta(hours=1)
_GONE: Final = frozenset({404, 410})
_FIRST_SERVER_ERROR: Final = 500
_RATE_LIMITED: Final = 429
_PASSING: Final = frozenset(
    {FaultKind.LOST, FaultKind.REFUSED, FaultKind.UNREACHABLE, FaultKind.RESOLVE, FaultKind.OWN}
)
_CLOSED: Final = Ending(Why.OK)

Back = Generator[Order, Seen, Ending]


@dataclass(frozen=True, slots=True)
class Moment:
    """What there is to close with.

    `quiet_seconds`: for how long the opening's request is known not to be under way from here, by a clock that never
    leaps. `values`: secrets, and in the same run what it captured.
    """

    quiet_seconds: float
    values: Values


def last_first(openings: Iterable[Opening]) -> list[Opening]:
    """Return what is not closed, in the order in which it must be closed."""
    left = [opening for opening in openings if opening.state is not OpenState.CLOSED]
    return sorted(left, key=lambda opening: (opening.at, opening.place), reverse=True)


def is_due(opening: Opening, now: datetime) -> bool:
    """Return whether closing it may be tried (again). A wall clock that was set back must not put it off for days."""
    return opening.again_at is None or now >= opening.again_at or opening.again_at - now > LONGEST_AGAIN


def later(opening: Opening, now: datetime) -> Opening:
    """Return an opening that could not be closed, to be tried again later; one tried before it was due as it is."""
    if not is_due(opening, now):
        return opening
    return replace(opening, tries=opening.tries + 1, again_at=now + _wait(opening.tries))


def has_ended(journey: Journey, opening: Opening, now: datetime) -> bool:
    """Return whether an opening that can't be closed, again, has ended by itself (rule 1)."""
    step = journey.step(opening.step)
    ends_after = step.undo.ends_after if step is not None and step.undo is not None else None
    if ends_after is None or not is_due(opening, now) or now < opening.at + ends_after:
        return False
    waited = [_wait(tries) for tries in range(opening.tries - 1)]
    return sum(waited, timedelta()) >= ends_after


def _wait(tries: int) -> timedelta:
    times: int = 2 ** min(tries, 10)
    return min(FIRST_AGAIN * times, LONGEST_AGAIN)


def close(journey: Journey, opening: Opening, moment: Moment) -> Back:
    """Close one opening; `OK` means that it is known closed."""
    step = journey.step(opening.step)
    if step is None or step.undo is None:
        return Ending(Why.LOST_SIGHT, opening.step, "the settings no longer say how it is closed")
    return (yield from _Closing(journey, opening, step.undo, moment).close())


class _Closing:
    def __init__(self, journey: Journey, opening: Opening, undo: Undo, moment: Moment) -> None:
        self._journey = journey
        self._opening = opening
        self._undo = undo
        self._quiet_seconds = moment.quiet_seconds
        self._values: dict[str, Scalar] = {**moment.values, **_kept(opening.kept), RUN: opening.run}

    def close(self) -> Back:
        undo, opening = self._undo, self._opening
        is_missing = bool(way_to(self._journey, names_in(undo.ask), self._values.keys()).missing)
        if is_missing or (opening.state is OpenState.INTENDED and undo.find is not None):
            if undo.find is None:
                return Ending(Why.LOST_SIGHT, opening.step, "no answer was seen, and there is no way to look it up")
            ending = yield from self._look_up(undo.find)
            if ending is not None:
                return ending
        ending = yield from self._ask_for(names_in(undo.ask))
        if ending is not None:
            return ending
        step = Step(f"undo of {opening.step}", undo.ask, undo.expect)
        what = yield from self._patiently(step)
        if not (isinstance(what, Answer) and what.status in undo.gone):
            ending = judge(step, what)
            if ending is not None:
                return ending
        return (yield from self._verified())

    def _look_up(self, find: Find) -> Generator[Order, Seen, Ending | None]:
        """Capture what is there; return an ending where nothing is, or nobody knows."""
        ending = yield from self._ask_for(names_in(find.ask))
        if ending is not None:
            return ending
        step = Step(f"find of {self._opening.step}", find.ask, find.expect)
        what = yield from self._patiently(step)
        if isinstance(what, Answer) and what.status in _GONE:
            return self._nothing(step)
        ending = judge(step, what)
        if ending is not None or isinstance(what, Failed):
            return ending
        try:
            self._values |= captured(find.capture, what)
        except Unusable as lack:
            return self._nothing(step) if lack.fault is None else Ending(Why.FAULT, step.id, str(lack), lack.fault)
        return None

    def _nothing(self, step: Step) -> Ending:
        find = self._undo.find
        if find is not None and self._quiet_seconds >= find.certain_after.total_seconds():
            return _CLOSED
        return Ending(Why.NOTHING_YET, step.id, "nothing is there yet")

    def _ask_for(self, names: Iterable[str]) -> Generator[Order, Seen, Ending | None]:
        """Capture anew what is missing among the names."""
        way = way_to(self._journey, names, self._values.keys())
        if way.missing:
            return Ending(Why.LOST_SIGHT, self._opening.step, "a value that closing it needs was never seen")
        for step in way.steps:
            what = yield from self._patiently(step)
            ending = judge(step, what)
            if ending is not None or isinstance(what, Failed):
                return ending
            try:
                self._values |= captured(step.capture, what)
            except Unusable as lack:
                return Ending(Why.JSON, step.id, str(lack), lack.fault)
        return None

    def _verified(self) -> Back:
        """Have what was used after it was said to be closed refused now (rule 6)."""
        name = self._opening.disproved_by
        step = self._journey.step(name) if name is not None else None
        if step is None:
            return _CLOSED
        ending = yield from self._ask_for(names_in(step.ask))
        if ending is not None:
            return ending
        what = yield from self._patiently(step)
        if is_accepted(step, what):
            return Ending(Why.NOT_REFUSED, step.id, "it can still be used")
        return judge(step, what) or _CLOSED

    def _patiently(self, step: Step) -> Generator[Order, Seen, Answer | Failed]:
        what = yield from self._send(step.id, step.ask)
        for seconds in PAUSES:
            if not _may_pass(what, step.expect):
                break
            yield Pause(seconds)
            what = yield from self._send(step.id, step.ask)
        return what

    def _send(self, name: str, ask: Ask) -> Generator[Order, Seen, Answer | Failed]:
        try:
            planned = filled(name, ask, self._values, self._journey.origin)
        except TransportFault as fault:
            return Failed(Why.FAULT, str(fault), fault.kind)
        except Unknown:
            return Failed(Why.LOST_SIGHT, "a value that closing it needs was never seen")
        seen = yield planned
        return seen.what if seen.what is not None else Failed(Why.FAULT, "nothing came", FaultKind.OWN)


def _may_pass(what: Answer | Failed, expect: Expect) -> bool:
    if isinstance(what, Failed):
        return what.fault in _PASSING
    if what.status in expect.status:
        return False
    return what.status == _RATE_LIMITED or what.status >= _FIRST_SERVER_ERROR


def _kept(kept: Mapping[str, str]) -> Mapping[str, Scalar]:
    return {name: json.loads(text) for name, text in kept.items()}


def countable(openings: Sequence[Opening], journey: Journey) -> int:
    """Return how many of them are open, or can be looked up: not those that nobody can see any more."""
    return sum(
        opening.state is OpenState.OPEN or ((step := journey.step(opening.step)) is not None and _can_look(step))
        for opening in openings
        if opening.state is not OpenState.CLOSED
    )


def _can_look(step: Step) -> bool:
    return step.undo is not None and step.undo.find is not None
