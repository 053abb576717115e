"""What the settings of every step have in common. Each action adds `with`, `expect` and what it captures."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from drills.model.step import PlannedStep, Span, Way
from drills.registries import ACTIONS
from drills.rules.parts import Kind, Sought, unshown
from drills.settings.parameter import Line
from glasswatch.settings.duration import Duration
from glasswatch.settings.mistake import Place
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.registry import Choice
from glasswatch.settings.sentences import Words
from glasswatch.settings.shape import expected
from glasswatch.settings.shapes import OneOf, Switch, TextShape

StepName = Annotated[str, TextShape("a name of a-z, 0-9, - and _, at most 63 long", "[a-z0-9][a-z0-9_-]{0,62}")]
ValueName = Annotated[str, TextShape("a name of a-z, 0-9 and _, at most 63 long", "[a-z][a-z0-9_]{0,62}")]
Evidence = Annotated[str, TextShape("a part of a drill: D0 to D12, D5R or D6R", "D(?:[0-9]|1[0-2]|[56]R)")]


class StepSpanShape(OneOf):
    """A span that a step begins or ends: any but the whole run's, which is measured without."""

    def __init__(self) -> None:
        super().__init__(tuple(span for span in Span if span is not Span.TOTAL))

    def read(self, value: object) -> str:
        """Return the span."""
        if value == Span.TOTAL:
            raise expected(f"{self.expected}; total is the whole run: no step begins or ends it")
        return super().read(value)


_Spans = Annotated[tuple[Annotated[Span, StepSpanShape()], ...], Words("a list of spans such as [detect, flag]")]
_UNNAMED = re.compile("undo-[0-9]+")
_ONLY_WHAT_UNDOES = "expected nothing of the kind: a step of an undo undoes, and nothing else"
_NOT_IN_AN_UNDO = ("undo", "needs", "background", "begins", "ends", "evidences")
_MOST_UNDONE = 10


class StepChoice(Choice):
    """Marks a step: what it may say, its action decides."""

    def __init__(self) -> None:
        super().__init__("action", ACTIONS)

    def _choice(self, name: str, schema: JsonSchemaValue) -> JsonSchemaValue:
        if "properties" not in schema:
            return super()._choice(name, schema)
        return {**schema, "properties": {**schema["properties"], "action": {"const": name}}}


