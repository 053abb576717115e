"""What the settings of every step have in common. Each action adds `with`, `expect` and what it captures."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar

from drills.model.step import PlannedStep, Span, Way
from glasswatch.settings.duration import Duration
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import OneOf, Switch, TextShape

StepName = Annotated[str, TextShape("a name of a-z, 0-9, - and _, at most 63 long", "[a-z0-9][a-z0-9_-]{0,62}")]
ValueName = Annotated[str, TextShape("a name of a-z, 0-9 and _, at most 63 long", "[a-z][a-z0-9_]{0,62}")]
Evidence = Annotated[str, TextShape("a part of a drill from D0 to D12", "D(?:[0-9]|1[0-2])")]
_Spans = Annotated[tuple[Annotated[Span, OneOf(Span)], ...], Words("a list of spans such as [detect, flag]")]


class StepSettings(SettingsModel):
    """One step. Only what is said here is common; `action` chooses the rest."""

    expected: ClassVar[str] = "a mapping with id and action"

    id: StepName
    """What the step is called in journal, report and audit; unique in its scenario."""
    action: str
    """What it does: one of the actions."""
    title: str = ""
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

    def captures(self) -> Mapping[str, bool]:
        """Return the names of the values that it captures, and whether each is secret."""
        return {}

    def planned(self, undo: str, needs: tuple[str, ...]) -> PlannedStep:
        """Return how it stands in the plan; `undo`: how it is taken back, by the action or by steps of the scenario."""
        return PlannedStep(
            id=self.id,
            action=self.action,
            line=self.title or self.line,
            is_real=self.is_real,
            undo=undo,
            touches=self.touches,
            rights=self.rights,
            evidences=self.evidences,
            needs=needs,
            begins=self.begins,
            ends=self.ends,
            way=self.way,
            expects_refusal=self.refused,
            is_background=self.background,
            within_seconds=self.within.total_seconds(),
        )
