"""What the steps of a scenario must be to each other, each a check that yields places and what is said about them.

Rules:
- A name stands for one step, also one of an undo.
- A step needs earlier ones. One in the background is named by a later step: else nothing would wait for it.
- A value is there when it is used: a parameter, `run`, or captured by a step that is needed, directly or in turn.
- Taking back works after a crash and from another machine: it needs no captured secret, and captures nothing.
- A step shows parts of a drill that one of its kind can show: that access was taken back, after access was had; that an
  old credential is refused, after a rotation; that the platform grants again, after the outage.
- A span begins once, before it ends; a target is of a span that ends. `total` needs no step: it is the whole run.
- All steps and what takes them back end within 24 h, for so long at most a monitor takes a run for alive.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

from drills.model.step import Span, Way
from drills.rules.order import Link, needed, needs
from drills.rules.parts import ACCESS, OUTAGE, RESTORED, ROTATED, TAKEN_BACK
from drills.settings.step import StepSettings
from glasswatch.settings.mistake import Place
from glasswatch.settings.model import Finding
from glasswatch.settings.shape import KEY

LONGEST_RUN: Final = timedelta(hours=24)
RUN: Final = "run"
"""The value that is always there: the run's id."""
_NOTHING_TAKEN_BACK: Final = f"expected a step before it that shows {ACCESS}: without access nothing is taken back"
_NOTHING_ROTATED: Final = f"expected a step before it that rotates and shows {ROTATED}: nothing else makes one old"
_NO_OUTAGE: Final = f"expected a step before it that shows {OUTAGE}: without an outage nothing is granted again"
_STILL_OUT: Final = f"expected it after every step that shows {OUTAGE} or ends the exercise: until then nothing is over"


def needs_of(steps: Sequence[StepSettings]) -> dict[str, tuple[str, ...]]:
    """Return what each step needs, by id."""
    return needs(
        [Link(step.id, step.needs if "needs" in step.model_fields_set else None, step.background) for step in steps]
    )


def longest(steps: Sequence[StepSettings]) -> timedelta:
    """Return how long steps and what takes them back take at most, each for all its time."""
    undone = (each for step in steps for each in (step.undo or ((step,) if step.undo_line else ())))
    return sum((step.within for step in (*steps, *undone)), timedelta())


def wrong_order(steps: Sequence[StepSettings]) -> Iterator[Finding]:
    """Yield ids that are taken, and needs that lead nowhere."""
    taken: set[str] = set()
    earlier: set[str] = set()
    for place, step in enumerate(steps):
        at: Place = ("steps", place)
        named = [((*at, "id"), step.id)]
        named += [((*at, "undo", number, "id"), each.id) for number, each in enumerate(step.undo_steps())]
        for where, name in named:
            if name in taken:
                yield where, "is given twice: expected another name"
            taken.add(name)
        for number, name in enumerate(step.needs):
            if name not in earlier:
                yield (*at, "needs", number), "expected the id of an earlier step"
        earlier.add(step.id)


def wrong_rests(steps: Sequence[StepSettings]) -> Iterator[Finding]:
    """Yield steps that go on with what is no step of theirs."""
    order = needs_of(steps)
    by_id = {step.id: step for step in steps}
    for place, step in enumerate(steps):
        for where, name in step.rests_on().items():
            other = by_id.get(name)
            if other is None or other.action != step.action or name not in needed(step.id, order) or other.rests_on():
                yield ("steps", place, *where), f"expected the id of an earlier step of action {step.action} it needs"


def unawaited(steps: Sequence[StepSettings]) -> Iterator[Finding]:
    """Yield steps in the background that no later step waits for."""
    for place, step in enumerate(steps):
        if step.background and not any(step.id in later.needs for later in steps[place + 1 :]):
            yield ("steps", place, "background"), "expected a later step that needs it: else nothing waits for it"


