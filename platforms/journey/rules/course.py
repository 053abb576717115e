"""The way out: from step to step, until one doesn't hold or all do. A generator: it says what to do next and is told.

Rules:
1. A step holds when its answer is what is expected and everything it captures is there. The first that doesn't hold
   ends the way.
2. Before a step that opens something is sent, the opening is put on record. Where that can't be done nothing is sent.
3. What is captured and may be kept is put on record at once, with every opening that isn't closed.
4. An opening whose request was refused (4xx but 408), or never left this machine, opened nothing. After any other
   answer, or none, it may be open.
5. A step that `closes` an opening and holds closes it. A step that must be refused and is let in disproves that: what
   was closed is open again, and the way ends.
6. A step with `until` is repeated until all of it holds. Running out of tries or of time is an end of its own. So is
   an answer that says the request was denied.
7. Each step's time goes to its span, pauses included; a span of steps that all held. The whole way counts as `total`.

Closing what is left open is `closing`'s, whatever ended the way.
"""

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from platforms.errors import FaultKind, TransportFault
from platforms.journey.model import (
    RUN,
    TOTAL,
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
    Scalar,
    Seen,
    Step,
    Until,
    Values,
    Why,
)
from platforms.journey.rules.fill import Unknown, filled
from platforms.journey.rules.judge import Unusable, captured, captured_if_there, holds, is_accepted, judge

_UNSENT: Final = frozenset({FaultKind.RESOLVE, FaultKind.REFUSED, FaultKind.UNREACHABLE, FaultKind.OWN})
_REFUSALS: Final = range(400, 500)
_TIMED_OUT: Final = 408
_OK: Final = Ending(Why.OK)