class UndoChoice(StepChoice):
    """Marks a step of an undo: read as any step is. An editor is told less of it, for steps would hold each other."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "object", "properties": {"action": {"enum": list(self.entries)}}, "required": ["action"]}


def _numbered(value: Any) -> Any:  # noqa: ANN401 - it is what was written, whatever that is
    """Give each step of an undo a name, where it was given none."""
    if not isinstance(value, list | tuple):
        return value
    return [
        {"id": f"undo-{number}", **each} if isinstance(each, Mapping) else each for number, each in enumerate(value, 1)
    ]


class StepSettings(SettingsModel):
    """One step. Only what is said here is common; `action` chooses the rest."""

    expected: ClassVar[str] = "a mapping with id and action"
    is_access: ClassVar[bool] = False
    """Whether the action is a way in: only then may it say `way`, and expect to be `refused`."""

    id: StepName
    """What the step is called in journal, report and audit; unique in its scenario."""
    action: Annotated[str, Words("the name of an action")]
    """What it does: one of the actions."""
    title: Line = ""
    """What it is for, in a line."""
    within: Duration = timedelta(seconds=60)
    """How long the step may take in all, tries and pauses included."""
    every: Duration | None = None
    """Pause between tries, where it is tried until it passes; it is tried once if left out."""
    evidences: Annotated[tuple[Evidence, ...], Words("a list such as [D5, D6]")] = ()
    """Which parts of a drill it shows, if it is real and passes."""
    needs: Annotated[tuple[StepName, ...], Words("a list of steps' ids")] = ()
    """Steps before it that must have passed; else it is skipped. The step right before it, if left out."""
    background: Switch = False
    """Whether the next step begins at once. The run waits for it at the end, and before a step that needs it."""
    begins: _Spans = ()
    """Spans that begin when this step is done."""
    ends: _Spans = ()
    """Spans that end when this step passes."""
    way: Annotated[Way, OneOf(Way)] | None = None
    """Of an access: which way in it takes. A drill whose only way leads through the platform fails."""
    refused: Switch = False
    """Whether the access is expected to be refused: it passes when it is, and fails when it isn't."""
    undo: Annotated[
        tuple[Annotated["StepSettings", UndoChoice()], ...],
        BeforeValidator(_numbered),
        Field(max_length=_MOST_UNDONE),
        Words(f"a list of at most {_MOST_UNDONE} steps"),
    ] = ()
    """Steps that take back what this one did, in place of the action's own way to do so."""

    @finding("undo")
    def undo_only_undoes(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A step of an undo is plain: it waits for nothing, measures nothing, and is not undone itself."""
        for place, each in enumerate(self.undo):
            yield from (
                (("undo", place, key), _ONLY_WHAT_UNDOES) for key in _NOT_IN_AN_UNDO if key in each.model_fields_set
            )

    @finding("way", "refused")
    def only_a_way_in_has_a_way(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """What is no access says nothing of one."""
        if not self.is_access and type(self) is not StepSettings:  # of which nobody knows what action it is
            yield from (
                ((key,), "expected only where access is tried: this action is no way in")
                for key in ("way", "refused")
                if given.get(key) is not None
            )

    @finding("every", "within")
    def pauses_fit(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """There is time for a second try."""
        if self.every is not None and self.every >= self.within:
            yield ("every",), "expected less than within"

    # What each action says of itself, for the plan. None of it needs anything but the settings.

    @property
    def line(self) -> str:
        """What it does, in a line without secrets."""
        raise NotImplementedError

    @property
    def is_real(self) -> bool:
        """Whether it acts on, or asks, the real thing. What is not real is never evidence."""
        return True

    @property
    def expects_refusal(self) -> bool:
        """Whether it passes when something is refused: an access, or a flag."""
        return self.refused

    @property
    def sought(self) -> Sought | None:
        """What it must find in a log, where it looks into one."""
        return None

    @property
    def ends_exercise(self) -> bool:
        """Whether the exercise of a step before it ends by it."""
        return False

    def unshown(self, part: str) -> str:
        """Return what would have to be otherwise for it to show a part of a drill; empty where it can show it."""
        if type(self) is StepSettings:  # of which nobody knows what action it is
            return ""
        return unshown(part, Kind(self.action, self.expects_refusal, self.way, self.sought, self.ends_exercise))

    @property
    def door(self) -> str:
        """What an access tries to get into, in words that are the same for each step that tries the same."""
        return ""

    @property
    def undo_line(self) -> str:
        """How the action itself takes back what it did, in words; empty where there is nothing to take back."""
        return ""

    @property
    def touches(self) -> tuple[str, ...]:
        """What it may change or disturb, in words: the blast radius."""
        return ()

    @property
    def rights(self) -> tuple[str, ...]:
        """What it needs to be allowed, in words."""
        return ()

    def names(self) -> frozenset[str]:
        """Return the names of the values that it uses."""
        return frozenset()

    def in_arguments(self) -> Mapping[str, frozenset[str]]:
        """Return the names of values that stand in a program's arguments, by what has them, in words."""
        return {}

    def in_logs(self) -> Mapping[Place, frozenset[str]]:
        """Return the names of values that a target writes into its log, by their places in the step's settings."""
        return {}

    def undo_names(self) -> frozenset[str]:
        """Return the names of the values that the action's own way to take it back can't do without."""
        return self.names()

    def captures(self) -> Mapping[str, bool]:
        """Return the names of the values that it captures, and whether each is secret."""
        return {}

    def files(self) -> Iterable[Path]:
        """Return files that it uses: one that lies with the scenario is part of what is approved."""
        return ()

    def rests_on(self) -> Mapping[tuple[str, ...], str]:
        """Return the ids of steps of the same action that it goes on with, by their places in its settings."""
        return {}

    def undo_steps(self) -> tuple["StepSettings", ...]:
        """Return the steps that the scenario gives to take it back, by the names that the journal has for them."""
        return tuple(
            each.model_copy(update={"id": f"{self.id}-{each.id}"}) if _UNNAMED.fullmatch(each.id) else each
            for each in self.undo
        )

    def planned(self, undo: str, needs: tuple[str, ...]) -> PlannedStep:
        """Return how it stands in the plan; `undo`: how it is taken back, by the action or by steps of the scenario."""
        return PlannedStep(
            id=self.id,
            action=self.action,
            line=f"{self.title}: {self.line}" if self.title else self.line,
            is_real=self.is_real,
            undo=undo,
            touches=self.touches,
            rights=self.rights,
            evidences=self.evidences,
            needs=needs,
            begins=self.begins,
            ends=self.ends,
            way=self.way,
            expects_refusal=self.expects_refusal,
            is_background=self.background,
            within_seconds=self.within.total_seconds(),
            door=self.door,
        )