def wrong_values(steps: Sequence[StepSettings], parameters: Collection[str]) -> Iterator[Finding]:
    """Yield names that are used where nothing of theirs is there, and names that are captured twice."""
    outside = {RUN, *parameters}
    order = needs_of(steps)
    captured = {step.id: step.captures() for step in steps}
    taken = set(outside)
    for place, step in enumerate(steps):
        at: Place = ("steps", place)
        there = outside.union(*(captured[name] for name in needed(step.id, order) if name in captured))
        if not step.names() <= there:
            yield at, _only(there)
        if not taken.isdisjoint(captured[step.id]):
            yield (*at, "capture"), "captures under a name that is taken: expected another"
        taken.update(captured[step.id])
        yield from _wrong_undo(at, step, outside, [captured[name] for name in (*needed(step.id, order), step.id)])


def _wrong_undo(
    at: Place, step: StepSettings, outside: set[str], captured: Sequence[Mapping[str, bool]]
) -> Iterator[Finding]:
    plain = {name for values in captured for name, is_secret in values.items() if not is_secret}
    secret = {name for values in captured for name, is_secret in values.items() if is_secret}
    for number, each in enumerate(step.undo):
        place = (*at, "undo", number)
        if each.names() & secret:
            yield place, "expected no secret that a step captures: after a crash it is gone"
        elif not each.names() <= outside | plain:
            yield place, _only(outside | plain)
        if each.captures():
            yield (*place, "capture"), "expected nothing captured: what a step of an undo finds is not kept"
    if step.undo_line and not step.undo and step.undo_names() & secret:
        yield at, "expected no secret that a step captures where there is something to take back: a crash loses it"


def _only(names: set[str]) -> str:
    return f"expected only values that are there by then: {', '.join(sorted(names))}"


def wrong_evidences(steps: Sequence[StepSettings]) -> Iterator[Finding]:
    """Yield parts that a step of its kind can't show, and those that it shows too early."""
    for place, step in enumerate(steps):
        for number, part in enumerate(step.evidences):
            wrong = step.unshown(part) or _too_early(part, place, steps)
            if wrong:
                yield ("steps", place, "evidences", number), wrong


def _too_early(part: str, place: int, steps: Sequence[StepSettings]) -> str:
    """Return what must come before a step shows a part; empty where it does."""
    before = steps[:place]
    if part == TAKEN_BACK and not any(_shows(each, ACCESS) for each in before):
        return _NOTHING_TAKEN_BACK
    is_rotated = any(_shows(each, ROTATED) and not each.expects_refusal for each in before)
    if part == ROTATED and steps[place].expects_refusal and not is_rotated:
        return _NOTHING_ROTATED
    if part == RESTORED and not any(_shows(each, OUTAGE) for each in before):
        return _NO_OUTAGE
    known = (each for each in steps[place:] if type(each) is not StepSettings)
    if part == RESTORED and any(_shows(each, OUTAGE) or each.ends_exercise for each in known):
        return _STILL_OUT
    return ""


def _shows(step: StepSettings, part: str) -> bool:
    return part in step.evidences and not step.unshown(part)


def through(steps: Sequence[StepSettings]) -> dict[str, tuple[str, ...]]:
    """Return by which accesses before it each step gets in: whose captured values it uses, directly or in turn."""
    ways: dict[str, StepSettings] = {}
    found: dict[str, tuple[str, ...]] = {}
    for step in steps:
        used = [name for name, way in ways.items() if not way.captures().keys().isdisjoint(step.names())]
        found[step.id] = tuple(dict.fromkeys(each for name in used for each in (name, *found[name])))
        if step.way is Way.BREAK_GLASS and not step.expects_refusal:
            ways[step.id] = step
    return found


def wrong_spans(steps: Sequence[StepSettings]) -> Iterator[Finding]:
    """Yield spans that begin twice, or end before they begin."""
    begun: set[Span] = set()
    for place, step in enumerate(steps):
        at: Place = ("steps", place)
        for number, span in enumerate(step.ends):
            if span not in begun:
                yield (*at, "ends", number), "expected a span that an earlier step begins"
        for number, span in enumerate(step.begins):
            if span in begun:
                yield (*at, "begins", number), "expected a span that nothing begins yet"
            begun.add(span)


def wrong_targets(steps: Sequence[StepSettings], targets: Collection[Span]) -> Iterator[Finding]:
    """Yield targets of spans that no step ends."""
    ended = {Span.TOTAL, *(span for step in steps for span in step.ends)}
    for span in targets:
        if span not in ended:
            yield ("targets", span.value, KEY), "expected a span that some step ends"