Going = Generator[Order, Seen, Ending]
_Substep = Generator[Order, Seen, Ending | None]


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its id, when it began, what it is given, and why it may open nothing (None: it may)."""

    id: str
    at: datetime
    values: Values
    blocked: Ending | None = None


class Course:
    """One run of a journey: what it captured, opened and measured so far may be read at any time.

    Of a way that was cut short, the span of the step under way (`step`) is not whole.
    """

    def __init__(self, journey: Journey, run: Run) -> None:
        self.values: dict[str, Scalar] = {**run.values, RUN: run.id}
        self.openings: list[Opening] = []
        self.spans: dict[str, float] = {}
        self.step = ""
        self.unsent: Opening | None = None  # about to be put on record: its request was not sent
        self._journey = journey
        self.run = run
        self._kept: dict[str, str] = {}
        self._begun = self._now = 0.0

    def go(self, at: float) -> Going:
        """Go all steps. `at`: the monotonic clock now."""
        self._begun = self._now = at
        for step in self._journey.steps:
            self.step = step.id
            began = self._now
            ending = yield from self._go(step)
            if ending is not None:
                return ending
            self.spans[step.span] = self.spans.get(step.span, 0.0) + self._now - began
        self.spans[TOTAL] = self._now - self._begun
        return _OK

    def _go(self, step: Step) -> _Substep:
        if step.undo is not None:
            if self.run.blocked is not None:
                return self.run.blocked
            if (failed := (yield from self._intend(step))) is not None:
                return failed
        ending = yield from self._repeat(step, self._now)
        if ending is None and step.closes is not None:
            yield from self._close(step.closes)
        return ending

    def _intend(self, step: Step) -> _Substep:
        planned = self._plan(step)
        if isinstance(planned, Failed):  # never to be sent: nothing to put on record
            return _ended(step, planned)
        place = len(self.openings)
        at = self.run.at + timedelta(seconds=self._now - self._begun)
        self.unsent = opening = Opening(self.run.id, step.id, at, kept=dict(self._kept), place=place)
        what = yield from self._ask(Keep(opening))
        if isinstance(what, Failed):
            return _ended(step, what)
        self.openings.append(opening)
        self.unsent = None
        return None

    def _repeat(self, step: Step, begun: float) -> _Substep:
        tries = 0
        while True:
            tries += 1
            what = yield from self._send(step)
            ending = judge(step, what)
            if step.undo is not None and (failed := (yield from self._opened(step, what))) is not None:
                ending = ending or failed
            if step.is_refused and is_accepted(step, what):
                if self._may_again(step.until, tries, begun):
                    yield from self._pause(step.until)
                    continue
                yield from self._disprove(step)
            if ending is not None or isinstance(what, Failed):
                return ending
            ending, is_over = self._arrived(step, what, may_again=self._may_again(step.until, tries, begun))
            if is_over:
                return ending or (yield from self._capture(step, what))
            yield from self._pause(step.until)

    def _arrived(self, step: Step, answer: Answer, *, may_again: bool) -> tuple[Ending | None, bool]:
        """Return how waiting ended the way, and whether it is over."""
        until = step.until
        if until is None or step.is_refused or holds(until.json, answer):
            return None, True
        if holds(until.denied, answer):
            return Ending(Why.DENIED, step.id, "the platform says no to our request"), True
        if not may_again:
            waited = f"what is waited for did not come within {until.within.total_seconds():g} s"
            return Ending(Why.NEVER, step.id, f"{waited} and {until.tries} tries"), True
        return None, False

    def _may_again(self, until: Until | None, tries: int, begun: float) -> bool:
        if until is None or tries >= until.tries:
            return False
        return self._now + until.every.total_seconds() - begun <= until.within.total_seconds()

    def _pause(self, until: Until | None) -> Generator[Order, Seen, None]:
        if until is not None:
            yield from self._ask(Pause(until.every.total_seconds()))

    def _plan(self, step: Step) -> Planned | Failed:
        try:
            return filled(step.id, step.ask, self.values, self._journey.origin)
        except TransportFault as fault:
            return Failed(Why.FAULT, str(fault), fault.kind)
        except Unknown:
            return Failed(Why.FAULT, "a value that an earlier step captures is missing", FaultKind.OWN)

    def _send(self, step: Step) -> Generator[Order, Seen, Answer | Failed]:
        planned = self._plan(step)
        if isinstance(planned, Failed):
            return planned
        what = yield from self._ask(planned)
        return what if what is not None else Failed(Why.FAULT, "nothing came", FaultKind.OWN)

    def _capture(self, step: Step, answer: Answer) -> _Substep:
        try:
            found = captured(step.capture, answer)
        except Unusable as lack:
            why = Why.JSON if lack.fault is None else Why.FAULT
            return Ending(why, step.id, str(lack), lack.fault)
        return (yield from self._take(step, found))

    def _take(self, step: Step, found: Mapping[str, Scalar]) -> _Substep:
        """Take captured values; what may be kept is put on record with all that is open."""
        self.values |= found
        fresh = {each.name: json.dumps(found[each.name]) for each in step.capture if each.keep and each.name in found}
        if all(self._kept.get(name) == text for name, text in fresh.items()):
            return None
        self._kept |= fresh
        for place, opening in enumerate(self.openings):
            if opening.state is not OpenState.CLOSED:
                failed = yield from self._note(place, replace(opening, kept=dict(self._kept)))
                if failed is not None:
                    return _ended(step, failed)
        return None

    def _opened(self, step: Step, what: Answer | Failed) -> _Substep:
        """Take note of what an opening step's answer says of the opening (rule 4)."""
        place = next(place for place, opening in enumerate(self.openings) if opening.step == step.id)
        opening = self.openings[place]
        if _opened_nothing(what):
            yield from self._note(place, replace(opening, state=OpenState.CLOSED))
            return None
        if isinstance(what, Failed):
            return None
        found = captured_if_there(step.capture, what)
        if judge(step, what) is None or found:
            self.openings[place] = opening = replace(opening, state=OpenState.OPEN)
        failed = yield from self._take(step, found)
        if failed is None and self.openings[place] is opening:  # not put on record with what was kept
            noted = yield from self._note(place, opening)
            failed = _ended(step, noted) if noted is not None else None
        return failed

    def _close(self, name: str) -> Generator[Order, Seen, None]:
        for place, opening in enumerate(self.openings):
            if opening.step == name:
                # A record that can't be written now has it closed once more after a crash: no harm.
                yield from self._note(place, replace(opening, state=OpenState.CLOSED))

    def _disprove(self, step: Step) -> Generator[Order, Seen, None]:
        closing = {each.closes for each in self._journey.steps if each.closes is not None}
        for place, opening in enumerate(self.openings):
            if opening.state is OpenState.CLOSED and opening.step in closing:
                yield from self._note(place, replace(opening, state=OpenState.OPEN, disproved_by=step.id))

    def _note(self, place: int, opening: Opening) -> Generator[Order, Seen, Failed | None]:
        self.openings[place] = opening
        what = yield from self._ask(Keep(opening))
        return what if isinstance(what, Failed) else None

    def _ask(self, order: Order) -> Generator[Order, Seen, Answer | Failed | None]:
        seen = yield order
        self._now = seen.at
        return seen.what


def _ended(step: Step, failed: Failed) -> Ending:
    return Ending(failed.why, step.id, failed.detail, failed.fault)


def _opened_nothing(what: Answer | Failed) -> bool:
    if isinstance(what, Failed):
        return what.why is Why.BUDGET or what.fault in _UNSENT or what.fault is FaultKind.REDIRECT
    return what.status in _REFUSALS and what.status != _TIMED_OUT
