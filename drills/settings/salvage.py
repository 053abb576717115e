"""What can be told of steps to each other where some of them are wrong by themselves.

Rules:
- A step that can't be read as what its action is, is taken as a plain one, by those of its settings that are sound.
- Nothing is told that mending a step might make untrue: that a need leads nowhere is not, where some step has no name
  that can be read, and so on (`_RESTS_ON`).
- What values there are is told of the steps before the first wrong one: any later one may use what that one captures.
- Of more steps than there may be nothing is told but that.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Final

from pydantic import TypeAdapter, ValidationError

from drills.model.step import Span
from drills.settings import fitting
from drills.settings.step import StepChoice, StepSettings
from glasswatch.settings.model import Finding

MOST_STEPS: Final = 100
_STAND_IN: Final = {"id": "0-unnamed-{}", "action": "unknown"}
_RESTS_ON: Final[Mapping[str, frozenset[str]]] = {
    "needs": frozenset({"id"}),
    "background": frozenset({"id", "needs"}),
    "ends": frozenset({"begins"}),
    "evidences": frozenset({"evidences"}),
    "targets": frozenset({"ends"}),
}
"""What is told of a setting rests on these settings of all steps."""


@dataclass(frozen=True, slots=True)
class Salvage:
    """Steps as far as they can be read. `sound`: how many from the first one on are; `lost`: settings that are not."""

    steps: Sequence[StepSettings]
    sound: int
    lost: frozenset[str]


def salvaged(written: object) -> Salvage:
    """Return what can be read of steps as they were written."""
    steps: list[StepSettings] = []
    lost: set[str] = set()
    sound = None
    listed: Sequence[object] = written if isinstance(written, list | tuple) and len(written) <= MOST_STEPS else ()
    for place, each in enumerate(listed):
        try:
            steps.append(_step().validate_python(each))
        except ValidationError:
            sound = place if sound is None else sound
            steps.append(_plain(each, place, lost))
    return Salvage(steps, len(steps) if sound is None else sound, frozenset(lost))


@cache
def _step() -> TypeAdapter[StepSettings]:
    """Return what reads a step; it is made where there are mistakes, for it takes a while."""
    return TypeAdapter(Annotated[StepSettings, StepChoice()])


def _plain(written: object, place: int, lost: set[str]) -> StepSettings:
    """Return a step by those of the settings that all steps have which are sound; those that aren't go to `lost`."""
    fields = StepSettings.written_fields()
    given = {key: value for key, value in written.items() if key in fields} if isinstance(written, Mapping) else {}
    if not isinstance(written, Mapping):
        lost.update(fields)
    while True:
        lost.update(_STAND_IN.keys() - given.keys())
        stood_in = {key: text.format(place) for key, text in _STAND_IN.items() if key not in given}
        try:
            return StepSettings.model_validate({**stood_in, **given})
        except ValidationError as error:
            places = [detail["loc"] for detail in error.errors(include_url=False, include_input=False)]
            wrong = given.keys() & {place[0] for place in places if place} or given.keys()
            lost.update(wrong)
            given = {key: value for key, value in given.items() if key not in wrong}


def wrong_among(found: Salvage) -> Iterator[Finding]:
    """Yield what is certain of names, needs, background, spans and evidence."""
    told = (*fitting.wrong_order(found.steps), *fitting.unawaited(found.steps), *fitting.wrong_spans(found.steps))
    told = (*told, *fitting.wrong_evidences(found.steps))
    for place, text in (*told, *fitting.wrong_rests(found.steps[: found.sound])):
        if found.lost.isdisjoint(_RESTS_ON.get(str(place[2]), ())):
            yield place, text


def wrong_values(found: Salvage, parameters: Collection[str]) -> Iterator[Finding]:
    """Yield what is certain of values."""
    yield from fitting.wrong_values(found.steps[: found.sound], parameters)


def wrong_targets(found: Salvage, targets: Collection[Span]) -> Iterator[Finding]:
    """Yield what is certain of targets."""
    if found.lost.isdisjoint(_RESTS_ON["targets"]):
        yield from fitting.wrong_targets(found.steps, targets)
